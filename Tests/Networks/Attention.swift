import Autograd

/// softmax(q kᵀ / √d + mask) v for each of several heads of d features, which lie side by side in the last axis.
func attention(_ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, _ mask: Tensor) -> Tensor {
    let (batch, length, size) = (q.shape[0], q.shape[1], q.shape[2] / heads)
    func split(_ x: Tensor) -> Tensor { x.reshaped(to: [batch, length, heads, size]).transposed(axes: [0, 2, 1, 3]) }
    let scores = matmul(split(q), split(k).transposed()) / Double(size).squareRoot() + mask
    let mixed = matmul(softmax(scores, along: -1), split(v))
    return mixed.transposed(axes: [0, 2, 1, 3]).reshaped(to: q.shape)
}

extension Tensor {
    /// −∞ above the diagonal, elsewhere 0: a position sees those before it.
    static func causalMask(_ length: Int, _ elementType: ElementType) -> Tensor {
        let numbers = (0..<length * length).map { $0 % length > $0 / length ? -Double.infinity : 0 }
        return Tensor(numbers, shape: [length, length], elementType: elementType)
    }

    /// Rows of zeros with a one at each index.
    static func oneHot(_ indices: [Int], _ shape: Shape, _ count: Int, _ elementType: ElementType) -> Tensor {
        var numbers = [Double](repeating: 0, count: indices.count * count)
        for (row, index) in indices.enumerated() { numbers[row * count + index] = 1 }
        return Tensor(numbers, shape: Shape(Array(shape) + [count]), elementType: elementType)
    }

    /// Numbers from −`bound` to `bound` that are easy to have anywhere: the n-th tensor begins with the fractional parts of
    /// (k + 1) 0.6180339887498949 + n 0.4142135623730951.
    static func start(number: Int, within bound: Double, _ shape: Shape) -> Tensor {
        let numbers = (0..<shape.elementCount).map { k in
            let place = Double(k + 1) * 0.6180339887498949 + Double(number) * 0.4142135623730951
            return 2 * bound * (place.truncatingRemainder(dividingBy: 1) - 0.5)
        }
        return Tensor(numbers, shape: shape)
    }
}

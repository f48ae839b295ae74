import Autograd

/// Whether two tensors are the same: shape, element type and every bit of every element, the sign of zero included. Any
/// NaN equals any other.
func sameBits(_ left: Tensor, _ right: Tensor) -> Bool {
    guard left.shape == right.shape, left.elementType == right.elementType else { return false }
    if left.elementType == .int64 { return left.indices == right.indices }
    let (left, right) = (left.numbers, right.numbers)
    return left.count == right.count
        && zip(left, right).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
}

/// Whether there are as many tensors, and each is the same as its counterpart.
func sameBits(_ left: [Tensor], _ right: [Tensor]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { sameBits($0, $1) }
}

extension Tensor {
    /// A tensor of any element type from the numbers that ``numbers`` reads.
    static func of(_ numbers: [Double], shape: Shape, like tensor: Tensor) -> Tensor {
        switch tensor.elementType {
        case .int64: Tensor(indices: numbers.map { Int($0) }, shape: shape)
        case .bool: Tensor(numbers.map { $0 != 0 }).reshaped(to: shape)
        case .float32, .float64: Tensor(numbers, shape: shape, elementType: tensor.elementType)
        }
    }

    /// A copy whose elements lie side by side, in row-major order.
    var packedCopy: Tensor {
        elementType == .int64 ? Tensor(indices: indices, shape: shape) : .of(numbers, shape: shape, like: self)
    }

    /// The same numbers, lying in memory in column-major order.
    var columnMajor: Tensor {
        let axes = Array((0..<rank).reversed())
        return rank < 2 ? self : transposed(axes: axes).packedCopy.transposed(axes: axes)
    }

    /// The same numbers, with others between them.
    var interleaved: Tensor {
        guard rank > 0 else { return self }
        var doubled = Array(shape)
        doubled[rank - 1] *= 2
        return Tensor.of(numbers.flatMap { [$0, 77] }, shape: Shape(doubled), like: self).sliced(
            0..., along: -1, step: 2)
    }

    /// The first part along the first axis repeated along it, without a copy.
    var repeated: Tensor {
        guard rank > 0, shape[0] > 0 else { return self }
        return sliced(0..<1, along: 0).packedCopy.broadcast(to: shape)
    }
}

extension Primitive {
    /// Applies this primitive as users do, who do not put operands into an array: some of these forms have a quick path.
    func applied(to operands: [Tensor], _ attributes: Attributes = .none) -> Tensor {
        switch operands.count {
        case 1: self(operands[0], attributes: attributes)
        case 2: self(operands[0], operands[1], attributes: attributes)
        case 3: self(operands[0], operands[1], operands[2], attributes: attributes)
        default: self(operands, attributes: attributes)
        }
    }
}

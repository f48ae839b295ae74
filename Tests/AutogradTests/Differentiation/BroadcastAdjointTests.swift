import Autograd
import Testing

@Suite struct `The adjoint of a broadcast` {
    @Test func `is summed to the operand's shape`() {
        let (dx, dy) = gradient(at: Tensor([1, 2, 3]), Tensor([[1, 2, 3], [4, 5, 6]])) { x, y in sum(x * y) }
        #expect(dx == Tensor([5, 7, 9]))
        #expect(dy == Tensor([[1, 2, 3], [1, 2, 3]]))
        let (column, row) = gradient(at: Tensor([[1], [2]]), Tensor([[3, 4, 5]])) { x, y in sum(x * y) }
        #expect(column == Tensor([[12], [12]]))
        #expect(row == Tensor([[3, 3, 3]]))
        let (number, matrix) = gradient(at: Tensor(2), Tensor([[1, 2], [3, 4]])) { x, y in sum(x * y) }
        #expect(number == Tensor(10))
        #expect(matrix == Tensor([[2, 2], [2, 2]]))
    }

    @Test func `of an empty result is zero`() {
        let empty = Tensor([Double]())
        #expect(gradient(at: Tensor([5]), empty) { x, y in sum(x * y) } == (Tensor([0]), empty))
        #expect(gradient(at: Tensor(5), empty) { x, y in sum(x * y) } == (Tensor(0), empty))
        #expect(gradient(at: Tensor([5])) { x in sum(x.broadcast(to: [0])) } == Tensor([0]))
        let (dx, dy) = gradient(at: Tensor([[1, 2]]), Tensor(repeating: 0, shape: [0, 2])) { x, y in sum(x + y) }
        #expect(dx == Tensor([[0, 0]]))
        #expect(dy.shape == [0, 2])
    }

    @Test func `keeps axes of length 1 that do not repeat`() {
        let slope = gradient(at: Tensor([[[1], [2]]])) { x in sum(x * Tensor([[[1], [10]], [[100], [1000]]])) }
        #expect(slope == Tensor([[[101], [1010]]]))
    }

    @Test func `goes through one tensor in both shapes`() {
        let slope = gradient(at: Tensor([2, 3])) { x in sum(x.reshaped(to: [2, 1]) * x) }
        #expect(slope == Tensor([10, 10]))
    }

    @Test func `is that of select with all three shapes different`() {
        let condition = Tensor([true, false]).reshaped(to: [2, 1])
        let (dx, dy) = gradient(at: Tensor([1, 2, 3]), Tensor(4)) { x, y in sum(select(condition, x, y)) }
        #expect(dx == Tensor([1, 1, 1]))
        #expect(dy == Tensor(3))
    }

    @Test func `of batches of matrices`() {
        let (a, b) = (Tensor(repeating: 1, shape: [2, 3, 4]), Tensor((0..<8).map(Double.init), shape: [4, 2]))
        let (da, db) = gradient(at: a, b) { a, b in sum(matmul(a, b)) }
        #expect(da == Tensor([1, 5, 9, 13]).broadcast(to: [2, 3, 4]))
        #expect(db == Tensor(repeating: 6, shape: [4, 2]))
        let vector = gradient(at: Tensor([1, 2, 3, 4])) { x in sum(matmul(a, x)) }
        #expect(vector == Tensor([6, 6, 6, 6]))
        #expect(matmul(a, Tensor([1, 2, 3, 4])) == Tensor(repeating: 10, shape: [2, 3]))
        #expect(matmul(Tensor([1, 2, 3]), a) == Tensor(repeating: 6, shape: [2, 4]))
    }

    @Test func `of one matrix for a batch has the bits of one product of all rows`() {
        var random = RandomGenerator(seed: 7)
        func numbers(_ shape: Tensor.Shape) -> Tensor {
            Tensor((0..<shape.elementCount).map { _ in random.uniform() }, shape: shape)
        }
        let (a, w) = (numbers([5, 3, 20]), numbers([7, 3]).transposed())
        for a in [a.transposed(), a.transposed() * 1] {
            let rows = a.reshaped(to: [100, 3])
            let (da, dw) = gradient(at: a, w) { a, w in sum(square(matmul(a, w))) }
            let (dr, dv) = gradient(at: rows, w) { a, w in sum(square(matmul(a, w))) }
            #expect(matmul(a, w) == matmul(rows, w).reshaped(to: [5, 20, 7]))
            #expect(da == dr.reshaped(to: [5, 20, 3]) && dw == dv)
        }
        for (left, inner) in [([0, 3], 4), ([2, 3], 0)] as [(Tensor.Shape, Int)] {
            let a = Tensor(repeating: 1, shape: Tensor.Shape(Array(left) + [inner]))
            let product = matmul(a, Tensor(repeating: 1, shape: [inner, 5]))
            #expect(product == Tensor(repeating: 0, shape: Tensor.Shape(Array(left) + [5])))
        }
    }

    @Test func `is right to the second order`() {
        // Σᵢⱼ (xᵢ yⱼ)² = Σ x² · Σ y²: the mixed derivative ∂²/∂xᵢ∂yⱼ is 4 xᵢ yⱼ.
        let (x, y) = (Tensor([[1], [2]]), Tensor([3, 5, 7]))
        let mixed = gradient(at: y) { y in gradient(at: x) { x in sum(square(x * y)) }[1, 0] }
        #expect(mixed == 4 * 2 * y)
    }
}

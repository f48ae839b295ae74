import Autograd
import Testing

@Suite struct `A gradient` {
    private struct Own: Error {}

    @Test func `has a form for numbers`() {
        #expect(gradient(at: 3) { x in x * x + 2 * x } == 8)
        #expect(gradient(at: 3, 5) { x, y in x * y + y } == (5, 4))
        #expect(gradient(at: 2, 3, 4) { x, y, z in x * y * z } == (12, 8, 6))
        let (value, slope) = valueWithGradient(at: 3) { x in x * x }
        #expect((value, slope) == (9, 6))
        let three = valueWithGradient(at: 2, 3, 4) { x, y, z in x * y * z }
        #expect(three.value == 24 && three.gradient == (12, 8, 6))
    }

    @Test func `has a form for tensors`() {
        let (x, y, z) = (Tensor([1, 2]), Tensor([[3], [4]]), Tensor(5))
        #expect(gradient(at: x) { x in sum(x * x) } == Tensor([2, 4]))
        #expect(gradient(at: x, y) { x, y in sum(x * y) } == (Tensor([7, 7]), Tensor([[3], [3]])))
        let (value, (dx, dy, dz)) = valueWithGradient(at: x, y, z) { x, y, z in sum(x * y) * z }
        #expect(value == Tensor(105))
        #expect((dx, dy, dz) == (Tensor([35, 35]), Tensor([[15], [15]]), Tensor(21)))
        let many = valueWithGradient(at: [x, x, z]) { inputs in sum(inputs[0] * inputs[1]) * inputs[2] }
        #expect(many.gradient == [Tensor([5, 10]), Tensor([5, 10]), Tensor(5)])
        #expect(gradient(at: [Tensor]()) { _ in Tensor(1) } == [])
    }

    @Test func `has the type of its input`() {
        let x = Tensor([1, 2], elementType: .float32)
        let slope = gradient(at: x) { x in sum(x * x) * 0.5 }
        #expect(slope == x)
        let mixed = gradient(at: x) { x in sum(x.cast(to: .float64) * Tensor([0.1, 0.2])) }
        #expect(mixed == Tensor([0.1, 0.2], elementType: .float32))
    }

    @Test func `of what does not depend on an input is zero`() {
        #expect(gradient(at: 3) { _ in Tensor(7) } == 0)
        #expect(gradient(at: Tensor([1, 2]), Tensor([[3]])) { x, _ in sum(x) }.1 == Tensor([[0]]))
        let zero = Tensor([0], elementType: .float32)
        #expect(gradient(at: Tensor([1.0], elementType: .float32)) { _ in Tensor(7) } == zero)
        #expect(gradient(at: 3) { x in x.cast(to: .int64).cast(to: .float64) } == 0)
        #expect(gradient(at: 3) { x in stopGradient(x) } == 0)
        #expect(gradient(at: Tensor([1, 2, 3])) { x in x[1] } == Tensor([0, 1, 0]))
    }

    @Test func `of the identity is one`() {
        #expect(gradient(at: 3) { $0 } == 1)
        #expect(gradient(at: 3, 4) { x, _ in x } == (1, 0))
        #expect(gradient(at: 3, 4) { _, y in y } == (0, 1))
        #expect(valueWithGradient(at: 3) { $0 }.value == 3)
        #expect(vectorJacobianProduct(at: Tensor([1, 2]), cotangent: Tensor([3, 4])) { $0 } == Tensor([3, 4]))
        let nested = gradient(at: 3) { x in gradient(at: x) { $0 } }
        #expect(nested == 0)
    }

    @Test func `treats one tensor passed twice as two inputs`() {
        let x = Tensor([2, 3])
        #expect(gradient(at: x, x) { x, y in sum(x * x * y) } == (Tensor([8, 18]), Tensor([4, 9])))
        let nested = gradient(at: 2) { x in
            let (first, second) = gradient(at: x, x) { x, y in x * x * y }
            return first + 10 * second
        }
        // first = 2x², second = x² when both are x.
        #expect(nested == 4 * 2 + 10 * 2 * 2)
    }

    @Test func `adds up over both operands`() {
        #expect(gradient(at: 3) { x in x + x } == 2)
        #expect(gradient(at: 3) { x in x - x } == 0)
        #expect(gradient(at: 3) { x in x * x } == 6)
        #expect(gradient(at: 3) { x in x / x } == 0)
        #expect(gradient(at: Tensor([1, 2])) { x in dot(x, x) } == Tensor([2, 4]))
        #expect(gradient(at: Tensor([[1, 2], [3, 4]])) { x in sum(matmul(x, x)) } == Tensor([[7, 11], [9, 13]]))
        #expect(gradient(at: Tensor([1, 2])) { x in sum(x * x.reshaped(to: [2, 1])) } == Tensor([6, 6]))
    }

    /// Both may be meant: a branch that returns a constant, and one that is made of numbers that were read.
    @Test func `is zero through plain numbers`() {
        #expect(gradient(at: 3) { x in Tensor(x.scalar * x.scalar) } == 0)
        #expect(gradient(at: 3) { x in x.scalar > 0 ? Tensor(1) : x } == 0)
        #expect(gradient(at: -3) { x in x.scalar > 0 ? Tensor(1) : x } == 1)
    }

    @Test func `passes a thrown error on and restores the state`() {
        #expect(throws: Own.self) { try gradient(at: 1) { _ in throw Own() } }
        #expect(throws: Own.self) { try valueWithGradient(at: Tensor([1])) { _ in throw Own() } }
        #expect((Tensor(2) * 3).scalar == 6)
        let slope = gradient(at: 2) { x in
            #expect(throws: Own.self) {
                try gradient(at: x) { y in
                    _ = y * x
                    throw Own()
                }
            }
            return x * x
        }
        #expect(slope == 4)
    }

    @Test func `is refused for a result or an input that has none`() {
        let x = Tensor([1, 2])
        let error = tensorError { gradient(at: x) { x in x * x } }
        #expect(error?.problem == "the function's result must be a single number, but has shape [2]")
        #expect(error?.advice.contains("vectorJacobianProduct") == true)
        let condition = tensorError { gradient(at: x) { x in sum(x) .> 1 } }
        #expect(condition?.problem == "a result of type bool has no derivative")
        let index = tensorError { gradient(at: Tensor(indices: [1])) { x in sum(x.cast(to: .float64)) } }
        #expect(index?.problem == "nothing has a derivative with respect to i64")
        #expect(index?.advice.contains("capturing") == true)
        #expect(tensorError { gradient(at: Tensor(true)) { _ in Tensor(1) } }?.problem.hasSuffix("bool") == true)
    }

    @Test func `of a vector is a product with a cotangent`() {
        let x = Tensor([1, 2, 3])
        let product = vectorJacobianProduct(at: x, cotangent: Tensor([1, 10, 100])) { x in x * x }
        #expect(product == Tensor([2, 40, 600]))
        let matrix = vectorJacobianProduct(at: x, cotangent: Tensor([[1, 0, 0], [0, 1, 0]])) { x in
            (x * x).broadcast(to: [2, 3])
        }
        #expect(matrix == Tensor([2, 4, 0]))
        let error = tensorError { vectorJacobianProduct(at: x, cotangent: Tensor([1, 2])) { x in x * x } }
        #expect(error?.problem == "the cotangent must be like the function's result")
        #expect(error?.operands == ["f64[3]", "f64[2]"])
        tensorError { vectorJacobianProduct(at: x, cotangent: x.cast(to: .float32)) { x in x * x } }
    }

    @Test func `of a cotangent that depends on an outer variable is differentiable`() {
        // d/dv of vᵀ J = Σ 2 xᵢ vᵢ is 2 x.
        let x = Tensor([1, 2])
        let slope = gradient(at: Tensor([5, 6])) { v in sum(vectorJacobianProduct(at: x, cotangent: v) { x in x * x }) }
        #expect(slope == Tensor([2, 4]))
    }
}

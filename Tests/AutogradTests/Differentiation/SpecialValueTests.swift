import Autograd
import Testing

@Suite struct `Gradients at special values` {
    @Test func `select keeps out of the side that is not taken`() {
        let x = Tensor([-1, 4])
        let slope = gradient(at: x) { x in sum(select(x .> 0, log(select(x .> 0, x, 1)), 0)) }
        #expect(slope == Tensor([0, 0.25]))
        let (dx, dy) = gradient(at: Tensor([1, .nan]), Tensor([.nan, 2])) { x, y in
            sum(select(Tensor([true, false]), x, y))
        }
        #expect(dx == Tensor([1, 0]))
        #expect(dy == Tensor([0, 1]))
    }

    @Test func `pow at 0`() {
        #expect(gradient(at: 0, 2) { x, y in pow(x, y) } == (0, 0))
        #expect(gradient(at: 0, 1) { x, y in pow(x, y) } == (1, 0))
        #expect(gradient(at: 0, 0) { x, y in pow(x, y) } == (0, 0))
        #expect(gradient(at: 0) { x in gradient(at: x) { pow($0, 2) } } == 2)
        #expect(gradient(at: 0) { x in gradient(at: x) { pow($0, 0) } } == 0)
        #expect(gradient(at: Tensor([0, -2])) { x in sum(pow(x, 3)) } == Tensor([0, 12]))
        #expect(gradient(at: 0) { pow($0, 0.5) } == .infinity)
    }

    @Test func `kinks and ties`() {
        #expect(gradient(at: 0) { relu($0) } == 0)
        #expect(gradient(at: 0) { abs($0) } == 0)
        #expect(gradient(at: -0.0) { abs($0) } == 0)
        #expect(gradient(at: 2, 2) { max($0, $1) } == (0.5, 0.5))
        #expect(gradient(at: 2, 2) { min($0, $1) } == (0.5, 0.5))
        #expect(gradient(at: 2) { x in max(x, x) } == 1)
        #expect(gradient(at: Tensor([1, 2, 3])) { x in sum(max(x, 2)) } == Tensor([0, 0.5, 1]))
        #expect(gradient(at: 0) { sqrt($0) } == .infinity)
    }

    @Test func `zeros keep their signs`() {
        // The first contribution to an adjoint is stored, not added to +0.
        let scalar = gradient(at: 3.0) { x in x * Tensor(-0.0) }
        #expect(scalar.bitPattern == (-0.0).bitPattern)
        let tensor = gradient(at: Tensor([3, 4])) { x in sum(x * Tensor([-0.0, 0])) }
        #expect(tensor.elementBits == [(-0.0).bitPattern, 0])
        let sums = gradient(at: Tensor([3, 4])) { x in sum(x * Tensor([-0.0, -0.0]) + x * Tensor([0, -0.0])) }
        #expect(sums.elementBits == [0, (-0.0).bitPattern])
        let nested = gradient(at: 2) { x in gradient(at: x) { y in y * y * Tensor(-0.0) } }
        #expect(nested.bitPattern == (-0.0).bitPattern)
        let unused = gradient(at: 3) { _ in Tensor(1) }
        #expect(unused.bitPattern == 0)
    }

    @Test func `an adjoint of 0 is not none`() {
        // ȳ = 0 for y = √x at 0, whose derivative is ∞: 0 · ∞ is NaN, not 0.
        #expect(gradient(at: 0) { x in sqrt(x) * 0 }.isNaN)
        #expect(gradient(at: Tensor([0, 4])) { x in sum(sqrt(x) * 0) }.numbers[0].isNaN)
        #expect(gradient(at: .infinity) { x in x * x * 0 }.isNaN)
    }

    @Test func `NaN stays where it is`() {
        let slope = gradient(at: Tensor([1, .nan, 3])) { x in sum(x * x) }
        #expect(slope.numbers[0] == 2 && slope.numbers[1].isNaN && slope.numbers[2] == 6)
        #expect(gradient(at: Tensor([1, 2])) { x in sum(x) * Tensor(Double.nan) }.numbers.allSatisfy { $0.isNaN })
    }

    @Test func `a result that is NaN has no gradient of zeros`() {
        let third = 1.0 / 3
        #expect(gradient(at: Tensor([1, .nan, 3])) { max($0) } == Tensor([third, third, third]))
        #expect(gradient(at: Tensor([1, .nan, 3])) { min($0) } == Tensor([third, third, third]))
        // Only in the row that has one.
        #expect(
            gradient(at: Tensor([[1, .nan], [1, 2]])) { sum(max($0, along: 1)) } == Tensor([[0.5, 0.5], [0, 1]]))
        for (x, y) in [(Double.nan, 1.0), (1, .nan), (.nan, .nan)] {
            #expect(gradient(at: x, y) { max($0, $1) } == (0.5, 0.5))
            #expect(gradient(at: x, y) { min($0, $1) } == (0.5, 0.5))
        }
        #expect(gradient(at: .nan) { relu($0) } == 1)
        #expect(gradient(at: .nan) { abs($0) }.isNaN)
    }

    @Test func `sigmoid, tanh and softplus far out`() {
        let tail = 4.248354255291589e-18
        #expect(gradient(at: 40) { sigmoid($0) } == tail && gradient(at: -40) { sigmoid($0) } == tail)
        #expect(gradient(at: 40) { x in gradient(at: x) { softplus($0) } } == tail)
        #expect(abs(gradient(at: 20) { tanh($0) } / (4 * tail) - 1) < 1e-15)
        let x = Tensor([17, 12], elementType: .float32)
        let slope = gradient(at: x) { sum(sigmoid($0)) }
        #expect(
            slope.isApproximatelyEqual(
                to: gradient(at: x.cast(to: .float64)) { sum(sigmoid($0)) }.cast(to: .float32), relativeTolerance: 2e-7)
        )
        // The third derivative at the middle is −1/8.
        #expect(gradient(at: 0) { x in gradient(at: x) { x in gradient(at: x) { sigmoid($0) } } } == -0.125)
    }

    @Test func `huge and tiny values`() {
        #expect(gradient(at: 1e200, 1e-200) { x, y in x / y }.0 == 1e200)
        #expect(gradient(at: 1, 1e-200) { x, y in x / y }.1 == -.infinity)
        #expect(gradient(at: 1e-160, 1e-160) { x, y in x / y }.1 == -1e160)
        #expect(gradient(at: 800) { sigmoid($0) } == 0)
        #expect(gradient(at: -700) { sigmoid($0) } == sigmoid(Tensor(-700)).scalar)
        #expect(gradient(at: Double.leastNonzeroMagnitude) { x in x * 1e300 } == 1e300)
        #expect(gradient(at: 0.9999999999999999) { tanh($0) } > 0.41)
        #expect(gradient(at: 1e308) { x in x + x } == 2)
    }

    @Test func `rank 8`() {
        let x = Tensor(repeating: 1, shape: [1, 2, 1, 2, 1, 2, 1, 2])
        let order = [7, 6, 5, 4, 3, 2, 1, 0]
        let weights = Tensor((0..<16).map(Double.init), shape: [2, 1, 2, 1, 2, 1, 2, 1])
        let slope = gradient(at: x) { x in sum(sum(x.transposed(axes: order) * weights, along: [0, 3, -1])) }
        #expect(slope == weights.transposed(axes: order))
    }

    @Test func `empty tensors`() {
        let x = Tensor(repeating: 0, shape: [0, 3])
        #expect(gradient(at: x) { x in sum(x * x) } == x)
        #expect(gradient(at: x) { x in sum(matmul(x, Tensor(repeating: 1, shape: [3, 2]))) } == x)
        #expect(
            gradient(at: Tensor(repeating: 1, shape: [3, 2])) { w in sum(matmul(x, w)) }
                == Tensor(repeating: 0, shape: [3, 2]))
        #expect(
            gradient(at: Tensor(repeating: 1, shape: [2, 0])) { a in
                sum(matmul(a, Tensor(repeating: 1, shape: [0, 2])))
            }.shape == [2, 0])
        #expect(gradient(at: x) { x in sum(x.transposed().reshaped(to: [0])) } == x)
    }
}

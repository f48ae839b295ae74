import Autograd
import Foundation
import Testing

@Suite struct `Random compositions` {
    /// A smooth function of a vector, composed at random, different for each seed; it keeps numbers near 1.
    @Sendable private static func composition(_ seed: UInt64, _ x: Tensor) -> Tensor {
        var random = RandomGenerator(seed: seed)
        var values = [x, tanh(x)]
        for _ in 0..<30 {
            let a = values[Int.random(in: 0..<values.count, using: &random)]
            let b = values[Int.random(in: 0..<values.count, using: &random)]
            let next: Tensor =
                switch Int.random(in: 0..<14, using: &random) {
                case 0: a + b
                case 1: a - b
                case 2: a * b
                case 3: a / (1 + square(b))
                case 4: sin(a)
                case 5: exp(-square(a))
                case 6: sigmoid(a) * b
                case 7: softplus(a) - b
                case 8: log(1 + square(a))
                case 9: sqrt(1 + square(a + b))
                case 10: matmul(a.reshaped(to: [2, 2]), b.reshaped(to: [2, 2]).transposed()).reshaped(to: [4])
                case 11: a * mean(b)
                case 12: select(a.detached .> b.detached, a, sin(b))
                default: pow(1 + square(a), 0.5) + a[2...].reshaped(to: [2, 1]).transposed().reshaped(to: [2])[0] * b
                }
            values.append(tanh(next))
        }
        return sum(values.suffix(8).reduce(Tensor(repeating: 0, shape: [4]), +))
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `agree with central differences`(seed: UInt64) {
        let x = Tensor([0.3, -0.6, 0.9, 0.2])
        let slope = gradient(at: x) { x in Self.composition(seed, x) }.numbers
        let step = 1e-5
        for k in 0..<4 {
            func value(_ offset: Double) -> Double {
                let moved = x + Tensor((0..<4).map { $0 == k ? offset : 0 })
                return Self.composition(seed, moved).scalar
            }
            let difference = (value(step) - value(-step)) / (2 * step)
            #expect(abs(slope[k] - difference) <= 1e-7 * max(1, abs(slope[k])), "seed \(seed), element \(k)")
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `have symmetric second derivatives that agree with differences of the first`(seed: UInt64) {
        let x = Tensor([0.3, -0.6, 0.9, 0.2])
        let first = { @Sendable (x: Tensor) in gradient(at: x) { x in Self.composition(seed, x) } }
        let hessian = (0..<4).map { k in gradient(at: x) { x in first(x)[k] }.numbers }
        let step = 1e-5
        for k in 0..<4 {
            let offset = Tensor((0..<4).map { $0 == k ? step : 0 })
            let difference = ((first(x + offset) - first(x - offset)) / (2 * step)).numbers
            for l in 0..<4 {
                let scale = max(1, abs(hessian[k][l]))
                #expect(abs(hessian[k][l] - hessian[l][k]) <= 1e-11 * scale)
                #expect(abs(hessian[k][l] - difference[l]) <= 1e-6 * scale)
            }
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `are the same recorded and at once, bit for bit`(seed: UInt64) {
        let x = Tensor([0.3, -0.6, 0.9, 0.2])
        let eager = gradient(at: x) { x in Self.composition(seed, x) }
        let (tape, (input, output)) = Tape.record { tape in
            let x = tape.variable(x)
            return (x, Self.composition(seed, x))
        }
        #expect(tape.gradient(of: output, withRespectTo: input).elementBits == eager.elementBits)
        #expect(Self.composition(seed, x) == output)
    }
}

@Suite struct `Gradients in closed form` {
    private let a = Tensor([[2, -1, 0.5], [1, 3, -2], [0, 1, 1.5]])
    private let x = Tensor([0.5, -1, 2])

    @Test func `of a quadratic form are (A + Aᵀ) x`() {
        let slope = gradient(at: x) { x in dot(x, matmul(a, x)) }
        #expect(slope.isApproximatelyEqual(to: matmul(a + a.transposed(), x), relativeTolerance: 1e-15))
        let matrix = gradient(at: a) { a in dot(x, matmul(a, x)) }
        #expect(matrix == x.reshaped(to: [3, 1]) * x)
    }

    @Test func `of the logarithm of a sum of exponentials are its softmax`() {
        let slope = gradient(at: x) { x in log(sum(exp(x))) }
        #expect(slope.isApproximatelyEqual(to: exp(x) / sum(exp(x)), relativeTolerance: 1e-15))
        #expect(abs(sum(slope).scalar - 1) < 1e-15)
    }

    @Test func `of a norm are x over the norm`() {
        let slope = gradient(at: Tensor([3, 4])) { x in sqrt(sum(square(x))) }
        #expect(slope.isApproximatelyEqual(to: Tensor([0.6, 0.8]), relativeTolerance: 1e-15))
    }

    @Test func `of a mean over an axis`() {
        let slope = gradient(at: a) { a in sum(square(mean(a, along: 0))) }
        let expected = (2 * mean(a, along: 0) / 3).broadcast(to: [3, 3])
        #expect(slope.isApproximatelyEqual(to: expected, relativeTolerance: 1e-15))
    }

    @Test func `of a polynomial by Horner's rule`() {
        // Σ k xᵏ for k up to 9.
        for x in [-1.5, 0, 0.25, 2] {
            let slope = gradient(at: x) { x in (1...9).reversed().reduce(Tensor(0)) { ($0 + Double($1)) * x } }
            let expected = (1...9).reduce(0.0) { $0 + Double($1 * $1) * pow(x, Double($1 - 1)) }
            #expect(abs(slope - expected) <= 1e-14 * max(1, abs(expected)))
        }
    }
}

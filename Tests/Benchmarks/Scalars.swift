import Autograd

// Functions written in single numbers, so that recording and differentiating an operation is all there is to time.

func measureScalars(_ report: Report) {
    measureScalarChains(report)
    measureProduct(report)
    measureRosenbrock(report)
    let call = { gradient(at: 3) { x in x * x + 2 * x } }
    report.row(
        "W3", "gradient(at: 3) { x in x * x + 2 * x }", .nanoseconds,
        check: { Check([call()], equals: [8]) }, body: call)
}

/// Chains of 1,000 operations on one variable. Both operands of the sums and products depend on it, so that there are two
/// adjoints an operation. The sigmoids form 40 chains of 25, whose results are added up: in one chain of 1,000 the gradient
/// would vanish, and arithmetic with such tiny numbers is slower than any other.
private func measureScalarChains(_ report: Report) {
    let x = 1.0001
    func rows(_ name: String, operations: Int, derivative: Double, _ chain: @escaping (Tensor) -> Tensor) {
        report.rows(
            "W3", "scalar \(name)", .nanosecondsPerOperation, per: operations, recordAtMost: 20,
            differentiateAtMost: 5,
            check: { Check([gradient(at: x, of: chain)], equals: [derivative], tolerance: 1e-11) },
            record: { Tape.record { tape in chain(tape.variable(x)) }.result },
            recordAndDifferentiate: { gradient(at: x, of: chain) })
    }
    var power = 1001.0
    for _ in 0..<1000 { power *= x }
    rows("multiply", operations: 1000, derivative: power) { x in
        var y = x
        for _ in 0..<1000 { y = y * x }
        return y
    }
    rows("add", operations: 1000, derivative: 1001) { x in
        var y = x
        for _ in 0..<1000 { y = y + x }
        return y
    }
    rows("sigmoid", operations: 1039, derivative: 40 * SigmoidChain.derivative(at: x)) { x in
        SigmoidChain.sum(of: 40, from: x)
    }
}

/// Sums of chains of 25 sigmoids.
enum SigmoidChain {
    static func sum(of count: Int, from x: Tensor) -> Tensor {
        var total: Tensor?
        for _ in 0..<count {
            var y = x
            for _ in 0..<25 { y = sigmoid(y) }
            total = total.map { $0 + y } ?? y
        }
        return total!
    }

    /// The derivative of one chain, by the chain rule: Π yₖ (1 − yₖ).
    static func derivative(at x: Double) -> Double {
        var (y, derivative) = (x, 1.0)
        for _ in 0..<25 {
            y = sigmoid(Tensor(y)).scalar
            derivative *= y * (1 - y)
        }
        return derivative
    }
}

/// The gradient of the product of 1,000 numbers: each partial derivative is the product of all others.
private func measureProduct(_ report: Report) {
    let x = (0..<1000).map { 1 + Double($0 % 7 - 3) * 1e-3 }
    let product = x.reduce(1, *)
    let slopes: @Sendable ([Tensor]) -> [Tensor] = { x in
        gradient(at: x) { x in
            var product = x[0]
            for factor in x.dropFirst() { product = product * factor }
            return product
        }
    }
    report.rows(
        "W3", "gradient of a product of 1000 scalars", .microseconds, at: x.map { Tensor($0) }, slopes,
        check: { Check($0.map(\.scalar), equals: x.map { product / $0 }, tolerance: 1e-11) })
}

/// The gradient of Rosenbrock's function Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² of 1,000 numbers.
private func measureRosenbrock(_ report: Report) {
    let x = (0..<1000).map { $0 % 2 == 1 ? 1 : -1.2 + 1e-4 * Double($0) }
    var expected = [Double](repeating: 0, count: x.count)
    for i in 0..<999 {
        let (a, b) = (x[i + 1] - x[i] * x[i], 1 - x[i])
        expected[i + 1] += 200 * a
        expected[i] += -400 * a * x[i] - 2 * b
    }
    // Number by number, as in Peers/ and in tapes for scalars: about 8,000 operations.
    let scalarSlopes: @Sendable ([Tensor]) -> [Tensor] = { x in
        gradient(at: x) { x in
            var total = Tensor(0)
            for i in 0..<999 {
                let a = x[i + 1] - x[i] * x[i]
                let b = 1 - x[i]
                total = total + (100 * a * a + b * b)
            }
            return total
        }
    }
    // The same with slices of one array: a dozen operations.
    let arraySlopes: @Sendable ([Tensor]) -> [Tensor] = { x in
        let slopes = gradient(at: x[0]) { x in
            let head = x[..<999]
            return sum(100 * square(x[1...] - square(head)) + square(1 - head))
        }
        return [slopes]
    }
    let name = "gradient of Rosenbrock n = 1000"
    let check: ([Tensor]) -> Check = { Check($0.flatMap(\.numbers), equals: expected, tolerance: 1e-11) }
    report.rows("W3", "\(name), scalars", .microseconds, at: x.map { Tensor($0) }, scalarSlopes, check: check)
    report.rows("W3", "\(name), slices", .microseconds, at: [Tensor(x)], arraySlopes, check: check)
}

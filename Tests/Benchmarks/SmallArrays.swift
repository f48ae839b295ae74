import Autograd

// Chains of 1,000 operations on 2×2 arrays: four numbers, so that the overhead of an operation is all there is to time.
// Both operands of the binary ones depend on the variable, so that backward there are two adjoints an operation.

func measureSmallArrays(_ report: Report) {
    let x = Tensor([[1.0001, 0.9999], [1.0002, 0.9998]])
    let ones = Tensor(repeating: 1, shape: [2, 2])
    func row(
        _ name: String, at x: Tensor, operations: Int = 1000, atMost goal: Double? = nil, gradient: [Double],
        _ chain: @escaping (Tensor) -> Tensor
    ) {
        func slopes() -> Tensor { vectorJacobianProduct(at: x, cotangent: ones, of: chain) }
        report.row(
            "W7", "2x2 \(name), forward + backward", .nanosecondsPerOperation, per: operations,
            atMost: goal,
            check: { Check(slopes().numbers, equals: gradient, tolerance: 1e-10) }, body: slopes)
    }
    // Without a tape: the array operation itself.
    report.row(
        "W7", "2x2 add, forward", .nanosecondsPerOperation, per: 1000,
        check: { Check(sums(x).numbers, equals: x.numbers.map { 1001 * $0 }, tolerance: 1e-11) }, body: { sums(x) })
    // On a tape that is not differentiated.
    func recorded() -> Tensor { Tape.record { tape in sums(tape.variable(x)) }.result }
    report.row(
        "W7", "2x2 add, record", .nanosecondsPerOperation, per: 1000,
        check: { Check(recorded().numbers, equals: x.numbers.map { 1001 * $0 }, tolerance: 1e-11) }, body: recorded)
    row("add", at: x, atMost: 250, gradient: [1001, 1001, 1001, 1001], sums)
    measureReplayedSums(report, at: x)
    row("multiply", at: x, gradient: x.numbers.map { 1001 * pow($0, 1000) }) { x in
        var y = x
        for _ in 0..<1000 { y = y * x }
        return y
    }
    let sigmoidGradient = x.numbers.map { 40 * SigmoidChain.derivative(at: $0) }
    row("sigmoid", at: x, operations: 1039, gradient: sigmoidGradient) { x in SigmoidChain.sum(of: 40, from: x) }
    let rotation = Matrix(angle: 0.001)
    row("matmul", at: rotation.tensor, gradient: rotation.gradientOfPower(1001)) { x in
        var y = x
        for _ in 0..<1000 { y = matmul(y, x) }
        return y
    }
}

/// The chain of additions, recorded once and replayed. What it is multiplied by is an input too: so the program can neither
/// leave out the sums, which are a result, nor know the gradient beforehand.
private func measureReplayedSums(_ report: Report, at x: Tensor) {
    let name = "2x2 add, forward + backward, replayed"
    guard report.wants("W7", name) else { return }
    let inputs = [x, Tensor([[1, 2], [3, 4]])]
    let program = Program(at: inputs) { inputs in
        [sums(inputs[0]), vectorJacobianProduct(at: inputs[0], cotangent: inputs[1], of: sums)]
    }
    var outputs: [Tensor] = []
    report.row(
        "W7", name, .nanosecondsPerOperation, per: 1000, atMost: 8,
        check: {
            program.run(inputs, into: &outputs)
            return Check(
                outputs.flatMap(\.numbers), equals: inputs.flatMap(\.numbers).map { 1001 * $0 }, tolerance: 1e-11)
        },
        body: { program.run(inputs, into: &outputs) })
}

/// 1001 x.
private func sums(_ x: Tensor) -> Tensor {
    var y = x
    for _ in 0..<1000 { y = y + x }
    return y
}

private func pow(_ x: Double, _ exponent: Int) -> Double { (0..<exponent).reduce(1) { product, _ in product * x } }

/// A 2×2 matrix [[a, b], [c, d]].
private struct Matrix {
    var (a, b, c, d): (Double, Double, Double, Double)

    init(_ a: Double, _ b: Double, _ c: Double, _ d: Double) { (self.a, self.b, self.c, self.d) = (a, b, c, d) }

    /// A rotation, whose powers neither grow nor vanish. The angle is small; the series of its cosine and sine end early.
    init(angle: Double) {
        let square = angle * angle
        let cosine = 1 - square / 2 * (1 - square / 12)
        let sine = angle * (1 - square / 6 * (1 - square / 20))
        self.init(cosine, -sine, sine, cosine)
    }

    var tensor: Tensor { Tensor([[a, b], [c, d]]) }
    var transposed: Matrix { Matrix(a, c, b, d) }

    static func * (x: Matrix, y: Matrix) -> Matrix {
        Matrix(x.a * y.a + x.b * y.c, x.a * y.b + x.b * y.d, x.c * y.a + x.d * y.c, x.c * y.b + x.d * y.d)
    }

    /// The gradient of the sum of the elements of Xⁿ: Σₖ (Xᵏ)ᵀ V (Xⁿ⁻¹⁻ᵏ)ᵀ, where all elements of V are 1.
    func gradientOfPower(_ exponent: Int) -> [Double] {
        var powers = [Matrix(1, 0, 0, 1)]
        while powers.count < exponent { powers.append(powers[powers.count - 1] * self) }
        var total = [0.0, 0, 0, 0]
        for k in 0..<exponent {
            let term = powers[k].transposed * Matrix(1, 1, 1, 1) * powers[exponent - 1 - k].transposed
            for (place, element) in [term.a, term.b, term.c, term.d].enumerated() { total[place] += element }
        }
        return total
    }
}

/// How the derivatives of an input are measured.
public enum GradientCheckMode: Sendable {
    /// Along each element: as many measurements as there are elements.
    case full
    /// Along some random directions: cheap for large inputs; a mistake in any element shows with near certainty.
    case randomDirections(Int)
}

/// Compares the gradients of a function with central differences, in float64, at orders 1 and 2.
///
/// The function may return any shape: its result is weighted with random numbers and added up. At order 2 the same is done
/// for the gradient itself, whose own gradient is compared with differences of it.
///
///     print(checkGradients(at: [x, w]) { sigmoid(matmul($0[0], $0[1])) })
///
/// - Parameters:
///   - inputs: Where to check; converted to float64. Keep away from kinks, where there is nothing to compare.
///   - names: What the report calls the inputs.
///   - orders: 1, 2 or both.
///   - mode: Each element, or random directions.
///   - tolerance: The largest difference, relative to the largest derivative that was measured for that input.
///   - seed: Of the random weights and directions.
public func checkGradients(
    at inputs: [Tensor], names: [String]? = nil, subject: String = "function", orders: ClosedRange<Int> = 1...2,
    mode: GradientCheckMode = .full, tolerance: Double = 1e-6, seed: UInt64 = 0,
    of function: ([Tensor]) -> Tensor
) -> GradientReport {
    guard orders.lowerBound >= 1, orders.upperBound <= 2, names == nil || names?.count == inputs.count else {
        return TensorError(
            "checkGradients", "orders 1 and 2 can be checked, not \(orders), and each input has one name"
        ).raise(returning: GradientReport(subject: subject, checks: []))
    }
    return withoutRecording {
        var check = GradientCheck(mode: mode, tolerance: tolerance, random: RandomGenerator(seed: seed))
        let inputs = inputs.map { $0.cast(to: .float64).packed.withoutTape }
        let names = names ?? inputs.indices.map { "input \($0)" }
        // Each evaluation begins from the same state: what the function sets is forgotten.
        func value(_ inputs: [Tensor]) -> Tensor { Tape.forgettingSettings { function(inputs) } }
        let weights = check.direction(like: value(inputs))
        func weighted(_ inputs: [Tensor]) -> Tensor { sum(value(inputs) * weights) }
        var checks: [GradientReport.Check] = []
        if orders.contains(1) { checks += check.compare(order: 1, at: inputs, names, weighted) }
        if orders.contains(2) {
            let directions = inputs.map { check.direction(like: $0) }
            func slope(_ inputs: [Tensor]) -> Tensor {
                zip(gradient(at: inputs, of: weighted), directions).reduce(Tensor(0)) { $0 + sum($1.0 * $1.1) }
            }
            checks += check.compare(order: 2, at: inputs, names, slope)
        }
        return GradientReport(subject: subject, checks: checks)
    }
}

/// Compares the pullbacks of a primitive with central differences, at its regular samples and at orders 1 and 2.
public func checkGradients(
    of primitive: Primitive, orders: ClosedRange<Int> = 1...2, tolerance: Double = 1e-6, seed: UInt64 = 0
) -> GradientReport {
    var checks: [GradientReport.Check] = []
    for sample in primitive.samples {
        guard case .regular = sample.kind else { continue }
        // Conditions and indices stay as they are: nothing is derived with respect to them.
        let varied = sample.operands.indices.filter {
            sample.operands[$0].elementType.isFloat && !primitive.pullbacks.isEmpty
        }
        if varied.isEmpty { continue }
        let report = checkGradients(
            at: varied.map { sample.operands[$0] }, names: varied.map { "operand \($0)" }, orders: orders,
            tolerance: tolerance, seed: seed
        ) { inputs in
            var operands = sample.operands
            for (position, operand) in varied.enumerated() { operands[operand] = inputs[position] }
            return primitive(operands, attributes: sample.attributes)
        }
        checks += report.checks
    }
    return GradientReport(subject: primitive.name, checks: checks)
}

/// The measurements of one check.
private struct GradientCheck {
    let mode: GradientCheckMode
    let tolerance: Double
    var random: RandomGenerator

    /// Random numbers of a tensor's shape, away from 0: of size ½ to 1 and either sign.
    mutating func direction(like tensor: Tensor) -> Tensor {
        Tensor(tensor.shape, .float64) { _ in (0.5 + 0.5 * random.uniform()) * (random.uniform() < 0.5 ? -1 : 1) }
    }

    /// Compares the gradient of a function, whose result is one number, with differences of it, input by input.
    mutating func compare(
        order: Int, at inputs: [Tensor], _ names: [String], _ function: ([Tensor]) -> Tensor
    ) -> [GradientReport.Check] {
        let gradients = gradient(at: inputs, of: function)
        return inputs.indices.map { position in
            let comparisons = directions(like: inputs[position]).map { index, direction in
                // Steps in proportion to a small element, so that they do not leave the domain of a logarithm or a root.
                let element = index == nil ? 1 : abs(sum(inputs[position] * direction).scalar)
                let step = 0x1p-5 * (element == 0 ? 1 : min(1, max(1e-3, element)))
                func moved(_ distance: Double) -> Double {
                    var moved = inputs
                    moved[position] = inputs[position] + distance * direction
                    return function(moved).scalar
                }
                return Comparison(
                    index: index, computed: sum(gradients[position] * direction).scalar,
                    measured: FiniteDifference(of: moved, step: step))
            }
            return worst(comparisons, order, names[position])
        }
    }

    private mutating func directions(like input: Tensor) -> [(index: [Int]?, direction: Tensor)] {
        switch mode {
        case .full:
            (0..<input.elementCount).map { place in
                (input.shape.position(ofElement: place), Tensor(input.shape, .float64) { $0 == place ? 1 : 0 })
            }
        case .randomDirections(let count):
            (0..<max(count, 1)).map { _ in (nil, direction(like: input)) }
        }
    }

    private struct Comparison {
        let index: [Int]?
        let computed: Double
        let measured: FiniteDifference
    }

    /// The comparison that differs most, with a verdict on all of them.
    private func worst(_ comparisons: [Comparison], _ order: Int, _ name: String) -> GradientReport.Check {
        let largest = comparisons.map { abs($0.measured.derivative) }.filter(\.isFinite).max() ?? 0
        /// Relative to the largest derivative, so that small ones are checked as strictly as large ones, but above what
        /// rounding makes of the differences.
        func allowance(_ measured: FiniteDifference) -> Double {
            let rounding = min(4 * measured.error, 1e-9) + 1e-10 * abs(measured.value)
            return tolerance * largest + (rounding.isNaN ? 0 : rounding) + .leastNormalMagnitude
        }
        func excess(_ comparison: Comparison) -> Double {
            let difference = abs(comparison.computed - comparison.measured.derivative)
            return difference.isNaN ? .infinity : difference / allowance(comparison.measured)
        }
        guard let worst = comparisons.max(by: { excess($0) < excess($1) }) else {
            return GradientReport.Check(
                order: order, input: name, index: nil, computed: 0, measured: 0, tolerance: tolerance, verdict: nil)
        }
        let allowed = allowance(worst.measured)
        return GradientReport.Check(
            order: order, input: name, index: worst.index, computed: worst.computed,
            measured: worst.measured.derivative, tolerance: allowed,
            verdict: excess(worst) <= 1 ? nil : verdict(on: worst, among: comparisons, allowed))
    }

    private func verdict(on worst: Comparison, among all: [Comparison], _ tolerance: Double) -> String {
        let (left, right) = worst.measured.slopes
        if !worst.computed.isFinite { return "the pullback gives \(worst.computed)" }
        if !worst.measured.derivative.isFinite { return "the function is not finite around this point" }
        if worst.measured.isKink {
            return "a kink or a jump: the slope is \(left) to the left and \(right) to the right; choose another point"
        }
        if worst.measured.error > tolerance {
            return "cannot be measured more exactly than to \(worst.measured.error); choose another point"
        }
        if let factor = sharedFactor(all) {
            if factor == 0 { return "wrong formula: no gradient arrives" }
            if factor == -1 { return "wrong formula: the sign is reversed" }
            return "wrong formula: computed is \(factor) times what is measured"
        }
        return "wrong formula"
    }

    /// The factor, to four digits, by which all computed derivatives are off: it tells what is wrong with the formula. Any
    /// single derivative is off by some factor, which then tells only something when it is a round one.
    private func sharedFactor(_ all: [Comparison]) -> Double? {
        let measured = all.filter { abs($0.measured.derivative) > 1e-3 }
        let factors = measured.map { $0.computed / $0.measured.derivative }
        guard let first = factors.first else { return nil }
        let factor = (first * 1e4).rounded() / 1e4
        let isRound = abs(first * 100 - (first * 100).rounded()) < 1e-4
        let isShared = factors.count > 1 && factors.allSatisfy { abs($0 - first) < 1e-4 * max(1, abs(first)) }
        return factor != 1 && (isShared || factors.count == 1 && isRound) ? factor : nil
    }
}

extension Tensor.Shape {
    /// The position along each axis of an element counted in row-major order.
    fileprivate func position(ofElement place: Int) -> [Int] {
        var (rest, position) = (place, [Int](repeating: 0, count: rank))
        for axis in indices.reversed() where self[axis] > 0 {
            position[axis] = rest % self[axis]
            rest /= self[axis]
        }
        return position
    }
}

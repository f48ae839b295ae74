import Autograd
import NeuralNetworks
import Testing

/// The tape's gradients are those of the documents' formulas, at random parameters.
@Suite struct HandDerivedTests {
    private static let draws = 1000

    @Test func oneNeuron() {
        var (random, differences) = (RandomGenerator(seed: 1), Differences())
        for _ in 0..<Self.draws {
            let neuron = Neuron(weight: random.normals(2), bias: random.normal())
            let (x, e) = (random.normals(2), random.bit())
            let (_, tape) = neuron.valueWithGradient { halfSquaredError($0(Tensor(x)), Tensor([e])) }
            let o = neuron(Tensor(x)).scalar
            differences.compare(tape["layer.weight"]!, gradient(o, e, x), through: [o])
            differences.compare(tape["layer.bias"]!, [gradient(o, e, 1)], through: [o])
        }
        #expect(differences.compared == 2 * Self.draws && differences.found.isEmpty, "\(differences.found.prefix(3))")
    }

    @Test func xor() {
        var (random, differences) = (RandomGenerator(seed: 2), Differences())
        for _ in 0..<Self.draws {
            let network = XORNetwork(
                hiddenWeight: [random.normals(2), random.normals(2)], hiddenBias: random.normals(2),
                outputWeight: random.normals(2), outputBias: random.normal())
            let (x, e) = (random.normals(2), random.bit())
            let (_, tape) = network.valueWithGradient { halfSquaredError($0(Tensor(x)), Tensor([e])) }
            let (o, z) = (network(Tensor(x)).scalar, sigmoid(network.hidden(Tensor(x))).numbers)
            let v = network.output.weight.value.numbers
            differences.compare(tape["output.weight"]!, outputWeightGradient(o, e, z), through: [o])
            differences.compare(tape["output.bias"]!, [outputBiasGradient(o, e)], through: [o])
            differences.compare(tape["hidden.bias"]!, hiddenBiasGradient(o, e, v, z), through: [o] + z)
            let hiddenWeight = hiddenWeightGradient(o, e, v, z, x)
            differences.compare(tape["hidden.weight"]!.transposed(), hiddenWeight.flatMap { $0 }, through: [o] + z)
        }
        #expect(differences.compared == 4 * Self.draws && differences.found.isEmpty, "\(differences.found.prefix(3))")
    }

    @Test func pattern() {
        var (random, differences) = (RandomGenerator(seed: 3), Differences())
        let x = Documents.all.pattern.inputs
        for _ in 0..<Self.draws {
            let network = PatternNetwork(random.normals(3).column)
            let e = (0..<4).map { _ in random.bit() }
            let (_, tape) = network.valueWithGradient {
                halfSquaredError($0(Tensor(x)), Tensor(e.column), reduction: .sum)
            }
            let o = network(Tensor(x)).numbers
            // Four samples of either sign are added up: what rounding can do is measured by the largest.
            let largest = zip(o, e).map { abs(gradient($0, $1, 1)) }.max()!
            differences.compare(tape["layers.0.weight"]!, patternGradient(o, e, x), ofSize: largest, through: o)
        }
        #expect(differences.compared == Self.draws && differences.found.isEmpty, "\(differences.found.prefix(3))")
    }

    @Test func patternFormulaAddsTheNeuronsUp() {
        let x = Documents.all.pattern.inputs
        let (o, e) = ([0.25, 0.5, 0.125, 0.75], Documents.all.pattern.expected)
        let parts = x.indices.map { gradient(o[$0], e[$0], x[$0]) }
        #expect(patternGradient(o, e, x) == parts.dropFirst().reduce(parts[0]) { zip($0, $1).map(+) })
    }

    /// Where the tape and the formulas disagree: gathered, so that one mistake does not fill the screen.
    private struct Differences {
        /// How far rounding may take two orders of the same multiplications apart, in units in the last place.
        private let units = 4.0
        private(set) var compared = 0
        private(set) var found: [String] = []

        /// - Parameters:
        ///   - size: What rounding is measured by; nil for each number's own size.
        ///   - outputs: The sigmoids o on the way. By hand their derivatives are o (1 − o): o is rounded, by a unit of 1 / 2 and
        ///     sometimes more, and 1 − o has that error too, which for o close to 1 is large beside it. The tape's derivatives
        ///     are exact.
        mutating func compare(
            _ tape: Tensor, _ byHand: [Double], ofSize size: Double? = nil, through outputs: [Double]
        ) {
            compared += 1
            let rounding = outputs.reduce(0) { $0 + 0.5.ulp / (1 - $1) }
            let agrees = zip(tape.numbers, byHand).allSatisfy { tape, byHand in
                let size = size ?? max(abs(tape), abs(byHand))
                return abs(tape - byHand) <= max(1e-16, units * size.ulp + rounding * size)
            }
            if !agrees || tape.elementCount != byHand.count { found.append("\(tape) and by hand \(byHand)") }
        }
    }
}

/// The losses of the documents' networks against finite differences.
@Suite struct NetworkCheckTests {
    @Test(arguments: [0.0, 1])
    func oneNeuron(expected: Double) {
        let neuron = Neuron(weight: [0.3, -0.2], bias: 0.1)
        let report = neuron.checkGradients { halfSquaredError($0(Tensor([0.5, 1])), Tensor([expected])) }
        #expect(report.passes && report.checks.map(\.input) == twice(["layer.weight", "layer.bias"]), "\(report)")
    }

    @Test(arguments: Documents.all.samples.map { ($0.inputs, $0.xor) })
    func xor(inputs: [Double], expected: Double) {
        let report = XORNetwork(Documents.all.xorNetwork.initial).checkGradients {
            halfSquaredError($0(Tensor(inputs)), Tensor([expected]))
        }
        let names = ["hidden.weight", "hidden.bias", "output.weight", "output.bias"]
        #expect(report.passes && report.checks.map(\.input) == twice(names), "\(report)")
    }

    @Test func pattern() {
        let run = Documents.all.pattern
        let report = PatternNetwork(run.initialWeight.column).checkGradients {
            halfSquaredError($0(Tensor(run.inputs)), Tensor(run.expected.column), reduction: .sum)
        }
        #expect(report.passes && report.checks.map(\.input) == twice(["layers.0.weight"]), "\(report)")
    }

    @Test func hiddenLayerPattern() {
        let run = Documents.all.hiddenLayerPattern
        let network = PatternNetwork(run.initialHiddenWeight, run.initialOutputWeight.column)
        let report = network.checkGradients {
            halfSquaredError($0(Tensor(run.inputs)), Tensor(run.expected.column), reduction: .sum)
        }
        let names = ["layers.0.weight", "layers.1.weight"]
        #expect(report.passes && report.checks.map(\.input) == twice(names), "\(report)")
    }

    /// The names in the order in which a report lists them: at order 1, then at order 2.
    private func twice(_ names: [String]) -> [String] { names + names }
}

extension RandomGenerator {
    fileprivate mutating func normals(_ count: Int) -> [Double] { (0..<count).map { _ in normal() } }
    fileprivate mutating func bit() -> Double { uniform() < 0.5 ? 0 : 1 }
}

import Autograd
import Testing

extension Primitive: CustomTestStringConvertible {
    public var testDescription: String { name }
}

extension Primitive {
    /// Why a primitive gives no operand a gradient.
    fileprivate static let withoutGradient = [
        "equal": "a condition", "notEqual": "a condition", "less": "a condition", "lessOrEqual": "a condition",
        "sign": "flat beside its jump", "stopGradient": "cuts the gradient by intent",
        "uniform": "a draw", "normal": "a draw", "integers": "a draw", "permutation": "a draw",
        "increment": "whole numbers",
    ]
}

/// Tests that the catalogue generates: every primitive is proven by its own samples.
@Suite struct CatalogueTests {
    @Test func namesAreUnique() {
        let names = Primitive.catalogue.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: Primitive.catalogue)
    func values(_ primitive: Primitive) {
        #expect(primitive.samples.contains { $0.expected != nil })
        for sample in primitive.samples {
            guard let expected = sample.expected else { continue }
            let value = primitive.applied(to: sample.operands, sample.attributes)
            if case .regular = sample.kind {
                #expect(value.shape == expected.shape && value.elementType == expected.elementType)
                let largest = expected.numbers.map { abs($0) }.max() ?? 0
                let differences = zip(value.numbers, expected.numbers).map { abs($0 - $1) }
                #expect(
                    differences.count == expected.elementCount
                        && differences.allSatisfy { $0 <= sample.tolerance * largest.ulp },
                    "at \(sample.operands): \(value), not \(expected)")
            } else {
                #expect(sameBits(value, expected), "at \(sample.operands): \(value), not \(expected)")
            }
        }
    }

    @Test(arguments: Primitive.catalogue)
    func gradientsAtKinks(_ primitive: Primitive) {
        for sample in primitive.samples {
            guard case .kink(let expected) = sample.kind else { continue }
            let gradients = gradient(at: sample.operands) { sum(primitive.applied(to: $0, sample.attributes)) }
            #expect(
                sameBits(gradients, expected),
                "at \(sample.operands): \(gradients), not \(expected)")
        }
    }

    @Test(arguments: Primitive.catalogue)
    func derivativesOfBothOrders(_ primitive: Primitive) {
        if primitive.pullbacks.contains(where: { !$0.isZero }) {
            let report = checkGradients(of: primitive)
            #expect(report.passes, "\(report)")
            #expect(Set(report.checks.map(\.order)) == [1, 2])
            // Each operand with a pullback must occur in a sample.
            let checked = Set(report.checks.map(\.input))
            for operand in primitive.pullbacks.indices where !primitive.pullbacks[operand].isZero {
                #expect(checked.contains("operand \(operand)"))
            }
        } else {
            #expect(Primitive.withoutGradient[primitive.name] != nil, "no operand gets a gradient, and nobody says why")
        }
    }

    /// That a step is flat can be measured.
    @Test func signIsFlat() {
        let report = checkGradients(at: [Tensor([0.5, -2])]) { sign($0[0]) }
        #expect(report.passes, "\(report)")
    }

    @Test(arguments: Primitive.catalogue)
    func refusedInputs(_ primitive: Primitive) {
        for refused in primitive.refusals {
            expectRefusal(of: primitive, refused.operands, refused.attributes, refused.message)
        }
        let count = primitive.operandCount!
        let tooMany = [Tensor](repeating: Tensor(1), count: count + 1)
        expectRefusal(of: primitive, tooMany, .none, "takes \(count) operands, not \(count + 1)")
    }

    private func expectRefusal(
        of primitive: Primitive, _ operands: [Tensor], _ attributes: Primitive.Attributes, _ message: String
    ) {
        do {
            let result = try Tensor.checked { primitive(operands, attributes: attributes) }
            Issue.record("takes \(operands) and makes \(result) of them")
        } catch let error as TensorError {
            #expect(error.operation == primitive.name)
            #expect(error.description.contains(message), "\(error)")
            #expect(error.operands.count == operands.count)
        } catch {
            Issue.record(error)
        }
    }

    /// The line of a tape: `%2: f64[2] = add %0, %1`.
    @Test(arguments: Primitive.catalogue)
    func printing(_ primitive: Primitive) throws {
        // One that needs no broadcasting, which would be lines of its own.
        let sample = try #require(
            primitive.samples.first { Set($0.operands.map(\.shape)).count == 1 || !primitive.isElementwise })
        let (tape, result) = Tape.record { tape in
            let variables = sample.operands.map { tape.variable($0) }
            return primitive.applied(to: variables, sample.attributes)
        }
        let line = try #require(tape.description.split(separator: "\n").last)
        let operands = sample.operands.indices.map { "%\($0)" }.joined(separator: ", ")
        var expected = "%\(sample.operands.count): \(result.elementType.abbreviation)\(result.shape)"
        expected += " = \(primitive.name) \(operands)"
        if !sample.attributes.isEmpty { expected += " \(sample.attributes)" }
        // Behind it stands the value where it is a number or was kept.
        #expect(line == expected || line.hasPrefix(expected + "  "), "\(line)")
    }
}

import Autograd
import Testing

/// The same numbers give the same bits, however they lie in memory and whether a tape records; and float32 is float64
/// rounded. For every primitive of the catalogue.
@Suite struct CatalogueBitsTests {
    @Test(arguments: Primitive.catalogue)
    func stridedOperands(_ primitive: Primitive) {
        for sample in primitive.samples {
            let value = primitive(sample.operands.map(\.packedCopy), attributes: sample.attributes)
            for layout in [\Tensor.columnMajor, \.interleaved] {
                let operands = sample.operands.map { $0[keyPath: layout] }
                #expect(sameBits(primitive(operands, attributes: sample.attributes), value), "\(sample.operands)")
            }
            let repeated = sample.operands.map(\.repeated)
            #expect(
                sameBits(
                    primitive(repeated, attributes: sample.attributes),
                    primitive(repeated.map(\.packedCopy), attributes: sample.attributes)), "\(repeated)")
        }
    }

    @Test(arguments: Primitive.catalogue)
    func recordedApplication(_ primitive: Primitive) {
        for sample in primitive.samples {
            let (operands, attributes) = (sample.operands, sample.attributes)
            let value = primitive(operands, attributes: attributes)
            #expect(sameBits(primitive.applied(to: operands, attributes), value), "\(operands)")
            let (_, (listed, quick)) = Tape.record { tape in
                let variables = operands.map { tape.variable($0) }
                return (primitive(variables, attributes: attributes), primitive.applied(to: variables, attributes))
            }
            #expect(sameBits(listed, value) && sameBits(quick, value), "\(operands)")
        }
    }

    /// A gradient that is computed while the sweep passes, and one whose instructions are recorded.
    @Test(arguments: Primitive.catalogue)
    func recordedGradient(_ primitive: Primitive) {
        for sample in primitive.samples where isDifferentiable(primitive, sample) {
            let varied = sample.operands.indices.filter { sample.operands[$0].elementType.isFloat }
            func function(_ inputs: [Tensor]) -> Tensor {
                var operands = sample.operands
                for (input, place) in zip(inputs, varied) { operands[place] = input }
                return sum(primitive.applied(to: operands, sample.attributes))
            }
            let inputs = varied.map { sample.operands[$0] }
            let eager = gradient(at: inputs, of: function)
            let (tape, (output, variables)) = Tape.record { tape in
                let variables = inputs.map { tape.variable($0) }
                return (function(variables), variables)
            }
            for _ in 1...2 {
                let recorded = tape.gradient(of: output, withRespectTo: variables)
                #expect(
                    recorded.count == varied.count && sameBits(recorded, eager),
                    "at \(inputs): \(recorded), not \(eager)")
            }
        }
    }

    /// Elements alone, in an array long enough for vector instructions, and in one with strides; and their gradients.
    @Test(arguments: Primitive.catalogue.filter(\.isElementwise), [Tensor.ElementType.float64, .float32])
    func eachElementByItself(_ primitive: Primitive, _ elementType: Tensor.ElementType) {
        var random = RandomGenerator(seed: 5)
        let operands = (0..<primitive.operandCount!).map { position in
            let numbers = Tensor.uniform(in: 0.25..<4, shape: [7, 19], elementType: elementType, using: &random)
            return primitive.name == "select" && position == 0 ? numbers .> 2 : numbers
        }
        let value = primitive.applied(to: operands)
        for layout in [\Tensor.columnMajor, \.interleaved, \.packedCopy] {
            #expect(sameBits(primitive.applied(to: operands.map { $0[keyPath: layout] }), value))
        }
        for (row, column) in [(0, 0), (0, 1), (3, 7), (6, 18)] {
            #expect(sameBits(primitive.applied(to: operands.map { $0[row, column] }), value[row, column]))
        }
        guard value.elementType.isFloat else { return }
        let floats = operands.filter { $0.elementType.isFloat }
        func function(_ inputs: [Tensor], _ condition: Tensor?) -> Tensor {
            sum(primitive.applied(to: (condition.map { [$0] } ?? []) + inputs))
        }
        let condition = floats.count < operands.count ? operands[0] : nil
        let gradients = gradient(at: floats) { function($0, condition) }
        for (row, column) in [(0, 0), (0, 1), (3, 7), (6, 18)] {
            let alone = gradient(at: floats.map { $0[row, column] }) { function($0, condition?[row, column]) }
            #expect(alone.count == floats.count && sameBits(alone, gradients.map { $0[row, column] }))
        }
    }

    /// Calls so large that threads share them, which end neither with a block nor with a part.
    @Test(arguments: Primitive.catalogue)
    func anyNumberOfThreads(_ primitive: Primitive) {
        var random = RandomGenerator(seed: 7)
        for type in [Tensor.ElementType.float64, .float32] {
            let numbers = Tensor.uniform(in: 0.25..<4, shape: [1031, 203], elementType: type, using: &random)
            let row = numbers[0..<1]
            let calls: [(operands: [Tensor], attributes: Primitive.Attributes)]
            let generator = [Tensor](repeating: Tensor(indices: [7], shape: []), count: 2)
            let drawn = Primitive.Attributes.Value.integers([401, 203])
            switch primitive.name {
            case "sum", "max":
                calls = [[0], [1], [0, 1]].flatMap { axes in
                    [numbers, numbers.transposed(), numbers.reshaped(to: [29899, 7])].map {
                        ([$0], ["axes": .integers(axes), "keepDimensions": false])
                    }
                }
            case "matmul":
                let (wide, batch) = (numbers[0..<203], numbers[0..<1030].reshaped(to: [10, 103, 203]))
                calls = [
                    ([numbers, wide], .none), ([wide, numbers.transposed()], .none), ([numbers, wide[0]], .none),
                    ([batch, batch.transposed()], .none),
                ]
            case "outer": calls = [([numbers.transposed()[0], numbers[0]], .none)]
            case "broadcast": calls = [([row], ["shape": [1031, 203]])]
            case "reshape": calls = [([numbers.transposed()], ["shape": [1031 * 203]])]
            case "transpose": calls = [([numbers], ["axes": [1, 0]])]
            case "slice": calls = [([numbers], ["starts": [1, 3], "counts": [1030, 100], "steps": [1, 2]])]
            case "pad": calls = [([numbers], ["starts": [1, 3], "steps": [1, 2], "shape": [1033, 409]])]
            case "cast": calls = [.float64, .float32, .int64].map { ([numbers], ["to": .elementType($0)]) }
            case "identity", "stopGradient": calls = [([numbers], .none)]
            case "increment": calls = [([generator[0]], .none)]
            case "uniform":
                calls = [(generator, ["lower": 0.0, "upper": 1.0, "type": .elementType(type), "shape": drawn])]
            case "normal":
                calls = [(generator, ["mean": 0.0, "deviation": 1.0, "type": .elementType(type), "shape": drawn])]
            case "integers":
                calls = [(generator, ["lower": 0, "upper": 7, "type": .elementType(.int64), "shape": drawn])]
            case "permutation": calls = [(generator, ["type": .elementType(.int64), "shape": [100_003]])]
            default:
                let layouts = [numbers, row.broadcast(to: [1031, 203]), numbers.columnMajor]
                calls = (0..<3).map { first in
                    let operands = (0..<primitive.operandCount!).map { layouts[(first + $0) % 3] }
                    return (primitive.name == "select" ? [operands[0] .> 2] + operands.dropFirst() : operands, .none)
                }
            }
            for (operands, attributes) in calls {
                func value() -> Tensor { primitive(operands, attributes: attributes) }
                let replayed = Program(at: operands) { [primitive($0, attributes: attributes)] }
                let alone = Threads.with(count: 1) { value().packedCopy }
                for threads in [2, 3] {
                    Threads.with(count: threads) {
                        #expect(sameBits(value(), alone))
                        #expect(sameBits(replayed.outputs(of: operands)[0], alone))
                    }
                }
            }
        }
    }

    @Test(arguments: Primitive.catalogue)
    func float32(_ primitive: Primitive) {
        for sample in primitive.samples where isDifferentiable(primitive, sample) {
            let operands = sample.operands.map { $0.elementType == .float64 ? $0.cast(to: .float32) : $0 }
            let exact = primitive.applied(
                to: operands.map { $0.elementType == .float32 ? $0.cast(to: .float64) : $0 }, sample.attributes)
            let value = primitive.applied(to: operands, sample.attributes)
            if primitive.name == "cast" {
                #expect(value.elementType == exact.elementType)
            } else {
                #expect(value.elementType == (exact.elementType == .float64 ? .float32 : exact.elementType))
            }
            let numbers = exact.numbers.map { Float($0) }
            let largest = numbers.map { abs($0) }.filter(\.isFinite).max() ?? 0
            #expect(numbers.count == value.elementCount)
            for (number, computed) in zip(numbers, value.numbers.map { Float($0) }) {
                // Where elements do not mix, each keeps its own digits.
                let unit = (primitive.isElementwise ? number : largest).ulp
                #expect(
                    number == computed || number.isNaN && computed.isNaN || abs(number - computed) <= 2 * unit,
                    "at \(operands): \(computed), not \(number)")
            }
            let floats = operands.indices.filter { operands[$0].elementType.isFloat }
            guard value.elementType.isFloat, !floats.isEmpty else { continue }
            func total(_ inputs: [Tensor], of operands: [Tensor]) -> Tensor {
                var operands = operands
                for (input, place) in zip(inputs, floats) { operands[place] = input }
                return sum(primitive.applied(to: operands, sample.attributes))
            }
            func slopes(_ inputs: [Tensor]) -> [Tensor] { gradient(at: inputs) { total($0, of: operands) } }
            func curvatures(_ inputs: [Tensor]) -> [Tensor] {
                gradient(at: inputs) { slopes($0).map { sum($0) }.reduce(0 * sum($0[0]), +) }
            }
            let inputs = floats.map { operands[$0] }
            expectSingle(slopes(inputs), slopes(inputs.map { $0.cast(to: .float64) }), within: 4)
            guard case .regular = sample.kind else { continue }
            expectSingle(curvatures(inputs), curvatures(inputs.map { $0.cast(to: .float64) }), within: 16)
        }
    }

    /// Long enough that blocks and vector instructions come into play.
    @Test(arguments: [Tensor.ElementType.float64, .float32])
    func longSumsAndProducts(_ elementType: Tensor.ElementType) {
        var random = RandomGenerator(seed: 6)
        let a = Tensor.normal(shape: [67, 131], elementType: elementType, using: &random)
        let b = Tensor.normal(shape: [131, 45], elementType: elementType, using: &random)
        for layout in [\Tensor.columnMajor, \.interleaved, \.repeated] {
            let (strided, other) = (a[keyPath: layout], b[keyPath: layout])
            for axes in [[0], [1], [0, 1]] {
                #expect(sameBits(sum(strided, along: axes), sum(strided.packedCopy, along: axes)))
            }
            #expect(sameBits(matmul(strided, other), matmul(strided.packedCopy, other.packedCopy)))
            #expect(sameBits(matmul(strided, other)[5, 7], dot(strided[5], other.transposed()[7])))
        }
    }

    /// Whether a sample's result and an operand are real numbers.
    private func isDifferentiable(_ primitive: Primitive, _ sample: Primitive.Sample) -> Bool {
        sample.operands.contains { $0.elementType.isFloat }
            && primitive.applied(to: sample.operands, sample.attributes).elementType.isFloat
    }
}

/// float32 numbers are float64 ones rounded, but for some units in the last place of the largest.
private func expectSingle(_ single: [Tensor], _ double: [Tensor], within units: Float) {
    #expect(single.count == double.count && single.allSatisfy { $0.elementType == .float32 })
    for (single, double) in zip(single, double) {
        let numbers = double.numbers.map { Float($0) }
        let largest = numbers.map { abs($0) }.filter(\.isFinite).max() ?? 0
        #expect(single.elementCount == numbers.count)
        for (number, computed) in zip(numbers, single.numbers.map { Float($0) }) {
            #expect(
                number == computed || number.isNaN && computed.isNaN || abs(number - computed) <= units * largest.ulp,
                "\(single), not \(double)")
        }
    }
}

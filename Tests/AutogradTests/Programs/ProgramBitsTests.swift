import RandomFunctions
import Testing

@testable import Autograd

/// A replay gives the bits that eager code gives.
@Suite struct ProgramBitsTests {
    /// The value of every primitive and its gradients of orders 1 and 2, recorded at one sample and replayed at others.
    @Test(arguments: Primitive.catalogue)
    func catalogue(_ primitive: Primitive) {
        for sample in primitive.samples {
            let attributes = sample.attributes
            let value = Program(at: sample.operands) { [primitive.applied(to: $0, attributes)] }
            for operands in [sample.operands, sample.operands.map(\.columnMajor), sample.operands.map(\.interleaved)] {
                #expect(
                    sameBits(value.outputs(of: operands)[0], primitive.applied(to: operands, attributes)), "\(value)")
            }
            let varied = sample.operands.indices.filter { sample.operands[$0].elementType.isFloat }
            guard !varied.isEmpty, primitive.applied(to: sample.operands, attributes).elementType.isFloat else {
                continue
            }
            let gradients: @Sendable ([Tensor]) -> [Tensor] = { operands in
                func first(_ inputs: [Tensor]) -> [Tensor] {
                    gradient(at: inputs) { inputs in
                        var operands = operands
                        for (input, place) in zip(inputs, varied) { operands[place] = input }
                        return sum(primitive.applied(to: operands, attributes))
                    }
                }
                let inputs = varied.map { operands[$0] }
                return first(inputs)
                    + gradient(at: inputs) {
                        first($0).reduce(Tensor(0, elementType: inputs[0].elementType)) { $0 + sum($1 * $1) }
                    }
            }
            let program = Program(at: sample.operands, of: gradients)
            for operands in [sample.operands, sample.operands.map(\.columnMajor), sample.operands.map(\.shifted)] {
                let (replayed, eager) = (program.outputs(of: operands), gradients(operands))
                #expect(eager.count == 2 * varied.count)
                #expect(sameBits(replayed, eager), "at \(operands): \(replayed), not \(eager)\n\(program)")
            }
            #expect(!program.explanation.contains("again"), "\(program.explanation)")
        }
    }

    /// Random functions, also as loops over arrays where they would be taken apart into single numbers.
    @Test(arguments: RandomFunction.seeds(150))
    func randomPrograms(_ seed: Int) {
        let function = RandomFunction(seed: seed)
        var random = RandomGenerator(seed: UInt64(seed + 1000))
        func draw() -> [Tensor] { RandomFunction.values(of: function.inputs, using: &random) }
        let first = draw()
        let program = Program(at: first) { function($0) }
        let arrays = Memory(
            Planner.code(Graph.recording(at: first) { function($0) }.graph!.optimized, hasRegions: false))
        for inputs in [first, draw(), draw(), draw()] {
            let (replayed, eager) = (program.outputs(of: inputs), function(inputs))
            #expect(
                eager.count >= 2 && sameBits(replayed, eager), "at \(inputs): \(replayed), not \(eager)\n\(program)")
            var outputs: [Tensor] = []
            let isServed = arrays.run(inputs.map(\.packed), into: &outputs)
            #expect(isServed || function.asks)
            if isServed {
                #expect(sameBits(outputs, eager), "at \(inputs): \(outputs), not \(eager)\n\(arrays.code.graph)")
            }
        }
        #expect(function.asks || !program.explanation.contains("again"), "\(program.explanation)")
    }

    /// Large random functions, whose work threads share.
    @Test(arguments: RandomFunction.seeds(24))
    func largeRandomPrograms(_ seed: Int) {
        let function = RandomFunction(seed: seed, isLarge: true)
        var random = RandomGenerator(seed: UInt64(seed + 2000))
        let inputs = RandomFunction.values(of: function.inputs, using: &random)
        let program = Program(at: inputs) { function($0) }
        let alone = Threads.with(count: 1) { function(inputs) }
        for threads in 1...3 {
            Threads.with(count: threads) {
                #expect(threads == 1 || sameBits(function(inputs), alone), "\(program)")
                #expect(sameBits(program.outputs(of: inputs), alone), "\(program)")
            }
        }
    }

    /// Longer than a block, and with rows.
    @Test(arguments: [Tensor.ElementType.float64, .float32])
    func longArrays(_ type: Tensor.ElementType) {
        let function: @Sendable ([Tensor]) -> [Tensor] = { inputs in
            let (x, w, b) = (inputs[0], inputs[1], inputs[2])
            let loss: (Tensor, Tensor) -> Tensor = { w, b in sum(square(sigmoid(matmul(x, w.transposed()) + b) - 0.5)) }
            let (value, (dw, db)) = valueWithGradient(at: w, b, of: loss)
            return [value, w - 0.1 * dw, b - 0.1 * db, tanh(x * 2) * sigmoid(x)]
        }
        var random = RandomGenerator(seed: 9)
        func draw() -> [Tensor] {
            [[37, 61], [40, 61], [40]].map { .normal(shape: $0, elementType: type, using: &random) }
        }
        let program = Program(at: draw(), of: function)
        for inputs in [draw(), draw()] {
            let (replayed, eager) = (program.outputs(of: inputs), function(inputs))
            #expect(eager.count == 4 && sameBits(replayed, eager))
        }
    }
}

extension Tensor {
    /// Other numbers of the same kind, still inside the domains of the samples.
    fileprivate var shifted: Tensor { elementType.isFloat ? self * 1.0625 : self }
}

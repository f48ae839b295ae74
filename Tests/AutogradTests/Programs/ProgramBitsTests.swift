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
                for (replayed, eager) in zip(replayed, eager) {
                    #expect(sameBits(replayed, eager), "at \(operands): \(replayed), not \(eager)\n\(program)")
                }
            }
            #expect(!program.explanation.contains("again"), "\(program.explanation)")
        }
    }

    /// Random compositions of everything, with shapes that broadcast, transpose, reduce and multiply.
    @Test(arguments: 0..<150)
    func randomPrograms(_ seed: Int) {
        let function: @Sendable ([Tensor]) -> [Tensor] = { RandomFunction(seed: UInt64(seed)).callAsFunction($0) }
        var random = RandomGenerator(seed: UInt64(seed + 1000))
        let type: Tensor.ElementType = seed % 3 == 0 ? .float32 : .float64
        func draw() -> [Tensor] {
            [[3, 4], [4], [3, 1], [], [4, 3]].map { .uniform(in: -2..<2, shape: $0, elementType: type, using: &random) }
        }
        let first = draw()
        let program = Program(at: first, of: function)
        for inputs in [first, draw(), draw()] {
            let (replayed, eager) = (program.outputs(of: inputs), function(inputs))
            for (replayed, eager) in zip(replayed, eager) {
                #expect(sameBits(replayed, eager), "seed \(seed): \(replayed), not \(eager)\n\(program)")
            }
        }
        #expect(!program.explanation.contains("again"), "\(program.explanation)")
        // The same as loops over arrays, also where it is taken apart into single numbers.
        let graph = Graph.recording(at: first, of: function).graph!.optimized
        let memory = Memory(Planner.arrays(graph))
        for inputs in [first, draw()] {
            var outputs: [Tensor] = []
            #expect(memory.run(inputs, into: &outputs))
            #expect(zip(outputs, function(inputs)).allSatisfy(sameBits), "seed \(seed)\n\(program)")
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
            #expect(zip(replayed, eager).allSatisfy(sameBits))
        }
    }
}

extension Tensor {
    /// Other numbers of the same kind, still inside the domains of the samples.
    fileprivate var shifted: Tensor { elementType.isFloat ? self * 1.0625 : self }
}

/// A function drawn at random: a list of operations, each on results of earlier ones, and the gradient of their sum.
private struct RandomFunction {
    let seed: UInt64

    func callAsFunction(_ inputs: [Tensor]) -> [Tensor] {
        let gradients = gradient(at: inputs) { inputs in
            sum(values(of: inputs).reduce(Tensor(0, elementType: inputs[0].elementType)) { $0 + sum($1) })
        }
        return Array(values(of: inputs).suffix(3)) + gradients
    }

    private func values(of inputs: [Tensor]) -> [Tensor] {
        var random = RandomGenerator(seed: seed)
        var values = inputs
        for _ in 0..<12 {
            func pick() -> Tensor { values[Int.random(in: 0..<values.count, using: &random)] }
            let (x, y) = (pick(), pick())
            let made: Tensor?
            switch Int.random(in: 0..<16, using: &random) {
            case 0: made = combined(x, y, +)
            case 1: made = combined(x, y, *)
            case 2: made = combined(x, y, -)
            case 3: made = combined(x, sigmoid(y) + 1, /)
            case 4: made = sigmoid(x)
            case 5: made = tanh(x)
            case 6: made = -x
            case 7: made = combined(x, -(-y).reshaped(to: Tensor.Shape([1] + y.shape)).reshaped(to: y.shape), -)
            case 8: made = x.rank == 2 ? x.transposed() : exp(tanh(x))
            case 9: made = x.rank > 0 ? sum(x, along: -1, keepDimensions: true) : square(x)
            case 10: made = x.rank > 0 ? x.sliced(0..., along: 0, step: 2) : relu(x)
            case 11: made = x.reshaped(to: [x.elementCount])
            case 12: made = x.rank == 2 && y.rank == 2 && x.shape[1] == y.shape[0] ? matmul(x, y) : 1 * x
            case 13: made = x.rank > 0 ? select(x .> 0, x, tanh(x)) : 3 - x
            case 14: made = combined(x, y) { max($0, $1) }
            default: made = stopGradient(x) + x / 1
            }
            if let made, made.elementCount < 1000 { values.append(made) }
        }
        return values
    }

    /// The two together, if they can be broadcast to one shape.
    private func combined(_ x: Tensor, _ y: Tensor, _ operation: (Tensor, Tensor) -> Tensor) -> Tensor? {
        Tensor.Shape.broadcast(x.shape, y.shape) == nil ? nil : operation(x, y)
    }
}

import Autograd
import Foundation
import NeuralNetworks
import Testing

#if canImport(Glibc)  // other systems do not limit the address space, or name the limit otherwise
    /// In processes of their own, which run out of memory.
    @Suite struct `A replay allocates nothing` {
        @Test func `for a network of single numbers`() async {
            await #expect(processExitsWith: .success) {
                let network = Classifier(inputs: 2, hidden: 2, classes: 1, .float64)
                let step = TrainingStep(network, SGD(learningRate: 0.5)) { network, x, e in
                    halfSquaredError(sigmoid(network(x)), e)
                }
                expectNoAllocation(in: step, Tensor([1, 0]), Tensor([1]))
            }
        }

        @Test func `for a classifier`() async {
            await #expect(processExitsWith: .success) {
                let network = Classifier(inputs: 32, hidden: 16, classes: 10, .float32)
                let step = TrainingStep(network, SGD(learningRate: 0.01), loss: Classifier.loss)
                let (x, expected) = Classifier.batch(8, inputs: 32, classes: 10, .float32)
                expectNoAllocation(in: step, x, expected)
            }
        }

        @Test func `for a large network, whose work threads share`() async {
            await #expect(processExitsWith: .success) {
                let network = Classifier(inputs: 256, hidden: 512, classes: 10, .float32)
                let step = TrainingStep(network, SGD(learningRate: 0.01, momentum: 0.9), loss: Classifier.loss)
                let (x, expected) = Classifier.batch(64, inputs: 256, classes: 10, .float32)
                Threads.with(count: 3) { expectNoAllocation(in: step, x, expected, count: 500) }
            }
        }

        @Test func `for a classifier of batches of matrices`() async {
            await #expect(processExitsWith: .success) {
                let network = Classifier(inputs: 6, hidden: 7, classes: 3, .float64)
                let step = TrainingStep(network, SGD(learningRate: 0.01, momentum: 0.9)) { network, x, expected in
                    let part = x.sliced(1..., along: 2)
                    return softmaxCrossEntropy(logits: network(matmul(part, part.transposed())), expected)
                }
                let (x, expected) = Classifier.batch(2 * 6, inputs: 4, classes: 3, .float64)
                expectNoAllocation(
                    in: step, x.reshaped(to: [2, 6, 4]), expected.reshaped(to: [2, 6, 3]))
            }
        }

        @Test func `for batches of two sizes in turn`() async {
            await #expect(processExitsWith: .success) {
                let network = Classifier(inputs: 32, hidden: 16, classes: 10, .float32)
                let step = TrainingStep(network, SGD(learningRate: 0.01, momentum: 0.9), loss: Classifier.loss)
                let batches = [8, 3].map { Classifier.batch($0, inputs: 32, classes: 10, .float32) }
                for _ in 0..<2 { for (x, expected) in batches { step(x, expected) } }
                let isLearned = withoutMemory {
                    let first = step(batches[0].0, batches[0].1)
                    for _ in 0..<999 { for (x, expected) in batches { step(x, expected) } }
                    return step(batches[0].0, batches[0].1) < first
                }
                guard isLearned else { fatalError("2,000 steps learn nothing") }
            }
        }

        @Test func `for a tiny program around any primitive`() async {
            await #expect(processExitsWith: .success) {
                expectNoAllocation(
                    around: Primitive.catalogue.flatMap { primitive in
                        primitive.samples.flatMap { sample in
                            // In float32 too, where the attributes do not say otherwise.
                            [
                                sample.operands,
                                sample.operands.map { $0.elementType == .float64 ? $0.cast(to: .float32) : $0 },
                            ]
                            .map { (primitive, $0, sample.attributes) }
                        }
                    }, beside: Tensor([0.5, -2]))
            }
        }

        @Test func `for a program of arrays around any primitive`() async {
            await #expect(processExitsWith: .success) {
                let x = Tensor((0..<2400).map { Double($0) / 1200 - 1 }, shape: [40, 30, 2])
                let matrix = x.sliced(0..<1, along: 2).reshaped(to: [40, 30])
                let generator = [Tensor](repeating: Tensor(indices: [7], shape: []), count: 2)
                let (f64, f32, i64) = (
                    Primitive.Attributes.Value.elementType(.float64), Primitive.Attributes.Value.elementType(.float32),
                    Primitive.Attributes.Value.elementType(.int64)
                )
                let others: [String: (operands: [Tensor], attributes: Primitive.Attributes)] = [
                    "sum": ([x], ["axes": [0, 2], "keepDimensions": false]),
                    "max": ([x], ["axes": [0, 2], "keepDimensions": true]),
                    "matmul": ([matrix, matrix.transposed()], .none), "outer": ([matrix[0], matrix[1]], .none),
                    "broadcast": ([matrix], ["shape": [2, 40, 30]]), "reshape": ([x], ["shape": [60, 40]]),
                    "transpose": ([x], ["axes": [2, 0, 1]]),
                    "slice": ([matrix], ["starts": [1, 3], "counts": [39, 9], "steps": [1, 3]]),
                    "pad": ([matrix], ["starts": [1, 3], "steps": [1, 3], "shape": [41, 100]]),
                    "cast": ([x], ["to": .elementType(.float32)]),
                    "identity": ([x], .none), "stopGradient": ([x], .none),
                    "uniform": (generator, ["lower": 0.0, "upper": 1.0, "type": f32, "shape": [1200]]),
                    "normal": (generator, ["mean": 0.0, "deviation": 1.0, "type": f64, "shape": [1200]]),
                    "integers": (generator, ["lower": 0, "upper": 7, "type": i64, "shape": [1200]]),
                    "permutation": (generator, ["type": i64, "shape": [1200]]),
                    "increment": ([generator[0]], .none),
                ]
                expectNoAllocation(
                    around: Primitive.catalogue.map { primitive in
                        if let (operands, attributes) = others[primitive.name] {
                            return (primitive, operands, attributes)
                        }
                        guard primitive.isElementwise else { fatalError("no arrays for \(primitive.name)") }
                        let sample = primitive.samples[0].operands
                        let shape = primitive(sample).shape
                        return (primitive, sample.map { $0.broadcast(to: Tensor.Shape([500] + shape)) }, .none)
                    }, beside: x)
            }
        }
    }

    /// Ends the process where replays of programs with a primitive in them ask for memory.
    private func expectNoAllocation(
        around calls: [(primitive: Primitive, operands: [Tensor], attributes: Primitive.Attributes)],
        beside neighbour: Tensor
    ) {
        var replays = calls.map { primitive, operands, attributes in
            // Packed, by an operation that changes nothing: views that are inputs are copied.
            let operands = operands.map { $0.elementType == .bool ? $0 .== Tensor(true) : $0 }
            let inputs = operands.map { $0.elementType.isFloat ? $0 * 1 : $0 } + [neighbour]
            let program = Program(at: inputs) { inputs in
                let value = primitive(Array(inputs.dropLast()), attributes: attributes)
                return [sin(inputs.last!), value.elementType == .float64 ? exp(value) : value]
            }
            var outputs: [Tensor] = []
            for _ in 0..<2 { program.run(inputs, into: &outputs) }
            return (program: program, inputs: inputs, outputs: outputs)
        }
        withoutMemory {
            for position in replays.indices {
                let (program, inputs) = (replays[position].program, replays[position].inputs)
                for _ in 0..<3 { program.run(inputs, into: &replays[position].outputs) }
            }
        }
    }

    /// Ends the process where replays of a step after the first ask for memory: there is none left.
    private func expectNoAllocation<Model: Module>(
        in step: TrainingStep<Model, SGD>, _ x: Tensor, _ expected: Tensor, count: Int = 10_000
    ) {
        for _ in 0..<2 { step(x, expected) }
        let first = step(x, expected)
        let last = withoutMemory {
            for _ in 1..<count { step(x, expected) }
            return step(x, expected)
        }
        guard last < first else { fatalError("\(count) steps learn nothing: from \(first) to \(last)") }
    }

    /// Runs `body` after all the memory was taken that this process can get: a request for more ends it.
    private func withoutMemory<Result>(_ body: () -> Result) -> Result {
        // Sanitizers bring allocators of their own, which no limit holds back.
        let process = dlopen(nil, RTLD_NOW)
        if dlsym(process, "__asan_init") != nil || dlsym(process, "__tsan_init") != nil { return body() }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        let before = limit
        limit.rlim_cur = 1  // what is in use stays
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        // From large pieces to the smallest, which fill what the larger ones leave. Each holds the address of the one before.
        var taken: UnsafeMutableRawPointer?
        var size = 1 << 20
        while size >= 8 {
            while let piece = malloc(size) {
                piece.storeBytes(of: taken, as: UnsafeMutableRawPointer?.self)
                taken = piece
            }
            size = size > 2048 ? size / 2 : size - 8
        }
        let result = body()
        while let piece = taken {
            taken = piece.load(as: UnsafeMutableRawPointer?.self)
            free(piece)
        }
        var unlimited = before
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &unlimited)
        return result
    }
#endif

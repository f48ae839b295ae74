import Foundation
import Testing

/// What the compiler makes of programs in either language mode, and in modules that are isolated to the main actor by default.
@Suite struct LanguageTests {
    /// The blocks of Swift in the README.
    static let readme: [CodeBlock] = {
        let text = try! String(contentsOf: packageFolder.appending(path: "README.md"), encoding: .utf8)
        return CodeBlock.all(in: text).filter { $0.language == "swift" }
    }()

    static let mainActor = ["-default-isolation", "MainActor"]

    @Test(arguments: [5, 6]) func `programs of the README compile on the main actor`(languageMode: Int) throws {
        for block in Self.readme where !Source(block.lines).isRefused {
            try Source(block.lines).expectDiagnostics(
                "README.md, line \(block.line)", languageMode: languageMode, flags: Self.mainActor)
        }
    }

    @Test func `what a module writes that is isolated to the main actor`() throws {
        try Source(
            """
            import Autograd
            import NeuralNetworks

            final class Network: Module {
                let dense: Dense
                var scale = 0.5
                init(using random: inout RandomGenerator) { dense = Dense(inputs: 2, outputs: 1, using: &random) }
                func callAsFunction(_ x: Tensor) -> Tensor { scaled(softsign(dense(x))) }
            }
            extension Network { func scaled(_ x: Tensor) -> Tensor { scale * x } }
            struct Wrapped<Inner: Module>: Module { let inner: Inner, bias = Parameter(Tensor(1)) }
            enum Choice: Module { case one(Dense), none }

            let softsign = Primitive.elementwise(
                "softsign", value: { x in x / (1 + abs(x)) }, derivative: { x, y in square(1 - abs(y)) },
                samples: [.init(3, equals: 0.75)])
            nonisolated func penalty(_ network: Network) -> Tensor { sum(square(network.dense.weight.value)) }
            func isolatedPenalty(_ network: Network) -> Tensor { sum(square(network.dense.weight.value)) }

            struct Descent: Optimizer {
                var learningRate: Double
                var momentum = 0.9
                func initialMemory(for parameters: [(path: String, value: Tensor)]) -> [String: Tensor] {
                    Dictionary(uniqueKeysWithValues: parameters.map { ($0, Tensor(repeating: 0, shape: $1.shape)) })
                }
                func updated(
                    _ parameters: [ParameterGradient], learningRate: Tensor, memory: inout [String: Tensor]
                ) -> [Tensor] {
                    parameters.map { parameter in
                        let velocity = momentum * memory[parameter.path]! + parameter.gradient
                        memory[parameter.path] = velocity
                        return parameter.value - learningRate * velocity
                    }
                }
            }

            struct Trainer {
                let step: TrainingStep<Network, Descent>
                init(_ network: Network) {
                    step = TrainingStep(network, Descent(learningRate: 0.1)) { network, x, y in
                        meanSquaredError(network(x), y) + 0.1 * penalty(network)
                    }
                }
                func train() -> Double { step(Tensor([[1, 2]]), Tensor([[1]])) }
            }
            nonisolated func loss(_ network: Network, trainedBy optimizer: some Optimizer) -> Double {
                let step = TrainingStep(network, optimizer) { network, x, y in meanSquaredError(network(x), y) }
                return step(Tensor([[1, 2]]), Tensor([[1]]))
            }
            @concurrent func trainedElsewhere() async -> Double {
                var random = RandomGenerator(seed: 1)
                let network = Network(using: &random)
                return loss(network, trainedBy: Descent(learningRate: 0.1)) + gradient(at: 3) { x in softsign(x) }
            }

            var random = RandomGenerator(seed: 1)
            let network = Network(using: &random)
            let (loss, gradients) = network.valueWithGradient { network in isolatedPenalty(network) }
            print(loss, gradients, Trainer(network).train(), await trainedElsewhere())
            print(network.checkGradients { network in isolatedPenalty(network) }.passes)
            print(checkGradients(of: softsign).passes)
            print(Wrapped(inner: network).parameters.count, Choice.one(network.dense).parameters.count)
            let program = Program(at: Tensor([1, 2])) { x in gradient(at: x) { x in sum(softsign(x)) } }
            let step = TrainingStep(network, SGD(learningRate: 0.1)) { network, x, y in
                meanSquaredError(network(x), y)
                    + isolatedPenalty(network)  // error: call to main actor-isolated global function 'isolatedPenalty'
            }
            """
        ).expectDiagnostics(flags: Self.mainActor)
    }

    @Test func `captures that mode 6 refuses are warned of in mode 5 as the README says`() throws {
        let block = try #require(Self.readme.first { $0.lines.contains { $0.contains("error: capture of 'model'") } })
        let text = block.lines.joined(separator: "\n").replacing("// error: ", with: "// warning: ")
        try Source(text).expectDiagnostics(languageMode: 5, flags: ["-strict-concurrency=complete"])
        try Source(text.replacing("// warning: capture", with: "// silent: capture")).expectDiagnostics(languageMode: 5)
    }

    @Test func `what kernels and pullbacks are given cannot be kept or written`() throws {
        try Source(
            """
            import Autograd

            struct Kept: ~Copyable {
                var operands: Primitive.Operands?, preparation: Primitive.Preparation?
                var buffers: Primitive.Buffers?, call: Primitive.Call?
            }
            func keep(
                _ operands: borrowing Primitive.Operands,       // error: 'operands' is borrowed and cannot be consumed
                _ preparation: borrowing Primitive.Preparation, // error: 'preparation' is borrowed and cannot be consumed
                _ buffers: borrowing Primitive.Buffers,         // error: 'buffers' is borrowed and cannot be consumed
                _ call: borrowing Primitive.Call,               // error: 'call' is borrowed and cannot be consumed
                in kept: inout Kept
            ) {
                kept.operands = consume operands
                kept.preparation = consume preparation
                kept.buffers = consume buffers
                kept.call = consume call
            }
            func later(
                _ buffers: borrowing Primitive.Buffers  // error: 'buffers' cannot be captured by an escaping closure
            ) -> () -> Int { { buffers.operandCount } }
            """
        ).expectDiagnostics(flags: ["-emit-sil", "-o", "/dev/null"])
        try Source(
            """
            import Autograd
            func write(_ buffers: borrowing Primitive.Buffers) {
                buffers.result.storeBytes(of: 1, as: Double.self)
                buffers[0].storeBytes(of: 1, as: Double.self)  // error: value of type 'UnsafeRawPointer' has no member
            }
            """
        ).expectDiagnostics()
    }

    static let captured = """
        import Autograd
        var factor = 2.0
        factor += 1
        let program = Program(at: Tensor(1)) { x in factor * x }    // error: main actor-isolated var 'factor' can not
        """
    static let sent = """
        import Autograd
        import NeuralNetworks

        func frozen(at x: Tensor, using random: inout RandomGenerator) -> Tensor {
            let layer = Dense(inputs: 2, outputs: 1, using: &random)
            let program = Program(freezing: layer, at: x) { layer, x in layer(x) }   // error: sending 'layer' risks
            return layer(program(x))
        }
        """

    @Test(arguments: [captured, sent])
    func `variables at top level and a frozen model that is used elsewhere`(text: String) throws {
        // What is sent is followed only where the program is lowered.
        let flags = ["-emit-sil"]
        try Source(text).expectDiagnostics(flags: flags)
        try Source(text.replacing("// error: ", with: "// silent: ")).expectDiagnostics(languageMode: 5, flags: flags)
        try Source(text.replacing("// error: ", with: "// warning: ")).expectDiagnostics(
            languageMode: 5, flags: flags + ["-strict-concurrency=complete"])
    }

    @Test func `a primitive that refers to itself needs its type written out`() throws {
        let text = """
            import Autograd
            extension Primitive {
                static let gauss = Primitive.elementwise(       // error: circular reference
                    "gauss", value: { x in Autograd.exp(-x * x / 2) }, derivative: { x, y in -x * gauss(x) },
                    samples: [.init(0.5, equals: 0.8824969025845955)])
            }
            print(checkGradients(of: .gauss).passes)
            """
        try Source(text).expectDiagnostics()
        let written = text.replacing("gauss = ", with: "gauss: Primitive = ").replacing("// error: ", with: "// no ")
        #expect(try Source(written).run().output == "true\n")
    }
}

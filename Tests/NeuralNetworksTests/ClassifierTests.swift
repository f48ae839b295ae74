import Autograd
import NeuralNetworks
import Testing

/// A network of two layers that tells classes apart.
struct Classifier: Module {
    let hidden, output: Dense

    init(inputs: Int, hidden: Int, classes: Int, _ type: Tensor.ElementType) {
        var random = RandomGenerator(seed: 7)
        self.hidden = Dense(inputs: inputs, outputs: hidden, elementType: type, using: &random)
        output = Dense(inputs: hidden, outputs: classes, elementType: type, using: &random)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { output(relu(hidden(x))) }

    static let loss: @Sendable (Classifier, Tensor, Tensor) -> Tensor = { network, x, expected in
        softmaxCrossEntropy(logits: network(x), expected)
    }

    /// Random inputs, and rows of certain classes.
    static func batch(
        _ count: Int, inputs: Int, classes: Int, _ type: Tensor.ElementType
    ) -> (x: Tensor, expected: Tensor) {
        var random = RandomGenerator(seed: 8)
        let x = Tensor.normal(shape: [count, inputs], elementType: type, using: &random)
        let expected = (0..<count * classes).map { $0 % classes == $0 / classes * 7 % classes ? 1.0 : 0 }
        return (x, Tensor(expected, elementType: type).reshaped(to: [count, classes]))
    }
}

@Suite struct `A classifier` {
    /// The first layer's products are large enough to be divided among threads.
    private func make(_ type: Tensor.ElementType) -> (Classifier, x: Tensor, expected: Tensor) {
        let (x, expected) = Classifier.batch(64, inputs: 180, classes: 10, type)
        return (Classifier(inputs: 180, hidden: 100, classes: 10, type), x, expected)
    }

    @Test(arguments: [Tensor.ElementType.float64, .float32], [0, 0.9])
    func `learns with the same bits, eager and replayed, on any number of threads`(
        _ type: Tensor.ElementType, momentum: Double
    ) {
        let sgd = SGD(learningRate: 0.1, momentum: momentum)
        /// The bits of the losses and, after all steps, of the parameters.
        func bits(threads: Int, _ run: () -> (losses: [Double], Classifier)) -> [UInt64] {
            let (losses, network) = Threads.with(count: threads, run)
            return losses.map(\.bitPattern) + network.parameters.flatMap { $0.parameter.value.elementBits }
        }
        func replayed() -> (losses: [Double], Classifier) {
            let (network, x, expected) = make(type)
            let step = TrainingStep(network, sgd, loss: Classifier.loss)
            return ((0..<30).map { _ in step(x, expected) }, network)
        }
        func eager() -> (losses: [Double], Classifier) {
            let (network, x, expected) = make(type)
            var memory = sgd.initialMemory(for: network.values)
            let losses = (0..<30).map { _ in
                let (loss, slope) = network.valueWithGradient { Classifier.loss($0, x, expected) }
                let parameters = network.values.map {
                    ParameterGradient(path: $0, value: $1, gradient: slope[$0]!)
                }
                let new = sgd.updated(parameters, learningRate: Tensor(sgd.learningRate), memory: &memory)
                for (found, value) in zip(network.parameters, new) { found.parameter.value = value }
                return loss.scalar
            }
            return (losses, network)
        }
        let expected = bits(threads: 1, eager)
        #expect(Double(bitPattern: expected[29]) < 0.1 * Double(bitPattern: expected[0]))
        for threads in 1...3 {
            #expect(bits(threads: threads, eager) == expected)
            #expect(bits(threads: threads, replayed) == expected)
        }
    }
}

import Autograd
import NeuralNetworks

// The network 784-128-10 with relu, which learns to tell ten classes apart from batches of 64 by softmax cross entropy and
// steps of 0.01, in float32.

private struct Classifier: Module {
    let hidden, output: Dense

    init() {
        var random = RandomGenerator(seed: 4)
        hidden = Dense(
            inputs: 784, outputs: 128, weight: .normal(standardDeviation: 0.05), elementType: .float32, using: &random)
        output = Dense(
            inputs: 128, outputs: 10, weight: .normal(standardDeviation: 0.1), elementType: .float32, using: &random)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { output(relu(hidden(x))) }

    static let loss: @Sendable (Classifier, Tensor, Tensor) -> Tensor = { network, x, expected in
        softmaxCrossEntropy(logits: network(x), expected)
    }
}

/// The images and the classes of a batch.
private let batch: (x: Tensor, expected: Tensor) = {
    var random = RandomGenerator(seed: 5)
    let x = Tensor.normal(shape: [64, 784], elementType: .float32, using: &random)
    let expected = (0..<640).map { $0 % 10 == $0 / 10 * 7 % 10 ? 1.0 : 0 }
    return (x, Tensor(expected, elementType: .float32).reshaped(to: [64, 10]))
}()

func measureClassifier(_ report: Report) {
    for threads in 1...2 {
        Threads.with(count: threads) {
            let network = Classifier()
            let step = TrainingStep(network, SGD(learningRate: 0.01), loss: Classifier.loss)
            report.row(
                "W4", "mlp 784-128-10, batch 64, \(threads) thread\(threads == 1 ? "" : "s")", .microsecondsPerStep,
                check: { Check([lossAfterSteps()], equals: [lossAfterEagerSteps()], tolerance: 0) },
                body: { step(batch.x, batch.expected) })
        }
    }
}

private let checkedSteps = 20

/// Recorded once and replayed.
private func lossAfterSteps() -> Double {
    let step = TrainingStep(Classifier(), SGD(learningRate: 0.01), loss: Classifier.loss)
    for _ in 0..<checkedSteps { step(batch.x, batch.expected) }
    return step(batch.x, batch.expected)
}

/// Computed as it is written, with the same bits.
private func lossAfterEagerSteps() -> Double {
    let network = Classifier()
    for _ in 0..<checkedSteps {
        let (_, slope) = network.valueWithGradient { Classifier.loss($0, batch.x, batch.expected) }
        for found in network.parameters {
            let rate = Tensor(0.01).cast(to: .float32)
            found.parameter.value = found.parameter.value - rate * slope[found.path]!
        }
    }
    return Classifier.loss(network, batch.x, batch.expected).scalar
}

import Autograd
import NeuralNetworks

// The network 784-128-10 with relu, which learns to tell ten classes apart from batches of 64 by softmax cross entropy and
// steps of 0.01, in float32.

private struct Classifier: Module {
    let hidden, output: Dense

    init() {
        hidden = Dense(
            weight: Parameter(Classifier.start.hidden),
            bias: Parameter(Tensor(repeating: 0, shape: [128], elementType: .float32)))
        output = Dense(
            weight: Parameter(Classifier.start.output),
            bias: Parameter(Tensor(repeating: 0, shape: [10], elementType: .float32)))
    }

    func callAsFunction(_ x: Tensor) -> Tensor { output(relu(hidden(x))) }

    static let loss: @Sendable (Classifier, Tensor, Tensor) -> Tensor = { network, x, expected in
        softmaxCrossEntropy(logits: network(x), expected)
    }

    /// The weights to start from, and a batch of images and their classes.
    static let start: (hidden: Tensor, output: Tensor, x: Tensor, expected: Tensor) = {
        var numbers = Xorshift()
        func matrix(_ rows: Int, _ columns: Int, within bound: Double) -> Tensor {
            Tensor(numbers.uniform(rows * columns, within: bound), elementType: .float32).reshaped(to: [rows, columns])
        }
        let (hidden, output) = (matrix(128, 784, within: 0.08), matrix(10, 128, within: 0.17))
        let expected = (0..<640).map { $0 % 10 == $0 / 10 * 7 % 10 ? 1.0 : 0 }
        return (
            hidden, output, matrix(64, 784, within: 1), Tensor(expected, elementType: .float32).reshaped(to: [64, 10])
        )
    }()
}

/// The loss after 20 steps, as the peers find it too.
private let (checkedSteps, finalLoss) = (20, 1.842593)

func measureClassifier(_ report: Report) {
    let (x, expected) = (Classifier.start.x, Classifier.start.expected)
    func makeStep() -> TrainingStep<Classifier, SGD> {
        TrainingStep(Classifier(), SGD(learningRate: 0.01), loss: Classifier.loss)
    }
    for threads in 1...2 {
        Threads.with(count: threads) {
            let step = makeStep()
            report.row(
                "W4", "mlp 784-128-10, batch 64, \(threads) thread\(threads == 1 ? "" : "s")", .microsecondsPerStep,
                threads: threads,
                check: {
                    let step = makeStep()
                    for _ in 0..<checkedSteps { step(x, expected) }
                    return Check([step(x, expected)], equals: [finalLoss], tolerance: 1e-5)
                },
                body: { step(x, expected) })
        }
    }
}

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

/// Four layers of 1,024 with relu between them, which learn by the mean squared error from batches of 256, in steps of 0.001 with
/// a momentum of 0.9: what is large in every way.
private struct WideNetwork: Module {
    let layers = (0..<4).map { number in
        Dense(
            weight: Parameter(WideNetwork.spread(number, [1024, 1024], within: 0.0765)),
            bias: Parameter(Tensor(repeating: 0, shape: [1024], elementType: .float32)))
    }

    func callAsFunction(_ x: Tensor) -> Tensor { layers.dropFirst().reduce(layers[0](x)) { $1(relu($0)) } }

    static let loss: @Sendable (WideNetwork, Tensor, Tensor) -> Tensor = { network, x, expected in
        meanSquaredError(network(x), expected)
    }

    /// Numbers from −`bound` to `bound`, spread evenly by the golden ratio.
    static func spread(_ number: Int, _ shape: Tensor.Shape, within bound: Double) -> Tensor {
        let numbers = (0..<shape.elementCount).map { k in
            let place = Double(k + 1) * 0.6180339887498949 + Double(number) * 0.4142135623730951
            return 2 * bound * (place.truncatingRemainder(dividingBy: 1) - 0.5)
        }
        return Tensor(numbers, shape: shape, elementType: .float32)
    }
}

private let wideLosses = [0.3800959, 0.3710278, 0.3642464, 0.3605075]

private func measureWideNetwork(_ report: Report, threads: Int) {
    let name = "mlp of 4 layers of 1024, batch 256, momentum, \(threads) thread\(threads == 1 ? "" : "s")"
    guard report.wants("W4", name) else { return }
    let (x, expected) = (
        WideNetwork.spread(4, [256, 1024], within: 1), WideNetwork.spread(5, [256, 1024], within: 1)
    )
    func makeStep() -> TrainingStep<WideNetwork, SGD> {
        TrainingStep(WideNetwork(), SGD(learningRate: 0.001, momentum: 0.9), loss: WideNetwork.loss)
    }
    let step = makeStep()
    report.row(
        "W4", name, .microsecondsPerStep, threads: threads,
        check: {
            let step = makeStep()
            return Check(wideLosses.map { _ in step(x, expected) }, equals: wideLosses, tolerance: 1e-4)
        },
        body: { step(x, expected) })
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
            measureWideNetwork(report, threads: threads)
        }
    }
}

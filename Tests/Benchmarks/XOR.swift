import Autograd
import NeuralNetworks

// The 2-2-1 network of sigmoids that learns XOR with the loss (p − e)² / 2 and steps of 0.5. Its start and the order of the
// samples are the same in Peers/, and so must be what it has learned in the end.

private struct XORNetwork: Module {
    let hidden = Dense(weight: Parameter(Tensor([[0.5, -0.4], [-0.3, 0.8]])), bias: Parameter(Tensor([0.1, -0.1])))
    let output = Dense(weight: Parameter(Tensor([[0.9, -0.7]])), bias: Parameter(Tensor([0.2])))

    func callAsFunction(_ x: Tensor) -> Tensor { sigmoid(output(sigmoid(hidden(x)))) }
}

private let inputs: [[Double]] = [[0, 0], [0, 1], [1, 0], [1, 1]]
private let expected: [Double] = [0, 1, 1, 0]

/// Which sample is learned in which step, again and again: the two highest bits of 4096 numbers.
private let order: [Int] = {
    var numbers = Xorshift()
    return (0..<4096).map { _ in Int(numbers.next() >> 62) }
}()

/// The losses of all samples after 100,000 steps, as the formulas derived by hand give them in C.
private let (onlineLoss, batchLoss) = (2.151975e-04, 4.873209e-05)

func measureXOR(_ report: Report) {
    // A step on one sample, recorded once and replayed; all samples of the order in one go, as the peers do.
    let replay = OnlineReplay()
    report.row(
        "W1", "xor online step", .nanosecondsPerStep, per: order.count,
        check: { Check([OnlineReplay().loss(afterSteps: 100_000)], equals: [onlineLoss], tolerance: 5e-7) },
        body: { replay.makeSteps(order.count) })
    // The same with two answers, and losses one of which takes a maximum, exponentials and a logarithm.
    for (name, loss) in [("mean squared error", meanSquared), ("softmax cross-entropy", crossEntropy)] {
        let replay = OnlineReplay(loss)
        report.row(
            "W1", "xor online step, two answers, \(name)", .nanosecondsPerStep, per: order.count,
            check: {
                let eager = OnlineReplay(loss).loss(afterEagerSteps: 1000)
                return Check([OnlineReplay(loss).loss(afterSteps: 1000)], equals: [eager])
            },
            body: { replay.makeSteps(order.count) })
    }
    // A step on one sample, recorded, differentiated and updated anew each time.
    var run = OnlineRun()
    report.row(
        "W1", "xor online step, layers, eager", .nanosecondsPerStep, atMost: 4000,
        check: { Check([OnlineRun().lossAfterManySteps()], equals: [onlineLoss], tolerance: 5e-7) },
        body: { run.makeStep() })
    // The same from nine single numbers, with the update written out.
    var scalars = ScalarRun()
    report.row(
        "W1", "xor online step, scalars", .nanosecondsPerStep,
        check: { Check([ScalarRun().lossAfterManySteps()], equals: [onlineLoss], tolerance: 5e-7) },
        body: { scalars.makeStep() })
    // A step on all four samples at once.
    let batch = BatchRun()
    report.row(
        "W2", "xor full batch step", .nanosecondsPerStep, per: order.count,
        check: { Check([BatchRun().lossAfterManySteps()], equals: [batchLoss], tolerance: 5e-7) },
        body: { batch.makeSteps(order.count) })
}

/// Steps on one sample, recorded once and replayed.
private final class OnlineReplay<Network: Module> {
    private let network: Network
    private let loss: @Sendable (Network, Tensor, Tensor) -> Tensor
    private let step: TrainingStep<Network, SGD>
    private let samples = inputs.map { Tensor($0) }
    private let answers: [Tensor]

    init(_ network: Network, _ answers: [Tensor], loss: @escaping @Sendable (Network, Tensor, Tensor) -> Tensor) {
        (self.network, self.answers, self.loss) = (network, answers, loss)
        step = TrainingStep(network, SGD(learningRate: 0.5), loss: loss)
    }

    func makeSteps(_ count: Int) {
        let (step, samples, answers, order) = (step, samples, answers, order)
        for position in 0..<count {
            let sample = order[position & 4095]
            step(samples[sample], answers[sample])
        }
    }

    func loss(afterSteps count: Int) -> Double {
        makeSteps(count)
        return total
    }

    /// The same by steps that are computed as they are written.
    func loss(afterEagerSteps count: Int) -> Double {
        for sample in order.prefix(count) {
            let (_, slopes) = network.valueWithGradient { [self] in loss($0, samples[sample], answers[sample]) }
            for found in network.parameters {
                found.parameter.value = found.parameter.value - 0.5 * slopes[found.path]!
            }
        }
        return total
    }

    private var total: Double { zip(samples, answers).map { loss(network, $0, $1).scalar }.reduce(0, +) }
}

extension OnlineReplay<XORNetwork> {
    convenience init() {
        self.init(XORNetwork(), expected.map { Tensor([$0]) }) { network, x, expected in
            halfSquaredError(network(x), expected)
        }
    }
}

private typealias ChoiceLoss = @Sendable (Tensor, Tensor) -> Tensor
private let meanSquared: ChoiceLoss = { meanSquaredError(sigmoid($0), $1) }
private let crossEntropy: ChoiceLoss = { softmaxCrossEntropy(logits: $0, $1) }

private struct ChoiceNetwork: Module {
    let hidden = Dense(weight: Parameter(Tensor([[0.5, -0.4], [-0.3, 0.8]])), bias: Parameter(Tensor([0.1, -0.1])))
    let output = Dense(weight: Parameter(Tensor([[0.9, -0.7], [-0.6, 0.4]])), bias: Parameter(Tensor([0.2, 0.1])))

    func callAsFunction(_ x: Tensor) -> Tensor { output(sigmoid(hidden(x))) }
}

extension OnlineReplay<ChoiceNetwork> {
    convenience init(_ loss: @escaping ChoiceLoss) {
        self.init(ChoiceNetwork(), expected.map { Tensor([$0, 1 - $0]) }) { network, x, expected in
            loss(network(x), expected)
        }
    }
}

private struct OnlineRun {
    private let network: XORNetwork
    private let trained: TrainedParameters
    private let optimizer = SGD(learningRate: 0.5)
    private var memory: [String: Tensor]
    private let samples = zip(inputs, expected).map { (Tensor($0), Tensor([$1])) }
    private var count = 0

    init() {
        network = XORNetwork()
        trained = TrainedParameters(of: network)
        memory = optimizer.initialMemory(for: network.values)
    }

    @discardableResult
    mutating func makeStep() -> Double {
        let (x, expected) = samples[order[count & 4095]]
        count += 1
        let step = trained.step(optimizer, learningRate: Tensor(optimizer.learningRate), trained.values, memory) {
            halfSquaredError(network(x), expected)
        }
        for (parameter, value) in zip(trained.parameters, step.values) { parameter.value = value }
        memory = step.memory
        return step.loss.scalar
    }

    consuming func lossAfterManySteps() -> Double {
        for _ in 0..<100_000 { makeStep() }
        return samples.map { halfSquaredError(network($0), $1).scalar }.reduce(0, +)
    }
}

private struct BatchRun {
    private let network = XORNetwork()
    private let step: TrainingStep<XORNetwork, SGD>
    private let x = Tensor(inputs)
    private let expectedOutputs = Tensor(expected.map { [$0] })

    init() {
        step = TrainingStep(network, SGD(learningRate: 0.5)) { network, x, expected in
            halfSquaredError(network(x), expected, reduction: .sum)
        }
    }

    func makeSteps(_ count: Int) {
        for _ in 0..<count { step(x, expectedOutputs) }
    }

    func lossAfterManySteps() -> Double {
        makeSteps(100_000)
        return halfSquaredError(network(x), expectedOutputs, reduction: .sum).scalar
    }
}

private struct ScalarRun {
    private var parameters = [0.5, -0.4, -0.3, 0.8, 0.1, -0.1, 0.9, -0.7, 0.2].map { Tensor($0) }
    private var count = 0

    private static func loss(_ p: [Tensor], _ sample: Int) -> Tensor {
        let (x0, x1) = (inputs[sample][0], inputs[sample][1])
        let h0 = sigmoid(p[0] * x0 + p[1] * x1 + p[4])
        let h1 = sigmoid(p[2] * x0 + p[3] * x1 + p[5])
        return square(sigmoid(p[6] * h0 + p[7] * h1 + p[8]) - expected[sample]) / 2
    }

    @discardableResult
    mutating func makeStep() -> Tensor {
        let sample = order[count & 4095]
        count += 1
        let (loss, slopes) = valueWithGradient(at: parameters) { Self.loss($0, sample) }
        for position in slopes.indices { parameters[position] -= 0.5 * slopes[position] }
        return loss
    }

    consuming func lossAfterManySteps() -> Double {
        for _ in 0..<100_000 { makeStep() }
        return inputs.indices.map { Self.loss(parameters, $0).scalar }.reduce(0, +)
    }
}

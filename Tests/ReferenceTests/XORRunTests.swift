import Autograd
import NeuralNetworks
import Testing

/// Two layers learn XOR: the recorded run, step by step and to its end.
@Suite struct XORRunTests {
    private let run = Documents.all.xorNetwork
    private let data = Documents.all.samples.map { (x: Tensor($0.inputs), e: Tensor([$0.xor])) }

    @Test func firstSteps() {
        let network = XORNetwork(run.initial)
        let step = trainingStep(network)
        var order = SampleOrder(seed: run.orderSeed)
        #expect(run.firstSteps.count == 20)
        for recorded in run.firstSteps {
            let sample = order.next()
            let (x, e) = data[sample]
            let (loss, gradient) = network.valueWithGradient { halfSquaredError($0(x), e) }
            #expect(sample == recorded.sample)
            #expect(agree(network(x).numbers, [recorded.output], within: 1e-15))
            #expect(agree(loss.numbers, [recorded.loss], within: 1e-15))
            #expect(
                agree(
                    gradient["hidden.weight"]!.transposed().numbers, recorded.hiddenWeightGradient.flatMap { $0 },
                    within: 1e-15))
            #expect(agree(gradient["hidden.bias"]!.numbers, recorded.hiddenBiasGradient, within: 1e-15))
            #expect(agree(gradient["output.weight"]!.numbers, recorded.outputWeightGradient, within: 1e-15))
            #expect(agree(gradient["output.bias"]!.numbers, [recorded.outputBiasGradient], within: 1e-15))
            #expect(step(x, e) == loss.scalar)
        }
    }

    @Test func wholeRun() {
        let network = XORNetwork(run.initial)
        let step = trainingStep(network)
        var order = SampleOrder(seed: run.orderSeed)
        var recorded = run.meanLossAfter[...]
        for count in 1...run.steps {
            let (x, e) = data[order.next()]
            step(x, e)
            if count == recorded.first?.step {
                let mean = data.reduce(0) { $0 + halfSquaredError(network($1.x), $1.e).scalar } / Double(data.count)
                #expect(agree([mean], [recorded.removeFirst().meanLoss], within: 1e-12), "after \(count) steps")
            }
        }
        #expect(recorded.isEmpty && run.meanLossAfter.count == 5)
        let (hidden, output) = (network.hidden, network.output)
        #expect(agree(hidden.weight.value.transposed().numbers, run.final.hiddenWeight.flatMap { $0 }, within: 1e-12))
        #expect(agree(hidden.bias!.value.numbers, run.final.hiddenBias, within: 1e-12))
        #expect(agree(output.weight.value.numbers, run.final.outputWeight, within: 1e-12))
        #expect(agree(output.bias!.value.numbers, [run.final.outputBias], within: 1e-12))
        #expect(agree(data.map { network($0.x).scalar }, run.finalOutputs, within: 1e-12))

        // Each hidden unit parts the plane along w₁ x₁ + w₂ x₂ + b = 0. On the diagonal these lines lie at x₁ + x₂ = 1.536
        // and 0.447: one on each side of the two 1s, at x₁ + x₂ = 1.
        let lines = zip(hidden.weight.value.rows, hidden.bias!.value.numbers).map { -2 * $1 / ($0[0] + $0[1]) }
        #expect(agree(lines, [1.536, 0.447], within: 5e-4))
        #expect(lines[1] < 1 && 1 < lines[0])
    }

    private func trainingStep(_ network: XORNetwork) -> TrainingStep<XORNetwork, SGD> {
        TrainingStep(network, SGD(learningRate: run.learningRate)) { network, x, e in halfSquaredError(network(x), e) }
    }
}

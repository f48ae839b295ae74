import Autograd
import Foundation
import NeuralNetworks
import Testing

/// One neuron learns AND and OR: the recorded runs, step by step and to their end.
@Suite struct NeuronRunTests {
    private let samples = Documents.all.samples

    @Test(arguments: Documents.all.oneNeuron)
    func firstSteps(run: Documents.NeuronRun) {
        let neuron = Neuron(weight: run.initialWeight, bias: run.initialBias)
        let step = trainingStep(neuron, run)
        var order = SampleOrder(seed: run.orderSeed)
        #expect(run.firstSteps.count == 20)
        for recorded in run.firstSteps {
            let sample = order.next()
            let (x, e) = data(sample, run)
            let (loss, gradient) = neuron.valueWithGradient { halfSquaredError($0(x), e) }
            #expect(sample == recorded.sample)
            #expect(agree(neuron(x).numbers, [recorded.output], within: 1e-15))
            #expect(agree(loss.numbers, [recorded.loss], within: 1e-15))
            #expect(agree(gradient["layer.weight"]!.numbers, recorded.weightGradient, within: 1e-15))
            #expect(agree(gradient["layer.bias"]!.numbers, [recorded.biasGradient], within: 1e-15))
            #expect(step(x, e) == loss.scalar)
        }
    }

    @Test(arguments: Documents.all.oneNeuron)
    func wholeRun(run: Documents.NeuronRun) {
        let neuron = Neuron(weight: run.initialWeight, bias: run.initialBias)
        let step = trainingStep(neuron, run)
        let data = samples.indices.map { self.data($0, run) }
        var order = SampleOrder(seed: run.orderSeed)
        var (steps, loss) = (0, Double.infinity)
        while loss > run.lossGoal, steps < 2 * run.steps {
            let (x, e) = data[order.next()]
            loss = step(x, e)
            steps += 1
        }
        #expect(steps == run.steps)
        #expect(agree(neuron.weight, run.finalWeight, within: 1e-12))
        #expect(agree([neuron.bias], [run.finalBias], within: 1e-12))
        #expect(agree(data.map { neuron($0.x).scalar }, run.finalOutputs, within: 1e-12))
        // The published runs drew other samples and came to about the same.
        #expect(agree(run.finalOutputs, published(run), within: 0.002))
    }

    /// Unseeded runs cannot be repeated, but three outputs of a neuron determine its weights and bias, and with them the
    /// fourth; and the sample that ended the run is among them.
    @Test(arguments: Documents.all.oneNeuron)
    func publishedOutputsFitTogether(run: Documents.NeuronRun) {
        let outputs = published(run)
        let excitations = outputs.map { log($0 / (1 - $0)) }
        let bias = excitations[0]
        let weight = [excitations[2] - bias, excitations[1] - bias]
        let neuron = Neuron(weight: weight, bias: bias)
        let computed = samples.map { neuron(Tensor($0.inputs)).scalar }
        #expect(agree(computed, outputs, within: 2e-8))
        let losses = samples.indices.map { index in
            let (x, e) = data(index, run)
            return halfSquaredError(neuron(x), e).scalar
        }
        #expect(losses.min()! <= 1e-10)
        // One more step on the sample that is worst betters it.
        let (worst, (x, e)) = (losses.max()!, data(losses.firstIndex(of: losses.max()!)!, run))
        #expect(trainingStep(neuron, run)(x, e) == worst && halfSquaredError(neuron(x), e).scalar < worst)
    }

    private func trainingStep(_ neuron: Neuron, _ run: Documents.NeuronRun) -> TrainingStep<Neuron, SGD> {
        TrainingStep(neuron, SGD(learningRate: run.learningRate)) { neuron, x, e in halfSquaredError(neuron(x), e) }
    }

    private func data(_ sample: Int, _ run: Documents.NeuronRun) -> (x: Tensor, e: Tensor) {
        (Tensor(samples[sample].inputs), Tensor([expected(samples[sample], run)]))
    }

    private func expected(_ sample: Documents.Sample, _ run: Documents.NeuronRun) -> Double {
        run.function == "and" ? sample.and : sample.or
    }

    private func published(_ run: Documents.NeuronRun) -> [Double] {
        run.function == "and" ? Documents.all.published.andAfter44842Steps : Documents.all.published.orAfter21555Steps
    }
}

import Autograd
import NeuralNetworks
import Testing

/// A pattern of three inputs: one layer learns it, another pattern breaks that layer, and a hidden layer mends it.
@Suite struct PatternRunTests {
    private let documents = Documents.all

    @Test func pattern() {
        let network = network(after: documents.pattern)
        let weight = network.layers[0].weight.value.numbers
        #expect(agree(weight, [9.67299303, -0.2078435, -4.62963669], within: 5e-9))
        let outputs = documents.pattern.outputsBeforeLastStep
        #expect(agree(Array(outputs.prefix(3)), [0.00966449, 0.99211957, 0.99358898], within: 5e-9))
        // The last digit printed for the fourth, 0.00786505967, is one too high.
        #expect(agree([outputs[3]], [0.00786507], within: 1.1e-8))
        // What it was not trained on. Without a bias, nothing but 0s gives exactly one half.
        let unseen = network(Tensor([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]])).numbers
        #expect(unseen[0] == 0.5)
        #expect(agree([unseen[1]], [0.4482], within: 5e-5))
        #expect(agree([unseen[2]], [0.99993704], within: 5e-9))
        #expect(agree([unseen[3]], [0.99992], within: 5e-6))
    }

    @Test func publishedExcitations() {
        let layer = Dense(weight: Parameter(Tensor([documents.pattern.initialWeight])))
        let excitations = layer(Tensor(documents.pattern.inputs)).numbers
        #expect(agree(excitations, documents.pattern.excitationsBeforeTraining, within: 1e-15))
        #expect(agree(excitations, documents.published.patternExcitations, within: 5e-9))
        #expect(agree(documents.pattern.initialWeight, [-0.16595599, 0.44064899, -0.99977125], within: 5e-9))
    }

    @Test func brokenPattern() {
        let network = network(after: documents.brokenPattern)
        #expect(agree(network.layers[0].weight.value.numbers, [0, 0, 0], within: 1e-12))
        #expect(agree(network(Tensor(documents.brokenPattern.inputs)).numbers, [0.5, 0.5, 0.5, 0.5], within: 1e-12))
    }

    @Test func hiddenLayerPattern() {
        let run = documents.hiddenLayerPattern
        let network = PatternNetwork(run.initialHiddenWeight, run.initialOutputWeight.column)
        let step = trainingStep(network, run.learningRate)
        let (x, e) = (Tensor(run.inputs), Tensor(run.expected.column))
        for _ in 1..<run.steps { step(x, e) }
        let outputs = network(x).numbers
        #expect(agree(outputs, run.outputsBeforeLastStep, within: 1e-12))
        #expect(agree(outputs, [0.00260572, 0.99672209, 0.99701711, 0.00386759], within: 5e-9))
    }

    /// Makes a recorded run and compares it on the way.
    private func network(after run: Documents.PatternRun) -> PatternNetwork {
        let network = PatternNetwork(run.initialWeight.column)
        let step = trainingStep(network, run.learningRate)
        let (x, e) = (Tensor(run.inputs), Tensor(run.expected.column))
        #expect(run.firstSteps.count == 5)
        for count in 1...run.steps {
            if count <= run.firstSteps.count {
                let recorded = run.firstSteps[count - 1]
                let (_, gradient) = network.valueWithGradient { halfSquaredError($0(x), e, reduction: .sum) }
                #expect(agree(network(x).numbers, recorded.outputs, within: 1e-15))
                #expect(agree(gradient["layers.0.weight"]!.numbers, recorded.weightGradient, within: 1e-15))
            }
            if count == run.steps { #expect(agree(network(x).numbers, run.outputsBeforeLastStep, within: 1e-12)) }
            step(x, e)
        }
        #expect(agree(network.layers[0].weight.value.numbers, run.finalWeight, within: 1e-12))
        let unseen = run.outputForUnseenInput
        #expect(agree(network(Tensor(unseen.input)).numbers, [unseen.output], within: 1e-12))
        return network
    }

    private func trainingStep(_ network: PatternNetwork, _ learningRate: Double) -> TrainingStep<PatternNetwork, SGD> {
        TrainingStep(network, SGD(learningRate: learningRate)) { network, x, e in
            halfSquaredError(network(x), e, reduction: .sum)
        }
    }
}

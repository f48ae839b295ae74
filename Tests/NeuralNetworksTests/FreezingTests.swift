import Autograd
import NeuralNetworks
import Testing

/// Layers are made of given parameters, which can be shared, frozen, and thawed again.
@Suite struct `Frozen and tied parameters` {
    private struct Pair: Module {
        let first: Dense, second: Dense
        func callAsFunction(_ x: Tensor) -> Tensor { second(first(x)) }
    }

    private func pair() -> Pair {
        Pair(
            first: Dense(weight: Parameter(Tensor([[2]]))), second: Dense(weight: Parameter(Tensor([[3]]))))
    }

    private func step(_ model: Pair, momentum: Double = 0) -> TrainingStep<Pair, SGD> {
        TrainingStep(model, SGD(learningRate: 0.1, momentum: momentum)) { model, x, _ in sum(model(x)) }
    }

    private let x = Tensor([1])

    @Test func `a step that was recorded notices`() {
        let model = pair()
        let step = step(model)
        #expect(step(x, x) == 6)
        // ∂/∂first = second, ∂/∂second = first.
        #expect((model.first.weight.value.scalar, model.second.weight.value.scalar) == (1.7, 2.8))
        model.second.weight.isTrainable = false
        #expect(step(x, x) == 1.7 * 2.8)
        #expect(abs(model.first.weight.value.scalar - 1.42) < 1e-12)
        #expect(model.second.weight.value.scalar == 2.8)
        #expect(model.trainableParameters.map(\.path) == ["first.weight"])
        model.second.weight.isTrainable = true
        step(x, x)
        #expect(abs(model.second.weight.value.scalar - 2.658) < 1e-12)
        #expect(step.explanation.contains("other parameters are trainable now"))
    }

    @Test func `what is thawed goes on with its momentum`() {
        let (model, reference) = (pair(), pair())
        let (step, other) = (step(model, momentum: 0.5), self.step(reference, momentum: 0.5))
        step(x, x)
        other(x, x)
        model.second.weight.isTrainable = false
        step(x, x)
        model.second.weight.isTrainable = true
        model.first.weight.value = reference.first.weight.value
        model.second.weight.value = reference.second.weight.value
        step(x, x)
        other(x, x)
        // The second weight has made the same two steps; the first one more, which its momentum shows.
        #expect(model.second.weight.value == reference.second.weight.value)
        #expect(model.first.weight.value != reference.first.weight.value)
    }

    @Test func `another step that shares the parameter notices too`() {
        let model = pair()
        let (first, second) = (step(model), step(model))
        first(x, x)
        second(x, x)
        model.first.weight.isTrainable = false
        second(x, x)
        let kept = model.first.weight.value
        first(x, x)
        #expect(model.first.weight.value == kept)
    }

    @Test func `nothing left to train is an error`() {
        let model = pair()
        let step = step(model)
        step(x, x)
        model.first.weight.isTrainable = false
        model.second.weight.isTrainable = false
        #expect(
            tensorError { Tensor(step(x, x)) }?.problem == "Pair has no trainable parameter in its stored properties")
    }

    @Test func `tied layers share one parameter, updated once`() {
        let shared = Parameter(Tensor([[3]]))
        let model = Pair(first: Dense(weight: shared), second: Dense(weight: shared))
        #expect(model.parameters.map(\.path) == ["first.weight"])
        let step = step(model)
        #expect(step(x, x) == 9)
        #expect(abs(shared.value.scalar - 2.4) < 1e-12)
        #expect(!model.first.copy().weight.value.shape.isEmpty && model.first.copy().weight !== shared)
    }

    @Test func `a frozen layer stays frozen in its copy`() {
        let layer = Dense(weight: Parameter(Tensor([[1]]), isTrainable: false), bias: Parameter(Tensor([2])))
        #expect(layer.copy().trainableParameters.map(\.path) == ["bias"])
        #expect(layer.valueWithGradient { sum($0(Tensor([4]))) }.gradient.keys.sorted() == ["bias"])
    }
}

import Autograd
import NeuralNetworks
import Testing

private struct Rude: Optimizer {
    var learningRate = 0.0
    func updated(
        _ parameters: [ParameterGradient], learningRate: Tensor, memory: inout [String: Tensor]
    ) -> [Tensor] {
        parameters.map { $0.value.rank == 1 ? Tensor([1, 2, 3]) : $0.value + 1 }
    }
}

/// Mistakes that were made once.
@Suite struct `Solved issues of models` {
    private let layer = Dense(weight: Parameter(Tensor([[1, 2]])), bias: Parameter(Tensor([3])))
    private let x = Tensor([1, 1])
    private let y = Tensor([0])

    @Test func `a step that fails at the last parameter does not change the first`() {
        let step = TrainingStep(layer, Rude()) { model, x, y in halfSquaredError(model(x), y) }
        tensorError { step(x, y) }
        #expect(layer.weight.value == Tensor([[1, 2]]))
    }

    @Test func `a step whose loss drops a failed tensor does not change the parameters`() {
        let step = TrainingStep(layer, SGD(learningRate: 1)) { model, x, y in
            _ = x + Tensor([1, 2, 3])
            return halfSquaredError(model(x), y)
        }
        tensorError { step(x, y) }
        #expect(layer.weight.value == Tensor([[1, 2]]))
    }

    @Test func `whole numbers as keys are ordered as numbers`() {
        struct Model: Module { let layers: [Int: Parameter] }
        let model = Model(layers: [1: Parameter(x), 2: Parameter(x), 10: Parameter(x)])
        #expect(model.parameters.map(\.path) == ["layers.1", "layers.2", "layers.10"])
    }

    @Test func `a mistake in a checked scope does not end the process`() async {
        await #expect(processExitsWith: .success) {
            tensorError { Dense(weight: Parameter(Tensor([1, 2])))(Tensor([1, 2])) }
        }
        await #expect(processExitsWith: .success) { tensorError { SGD(learningRate: -1) } }
        await #expect(processExitsWith: .success) {
            struct Model: Module { let a = Parameter(Tensor(1)), _a = Parameter(Tensor(2)) }
            _ = try? Tensor.checked { Model().valueWithGradient { $0.a.value * $0._a.value } }
        }
    }

    @Test func `a step with another number of tensors is refused`() {
        let step = TrainingStep(layer, SGD(learningRate: 1)) { model, x, y in halfSquaredError(model(x), y) }
        #expect(tensorError { step(x) }?.problem == "the loss takes 2 tensors, not 1")
        tensorError { step(x, y, y) }
        #expect(layer.weight.value == Tensor([[1, 2]]))
    }

    @Test func `momentum may be switched on between steps`() {
        let step = TrainingStep(layer, SGD(learningRate: 0)) { model, x, y in halfSquaredError(model(x), y) }
        step(x, y)
        step.optimizer = SGD(learningRate: 0.1, momentum: 0.9)
        step(x, y)
        #expect(layer.bias?.value != Tensor([3]))
    }

    @Test func `a stranger is refused while recording, and parameters in a set`() {
        struct Hidden { let parameter = Parameter(Tensor(2)) }
        let stranger = Hidden()
        tensorError { layer.recorded { $0(x) * stranger.parameter.value } }
        struct Element: Module, Hashable {
            let parameter = Parameter(Tensor(1))
            static func == (left: Self, right: Self) -> Bool { left.parameter === right.parameter }
            func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(parameter)) }
        }
        struct Unordered: Module { let elements: Set<Element> }
        tensorError { _ = Unordered(elements: [Element()]).parameters }
    }
}

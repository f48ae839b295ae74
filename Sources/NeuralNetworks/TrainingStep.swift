import Autograd

/// One step of training: the loss on some data, its gradient, and the update of the parameters.
///
///     let step = TrainingStep(network, SGD(learningRate: 0.5)) { network, x, expected in
///         halfSquaredError(network(x), expected)
///     }
///     while step(x, expected) > goal {}
///
/// The closure is `@Sendable` and gets all that changes as arguments, the model too: a captured model or `var` does not
/// compile. It is recorded anew at each call.
public final class TrainingStep<Model: Module, Method: Optimizer> {
    /// The model whose parameters are trained.
    public let model: Model
    /// The method; its settings, such as the learning rate, may be changed between steps.
    public var optimizer: Method
    private let loss: (Model, [Tensor]) -> Tensor
    /// How many inputs the loss takes; nil for any number.
    private let inputCount: Int?
    private let trained: TrainedParameters
    private var states: [[Tensor]]

    /// - Parameter loss: The loss, of rank 0, of the model on an input and what is expected of it.
    public convenience init(
        _ model: Model, _ optimizer: Method, loss: @escaping @Sendable (Model, Tensor, Tensor) -> Tensor
    ) {
        self.init(model, optimizer, inputs: 2, recording: { model, inputs in loss(model, inputs[0], inputs[1]) })
    }

    /// - Parameter loss: The loss, of rank 0, of the model on any number of tensors.
    public convenience init(
        _ model: Model, _ optimizer: Method, lossOfInputs loss: @escaping @Sendable (Model, [Tensor]) -> Tensor
    ) {
        self.init(model, optimizer, inputs: nil, recording: loss)
    }

    private init(
        _ model: Model, _ optimizer: Method, inputs: Int?, recording loss: @escaping (Model, [Tensor]) -> Tensor
    ) {
        inputCount = inputs
        self.model = model
        self.optimizer = optimizer
        self.loss = loss
        trained = TrainedParameters(of: model)
        if trained.parameters.isEmpty {
            TensorError(
                "TrainingStep", "\(Model.self) has no trainable parameter in its stored properties"
            ).raise()
        }
        states = trained.initialStates(of: optimizer)
    }

    /// Makes one step and returns the loss before it. A loss that is NaN compares as neither larger nor smaller than any goal.
    ///
    /// If anything fails inside ``Autograd/Tensor/checked(_:)``, no parameter is changed, nor what the optimizer remembers.
    @discardableResult
    public func callAsFunction(_ inputs: Tensor...) -> Double {
        if let inputCount, inputs.count != inputCount {
            return TensorError(
                "TrainingStep", "the loss takes \(inputCount) tensors, not \(inputs.count)",
                operands: inputs.map(\.operandDescription)
            ).raise().scalar
        }
        return withoutRecording { trained.step(optimizer, &states) { loss(model, inputs) }.scalar }
    }
}

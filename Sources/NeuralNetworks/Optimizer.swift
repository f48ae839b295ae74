import Autograd

/// A method that changes parameters along their gradients.
///
/// Written in tensor operations and without state of its own: what it remembers of a parameter is handed in and out. A step
/// of training records the update once; of its settings, only the learning rate may change without a new recording.
public protocol Optimizer: Equatable, SendableMetatype {
    /// η, the length of a step.
    var learningRate: Double { get set }

    /// What is remembered of a parameter at the start: any number of tensors.
    func initialState(for value: Tensor) -> [Tensor]

    /// The new value of a parameter.
    ///
    /// - Parameters:
    ///   - value: The present value.
    ///   - gradient: Of the loss with respect to it.
    ///   - learningRate: η, of rank 0 and of the value's element type.
    ///   - state: What is remembered of it, to be brought up to date: as many tensors of the same kinds.
    func updated(_ value: Tensor, along gradient: Tensor, learningRate: Tensor, state: inout [Tensor]) -> Tensor
}

extension [Tensor] {
    /// What an optimizer must not change: how many there are, their shapes and element types.
    var kinds: [Primitive.Result] { map { Primitive.Result($0.shape, $0.elementType) } }
}

/// Gradient descent: w ← w − η g; with momentum μ: v ← μ v + g, w ← w − η v.
public struct SGD: Optimizer {
    /// η, the length of a step: at least 0.
    public var learningRate: Double {
        didSet {
            if !SGD.isLength(learningRate) {
                TensorError("SGD", "the learning rate must be at least 0, not \(learningRate)").raise()
                learningRate = oldValue
            }
        }
    }
    /// μ, how much of the last step's direction is kept; 0 for none.
    public let momentum: Double

    /// - Parameters:
    ///   - learningRate: At least 0.
    ///   - momentum: From 0 to less than 1.
    public init(learningRate: Double, momentum: Double = 0) {
        guard SGD.isLength(learningRate), (0..<1).contains(momentum) else {
            TensorError(
                "SGD",
                "the learning rate must be at least 0 and the momentum in 0..<1, not \(learningRate) and \(momentum)"
            ).raise()
            (self.learningRate, self.momentum) = (0, 0)
            return
        }
        self.learningRate = learningRate
        self.momentum = momentum
    }

    private static func isLength(_ rate: Double) -> Bool { rate >= 0 && rate.isFinite }

    public func initialState(for value: Tensor) -> [Tensor] {
        momentum == 0 ? [] : [Tensor(repeating: 0, shape: value.shape, elementType: value.elementType)]
    }

    public func updated(
        _ value: Tensor, along gradient: Tensor, learningRate: Tensor, state: inout [Tensor]
    ) -> Tensor {
        guard momentum != 0 else { return value - learningRate * gradient }
        state[0] = momentum * state[0] + gradient
        return value - learningRate * state[0]
    }
}

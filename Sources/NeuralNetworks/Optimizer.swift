import Autograd

/// A method that changes parameters along their gradients.
///
/// It sees all of them at once, is written in tensor operations, and has no state of its own: what it remembers is handed in
/// and out, by name. A step of training records the update once; of the method's settings, only the learning rate may change
/// without a new recording.
public protocol Optimizer: Equatable, SendableMetatype {
    /// η, the length of a step.
    var learningRate: Double { get set }

    /// What is remembered at the start: any number of tensors, such as the velocity of each parameter; none unless it is said.
    func initialMemory(for parameters: [(path: String, value: Tensor)]) -> [String: Tensor]

    /// The new values of the parameters, in their order.
    ///
    /// - Parameters:
    ///   - parameters: All that are trained, in the order in which the model has them.
    ///   - learningRate: η, of rank 0 and float64.
    ///   - memory: What is remembered, to be brought up to date: under the same names, tensors of the same kinds.
    func updated(_ parameters: [ParameterGradient], learningRate: Tensor, memory: inout [String: Tensor]) -> [Tensor]
}

extension Optimizer {
    public func initialMemory(for parameters: [(path: String, value: Tensor)]) -> [String: Tensor] { [:] }
}

/// A parameter as an optimizer sees it.
public struct ParameterGradient: Sendable {
    /// Where it stands in the model: `hidden.weight`.
    public let path: String
    /// Its value before the step.
    public let value: Tensor
    /// The gradient of the loss with respect to it, like the value in shape and element type.
    public let gradient: Tensor

    public init(path: String, value: Tensor, gradient: Tensor) {
        (self.path, self.value, self.gradient) = (path, value, gradient)
    }
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

    public func initialMemory(for parameters: [(path: String, value: Tensor)]) -> [String: Tensor] {
        if momentum == 0 { return [:] }
        return Dictionary(
            uniqueKeysWithValues: parameters.map { path, value in
                ("velocity.\(path)", Tensor(repeating: 0, shape: value.shape, elementType: value.elementType))
            })
    }

    public func updated(
        _ parameters: [ParameterGradient], learningRate: Tensor, memory: inout [String: Tensor]
    ) -> [Tensor] {
        parameters.map { parameter in
            var direction = parameter.gradient
            if momentum != 0 {
                direction = momentum * memory["velocity.\(parameter.path)"]! + direction
                memory["velocity.\(parameter.path)"] = direction
            }
            return parameter.value - learningRate.cast(to: direction.elementType) * direction
        }
    }
}

extension [String: Tensor] {
    /// The first name, in alphabetical order, under which there is something else in another memory, in shape, element type or
    /// at all.
    func firstDifference(from other: Self) -> String? {
        Set(keys).union(other.keys).sorted().first { self[$0]?.kind != other[$0]?.kind }
    }
}

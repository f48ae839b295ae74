import Autograd

/// A fully connected layer: y = W x + b for a vector x, and for each row of a batch.
public struct Dense: Module {
    /// W, of shape [outputs, inputs].
    public let weight: Parameter
    /// b, of shape [outputs], if the layer has one.
    public let bias: Parameter?

    /// - Parameters:
    ///   - inputs: The number of features that come in.
    ///   - outputs: The number that go out.
    ///   - weightInitializer: How the weights begin.
    ///   - biasInitializer: How the bias begins; nil for a layer without one.
    public init(
        inputs: Int, outputs: Int, weight weightInitializer: Initializer = .glorotUniform,
        bias biasInitializer: Initializer? = .zeros, elementType: Tensor.ElementType = .float64,
        using random: inout RandomGenerator
    ) {
        weight = Parameter(
            weightInitializer([outputs, inputs], inputs: inputs, outputs: outputs, elementType, using: &random))
        bias = biasInitializer.map { initializer in
            Parameter(initializer([outputs], inputs: inputs, outputs: outputs, elementType, using: &random))
        }
    }

    /// A layer with these weights, of shape [outputs, inputs], and this bias, of shape [outputs].
    public init(weight: Tensor, bias: Tensor? = nil) {
        guard weight.rank == 2, bias.map({ $0.shape == [weight.shape[0]] }) ?? true else {
            TensorError(
                "Dense", "the weight must be [outputs, inputs] and the bias [outputs]",
                operands: [weight.operandDescription] + (bias.map { [$0.operandDescription] } ?? [])
            ).raise()
            self.weight = Parameter(Tensor(repeating: 0, shape: [0, 0]))
            self.bias = nil
            return
        }
        self.weight = Parameter(weight)
        self.bias = bias.map { Parameter($0) }
    }

    /// - Parameter x: Of shape [inputs] or […, inputs].
    /// - Returns: Of shape [outputs] or […, outputs].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let weight = weight.value
        if x.isFailed { return x }
        guard x.rank >= 1, x.shape.last == weight.shape[1] else {
            return TensorError(
                "Dense",
                "the input has shape \(x.shape), but the layer takes \(weight.shape[1]) features in the last axis",
                operands: [x.operandDescription, weight.operandDescription]
            ).raise()
        }
        let product = x.rank == 1 ? matmul(weight, x) : matmul(x, weight.transposed())
        guard let bias else { return product }
        return product + bias.value
    }

    /// A layer with the same values in parameters of its own.
    public func copy() -> Dense { Dense(weight: weight.value, bias: bias?.value) }
}

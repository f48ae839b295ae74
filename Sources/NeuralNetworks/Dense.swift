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

    /// A layer of given parameters, which may be those of another layer too, or not trainable.
    ///
    ///     Dense(weight: embedding.weight)
    ///     Dense(weight: Parameter(w, isTrainable: false), bias: Parameter(b))
    ///
    /// - Parameters:
    ///   - weight: W, of shape [outputs, inputs].
    ///   - bias: b, of shape [outputs].
    public init(weight: Parameter, bias: Parameter? = nil) {
        let kinds = [weight.value] + (bias.map { [$0.value] } ?? [])
        let types = Set(kinds.map(\.elementType))
        guard kinds[0].rank == 2, kinds.dropFirst().allSatisfy({ $0.shape == [kinds[0].shape[0]] }), types.count == 1
        else {
            TensorError(
                "Dense", "the weight must be [outputs, inputs] and the bias [outputs], of one element type", of: kinds
            ).raise()
            self.weight = Parameter(Tensor(repeating: 0, shape: [0, 0]))
            self.bias = nil
            return
        }
        self.weight = weight
        self.bias = bias
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
                of: [x, weight]
            ).raise()
        }
        let product = x.rank == 1 ? matmul(weight, x) : matmul(x, weight.transposed())
        guard let bias else { return product }
        return product + bias.value
    }

    /// A layer with the same values in parameters of its own.
    public func copy() -> Dense { Dense(weight: weight.copy(), bias: bias?.copy()) }
}

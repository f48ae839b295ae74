import Autograd

/// How a parameter begins.
public struct Initializer: Sendable {
    private let make:
        @Sendable (Tensor.Shape, _ inputs: Int, _ outputs: Int, Tensor.ElementType, inout RandomGenerator) -> Tensor

    /// The first value of a parameter of a layer with so many inputs and outputs.
    public func callAsFunction(
        _ shape: Tensor.Shape, inputs: Int, outputs: Int, _ elementType: Tensor.ElementType,
        using random: inout RandomGenerator
    ) -> Tensor {
        make(shape, inputs, outputs, elementType, &random)
    }

    /// The same number everywhere.
    public static func constant(_ number: Double) -> Initializer {
        Initializer { shape, _, _, elementType, _ in Tensor(repeating: number, shape: shape, elementType: elementType) }
    }

    /// Zeros.
    public static let zeros = constant(0)

    /// Uniform in a half-open range.
    public static func uniform(in range: Range<Double>) -> Initializer {
        Initializer { shape, _, _, elementType, random in
            .uniform(in: range, shape: shape, elementType: elementType, using: &random)
        }
    }

    /// Normally distributed.
    public static func normal(mean: Double = 0, standardDeviation: Double = 1) -> Initializer {
        Initializer { shape, _, _, elementType, random in
            .normal(
                mean: mean, standardDeviation: standardDeviation, shape: shape, elementType: elementType, using: &random
            )
        }
    }

    /// Uniform in ±√(6 / (inputs + outputs)), which keeps the variance of values and gradients through layers with tanh or
    /// sigmoid. Source: X. Glorot, Y. Bengio, AISTATS 2010, equation 16.
    public static let glorotUniform = Initializer { shape, inputs, outputs, elementType, random in
        let limit = (6 / max(Double(inputs) + Double(outputs), 1)).squareRoot()
        return .uniform(in: -limit..<limit, shape: shape, elementType: elementType, using: &random)
    }

    /// Normal with standard deviation √(2 / inputs), which keeps the variance through layers with relu. Source: K. He et
    /// al., ICCV 2015, equation 10.
    public static let heNormal = Initializer { shape, inputs, _, elementType, random in
        .normal(
            standardDeviation: (2 / Double(max(inputs, 1))).squareRoot(), shape: shape, elementType: elementType,
            using: &random)
    }
}

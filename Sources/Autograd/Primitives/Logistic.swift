import CKernels

// The logistic function, its integral, and the hyperbolic tangent, which is the logistic function stretched.

extension Primitive {
    /// y = 1 / (1 + e⁻ˣ), dy/dx = 1 / (1 + e^|x|) · (1 − 1 / (1 + e^|x|)).
    ///
    /// Computed from e^−|x|: no overflow, and all digits of the tail.
    public static let sigmoid: Primitive = elementwise(
        "sigmoid", CK_SIGMOID,
        pullbacks: .traced { adjoint, call in adjoint * sigmoidDerivative(call.operand(0)) },
        samples: [
            Sample(0.5, equals: 0.6224593312018546), Sample(-2, equals: 0.11920292202211756), Sample(0, equals: 0.5),
            Sample(-40, equals: 4.248354255291589e-18), Sample([Tensor([[0.5, 1], [-2, 3]])]),
            .extreme(-800, equals: 0), .extreme(800, equals: 1), .extreme(-.infinity, equals: 0),
        ])

    /// The derivative of the logistic function, 1 / (4 cosh² x/2); its own is −y · tanh x/2.
    ///
    /// A primitive, because 1 − y of the logistic y has lost its digits where y is close to 1, and because further
    /// derivatives of other formulas that have not, such as y(x) y(−x), cancel near 0.
    static let sigmoidDerivative: Primitive = elementwise(
        "sigmoidDerivative", CK_SIGMOID_DERIVATIVE,
        pullbacks: .traced { adjoint, call in -(adjoint * (call.result * Autograd.tanh(0.5 * call.operand(0)))) },
        samples: [
            Sample(0.5, equals: 0.2350037122015945), Sample(-2, equals: 0.10499358540350652),
            Sample(0, equals: 0.25), Sample(40, equals: 4.248354255291589e-18),
            Sample([Tensor([[0.5, 1], [-2, 3]])]),
            .extreme(-800, equals: 0), .extreme(800, equals: 0), .extreme(.infinity, equals: 0),
        ])

    /// y = tanh x, dy/dx = 4σ′(2x) with the derivative σ′ of the sigmoid.
    ///
    /// Not 1 − y², which is 0 where y rounds to 1, and has few digits before.
    public static let tanh: Primitive = elementwise(
        "tanh", CK_TANH,
        pullbacks: .traced { adjoint, call in adjoint * (4 * sigmoidDerivative(2 * call.operand(0))) },
        samples: [
            Sample(0.5, equals: 0.46211715726000974), Sample(-2, equals: -0.9640275800758169), Sample(0, equals: 0),
            Sample([Tensor([[0.5, 1], [-2, 3]])]),
            .extreme(800, equals: 1), .extreme(-.infinity, equals: -1), .extreme(-0.0, equals: -0.0),
        ])

    /// y = ln(1 + eˣ), dy/dx = sigmoid x.
    ///
    /// A primitive for stability: computed as max(x, 0) + log1p(e^−|x|), which neither overflows nor loses the tail.
    public static let softplus: Primitive = elementwise(
        "softplus", CK_SOFTPLUS,
        pullbacks: .traced { adjoint, call in adjoint * sigmoid(call.operand(0)) },
        samples: [
            Sample(0.5, equals: 0.9740769841801067), Sample(-2, equals: 0.1269280110429725),
            Sample(-40, equals: 4.248354255291589e-18), Sample([Tensor([[0.5, 1], [-2, 3]])]),
            .extreme(800, equals: 800), .extreme(-800, equals: 0), .extreme(.infinity, equals: .infinity),
        ])
}

/// The logistic function 1 / (1 + e⁻ˣ), element by element.
public func sigmoid(_ x: Tensor) -> Tensor { Primitive.sigmoid(x) }

/// The hyperbolic tangent, element by element.
public func tanh(_ x: Tensor) -> Tensor { Primitive.tanh(x) }

/// ln(1 + eˣ), a smooth relu, element by element.
public func softplus(_ x: Tensor) -> Tensor { Primitive.softplus(x) }

import CKernels

extension Primitive {
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
}

/// The hyperbolic tangent, element by element.
public func tanh(_ x: Tensor) -> Tensor { Primitive.tanh(x) }

import CKernels

extension Primitive {
    /// y = 1 / (1 + e⁻ˣ), dy/dx = y (1 − y).
    ///
    /// Computed from e^−|x|: no overflow, and all digits of the tail.
    public static let sigmoid: Primitive = elementwise(
        "sigmoid", CK_SIGMOID,
        pullbacks: .traced { adjoint, call in adjoint * (call.result * (1 - call.result)) },
        samples: [
            Sample(0.5, equals: 0.6224593312018546), Sample(-2, equals: 0.11920292202211756), Sample(0, equals: 0.5),
            Sample(-40, equals: 4.248354255291589e-18), Sample([Tensor([[0.5, 1], [-2, 3]])]),
            .extreme(-800, equals: 0), .extreme(800, equals: 1), .extreme(-.infinity, equals: 0),
        ])
}

/// The logistic function 1 / (1 + e⁻ˣ), element by element.
public func sigmoid(_ x: Tensor) -> Tensor { Primitive.sigmoid(x) }

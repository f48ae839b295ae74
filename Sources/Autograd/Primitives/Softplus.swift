import CKernels

extension Primitive {
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

/// ln(1 + eˣ), a smooth relu, element by element.
public func softplus(_ x: Tensor) -> Tensor { Primitive.softplus(x) }

import CKernels

extension Primitive {
    /// y = eˣ, dy/dx = y.
    public static let exp: Primitive = elementwise(
        "exp", CK_EXP,
        pullbacks: .traced { adjoint, call in adjoint * call.result },
        samples: [
            Sample(0.5, equals: 1.6487212707001282), Sample(-2, equals: 0.1353352832366127),
            Sample([Tensor([[0, 1], [-1, 2]])]),
            .extreme(-.infinity, equals: 0), .extreme(710, equals: .infinity), .extreme(-800, equals: 0),
        ])
}

/// eˣ, element by element.
public func exp(_ x: Tensor) -> Tensor { Primitive.exp(x) }

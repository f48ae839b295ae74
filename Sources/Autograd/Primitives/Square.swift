import CKernels

extension Primitive {
    /// y = x², dy/dx = 2x.
    public static let square: Primitive = elementwise(
        "square", CK_SQUARE,
        pullbacks: .traced { adjoint, call in (2 * adjoint) * call.operand(0) },
        samples: [
            Sample(3, equals: 9), Sample(-0.1, equals: 0.010000000000000002), Sample(0, equals: 0),
            Sample([Tensor([[0.5, 1], [-2, 3]])], equals: Tensor([[0.25, 1], [4, 9]])),
            .extreme(1e200, equals: .infinity), .extreme(-.infinity, equals: .infinity),
        ])
}

/// x², element by element.
public func square(_ x: Tensor) -> Tensor { Primitive.square(x) }

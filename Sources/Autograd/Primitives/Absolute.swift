import CKernels

extension Primitive {
    /// y = |x|, dy/dx = sign x.
    ///
    /// At 0 the derivative is taken as 0, the middle of its two sides.
    public static let abs: Primitive = elementwise(
        "abs", CK_ABSOLUTE,
        pullbacks: .traced { adjoint, call in adjoint * sign(call.operand(0)) },
        samples: [
            Sample(2, equals: 2), Sample(-3, equals: 3),
            Sample([Tensor([[0.5, -1], [-2, 3]])], equals: Tensor([[0.5, 1], [2, 3]])),
            .extreme(-0.0, equals: 0), .extreme(-.infinity, equals: .infinity),
            .kink(0, equals: 0, gradients: [0]),
        ])
}

/// The absolute value |x|, element by element.
public func abs(_ x: Tensor) -> Tensor { Primitive.abs(x) }

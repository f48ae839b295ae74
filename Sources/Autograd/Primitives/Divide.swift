import CKernels

extension Primitive {
    /// z = x / y, ∂z/∂x = 1 / y, ∂z/∂y = −z / y.
    ///
    /// −z / y rather than −x / y²: a square could overflow or vanish where the quotient does not. Only where z itself lies below
    /// the normal numbers, of an x that does, it has lost digits, and −z / y with it.
    public static let divide: Primitive = elementwise(
        "divide", CK_DIVIDE,
        pullbacks: .traced { adjoint, call in adjoint / call.operand(1) },
        .traced { adjoint, call in -(adjoint * (call.result / call.operand(1))) },
        samples: [
            Sample(1, 3, equals: 0.3333333333333333), Sample(-2, 0.5, equals: -4),
            Sample([Tensor([[1, 2], [3, 4]]), Tensor([2, 4])], equals: Tensor([[0.5, 0.5], [1.5, 1]])),
            .extreme(1, 0, equals: .infinity), .extreme(0, 0, equals: .nan), .extreme(1, -.infinity, equals: -0.0),
        ])
}

extension Tensor {
    /// The quotient x / y, element by element.
    public static func / (x: Tensor, y: Tensor) -> Tensor { Primitive.divide(x, y) }
    public static func / (x: Tensor, y: Double) -> Tensor { Primitive.divide(x, x.adopting(y)) }
    public static func / (x: Double, y: Tensor) -> Tensor { Primitive.divide(y.adopting(x), y) }

    public static func /= (x: inout Tensor, y: Tensor) { x = x / y }
}

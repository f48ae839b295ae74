import CKernels

extension Primitive {
    /// z = x − y, ∂z/∂x = 1, ∂z/∂y = −1.
    public static let subtract: Primitive = elementwise(
        "subtract", CK_SUBTRACT,
        pullbacks: .traced { adjoint, _ in adjoint }, .traced { adjoint, _ in -adjoint },
        samples: [
            Sample(2, 3, equals: -1), Sample(0.3, 0.1, equals: 0.19999999999999998),
            Sample([Tensor([[1, 2], [3, 4]]), Tensor([[10], [20]])], equals: Tensor([[-9, -8], [-17, -16]])),
            .extreme(.infinity, .infinity, equals: .nan), .extreme(-0.0, 0, equals: -0.0),
        ])
}

extension Tensor {
    /// The difference x − y, element by element.
    public static func - (x: Tensor, y: Tensor) -> Tensor { Primitive.subtract(x, y) }
    public static func - (x: Tensor, y: Double) -> Tensor { Primitive.subtract(x, x.adopting(y)) }
    public static func - (x: Double, y: Tensor) -> Tensor { Primitive.subtract(y.adopting(x), y) }

    public static func -= (x: inout Tensor, y: Tensor) { x = x - y }
}

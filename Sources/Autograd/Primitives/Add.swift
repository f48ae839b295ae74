import CKernels

extension Primitive {
    /// z = x + y, ∂z/∂x = ∂z/∂y = 1.
    public static let add: Primitive = elementwise(
        "add", CK_ADD,
        pullbacks: .traced { adjoint, _ in adjoint }, .traced { adjoint, _ in adjoint },
        samples: [
            Sample(2, 3, equals: 5), Sample(0.1, 0.2, equals: 0.30000000000000004),
            Sample([Tensor([[1, 2], [3, 4]]), Tensor([10, 20])], equals: Tensor([[11, 22], [13, 24]])),
            .extreme(.infinity, 1, equals: .infinity), .extreme(.infinity, -.infinity, equals: .nan),
            .extreme(-0.0, -0.0, equals: -0.0),
        ])
}

extension Tensor {
    /// The sum x + y, element by element.
    public static func + (x: Tensor, y: Tensor) -> Tensor { Primitive.add(x, y) }
    public static func + (x: Tensor, y: Double) -> Tensor { Primitive.add(x, x.adopting(y)) }
    public static func + (x: Double, y: Tensor) -> Tensor { Primitive.add(y.adopting(x), y) }

    public static func += (x: inout Tensor, y: Tensor) { x = x + y }
}

import CKernels

extension Primitive {
    /// y = −x, dy/dx = −1.
    public static let negate: Primitive = elementwise(
        "negate", CK_NEGATE,
        pullbacks: .traced { adjoint, _ in -adjoint },
        samples: [
            Sample(2, equals: -2), Sample([Tensor([[1, -2], [3, -4]])], equals: Tensor([[-1, 2], [-3, 4]])),
            .extreme(0, equals: -0.0), .extreme(.infinity, equals: -.infinity),
        ])
}

extension Tensor {
    /// −x, element by element.
    public static prefix func - (x: Tensor) -> Tensor { Primitive.negate(x) }
}

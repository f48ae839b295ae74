import CKernels

extension Primitive {
    /// z = x · y, ∂z/∂x = y, ∂z/∂y = x.
    public static let multiply: Primitive = elementwise(
        "multiply", CK_MULTIPLY,
        pullbacks: .traced { adjoint, call in adjoint * call.operand(1) },
        .traced { adjoint, call in adjoint * call.operand(0) },
        samples: [
            Sample(2, -3, equals: -6), Sample(0.1, 3, equals: 0.30000000000000004), Sample(0, 5, equals: 0),
            Sample([Tensor([[1, 2], [3, 4]]), Tensor([10, 20])], equals: Tensor([[10, 40], [30, 80]])),
            .extreme(0, .infinity, equals: .nan), .extreme(1e200, 1e200, equals: .infinity),
            .extreme(-1e-200, 1e-200, equals: -0.0),
        ])
}

extension Tensor {
    /// The product x · y, element by element; the matrix product is ``matmul(_:_:)``.
    public static func * (x: Tensor, y: Tensor) -> Tensor { Primitive.multiply(x, y) }
    public static func * (x: Tensor, y: Double) -> Tensor { Primitive.multiply(x, x.adopting(y)) }
    public static func * (x: Double, y: Tensor) -> Tensor { Primitive.multiply(y.adopting(x), y) }

    public static func *= (x: inout Tensor, y: Tensor) { x = x * y }
}

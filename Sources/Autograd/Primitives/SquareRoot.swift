import CKernels

extension Primitive {
    /// y = √x, dy/dx = 1 / 2y.
    ///
    /// At 0 the derivative is infinite, as it is in the limit.
    public static let sqrt: Primitive = elementwise(
        "sqrt", CK_SQRT,
        pullbacks: .traced { adjoint, call in adjoint / (2 * call.result) },
        samples: [
            Sample(2, equals: 1.4142135623730951), Sample(0.25, equals: 0.5),
            Sample([Tensor([[0.5, 1], [2, 3]])]),
            .extreme(-1, equals: .nan), .extreme(-0.0, equals: -0.0),
            .kink(0, equals: 0, gradients: [.infinity]),
        ])
}

/// √x, element by element.
public func sqrt(_ x: Tensor) -> Tensor { Primitive.sqrt(x) }

import CKernels

extension Primitive {
    /// y = max(x, 0), dy/dx = 1 for x > 0, else 0.
    ///
    /// At 0 the derivative is taken as 0. A NaN, which is its own result, has the derivative 1.
    public static let relu: Primitive = elementwise(
        "relu", CK_RELU,
        pullbacks: .traced { adjoint, call in Autograd.select(call.result .<= 0, 0, adjoint) },
        samples: [
            Sample(2, equals: 2), Sample(-3, equals: 0),
            Sample([Tensor([[0.5, -1], [-2, 3]])], equals: Tensor([[0.5, 0], [0, 3]])),
            .extreme(-.infinity, equals: 0), .extreme(.nan, equals: .nan),
            .kink(0, equals: 0, gradients: [0]), .kink(.nan, equals: .nan, gradients: [1]),
        ])
}

/// The rectifier max(x, 0), element by element.
public func relu(_ x: Tensor) -> Tensor { Primitive.relu(x) }

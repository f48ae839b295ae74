import CKernels

extension Primitive {
    /// y = erf x = 2/√π ∫₀ˣ e^−t² dt, dy/dx = 2/√π e^−x².
    public static let erf: Primitive = elementwise(
        "erf", CK_ERF,
        pullbacks: .traced { adjoint, call in adjoint * (1.1283791670955126 * Autograd.exp(-square(call.operand(0)))) },
        samples: [
            Sample(0.5, equals: 0.5204998778130465), Sample(-2, equals: -0.9953222650189527), Sample(0, equals: 0),
            Sample(1e-300, equals: 1.1283791670955126e-300), Sample([Tensor([[0.5, 1], [-2, 3]])]),
            .extreme(30, equals: 1), .extreme(.infinity, equals: 1), .extreme(-.infinity, equals: -1),
        ])
}

/// The error function 2/√π ∫₀ˣ e^−t² dt, element by element. The distribution function of a standard normal variable is
/// (1 + erf(x / √2)) / 2.
public func erf(_ x: Tensor) -> Tensor { Primitive.erf(x) }

import CKernels

extension Primitive {
    /// y = tanh x, dy/dx = 1 − y².
    ///
    /// (1 − y)(1 + y) rather than 1 − y · y: for y near 1 the square would lose the digits that make the difference.
    public static let tanh: Primitive = elementwise(
        "tanh", CK_TANH,
        pullbacks: .traced { adjoint, call in
            let y = call.result
            return adjoint * ((1 - y) * (1 + y))
        },
        samples: [
            Sample(0.5, equals: 0.46211715726000974), Sample(-2, equals: -0.9640275800758169), Sample(0, equals: 0),
            Sample([Tensor([[0.5, 1], [-2, 3]])]),
            .extreme(800, equals: 1), .extreme(-.infinity, equals: -1), .extreme(-0.0, equals: -0.0),
        ])
}

/// The hyperbolic tangent, element by element.
public func tanh(_ x: Tensor) -> Tensor { Primitive.tanh(x) }

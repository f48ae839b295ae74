import CKernels

// The exponential function and its inverse.

extension Primitive {
    /// y = eˣ, dy/dx = y.
    public static let exp: Primitive = elementwise(
        "exp", CK_EXP,
        pullbacks: .traced { adjoint, call in adjoint * call.result },
        samples: [
            Sample(0.5, equals: 1.6487212707001282), Sample(-2, equals: 0.1353352832366127),
            Sample([Tensor([[0, 1], [-1, 2]])]),
            .extreme(-.infinity, equals: 0), .extreme(710, equals: .infinity), .extreme(-800, equals: 0),
        ])

    /// y = ln x, dy/dx = 1 / x.
    public static let log: Primitive = elementwise(
        "log", CK_LOG,
        pullbacks: .traced { adjoint, call in adjoint / call.operand(0) },
        samples: [
            Sample(2, equals: 0.6931471805599453), Sample(0.1, equals: -2.3025850929940455),
            Sample([Tensor([[0.5, 1], [2, 3]])]),
            .extreme(0, equals: -.infinity), .extreme(-1, equals: .nan), .extreme(.infinity, equals: .infinity),
        ])
}

/// eˣ, element by element.
public func exp(_ x: Tensor) -> Tensor { Primitive.exp(x) }

/// The natural logarithm ln x, element by element.
public func log(_ x: Tensor) -> Tensor { Primitive.log(x) }

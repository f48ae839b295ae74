import CKernels

extension Primitive {
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

/// The natural logarithm ln x, element by element.
public func log(_ x: Tensor) -> Tensor { Primitive.log(x) }

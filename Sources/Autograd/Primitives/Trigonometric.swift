import CKernels

// Functions of an angle in radians.

extension Primitive {
    /// y = sin x, dy/dx = cos x.
    public static let sin: Primitive = elementwise(
        "sin", CK_SIN,
        pullbacks: .traced { adjoint, call in adjoint * cos(call.operand(0)) },
        samples: [
            Sample(1, equals: 0.8414709848078965), Sample(-2.5, equals: -0.5984721441039565), Sample(0, equals: 0),
            Sample([Tensor([[0.5, 1], [-2, 3]])]),
            .extreme(.infinity, equals: .nan), .extreme(-0.0, equals: -0.0),
        ])

    /// y = cos x, dy/dx = −sin x.
    public static let cos: Primitive = elementwise(
        "cos", CK_COS,
        pullbacks: .traced { adjoint, call in -(adjoint * sin(call.operand(0))) },
        samples: [
            Sample(1, equals: 0.5403023058681398), Sample(-2.5, equals: -0.8011436155469337), Sample(0, equals: 1),
            Sample([Tensor([[0.5, 1], [-2, 3]])]),
            .extreme(.infinity, equals: .nan),
        ])
}

/// sin x, of radians, element by element.
public func sin(_ x: Tensor) -> Tensor { Primitive.sin(x) }

/// cos x, of radians, element by element.
public func cos(_ x: Tensor) -> Tensor { Primitive.cos(x) }

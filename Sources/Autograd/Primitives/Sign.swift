import CKernels

extension Primitive {
    /// y = −1, 0 or 1 as x is negative, zero or positive; dy/dx = 0, at the jump too.
    public static let sign: Primitive = elementwise(
        "sign", CK_SIGN,
        pullbacks: .zero,
        samples: [
            Sample(2, equals: 1), Sample(-3, equals: -1), Sample([Tensor([[0.5, -1], [-2, 3]])]),
            .extreme(-.infinity, equals: -1), .extreme(.nan, equals: .nan), .kink(0, equals: 0, gradients: [0]),
        ])
}

/// −1, 0 or 1 as x is negative, zero or positive, element by element.
public func sign(_ x: Tensor) -> Tensor { Primitive.sign(x) }

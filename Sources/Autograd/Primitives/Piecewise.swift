import CKernels

// Functions made of straight pieces, with kinks between them.

extension Primitive {
    /// y = |x|, dy/dx = sign x.
    ///
    /// At 0 the derivative is taken as 0, the middle of its two sides.
    public static let abs: Primitive = elementwise(
        "abs", CK_ABSOLUTE,
        pullbacks: .traced { adjoint, call in adjoint * sign(call.operand(0)) },
        samples: [
            Sample(2, equals: 2), Sample(-3, equals: 3),
            Sample([Tensor([[0.5, -1], [-2, 3]])], equals: Tensor([[0.5, 1], [2, 3]])),
            .extreme(-0.0, equals: 0), .extreme(-.infinity, equals: .infinity),
            .kink(0, equals: 0, gradients: [0]),
        ])

    /// y = −1, 0 or 1 as x is negative, zero or positive; dy/dx = 0, at the jump too.
    ///
    /// A NaN is its own result, and its derivative is 0 as well: no path leads through this function, wherever x lies.
    public static let sign: Primitive = elementwise(
        "sign", CK_SIGN,
        pullbacks: .zero,
        samples: [
            Sample(2, equals: 1), Sample(-3, equals: -1), Sample([Tensor([[0.5, -1], [-2, 3]])]),
            .extreme(-.infinity, equals: -1), .extreme(.nan, equals: .nan), .kink(0, equals: 0, gradients: [0]),
        ])

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

    /// z = the larger of x and y; the derivative of that one is 1, of the other 0, and ½ each where they are equal.
    ///
    /// A NaN on either side makes the result NaN. As neither is less than the other, each has the derivative ½ then too.
    public static let maximum: Primitive = elementwise(
        "maximum", CK_MAXIMUM,
        pullbacks: .traced { adjoint, call in share(adjoint, call.operand(0), .<, call.operand(1)) },
        .traced { adjoint, call in share(adjoint, call.operand(1), .<, call.operand(0)) },
        samples: [
            Sample(2, 3, equals: 3), Sample(-1, -4, equals: -1),
            Sample([Tensor([[1, 5], [3, 4]]), Tensor([2, 4.5])], equals: Tensor([[2, 5], [3, 4.5]])),
            .extreme(-0.0, 0, equals: 0), .extreme(.nan, 1, equals: .nan), .extreme(1, .nan, equals: .nan),
            .kink(2, 2, equals: 2, gradients: [0.5, 0.5]), .kink(.nan, 1, equals: .nan, gradients: [0.5, 0.5]),
            .kink(1, .nan, equals: .nan, gradients: [0.5, 0.5]),
        ])

    /// The adjoint of an operand x beside another, y: nothing where x loses, all of it where y does, else half.
    static func share(_ adjoint: Tensor, _ x: Tensor, _ loses: (Tensor, Tensor) -> Tensor, _ y: Tensor) -> Tensor {
        Autograd.select(loses(x, y), 0, Autograd.select(loses(y, x), adjoint, 0.5 * adjoint))
    }

    /// z = the smaller of x and y; the derivative of that one is 1, of the other 0, and ½ each where they are equal.
    ///
    /// A NaN on either side makes the result NaN. As neither is less than the other, each has the derivative ½ then too.
    public static let minimum: Primitive = elementwise(
        "minimum", CK_MINIMUM,
        pullbacks: .traced { adjoint, call in share(adjoint, call.operand(0), .>, call.operand(1)) },
        .traced { adjoint, call in share(adjoint, call.operand(1), .>, call.operand(0)) },
        samples: [
            Sample(2, 3, equals: 2), Sample(-1, -4, equals: -4),
            Sample([Tensor([[1, 5], [3, 4]]), Tensor([2, 4.5])], equals: Tensor([[1, 4.5], [2, 4]])),
            .extreme(-0.0, 0, equals: -0.0), .extreme(.nan, 1, equals: .nan), .extreme(1, .nan, equals: .nan),
            .kink(2, 2, equals: 2, gradients: [0.5, 0.5]), .kink(.nan, 1, equals: .nan, gradients: [0.5, 0.5]),
            .kink(1, .nan, equals: .nan, gradients: [0.5, 0.5]),
        ])
}

/// The absolute value |x|, element by element.
public func abs(_ x: Tensor) -> Tensor { Primitive.abs(x) }

/// −1, 0 or 1 as x is negative, zero or positive, element by element.
public func sign(_ x: Tensor) -> Tensor { Primitive.sign(x) }

/// The rectifier max(x, 0), element by element.
public func relu(_ x: Tensor) -> Tensor { Primitive.relu(x) }

/// The larger of x and y, element by element.
public func max(_ x: Tensor, _ y: Tensor) -> Tensor { Primitive.maximum(x, y) }
/// The larger of x and y, element by element.
public func max(_ x: Tensor, _ y: Double) -> Tensor { Primitive.maximum(x, x.adopting(y)) }
/// The larger of x and y, element by element.
public func max(_ x: Double, _ y: Tensor) -> Tensor { Primitive.maximum(y.adopting(x), y) }

/// The smaller of x and y, element by element.
public func min(_ x: Tensor, _ y: Tensor) -> Tensor { Primitive.minimum(x, y) }
/// The smaller of x and y, element by element.
public func min(_ x: Tensor, _ y: Double) -> Tensor { Primitive.minimum(x, x.adopting(y)) }
/// The smaller of x and y, element by element.
public func min(_ x: Double, _ y: Tensor) -> Tensor { Primitive.minimum(y.adopting(x), y) }

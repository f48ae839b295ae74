import CKernels

extension Primitive {
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
}

/// The larger of x and y, element by element.
public func max(_ x: Tensor, _ y: Tensor) -> Tensor { Primitive.maximum(x, y) }
/// The larger of x and y, element by element.
public func max(_ x: Tensor, _ y: Double) -> Tensor { Primitive.maximum(x, x.adopting(y)) }
/// The larger of x and y, element by element.
public func max(_ x: Double, _ y: Tensor) -> Tensor { Primitive.maximum(y.adopting(x), y) }

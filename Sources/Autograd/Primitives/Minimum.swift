import CKernels

extension Primitive {
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

/// The smaller of x and y, element by element.
public func min(_ x: Tensor, _ y: Tensor) -> Tensor { Primitive.minimum(x, y) }
/// The smaller of x and y, element by element.
public func min(_ x: Tensor, _ y: Double) -> Tensor { Primitive.minimum(x, x.adopting(y)) }
/// The smaller of x and y, element by element.
public func min(_ x: Double, _ y: Tensor) -> Tensor { Primitive.minimum(y.adopting(x), y) }

import CKernels

extension Primitive {
    /// z = the larger of x and y; the derivative of that one is 1, of the other 0, and ½ each where they are equal.
    ///
    /// A NaN on either side makes the result NaN.
    public static let maximum: Primitive = elementwise(
        "maximum", CK_MAXIMUM,
        pullbacks: .traced { adjoint, call in share(adjoint, call.operand(0) .> call.operand(1), call) },
        .traced { adjoint, call in share(adjoint, call.operand(1) .> call.operand(0), call) },
        samples: [
            Sample(2, 3, equals: 3), Sample(-1, -4, equals: -1),
            Sample([Tensor([[1, 5], [3, 4]]), Tensor([2, 4.5])], equals: Tensor([[2, 5], [3, 4.5]])),
            .extreme(-0.0, 0, equals: 0), .extreme(.nan, 1, equals: .nan), .extreme(1, .nan, equals: .nan),
            .kink(2, 2, equals: 2, gradients: [0.5, 0.5]),
        ])

    /// The adjoint of an operand that wins where `wins` is true, and shares where the operands are equal.
    static func share(_ adjoint: Tensor, _ wins: Tensor, _ call: Call) -> Tensor {
        Autograd.select(wins, adjoint, Autograd.select(call.operand(0) .== call.operand(1), 0.5 * adjoint, 0))
    }
}

/// The larger of x and y, element by element.
public func max(_ x: Tensor, _ y: Tensor) -> Tensor { Primitive.maximum(x, y) }
/// The larger of x and y, element by element.
public func max(_ x: Tensor, _ y: Double) -> Tensor { Primitive.maximum(x, x.adopting(y)) }
/// The larger of x and y, element by element.
public func max(_ x: Double, _ y: Tensor) -> Tensor { Primitive.maximum(y.adopting(x), y) }

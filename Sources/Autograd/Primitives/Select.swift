import CKernels

extension Primitive {
    /// z = x where the condition is true, else y; the adjoint goes the same way.
    ///
    /// The adjoint of the side that is not taken is exactly 0, but what follows upstream may still multiply that 0 by an
    /// infinity or a NaN. Where a side has none at such a place, give it a harmless operand first, also by `select`.
    public static let select: Primitive = elementwise(
        "select", CK_SELECT, signature: .selection,
        pullbacks: .zero,
        .traced { adjoint, call in Autograd.select(call.operand(0), adjoint, 0) },
        .traced { adjoint, call in Autograd.select(call.operand(0), 0, adjoint) },
        samples: [
            Sample([Tensor(true), Tensor(2), Tensor(3)], equals: Tensor(2)),
            Sample(
                [Tensor([true, false]), Tensor([[1, 2], [3, 4]]), Tensor([10, 20])],
                equals: Tensor([[1, 20], [3, 20]])),
            .extreme([Tensor([true, false]), Tensor([1, .nan]), Tensor([.nan, 2])], equals: Tensor([1, 2])),
        ])
}

/// x where the condition is true, else y, element by element.
public func select(_ condition: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor { Primitive.select(condition, x, y) }
/// x where the condition is true, else y, element by element.
public func select(_ condition: Tensor, _ x: Tensor, _ y: Double) -> Tensor {
    Primitive.select(condition, x, x.adopting(y))
}
/// x where the condition is true, else y, element by element.
public func select(_ condition: Tensor, _ x: Double, _ y: Tensor) -> Tensor {
    Primitive.select(condition, y.adopting(x), y)
}

import CKernels

// What programs make of a product and the sum that alone uses it. Both round, as they do one after the other.

extension Primitive {
    /// a · b + c.
    static let multiplyAdd: Primitive = elementwise(
        "multiplyAdd", CK_MULTIPLY_ADD,
        pullbacks: .traced { adjoint, call in adjoint * call.operand(1) },
        .traced { adjoint, call in adjoint * call.operand(0) }, .traced { adjoint, _ in adjoint },
        samples: [
            Sample([Tensor(2), Tensor(3), Tensor(4)], equals: Tensor(10)),
            Sample([Tensor(2), Tensor([1, -3]), Tensor([[4, 0.5]])], equals: Tensor([[6, -5.5]])),
            Sample([Tensor([0.5, 2]), Tensor([10, 3]), Tensor(-1)], equals: Tensor([4, 5])),
        ])

    /// c − a · b.
    static let subtractMultiply: Primitive = elementwise(
        "subtractMultiply", CK_SUBTRACT_MULTIPLY,
        pullbacks: .traced { adjoint, call in -adjoint * call.operand(1) },
        .traced { adjoint, call in -adjoint * call.operand(0) }, .traced { adjoint, _ in adjoint },
        samples: [
            Sample([Tensor(2), Tensor(3), Tensor(4)], equals: Tensor(-2)),
            Sample([Tensor(2), Tensor([1, -3]), Tensor([[4, 0.5]])], equals: Tensor([[2, 6.5]])),
            Sample([Tensor([0.5, 2]), Tensor([10, 3]), Tensor(1)], equals: Tensor([-4, -5])),
        ])
}

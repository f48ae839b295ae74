import CKernels

extension Primitive {
    /// The same numbers as elements of another type; the adjoint is cast back.
    ///
    /// A gradient passes from one float type to the other; indices and conditions carry none.
    public static let cast: Primitive = Primitive(
        "cast", operands: 1,
        result: { operands, attributes throws(Refusal) in Result(operands[0].shape, attributes.elementType("to")) },
        implementation: .kernel(.copying),
        elements: { numbers, operands, call in
            let type = call.result.elementType
            return operands[0].map {
                type == .bool ? numbers.compute(CK_SCALAR_NONZERO, $0) : numbers.rounded($0, to: type)
            }
        },
        pullbacks: [.using([]) { adjoint, call in adjoint.cast(to: call.elementType(ofOperand: 0)) }],
        samples: [
            Sample(
                [Tensor([[1, -2.5], [3, 4]])], attributes: .casting(to: .float64),
                equals: Tensor([[1, -2.5], [3, 4]])),
            .extreme(
                [Tensor([0.1, 2])], attributes: .casting(to: .float32), equals: Tensor([0.1, 2], elementType: .float32)),
            .extreme(
                [Tensor([-1.7, 2.5, .nan])], attributes: .casting(to: .int64), equals: Tensor(indices: [-1, 2, 0])),
            .extreme([Tensor([0, -0.0, 2])], attributes: .casting(to: .bool), equals: Tensor([false, false, true])),
            .extreme([Tensor([true, false])], attributes: .casting(to: .float64), equals: Tensor([1, 0])),
        ])
}

extension Tensor {
    /// The same numbers as elements of another type.
    ///
    /// A float becomes an integer by leaving off its fraction (NaN becomes 0, what is too large the largest integer), and a
    /// condition by comparing it with 0.
    public func cast(to elementType: ElementType) -> Tensor {
        elementType == self.elementType ? self : Primitive.cast(self, attributes: .casting(to: elementType))
    }
}

extension Primitive.Attributes {
    static func casting(to elementType: Tensor.ElementType) -> Self { ["to": .elementType(elementType)] }
}

extension Primitive {
    /// The same elements, in row-major order, in another shape. Packed elements are not copied.
    public static let reshape: Primitive = Primitive(
        "reshape", operands: 1,
        result: { operands, attributes throws(Refusal) in
            let shape = attributes.resultShape
            guard shape.elementCount == operands[0].shape.elementCount else {
                throw Refusal("\(operands[0].shape.elementCount) elements do not fill \(shape)")
            }
            return Result(shape, operands[0].elementType)
        },
        implementation: .view { shape, strides, result, _ in
            // Of one element or none the strides do not matter.
            let isPacked = shape.elementCount <= 1 || strides.single(over: shape.indices, of: shape) == 1
            return isPacked ? (result.packedStrides, 0) : nil
        },
        pullbacks: [.using([]) { adjoint, call in adjoint.reshaped(to: call.shape(ofOperand: 0)) }],
        samples: [
            Sample(
                [Tensor([[1, 2, 3], [4, 5, 6]])], attributes: ["shape": [3, 2]],
                equals: Tensor([[1, 2], [3, 4], [5, 6]])),
            Sample([Tensor([[3]])], attributes: ["shape": []], equals: Tensor(3)),
            Sample(
                [Tensor([[1, 2, 3], [4, 5, 6]]).transposed()], attributes: ["shape": [6]],
                equals: Tensor([1, 4, 2, 5, 3, 6])),
        ],
        refusals: [
            RefusedInput([Tensor([1, 2, 3])], attributes: ["shape": [2, 2]], because: "3 elements do not fill [2, 2]")
        ])
}

extension Tensor {
    /// The same elements in another shape, which must hold as many.
    public func reshaped(to shape: Shape) -> Tensor {
        self.shape == shape ? self : Primitive.reshape(self, attributes: .shape(shape))
    }

    /// The same elements in another shape, which must hold as many. One length may be −1: it becomes what the others leave.
    ///
    ///     x.reshaped(to: [2, -1])       // two rows, each of half the elements
    public func reshaped(to lengths: [Int]) -> Tensor {
        guard !isFailed, let open = lengths.firstIndex(of: -1) else { return reshaped(to: Shape(lengths)) }
        var lengths = lengths
        lengths[open] = 1
        if lengths.contains(-1) { return TensorError("reshape", "of two lengths −1 none can be worked out").raise() }
        lengths[open] = elementCount / Swift.max(Shape(lengths).elementCount, 1)
        return reshaped(to: Shape(lengths))
    }
}

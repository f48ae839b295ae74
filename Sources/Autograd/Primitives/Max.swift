import CKernels

extension Primitive {
    /// The largest element over some axes; the adjoint goes to the elements that are not less, in equal parts.
    ///
    /// So at a tie of n elements each has the derivative 1/n: the mean of the derivatives to its sides, as `maximum` has it.
    /// A NaN makes the result NaN. No element is less than that, so that all share the adjoint: were it lost, a result that is
    /// NaN would have a gradient of zeros. −0 is less than +0. There is no largest of no elements.
    public static let max: Primitive = Primitive(
        "max", operands: 1,
        result: { operands, attributes throws(Refusal) in
            let result = try reducedResult(operands, attributes)
            let shape = operands[0].shape
            guard attributes.integers("axes").allSatisfy({ shape[$0] > 0 }) else {
                throw Refusal(
                    "there is no largest of no elements", advice: "Test for an empty tensor first, with `elementCount`."
                )
            }
            return result
        },
        implementation: .kernel(.reducing(by: CK_MAX)),
        // In any order the same.
        elements: ScalarGraph.reducing { numbers, elements, _ in
            elements.dropFirst().reduce(elements[0]) { numbers.compute(CK_MAXIMUM, $0, $1) }
        },
        pullbacks: [
            .using([.operand(0), .result]) { adjoint, call in
                let (x, axes) = (call.operand(0), call.attributes.integers("axes"))
                let kept = x.shape.reduced(along: axes, keepDimensions: true)
                let isLess = x .< call.result.reshaped(to: kept)
                let one = Tensor(1, elementType: x.elementType)
                let count = Autograd.sum(Autograd.select(isLess, 0, one), along: axes, keepDimensions: true)
                return Autograd.select(isLess, 0, adjoint.reshaped(to: kept) / count)
            }
        ],
        samples: {
            let x = Tensor([[1, 5, -3], [4, 2, 6]])
            return [
                Sample([x], attributes: .reducing([0, 1]), equals: Tensor(6)),
                Sample([x], attributes: .reducing([0]), equals: Tensor([4, 5, 6])),
                Sample([x], attributes: .reducing([1], keepDimensions: true), equals: Tensor([[5], [6]])),
                Sample([x], attributes: .reducing([]), equals: x),
                Sample(
                    [Tensor([0, 7, 2, 5, 6, 1, 4, 3], shape: [2, 2, 2])], attributes: .reducing([0, 2]),
                    equals: Tensor([7, 5])),
                .extreme([Tensor([1, .nan, 2])], attributes: .reducing([0]), equals: Tensor(.nan)),
                .extreme(
                    [Tensor([[-.infinity, -.infinity], [.infinity, 1], [-0.0, 0]])], attributes: .reducing([1]),
                    equals: Tensor([-.infinity, .infinity, 0])),
                .extreme(
                    [Tensor(repeating: 0, shape: [0, 2])], attributes: .reducing([1]),
                    equals: Tensor(repeating: 0, shape: [0])),
                .kink(
                    [Tensor([[2, 1, 2, 2, 2], [3, 3, 0, 0, 0]])], attributes: .reducing([1]), equals: Tensor([2, 3]),
                    gradients: [Tensor([[0.25, 0, 0.25, 0.25, 0.25], [0.5, 0.5, 0, 0, 0]])]),
            ]
        }(),
        refusals: [
            RefusedInput([Tensor([1, 2])], attributes: .reducing([1]), because: "[1] does not name axes"),
            RefusedInput([Tensor([true])], attributes: .reducing([0]), because: "not bool"),
            RefusedInput(
                [Tensor(repeating: 0, shape: [2, 0])], attributes: .reducing([1]),
                because: "no largest of no elements"),
        ])
}

import CKernels

extension Primitive {
    /// The sum over some axes; the adjoint is broadcast back over them.
    ///
    /// The order of addition is fixed, whatever the layout: eight interleaved partial sums in chunks (see `ck_reduce`). float32
    /// is added up in double precision, so that long sums lose no digits.
    public static let sum: Primitive = Primitive(
        "sum", operands: 1,
        result: reducedResult,
        implementation: .kernel(.reducing(by: CK_SUM)),
        elements: ScalarGraph.reducing { numbers, elements, type in
            // As `ck_reduce` adds a chunk: eight partial sums, then these in pairs. A missing one is −0, which adds nothing.
            func added(_ x: Int?, _ y: Int?) -> Int? {
                guard let x, let y else { return x ?? y }
                return numbers.compute(CK_ADD, x, y)
            }
            var partial = [Int?](repeating: nil, count: 8)
            for (position, element) in elements.enumerated() {
                partial[position % 8] = added(partial[position % 8], element)
            }
            let quarters = (0..<4).map { added(partial[$0], partial[$0 + 4]) }
            let total = added(added(quarters[0], quarters[2]), added(quarters[1], quarters[3]))
            return numbers.rounded(total ?? numbers.constant(0), to: type)
        },
        pullbacks: [
            .using([]) { adjoint, call in
                let shape = call.shape(ofOperand: 0)
                // A single number is broadcast as it is.
                if adjoint.rank == 0 { return adjoint.broadcast(to: shape) }
                let kept = shape.reduced(along: call.attributes.integers("axes"), keepDimensions: true)
                return adjoint.reshaped(to: kept).broadcast(to: shape)
            }
        ],
        samples: {
            let x = Tensor([[1, 2, 3], [4, 5, 6]])
            return [
                Sample([x], attributes: .reducing([0, 1]), equals: Tensor(21)),
                Sample([x], attributes: .reducing([0]), equals: Tensor([5, 7, 9])),
                Sample([x], attributes: .reducing([1], keepDimensions: true), equals: Tensor([[6], [15]])),
                Sample([x], attributes: .reducing([]), equals: x),
                Sample(
                    [Tensor((0..<8).map(Double.init), shape: [2, 2, 2])], attributes: .reducing([0, 2]),
                    equals: Tensor([10, 18])),
                .extreme([Tensor(repeating: 0, shape: [0, 2])], attributes: .reducing([0]), equals: Tensor([0, 0])),
            ]
        }(),
        refusals: [
            RefusedInput([Tensor([1, 2])], attributes: .reducing([1]), because: "[1] does not name axes"),
            RefusedInput([Tensor([true])], attributes: .reducing([0]), because: "not bool"),
        ])
}

extension Primitive {
    /// The operand seen in a larger shape: axes of length 1, and new ones in front, repeat by strides of 0. Nothing is
    /// copied. The adjoint is summed over the axes that repeat.
    public static let broadcast: Primitive = Primitive(
        "broadcast", operands: 1,
        result: { operands, attributes throws(Refusal) in
            let (shape, wanted) = (operands[0].shape, attributes.resultShape)
            guard shape.rank <= wanted.rank, Tensor.Shape.broadcast(shape, wanted) == wanted else {
                throw Refusal(
                    "\(shape) cannot be broadcast to \(wanted): aligned at the last axis, lengths must be equal or 1")
            }
            return Result(wanted, operands[0].elementType)
        },
        implementation: .view { shape, strides, result, _ in (strides.repeated(shape, in: result), 0) },
        pullbacks: [
            .using([]) { adjoint, call in
                let shape = call.shape(ofOperand: 0)
                let new = call.shape.rank - shape.rank
                let repeated = shape.indices.filter { shape[$0] == 1 && call.shape[new + $0] != 1 }.map { new + $0 }
                return Autograd.sum(adjoint, along: Array(0..<new) + repeated).reshaped(to: shape)
            }
        ],
        samples: [
            Sample([Tensor([1, 2])], attributes: ["shape": [2, 2]], equals: Tensor([[1, 2], [1, 2]])),
            Sample([Tensor([[1], [2]])], attributes: ["shape": [2, 2]], equals: Tensor([[1, 1], [2, 2]])),
            Sample([Tensor(3)], attributes: ["shape": [2]], equals: Tensor([3, 3])),
            .extreme([Tensor([1])], attributes: ["shape": [0]], equals: Tensor([Double]())),
        ],
        refusals: [
            RefusedInput([Tensor([1, 2])], attributes: ["shape": [3]], because: "[2] cannot be broadcast to [3]"),
            RefusedInput([Tensor([[1, 2]])], attributes: ["shape": [2]], because: "[1, 2] cannot be broadcast to [2]"),
        ])
}

extension Tensor {
    /// The same elements seen in a larger shape by NumPy's rule: axes of length 1 repeat, and new axes may come in front.
    public func broadcast(to shape: Shape) -> Tensor {
        self.shape == shape ? self : Primitive.broadcast(self, attributes: .shape(shape))
    }
}

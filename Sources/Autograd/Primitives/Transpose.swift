extension Primitive {
    /// The axes in another order: axis k of the result is axis `axes[k]` of the operand. Nothing is copied. The adjoint's
    /// axes go back.
    public static let transpose: Primitive = Primitive(
        "transpose", operands: 1,
        result: { operands, attributes throws(Refusal) in
            let (shape, axes) = (operands[0].shape, attributes.integers("axes"))
            guard axes.count == shape.rank, shape.indices.allSatisfy(axes.contains) else {
                throw Refusal("\(axes) does not name each axis once of the \(shape.rank) there are")
            }
            var permuted = shape
            for (axis, source) in axes.enumerated() { permuted[axis] = shape[source] }
            return Result(permuted, operands[0].elementType)
        },
        implementation: .view { shape, strides, result, attributes in
            var permuted = strides
            for (axis, source) in attributes.integers("axes").enumerated() { permuted[axis] = strides[source] }
            return (permuted, 0)
        },
        pullbacks: [
            .using([]) { adjoint, call in
                let axes = call.attributes.integers("axes")
                return adjoint.transposed(axes: axes.indices.map { axes.firstIndex(of: $0)! })
            }
        ],
        samples: [
            Sample(
                [Tensor([[1, 2, 3], [4, 5, 6]])], attributes: ["axes": [1, 0]],
                equals: Tensor([[1, 4], [2, 5], [3, 6]])),
            Sample(
                [Tensor((0..<6).map(Double.init), shape: [1, 2, 3])], attributes: ["axes": [2, 0, 1]],
                equals: Tensor([0, 3, 1, 4, 2, 5], shape: [3, 1, 2])),
        ],
        refusals: [
            RefusedInput([Tensor([[1, 2]])], attributes: ["axes": [0, 0]], because: "each axis once"),
            RefusedInput([Tensor([1, 2])], attributes: ["axes": [0, 1]], because: "each axis once"),
        ])
}

extension Tensor {
    /// The axes in another order: axis k of the result is axis `axes[k]` of this tensor.
    public func transposed(axes: [Int]) -> Tensor { Primitive.transpose(self, attributes: ["axes": .integers(axes)]) }

    /// The last two axes exchanged: for a matrix, its transpose. Fewer than two axes are an error.
    public func transposed() -> Tensor {
        let rank = rank
        if isFailed { return self }
        guard rank >= 2 else {
            return TensorError(
                "transpose", "a tensor of rank \(rank) has no two axes to exchange", of: [self],
                advice: "Make a row or a column of it first, with `reshaped(to:)`."
            ).raise()
        }
        return Primitive.transpose(self, attributes: exchangingLastTwo[rank])
    }
}

/// The attributes of the transposition that exchanges the last two axes, by rank.
let exchangingLastTwo: [Primitive.Attributes] = (0...Tensor.Shape.maximumRank).map { rank in
    var axes = Array(0..<rank)
    if rank >= 2 { axes.swapAt(rank - 2, rank - 1) }
    return ["axes": .integers(axes)]
}

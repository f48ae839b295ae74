import CKernels

extension Primitive {
    /// The sum over some axes; the adjoint is broadcast back over them.
    ///
    /// The order of addition is fixed, whatever the layout: eight interleaved partial sums (see `ck_sum`). float32 is added
    /// up in double precision, so that long sums lose no digits.
    public static let sum: Primitive = Primitive(
        "sum", operands: 1,
        result: { operands, attributes throws(Refusal) in
            let (shape, axes) = (operands[0].shape, attributes.integers("axes"))
            guard operands[0].elementType.isFloat else {
                throw Refusal(
                    "takes real numbers, not \(operands[0].elementType.abbreviation)",
                    advice: "Convert the operand with `cast(to: .float64)`.")
            }
            guard axes.allSatisfy(shape.indices.contains), zip(axes, axes.dropFirst()).allSatisfy(<) else {
                throw Refusal("\(axes) does not name axes of \(shape), in order and each at most once")
            }
            return Result(
                shape.reduced(along: axes, keepDimensions: attributes.flag("keepDimensions")), operands[0].elementType)
        },
        kernel: { operands, result, attributes in
            operands[0].sum(along: attributes.integers("axes"), into: result.elements)
        },
        pullbacks: [
            .using([]) { adjoint, call in
                let shape = call.shape(ofOperand: 0)
                // A single number is broadcast as it is.
                if adjoint.rank == 0 { return Autograd.broadcast(adjoint, to: shape) }
                let kept = shape.reduced(along: call.attributes.integers("axes"), keepDimensions: true)
                return Autograd.broadcast(adjoint.reshaped(to: kept), to: shape)
            }
        ],
        samples: {
            let x = Tensor([[1, 2, 3], [4, 5, 6]])
            return [
                Sample([x], attributes: ["axes": [0, 1], "keepDimensions": false], equals: Tensor(21)),
                Sample([x], attributes: ["axes": [0], "keepDimensions": false], equals: Tensor([5, 7, 9])),
                Sample([x], attributes: ["axes": [1], "keepDimensions": true], equals: Tensor([[6], [15]])),
                Sample([x], attributes: ["axes": [], "keepDimensions": false], equals: x),
                Sample(
                    [Tensor((0..<8).map(Double.init), shape: [2, 2, 2])],
                    attributes: ["axes": [0, 2], "keepDimensions": false], equals: Tensor([10, 18])),
                .extreme(
                    [Tensor.zeros([0, 2])], attributes: ["axes": [0], "keepDimensions": false], equals: Tensor([0, 0])),
            ]
        },
        refusals: {
            [
                RefusedInput(
                    [Tensor([1, 2])], attributes: ["axes": [1], "keepDimensions": false],
                    because: "[1] does not name axes"),
                RefusedInput(
                    [Tensor([true])], attributes: ["axes": [0], "keepDimensions": false], because: "not bool"),
            ]
        })
}

extension Tensor.Shape {
    /// The shape that is left when some axes are reduced to one element.
    func reduced(along axes: [Int], keepDimensions: Bool) -> Tensor.Shape {
        var shape = Tensor.Shape()
        for axis in indices {
            if !axes.contains(axis) {
                shape.append(self[axis])
            } else if keepDimensions {
                shape.append(1)
            }
        }
        return shape
    }
}

extension Primitive.ArrayView {
    /// Writes the sums over some axes, packed, from `result` on.
    fileprivate func sum(along axes: [Int], into result: UnsafeMutableRawPointer) {
        let count = axes.reduce(1) { $0 * shape[$1] }
        if axes.count == shape.rank, let stride = runStride(axes) {
            return ck_sum(ck_type(elementType), 1, 0, count, stride, elements, result)
        }
        let kept = shape.indices.filter { !axes.contains($0) }
        guard let stride = runStride(axes) else {
            // The reduced axes cannot be crossed with one stride: copy the elements so that they can.
            return permuted(kept + axes).withPackedCopy { copy in
                copy.sum(along: Array(kept.count..<shape.rank), into: result)
            }
        }
        // The outputs along the innermost kept axis in one call, the others one after the other.
        let inner = kept.last
        let outputs = inner.map { shape[$0] } ?? 1
        let outputStride = inner.map { strides[$0] } ?? 0
        var target = result
        forEachStart(kept.dropLast()) { start in
            ck_sum(ck_type(elementType), outputs, outputStride, count, stride, start, target)
            target += outputs * elementType.size
        }
    }

    /// The one stride that crosses all elements of these axes in order, or nil if there is none.
    private func runStride(_ axes: [Int]) -> Int? {
        var stride = 0
        var length = 1
        for axis in axes.reversed() where shape[axis] != 1 {
            if length == 1 {
                stride = strides[axis]
            } else if strides[axis] != stride * length {
                return nil
            }
            length *= shape[axis]
        }
        return stride
    }

    private func permuted(_ axes: [Int]) -> Self {
        Self(
            elements: elements, shape: Tensor.Shape(axes.map { shape[$0] }),
            strides: Tensor.Shape(axes.map { strides[$0] }),
            elementType: elementType)
    }
}

extension Primitive {
    /// A part of a tensor: along each axis `counts` elements from `starts` on, `steps` apart. Nothing is copied. The adjoint
    /// is padded with zeros.
    public static let slice: Primitive = Primitive(
        "slice", operandCount: 1,
        implementation: .view { shape, strides, result, attributes in
            let (starts, steps) = (attributes.integers("starts"), attributes.integers("steps"))
            var (stepped, offset) = (strides, 0)
            for axis in shape.indices {
                // Of a single element the stride does not matter, and the step may be any number.
                stepped[axis] = result[axis] > 1 ? strides[axis] * steps[axis] : 0
                offset += strides[axis] * starts[axis]
            }
            return (stepped, result.elementCount == 0 ? 0 : offset)
        },
        pullbacks: [
            .using([]) { adjoint, call in
                Primitive.pad(
                    adjoint,
                    attributes: [
                        "starts": call.attributes["starts"], "steps": call.attributes["steps"],
                        "shape": .integers(Array(call.shape(ofOperand: 0))),
                    ])
            }
        ],
        samples: {
            let x = Tensor([[1, 2, 3], [4, 5, 6]])
            return [
                Sample(
                    [x], attributes: .slicing([0, 1], counts: [2, 2], steps: [1, 1]),
                    equals: Tensor([[2, 3], [5, 6]])),
                Sample([x], attributes: .slicing([1, 0], counts: [1, 2], steps: [1, 2]), equals: Tensor([[4, 6]])),
            ]
        },
        refusals: {
            [
                RefusedInput(
                    [Tensor([1, 2])], attributes: .slicing([1], counts: [2], steps: [1]),
                    because: "outside axis 0, which has 2")
            ]
        },
        result: { operands, attributes throws(Refusal) in
            let shape = operands[0].shape
            let (starts, counts) = (attributes.integers("starts"), attributes.integers("counts"))
            let steps = attributes.integers("steps")
            guard starts.count == shape.rank, counts.count == shape.rank, steps.count == shape.rank else {
                throw Refusal("needs a start, a count and a step for each of \(shape.rank) axes")
            }
            for axis in shape.indices {
                let last = starts[axis] + (counts[axis] - 1) * steps[axis]
                guard starts[axis] >= 0, counts[axis] >= 0, steps[axis] >= 1, counts[axis] == 0 || last < shape[axis]
                else {
                    throw Refusal(
                        "\(counts[axis]) elements from \(starts[axis]) on, \(steps[axis]) apart, lie outside axis \(axis), "
                            + "which has \(shape[axis])")
                }
            }
            return Result(Tensor.Shape(counts), operands[0].elementType)
        })

    /// A tensor as a part of a larger one that is zero elsewhere; its own elements lie `steps` apart from `starts` on. The
    /// adjoint is the slice there.
    public static let pad: Primitive = Primitive(
        "pad", operands: 1,
        result: { operands, attributes throws(Refusal) in
            let (part, shape) = (operands[0].shape, attributes.resultShape)
            let (starts, steps) = (attributes.integers("starts"), attributes.integers("steps"))
            guard operands[0].elementType.isFloat else {
                throw Refusal("takes real numbers, not \(operands[0].elementType.abbreviation)")
            }
            guard starts.count == part.rank, steps.count == part.rank, shape.rank == part.rank else {
                throw Refusal("needs a start, a step and a length for each of \(part.rank) axes")
            }
            for axis in part.indices {
                let last = starts[axis] + (part[axis] - 1) * steps[axis]
                guard starts[axis] >= 0, steps[axis] >= 1, part[axis] == 0 || last < shape[axis] else {
                    throw Refusal("axis \(axis) does not fit: \(part[axis]) elements into \(shape[axis])")
                }
            }
            return Result(shape, operands[0].elementType)
        },
        kernel: { operands, result, attributes in
            let (part, size) = (operands[0], operands[0].elementType.size)
            let (starts, steps) = (attributes.integers("starts"), attributes.integers("steps"))
            result.elements.initializeMemory(as: UInt8.self, repeating: 0, count: result.shape.elementCount * size)
            var strides = result.strides
            var target = result.elements
            for axis in result.shape.indices {
                target += starts[axis] * strides[axis] * size
                strides[axis] = part.shape[axis] > 1 ? strides[axis] * steps[axis] : 0
            }
            // Where the last axis has no gaps, a row at a time.
            let last = part.shape.rank - 1
            let isRow = last >= 0 && strides[last] <= 1
            let (count, stride) = isRow ? (part.shape[last], part.strides[last]) : (1, 1)
            let loop = ElementLoop.copying(result.elementType)
            part.forEachOffset(ofFirst: isRow ? last : last + 1, beside: strides) { from, to in
                let run = Storage.Run(start: part.elements + from * size, stride: stride)
                loop.run(count, run, into: target + to * size)
            }
        },
        pullbacks: [
            .using([]) { adjoint, call in
                let (starts, steps) = (call.attributes.integers("starts"), call.attributes.integers("steps"))
                let counts = Array(call.shape(ofOperand: 0))
                return Primitive.slice(adjoint, attributes: .slicing(starts, counts: counts, steps: steps))
            }
        ],
        samples: {
            [
                Sample(
                    [Tensor([[1, 2]])], attributes: ["starts": [1, 0], "steps": [1, 2], "shape": [2, 4]],
                    equals: Tensor([[0, 0, 0, 0], [1, 0, 2, 0]])),
                Sample(
                    [Tensor([[1, 2], [3, 4]])], attributes: ["starts": [0, 1], "steps": [2, 1], "shape": [3, 3]],
                    equals: Tensor([[0, 1, 2], [0, 0, 0], [0, 3, 4]])),
            ]
        },
        refusals: {
            [
                RefusedInput(
                    [Tensor([1, 2])], attributes: ["starts": [1], "steps": [1], "shape": [2]], because: "does not fit")
            ]
        })
}

extension Tensor {
    /// The part at these positions of the leading axes, which disappear: of a matrix, `x[1]` is a row and `x[1, 2]` a
    /// single number. Negative positions count from the end; one outside the axis is an error.
    public subscript(positions: Int...) -> Tensor {
        if isFailed { return self }
        let shape = shape
        guard positions.count <= shape.rank else {
            return TensorError(
                "subscript", "\(positions.count) positions for \(shape.rank) axes", operands: [operandDescription]
            ).raise()
        }
        var (starts, counts) = (Shape(repeating: 0, rank: shape.rank), shape)
        for (axis, position) in positions.enumerated() {
            let resolved = position < 0 ? position + shape[axis] : position
            guard (0..<shape[axis]).contains(resolved) else {
                return TensorError(
                    "subscript", "position \(position) lies outside axis \(axis), which has \(shape[axis])",
                    operands: [operandDescription]
                ).raise()
            }
            (starts[axis], counts[axis]) = (resolved, 1)
        }
        return part(starts, counts, Shape(repeating: 1, rank: shape.rank))
            .reshaped(to: Shape(shape.dropFirst(positions.count)))
    }

    /// The rows of a range: the part of the first axis, which stays. A range that reaches outside is an error.
    public subscript(range: some RangeExpression<Int>) -> Tensor { sliced(range, along: 0) }

    /// The part of one axis that a range covers, every `step`-th element of it.
    ///
    /// - Parameters:
    ///   - range: Positions along the axis, such as `1..<3` or `1...`. One that reaches outside is an error.
    ///   - axis: The axis; a negative one counts from the end.
    ///   - step: The distance between elements, at least 1.
    public func sliced(_ range: some RangeExpression<Int>, along axis: Int, step: Int = 1) -> Tensor {
        if isFailed { return self }
        guard let axis = shape.resolved(axis: axis), step >= 1 else {
            return TensorError(
                "sliced", "axis \(axis) or step \(step) is not possible", operands: [operandDescription],
                advice: "The axis must be one of the tensor's, the step at least 1."
            ).raise()
        }
        // Asked relative to an endless axis, so that a range without an end that begins outside is no trap.
        let asked = range.relative(to: Int.min..<Int.max)
        let first = asked.lowerBound == Int.min ? 0 : asked.lowerBound
        let end = asked.upperBound == Int.max ? shape[axis] : asked.upperBound
        guard 0 <= first, first <= end, end <= shape[axis] else {
            return TensorError(
                "sliced", "positions \(first)..<\(end) reach outside axis \(axis), which has \(shape[axis])",
                operands: [operandDescription], advice: "Only single positions count from the end when negative."
            ).raise()
        }
        let range = first..<end
        var (starts, counts) = (Shape(repeating: 0, rank: rank), shape)
        var steps = Shape(repeating: 1, rank: rank)
        (starts[axis], counts[axis], steps[axis]) = (
            range.lowerBound, range.isEmpty ? 0 : (range.count - 1) / step + 1, step
        )
        return part(starts, counts, steps)
    }

    private func part(_ starts: Shape, _ counts: Shape, _ steps: Shape) -> Tensor {
        Primitive.slice(self, attributes: .slicing(Array(starts), counts: Array(counts), steps: Array(steps)))
    }
}

extension Primitive.Attributes {
    fileprivate static func slicing(_ starts: [Int], counts: [Int], steps: [Int]) -> Self {
        ["starts": .integers(starts), "counts": .integers(counts), "steps": .integers(steps)]
    }
}

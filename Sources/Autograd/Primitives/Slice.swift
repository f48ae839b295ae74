extension Primitive {
    /// A part of a tensor: along each axis `counts` elements from `starts` on, `steps` apart. Nothing is copied. The adjoint
    /// is padded with zeros.
    public static let slice: Primitive = Primitive(
        "slice", operands: 1,
        result: { operands, attributes throws(Refusal) in
            let counts = attributes.integers("counts")
            try checkPart(counts, of: operands[0].shape, attributes)
            return Result(Tensor.Shape(counts), operands[0].elementType)
        },
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
                let (starts, steps) = (call.attributes["starts"], call.attributes["steps"])
                let shape = Array(call.shape(ofOperand: 0))
                return pad(adjoint, attributes: ["starts": starts, "steps": steps, "shape": .integers(shape)])
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
        }(),
        refusals: [
            RefusedInput(
                [Tensor([1, 2])], attributes: .slicing([1], counts: [2], steps: [1]),
                because: "outside axis 0, which has 2")
        ])

    /// A tensor as a part of a larger one that is zero elsewhere; its own elements lie `steps` apart from `starts` on. The
    /// adjoint is the slice there.
    public static let pad: Primitive = Primitive(
        "pad", operands: 1,
        result: { operands, attributes throws(Refusal) in
            try operands[0].checkReal()
            try checkPart(Array(operands[0].shape), of: attributes.resultShape, attributes)
            return Result(attributes.resultShape, operands[0].elementType)
        },
        implementation: .kernel(
            Kernel(
                prepare: { call in PaddedCopy(call[0], into: call.result.shape, call.attributes) },
                run: { copy, buffers in copy(buffers[0], to: buffers.result) })),
        elements: { numbers, operands, call in
            let copy = PaddedCopy(call[0], into: call.result.shape, call.attributes)
            var result = [Int](repeating: numbers.constant(0), count: call.result.shape.elementCount)
            for (offset, element) in zip(call[0].shape.offsets(copy.strides), operands[0]) {
                result[copy.start + offset] = element
            }
            return result
        },
        pullbacks: [
            .using([]) { adjoint, call in
                let (starts, steps) = (call.attributes.integers("starts"), call.attributes.integers("steps"))
                let counts = Array(call.shape(ofOperand: 0))
                return Primitive.slice(adjoint, attributes: .slicing(starts, counts: counts, steps: steps))
            }
        ],
        samples: [
            Sample(
                [Tensor([[1, 2]])], attributes: ["starts": [1, 0], "steps": [1, 2], "shape": [2, 4]],
                equals: Tensor([[0, 0, 0, 0], [1, 0, 2, 0]])),
            Sample(
                [Tensor([[1, 2], [3, 4]])], attributes: ["starts": [0, 1], "steps": [2, 1], "shape": [3, 3]],
                equals: Tensor([[0, 1, 2], [0, 0, 0], [0, 3, 4]])),
        ],
        refusals: [
            RefusedInput(
                [Tensor([1, 2])], attributes: ["starts": [1], "steps": [1], "shape": [2]],
                because: "outside axis 0, which has 2")
        ])
}

/// The elements of a part, copied to their places among zeros.
private struct PaddedCopy: BitwiseCopyable {
    private let part: Tensor.Layout
    /// From one element of the part to the next, in the result.
    private(set) var strides: Tensor.Shape
    private(set) var start = 0
    private let byteCount: Int
    private let loop: ElementLoop

    init(_ part: Tensor.Layout, into shape: Tensor.Shape, _ attributes: Primitive.Attributes) {
        let (starts, steps) = (attributes.integers("starts"), attributes.integers("steps"))
        (self.part, strides, loop) = (part, shape.packedStrides, .copying(part.elementType))
        byteCount = shape.elementCount * part.elementType.size
        for axis in shape.indices {
            start += starts[axis] * strides[axis]
            strides[axis] = part.shape[axis] > 1 ? strides[axis] * steps[axis] : 0
        }
    }

    func callAsFunction(_ elements: UnsafeRawPointer, to result: UnsafeMutableRawPointer) {
        result.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        let size = part.elementType.size
        var (source, target) = (elements, result + start * size)
        // Where the last axis has no gaps, a row at a time.
        let last = part.shape.rank - 1
        let isRow = last >= 0 && strides[last] <= 1
        let (count, stride) = isRow ? (part.shape[last], part.strides[last]) : (1, 1)
        part.shape.visit(firstAxes: isRow ? last : last + 1) {
            loop.run(count, Storage.Run(start: source, stride: stride), into: target)
        } move: { axis, steps in
            source += steps * part.strides[axis] * size
            target += steps * strides[axis] * size
        }
    }
}

extension Primitive {
    /// Refuses to take elements from the "starts" of the attributes on, their "steps" apart, that do not lie in a shape.
    private static func checkPart(
        _ counts: [Int], of shape: Tensor.Shape, _ attributes: Attributes
    ) throws(Refusal) {
        let (starts, steps) = (attributes.integers("starts"), attributes.integers("steps"))
        guard starts.count == shape.rank, counts.count == shape.rank, steps.count == shape.rank else {
            throw Refusal("needs a start, a count and a step for each of \(shape.rank) axes")
        }
        for axis in shape.indices {
            guard fits(counts[axis], from: starts[axis], by: steps[axis], into: shape[axis]) else {
                throw Refusal(
                    "\(counts[axis]) elements from \(starts[axis]) on, \(steps[axis]) apart, lie outside axis \(axis), "
                        + "which has \(shape[axis])")
            }
        }
    }

    /// Whether `count` positions from `start` on, `step` apart, lie on an axis. Without a product, which could overflow.
    private static func fits(_ count: Int, from start: Int, by step: Int, into length: Int) -> Bool {
        guard count > 0, start >= 0, step >= 1 else { return count == 0 && start >= 0 && step >= 1 }
        return start < length && count - 1 <= (length - 1 - start) / step
    }
}

extension Primitive.Attributes {
    static func slicing(_ starts: some Sequence<Int>, counts: some Sequence<Int>, steps: some Sequence<Int>) -> Self {
        ["starts": .integers(Array(starts)), "counts": .integers(Array(counts)), "steps": .integers(Array(steps))]
    }
}

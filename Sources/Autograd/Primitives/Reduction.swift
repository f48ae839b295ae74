import CKernels

// What the primitives share that reduce some axes to one element each.

extension Primitive {
    /// The result of reducing the axes that the attributes name.
    @Sendable
    static func reducedResult(_ operands: borrowing Operands, _ attributes: Attributes) throws(Refusal) -> Result {
        let (shape, axes) = (operands[0].shape, attributes.integers("axes"))
        try operands[0].checkReal()
        guard axes.allSatisfy(shape.indices.contains), zip(axes, axes.dropFirst()).allSatisfy(<) else {
            throw Refusal("\(axes) does not name axes of \(shape), in order and each at most once")
        }
        return Result(
            shape.reduced(along: axes, keepDimensions: attributes.flag("keepDimensions")), operands[0].elementType)
    }
}

extension Primitive.Attributes {
    /// Those of a reduction.
    static func reducing(_ axes: [Int], keepDimensions: Bool = false) -> Self {
        ["axes": .integers(axes), "keepDimensions": .flag(keepDimensions)]
    }
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

extension Primitive.Kernel {
    /// Reduces the axes that the attributes name.
    static func reducing(by operation: ck_reducing) -> Self {
        Self(
            prepare: { call in
                let (shape, strides) = (call[0].shape, call[0].strides)
                let reduced = call.attributes.integers("axes").reduce(UInt32(0)) { $0 | 1 << UInt32($1) }
                return shape.withUnsafePointer { lengths in
                    strides.withUnsafePointer {
                        ck_prepare_reduction(operation, ck_type(call[0].elementType), shape.rank, lengths, $0, reduced)
                    }
                }
            },
            run: { reduction, buffers in
                withUnsafePointer(to: reduction) { ck_reduce($0, buffers[0], buffers.result) }
            })
    }
}

extension ScalarGraph {
    /// The elements that become one, for each element of the result, reduced.
    static func reducing(
        _ reduce: @escaping @Sendable (ScalarGraph, [Int], Tensor.ElementType) -> Int
    ) -> Primitive.ElementRule {
        { numbers, operands, call in
            let (axes, shape) = (call.attributes.integers("axes"), call[0].shape)
            func offsets(_ axes: [Int]) -> [Int] {
                Tensor.Shape(axes.map { shape[$0] }).offsets(Tensor.Shape(axes.map { shape.packedStrides[$0] }))
            }
            // So many elements that no result needs are not counted.
            lazy var reduced = offsets(axes)
            return offsets(shape.indices.filter { !axes.contains($0) }).map { start in
                reduce(numbers, reduced.map { operands[0][start + $0] }, call.result.elementType)
            }
        }
    }
}

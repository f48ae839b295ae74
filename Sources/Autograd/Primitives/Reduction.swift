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

/// `ck_sum`, or another kernel with its parameters: the type; how many results, and how far apart their first operands lie;
/// how many operands a result has, and how far apart they lie; the first operand, and the first result.
typealias ReductionKernel =
    @convention(c) (ck_type, Int, Int, Int, Int, UnsafeRawPointer, UnsafeMutableRawPointer) -> Void

extension Primitive.Kernel {
    /// Reduces the axes that the attributes name.
    static func reducing(by kernel: ReductionKernel) -> Self {
        Self(
            prepare: { call in ReductionPlan(call[0], along: call.attributes.integers("axes")) },
            workspace: { $0.copySize },
            run: { plan, elements in
                var (source, strides) = (elements[0], plan.layout.strides)
                if plan.copySize > 0 {
                    PackedCopy(of: plan.layout, as: plan.layout.elementType)(source, to: elements.workspace)
                    (source, strides) = (UnsafeRawPointer(elements.workspace), plan.layout.shape.packedStrides)
                }
                var target = elements.result
                let size = plan.layout.elementType.size
                plan.layout.shape.visit(firstAxes: plan.outer) {
                    kernel(
                        ck_type(plan.layout.elementType), plan.outputs, plan.outputStride, plan.count, plan.stride,
                        source, target)
                    target += plan.outputs * size
                } move: { axis, steps in
                    source += steps * strides[axis] * size
                }
            })
    }
}

/// How some axes are reduced.
private struct ReductionPlan: BitwiseCopyable {
    /// The axes that stay, and behind them those that are reduced.
    let layout: Tensor.Layout
    /// The bytes of a packed copy, where one stride does not cross what is reduced; else 0.
    let copySize: Int
    /// The axes in front of those that one call of the kernel crosses.
    let outer: Int
    let outputs, outputStride, count, stride: Int

    init(_ operand: Tensor.Layout, along axes: [Int]) {
        var (shape, strides) = (Tensor.Shape(), Tensor.Shape())
        for axis in operand.shape.indices where !axes.contains(axis) {
            shape.append(operand.shape[axis])
            strides.append(operand.strides[axis])
        }
        let kept = shape.rank
        for axis in axes {
            shape.append(operand.shape[axis])
            strides.append(operand.strides[axis])
        }
        layout = Tensor.Layout(shape, strides, operand.elementType)
        count = shape[kept...].reduce(1, *)
        let crossing = strides.single(over: kept..<shape.rank, of: shape)
        copySize = crossing == nil ? shape.elementCount * operand.elementType.size : 0
        if crossing == nil { strides = shape.packedStrides }
        stride = crossing ?? 1
        // All results in one call if they can be crossed with one stride; else those of the innermost axis.
        if let stride = strides.single(over: 0..<kept, of: shape) {
            (outer, outputs, outputStride) = (0, shape[..<kept].reduce(1, *), stride)
        } else {
            (outer, outputs, outputStride) = (kept - 1, shape[kept - 1], strides[kept - 1])
        }
    }
}

extension ScalarGraph {
    /// The elements that become one, for each element of the result, reduced.
    static func reducing(_ reduce: @escaping @Sendable (ScalarGraph, [Int]) -> Int) -> Primitive.ElementRule {
        { numbers, operands, call in
            let (axes, shape) = (call.attributes.integers("axes"), call[0].shape)
            func offsets(_ axes: [Int]) -> [Int] {
                Tensor.Shape(axes.map { shape[$0] }).offsets(Tensor.Shape(axes.map { shape.packedStrides[$0] }))
            }
            let kept = offsets(shape.indices.filter { !axes.contains($0) })
            // Of no elements there may be more rows than memory holds.
            let reduced = kept.isEmpty ? [] : offsets(axes)
            return kept.map { start in
                reduce(numbers, reduced.map { operands[0][start + $0] })
            }
        }
    }
}

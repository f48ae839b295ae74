import CKernels

// What the primitives share that reduce some axes to one element each.

extension Primitive {
    /// The result of reducing the axes that the attributes name.
    @Sendable
    static func reducedResult(_ operands: Operands, _ attributes: Attributes) throws(Refusal) -> Result {
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

extension ArrayView {
    /// Reduces some axes, and writes the results, packed, from `result` on.
    func reduce(along axes: [Int], by kernel: ReductionKernel, into result: UnsafeMutableRawPointer) {
        // The axes that stay, and behind them those that are reduced.
        var (shape, strides) = (Tensor.Shape(), Tensor.Shape())
        for axis in self.shape.indices where !axes.contains(axis) {
            shape.append(self.shape[axis])
            strides.append(self.strides[axis])
        }
        let kept = shape.rank
        for axis in axes {
            shape.append(self.shape[axis])
            strides.append(self.strides[axis])
        }
        Self(elements: elements, shape: shape, strides: strides, elementType: elementType)
            .reduce(behind: kept, by: kernel, into: result)
    }

    private func reduce(behind kept: Int, by kernel: ReductionKernel, into result: UnsafeMutableRawPointer) {
        if shape[..<kept].contains(0) { return }
        guard let stride = strides.single(over: kept..<shape.rank, of: shape) else {
            return withPackedCopy { $0.reduce(behind: kept, by: kernel, into: result) }
        }
        let count = shape[kept...].reduce(1, *)
        // All results in one call if they can be crossed with one stride; else those of the innermost axis.
        var (outer, outputs) = (0, shape[..<kept].reduce(1, *))
        var outputStride = strides.single(over: 0..<kept, of: shape)
        if outputStride == nil { (outer, outputs, outputStride) = (kept - 1, shape[kept - 1], strides[kept - 1]) }
        var (source, target) = (elements, result)
        shape.visit(firstAxes: outer) {
            kernel(ck_type(elementType), outputs, outputStride!, count, stride, source, target)
            target += outputs * elementType.size
        } move: { axis, steps in
            source += steps * strides[axis] * elementType.size
        }
    }
}

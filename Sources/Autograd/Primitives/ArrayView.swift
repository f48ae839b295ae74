import CKernels

// What kernels share.

extension Primitive.ArrayView {
    /// Runs `body` on a copy whose elements lie side by side.
    func withPackedCopy(_ body: (Self) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: Swift.max(1, shape.elementCount * elementType.size), alignment: 64) {
            memory in
            ElementLoop.copying(elementType).run(over: self, into: memory.baseAddress!, resultSize: elementType.size)
            body(
                Self(
                    elements: memory.baseAddress!, shape: shape, strides: shape.packedStrides, elementType: elementType)
            )
        }
    }

    /// Calls `body` with the offset, in elements, of each position along the first `count` axes, in row-major order.
    func forEachOffset(ofFirst count: Int, _ body: (Int) -> Void) {
        forEachOffset(ofFirst: count, beside: strides) { offset, _ in body(offset) }
    }

    /// The same with the offsets of another array, of the same shape but with other strides.
    func forEachOffset(ofFirst count: Int, beside others: Tensor.Shape, _ body: (Int, Int) -> Void) {
        var (offset, other) = (0, 0)
        shape.forEachPosition(ofFirst: count) {
            body(offset, other)
        } move: { steps, axis in
            offset += steps * strides[axis]
            other += steps * others[axis]
        }
    }
}

extension ElementLoop {
    /// Computes all elements of a packed result from one operand.
    func run(over operand: Primitive.ArrayView, into result: UnsafeMutableRawPointer, resultSize: Int) {
        run(
            over: operand.shape, operand.elements, operand.strides, operand.elementType, into: result,
            resultSize: resultSize)
    }
}

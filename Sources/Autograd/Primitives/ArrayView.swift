import CKernels

// What kernels share.

extension Primitive.ArrayView {
    /// Runs `body` on a copy whose elements lie side by side, in row-major order: for a kernel that does not follow strides.
    /// Valid during the call.
    public func withPackedCopy(_ body: (Self) -> Void) {
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
        var counters = Tensor.Shape(repeating: 0, rank: count)
        if shape[..<count].contains(0) { return }
        while true {
            body(offset, other)
            var axis = count - 1
            while axis >= 0 {
                counters[axis] += 1
                offset += strides[axis]
                other += others[axis]
                if counters[axis] < shape[axis] { break }
                counters[axis] = 0
                offset -= shape[axis] * strides[axis]
                other -= shape[axis] * others[axis]
                axis -= 1
            }
            if axis < 0 { return }
        }
    }
}

extension ElementLoop {
    /// Computes all elements of a packed result from one operand.
    func run(over operand: Primitive.ArrayView, into result: UnsafeMutableRawPointer, resultSize: Int) {
        let strided = StridedOperand(
            address: operand.elements, strides: operand.strides, elementSize: operand.elementType.size)
        run(over: operand.shape, strided, into: result, operandType: operand.elementType, resultSize: resultSize)
    }
}

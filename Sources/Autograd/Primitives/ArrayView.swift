import CKernels

// What kernels share.

extension Primitive.ArrayView {
    /// Runs `body` on a copy whose elements lie side by side.
    func withPackedCopy(_ body: (Self) -> Void) {
        withUnsafeTemporaryAllocation(byteCount: max(1, shape.elementCount * elementType.size), alignment: 64) {
            memory in
            ElementLoop.kernel(ck_elementwise(CK_COPY, ck_type(elementType))!).run(
                over: self, into: memory.baseAddress!, resultSize: elementType.size)
            body(
                Self(
                    elements: memory.baseAddress!, shape: shape, strides: shape.packedStrides, elementType: elementType)
            )
        }
    }

    /// Calls `body` with the address of the first element at each position along some axes, in row-major order.
    func forEachStart(_ axes: some Collection<Int>, _ body: (UnsafeMutableRawPointer) -> Void) {
        forEachOffset(axes) { body(elements + $0 * elementType.size) }
    }

    /// Calls `body` with the offset, in elements, of each position along some axes, in row-major order.
    func forEachOffset(_ axes: some Collection<Int>, _ body: (Int) -> Void) {
        func visit(_ axes: some Collection<Int>, _ offset: Int) {
            guard let axis = axes.first else { return body(offset) }
            for position in 0..<shape[axis] { visit(Array(axes.dropFirst()), offset + position * strides[axis]) }
        }
        visit(Array(axes), 0)
    }
}

extension ElementLoop {
    /// Computes all elements of a packed result from one operand.
    func run(over operand: Primitive.ArrayView, into result: UnsafeMutableRawPointer, resultSize: Int) {
        withUnsafeTemporaryAllocation(of: StridedOperand.self, capacity: 1) { strided in
            strided.initializeElement(
                at: 0,
                to: StridedOperand(
                    address: operand.elements, strides: operand.strides, elementSize: operand.elementType.size))
            run(
                over: operand.shape, strided, into: result, operandType: operand.elementType, resultSize: resultSize)
        }
    }
}

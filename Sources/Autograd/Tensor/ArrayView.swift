/// An array as a kernel sees it: an address and how to step from there. Valid during the call.
public struct ArrayView {
    /// The first element.
    public let elements: UnsafeMutableRawPointer
    public let shape: Tensor.Shape
    /// How many elements lie between neighbours along each axis.
    public let strides: Tensor.Shape
    public let elementType: Tensor.ElementType

    /// Runs `body` on a copy whose elements lie side by side, in row-major order: for a kernel that does not follow strides.
    /// Valid during the call.
    public func withPackedCopy(_ body: (ArrayView) -> Void) {
        let byteCount = Swift.max(1, shape.elementCount * elementType.size)
        withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 64) { memory in
            let elements = memory.baseAddress!
            ElementLoop.copying(elementType).run(over: self, into: elements, resultSize: elementType.size)
            body(ArrayView(elements: elements, shape: shape, strides: shape.packedStrides, elementType: elementType))
        }
    }
}

extension Tensor.Shape {
    /// Visits the positions along the first axes in row-major order, counting through them like the wheels of an odometer; in
    /// between `move` is told how many steps to go along which axis.
    @inline(__always)
    func visit(firstAxes count: Int, _ body: () -> Void, move: (_ axis: Int, _ steps: Int) -> Void) {
        if self[..<count].contains(0) { return }
        var counters = Tensor.Shape(repeating: 0, rank: count)
        while true {
            body()
            var axis = count - 1
            while axis >= 0 {
                counters[axis] += 1
                if counters[axis] < self[axis] {
                    move(axis, 1)
                    break
                }
                move(axis, 1 - self[axis])
                counters[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }
}

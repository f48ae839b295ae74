/// An array as a kernel sees it: an address and how to step from there. Valid during the call.
public struct ArrayView {
    /// The first element.
    public let elements: UnsafeMutableRawPointer
    public let shape: Tensor.Shape
    /// How many elements lie between neighbours along each axis.
    public let strides: Tensor.Shape
    public let elementType: Tensor.ElementType

    var layout: Tensor.Layout { Tensor.Layout(shape: shape, strides: strides, elementType: elementType) }

    /// Runs `body` on a copy whose elements lie side by side, in row-major order: for a kernel that does not follow strides.
    /// Valid during the call.
    public func withPackedCopy(_ body: (ArrayView) -> Void) {
        let byteCount = Swift.max(1, shape.elementCount * elementType.size)
        withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 64) { memory in
            let elements = memory.baseAddress!
            layout.copy(from: self.elements, to: elements, as: elementType)
            body(ArrayView(elements: elements, shape: shape, strides: shape.packedStrides, elementType: elementType))
        }
    }
}

import CKernels

extension Tensor {
    /// How an array lies in memory, but for where.
    public struct Layout: Sendable, BitwiseCopyable {
        public let shape: Shape
        /// How many elements lie between neighbours along each axis.
        public let strides: Shape
        public let elementType: ElementType

        @inline(__always)
        init(_ shape: Shape, _ strides: Shape, _ elementType: ElementType) {
            (self.shape, self.strides, self.elementType) = (shape, strides, elementType)
        }
    }
}

/// The elements of a layout side by side in row-major order, converted to a type.
struct PackedCopy: BitwiseCopyable {
    private let layout: ck_layout
    private let from, to: Tensor.ElementType

    init(of layout: Tensor.Layout, as type: Tensor.ElementType) {
        self.layout = ck_layout(layout.shape, layout.strides)
        (from, to) = (layout.elementType, type)
    }

    func callAsFunction(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
        withUnsafePointer(to: layout) { layout in
            if from == to { return ck_copy(ck_type(to), layout, 0, layout.pointee.count, source, target) }
            let cast = ck_cast(ck_type(from), ck_type(to))
            var (count, elements, apart) = (layout.pointee.count, source, layout.pointee.axis.1.stride)
            if layout.pointee.axes == 2, layout.pointee.axis.0.length == 1 {
                return cast(count, &elements, &apart, target)
            }
            // What one stride does not cross is packed first, some of it at a time.
            withUnsafeTemporaryAllocation(byteCount: 128 * from.size, alignment: 8) { block in
                (elements, apart) = (UnsafeRawPointer(block.baseAddress!), 1)
                for start in stride(from: 0, to: layout.pointee.count, by: 128) {
                    count = min(128, layout.pointee.count - start)
                    ck_copy(ck_type(from), layout, start, count, source, block.baseAddress!)
                    cast(count, &elements, &apart, target + start * to.size)
                }
            }
        }
    }
}

extension ck_layout {
    init(_ shape: Tensor.Shape, _ strides: Tensor.Shape) {
        self = shape.withUnsafePointer { lengths in
            strides.withUnsafePointer { ck_prepare_layout(shape.rank, lengths, $0) }
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

extension Tensor {
    /// Whether the elements lie side by side in row-major order.
    var isPacked: Bool { unownedStorage?._withUnsafeGuaranteedRef(\.isPacked) ?? true }

    /// The same elements side by side in row-major order: this tensor itself where they lie so already. More than memory can
    /// hold are an error.
    var packed: Tensor {
        guard let storage, !storage.isPacked else { return self }
        guard let copy = Storage.allocate(storage.shape, elementType) else {
            return TensorError("Tensor", shortage!).raise()
        }
        copyElements(to: copy.elements, as: elementType)
        return Tensor(storage: copy, bits: 0, elementType: elementType, serial: serial, index: index)
    }

    /// Why memory could not hold the elements, if they were packed; nil where it can.
    var shortage: String? { elementCount < 1 << 24 ? nil : Storage.shortage(shape, elementType) }

    /// Writes the elements side by side, in row-major order, as elements of a type.
    func copyElements(to target: UnsafeMutableRawPointer, as type: ElementType) {
        withElements { source, strides in
            PackedCopy(of: Layout(shape, strides, elementType), as: type)(source, to: target)
        }
    }

    /// A storage that holds the elements, also for rank 0.
    var storageOfAnyRank: Storage {
        if let storage { return storage }
        let made = Storage.allocate(Shape(), elementType)!
        made.elements.storeBytes(of: bits, as: UInt64.self)
        return made
    }
}

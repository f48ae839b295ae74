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
///
/// Neighbouring axes that one stride crosses count as one, so that packed elements take one run of the loop.
struct PackedCopy: BitwiseCopyable {
    private let layout: Tensor.Layout
    private let cast: ck_loop
    /// How many axes are not crossed by one stride; those behind them are, by `stride`, `count` elements.
    private let outer, count, stride: Int
    private let size: Int

    init(of layout: Tensor.Layout, as type: Tensor.ElementType) {
        let (shape, strides) = (layout.shape, layout.strides)
        var outer = shape.rank
        while outer > 0, strides.single(over: outer - 1..<shape.rank, of: shape) != nil { outer -= 1 }
        (self.layout, self.outer, size) = (layout, outer, type.size)
        count = shape[outer...].reduce(1, *)
        stride = strides.single(over: outer..<shape.rank, of: shape)!
        cast = ck_cast(ck_type(layout.elementType), ck_type(type))
    }

    func callAsFunction(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
        if count == 0 { return }
        var (source, target, stride) = (source, target, stride)
        layout.shape.visit(firstAxes: outer) {
            cast(count, &source, &stride, target)
            target += count * size
        } move: { axis, steps in
            source += steps * layout.strides[axis] * layout.elementType.size
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

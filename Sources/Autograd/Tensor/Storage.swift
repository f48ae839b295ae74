import CKernels

/// The elements of a tensor of rank above 0, with their shape.
///
/// Either it owns its elements, which then lie packed in row-major order: few of them behind the header, in one allocation;
/// many, from 64 KiB on, in a block that later arrays take over, of which the process keeps at most 64 MiB. Or it is a view of
/// another storage's elements (broadcast, transposed, reshaped, sliced), and the strides lie behind the header instead.
/// It is written by the operation that makes it and never again once a `Tensor` of it has been handed out.
final class Storage: ManagedBuffer<Storage.Header, UInt64> {
    struct Header {
        let shape: Tensor.Shape
        let count: Int
        let elementType: Tensor.ElementType
        /// Whether the elements lie side by side in row-major order.
        let isPacked: Bool
        /// Whether all elements are one, seen again and again.
        let isUniform: Bool
        var elements: UnsafeMutableRawPointer
        /// The storage whose elements these are, where they are not this one's own.
        let owner: Storage?
    }

    /// From this many bytes on, the elements begin at a cache line: vectors that cross lines cost twice as much.
    private static let aligned = 1024

    /// The most bytes that an array may take: those of physical memory.
    private static let limit = ck_physical_memory()

    /// Why memory cannot hold an array; nil where it can.
    static func shortage(_ shape: Tensor.Shape, _ elementType: Tensor.ElementType) -> String? {
        let size = shape.elementCount * elementType.size
        if size <= limit { return nil }
        return
            "\(elementType.abbreviation)\(shape) takes \(size) bytes, more than the \(limit) bytes of memory there are"
    }

    /// A storage whose elements are yet to be written; nil where memory cannot hold them.
    static func allocate(_ shape: Tensor.Shape, _ elementType: Tensor.ElementType) -> Storage? {
        let count = shape.elementCount
        let size = count * elementType.size
        // The limit is looked up for large arrays only.
        if size >= 1 << 30 && size > limit { return nil }
        let block = size < CK_LARGE ? nil : ck_take_block(size)
        let words = block != nil ? 0 : (size + 7) / 8 + (size < aligned ? 0 : 7)
        let made = Storage.create(minimumCapacity: max(1, words)) { buffer in
            buffer.withUnsafeMutablePointerToElements {
                let start = UnsafeMutableRawPointer($0)
                return Header(
                    shape: shape, count: count, elementType: elementType, isPacked: true, isUniform: count == 1,
                    elements: block ?? (size < aligned ? start : start.alignedUp(toMultipleOf: 64)), owner: nil)
            }
        }
        return unsafeDowncast(made, to: Storage.self)
    }

    deinit {
        withUnsafeMutablePointerToHeader { header in
            let size = header.pointee.count * header.pointee.elementType.size
            if size >= CK_LARGE && header.pointee.owner == nil { ck_give_block(header.pointee.elements, size) }
        }
    }

    /// A view of elements of `base`, from the one at `offset` on, `strides` apart along each axis of `shape`.
    static func view(of base: Storage, shape: Tensor.Shape, strides: Tensor.Shape, offset: Int) -> Storage {
        let made = Storage.create(minimumCapacity: shape.rank) { buffer in
            buffer.withUnsafeMutablePointerToElements { words in
                var (isPacked, isUniform) = (true, true)
                var step = 1
                for axis in shape.indices.reversed() {
                    words[axis] = UInt64(bitPattern: Int64(strides[axis]))
                    if shape[axis] != 1 && strides[axis] != step { isPacked = false }
                    if shape[axis] != 1 && strides[axis] != 0 { isUniform = false }
                    step *= shape[axis]
                }
                return Header(
                    shape: shape, count: shape.elementCount, elementType: base.elementType,
                    isPacked: isPacked || step == 0, isUniform: isUniform,
                    elements: base.elements + offset * base.elementType.size, owner: base.owner ?? base)
            }
        }
        return unsafeDowncast(made, to: Storage.self)
    }

    // The header is read through a pointer: through `header` each read would cost an exclusivity check.
    @inline(__always)
    private func read<Value>(_ path: (borrowing Header) -> Value) -> Value {
        withUnsafeMutablePointerToHeader { path($0.pointee) }
    }

    @inline(__always) var shape: Tensor.Shape { read { $0.shape } }
    @inline(__always) var rank: Int { read { $0.shape.rank } }
    @inline(__always) var count: Int { read { $0.count } }
    @inline(__always) var elementType: Tensor.ElementType { read { $0.elementType } }
    @inline(__always) var isPacked: Bool { read { $0.isPacked } }
    @inline(__always) var isUniform: Bool { read { $0.isUniform } }
    @inline(__always) var elements: UnsafeMutableRawPointer { read { $0.elements } }
    @inline(__always) var owner: Storage? { read { $0.owner } }

    /// Elements at equal distances.
    struct Run {
        let start: UnsafeRawPointer
        /// The distance in elements.
        let stride: Int
    }

    /// All elements as one run in row-major order, of stride 1 where they are packed and 0 where all are one; nil where the
    /// distance varies.
    @inline(__always)
    var run: Run? { isUniform || isPacked ? Run(start: UnsafeRawPointer(elements), stride: isUniform ? 0 : 1) : nil }

    /// How many elements lie between neighbours along each axis.
    var strides: Tensor.Shape {
        withUnsafeMutablePointers { header, words in
            guard header.pointee.owner != nil else { return header.pointee.shape.packedStrides }
            var strides = header.pointee.shape
            for axis in strides.indices { strides[axis] = Int(Int64(bitPattern: words[axis])) }
            return strides
        }
    }
}

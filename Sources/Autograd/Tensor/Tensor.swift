import CKernels

/// An immutable array of numbers of one element type, of any rank from 0 (a single number) to 8.
///
/// A tensor is a value: it can be passed to another thread, kept and compared. While a tape records on this thread, a
/// tensor may also stand for an instruction of that tape, by number and not by reference: so keeping a loss keeps no tape.
/// Once the tape has finished, the tensor is a constant like any other. On another thread, while its tape still records,
/// using it is an error.
///
///     let x = Tensor([[1, 2], [3, 4]])
///     sum(x * x)                                // 30.0
///     gradient(at: x) { x in sum(x * x) }       // [[2.0, 4.0], [6.0, 8.0]]
///
/// An array takes at most as many bytes as the machine has memory: more is an error, also for views such as a broadcast number,
/// which take none, once they are computed with.
/// Of the memory of large arrays that are no longer used, the process keeps at most 64 MiB for the next ones.
///
/// 32 bytes: the elements of rank 0 lie inline, all others with their shape in one shared storage.
// The one `@unchecked Sendable` of the package. What is unchecked: `Storage` is a class whose memory is written through
// pointers. Why it holds: a storage is written only by the operation that makes it, before any tensor of it exists that
// another thread could hold; whoever writes in place first makes sure that it holds the only reference.
public struct Tensor: @unchecked Sendable {
    /// The elements and the shape; nil for rank 0.
    let storage: Storage?
    /// For rank 0: the element, at the start of the word.
    let bits: UInt64
    /// The serial number of the tape on which this tensor is an instruction; 0 for a constant.
    let serial: UInt64
    /// Which instruction.
    let index: Int32
    /// What the elements are.
    public let elementType: ElementType

    @inline(__always)
    init(storage: Storage?, bits: UInt64, elementType: ElementType, serial: UInt64 = 0, index: Int32 = -1) {
        self.storage = storage
        self.bits = bits
        self.elementType = elementType
        self.serial = serial
        self.index = index
    }

    /// A constant that owns these elements.
    @inline(__always)
    init(_ storage: Storage) { self.init(storage: storage, bits: 0, elementType: storage.elementType) }

    /// The serial number of tensors that stand for a failed operation.
    static let failedSerial = UInt64.max

    /// What a failed operation yields inside ``Tensor/checked(_:)``: it absorbs every further operation.
    package static var failed: Tensor {
        Tensor(storage: nil, bits: Double.nan.bitPattern, elementType: .float64, serial: failedSerial)
    }

    /// Whether this stands for an operation that failed inside ``Tensor/checked(_:)``.
    @inline(__always)
    package var isFailed: Bool { serial == Tensor.failedSerial }

    /// Whether this is an instruction of the tape that records now.
    package var isOnCurrentTape: Bool { serial != 0 && serial == ck_current_context().pointee.serial }

    /// The same numbers, on no tape.
    @inline(__always)
    package var withoutTape: Tensor { Tensor(storage: storage, bits: bits, elementType: elementType) }
}

extension Tensor {
    /// The lengths of the axes.
    @inline(__always) public var shape: Shape { unownedStorage?._withUnsafeGuaranteedRef(\.shape) ?? Shape() }
    /// The number of axes.
    public var rank: Int { storage?.rank ?? 0 }
    /// The number of elements; 1 for rank 0.
    public var elementCount: Int { storage?.count ?? 1 }

    /// The storage without a counted reference, for use while the tensor lives.
    @inline(__always)
    var unownedStorage: Unmanaged<Storage>? { storage.map(Unmanaged.passUnretained) }

    /// How errors and tapes call this kind of tensor: `f64[2, 3]`.
    var typeDescription: String { elementType.abbreviation + shape.description }

    /// Runs `body` on the elements as they lie: the address of the first, and the strides.
    @inline(__always)
    func withElements<Result>(_ body: (UnsafeRawPointer, Shape) throws -> Result) rethrows -> Result {
        if let storage { return try withExtendedLifetime(storage) { try body(storage.elements, storage.strides) } }
        return try withUnsafeBytes(of: bits) { try body($0.baseAddress!, Shape()) }
    }
}

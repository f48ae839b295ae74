import CKernels

extension Tensor {
    /// What a tensor's elements are, known at run time.
    ///
    /// Numbers are `.float64` unless asked otherwise, as Swift's own literals are. The two float types never mix silently:
    /// an operation on both stops and names ``Tensor/cast(to:)``. `.int64` holds indices only and `.bool` conditions only;
    /// neither carries a gradient.
    public enum ElementType: UInt8, Sendable, Hashable, CaseIterable, BitwiseCopyable {
        case float64 = 0
        case float32 = 1
        case int64 = 2
        case bool = 3
    }
}

extension Tensor.ElementType {
    /// The size of an element in bytes.
    public var size: Int {
        switch self {
        case .float64, .int64: 8
        case .float32: 4
        case .bool: 1
        }
    }

    /// Whether elements are real numbers, the only ones that carry gradients.
    @inline(__always)
    public var isFloat: Bool { rawValue <= 1 }

    /// The short name that tapes and errors print: `f64`, `f32`, `i64` or `bool`.
    public var abbreviation: String {
        switch self {
        case .float64: "f64"
        case .float32: "f32"
        case .int64: "i64"
        case .bool: "bool"
        }
    }

    /// The bit pattern of a number in this type, as it lies at the start of an eight-byte word. An index must be whole.
    func bits(of number: Double) -> UInt64 {
        var bits: UInt64 = 0
        store(number, at: &bits)
        return bits
    }

    /// Writes a number as an element of this type. An index must be whole.
    func store(_ number: Double, at address: UnsafeMutableRawPointer) {
        switch self {
        case .float64: address.storeBytes(of: number, as: Double.self)
        case .float32: address.storeBytes(of: Float(number), as: Float.self)
        case .int64: address.storeBytes(of: index(number), as: Int64.self)
        case .bool: address.storeBytes(of: number == 0 ? 0 : 1, as: UInt8.self)
        }
    }

    /// A whole number as an index; any other is an error.
    private func index(_ number: Double) -> Int64 {
        if let index = Int64(exactly: number) { return index }
        return TensorError("Tensor", "\(number) is no index", advice: "Round it first, or use `cast(to: .int64)`.")
            .raise(returning: 0)
    }

    /// The number at an address that holds an element of this type. An int64 beyond 2⁵³ is rounded.
    func number(at address: UnsafeRawPointer) -> Double {
        switch self {
        case .float64: address.load(as: Double.self)
        case .float32: Double(address.load(as: Float.self))
        case .int64: Double(address.load(as: Int64.self))
        case .bool: address.load(as: UInt8.self) == 0 ? 0 : 1
        }
    }
}

extension ck_type {
    init(_ elementType: Tensor.ElementType) { self.init(rawValue: elementType.rawValue) }
}

// Numbers that are given keep their own float type unless another is asked for; whole numbers become float64, for indices are
// made by name. Where literals could be several types they are Doubles, which is what the disfavoured overloads are for.

extension Tensor {
    /// A single number, of rank 0.
    public init(_ number: Double, elementType: ElementType = .float64) {
        self.init(storage: nil, bits: elementType.bits(of: number), elementType: elementType)
    }

    /// A single condition, of rank 0.
    public init(_ condition: Bool) { self.init(storage: nil, bits: condition ? 1 : 0, elementType: .bool) }

    /// A single number of type float32, which it stays unless another type is asked for.
    @_disfavoredOverload
    public init(_ number: Float, elementType: ElementType = .float32) {
        self.init(Double(number), elementType: elementType)
    }

    /// A single whole number.
    @_disfavoredOverload
    public init(_ number: some BinaryInteger & TensorConvertible, elementType: ElementType = .float64) {
        self.init(CollectionOfOne(number), shape: [], elementType: elementType)
    }

    /// Numbers in row-major order: a vector, or a tensor of a shape that they fill. Another number of elements than the shape
    /// holds is an error.
    public init(_ numbers: [Double], shape: Shape? = nil, elementType: ElementType = .float64) {
        self = Double.tensor(of: numbers, shape: shape, elementType: elementType)
    }

    /// A matrix of shape `[rows.count, rows[0].count]`. Rows of different lengths are an error.
    public init(_ rows: [[Double]], elementType: ElementType = .float64) {
        self = [Double].tensor(of: rows, shape: nil, elementType: elementType)
    }

    /// A tensor of rank 3: an array of matrices of equal shape.
    public init(_ matrices: [[[Double]]], elementType: ElementType = .float64) {
        self = [[Double]].tensor(of: matrices, shape: nil, elementType: elementType)
    }

    /// What a collection holds, in row-major order: the bytes of an image, the whole numbers of a range (`Tensor(0..<4)` is
    /// `[0, 1, 2, 3]`), conditions, part of an array of Floats, or arrays of equal length nested to any depth, whose axes come
    /// behind those of the shape.
    ///
    /// Floats become float32, conditions `.bool` and other numbers float64 unless another type is asked for. Whole numbers
    /// are exact where the element type holds them; elsewhere they are rounded, as indices to the nearest one there is.
    @_disfavoredOverload
    public init<Elements: Collection>(
        _ elements: Elements, shape: Shape? = nil, elementType: ElementType? = nil
    ) where Elements.Element: TensorConvertible {
        // So many that memory cannot hold them are an error, before they are brought together.
        let vector: Shape = [Tensor.count(of: elements)]
        if vector.isEmpty {
            self = .failed
        } else if let shortage = Storage.shortage(vector, .float64) {
            self = TensorError("Tensor", shortage).raise()
        } else {
            self = Elements.Element.tensor(of: Array(elements), shape: shape, elementType: elementType)
        }
    }

    /// Indices, of type `.int64`, in row-major order; see ``init(_:shape:elementType:)``.
    public init(indices: some Sequence<Int>, shape: Shape? = nil) {
        self.init(Array(indices), shape: shape, elementType: .int64)
    }

    /// Elements as they lie in memory, side by side in row-major order: Double, Float, Int64, or a byte for each condition,
    /// which is true unless it is 0.
    public init(bytes: UnsafeRawBufferPointer, shape: Shape, elementType: ElementType) {
        if bytes.count != shape.elementCount * elementType.size {
            self = TensorError("Tensor", "\(bytes.count) bytes do not fill \(elementType.abbreviation)\(shape)").raise()
        } else if elementType == .bool {
            self.init([UInt8](bytes), shape: shape, elementType: .bool)
        } else {
            self = Tensor.of(bytes, elementType, shape, as: elementType)
        }
    }

    /// `count` numbers at equal distances, both ends included, as a vector; `count` is at least 2.
    public init(from first: Double, through last: Double, count: Int, elementType: ElementType = .float64) {
        guard count >= 2 else {
            self = TensorError("Tensor", "a range with both ends needs at least 2 numbers, not \(count)").raise()
            return
        }
        self.init([count], elementType) { index in
            // Weighted ends: exact at both, which first + index · step is not.
            let part = Double(index) / Double(count - 1)
            return first * (1 - part) + last * part
        }
    }

    /// One number everywhere.
    public init(repeating number: Double, shape: Shape, elementType: ElementType = .float64) {
        self.init(shape, elementType) { _ in number }
    }
}

extension Tensor {
    /// The tensor whose element at each row-major position is `number(position)`.
    init(_ shape: Shape, _ elementType: ElementType, number: (Int) -> Double) {
        self.init(shape, elementType) { start in
            for position in 0..<shape.elementCount {
                elementType.store(number(position), at: start + position * elementType.size)
            }
        }
    }

    /// One number, seen at every place of a shape, which need not fit into memory.
    init(everywhere number: Double, _ shape: Shape, _ elementType: ElementType) {
        self.init(number, elementType: elementType)
        if shape.rank == 0 { return }
        let strides = Shape(repeating: 0, rank: shape.rank)
        self.init(Storage.view(of: storageOfAnyRank, shape: shape, strides: strides, offset: 0))
    }

    /// The tensor whose packed elements are those at an address.
    init(_ shape: Shape, _ elementType: ElementType, copiedFrom address: UnsafeRawPointer) {
        let size = shape.elementCount * elementType.size
        self.init(shape, elementType) { $0.copyMemory(from: address, byteCount: size) }
    }

    /// How many numbers there are; the largest Int where it does not reach, as for `0...Int.max`.
    private static func count(of numbers: some Collection) -> Int {
        switch numbers {
        case let range as Range<Int> where UInt(bitPattern: range.upperBound &- range.lowerBound) >= Int.max: .max
        case let all as ClosedRange<Int> where UInt(bitPattern: all.upperBound &- all.lowerBound) >= Int.max: .max
        default: numbers.count
        }
    }

    /// The tensor of `count` elements that `write` writes; a vector where no shape is given.
    fileprivate init(
        _ count: Int, _ shape: Shape?, _ elementType: ElementType, write: (UnsafeMutableRawPointer) -> Void
    ) {
        let shape = shape ?? (count < 1 << 24 ? Shape(repeating: count, rank: 1) : [count])
        if count == shape.elementCount {
            self.init(shape, elementType, writtenBy: write)
        } else {
            let elements = elementType == .int64 ? "indices" : "elements"
            let problem = "\(count) \(elements) do not fill the shape \(shape), which holds \(shape.elementCount)"
            self = TensorError("Tensor", problem).raise()
        }
    }

    /// The tensor of elements that lie side by side in memory, as elements of another type.
    fileprivate static func of(
        _ bytes: UnsafeRawBufferPointer, _ type: ElementType, _ shape: Shape?, as elementType: ElementType
    ) -> Tensor {
        let count = bytes.count / type.size
        return Tensor(count, shape, elementType) { target in
            guard count > 0, let start = bytes.baseAddress else { return }
            if elementType == .int64 && type.isFloat {
                // Only whole numbers are indices.
                for position in 0..<count {
                    elementType.store(type.number(at: start + position * type.size), at: target + position * 8)
                }
            } else {
                let row = Shape(repeating: count, rank: 1)
                PackedCopy(of: Layout(row, row.packedStrides, type), as: elementType)(start, to: target)
            }
        }
    }

    /// The tensor whose packed elements are written, from the address on that `write` gets. More than memory can hold are an
    /// error.
    @inline(__always)
    init<Failure: Error>(
        _ shape: Shape, _ elementType: ElementType, writtenBy write: (UnsafeMutableRawPointer) throws(Failure) -> Void
    ) throws(Failure) {
        if shape.rank == 0 {
            var bits: UInt64 = 0
            try withUnsafeMutablePointer(to: &bits) { bits throws(Failure) in try write(UnsafeMutableRawPointer(bits)) }
            self.init(storage: nil, bits: bits, elementType: elementType)
        } else if let storage = Storage.allocate(shape, elementType) {
            try write(storage.elements)
            self.init(storage)
        } else {
            self = TensorError("Tensor", Storage.shortage(shape, elementType)!).raise()
        }
    }
}

/// What tensors are made of: Double, Float, Bool, whole numbers, and arrays of these.
public protocol TensorConvertible {
    /// The tensor of such elements in row-major order: as a vector or, where a shape is given, in that shape, behind which stand
    /// the axes that each element has itself; and of an element type that suits them, unless one is given.
    static func tensor(of elements: [Self], shape: Tensor.Shape?, elementType: Tensor.ElementType?) -> Tensor
}

/// What lies in memory as an element of a tensor does.
protocol TensorElement: TensorConvertible {
    static var elementType: Tensor.ElementType { get }
}

extension TensorElement {
    public static func tensor(of elements: [Self], shape: Tensor.Shape?, elementType: Tensor.ElementType?) -> Tensor {
        elements.withUnsafeBytes { Tensor.of($0, Self.elementType, shape, as: elementType ?? Self.elementType) }
    }
}

extension Double: TensorConvertible, TensorElement { static var elementType: Tensor.ElementType { .float64 } }
extension Float: TensorConvertible, TensorElement { static var elementType: Tensor.ElementType { .float32 } }
extension Bool: TensorConvertible, TensorElement { static var elementType: Tensor.ElementType { .bool } }

extension TensorConvertible where Self: BinaryInteger {
    public static func tensor(of elements: [Self], shape: Tensor.Shape?, elementType: Tensor.ElementType?) -> Tensor {
        let elementType = elementType ?? .float64
        return Tensor(elements.count, shape, elementType) { start in
            func write<Element>(_ element: (Self) -> Element) {
                let target = start.assumingMemoryBound(to: Element.self)
                for (position, number) in elements.enumerated() { target[position] = element(number) }
            }
            switch elementType {
            case .float64: write { Double($0) }
            case .float32: write { Float($0) }
            case .int64: write { Int64(clamping: $0) }
            case .bool: write { $0 != 0 }
            }
        }
    }
}

extension Int: TensorConvertible {}
extension Int8: TensorConvertible {}
extension Int16: TensorConvertible {}
extension Int32: TensorConvertible {}
extension Int64: TensorConvertible {}
extension UInt: TensorConvertible {}
extension UInt8: TensorConvertible {}
extension UInt16: TensorConvertible {}
extension UInt32: TensorConvertible {}
extension UInt64: TensorConvertible {}

extension Array: TensorConvertible where Element: TensorConvertible {
    public static func tensor(of rows: [Self], shape: Tensor.Shape?, elementType: Tensor.ElementType?) -> Tensor {
        let width = rows.first?.count ?? 0
        if let odd = rows.firstIndex(where: { $0.count != width }) {
            return TensorError(
                "Tensor", "row \(odd) has \(rows[odd].count) elements, row 0 has \(width)",
                advice: "Nested arrays make a tensor only when they are rectangular."
            ).raise()
        }
        let shape = Tensor.Shape([Int](shape ?? [rows.count]) + [width])
        return Element.tensor(of: rows.flatMap(\.self), shape: shape, elementType: elementType)
    }
}

import CKernels

// Numbers that are given keep their own float type unless another is asked for; whole numbers become float64, for indices are
// made by name. Where literals could be several types they are Doubles, which is what the disfavoured overloads are for.

extension Tensor {
    /// A single number, of rank 0.
    public init(_ number: Double, elementType: ElementType = .float64) {
        self.init(storage: nil, bits: elementType.bits(of: number), elementType: elementType)
    }

    /// A single condition, of rank 0.
    public init(_ condition: Bool) {
        self.init(storage: nil, bits: condition ? 1 : 0, elementType: .bool)
    }

    /// Numbers in row-major order: a vector, or a tensor of a shape that they fill. Another number of elements than the shape
    /// holds is an error.
    public init(_ numbers: [Double], shape: Shape? = nil, elementType: ElementType = .float64) {
        self = numbers.withUnsafeBytes { Tensor.of($0, .float64, shape, as: elementType) }
    }

    /// Numbers of type float32, which they stay unless another type is asked for; see ``init(_:shape:elementType:)``.
    @_disfavoredOverload
    public init(_ numbers: [Float], shape: Shape? = nil, elementType: ElementType = .float32) {
        self = numbers.withUnsafeBytes { Tensor.of($0, .float32, shape, as: elementType) }
    }

    /// Whole numbers: of an array, such as the bytes of an image, of a range (`Tensor(0..<4)` is `[0, 1, 2, 3]`) or of another
    /// collection. They are exact where the element type holds them, and rounded elsewhere.
    @_disfavoredOverload
    @_specialize(where Numbers == [UInt8])
    @_specialize(where Numbers == [Int])
    @_specialize(where Numbers == Range<Int>)
    public init<Numbers: Collection>(
        _ numbers: Numbers, shape: Shape? = nil, elementType: ElementType = .float64
    ) where Numbers.Element: BinaryInteger {
        let count = Tensor.count(of: numbers)
        self.init(count, shape, elementType) { start in
            func write<Element>(_ element: (Numbers.Element) -> Element) {
                let target = start.assumingMemoryBound(to: Element.self)
                for (position, number) in zip(0..<count, numbers) { target[position] = element(number) }
            }
            switch elementType {
            case .float64: write { Double($0) }
            case .float32: write { Float($0) }
            case .int64: write { Int64(clamping: $0) }
            case .bool: write { $0 != 0 }
            }
        }
    }

    /// Indices, of type `.int64`, in row-major order; see ``init(_:shape:elementType:)``.
    public init(indices: some Sequence<Int>, shape: Shape? = nil) {
        self.init(Array(indices), shape: shape, elementType: .int64)
    }

    /// Conditions, of type `.bool`, in row-major order; see ``init(_:shape:elementType:)``.
    public init(_ conditions: [Bool], shape: Shape? = nil) {
        self = conditions.withUnsafeBytes { Tensor.of($0, .bool, shape, as: .bool) }
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

    /// A matrix of shape `[rows.count, rows[0].count]`. Rows of different lengths are an error.
    public init(_ rows: [[Double]], elementType: ElementType = .float64) {
        let width = rows.first?.count ?? 0
        guard let odd = rows.firstIndex(where: { $0.count != width }) else {
            self.init(rows.flatMap { $0 }, shape: [rows.count, width], elementType: elementType)
            return
        }
        self = Tensor.ragged("row \(odd) has \(rows[odd].count) elements, row 0 has \(width)")
    }

    /// A tensor of rank 3: an array of matrices of equal shape.
    public init(_ matrices: [[[Double]]], elementType: ElementType = .float64) {
        let (height, width) = (matrices.first?.count ?? 0, matrices.first?.first?.count ?? 0)
        for (position, matrix) in matrices.enumerated() {
            guard matrix.count == height, matrix.allSatisfy({ $0.count == width }) else {
                self = Tensor.ragged("matrix \(position) is not \(height) by \(width), as the first one is")
                return
            }
        }
        self.init(
            matrices.flatMap { $0.flatMap { $0 } }, shape: [matrices.count, height, width], elementType: elementType)
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
    private init(_ count: Int, _ shape: Shape?, _ elementType: ElementType, write: (UnsafeMutableRawPointer) -> Void) {
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
    private static func of(
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
                let cast = ElementLoop.kernel(ck_cast(ck_type(type), ck_type(elementType)))
                cast.run(count, Storage.Run(start: start, stride: 1), into: target)
            }
        }
    }

    /// The tensor whose packed elements are written, from the address on that `write` gets. More than memory can hold are an
    /// error.
    @inline(__always)
    init(_ shape: Shape, _ elementType: ElementType, writtenBy write: (UnsafeMutableRawPointer) -> Void) {
        if shape.rank == 0 {
            var bits: UInt64 = 0
            withUnsafeMutableBytes(of: &bits) { write($0.baseAddress!) }
            self.init(storage: nil, bits: bits, elementType: elementType)
        } else if let storage = Storage.allocate(shape, elementType) {
            write(storage.elements)
            self.init(storage)
        } else {
            self = TensorError("Tensor", Storage.shortage(shape, elementType)!).raise()
        }
    }

    private static func ragged(_ problem: String) -> Tensor {
        TensorError("Tensor", problem, advice: "Nested arrays make a tensor only when they are rectangular.").raise()
    }
}

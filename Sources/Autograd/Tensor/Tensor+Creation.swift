extension Tensor {
    /// A single number, of rank 0.
    public init(_ number: Double, elementType: ElementType = .float64) {
        self.init(storage: nil, bits: elementType.bits(of: number), elementType: elementType)
    }

    /// A single condition, of rank 0.
    public init(_ condition: Bool) {
        self.init(storage: nil, bits: condition ? 1 : 0, elementType: .bool)
    }

    /// A vector of shape `[numbers.count]`.
    public init(_ numbers: [Double], elementType: ElementType = .float64) {
        self.init(numbers, shape: [numbers.count], elementType: elementType)
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

    /// A tensor of any shape from its elements in row-major order. Another number of elements than the shape holds is an
    /// error.
    public init(_ elements: [Double], shape: Shape, elementType: ElementType = .float64) {
        guard elements.count == shape.elementCount else {
            self = TensorError(
                "Tensor", "\(elements.count) elements do not fill the shape \(shape), which holds \(shape.elementCount)"
            ).raise()
            return
        }
        self.init(shape, elementType) { index in elements[index] }
    }

    /// Indices, of type `.int64`, in a vector.
    public init(indices: some Sequence<Int>) {
        let indices = Array(indices)
        self.init(indices: indices, shape: [indices.count])
    }

    /// Indices, of type `.int64`, in row-major order. Another number of them than the shape holds is an error.
    public init(indices: [Int], shape: Shape) {
        guard indices.count == shape.elementCount else {
            self = TensorError(
                "Tensor", "\(indices.count) indices do not fill the shape \(shape), which holds \(shape.elementCount)"
            ).raise()
            return
        }
        self.init(shape, .int64, write: { $0.storeBytes(of: Int64(indices[$1]), as: Int64.self) })
    }

    /// Conditions, of type `.bool`, in a vector.
    public init(_ conditions: [Bool]) {
        self.init([conditions.count], .bool, write: { $0.storeBytes(of: conditions[$1] ? 1 : 0, as: UInt8.self) })
    }

    /// The numbers of a range, as a vector: `Tensor(0..<4)` is `[0, 1, 2, 3]`.
    public init(_ range: Range<Int>, elementType: ElementType = .float64) {
        self.init([range.count], elementType) { index in Double(range.lowerBound + index) }
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
        self.init(shape, elementType, write: { elementType.store(number($1), at: $0) })
    }

    private init(_ shape: Shape, _ elementType: ElementType, write: (UnsafeMutableRawPointer, Int) -> Void) {
        self.init(
            shape, elementType,
            writtenBy: { start in
                for position in 0..<shape.elementCount { write(start + position * elementType.size, position) }
            })
    }

    /// The tensor whose packed elements are those at an address.
    init(_ shape: Shape, _ elementType: ElementType, copiedFrom address: UnsafeRawPointer) {
        let size = shape.elementCount * elementType.size
        self.init(shape, elementType, writtenBy: { $0.copyMemory(from: address, byteCount: size) })
    }

    /// The tensor whose packed elements are written, from the address on that `write` gets.
    @inline(__always)
    init(_ shape: Shape, _ elementType: ElementType, writtenBy write: (UnsafeMutableRawPointer) -> Void) {
        if shape.rank > 0 {
            let storage = Storage.allocate(shape, elementType)
            write(storage.elements)
            self.init(storage)
        } else {
            var bits: UInt64 = 0
            withUnsafeMutableBytes(of: &bits) { write($0.baseAddress!) }
            self.init(storage: nil, bits: bits, elementType: elementType)
        }
    }

    private static func ragged(_ problem: String) -> Tensor {
        TensorError("Tensor", problem, advice: "Nested arrays make a tensor only when they are rectangular.").raise()
    }
}

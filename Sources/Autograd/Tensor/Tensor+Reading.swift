import CKernels

// Reading numbers is noted where a program is recorded: it is replayed only where the same are found.

extension Tensor {
    /// The number in a tensor of one element. More or fewer elements are an error.
    public var scalar: Double {
        checkReadable()
        guard elementCount == 1 else {
            return TensorError(
                "scalar", "a tensor of \(elementCount) elements is not one number", of: [self],
                advice: "Read all of them with `numbers`, or reduce them first, for example with `sum`."
            ).raise(returning: .nan)
        }
        return withElements { address, _ in elementType.number(at: address) }
    }

    /// All elements as numbers, in row-major order. Conditions read as 0 and 1.
    public var numbers: [Double] { elements("numbers", as: .float64) }

    /// The same as float32 numbers, rounded where the elements have more digits.
    public var floats: [Float] { elements("floats", as: .float32) }

    /// The rows of a matrix. Another rank than 2 is an error.
    public var rows: [[Double]] {
        guard rank == 2 else {
            return TensorError(
                "rows", "a tensor of rank \(rank) has no rows", of: [self],
                advice: "Read it with `numbers`, or reshape it to rank 2."
            ).raise(returning: [])
        }
        let (elements, width) = (numbers, shape[1])
        // Of empty rows, too, there can be more than memory holds.
        if elements.isEmpty { return Tensor(repeating: 0, shape: [shape[0]]).numbers.map { _ in [] } }
        return (0..<shape[0]).map { Array(elements[$0 * width..<($0 + 1) * width]) }
    }

    /// All elements of an `.int64` tensor, in row-major order. Another element type is an error.
    public var indices: [Int] {
        elements("indices", as: .int64, otherwise: "Read numbers with `numbers`, or `cast(to: .int64)` first.")
    }

    /// All elements of a `.bool` tensor, in row-major order. Another element type is an error.
    public var conditions: [Bool] {
        elements("conditions", as: .bool, otherwise: "Compare numbers first, with `.<`, `.>` or `.==`.")
    }

    /// Runs `body` on the elements as they lie in memory, side by side in row-major order: Double, Float, Int64, or a byte for
    /// each condition, 0 or 1. Nothing is copied unless this is a view, such as a transposed tensor. Valid during the call.
    public func withUnsafeElements<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let packed = packed
        if !packed.isFailed { checkReadable() }
        let size = packed.isFailed ? 0 : elementCount * elementType.size
        return try packed.withElements { address, _ in try body(UnsafeRawBufferPointer(start: address, count: size)) }
    }

    /// All elements as those of a type, whose Swift type is the array's. They are converted, unless an advice says what to do
    /// otherwise.
    private func elements<Element>(
        _ reader: String, as type: ElementType, otherwise advice: String? = nil
    ) -> [Element] {
        if isFailed { return [] }
        var problem = advice != nil && elementType != type ? "these are no \(reader)" : nil
        if elementCount >= 1 << 24 { problem = problem ?? shortage ?? Storage.shortage(shape, type) }
        if let problem {
            let error = TensorError(reader, problem, of: [self], advice: advice ?? "")
            return error.raise(returning: [])
        }
        checkReadable()
        if elementCount == 0 { return [] }
        return Array(unsafeUninitializedCapacity: elementCount) { buffer, count in
            copyElements(to: UnsafeMutableRawPointer(buffer.baseAddress!), as: type)
            count = elementCount
        }
    }
}

extension Tensor: Equatable {
    /// Whether both have the same shape, the same element type and equal elements. A NaN equals nothing, 0 equals −0.
    public static func == (left: Tensor, right: Tensor) -> Bool {
        guard left.elementType == right.elementType, left.shape == right.shape, !left.isFailed, !right.isFailed
        else { return false }
        let (type, strides) = (left.elementType, [1, 1])
        return left.withUnsafeElements { x in
            right.withUnsafeElements { y in
                // Compared by the loop of `.==`, some at a time.
                let compare = ck_elementwise(CK_EQUAL, ck_type(type))!
                return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1024) { outcomes in
                    stride(from: 0, to: x.count, by: 1024 * type.size).allSatisfy { first in
                        let count = Swift.min(1024, (x.count - first) / type.size)
                        let operands = [x.baseAddress! + first, y.baseAddress! + first]
                        compare(count, operands, strides, outcomes.baseAddress!)
                        return outcomes.prefix(count).reduce(1, &) == 1
                    }
                }
            }
        }
    }

    /// Whether both have the same shape and element type and |a − b| ≤ max(`absoluteTolerance`, `relativeTolerance` ·
    /// max(|a|, |b|)) for every pair of elements. Equal infinities are equal; a NaN equals nothing.
    ///
    /// The default relative tolerance is the square root of the type's precision: half the digits agree.
    public func isApproximatelyEqual(
        to other: Tensor, absoluteTolerance: Double = 0, relativeTolerance: Double? = nil
    ) -> Bool {
        guard elementType == other.elementType, shape == other.shape, !isFailed, !other.isFailed else { return false }
        let relative = relativeTolerance ?? (elementType == .float32 ? Double(Float.ulpOfOne) : .ulpOfOne).squareRoot()
        return zip(numbers, other.numbers).allSatisfy { a, b in
            // An infinity is near nothing but itself, though the tolerance at it is infinite too.
            a == b
                || (a - b).isFinite && abs(a - b) <= Swift.max(absoluteTolerance, relative * Swift.max(abs(a), abs(b)))
        }
    }
}

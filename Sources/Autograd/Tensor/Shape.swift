extension Tensor {
    /// The lengths of a tensor's axes, outermost first: `[2, 3]` is two rows of three columns, `[]` a single number.
    ///
    /// At most ``maximumRank`` axes, kept inline: a shape is copied without allocation. It is also used for what runs
    /// parallel to a shape: strides, and the order of axes in a transposition.
    public struct Shape: Sendable, BitwiseCopyable {
        /// The largest number of axes a tensor can have.
        public static let maximumRank = 8

        /// The number of axes.
        public private(set) var rank: Int
        private(set) var lengths: (Int, Int, Int, Int, Int, Int, Int, Int)

        /// The shape of a single number.
        @inline(__always)
        public init() {
            rank = 0
            lengths = (0, 0, 0, 0, 0, 0, 0, 0)
        }

        /// A shape of `rank` equal lengths.
        init(repeating length: Int, rank: Int) {
            precondition(0...Shape.maximumRank ~= rank)
            self.init()
            self.rank = rank
            // The lengths are 0 already.
            if length != 0 { for axis in 0..<rank { self[axis] = length } }
        }

        /// Adds an axis behind the others.
        mutating func append(_ length: Int) {
            precondition(rank < Shape.maximumRank)
            rank += 1
            self[rank - 1] = length
        }
    }
}

extension Tensor.Shape: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { rank }

    @inline(__always)
    public internal(set) subscript(axis: Int) -> Int {
        get {
            if axis < 0 || axis >= rank { return refuse(axis) }
            return withUnsafeBytes(of: lengths) {
                $0.loadUnaligned(fromByteOffset: axis &* Self.lengthSize, as: Int.self)
            }
        }
        set {
            if axis < 0 || axis >= rank {
                _ = refuse(axis)
                return
            }
            withUnsafeMutableBytes(of: &lengths) {
                $0.storeBytes(of: newValue, toByteOffset: axis &* Self.lengthSize, as: Int.self)
            }
        }
    }

    /// The bytes from one length to the next.
    private static var lengthSize: Int { MemoryLayout<Int>.stride }

    @inline(never)
    private func refuse(_ axis: Int) -> Int {
        return TensorError("shape", "there is no axis \(axis) in \(self)").raise(returning: 0)
    }

    /// The number of elements: the product of the lengths, 1 for a single number.
    public var elementCount: Int {
        var product = 1
        for axis in 0..<rank { product *= self[axis] }
        return product
    }
}

extension Tensor.Shape: ExpressibleByArrayLiteral, Hashable, CustomStringConvertible {
    /// The shape with these lengths. More than ``maximumRank`` of them, a negative length, or more elements than memory
    /// can address is an error.
    public init(_ lengths: some Sequence<Int>) {
        self.init()
        for length in lengths {
            guard rank < Tensor.Shape.maximumRank, length >= 0 else {
                let problem = length < 0 ? "axis \(rank) has the negative length \(length)" : "more than \(rank) axes"
                self = TensorError("Shape", problem).raise(returning: Self())
                return
            }
            append(length)
        }
        if !isSmall, let problem { self = TensorError("Shape", problem).raise(returning: Self()) }
    }

    /// Whether there are at most 2²⁴ elements, as is soon seen of most shapes.
    @inline(__always)
    var isSmall: Bool { rank <= 4 && (lengths.0 | lengths.1 | lengths.2 | lengths.3) < 64 }

    /// Why there can be no array of this shape, nil where there can: the lengths may come from shapes that are possible.
    var problem: String? {
        var product = 1
        for axis in 0..<rank {
            // A length of 0 does not make the others smaller: products of some of them are needed, too.
            let (next, overflow) = product.multipliedReportingOverflow(by: Swift.max(self[axis], 1))
            if overflow || next > Int.max / 16 {
                return "the lengths \(self) make more elements than memory can address"
            }
            product = next
        }
        return nil
    }

    public init(arrayLiteral elements: Int...) { self.init(elements) }

    @inline(__always)
    public static func == (left: Self, right: Self) -> Bool {
        // Lengths behind the last axis are 0, so that some may be compared at once, without a loop.
        let (x, y) = (left.lengths, right.lengths)
        guard (left.rank ^ right.rank) | (x.0 ^ y.0) | (x.1 ^ y.1) == 0 else { return false }
        if left.rank <= 2 { return true }
        return (x.2 ^ y.2) | (x.3 ^ y.3) | (x.4 ^ y.4) | (x.5 ^ y.5) | (x.6 ^ y.6) | (x.7 ^ y.7) == 0
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(rank)
        for length in self { hasher.combine(length) }
    }

    /// The lengths in brackets: `[2, 3]`.
    public var description: String { "[" + map(String.init).joined(separator: ", ") + "]" }
}

extension Tensor.Shape {
    /// The strides of a packed row-major array of this shape: how many elements lie between neighbours along each axis.
    var packedStrides: Tensor.Shape {
        var strides = self
        var (step, axis) = (1, rank)
        while axis > 0 {
            axis -= 1
            strides[axis] = step
            step *= self[axis]
        }
        return strides
    }

    /// The one stride that crosses these axes in row-major order, when these are the strides of `shape`; nil where there is
    /// none. Of a single element it is 0.
    func single(over axes: Range<Int>, of shape: Tensor.Shape) -> Int? {
        var (stride, length) = (0, 1)
        for axis in axes.reversed() where shape[axis] != 1 {
            if length == 1 {
                stride = self[axis]
            } else if self[axis] != stride * length {
                return nil
            }
            length *= shape[axis]
        }
        return stride
    }

    /// Runs `body` on the lengths as they lie in memory.
    func withUnsafePointer<Result>(_ body: (UnsafePointer<Int>) -> Result) -> Result {
        withUnsafeBytes(of: lengths) { body($0.baseAddress!.assumingMemoryBound(to: Int.self)) }
    }

    /// The axis that `axis` names, counting from the end when it is negative; nil when there is none.
    func resolved(axis: Int) -> Int? {
        let resolved = axis < 0 ? axis + rank : axis
        return indices.contains(resolved) ? resolved : nil
    }

    /// The strides with which `shape` is seen in the larger shape `result`, when these are its own: 0 along what repeats.
    func repeated(_ shape: Self, in result: Self) -> Self {
        var repeated = Self(repeating: 0, rank: result.rank)
        for axis in shape.indices where shape[axis] != 1 { repeated[result.rank - shape.rank + axis] = self[axis] }
        return repeated
    }

    /// The shape that two shapes broadcast to by NumPy's rule: aligned at their last axes, lengths must be equal or one
    /// of them 1; nil where they are not.
    static func broadcast(_ left: Self, _ right: Self) -> Self? {
        if left == right { return left }
        var result = left.rank >= right.rank ? left : right
        let shorter = left.rank >= right.rank ? right : left
        for offset in 1...Swift.max(shorter.rank, 1) where offset <= shorter.rank {
            let (a, b) = (result[result.rank - offset], shorter[shorter.rank - offset])
            guard a == b || a == 1 || b == 1 else { return nil }
            result[result.rank - offset] = a == 1 ? b : a
        }
        return result
    }
}

extension Tensor: CustomStringConvertible, CustomDebugStringConvertible {
    /// The elements as NumPy lays them out: nested brackets, columns aligned, the middle of long axes left out.
    ///
    ///     [[1.0, 2.0],
    ///      [3.0, 4.0]]
    public var description: String {
        if isFailed { return "failed" }
        let shown = elementCount > Tensor.longestFullDescription ? Tensor.edge : Int.max
        let shape = shape
        // Read where they lie: a broadcast view may have more elements than memory could hold.
        let texts = withElements { address, strides in
            Tensor.texts(of: address, elementType, shape, strides, axis: 0, offset: 0, shown: shown)
        }
        // Columns are aligned where there are several rows.
        let width = rank < 2 ? 0 : texts.lazy.map(\.count).max() ?? 0
        var next = texts.makeIterator()
        return Tensor.layout(shape, axis: 0, width: width, shown: shown, &next)
    }

    /// The description with the shape and the element type.
    public var debugDescription: String { "Tensor(\(description), shape: \(shape), elementType: .\(elementType))" }

    /// The largest number of elements of which none is left out.
    static let longestFullDescription = 1000
    /// How many elements at each end of an axis are shown where some are left out.
    static let edge = 3

    /// The positions along an axis that are shown; nil stands for those left out.
    private static func shownPositions(_ length: Int, _ shown: Int) -> [Int?] {
        guard length > 2 * (shown == .max ? length : shown) else { return Array(0..<length) }
        return Array(0..<shown) + [nil] + Array(length - shown..<length)
    }

    /// The texts of the elements that are shown, in row-major order.
    private static func texts(
        of address: UnsafeRawPointer, _ elementType: ElementType, _ shape: Shape, _ strides: Shape, axis: Int,
        offset: Int, shown: Int
    ) -> [String] {
        guard axis < shape.rank else { return [text(of: address + offset * elementType.size, elementType)] }
        return shownPositions(shape[axis], shown).flatMap { position in
            position.map {
                texts(
                    of: address, elementType, shape, strides, axis: axis + 1, offset: offset + $0 * strides[axis],
                    shown: shown)
            } ?? []
        }
    }

    private static func text(of address: UnsafeRawPointer, _ elementType: ElementType) -> String {
        switch elementType {
        case .float64: "\(address.load(as: Double.self))"
        case .float32: "\(address.load(as: Float.self))"
        case .int64: "\(address.load(as: Int64.self))"
        case .bool: address.load(as: UInt8.self) == 0 ? "false" : "true"
        }
    }

    /// Puts the texts into brackets, one line for each row.
    private static func layout(
        _ shape: Shape, axis: Int, width: Int, shown: Int, _ next: inout Array<String>.Iterator
    ) -> String {
        guard axis < shape.rank else {
            let text = next.next() ?? ""
            return String(repeating: " ", count: Swift.max(0, width - text.count)) + text
        }
        let isRow = axis == shape.rank - 1
        let parts = shownPositions(shape[axis], shown).map { position in
            position == nil ? "…" : layout(shape, axis: axis + 1, width: width, shown: shown, &next)
        }
        let gap = String(repeating: "\n", count: shape.rank - axis - 1) + String(repeating: " ", count: axis + 1)
        return "[" + parts.joined(separator: isRow ? ", " : "," + gap) + "]"
    }
}

extension Tensor: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The elements as NumPy lays them out: nested brackets, columns aligned, the middle of long axes left out.
    ///
    ///     [[1.0, 2.0],
    ///      [3.0, 4.0]]
    public var description: String {
        if isFailed { return "failed" }
        // A placeholder has no numbers, and what memory cannot hold no program can compare.
        if isOnCurrentTape, shortage != nil || TensorError.context?.tracedPrimitive != nil { return typeDescription }
        checkReadable()
        let shown = shownCount > Tensor.longestFullDescription ? Tensor.edge : Int.max
        // Columns are aligned where there are several rows.
        var width = 0
        if rank > 1 {
            _ = brackets(shown: shown) { text in
                width = Swift.max(width, text.count)
                return text
            }
        }
        return brackets(shown: shown) { String(repeating: " ", count: Swift.max(0, width - $0.count)) + $0 }
    }

    /// The description with the shape and the element type.
    public var debugDescription: String { "Tensor(\(description), shape: \(shape), elementType: .\(elementType))" }

    /// What `dump` and debuggers show.
    public var customMirror: Mirror {
        Mirror(self, children: ["elements": description, "shape": shape, "elementType": elementType])
    }

    /// How many elements are shown where none is left out; brackets around none count, too.
    var shownCount: Int { shape.reduce(1) { $0 * Swift.max($1, 1) } }

    /// The largest number of elements of which none is left out.
    static let longestFullDescription = 1000
    /// How many elements at each end of an axis are shown where some are left out.
    static let edge = 3

    /// The positions along an axis that are shown; nil stands for those left out.
    private static func shownPositions(_ length: Int, _ shown: Int) -> [Int?] {
        guard length > 2 * (shown == .max ? length : shown) else { return Array(0..<length) }
        return Array(0..<shown) + [nil] + Array(length - shown..<length)
    }

    private static func text(of address: UnsafeRawPointer, _ elementType: ElementType) -> String {
        switch elementType {
        case .float64: "\(address.load(as: Double.self))"
        case .float32: "\(address.load(as: Float.self))"
        case .int64: "\(address.load(as: Int64.self))"
        case .bool: address.load(as: UInt8.self) == 0 ? "false" : "true"
        }
    }

    /// The elements in nested brackets, one line for each row or all on one line, each as `layout` makes it of its text.
    func brackets(shown: Int = .max, onOneLine: Bool = false, _ layout: (String) -> String) -> String {
        let shape = shape
        // Read where they lie: a broadcast view may have more elements than memory could hold.
        return withElements { address, strides in
            func nested(_ axis: Int, _ offset: Int) -> String {
                guard axis < shape.rank else {
                    return layout(Tensor.text(of: address + offset * elementType.size, elementType))
                }
                let parts = Tensor.shownPositions(shape[axis], shown).map { position in
                    position.map { nested(axis + 1, offset + $0 * strides[axis]) } ?? "…"
                }
                let lines = String(repeating: "\n", count: shape.rank - axis - 1)
                let gap = lines.isEmpty || onOneLine ? ", " : "," + lines + String(repeating: " ", count: axis + 1)
                return "[" + parts.joined(separator: gap) + "]"
            }
            return nested(0, 0)
        }
    }
}

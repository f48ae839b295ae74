#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

extension Double {
    /// The number with a fixed count of digits after the point, like `%.8f` in C, and without a negative zero.
    public func fixed(_ digits: Int) -> String {
        let text = formatted("%.*f", Int32(digits))
        return text.allSatisfy { "-0.".contains($0) } ? String(text.drop { $0 == "-" }) : text
    }

    /// The number in at most four significant digits, like `%.4g` in C, and without a negative zero.
    public var compact: String {
        (self + 0).formatted("%.*g", 4)
    }

    private func formatted(_ format: String, _ precision: Int32) -> String {
        // C may print the sign of a NaN, which means nothing.
        if isNaN { return "nan" }
        return withVaList([precision, self]) { list in
            // The longest possible number has 309 digits before the point.
            let capacity = 320 + Int(precision)
            return String(unsafeUninitializedCapacity: capacity) { buffer in
                buffer.withMemoryRebound(to: CChar.self) { Int(vsnprintf($0.baseAddress, capacity, format, list)) }
            }
        }
    }
}

extension String {
    /// The text followed by as many spaces as it needs to be `width` characters long.
    public func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }

    /// The text preceded by as many spaces as it needs to be `width` characters long.
    public func indented(to width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}

/// A table that is printed row by row while its contents are computed. All columns are aligned to the right.
///
///     let table = Table(["step": 8, "loss": 12])
///     print(table.header)
///     print(table.row("\(step)", loss.fixed(8)))
public struct Table: Sendable {
    private let titles: [String]
    private let widths: [Int]

    /// Makes a table from the title and the least width of each column.
    public init(_ columns: KeyValuePairs<String, Int>) {
        titles = columns.map(\.key)
        widths = columns.map { max($0.value, $0.key.count) }
    }

    /// The titles of the columns.
    public var header: String { row(titles) }

    /// One row of the table; a cell wider than its column pushes the following ones to the right.
    public func row(_ cells: String...) -> String { row(cells) }

    private func row(_ cells: [String]) -> String {
        precondition(cells.count == widths.count, "a row has one cell for each column")
        return zip(cells, widths).map { $0.indented(to: $1) }.joined(separator: "  ")
    }
}

extension Graph: CustomStringConvertible {
    /// One line for each node, see ``Tape/description``; then the guards and the outputs.
    public var description: String {
        let results = outputs.isEmpty ? [] : ["return " + outputs.map { "%\($0)" }.joined(separator: ", ")]
        return ([Graph.lines(nodes, from: 0)] + guards.map { "guard \($0)" } + results).joined(separator: "\n")
    }

    /// One line for each of these nodes, of which the first has this number, with the values behind that are short.
    static func lines(_ nodes: [Node], from first: Int) -> String {
        let lines = nodes.enumerated().map { ($1.text(as: first + $0), $1.shownValue) }
        let width = lines.lazy.filter { $1 != nil }.map { $0.0.count + 2 }.max() ?? 0
        return lines.map { text, value in value.map { aligned(text, $0, width: max(36, width)) } ?? text }
            .joined(separator: "\n")
    }

    /// A line with something behind it.
    static func aligned(_ text: String, _ value: String, width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count)) + value
    }
}

extension Graph.Node {
    /// This as the line of a number, without its value.
    func text(as number: Int) -> String {
        var text = "%\(number): \(elementType.abbreviation)\(shape) = \(primitive.name)"
        if let name { text += " \"\(name)\"" }
        if !operands.isEmpty { text += " " + operands.map { "%\($0)" }.joined(separator: ", ") }
        return attributes.isEmpty ? text : text + " " + attributes.description
    }

    /// The value, where it is short.
    var shownValue: String? { value.flatMap { $0.shownCount > 6 ? nil : $0.onOneLine } }
}

extension Graph.Guard: CustomStringConvertible {
    /// What must hold: `%3 < 10 is true`.
    public var description: String {
        switch condition {
        case .bits(let value): "%\(node) = \(value.shownCount <= 6 ? value.onOneLine : "what was recorded")"
        case .comparison(let comparison, let number, let outcome):
            "%\(node) \(comparison.rawValue) \(Tensor.short("\(number)")) is \(outcome)"
        }
    }
}

extension Tensor {
    /// All numbers, in brackets.
    fileprivate var onOneLine: String { brackets(onOneLine: true, Tensor.short) }

    /// A number without the fraction that a whole one has in Swift.
    fileprivate static func short(_ number: String) -> String {
        number.hasSuffix(".0") ? String(number.dropLast(2)) : number
    }
}

extension Tape: CustomStringConvertible, ErrorContext {
    /// One line for each instruction: its number, type, primitive, operands and attributes, and its value where it is a
    /// single number or was kept for a pullback.
    ///
    ///     %0: f64[] = variable "x"            3
    ///     %1: f64[] = multiply %0, %0         9
    public var description: String {
        let nodes = nodes(isShown: true)
        // Numbers can be learned from the text.
        for index in notes == nil ? 0..<0 : nodes.indices where nodes[index].shownValue != nil {
            noteReading(of: value(of: Int32(index), isRecorded: true))
        }
        return Graph.lines(nodes, from: 0)
    }

    var lastLines: String {
        let start = max(0, count - 8)
        let lines = Graph.lines((start..<count).map { node(Int32($0), isShown: true) }, from: start)
        return start > 0 ? "  …\n" + lines : lines
    }

    func noteReading(of tensor: Tensor) {
        notes?.add(Graph.Guard(node: Int(tensor.index), condition: .bits(tensor.withoutTape)))
    }

    func name(of tensor: Tensor) -> String? { tensor.serial == serial ? name(of: tensor.index) : nil }
}

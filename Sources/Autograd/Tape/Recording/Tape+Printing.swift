extension Tape: CustomStringConvertible, ErrorContext {
    /// One line for each instruction: its number, type, primitive, operands and attributes, and its value where it is a
    /// single number or was kept for a pullback.
    ///
    ///     %0: f64[] = variable "x"            3
    ///     %1: f64[] = multiply %0, %0         9
    public var description: String {
        // Numbers can be learned from the text.
        for index in 0..<Int32(notes == nil ? 0 : count) where shortValue(of: index) != nil {
            noteReading(of: value(of: index, isRecorded: true))
        }
        return lines(0..<count)
    }

    var lastLines: String {
        let shown = 8
        let lines = lines(max(0, count - shown)..<count)
        return count > shown ? "  …\n" + lines : lines
    }

    func noteReading(of tensor: Tensor) {
        notes?.add(ProgramGuard(index: Int(tensor.index), condition: .bits(tensor.withoutTape)))
    }

    func name(of tensor: Tensor) -> String? { tensor.serial == serial ? name(of: tensor.index) : nil }

    private func lines(_ range: Range<Int>) -> String {
        let texts = range.map { text(of: Int32($0)) }
        let width = max(36, (texts.lazy.map(\.count).max() ?? 0) + 2)
        return zip(range, texts).map { index, text in
            shortValue(of: Int32(index)).map { Tape.aligned(text, $0, width: width) } ?? text
        }.joined(separator: "\n")
    }

    func text(of index: Int32) -> String {
        let instruction = self[index]
        return Tape.text(
            of: Int(index), instruction.elementType, shape(of: index), Primitive.numbered(instruction.primitive),
            name: name(of: index), operands: operands(of: instruction).map(Int.init), attributes(of: instruction))
    }

    /// How an instruction is printed, without its value.
    static func text(
        of index: Int, _ elementType: Tensor.ElementType, _ shape: Tensor.Shape, _ primitive: Primitive, name: String?,
        operands: [Int], _ attributes: Primitive.Attributes
    ) -> String {
        var text = "%\(index): \(elementType.abbreviation)\(shape) = \(primitive.name)"
        if let name { text += " \"\(name)\"" }
        if !operands.isEmpty { text += " " + operands.map { "%\($0)" }.joined(separator: ", ") }
        return attributes.isEmpty ? text : text + " " + attributes.description
    }

    /// A line with the value behind it.
    static func aligned(_ text: String, _ value: String, width: Int) -> String {
        text + String(repeating: " ", count: max(2, width - text.count)) + value
    }

    private func shortValue(of index: Int32) -> String? {
        let instruction = self[index]
        guard instruction.isScalar || instruction.keepsStorage else { return nil }
        let value = value(of: index, isRecorded: false)
        return value.shownCount > 6 ? nil : Tape.short(value)
    }

    /// All numbers of a tensor, in brackets.
    static func short(_ value: Tensor) -> String { value.brackets(onOneLine: true, short) }

    /// A number without the fraction that a whole one has in Swift.
    static func short(_ number: String) -> String {
        number.hasSuffix(".0") ? String(number.dropLast(2)) : number
    }
}

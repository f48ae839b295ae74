extension Tape: CustomStringConvertible, ErrorContext {
    /// One line for each instruction: its number, type, primitive, operands and attributes, and its value where it is a
    /// single number or was kept for a pullback.
    ///
    ///     %0: f64[] = variable "x"            3
    ///     %1: f64[] = multiply %0, %0         9
    public var description: String { lines(0..<count) }

    var lastLines: String {
        let shown = 8
        let lines = lines(max(0, count - shown)..<count)
        return count > shown ? "  …\n" + lines : lines
    }

    func name(of tensor: Tensor) -> String? { tensor.serial == serial ? name(of: tensor.index) : nil }

    private func lines(_ range: Range<Int>) -> String {
        let texts = range.map { text(of: Int32($0)) }
        let width = max(36, (texts.lazy.map(\.count).max() ?? 0) + 2)
        return zip(range, texts).map { index, text in
            guard let value = shortValue(of: Int32(index)) else { return text }
            return text + String(repeating: " ", count: width - text.count) + value
        }.joined(separator: "\n")
    }

    private func text(of index: Int32) -> String {
        let instruction = self[index]
        let type = instruction.elementType.abbreviation + shape(of: index).description
        var text = "%\(index): \(type) = \(Primitive.numbered(instruction.primitive).name)"
        if let name = name(of: index) { text += " \"\(name)\"" }
        let operands = operands(of: instruction).map { "%\($0)" }
        if !operands.isEmpty { text += " " + operands.joined(separator: ", ") }
        let attributes = attributes(of: instruction)
        return attributes.isEmpty ? text : text + " " + attributes.description
    }

    private func shortValue(of index: Int32) -> String? {
        let instruction = self[index]
        guard instruction.isScalar || instruction.keepsStorage else { return nil }
        let value = value(of: index, isRecorded: false)
        let shown = 6
        if value.elementCount > shown { return nil }
        let texts = value.array.map { number in
            switch value.elementType {
            case .bool: return number == 0 ? "false" : "true"
            case .float32: return Tape.short("\(Float(number))")
            default: return Tape.short("\(number)")
            }
        }
        return value.rank == 0 ? texts[0] : Tape.nested(texts[...], value.shape[...])
    }

    /// A number without the fraction that a whole one has in Swift.
    private static func short(_ number: String) -> String {
        number.hasSuffix(".0") ? String(number.dropLast(2)) : number
    }

    private static func nested(_ texts: ArraySlice<String>, _ shape: Slice<Tensor.Shape>) -> String {
        guard let length = shape.first else { return texts.first ?? "" }
        let step = length == 0 ? 0 : texts.count / length
        let parts = (0..<length).map { position in
            let start = texts.startIndex + position * step
            return nested(texts[start..<start + step], shape.dropFirst())
        }
        return "[" + parts.joined(separator: ", ") + "]"
    }
}

// Why a gradient is missing.

extension Tape {
    /// Why an output depends on none of the variables that are bound innermost, in words: where the paths from them end.
    package static func missingPath(to output: Tensor) -> String {
        guard let tape = current, let binding = tape.binding else { return "nothing is recorded" }
        let variables = binding.start..<binding.start + Int32(binding.objects.names.count)
        var isActive = [Bool](repeating: false, count: tape.count)
        var ends: [(index: Int32, text: String)] = []
        for index in binding.start..<Int32(tape.count) {
            let instruction = tape[index]
            let primitive = Primitive.numbered(instruction.primitive)
            var (isReached, isPassed) = (variables.contains(index), false)
            for position in 0..<tape.operandCount(of: instruction) {
                let operand = tape.operand(position, of: instruction)
                guard operand >= binding.start && isActive[Int(operand)] else { continue }
                isReached = true
                if position < primitive.pullbacks.count && !primitive.pullbacks[position].isZero { isPassed = true }
            }
            guard isReached else { continue }
            if tape.notes?.isCut(index, from: binding.start) ?? false {
                ends.append((index, "is computed without recording"))
            } else if variables.contains(index) || instruction.elementType.isFloat && isPassed {
                isActive[Int(index)] = true
            } else {
                ends.append((index, "passes no gradient on"))
            }
        }
        for guarded in tape.notes?.guards ?? [] where isActive[guarded.index] {
            ends.append((Int32(guarded.index), "is read as numbers, and what is made of those is a constant"))
        }
        let shown = ends.sorted { $0.index < $1.index }.suffix(3)
        if shown.isEmpty {
            return isActive.count { $0 } > variables.count
                ? "it does not use what is computed from them" : "it uses none"
        }
        return shown.map { "`\(tape.text(of: $0.index))` \($0.text)" }.joined(separator: "; ")
    }
}

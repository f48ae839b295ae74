// Why a gradient is missing.

extension Tape {
    /// Why an output depends on none of the variables that are bound innermost, in words: where the paths from them to it end.
    package static func missingPath(to output: Tensor) -> String {
        guard let tape = current, let binding = tape.binding else { return "nothing is recorded" }
        let variables = binding.start..<binding.start + Int32(binding.objects.names.count)
        // What the output is computed from, and of that, what a gradient would reach.
        var isUsed = [Bool](repeating: false, count: tape.count)
        if output.serial == tape.serial { isUsed[Int(output.index)] = true }
        for index in stride(from: Int32(tape.count) - 1, through: binding.start, by: -1) where isUsed[Int(index)] {
            for operand in tape.operands(of: tape[index]) { isUsed[Int(operand)] = true }
        }
        var isActive = [Bool](repeating: false, count: tape.count)
        var ends: [(index: Int32, text: String)] = []
        for index in binding.start..<Int32(tape.count) {
            let instruction = tape[index]
            let primitive = Primitive.numbered(instruction.primitive)
            var (isReached, isPassed) = (variables.contains(index), false)
            for (position, operand) in tape.operands(of: instruction).enumerated() where isActive[Int(operand)] {
                isReached = true
                if primitive.pullback(ofOperand: position) != nil { isPassed = true }
            }
            guard isReached else { continue }
            if tape.notes?.isCut(index, from: binding.start) ?? false {
                if isUsed[Int(index)] { ends.append((index, "is computed without recording")) }
            } else if variables.contains(index) || instruction.elementType.isFloat && isPassed {
                isActive[Int(index)] = true
            } else if isUsed[Int(index)] {
                ends.append((index, "passes no gradient on"))
            }
        }
        // Of numbers that were read, the output may be made; of comparisons, only which way was taken.
        for guarded in tape.notes?.guards ?? [] where isActive[guarded.node] && guarded.holdsNumbers {
            ends.append((Int32(guarded.node), "is read as numbers, and what is made of those is a constant"))
        }
        let shown = ends.sorted { $0.index < $1.index }.suffix(3)
        if shown.isEmpty {
            return isActive.count { $0 } > variables.count
                ? "it does not use what is computed from them" : "it uses none"
        }
        return shown.map { "`\(tape.node($0.index, isShown: false).text(as: Int($0.index)))` \($0.text)" }.joined(
            separator: "; ")
    }
}

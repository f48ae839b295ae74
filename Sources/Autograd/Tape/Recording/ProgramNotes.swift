/// What the recording of a program notes beside its instructions.
final class ProgramNotes {
    /// What the recorded code learned of numbers that depend on the inputs, in the order in which it asked. A replay is
    /// valid only where it would learn the same.
    private(set) var guards: [ProgramGuard] = []
    /// The instructions of ``withoutRecording(_:)``: part of the program, but no gradient passes through them.
    private var cuts: [Range<Int32>] = []

    func add(_ guarded: ProgramGuard) { guards.append(guarded) }

    /// Runs `body`, whose instructions on `tape` no gradient passes.
    func cutting<Result>(_ tape: Tape, _ body: () throws -> Result) rethrows -> Result {
        let (place, start) = (cuts.count, Int32(tape.count))
        cuts.append(start..<Int32.max)
        defer { cuts[place] = start..<Int32(tape.count) }
        return try body()
    }

    /// Whether an instruction is cut for a gradient that begins at `start`. One that begins inside a cut passes there.
    func isCut(_ index: Int32, from start: Int32) -> Bool {
        cuts.contains { $0.lowerBound > start && $0.contains(index) }
    }

    var hasCuts: Bool { !cuts.isEmpty }
}

/// One thing that recorded code learned of a number.
struct ProgramGuard: Sendable, Equatable {
    /// What a replay must find again.
    enum Condition: Sendable, Equatable {
        /// All elements, bit for bit.
        case bits(Tensor)
        /// How the single number compares with another.
        case comparison(Comparison, Double, outcome: Bool)
    }

    enum Comparison: String, Sendable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="

        @inline(__always)
        func callAsFunction(_ x: Double, _ y: Double) -> Bool {
            switch self {
            case .equal: x == y
            case .notEqual: x != y
            case .less: x < y
            case .lessOrEqual: x <= y
            case .greater: x > y
            case .greaterOrEqual: x >= y
            }
        }
    }

    /// The instruction that was asked.
    var index: Int
    let condition: Condition

    /// Whether the elements themselves were read.
    var holdsNumbers: Bool { if case .bits = condition { true } else { false } }
}

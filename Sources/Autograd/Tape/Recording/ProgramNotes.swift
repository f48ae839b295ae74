/// What the recording of a program notes beside its instructions.
final class ProgramNotes {
    /// What the recorded code learned of numbers that depend on the inputs, in the order in which it asked. A replay is
    /// valid only where it would learn the same.
    private(set) var guards: [Graph.Guard] = []
    /// The instructions of ``withoutRecording(_:)``: part of the program, but no gradient passes through them.
    private var cuts: [Range<Int32>] = []

    func add(_ guarded: Graph.Guard) { guards.append(guarded) }

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

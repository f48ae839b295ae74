/// The recordings of one function: for inputs of other shapes, and for other outcomes of what it asks its numbers.
struct Recordings: Sendable {
    /// How many are kept.
    static let limit = 8
    /// After so many calls in a row for which no recording served, calls are no longer recorded, until one serves again.
    static let patience = 3

    /// Each keeps its place until another takes it.
    private(set) var codes: [Code] = []
    /// Of each recording, the use of them all at which it served last.
    private var lastUses: [Int] = []
    private var useCount = 0
    private var latest: Code?
    /// The calls in a row for which no recording served.
    private var misses = 0
    /// What happened, the first and the latest of it.
    private var notes: [String]
    private var forgottenNotes = 0

    /// - Parameter history: What happened to recordings that these replace.
    init(after history: String? = nil) { notes = history.map { [$0] } ?? [] }

    /// Whether recording was given up.
    var isEager: Bool { misses >= Recordings.patience }

    /// The place of the first recording from `start` on that may take these inputs.
    func place(for inputs: some Collection<Tensor>, from start: Int) -> Int? {
        codes.indices.dropFirst(start).first { codes[$0].mayTake(inputs) }
    }

    /// A recording has served.
    mutating func noteSuccess(at place: Int) {
        noteReplays()
        useCount += 1
        lastUses[place] = useCount
    }

    /// The recording that served last has served again.
    mutating func noteReplays() { misses = 0 }

    /// Keeps a recording that was made because none of the first `tried` served, and returns its place; where there are too
    /// many, that of the one used least recently. Nil if another thread has meanwhile added one that answers the same.
    mutating func add(_ code: Code, afterTrying tried: Int, recorded count: Int) -> Int? {
        let alike = codes.indices.filter { codes[$0].inputs.map(\.type) == code.inputs.map(\.type) }
        if alike.contains(where: { $0 >= tried && codes[$0].graph.guards == code.graph.guards }) { return nil }
        let reason =
            codes.isEmpty
            ? "recorded"
            : "recorded again: \(alike.isEmpty ? "inputs of other shapes or types" : "a guard did not hold")"
        note("\(reason)\n\(code.summary(of: count))")
        if !codes.isEmpty { misses += 1 }
        if isEager {
            note("\(misses) calls in a row had to be recorded again: no further call is, until a recording serves")
        }
        latest = code
        useCount += 1
        let place = codes.count < Recordings.limit ? codes.count : lastUses.firstIndex(of: lastUses.min()!)!
        let taken = place..<min(place + 1, codes.count)
        codes.replaceSubrange(taken, with: [code])
        lastUses.replaceSubrange(taken, with: [useCount])
        return place
    }

    private mutating func note(_ text: String) {
        notes.append(text)
        guard notes.count > 2 * Recordings.limit else { return }
        notes.remove(at: Recordings.limit)
        forgottenNotes += 1
    }

    var explanation: String {
        var texts = notes
        if forgottenNotes > 0 { texts.insert("… \(forgottenNotes) more", at: Recordings.limit) }
        return texts.joined(separator: "\n")
    }

    var description: String { latest.map { "\($0.graph)" } ?? "not recorded" }
    var plan: String { latest?.plan ?? "not recorded" }
}

extension Code {
    /// Whether the inputs have the shapes and types that were recorded, and none has failed. Single numbers are looked at
    /// only once, when they are bound.
    func mayTake(_ inputs: some Collection<Tensor>) -> Bool {
        guard inputs.count == self.inputs.count else { return false }
        if inputNumbers != nil { return true }
        if inputs.contains(where: { $0.isFailed || $0.isOpenElsewhere }) { return false }
        for (input, tensor) in zip(self.inputs, inputs) where !input.type.describes(tensor) { return false }
        return true
    }

    /// The instructions, each with its step and where its value lies; see ``Planner/plan(of:stateCount:)``.
    var plan: String {
        guard case .arrays = work else { return "\(work)" }
        return Planner.plan(of: graph, stateCount: state.count)
    }

    /// What became of a recording.
    func summary(of instructionCount: Int) -> String {
        let computed = graph.nodes.count { !$0.isConstant && !$0.is(.variable) && $0.viewRule == nil }
        return """
              \(inputs.map { "\($0.type.elementType.abbreviation)\($0.type.shape)" }.joined(separator: ", ")) -> \
            \(outputs.map { "\($0.type.elementType.abbreviation)\($0.type.shape)" }.joined(separator: ", "))
              \(instructionCount) instructions recorded, \(computed) computed in \(work)
              \(blockSize) bytes of memory a run, \(constants.elementCount * 8) of constants
            """ + graph.guards.map { "\n  replayed only where \($0.question)" }.joined()
    }
}

extension Code.Work: CustomStringConvertible {
    var description: String {
        switch self {
        case .arrays(let steps, let commits): "\(steps.count + commits.count) steps"
        case .scalars(let code, _): "\(code.count - 1) instructions for single numbers"
        }
    }
}

extension Primitive.Result {
    @inline(__always)
    func describes(_ tensor: Tensor) -> Bool {
        guard tensor.elementType == elementType else { return false }
        guard let storage = tensor.storage else { return shape.rank == 0 }
        return storage.shape == shape
    }
}

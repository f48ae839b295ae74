/// The recordings of one function: for inputs of other kinds, and for other outcomes of what it asks its numbers.
///
/// They are bounded by the memory that they take: where there is no more room, those go that were used least recently. From
/// then on inputs are recorded only if their kinds came before, since the recording that would have to go was used last: kinds
/// that take turns, more of them than there is room for, do not drive each other out.
struct Recordings {
    /// The bytes that all may take; the latest stays, however many it takes.
    var memoryLimit = 256 << 20
    /// How many are kept for inputs of one kind: they are tried in turn.
    static let outcomeLimit = 8
    /// After so many calls in a row for which no guard held, such calls are no longer recorded, until a recording serves.
    static let patience = 3
    /// How many notes are kept, of the first and of the latest.
    private static let noteCount = 8

    private struct Entry {
        let code: Code
        /// A number for the kinds of the inputs; others may have it too.
        let kinds: Int
        /// With all memory that was made for runs.
        var byteCount: Int
        /// Memory that no run uses now. What is taken out belongs to one thread until it is given back.
        var idle: [Memory] = []
        /// The use of all recordings at which this served last.
        var lastUse = 0
    }

    /// In the order of their last uses.
    private var entries: [Entry] = []
    private var useCount = 0
    private(set) var latest: Code?
    /// The kinds for which there was no room, with the use at which they came.
    private var missed: [Int: Int] = [:]
    /// The calls in a row for which no guard held, and how many have not been recorded since.
    private var misses = 0
    private var runsAtLastMiss = 0
    private var eagerCount = 0
    /// What happened, the first and the latest of it.
    private var notes: [String]
    private var forgottenNotes = 0

    /// - Parameter history: What happened to recordings that these replace.
    init(after history: String? = nil) { notes = history.map { [$0] } ?? [] }

    /// Whether recording was given up where guards do not hold.
    var isEager: Bool { misses >= Recordings.patience }
    var codes: [Code] { entries.map(\.code) }
    var byteCount: Int { entries.reduce(0) { $0 + $1.byteCount } }

    /// A number for the kinds of inputs, by which recordings are found.
    private func number(of inputs: some Collection<Tensor>) -> Int {
        var hasher = Hasher()
        for input in inputs { hasher.combine(input.kind) }
        return hasher.finalize()
    }

    private func place(of code: Code?) -> Int? { entries.lastIndex { $0.code === code } }

    /// The recording that may take these inputs, and is to be tried after another: that which served last comes first.
    func code(for inputs: some Collection<Tensor>, after tried: Code?) -> Code? {
        // To try one takes as long as to run it. Where guards were given up on, they are asked in each call that is a power of two.
        let isAsked = !isEager || eagerCount & (eagerCount - 1) == 0
        func mayServe(_ code: Code) -> Bool { (isAsked || code.guards.isEmpty) && code.mayTake(inputs) }
        if tried == nil, let last = entries.last?.code, mayServe(last) { return last }
        let kinds = number(of: inputs)
        return rest(kinds, after: tried).last { $0.kinds == kinds && mayServe($0.code) }?.code
    }

    /// Those among which are the ones of these kinds that served before the one that was tried last.
    private func rest(_ kinds: Int, after tried: Code?) -> ArraySlice<Entry> {
        entries[..<(entries.lastIndex { $0.kinds == kinds && $0.code === tried } ?? entries.count)]
    }

    /// Whether inputs for which none served are to be recorded.
    ///
    /// - Parameter runs: How many runs there were: those in between, of which nothing was noted, break a row of misses.
    mutating func isWorthRecording(_ inputs: some Collection<Tensor>, runs: Int = 0) -> Bool {
        if runs != runsAtLastMiss { noteSuccess() }
        runsAtLastMiss = runs
        let kinds = number(of: inputs)
        if isEager && entries.contains(where: { $0.kinds == kinds }) {
            eagerCount += 1
            return false
        }
        // Room for one more like those that there are.
        if entries.isEmpty || byteCount + byteCount / entries.count <= memoryLimit { return true }
        useCount += 1
        if missed.count == 1 << 12 { missed = [:] }
        return missed.updateValue(useCount, forKey: kinds) ?? 0 > entries[0].lastUse
    }

    /// A recording has served; nil for the one that served last.
    mutating func noteSuccess(of code: Code? = nil) {
        (misses, eagerCount) = (0, 0)
        if let place = code.map({ place(of: $0) }) ?? entries.indices.last { noteUse(at: place) }
    }

    private mutating func noteUse(at place: Int) {
        useCount += 1
        entries[place].lastUse = useCount
        if place < entries.count - 1 { entries.append(entries.remove(at: place)) }
    }

    /// Keeps a recording that was made at these inputs because none served up to the one that was tried last, unless another
    /// thread has meanwhile added one that answers the same.
    mutating func add(
        _ code: Code, at inputs: some Collection<Tensor>, afterTrying tried: Code?, recorded instructionCount: Int
    ) {
        let kinds = number(of: inputs)
        let untried = rest(kinds, after: tried).filter { $0.kinds == kinds }
        if untried.contains(where: { $0.code.graph.guards == code.graph.guards }) { return }
        let alike = entries.filter { $0.kinds == kinds }
        if alike.count == Recordings.outcomeLimit { entries.removeAll { $0.code === alike[0].code } }
        entries.append(Entry(code: code, kinds: kinds, byteCount: code.byteCount))
        noteUse(at: entries.count - 1)
        let removed = makeRoom()
        let cause = alike.isEmpty ? "inputs of other shapes or types" : "a guard did not hold"
        let reason = latest == nil ? "recorded" : "recorded again: \(cause)"
        let place = removed == 0 ? "" : ", in place of \(removed) used less recently"
        note("\(reason)\(place)\n\(code.summary(of: instructionCount))")
        latest = code
        if alike.isEmpty { return }
        misses += 1
        if isEager {
            note("\(misses) calls in a row had to be recorded again: no further call is, until a recording serves")
        }
    }

    /// Lets the recordings go that were used least recently, until there is room; returns how many.
    @discardableResult
    private mutating func makeRoom() -> Int {
        let before = entries.count
        while byteCount > memoryLimit && entries.count > 1 { entries.removeFirst() }
        return before - entries.count
    }

    private mutating func note(_ text: String) {
        notes.append(text)
        guard notes.count > 2 * Recordings.noteCount else { return }
        notes.remove(at: Recordings.noteCount)
        forgottenNotes += 1
    }

    var explanation: String {
        var texts = notes
        if forgottenNotes > 0 { texts.insert("… \(forgottenNotes) more", at: Recordings.noteCount) }
        return texts.joined(separator: "\n")
    }
}

// MARK: - Memory

extension Recordings {
    /// Memory for a run of the recording that may take these inputs, and is to be tried after another.
    mutating func memory(for inputs: some Collection<Tensor>, after tried: Code?) -> Memory? {
        guard let code = code(for: inputs, after: tried), let place = place(of: code) else { return nil }
        if let memory = entries[place].idle.popLast() { return memory }
        entries[place].byteCount += code.memorySize
        noteUse(at: place)
        makeRoom()
        return Memory(code)
    }

    /// After a run. Where the recording has gone meanwhile, the memory goes too.
    mutating func giveBack(_ memory: Memory, served: Bool) {
        if served { noteSuccess(of: memory.code) }
        if let place = place(of: memory.code) { entries[place].idle.append(memory) }
    }
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

    /// The bytes of one recording, without the memory of its runs; about, for what is not constants.
    var byteCount: Int { constantSize + graph.nodes.count * 1024 + 2048 }

    /// The instructions, each with its step and where its value lies; see ``Planner/plan(of:stateCount:)``.
    var plan: String { Planner.plan(of: graph, stateCount: state.count) }

    private var constantSize: Int { (constants.elementCount + numbers.elements.count) * 8 }

    /// What became of a recording.
    func summary(of instructionCount: Int) -> String {
        let computed = graph.nodes.count { !$0.isConstant && !$0.is(.variable) && $0.viewRule == nil }
        let regions = steps.compactMap { if case .region(let code) = $0 { code } else { nil } }
        return """
              \(inputs.map { "\($0.type.elementType.abbreviation)\($0.type.shape)" }.joined(separator: ", ")) -> \
            \(outputs.map { "\($0.type.elementType.abbreviation)\($0.type.shape)" }.joined(separator: ", "))
              \(instructionCount) instructions recorded, \(computed) computed; steps over arrays: \(steps.count - regions.count), \
            instructions for single numbers: \(regions.reduce(0) { $0 + $1.count - 1 })
              \(blockSize) bytes of memory a run, \(constantSize) of constants
            """ + graph.guards.map { "\n  replayed only where \($0)" }.joined()
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

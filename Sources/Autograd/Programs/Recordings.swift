/// The recordings of one function: for inputs of other shapes, and for other outcomes of what it asks its numbers.
struct Recordings: Sendable {
    /// How many are kept.
    static let limit = 8
    /// After so many calls in a row for which no recording served, calls are no longer recorded.
    static let patience = 3

    private(set) var codes: [Code] = []
    /// The calls in a row for which no recording served.
    private var misses = 0
    private var notes: [String] = []

    /// Whether recording was given up.
    var isEager: Bool { misses > Recordings.patience }

    /// The place of the first recording from `start` on that takes these inputs.
    func place(for inputs: some Collection<Tensor>, from start: Int) -> Int? {
        codes.indices.dropFirst(start).first { codes[$0].takes(inputs) }
    }

    /// A recording has served.
    mutating func noteSuccess() { misses = 0 }

    /// Keeps a recording that was made because no other served; the oldest one goes where there are too many.
    @discardableResult
    mutating func add(_ code: Code, instructionCount: Int) -> Code? {
        let isAlike = codes.contains { $0.inputs.map(\.type) == code.inputs.map(\.type) }
        let reason =
            codes.isEmpty
            ? "recorded" : "recorded again: \(isAlike ? "a guard did not hold" : "inputs of other shapes or types")"
        notes.append("\(reason)\n\(code.summary(of: instructionCount))")
        if !codes.isEmpty { misses += 1 }
        if isEager { notes.append("\(misses) calls in a row had to be recorded again: no further call is") }
        let removed = codes.count == Recordings.limit ? codes.removeFirst() : nil
        codes.append(code)
        return removed
    }

    var explanation: String { notes.joined(separator: "\n") }

    var description: String { codes.last.map { "\($0.graph)" } ?? "not recorded" }
}

extension Code {
    /// Whether the inputs have the shapes and types that were recorded.
    func takes(_ inputs: some Collection<Tensor>) -> Bool {
        for (input, tensor) in zip(self.inputs, inputs) where !input.type.describes(tensor) { return false }
        return true
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

extension Memory {
    /// Runs the code on inputs that it takes; false where a guard does not hold, and then nothing was done.
    func run(_ inputs: [Tensor], into outputs: inout [Tensor]) -> Bool {
        // What lies otherwise than packed is copied, and the copies live until the run has ended.
        let inputs = inputs.contains { !$0.isPacked } ? inputs.map(\.packed) : inputs
        return withExtendedLifetime(inputs) {
            for (position, input) in code.inputs.enumerated() { bind(inputs[position], position, input) }
            let isReused = outputs.count == code.outputs.count
            if !isReused { outputs = code.outputs.map { _ in Tensor(0) } }
            for (position, output) in code.outputs.enumerated() where output.type.shape.rank > 0 {
                bases[code.firstOutput + position] = outputs[position].writable(as: output.type)
            }
            if !code.run(bases) { return false }
            for (position, output) in code.outputs.enumerated() {
                if output.type.shape.rank == 0 {
                    outputs[position] = number(output)
                } else if output.place.base == 0 {
                    bases[code.firstOutput + position].copyMemory(
                        from: output.place.address(bases),
                        byteCount: output.type.shape.elementCount * output.type.elementType.size)
                }
            }
            return true
        }
    }

    /// Makes an input readable for the steps.
    @inline(__always)
    func bind(_ tensor: Tensor, _ position: Int, _ input: Code.Input) {
        if let storage = tensor.unownedStorage {
            storage._withUnsafeGuaranteedRef { storage in
                if let place = input.place {
                    place.address(bases).copyMemory(
                        from: storage.elements, byteCount: storage.count * input.type.elementType.size)
                } else {
                    bases[Code.firstInput + position] = storage.elements
                }
            }
        } else {
            input.place!.address(bases).storeBytes(of: tensor.bits, as: UInt64.self)
        }
    }

    /// A result of rank 0.
    func number(_ output: Code.Output) -> Tensor {
        let address = output.place.address(bases)
        var bits: UInt64 = 0
        withUnsafeMutableBytes(of: &bits) {
            $0.copyMemory(from: .init(start: address, count: output.type.elementType.size))
        }
        return Tensor(storage: nil, bits: bits, elementType: output.type.elementType)
    }
}

extension Tensor {
    /// The address of elements that may be written: this tensor's own where nobody else holds them and they are of this kind,
    /// else those of a new one in its place.
    fileprivate mutating func writable(as type: Primitive.Result) -> UnsafeMutableRawPointer {
        if type.describes(self) {
            var held = storage
            self = Tensor(0)
            if isKnownUniquelyReferenced(&held), held!.owner == nil {
                self = Tensor(held!)
                return held!.elements
            }
        }
        let made = Storage.allocate(type.shape, type.elementType)
        self = Tensor(made)
        return made.elements
    }
}

import CKernels

/// A function of inputs and of state, which it changes: recorded once and then replayed on state that stays in the
/// program's memory. For one thread at a time.
package final class StatefulProgram {
    /// What the function makes of its inputs and of the state: a number, and the new state.
    package typealias Function = ([Tensor], [Tensor]) -> (value: Tensor, state: [Tensor])

    package let state: ProgramState
    private let function: Function
    private let names: [String?]
    private(set) var recordings: Recordings
    private var runsAtLastMiss = 0
    // Read at every replay; no method calls out while it changes this.
    /// Whether the last recording takes two arrays and a number, all tiny, asks nothing of its numbers, and calls no function of
    /// others.
    @exclusivity(unchecked) private var isTiny = false
    /// That recording, then.
    private let tiny = UnsafeMutablePointer<TinyProgram>.allocate(capacity: 1)

    /// - Parameters:
    ///   - names: What the inputs and then the state are called in print.
    ///   - history: The explanation of a program that this one replaces.
    package init(
        _ state: ProgramState, names: [String?], after history: String? = nil, of function: @escaping Function
    ) {
        recordings = Recordings(after: history)
        self.state = state
        self.names = names
        self.function = function
    }

    /// What was recorded and planned, and each re-recording with its reason.
    package var explanation: String { recordings.explanation }
    /// The latest recording.
    package var graph: Graph? { recordings.graph }
    /// The instructions of the latest recording.
    package var description: String { recordings.description }
    /// The same with the step of each instruction, and where its value lies.
    package var plan: String { recordings.plan }

    /// Replays the last recording on two inputs and a number, where it is one of single numbers; nil where that is not
    /// possible, and then nothing was changed.
    // What it runs is arithmetic, which releases nothing: so the caller need not retain what it passes. Counting references
    // atomically takes a third of the time of a small step.
    @inline(never)
    @_effects(releasenone)
    package func replay(_ x: Tensor, _ y: Tensor, _ number: Double) -> Double? {
        guard isTiny, state.isSettled, ck_current_context().pointee.serial == 0,
            ck_current_context().pointee.errorScope == nil, tiny.pointee.x.takes(x),
            tiny.pointee.y.takes(y)
        else { return nil }
        tiny.pointee.x.copy(x)
        tiny.pointee.y.copy(y)
        state.beginTinyRun()
        tiny.pointee.number.pointee = number
        ck_run_scalars(tiny.pointee.instructions, tiny.pointee.registers)
        state.endTinyRun()
        return tiny.pointee.value.pointee
    }

    /// Lets the next replay use this memory.
    private func use(_ memory: Memory) {
        let program = TinyProgram(memory)
        isTiny = program != nil
        if let program { tiny.initialize(to: program) }
    }

    deinit { tiny.deallocate() }

    /// Runs the function on inputs, by a recording that serves or by a new one.
    package func run(_ inputs: [Tensor]) -> Double { inputs.withUnsafeBufferPointer { run($0) } }

    /// Runs the function on inputs, by a recording that serves or by a new one. A replay on packed inputs allocates nothing.
    package func run(_ inputs: UnsafeBufferPointer<Tensor>) -> Double {
        var tried: Code?
        if TensorError.isNoted { return .nan }
        let isRunEagerly = Tape.current != nil || inputs.contains { $0.isFailed || $0.shortage != nil }
        if isRunEagerly { return runEagerly(Array(inputs)) }
        if inputs.contains(where: { !$0.isPacked }) { return run(inputs.map(\.packed)) }
        while let code = recordings.code(for: inputs, after: tried) {
            var value: Double?
            state.run(code) { memory in
                use(memory)
                guard memory.bind(inputs) && memory.code.run(memory.bases) else { return false }
                let output = code.outputs[0]
                value = output.type.elementType.number(at: output.place.address(memory.bases))
                return true
            }
            if let value {
                recordings.noteSuccess(of: code)
                return value
            }
            tried = code
        }
        // Replays in between break a row of misses.
        if state.runs != runsAtLastMiss { recordings.noteSuccess() }
        runsAtLastMiss = state.runs
        let isRecorded = recordings.isWorthRecording(inputs)
        return isRecorded ? record(Array(inputs), afterTrying: tried) : runEagerly(Array(inputs))
    }

    private func runEagerly(_ inputs: [Tensor]) -> Double {
        let (value, new) = Tape.eagerly {
            function(inputs.map { $0.isFailed ? $0 : $0.withoutTape }, (0..<state.count).map { state[$0] })
        }
        if TensorError.isNoted || value.isFailed || new.contains(where: \.isFailed) { return .nan }
        for (slot, value) in new.enumerated() { state[slot] = value }
        return value.scalar
    }

    private func record(_ inputs: [Tensor], afterTrying tried: Code?) -> Double {
        let values = (0..<state.count).map { state[$0] }
        let (outputs, graph) = Graph.recording(at: inputs + values, names: names) { given in
            let (value, state) = function(Array(given.prefix(inputs.count)), Array(given.dropFirst(inputs.count)))
            return [value] + state
        }
        if TensorError.isNoted || outputs.contains(where: \.isFailed) { return .nan }
        let code = graph.map { Planner.code($0.optimized, stateCount: values.count) }
        if let graph, let code { recordings.add(code, at: inputs, afterTrying: tried, recorded: graph.nodes.count) }
        for (slot, value) in outputs.dropFirst().enumerated() { state[slot] = value }
        if let code {
            state.run(code) { memory in
                use(memory)
                return false  // Its values are there already.
            }
        }
        return outputs[0].scalar
    }
}

/// What a replay of single numbers needs, as plain data: at their speed, following references takes as long as the
/// arithmetic. Valid as long as the memory.
private struct TinyProgram {
    struct Input {
        /// Bits are copied as integers: the units for numbers have enough to do.
        let place: UnsafeMutablePointer<UInt64>
        let shape: Tensor.Shape
        let count: Int

        @inline(__always)
        func takes(_ tensor: Tensor) -> Bool {
            guard tensor.elementType == .float64, tensor.serial == 0 else { return false }
            guard let storage = tensor.unownedStorage else { return shape.rank == 0 }
            return storage._withUnsafeGuaranteedRef { $0.isPacked && $0.shape == shape }
        }

        @inline(__always)
        func copy(_ tensor: Tensor) {
            guard let storage = tensor.unownedStorage else {
                place.pointee = tensor.bits
                return
            }
            storage._withUnsafeGuaranteedRef { storage in
                let elements = storage.elements.assumingMemoryBound(to: UInt64.self)
                for position in 0..<count { place[position] = elements[position] }
            }
        }
    }

    let registers: UnsafeMutablePointer<Double>
    let instructions: UnsafePointer<ck_scalar_instruction>
    let x, y: Input
    let number, value: UnsafeMutablePointer<Double>

    init?(_ memory: Memory) {
        let code = memory.code
        guard code.steps.count == 1, case .region(let scalars) = code.steps[0], !scalars.callsFunctions,
            code.guards.isEmpty, code.commits.isEmpty, let value = code.outputNumbers?.first, code.inputs.count == 3,
            code.inputs.allSatisfy({ $0.place.base == 0 && $0.type.elementType == .float64 }),
            code.inputs[2].type.shape.rank == 0
        else { return nil }
        registers = memory.block.assumingMemoryBound(to: Double.self)
        instructions = scalars.instructions
        let inputs = code.inputs.map { input in
            Input(
                place: (memory.block + input.place.offset).assumingMemoryBound(to: UInt64.self),
                shape: input.type.shape, count: input.type.shape.elementCount)
        }
        (x, y) = (inputs[0], inputs[1])
        number = registers + code.inputs[2].place.offset / 8
        self.value = registers + Int(value) / 8
    }
}

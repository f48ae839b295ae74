import CKernels

/// A function of inputs and of state, which it changes: recorded once and then replayed on state that stays in the
/// program's memory. For one thread at a time.
package final class StatefulProgram {
    /// What the function makes of its inputs and of the state: a number, and the new state.
    package typealias Function = ([Tensor], [Tensor]) -> (value: Tensor, state: [Tensor])

    package private(set) var state: ProgramState
    private let function: Function
    private let names: [String?]
    private var recordings = Recordings()
    private var memories: [Memory] = []
    /// The memory of the last run, where the state is.
    private var current: Memory?

    /// - Parameter names: What the inputs and then the state are called in print.
    package init(_ state: ProgramState, names: [String?], of function: @escaping Function) {
        self.state = state
        self.names = names
        self.function = function
    }

    /// What was recorded and planned, and each re-recording with its reason.
    package var explanation: String { recordings.explanation }
    /// The instructions of the latest recording.
    package var description: String { recordings.description }
    package var isEager: Bool { recordings.isEager }

    /// Forgets all recordings, for the function will do something else from now on.
    package func forget(because reason: String) {
        state.leaveMemory()
        recordings.removeAll(because: reason)
        memories = []
        current = nil
    }

    /// Replays the recording of the last run on two inputs and a number; nil where that is not possible, and then nothing
    /// was changed.
    @inline(__always)
    package func replay(_ x: Tensor, _ y: Tensor, _ number: Double) -> Double? {
        guard let memory = current, !state.needsAttention, ck_current_context().pointee.serial == 0,
            memory.code.inputs.count == 3, memory.takesInPlace(x, 0), memory.takesInPlace(y, 1),
            memory.takesNumber(2)
        else { return nil }
        memory.bind(x, 0)
        memory.bind(y, 1)
        memory.bind(number, 2)
        guard memory.code.run(memory.bases) == nil else { return nil }
        state.noteRun()
        return memory.value
    }

    /// Runs the function on inputs, by a recording that serves or by a new one.
    package func run(_ inputs: [Tensor]) -> Double {
        var tried = 0
        let packed = inputs.map(\.packed)
        if Tape.current != nil || inputs.contains(where: \.isFailed) { return runEagerly(inputs) }
        while let place = recordings.place(for: packed, from: tried) {
            let memory = memories[place]
            state.move(to: memory)
            current = memory
            let served = withExtendedLifetime(packed) {
                for position in packed.indices { memory.bind(packed[position], position, memory.code.inputs[position]) }
                return memory.code.run(memory.bases) == nil
            }
            if served {
                state.noteRun()
                recordings.noteSuccess()
                return memory.value
            }
            tried = place + 1
        }
        return recordings.isEager ? runEagerly(inputs) : record(packed)
    }

    private func runEagerly(_ inputs: [Tensor]) -> Double {
        let values = (0..<state.count).map { state[$0] }
        let (value, new) = withoutRecording { function(inputs, values) }
        if TensorError.isNoted || value.isFailed { return .nan }
        for slot in new.indices { state[slot] = new[slot] }
        return value.withoutTape.scalar
    }

    private func record(_ inputs: [Tensor]) -> Double {
        let values = (0..<state.count).map { state[$0] }
        let (outputs, graph) = Graph.recording(at: inputs + values, names: names) { given in
            let (value, state) = function(Array(given.prefix(inputs.count)), Array(given.dropFirst(inputs.count)))
            return [value] + state
        }
        guard let graph else { return .nan }
        let code = Planner.code(graph.optimized, stateCount: values.count)
        if recordings.add(code, instructionCount: graph.nodes.count) != nil { memories.removeFirst() }
        memories.append(Memory(code))
        for (slot, value) in outputs.dropFirst().enumerated() { state[slot] = value }
        state.move(to: memories.last!)
        current = memories.last
        return outputs[0].scalar
    }
}

extension Memory {
    /// Whether an input can be read where it lies.
    @inline(__always)
    fileprivate func takesInPlace(_ tensor: Tensor, _ position: Int) -> Bool {
        guard tensor.serial == 0, tensor.elementType == code.inputs[position].type.elementType else { return false }
        guard let storage = tensor.unownedStorage else { return code.inputs[position].type.shape.rank == 0 }
        return storage._withUnsafeGuaranteedRef { $0.isPacked && $0.shape == code.inputs[position].type.shape }
    }

    @inline(__always)
    fileprivate func takesNumber(_ position: Int) -> Bool {
        code.inputs[position].type.shape.rank == 0 && code.inputs[position].type.elementType.isFloat
    }

    @inline(__always)
    fileprivate func bind(_ tensor: Tensor, _ position: Int) {
        bind(tensor, position, code.inputs[position])
    }

    @inline(__always)
    fileprivate func bind(_ number: Double, _ position: Int) {
        let input = code.inputs[position]
        input.place!.address(bases).storeBytes(of: input.type.elementType.bits(of: number), as: UInt64.self)
    }

    /// The only result, a number.
    @inline(__always)
    fileprivate var value: Double {
        let output = code.outputs[0]
        return output.type.elementType.number(at: output.place.address(bases))
    }
}

/// Runs a function by recordings of it: what ``Program`` and a step of training are made of. Where no recording serves, it makes
/// another, or gives up on that where three in a row were made in vain.
///
/// The function gets its inputs and then the values of the state, if there is any; it returns its results and then what becomes
/// of the state. Without state, any number of threads may run it at once; with state, one.
package final class Replayer: Sendable {
    package typealias Function = ([Tensor]) -> [Tensor]

    private let state: ProgramState?
    private let names: [String?]
    let recordings: Locked<Recordings>

    /// - Parameters:
    ///   - names: What the last inputs and then the state are called in print.
    ///   - history: The explanation of another that this one replaces.
    package init(_ state: ProgramState? = nil, names: [String?] = [], after history: String? = nil) {
        self.state = state
        self.names = names
        recordings = Locked(Recordings(after: history))
    }

    /// What was recorded and planned, and each re-recording with its reason.
    package var explanation: String { recordings.withLock { $0.explanation } }
    /// The latest recording.
    package var graph: Graph? { recordings.withLock { $0.latest?.graph } }
    /// Its instructions.
    package var description: String { graph.map { "\($0)" } ?? "not recorded" }
    /// The same with the step of each instruction, and where its value lies.
    package var plan: String { recordings.withLock { $0.latest }?.plan ?? "not recorded" }

    /// Computes the results of the function at inputs, by a recording that serves or by a new one. A replay on packed inputs
    /// allocates nothing, where the results of an earlier run can be written over. Where anything fails, no state is changed.
    package func run(_ inputs: UnsafeBufferPointer<Tensor>, into outputs: inout [Tensor], of function: Function) {
        if state != nil {
            // Inside a recording, a step is none of its instructions.
            guard Tape.current == nil, !TensorError.isNoted else {
                outputs = TensorError.isNoted ? [.failed] : runEagerly(Array(inputs), function)
                return
            }
        }
        var tried: Code?
        while let served = replay(inputs, after: &tried, into: &outputs) { if served { return } }
        let isRecorded =
            !inputs.contains { $0.isFailed || $0.shortage != nil }
            && recordings.withLock { $0.isWorthRecording(inputs, runs: state?.runs ?? 0) }
        outputs =
            isRecorded ? record(Array(inputs), afterTrying: tried, function) : runEagerly(Array(inputs), function)
    }

    /// Runs the recording that is to be tried after another. Nil where there is none; false where it did not serve.
    private func replay(
        _ inputs: UnsafeBufferPointer<Tensor>, after tried: inout Code?, into outputs: inout [Tensor]
    ) -> Bool? {
        if let state {
            guard let code = recordings.withLock({ $0.code(for: inputs, after: tried) }) else { return nil }
            tried = code
            let served = state.run(code) { $0.run(inputs, into: &outputs) }
            if served { recordings.withLock { $0.noteSuccess(of: code) } }
            return served
        }
        guard let memory = recordings.withLock({ $0.memory(for: inputs, after: tried) }) else { return nil }
        tried = memory.code
        let served = memory.run(inputs, into: &outputs)
        recordings.withLock { $0.giveBack(memory, served: served) }
        return served
    }

    /// Records the function at inputs, for which no recording served up to the one that was tried last; its results.
    func record(_ inputs: [Tensor], afterTrying tried: Code? = nil, _ function: Function) -> [Tensor] {
        let given = inputs + (state?.values ?? [])
        let places = [String?](repeating: nil, count: max(0, given.count - names.count))
        let (results, graph) = Graph.recording(at: given, names: places + names, of: function)
        let code = graph.map { Planner.code($0.optimized, stateCount: given.count - inputs.count) }
        if let graph, let code {
            recordings.withLock { $0.add(code, at: inputs, afterTrying: tried, recorded: graph.nodes.count) }
        }
        return finish(results, loading: code)
    }

    /// Memory in which a recording runs on a copy of the state.
    func copiedMemory(for code: Code) -> Memory { state?.copiedMemory(for: code) ?? Memory(code) }

    private func runEagerly(_ inputs: [Tensor], _ function: Function) -> [Tensor] {
        let given = inputs.map { $0.isFailed || $0.isOpenElsewhere ? $0 : $0.withoutTape } + (state?.values ?? [])
        return finish(Tape.eagerly { function(given) })
    }

    /// Sets the state to the last results, unless anything failed; the others are the function's.
    private func finish(_ results: [Tensor], loading code: Code? = nil) -> [Tensor] {
        guard let state else { return results }
        if TensorError.isNoted || results.contains(where: \.isFailed) { return [.failed] }
        state.set(Array(results.suffix(state.count)), loading: code)
        return results.dropLast(state.count)
    }
}

/// Gives every buffer of a schedule a place, and makes the steps ready to run.
struct Planner {
    let schedule: Schedule
    private let stateCount: Int
    var arena = Arena(behind: 0)
    private(set) var places: [Place?]
    /// The slots of the element-wise values that nothing outside their step reads, by node.
    private(set) var temporaries: [Int: Int] = [:]
    private(set) var firstTemporary = 0
    /// The buffers in whose place another was put.
    private var taken: Set<Int> = []
    private var constants = Storage.allocate([0], .float64)!

    var graph: Graph { schedule.graph }

    /// The code of a graph whose last `stateCount` inputs are state, and its last outputs their new values.
    static func code(_ graph: Graph, stateCount: Int = 0) -> Code {
        ScalarCompiler.code(graph, stateCount: stateCount) ?? arrays(graph, stateCount: stateCount)
    }

    /// The code of a graph whose steps are loops over arrays.
    static func arrays(_ graph: Graph, stateCount: Int = 0) -> Code {
        var planner = Planner(graph, stateCount)
        return planner.code()
    }

    /// The instructions of a graph, each with its step and where its value lies: in which bytes of the block, in one of the
    /// temporaries that are used for block after block of elements, or outside. What is computed in one step is fused.
    static func plan(of graph: Graph, stateCount: Int = 0) -> String {
        var planner = Planner(graph, stateCount)
        _ = planner.code()
        let graph = planner.graph
        let texts = graph.nodes.indices.map(graph.text)
        let width = (texts.lazy.map(\.count).max() ?? 0) + 2
        return texts.enumerated().map { node, text in
            let layout = planner.schedule.layouts[node]
            let (base, step) = (planner.places[layout.buffer]?.base, planner.schedule.buffers[layout.buffer].step)
            let place =
                switch base {
                case nil: "temporary" + (planner.temporaries[node].map { " \($0)" } ?? "")
                case 0?: "block \(planner.place(of: layout).offset)"
                case 1?: "constant"
                case let base?: base < planner.firstOutput ? "input" : "result \(base - planner.firstOutput)"
                }
            return Tape.aligned(text, step < 0 ? place : "step \(step), \(place)", width: width)
        }.joined(separator: "\n")
    }

    private init(_ graph: Graph, _ stateCount: Int) {
        schedule = Schedule(graph.withFusedProducts, stateCount: stateCount)
        self.stateCount = stateCount
        places = [Place?](repeating: nil, count: schedule.buffers.count)
    }

    private mutating func code() -> Code {
        placeGiven()
        placeOutputs()
        placeNewState()
        for step in schedule.steps.indices { placeResults(of: step) }
        var steps = schedule.steps.map(ready)
        var commits: [Code.Step] = []
        let results = graph.outputs.dropLast(stateCount)
        let outputs = results.enumerated().map { position, node -> Code.Value in
            let (type, layout) = (graph[node].type, schedule.outputs[position])
            if type.shape.rank == 0 { return Code.Value(type: type, place: numberForReading(layout, &steps)) }
            let place = Place(base: firstOutput + position, offset: 0)
            if places[layout.buffer] != place { steps.append(copy(layout, to: place)) }
            return Code.Value(type: type, place: place)
        }
        for (position, layout) in schedule.outputs.suffix(stateCount).enumerated() {
            if places[layout.buffer] != statePlace(position) { commits.append(copy(layout, to: statePlace(position))) }
        }
        let guards = graph.guards.map { guarded in
            let layout = packedForReading(schedule.layouts[guarded.index], &steps)
            return Code.Guard(condition: guarded.condition, place: layout, type: graph[guarded.index].type)
        }
        return Code(
            graph: graph, inputs: inputs(graph.inputs.dropLast(stateCount)), outputs: outputs,
            state: inputs(graph.inputs.suffix(stateCount)), work: .arrays(steps, commits: commits), guards: guards,
            constants: Tensor(constants), initial: nil, blockSize: arena.size)
    }
}

// MARK: - Places

extension Planner {
    private var firstOutput: Int { Code.firstInput + graph.inputs.count - stateCount }

    private func statePlace(_ position: Int) -> Place { places[stateBuffer(position)]! }

    func place(of layout: Schedule.Layout) -> Place {
        var place = places[layout.buffer]!
        place.offset += layout.offset * schedule.buffers[layout.buffer].elementType.size
        return place
    }

    /// In front of the block lies the state, behind it temporaries, then inputs that are copied.
    private mutating func placeGiven() {
        var size = 0
        for (index, buffer) in schedule.buffers.enumerated() {
            guard case .state = buffer.kind else { continue }
            places[index] = Place(base: 0, offset: size)
            size += Arena.rounded(buffer.byteCount)
        }
        firstTemporary = size
        size += placeTemporaries() * ElementwiseStep.temporarySize
        for (index, buffer) in schedule.buffers.enumerated() {
            if case .input(let position) = buffer.kind {
                places[index] = Place(base: Code.firstInput + position, offset: 0)
            }
            guard case .copiedInput = buffer.kind else { continue }
            places[index] = Place(base: 0, offset: size)
            size += Arena.alignment
        }
        arena = Arena(behind: size)
        placeConstants()
    }

    private mutating func placeConstants() {
        var size = 0
        for (buffer, value) in schedule.constants {
            places[buffer] = Place(base: 1, offset: size)
            size += Arena.rounded(value.elementCount * value.elementType.size)
        }
        constants = Storage.allocate([size / 8], .float64)!
        for (buffer, value) in schedule.constants {
            let place = constants.elements + places[buffer]!.offset
            value.withUnsafeElements {
                UnsafeMutableRawBufferPointer(start: place, count: $0.count).copyMemory(from: $0)
            }
        }
    }

    /// Numbers the blocks that values need which live within one step; returns how many there are.
    private mutating func placeTemporaries() -> Int {
        var count = 0
        for (step, plan) in schedule.steps.enumerated() {
            guard case .elementwise(let members) = plan else { continue }
            var lastUse: [Int: Int] = [:]
            for (position, node) in members.enumerated() {
                for operand in schedule.operands[node]! { lastUse[operand.buffer] = position }
            }
            var free: [Int] = []
            var next = 0
            var live: [(buffer: Int, slot: Int)] = []
            for (position, node) in members.enumerated() {
                let buffer = schedule.layouts[node].buffer
                // An operand that is read here for the last time gives its block to the result: loops allow that where
                // the elements are of one size.
                let size = schedule.buffers[buffer].elementType.size
                let ended = live.filter { value in
                    lastUse[value.buffer]! < position
                        || lastUse[value.buffer]! == position && schedule.buffers[value.buffer].elementType.size == size
                }
                free += ended.map(\.slot)
                live.removeAll { value in ended.contains { $0.buffer == value.buffer } }
                guard schedule.buffers[buffer].lastReader == step else { continue }
                if free.isEmpty {
                    free = [next]
                    next += 1
                }
                let slot = free.removeLast()
                temporaries[node] = slot
                live.append((buffer, slot))
            }
            count = max(count, next)
        }
        return count
    }

    /// Arrays that are results are written where they are handed out.
    private mutating func placeOutputs() {
        for (position, node) in graph.outputs.dropLast(stateCount).enumerated() {
            let (layout, shape) = (schedule.outputs[position], graph[node].shape)
            let buffer = schedule.buffers[layout.buffer]
            if shape.rank > 0, buffer.kind == .made, places[layout.buffer] == nil, layout.isWhole(buffer) {
                places[layout.buffer] = Place(base: firstOutput + position, offset: 0)
            }
        }
    }

    /// New state is written over the old where the old has been read by then, and nothing can fail any more.
    private mutating func placeNewState() {
        guard graph.guards.isEmpty else { return }
        for (position, node) in graph.outputs.suffix(stateCount).enumerated() {
            let layout = schedule.outputs[graph.outputs.count - stateCount + position]
            let (new, old) = (schedule.buffers[layout.buffer], stateBuffer(position))
            guard new.kind == .made, places[layout.buffer] == nil, layout.isWhole(new) else { continue }
            if schedule.buffers[old].lastReader < new.step || mayOverwrite(old, node, at: new.step) {
                places[layout.buffer] = statePlace(position)
            }
        }
    }

    private func stateBuffer(_ position: Int) -> Int {
        schedule.layouts[graph.inputs[graph.inputs.count - stateCount + position]].buffer
    }

    /// Whether an element-wise node may write over a buffer that its own step is the last to read: each element must have
    /// been read by then, at its own place.
    private func mayOverwrite(_ buffer: Int, _ node: Int, at step: Int) -> Bool {
        guard schedule.buffers[buffer].lastReader == step, case .elementwise(let members) = schedule.steps[step] else {
            return false
        }
        var isWritten = false
        for member in members {
            for operand in schedule.operands[member]! where operand.buffer == buffer {
                if isWritten || !operand.isWhole(schedule.buffers[buffer]) || operand.shape != graph[member].shape {
                    return false
                }
            }
            if member == node { isWritten = true }
        }
        return isWritten
    }

    private mutating func placeResults(of step: Int) {
        switch schedule.steps[step] {
        case .elementwise(let members):
            for node in members where temporaries[node] == nil { placeResult(schedule.layouts[node].buffer, node) }
        case .kernel(let node): placeResult(schedule.layouts[node].buffer, nil)
        case .copy(_, let buffer): placeResult(buffer, nil)
        }
    }

    private mutating func placeResult(_ index: Int, _ node: Int?) {
        let buffer = schedule.buffers[index]
        if places[index] != nil { return }
        // In place of an operand that dies here.
        if let node {
            for operand in schedule.operands[node]! {
                let dying = schedule.buffers[operand.buffer]
                guard dying.kind == .made, dying.byteCount == buffer.byteCount, let place = places[operand.buffer],
                    place.base == 0, dying.step < buffer.step, !taken.contains(operand.buffer),
                    mayOverwrite(operand.buffer, node, at: buffer.step)
                else { continue }
                taken.insert(operand.buffer)
                arena.extend(place.offset, until: buffer.lastReader)
                places[index] = place
                return
            }
        }
        places[index] = Place(
            base: 0, offset: arena.allocate(buffer.byteCount, at: buffer.step, until: buffer.lastReader))
    }
}

extension Schedule.Buffer {
    var byteCount: Int { elementCount * elementType.size }
}

/// Gives every buffer of a schedule a place, and makes the steps ready to run.
struct Planner {
    /// What is to be computed, as it was before sums and products were fused.
    let recorded: Graph
    let schedule: Schedule
    let stateCount: Int
    var arena = Arena(behind: 0)
    var places: [Place?]
    private(set) var steps: [Code.Step] = []
    /// Where the element-wise values lie that nothing outside their step reads, by node: offsets in a thread's workspace.
    private(set) var temporaries: [Int: Int] = [:]
    /// The buffers in whose place another was put.
    private var taken: Set<Int> = []
    private(set) var constants = Storage.allocate([0], .float64)!
    /// The constants of all regions, where they lie together, and how many of them regions have been compiled with.
    let numbers: [Double]
    private(set) var firstNumber = Place(base: 0, offset: 0)
    var compiledCount = 0
    /// Whether a kernel does not take its operands as they lie here: no run can serve.
    var isRefused = false

    var graph: Graph { schedule.graph }

    /// The code of a graph whose last `stateCount` inputs are state, and its last outputs their new values.
    ///
    /// - Parameter hasRegions: Whether tiny arrays are computed number by number.
    static func code(_ graph: Graph, stateCount: Int = 0, hasRegions: Bool = true) -> Code {
        var planner = Planner(graph, stateCount, hasRegions)
        return Code(&planner)
    }

    /// The instructions of a graph, each with its step and where its value lies: in which bytes of the block, in one of the
    /// temporaries that are used for block after block of elements, or outside. What is computed in one step is fused.
    static func plan(of graph: Graph, stateCount: Int = 0) -> String {
        lines(of: graph, stateCount: stateCount).map(\.text).joined(separator: "\n")
    }

    /// The same in lines, with the step of each; −1 where the value is given.
    static func lines(of graph: Graph, stateCount: Int) -> [(step: Int, text: String)] {
        let planner = Planner(graph, stateCount, true)
        let graph = planner.graph
        let texts = graph.nodes.enumerated().map { $1.text(as: $0) }
        let width = (texts.lazy.map(\.count).max() ?? 0) + 2
        return texts.enumerated().map { node, text in
            let layout = planner.schedule.layouts[node]
            let (base, step) = (planner.places[layout.buffer]?.base, planner.schedule.buffers[layout.buffer].step)
            let place =
                switch base {
                case nil:
                    planner.temporaries[node].map { "temporary \($0 / ElementwiseStep.temporarySize)" }
                        ?? "single numbers"
                case 0?: "block \(planner.place(of: layout).offset)"
                case 1?: "constant"
                case let base?: base < planner.firstOutput ? "input" : "result \(base - planner.firstOutput)"
                }
            return (step, Graph.aligned(text, step < 0 ? place : "step \(step), \(place)", width: width))
        }
    }

    private init(_ graph: Graph, _ stateCount: Int, _ hasRegions: Bool) {
        recorded = graph
        schedule = Schedule(graph.withFusedProducts, stateCount: stateCount, hasRegions: hasRegions)
        self.stateCount = stateCount
        places = [Place?](repeating: nil, count: schedule.buffers.count)
        numbers = schedule.regions.flatMap(\.constants)
        placeTemporaries()
        placeGiven()
        placeOutputs()
        placeNewState()
        for step in schedule.steps.indices { steps.append(ready(step)) }
    }
}

// MARK: - Code

extension Planner {
    var inputs: [Code.Value] { values(graph.inputs.dropLast(stateCount)) }
    var state: [Code.Value] { values(graph.inputs.suffix(stateCount)) }

    private func values(_ nodes: some Collection<Int>) -> [Code.Value] {
        nodes.map { Code.Value(type: graph[$0].type, place: places[schedule.layouts[$0].buffer]!) }
    }

    /// The results, each where it lies packed, or copied to where it is handed out.
    mutating func outputs() -> [Code.Value] {
        zip(schedule.outputs, graph.outputs).dropLast(stateCount).enumerated().map { position, output in
            let (layout, type) = (output.0, graph[output.1].type)
            // Old state will be overwritten by then.
            if case .state = schedule.buffers[layout.buffer].kind {
                return Code.Value(type: type, place: copied(layout))
            }
            if schedule.isPacked(layout) { return Code.Value(type: type, place: place(of: layout)) }
            let place = Place(base: firstOutput + position, offset: 0)
            steps.append(copy(layout, to: place))
            return Code.Value(type: type, place: place)
        }
    }

    var guards: [Code.Guard] {
        zip(graph.guards, schedule.guards).map { guarded, layout in
            Code.Guard(
                condition: guarded.condition, value: .init(type: graph[guarded.node].type, place: place(of: layout)))
        }
    }

    mutating func commits() -> [(from: Place, to: Code.Value)] {
        zip(schedule.outputs.suffix(stateCount), state).map { (packed($0), $1) }.filter { $0 != $1.place }
    }

    /// Where the elements of a value lie packed when all steps have run, which may take one more.
    private mutating func packed(_ layout: Schedule.Layout) -> Place {
        schedule.isPacked(layout) ? place(of: layout) : copied(layout)
    }

    private mutating func copied(_ layout: Schedule.Layout) -> Place {
        let size = layout.shape.elementCount * schedule.buffers[layout.buffer].elementType.size
        let place = Place(base: 0, offset: arena.allocate(size, at: steps.count, until: Int.max))
        steps.append(copy(layout, to: place))
        return place
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

    /// In front of the block lies the state, behind it inputs that are copied.
    private mutating func placeGiven() {
        var size = 0
        for (index, buffer) in schedule.buffers.enumerated() {
            guard case .state = buffer.kind else { continue }
            places[index] = Place(base: 0, offset: size)
            size += Arena.rounded(buffer.byteCount)
        }
        for (index, buffer) in schedule.buffers.enumerated() {
            if case .input(let position) = buffer.kind {
                places[index] = Place(base: Code.firstInput + position, offset: 0)
            }
            guard case .copiedInput = buffer.kind else { continue }
            places[index] = Place(base: 0, offset: size)
            size += (buffer.byteCount + 7) / 8 * 8
        }
        firstNumber = Place(base: 0, offset: size)
        placeConstants()
        arena = Arena(behind: size + numbers.count * 8)
    }

    private mutating func placeConstants() {
        var size = 0
        for (index, buffer) in schedule.buffers.enumerated() where buffer.constant != nil && buffer.lastReader >= 0 {
            places[index] = Place(base: 1, offset: size)
            size += Arena.rounded(buffer.byteCount)
        }
        constants = Storage.allocate([size / 8], .float64)!
        for (index, buffer) in schedule.buffers.enumerated() {
            guard let value = buffer.constant, let place = places[index] else { continue }
            value.withUnsafeElements {
                UnsafeMutableRawBufferPointer(start: constants.elements + place.offset, count: $0.count).copyMemory(
                    from: $0)
            }
        }
    }

    /// Gives the values that live within one step their places in the workspace.
    private mutating func placeTemporaries() {
        for (step, plan) in schedule.steps.enumerated() {
            guard case .elementwise(let members) = plan else { continue }
            var blocks = Arena(behind: 0)
            for (position, node) in members.enumerated() {
                let buffer = schedule.layouts[node].buffer
                guard schedule.buffers[buffer].lastReader == step else { continue }
                func reads(_ member: Int) -> Bool { schedule.operands[member]!.contains { $0.buffer == buffer } }
                func size(_ member: Int) -> Int { graph[member].elementType.size }
                let reader = members.lastIndex(where: reads) ?? position
                // Its last reader's result takes its place: loops allow that where the elements are of one size.
                let end = reader > position && size(members[reader]) == size(node) ? reader - 1 : reader
                temporaries[node] = blocks.allocate(ElementwiseStep.temporarySize, at: position, until: end)
            }
        }
    }

    /// Arrays that are results are written where they are handed out.
    private mutating func placeOutputs() {
        for (position, layout) in schedule.outputs.dropLast(stateCount).enumerated() {
            let buffer = schedule.buffers[layout.buffer]
            let isFree = buffer.kind == .made && !buffer.isOfNumbers && places[layout.buffer] == nil
            if isFree, layout.shape.rank > 0, layout.isWhole(buffer) {
                places[layout.buffer] = Place(base: firstOutput + position, offset: 0)
            }
        }
    }

    /// New state is written over the old where the old has been read by then, and nothing can fail any more.
    private mutating func placeNewState() {
        for (position, node) in graph.outputs.suffix(stateCount).enumerated() {
            let layout = schedule.outputs[graph.outputs.count - stateCount + position]
            let (new, old) = (schedule.buffers[layout.buffer], stateBuffer(position))
            guard new.kind == .made, new.step >= schedule.decision, places[layout.buffer] == nil, layout.isWhole(new)
            else { continue }
            // A region takes care of what it reads and replaces.
            let last = if case .region = schedule.steps[new.step] { new.step } else { new.step - 1 }
            if schedule.buffers[old].lastReader <= last || mayOverwrite(old, node, at: new.step) {
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

    mutating func placeResult(_ index: Int, of node: Int? = nil) {
        let buffer = schedule.buffers[index]
        if places[index] != nil { return }
        // In place of an operand that dies here.
        if let node {
            for operand in schedule.operands[node]! {
                let dying = schedule.buffers[operand.buffer]
                guard dying.kind == .made, dying.byteCount == buffer.byteCount, let place = places[operand.buffer],
                    place.base == 0, dying.step < buffer.step, !taken.contains(operand.buffer),
                    mayOverwrite(operand.buffer, node, at: buffer.step),
                    arena.extend(place.offset, until: buffer.lastReader)
                else { continue }
                taken.insert(operand.buffer)
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

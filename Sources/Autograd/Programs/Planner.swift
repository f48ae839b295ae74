import CKernels

/// Gives every buffer of a schedule a place, and makes the steps ready to run.
struct Planner {
    private let schedule: Schedule
    private let stateCount: Int
    private var arena = Arena(behind: 0)
    private var places: [Place?]
    /// The slots of the element-wise values that nothing outside their step reads, by node.
    private var temporaries: [Int: Int] = [:]
    private var firstTemporary = 0
    /// The buffers in whose place another was put.
    private var taken: Set<Int> = []
    private var constants = Storage.allocate([0], .float64)

    private var graph: Graph { schedule.graph }

    /// The code of a graph whose last `stateCount` inputs are state, and its last outputs their new values.
    static func code(_ graph: Graph, stateCount: Int = 0) -> Code {
        ScalarCompiler.code(graph, stateCount: stateCount) ?? arrays(graph, stateCount: stateCount)
    }

    /// The code of a graph whose steps are loops over arrays.
    static func arrays(_ graph: Graph, stateCount: Int = 0) -> Code {
        var planner = Planner(Schedule(graph, stateCount: stateCount), stateCount)
        return planner.code()
    }

    private init(_ schedule: Schedule, _ stateCount: Int) {
        self.schedule = schedule
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
        let outputs = results.enumerated().map { position, node -> Code.Output in
            let (type, layout) = (graph[node].type, schedule.outputs[position])
            if type.shape.rank == 0 { return Code.Output(type: type, place: numberForReading(layout, &steps)) }
            let place = Place(base: firstOutput + position, offset: 0)
            if places[layout.buffer] != place { steps.append(copy(layout, to: place)) }
            return Code.Output(type: type, place: place)
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

    private func statePlace(_ position: Int) -> Place {
        places[schedule.layouts[graph.inputs[graph.inputs.count - stateCount + position]].buffer]!
    }

    private func place(of layout: Schedule.Layout) -> Place {
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
            size += Arena.rounded(buffer.elementCount * buffer.elementType.size)
        }
        firstTemporary = size
        size += placeTemporaries() * ElementwiseStep.blockLength * 8
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
        constants = Storage.allocate([size / 8], .float64)
        for (buffer, value) in schedule.constants {
            value.withElements { address, _ in
                (constants.elements + places[buffer]!.offset)
                    .copyMemory(from: address, byteCount: value.elementCount * value.elementType.size)
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
                let slot: Int
                if let last = free.popLast() {
                    slot = last
                } else {
                    slot = next
                    next += 1
                }
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

// MARK: - Steps

extension Planner {
    private func inputs(_ nodes: some Collection<Int>) -> [Code.Input] {
        nodes.map { node in
            let place = places[schedule.layouts[node].buffer]!
            return Code.Input(
                type: graph[node].type, place: place.base == 0 ? place : nil)
        }
    }

    private func ready(_ step: Schedule.Step) -> Code.Step {
        switch step {
        case .copy(let layout, let buffer): return copy(layout, to: places[buffer]!)
        case .elementwise(let members): return .elementwise(elementwise(members))
        case .kernel(let index):
            let node = graph[index]
            guard case .kernel(let kernel) = node.primitive.implementation else {
                fatalError("\(node.primitive.name) is not computed")
            }
            return .kernel(
                KernelStep(
                    kernel: kernel, attributes: node.attributes, operands: schedule.operands[index]!.map(operand),
                    result: operand(schedule.layouts[index])))
        }
    }

    private func operand(_ layout: Schedule.Layout) -> KernelStep.Operand {
        KernelStep.Operand(
            place: place(of: layout), shape: layout.shape, strides: layout.strides,
            elementType: schedule.buffers[layout.buffer].elementType)
    }

    private func copy(_ layout: Schedule.Layout, to place: Place) -> Code.Step {
        let source = operand(layout)
        return .kernel(
            KernelStep(
                kernel: { operands, result, _ in
                    let loop = ElementLoop.kernel(ck_elementwise(CK_COPY, ck_type(result.elementType))!)
                    loop.run(over: operands[0], into: result.elements, resultSize: result.elementType.size)
                },
                attributes: .none, operands: [source],
                result: KernelStep.Operand(
                    place: place, shape: source.shape, strides: source.shape.packedStrides,
                    elementType: source.elementType)))
    }

    /// Where a number is read after the run: old state will be overwritten by then.
    private mutating func numberForReading(_ layout: Schedule.Layout, _ steps: inout [Code.Step]) -> Place {
        if case .state = schedule.buffers[layout.buffer].kind { return copied(layout, &steps) }
        return place(of: layout)
    }

    /// Where the elements of a value lie packed, which may take a copy.
    private mutating func packedForReading(_ layout: Schedule.Layout, _ steps: inout [Code.Step]) -> Place {
        layout.shape.elementCount == 1 || layout.isWhole(schedule.buffers[layout.buffer])
            ? place(of: layout) : copied(layout, &steps)
    }

    private mutating func copied(_ layout: Schedule.Layout, _ steps: inout [Code.Step]) -> Place {
        let size = layout.shape.elementCount * schedule.buffers[layout.buffer].elementType.size
        let place = Place(base: 0, offset: arena.allocate(size, at: steps.count, until: Int.max))
        steps.append(copy(layout, to: place))
        return place
    }

    private func elementwise(_ members: [Int]) -> ElementwiseStep {
        let shape = graph[members[0]].shape
        let split = (0...shape.rank).first { split in
            members.allSatisfy { schedule.operands[$0]!.allSatisfy { $0.streams(splitAt: split) != nil } }
        }!
        var streams: [ElementwiseStep.Stream] = []
        var known: [ElementwiseStep.Stream: UInt8] = [:]
        func number(_ stream: ElementwiseStep.Stream) -> UInt8 {
            if let number = known[stream] { return number }
            streams.append(stream)
            known[stream] = UInt8(streams.count - 1)
            return UInt8(streams.count - 1)
        }
        func result(_ node: Int) -> ElementwiseStep.Stream {
            let size = graph[node].elementType.size
            guard let slot = temporaries[node] else {
                let place = places[schedule.layouts[node].buffer]!
                let rowLength = shape[split...].reduce(1, *)
                return .init(
                    place: place, outerStride: rowLength, innerStride: 1, elementSize: size, isTemporary: false)
            }
            let place = Place(base: 0, offset: firstTemporary + slot * ElementwiseStep.blockLength * 8)
            return .init(place: place, outerStride: 0, innerStride: 1, elementSize: size, isTemporary: true)
        }
        let makers = Dictionary(uniqueKeysWithValues: members.map { (schedule.layouts[$0].buffer, $0) })
        let operations = members.map { member in
            let operands = schedule.operands[member]!.map { layout in
                if let maker = makers[layout.buffer] { return number(result(maker)) }
                let (outer, inner) = layout.streams(splitAt: split)!
                return number(
                    .init(
                        place: place(of: layout), outerStride: outer, innerStride: inner,
                        elementSize: schedule.buffers[layout.buffer].elementType.size, isTemporary: false))
            }
            let type = schedule.buffers[schedule.operands[member]!.last!.buffer].elementType
            return ElementwiseStep.Operation(
                loop: graph[member].primitive.loops[type]!, operandType: type,
                operands: (operands[0], operands.count > 1 ? operands[1] : 0, operands.count > 2 ? operands[2] : 0),
                result: number(result(member)))
        }
        return ElementwiseStep(
            rows: shape[..<split].reduce(1, *), rowLength: shape[split...].reduce(1, *), streams: streams,
            operations: operations)
    }
}

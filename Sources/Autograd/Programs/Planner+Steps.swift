// The steps of a plan, with addresses in place of values.

extension Planner {
    func inputs(_ nodes: some Collection<Int>) -> [Code.Value] {
        nodes.map { Code.Value(type: graph[$0].type, place: places[schedule.layouts[$0].buffer]!) }
    }

    func ready(_ step: Schedule.Step) -> Code.Step {
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

    func copy(_ layout: Schedule.Layout, to place: Place) -> Code.Step {
        let source = operand(layout)
        return .kernel(
            KernelStep(
                kernel: { operands, result, _ in
                    ElementLoop.copying(result.elementType)
                        .run(over: operands[0], into: result.elements, resultSize: result.elementType.size)
                },
                attributes: .none, operands: [source],
                result: KernelStep.Operand(
                    place: place, shape: source.shape, strides: source.shape.packedStrides,
                    elementType: source.elementType)))
    }

    /// Where a number is read after the run: old state will be overwritten by then.
    mutating func numberForReading(_ layout: Schedule.Layout, _ steps: inout [Code.Step]) -> Place {
        if case .state = schedule.buffers[layout.buffer].kind { return copied(layout, &steps) }
        return place(of: layout)
    }

    /// Where the elements of a value lie packed, which may take a copy.
    mutating func packedForReading(_ layout: Schedule.Layout, _ steps: inout [Code.Step]) -> Place {
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
        let crossing = Schedule.Crossing(of: shape, members.flatMap { schedule.operands[$0]! })!
        let makers = Dictionary(uniqueKeysWithValues: members.map { (schedule.layouts[$0].buffer, $0) })
        var streams: [ElementwiseStep.Stream] = []
        var known: [ElementwiseStep.Stream: UInt8] = [:]
        func number(_ layout: Schedule.Layout) -> UInt8 {
            let size = schedule.buffers[layout.buffer].elementType.size
            let stream: ElementwiseStep.Stream
            if let maker = makers[layout.buffer], let slot = temporaries[maker] {
                let place = Place(base: 0, offset: firstTemporary + slot * ElementwiseStep.temporarySize)
                stream = .init(
                    place: place, strides: .init(plane: 0, row: 0, element: 1), elementSize: size, isTemporary: true)
            } else {
                let strides = layout.strides(crossing)!
                stream = .init(place: place(of: layout), strides: strides, elementSize: size, isTemporary: false)
            }
            if let number = known[stream] { return number }
            streams.append(stream)
            known[stream] = UInt8(streams.count - 1)
            return UInt8(streams.count - 1)
        }
        let operations = members.map { member in
            let operands = schedule.operands[member]!
            let numbers = operands.map(number)
            let type = schedule.buffers[operands.last!.buffer].elementType
            return ElementwiseStep.Operation(
                loop: graph[member].primitive.loops[type]!, operandType: type,
                operands: (numbers[0], numbers.count > 1 ? numbers[1] : 0, numbers.count > 2 ? numbers[2] : 0),
                result: number(schedule.layouts[member]))
        }
        return ElementwiseStep(
            planes: shape[..<crossing.plane].reduce(1, *), rows: shape[crossing.plane..<crossing.row].reduce(1, *),
            rowLength: shape[crossing.row...].reduce(1, *), streams: streams, operations: operations)
    }
}

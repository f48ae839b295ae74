import CKernels

// The steps of a plan, with addresses in place of values.

extension Planner {
    func inputs(_ nodes: some Collection<Int>) -> [Code.Input] {
        nodes.map { node in
            let place = places[schedule.layouts[node].buffer]!
            return Code.Input(
                type: graph[node].type, place: place.base == 0 ? place : nil)
        }
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
                    let loop = ElementLoop.kernel(ck_elementwise(CK_COPY, ck_type(result.elementType))!)
                    loop.run(over: operands[0], into: result.elements, resultSize: result.elementType.size)
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
            let place = Place(base: 0, offset: firstTemporary + slot * ElementwiseStep.temporarySize)
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

import CKernels

// The steps of a plan, with addresses in place of values.

extension Planner {
    /// Gives the results of a step their places, where they have none yet, and makes it ready to run.
    mutating func ready(_ step: Int) -> Code.Step {
        switch schedule.steps[step] {
        case .region(let index): return .region(compiled(schedule.regions[index], at: step))
        case .copy(let layout, let buffer):
            placeResult(buffer)
            return copy(layout, to: places[buffer]!, as: schedule.buffers[buffer].elementType)
        case .elementwise(let members):
            for node in members where temporaries[node] == nil { placeResult(schedule.layouts[node].buffer, of: node) }
            return .elementwise(elementwise(members))
        case .kernel(let index):
            let node = graph[index]
            guard case .kernel(let kernel) = node.primitive.implementation else {
                fatalError("\(node.primitive.name) is not computed")
            }
            let buffer = schedule.layouts[index].buffer
            placeResult(buffer)
            return prepared(kernel, schedule.operands[index]!, node.type, places[buffer]!, node.attributes)
        }
    }

    // Inlined, it ends the compiler (Swift 6.3.1).
    @inline(never)
    private mutating func prepared(
        _ kernel: Primitive.Kernel, _ operands: [Schedule.Layout], _ result: Primitive.Result, _ place: Place,
        _ attributes: Primitive.Attributes = .none
    ) -> Code.Step {
        let layouts = schedule.layouts(operands)
        let (parameters, size) = layouts.withUnsafeBufferPointer {
            do throws(Primitive.Refusal) {
                return try kernel.prepare(.init(operands: $0, result: result, attributes: attributes))
            } catch {
                isRefused = true
                return ([0], 0)
            }
        }
        let workspace =
            size == 0 ? place : Place(base: 0, offset: arena.allocate(size, at: steps.count, until: steps.count))
        let nothing: Primitive.Kernel.Run = { _, _ in }
        return .kernel(
            KernelStep(
                kernel: result.shape.contains(0) && !kernel.mayRefuse ? nothing : kernel.run, parameters: parameters,
                operands: operands.map(place(of:)), layouts: layouts,
                result: place, workspace: workspace))
    }

    /// The numbers that later steps read get places behind everything else, where they have none, as registers do.
    private mutating func compiled(_ region: ScalarGraph, at step: Int) -> ScalarCode {
        let register = { (place: Place) in place.offset / 8 }
        let known = schedule.buffers
        let buffers = region.buffers.filter { known[$0].lastReader > step }
        let (code, starts, registerCount) = ScalarCompiler.code(
            region, computing: buffers.map { (known[$0].values, known[$0].elementType, places[$0].map(register)) },
            given: { [places] element in
                let type = known[element.buffer].elementType
                return (type, places[element.buffer]!.offset / type.size + element.element)
            },
            constants: register(firstNumber) + compiledCount, free: arena.size / 8)
        compiledCount += region.constants.count
        arena.reserve(registerCount * 8)
        for (buffer, start) in zip(buffers, starts) { self.places[buffer] = Place(base: 0, offset: start * 8) }
        return code
    }

    mutating func copy(
        _ layout: Schedule.Layout, to place: Place, as elementType: Tensor.ElementType? = nil
    ) -> Code.Step {
        let type = elementType ?? schedule.buffers[layout.buffer].elementType
        return prepared(.copying, [layout], Primitive.Result(layout.shape, type), place)
    }

    private func elementwise(_ members: [Int]) -> ElementwiseStep {
        let makers = Dictionary(uniqueKeysWithValues: members.map { (schedule.layouts[$0].buffer, $0) })
        let spread = schedule.spreadOperands(of: members)
        // Their temporaries come behind those of what is computed.
        let size = ElementwiseStep.temporarySize
        let behind = members.reduce(0) { max($0, size + (temporaries[$1] ?? -size)) }
        var streams: [ElementwiseStep.Stream] = []
        func number(_ layout: Schedule.Layout) -> UInt8 {
            let spreadOffset = spread.firstIndex(of: layout).map { behind + $0 * size }
            let offset = makers[layout.buffer].flatMap { temporaries[$0] } ?? spreadOffset
            let stream = ElementwiseStep.Stream(
                place: offset.map { Place(base: 0, offset: $0) } ?? place(of: layout),
                stride: offset == nil ? layout.stride! : 1,
                elementSize: schedule.buffers[layout.buffer].elementType.size, isTemporary: offset != nil)
            if let known = streams.firstIndex(of: stream) { return UInt8(known) }
            streams.append(stream)
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
        let spreads = spread.map { layout in
            ElementwiseStep.Spread(
                source: place(of: layout), layout: ck_layout(layout.shape, layout.strides),
                elementType: schedule.buffers[layout.buffer].elementType, stream: number(layout))
        }
        let count = graph[members[0]].shape.elementCount
        let time = members.reduce(0.3 * Double(spreads.count)) { $0 + graph[$1].primitive.elementTime }
        return ElementwiseStep(
            elementCount: count, streams: streams, spreads: spreads, operations: operations,
            nanoseconds: Double(count) * time)
    }
}

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
        let buffers = region.buffers.filter { schedule.buffers[$0].lastReader > step }
        let (code, starts, registerCount) = ScalarCompiler.code(
            region, computing: buffers.map { (schedule.buffers[$0].values, places[$0].map(register)) },
            given: { [places] in register(places[$0.buffer]!) + $0.element },
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

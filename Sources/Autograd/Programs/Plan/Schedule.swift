/// Which instructions run together, in which order, and how each value lies in memory; where the memory is comes next, see
/// ``Planner``.
///
/// An element-wise instruction joins the last step of its shape that comes after all its operands, or that holds them; any
/// other is a step of its own. Views are no steps: what reads them reads the elements of their operand through strides. Only what is
/// large and transposed is packed first, once, for element-wise steps.
struct Schedule {
    /// How a value lies in its buffer.
    struct Layout: Equatable {
        let buffer: Int
        let shape: Tensor.Shape
        let strides: Tensor.Shape
        /// In elements, from the start of the buffer.
        let offset: Int
    }

    /// A piece of memory that holds one value, by which it is made, and which steps read it.
    struct Buffer {
        enum Kind: Equatable {
            case constant
            /// An input that is read where it lies.
            case input(Int)
            /// An input that is copied into the block.
            case copiedInput(Int)
            case state(Int)
            case made
        }

        var kind: Kind
        let elementType: Tensor.ElementType
        let elementCount: Int
        /// The step that writes it; −1 where it is there from the start.
        let step: Int
        var lastReader: Int
        /// Whether a region reads or writes it, so that it must lie in the block.
        var isOfNumbers = false
        /// The values that a region computes into it.
        var values: [Int] = []
        /// The packed elements of a constant.
        var constant: Tensor?
    }

    enum Step {
        /// The nodes of an element-wise step, in order.
        case elementwise([Int])
        /// A node of its own.
        case kernel(Int)
        /// A value that is copied so that it lies packed.
        case copy(Layout, to: Int)
        /// Tiny arrays, computed number by number: which of the regions.
        case region(Int)
    }

    /// Larger inputs are not copied into the block for a region to read.
    private static let largestCopiedInput = 4096

    let graph: Graph
    private(set) var buffers: [Buffer] = []
    private(set) var steps: [Step] = []
    private(set) var regions: [ScalarGraph] = []
    /// How each node's value lies, after the last step that looked for it.
    private(set) var layouts: [Layout] = []
    /// How the outputs lie, and what the guards ask, which lies packed.
    private(set) var outputs: [Layout] = []
    private(set) var guards: [Layout] = []
    /// How many steps come before it is known whether the guards hold and no kernel refuses its operands.
    private(set) var decision = 0
    /// How the operands of the nodes that are computed lie for them.
    private(set) var operands: [Int: [Layout]] = [:]
    /// The last step that is a region.
    private var lastRegion = -1

    /// - Parameters:
    ///   - stateCount: How many of the last inputs are state; as many last outputs are their new values.
    ///   - hasRegions: Whether tiny arrays may be computed number by number.
    init(_ graph: Graph, stateCount: Int, hasRegions: Bool = true) {
        self.graph = graph
        let firstState = graph.inputs.count - stateCount
        let inputs = Dictionary(uniqueKeysWithValues: graph.inputs.enumerated().map { ($1, $0) })
        for index in graph.nodes.indices {
            let node = graph[index]
            if let position = inputs[index] {
                let kind: Buffer.Kind =
                    position >= firstState
                    ? .state(position - firstState)
                    : node.isTiny || node.shape.rank == 0 ? .copiedInput(position) : .input(position)
                layouts.append(packed(node.shape, node.elementType, kind, step: -1))
            } else if let value = node.value {
                layouts.append(constant(value))
            } else if let rule = node.viewRule {
                layouts.append(view(rule, node))
            } else if hasRegions, let layout = inRegion(node) {
                layouts.append(layout)
            } else if node.isElementwise {
                layouts.append(elementwise(index, node))
            } else {
                let operands = node.operands.map { layouts[$0] }
                layouts.append(packed(node.shape, node.elementType, .made, step: steps.count))
                self.operands[index] = operands
                for operand in operands { read(operand, by: steps.count) }
                steps.append(.kernel(index))
                if node.mayRefuse { decision = steps.count }
            }
        }
        outputs = graph.outputs.map { layouts[$0] }
        for guarded in graph.guards {
            let layout = layouts[guarded.node]
            guards.append(isPacked(layout) ? layout : packedCopy(of: layout))
            decision = max(decision, buffers[guards.last!.buffer].step + 1)
        }
        for (position, output) in outputs.enumerated().suffix(stateCount) {
            // New state that is other old state would be overwritten before it is read.
            let own = Buffer.Kind.state(position - outputs.count + stateCount)
            if case .state = buffers[output.buffer].kind,
                buffers[output.buffer].kind != own || !output.isWhole(buffers[output.buffer])
            {
                outputs[position] = packedCopy(of: output)
            }
        }
        for layout in outputs { read(layout, by: Int.max) }
        for layout in guards { read(layout, by: decision) }
    }

    private mutating func packed(
        _ shape: Tensor.Shape, _ elementType: Tensor.ElementType, _ kind: Buffer.Kind, step: Int
    ) -> Layout {
        buffers.append(
            Buffer(
                kind: kind, elementType: elementType, elementCount: shape.elementCount, step: step, lastReader: step))
        return Layout(buffer: buffers.count - 1, shape: shape, strides: shape.packedStrides, offset: 0)
    }

    /// How operands lie in memory, for kernels.
    func layouts(_ operands: [Layout]) -> [Tensor.Layout] {
        operands.map { Tensor.Layout($0.shape, $0.strides, buffers[$0.buffer].elementType) }
    }

    /// Whether the elements lie side by side in row-major order.
    func isPacked(_ layout: Layout) -> Bool { layout.shape.elementCount == 1 || layout.isWhole(buffers[layout.buffer]) }

    private mutating func constant(_ value: Tensor) -> Layout {
        // Of what repeats along an axis, once is enough.
        var (once, shape) = (value, value.shape)
        if let storage = value.storage, storage.count > 0 {
            for (axis, stride) in storage.strides.enumerated() where stride == 0 { shape[axis] = 1 }
            once = Tensor(.view(of: storage, shape: shape, strides: storage.strides, offset: 0))
        }
        let layout = packed(shape, value.elementType, .constant, step: -1)
        buffers[layout.buffer].constant = once.packed
        return Layout(
            buffer: layout.buffer, shape: value.shape, strides: layout.strides.repeated(shape, in: value.shape),
            offset: 0)
    }

    private mutating func read(_ layout: Layout, by step: Int) {
        buffers[layout.buffer].lastReader = max(buffers[layout.buffer].lastReader, step)
    }

    private mutating func view(_ rule: Primitive.ViewRule, _ node: Graph.Node) -> Layout {
        func seen(_ source: Layout) -> Layout? {
            rule(source.shape, source.strides, node.shape, node.attributes).map { strides, offset in
                Layout(buffer: source.buffer, shape: node.shape, strides: strides, offset: source.offset + offset)
            }
        }
        let source = layouts[node.operands[0]]
        return seen(source) ?? seen(packedCopy(of: source))!
    }

    /// A step that copies a value so that it lies packed.
    private mutating func packedCopy(of source: Layout) -> Layout {
        let copy = packed(source.shape, buffers[source.buffer].elementType, .made, step: steps.count)
        read(source, by: steps.count)
        steps.append(.copy(source, to: copy.buffer))
        return copy
    }

    /// Computes a tiny array number by number, in the last region if that comes after all operands; nil where a loop is to
    /// do it.
    private mutating func inRegion(_ node: Graph.Node) -> Layout? {
        guard node.isTiny, node.operands.allSatisfy({ graph[$0].isTiny }), let rule = node.primitive.elements else {
            return nil
        }
        let operands = node.operands.map { layouts[$0] }
        for layout in operands {
            let buffer = buffers[layout.buffer]
            if case .input(let input) = buffer.kind {
                guard buffer.elementCount <= Schedule.largestCopiedInput else { return nil }
                buffers[layout.buffer].kind = .copiedInput(input)
            }
            buffers[layout.buffer].isOfNumbers = true
        }
        let made = operands.map { buffers[$0.buffer].step }.max()!
        if regions.isEmpty || made > lastRegion || regions.last!.operations.count >= ScalarGraph.mostOperations {
            lastRegion = steps.count
            steps.append(.region(regions.count))
            regions.append(ScalarGraph())
        }
        let region = regions.last!
        let values = operands.map { operand -> [Int] in
            let (number, buffer) = (operand.buffer, buffers[operand.buffer])
            let places = operand.shape.offsets(operand.strides).map { operand.offset + $0 }
            if let constant = buffer.constant { return places.map { region.constant(constant.number(at: $0)) } }
            read(operand, by: lastRegion)
            if buffer.step == lastRegion { return places.map { buffer.values[$0] } }
            return places.map { region.value(of: .init(buffer: number, element: $0)) }
        }
        let layout = packed(node.shape, node.elementType, .made, step: lastRegion)
        buffers[layout.buffer].isOfNumbers = true
        buffers[layout.buffer].values = self.layouts(operands).withUnsafeBufferPointer {
            rule(region, values, .init(operands: $0, result: node.type, attributes: node.attributes))
        }
        region.buffers.append(layout.buffer)
        return layout
    }

    private mutating func elementwise(_ index: Int, _ node: Graph.Node) -> Layout {
        for operand in node.operands where layouts[operand].isTransposed {
            layouts[operand] = packedCopy(of: layouts[operand])
        }
        let layouts = node.operands.map { self.layouts[$0] }
        // The step must come after what made the operands; or be that step, if its blocks are read as they are written.
        let earliest =
            layouts.indices.map { position in
                let (layout, step) = (layouts[position], buffers[layouts[position].buffer].step)
                return layout.isWhole(buffers[layout.buffer]) && layout.shape == node.shape ? step : step + 1
            }.max() ?? 0
        // Not farther back: what was computed there has left the cache, and the search must end.
        let chosen = steps.indices.dropFirst(max(earliest, 0)).suffix(64).last { canJoin($0, node.shape, layouts) }
        let step = chosen ?? steps.count
        if let chosen, case .elementwise(let members) = steps[chosen] {
            steps[step] = .elementwise(members + [index])
        } else {
            steps.append(.elementwise([index]))
        }
        operands[index] = layouts
        for layout in layouts { read(layout, by: step) }
        return packed(node.shape, node.elementType, .made, step: step)
    }

    /// Whether a node of this shape can be computed in a step that there is.
    private func canJoin(_ step: Int, _ shape: Tensor.Shape, _ layouts: [Layout]) -> Bool {
        guard case .elementwise(let members) = steps[step], graph[members[0]].shape == shape,
            members.count < ElementwiseStep.maximumLength
        else { return false }
        return layouts.allSatisfy { $0.stride != nil }
            || spreadOperands(of: members, layouts).count <= ElementwiseStep.mostSpreads
    }

    /// The operands of an element-wise step that are neither elements side by side nor one element, each once.
    func spreadOperands(of members: [Int], _ others: [Layout] = []) -> [Layout] {
        (members.flatMap { operands[$0]! } + others).reduce(into: []) { found, layout in
            if layout.stride == nil && !found.contains(layout) { found.append(layout) }
        }
    }
}

extension Schedule.Layout {
    /// 1 where the elements lie side by side in row-major order, 0 where all are one; nil elsewhere.
    var stride: Int? {
        if shape.elementCount <= 1 { return 1 }
        let stride = strides.single(over: shape.indices, of: shape)
        return stride == 0 || stride == 1 ? stride : nil
    }

    /// Whether neighbours in memory lie so far apart here that each block of elements reads most lines of the cache.
    var isTransposed: Bool {
        guard shape.elementCount >= 4096, let last = shape.indices.last(where: { shape[$0] > 1 }) else { return false }
        let crossed = shape.indices.filter { shape[$0] > 1 }.map { strides[$0] }
        return strides[last] > 1 && crossed.contains(1) && !crossed.contains(0)
    }

    /// Whether this is the buffer as it was written.
    func isWhole(_ buffer: Schedule.Buffer) -> Bool {
        guard offset == 0, shape.elementCount == buffer.elementCount else { return false }
        return shape.elementCount <= 1 || strides.single(over: 0..<shape.rank, of: shape) == 1
    }
}

extension Tensor {
    /// An element of a packed tensor, as a number.
    fileprivate func number(at element: Int) -> Double {
        withElements { address, _ in elementType.number(at: address + element * elementType.size) }
    }
}

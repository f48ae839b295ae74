/// A recording as the passes see it: instructions in the order of their execution, without the numbers that only one run
/// has.
struct Graph: Sendable {
    struct Node: Sendable {
        let primitive: Primitive
        /// The nodes that are the operands; they come before this one.
        var operands: [Int]
        let shape: Tensor.Shape
        let elementType: Tensor.ElementType
        var attributes: Primitive.Attributes = .none
        /// The value of a constant.
        var value: Tensor?
        var name: String?
    }

    /// A node that a pass has put in place, and the inputs of the graph, which no pass replaces.
    private(set) var nodes: [Node] = []
    /// The nodes that stand for the inputs, in their order.
    private(set) var inputs: [Int] = []
    /// The nodes that are the results.
    private(set) var outputs: [Int] = []
    /// What a run must find; `index` counts nodes.
    private(set) var guards: [ProgramGuard] = []

    subscript(index: Int) -> Node { nodes[index] }

    /// The recording on a tape, of what makes the outputs of the variables that are the inputs. Other variables have the
    /// value that they had.
    init(_ tape: Tape, inputs: [Tensor], outputs: [Tensor]) {
        let given = Set(inputs.map(\.index))
        for index in 0..<Int32(tape.count) {
            let instruction = tape[index]
            let primitive = Primitive.numbered(instruction.primitive)
            let isConstant = !given.contains(index) && instruction.isGiven
            nodes.append(
                Node(
                    primitive: isConstant ? .constant : primitive,
                    operands: tape.operands(of: instruction).map(Int.init), shape: tape.shape(of: index),
                    elementType: instruction.elementType, attributes: tape.attributes(of: instruction),
                    value: isConstant ? tape.value(of: index, isRecorded: false) : nil,
                    name: tape.name(of: index)))
        }
        self.inputs = inputs.map { Int($0.index) }
        self.outputs = outputs.map { output in
            output.serial == tape.serial ? Int(output.index) : appendConstant(output)
        }
        guards = tape.notes?.guards ?? []
    }

    private init() {}
}

// MARK: - Rewriting

extension Graph {
    /// Adds a node and returns its number.
    mutating func append(_ node: Node) -> Int {
        nodes.append(node)
        return nodes.count - 1
    }

    mutating func appendConstant(_ value: Tensor) -> Int {
        append(
            Node(
                primitive: .constant, operands: [], shape: value.shape, elementType: value.elementType,
                value: value.withoutTape))
    }

    /// A graph made node by node: `rule` gets each node, whose operands are already those of the new graph, and answers
    /// with the node of the new graph that has its value.
    func rewritten(_ rule: (inout Graph, Node) -> Int) -> Graph {
        var result = Graph()
        var places: [Int] = []
        places.reserveCapacity(nodes.count)
        result.nodes.reserveCapacity(nodes.count)
        for var node in nodes {
            for position in node.operands.indices { node.operands[position] = places[node.operands[position]] }
            places.append(rule(&result, node))
        }
        result.inputs = inputs.map { places[$0] }
        result.outputs = outputs.map { places[$0] }
        result.guards = guards.map { guarded in
            var guarded = guarded
            guarded.index = places[guarded.index]
            return guarded
        }
        return result
    }

    /// The nodes whose values are asked for: outputs and guards.
    var roots: [Int] { outputs + guards.map(\.index) }

    /// How many operands, outputs and guards each node is.
    var useCounts: [Int] {
        var counts = [Int](repeating: 0, count: nodes.count)
        for index in nodes.flatMap(\.operands) + roots { counts[index] += 1 }
        return counts
    }

    /// Without the guards that hold because what they ask is a constant, or that ask once more: a value has one answer to one
    /// question.
    mutating func dropNeedlessGuards() {
        var asked: Set<String> = []
        guards.removeAll { nodes[$0.index].value != nil || !asked.insert($0.question).inserted }
    }

    /// All passes, in the order in which one feeds the next.
    var optimized: Graph {
        var graph = withoutIdentities.withShorterViews.withFoldedConstants.withAlgebra.withFoldedConstants
            .withShorterViews.withoutRepetitions.withoutDeadInstructions.withTransposedProducts.withShorterViews
            .withoutRepetitions.withoutDeadInstructions
        graph.dropNeedlessGuards()
        return graph
    }
}

extension Graph.Node {
    var isConstant: Bool { value != nil }
    var type: Primitive.Result { Primitive.Result(shape, elementType) }
    var isElementwise: Bool { primitive.isElementwise }

    /// The rule by which this sees the elements of its operand, if it is a view.
    var viewRule: Primitive.ViewRule? {
        if case .view(let rule) = primitive.implementation { return rule }
        return nil
    }

    /// Whether this is a use of the primitive.
    func `is`(_ primitive: Primitive) -> Bool { self.primitive === primitive }
}

extension Instruction {
    /// Whether the tape was given the value.
    fileprivate var isGiven: Bool {
        primitive == Primitive.variable.identifier || primitive == Primitive.constant.identifier
    }
}

extension Graph: CustomStringConvertible {
    /// One instruction as a tape prints it.
    func text(of index: Int) -> String {
        let node = nodes[index]
        return Tape.text(
            of: index, node.elementType, node.shape, node.primitive, name: node.name, operands: node.operands,
            node.attributes)
    }

    /// One line for each instruction, as a tape prints them; then the outputs and the guards.
    var description: String {
        let texts = nodes.indices.map { index in
            guard let value = nodes[index].value, value.shownCount <= 6 else { return text(of: index) }
            return Tape.aligned(text(of: index), Tape.short(value), width: 36)
        }
        let results = "return " + outputs.map { "%\($0)" }.joined(separator: ", ")
        return (texts + guards.map(\.description) + [results]).joined(separator: "\n")
    }
}

extension ProgramGuard: CustomStringConvertible {
    var description: String { "guard \(question)" }

    /// What must hold: `%3 < 10 is true`.
    var question: String {
        switch condition {
        case .bits(let value): "%\(index) = \(value.shownCount <= 6 ? Tape.short(value) : "what was recorded")"
        case .comparison(let comparison, let number, let outcome):
            "%\(index) \(comparison.rawValue) \(Tape.short("\(number)")) is \(outcome)"
        }
    }
}

// What passes are made of, and all of them in turn.

extension Graph {
    /// A graph made node by node: `rule` gets each node, whose operands are already those of the new graph, and answers
    /// with the node of the new graph that has its value. Where the rule concerns none, this graph.
    func rewritten(where isConcerned: (Node) -> Bool = { _ in true }, _ rule: (inout Graph, Node) -> Int) -> Graph {
        guard nodes.indices.contains(where: { isConcerned(nodes[$0]) }) else { return self }
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
            guarded.node = places[guarded.node]
            return guarded
        }
        return result
    }

    /// Adds what a primitive makes of nodes, and returns its number.
    mutating func append(
        _ primitive: Primitive, _ operands: [Int], _ type: Primitive.Result,
        _ attributes: Primitive.Attributes = .none
    ) -> Int {
        append(
            Node(
                primitive: primitive, operands: operands, shape: type.shape, elementType: type.elementType,
                attributes: attributes))
    }

    /// The nodes whose values are asked for: outputs and guards.
    var roots: [Int] { outputs + guards.map(\.node) }

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
        guards.removeAll { nodes[$0.node].value != nil || !asked.insert($0.description).inserted }
    }

    /// All passes, in the order in which one feeds the next.
    var optimized: Graph {
        var graph = withoutIdentities.withShorterViews.withFoldedConstants.withAlgebra.withFoldedConstants
            .withShorterViews.withoutRepetitions.withoutDeadInstructions
        if graph.hasTransposedProducts {
            graph = graph.withTransposedProducts.withShorterViews.withoutRepetitions.withoutDeadInstructions
        }
        graph.dropNeedlessGuards()
        return graph
    }
}

extension Graph.Node {
    var isConstant: Bool { value != nil }
    var type: Primitive.Result { Primitive.Result(shape, elementType) }
    var isElementwise: Bool { primitive.isElementwise }

    /// Whether it may refuse the numbers of its operands.
    var mayRefuse: Bool { if case .kernel(let kernel) = primitive.implementation { kernel.mayRefuse } else { false } }

    var isView: Bool { if case .view = primitive.implementation { true } else { false } }

    /// The rule by which this sees the elements of its operand, if it is a view.
    var viewRule: Primitive.ViewRule? {
        if case .view(let rule) = primitive.implementation { rule } else { nil }
    }

    /// Whether this is a use of the primitive.
    func `is`(_ primitive: Primitive) -> Bool { self.primitive === primitive }

    /// Whether this is an array that may be computed number by number.
    var isTiny: Bool { elementType != .int64 && shape.elementCount <= ScalarGraph.largestArray }
}

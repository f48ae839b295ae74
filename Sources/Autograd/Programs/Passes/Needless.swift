// What need not be computed: what passes its operand on, what is known, and what nobody asks for.

extension Graph {
    /// Without the instructions that only pass their operand on: variables of inner gradients and stopped gradients, which
    /// matter while differentiating alone.
    var withoutIdentities: Graph {
        func isIdentity(_ node: Node) -> Bool {
            if case .identity = node.primitive.implementation { true } else { false }
        }
        return rewritten(where: isIdentity) { graph, node in
            isIdentity(node) ? node.operands[0] : graph.append(node)
        }
    }

    /// With constants in place of what is computed from constants alone.
    var withFoldedConstants: Graph {
        func isKnown(_ node: Node, _ nodes: [Node]) -> Bool {
            !node.operands.isEmpty && node.operands.allSatisfy { nodes[$0].isConstant }
        }
        guard nodes.contains(where: { isKnown($0, nodes) }) else { return self }
        return rewritten { graph, node in
            guard isKnown(node, graph.nodes) else { return graph.append(node) }
            let operands = node.operands.map { graph[$0].value! }
            let value = operands.withUnsafeBufferPointer {
                try? node.primitive.compute(node.type, $0, node.attributes)
            }
            // What refuses its operands is to do so when it runs.
            return value.map { graph.appendConstant($0) } ?? graph.append(node)
        }
    }

    /// Without the instructions that no output and no guard needs, and that refuse nothing.
    var withoutDeadInstructions: Graph {
        var isNeeded = [Bool](repeating: false, count: nodes.count)
        for index in inputs + roots + nodes.indices.filter({ nodes[$0].mayRefuse }) { isNeeded[index] = true }
        for index in nodes.indices.reversed() where isNeeded[index] {
            for operand in nodes[index].operands { isNeeded[operand] = true }
        }
        if !isNeeded.contains(false) { return self }
        var next = 0
        return rewritten { graph, node in
            defer { next += 1 }
            // What is left out is an operand of nothing that stays.
            return isNeeded[next] ? graph.append(node) : -1
        }
    }
}

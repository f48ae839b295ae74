extension Graph {
    /// Without the instructions that only pass their operand on: variables of inner gradients and stopped gradients, which
    /// matter while differentiating alone.
    var withoutIdentities: Graph {
        rewritten { graph, node in
            if case .identity = node.primitive.implementation { return node.operands[0] }
            return graph.append(node)
        }
    }
}

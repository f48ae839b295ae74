extension Graph {
    /// With a · b + c and c − a · b as one instruction each where nothing else uses the product: the operands are read and the
    /// result is written in one go. Both roundings are kept. Regions do it themselves.
    var withFusedProducts: Graph {
        func isFused(_ node: Node) -> Bool { (node.is(.add) || node.is(.subtract)) && !node.isTiny }
        guard nodes.contains(where: isFused) else { return self }
        let uses = useCounts
        // Each node is replaced by one, so that both graphs number them alike.
        return rewritten { graph, node in
            guard isFused(node) else { return graph.append(node) }
            let isSum = node.is(.add)
            for (product, other) in isSum ? [(0, 1), (1, 0)] : [(1, 0)] {
                let factors = graph[node.operands[product]]
                guard uses[node.operands[product]] == 1, factors.is(.multiply) else { continue }
                // The loop takes a first factor that repeats.
                let (a, b) = (factors.operands[0], factors.operands[1])
                let ordered = graph[b].is(.broadcast) || graph[b].isConstant ? [b, a] : [a, b]
                return graph.append(
                    isSum ? .multiplyAdd : .subtractMultiply, ordered + [node.operands[other]], node.type)
            }
            return graph.append(node)
        }.withoutDeadInstructions
    }
}

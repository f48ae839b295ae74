extension Graph {
    /// Without the instructions that no output and no guard needs.
    var withoutDeadInstructions: Graph {
        var isNeeded = [Bool](repeating: false, count: nodes.count)
        for index in inputs + roots { isNeeded[index] = true }
        for index in nodes.indices.reversed() where isNeeded[index] {
            for operand in nodes[index].operands { isNeeded[operand] = true }
        }
        var next = 0
        return rewritten { graph, node in
            defer { next += 1 }
            // What is left out is an operand of nothing that stays.
            return isNeeded[next] ? graph.append(node) : -1
        }
    }
}

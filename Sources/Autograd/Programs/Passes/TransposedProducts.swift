extension Graph {
    var hasTransposedProducts: Bool {
        nodes.contains { $0.exchangesLastTwoAxes && nodes[$0.operands[0]].is(.matmul) }
    }

    /// With (A B)ᵀ as Bᵀ Aᵀ, where nothing else uses the product: transposed operands are read through their strides, and the
    /// result lies as those that follow read it, side by side. The bits are the same, as each element adds up the same
    /// products in the same order. Such is the gradient of a layer's weight, which is transposed before it multiplies.
    var withTransposedProducts: Graph {
        let uses = useCounts
        var used: [Int: Int] = [:]
        var next = 0
        return rewritten { graph, node in
            defer { next += 1 }
            if node.exchangesLastTwoAxes, let product = node.operands.first, used[product] == 1,
                graph[product].is(.matmul), graph[product].operands.allSatisfy({ graph[$0].shape.rank >= 2 })
            {
                let factors = graph[product].operands.map { graph.appendTransposed($0) }
                return graph.append(.matmul, [factors[1], factors[0]], node.type)
            }
            let index = graph.append(node)
            used[index] = uses[next]
            return index
        }
    }

    /// The node with its last two axes exchanged.
    private mutating func appendTransposed(_ index: Int) -> Int {
        var shape = nodes[index].shape
        let (row, column) = (shape.rank - 2, shape.rank - 1)
        (shape[row], shape[column]) = (shape[column], shape[row])
        return append(.transpose, [index], .init(shape, nodes[index].elementType), exchangingLastTwo[shape.rank])
    }
}

extension Graph.Node {
    fileprivate var exchangesLastTwoAxes: Bool {
        self.is(.transpose) && shape.rank >= 2 && attributes == exchangingLastTwo[shape.rank]
    }
}

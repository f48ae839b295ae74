extension Graph {
    /// With (A B)ᵀ as Bᵀ Aᵀ, where nothing else uses the product: transposed operands are read through their strides, and the
    /// result lies as those that follow read it, side by side. The bits are the same, as each element adds up the same
    /// products in the same order. Such is the gradient of a layer's weight, which is transposed before it multiplies.
    var withTransposedProducts: Graph {
        var uses = [Int](repeating: 0, count: nodes.count)
        for node in nodes { for operand in node.operands { uses[operand] += 1 } }
        for root in roots { uses[root] += 1 }
        var used: [Int: Int] = [:]
        var next = 0
        return rewritten { graph, node in
            defer { next += 1 }
            if node.exchangesLastTwoAxes, let product = node.operands.first, used[product] == 1,
                graph[product].is(.matmul), graph[product].operands.allSatisfy({ graph[$0].shape.rank >= 2 })
            {
                let factors = graph[product].operands.map { graph.appendTransposed($0) }
                return graph.append(
                    Node(
                        primitive: .matmul, operands: [factors[1], factors[0]], shape: node.shape,
                        elementType: node.elementType))
            }
            let index = graph.append(node)
            used[index] = uses[next]
            return index
        }
    }

    /// The node with its last two axes exchanged.
    private mutating func appendTransposed(_ index: Int) -> Int {
        var axes = Array(nodes[index].shape.indices)
        axes.swapAt(axes.count - 1, axes.count - 2)
        return append(
            Node(
                primitive: .transpose, operands: [index], shape: Tensor.Shape(axes.map { nodes[index].shape[$0] }),
                elementType: nodes[index].elementType, attributes: ["axes": .integers(axes)]))
    }
}

extension Graph.Node {
    fileprivate var exchangesLastTwoAxes: Bool {
        guard self.is(.transpose), shape.rank >= 2 else { return false }
        var axes = Array(shape.indices)
        axes.swapAt(axes.count - 1, axes.count - 2)
        return attributes.integers("axes") == axes
    }
}

extension Graph {
    /// With one view in place of a view of a view, and none where nothing changes. A view costs nothing in a run, but one that
    /// is seen through lets other passes find what is behind it.
    var withShorterViews: Graph {
        rewritten(where: \.isView) { graph, node in
            guard let operand = node.operands.first, node.isView else { return graph.append(node) }
            let source = graph[operand]
            if node.is(.reshape) || node.is(.broadcast), node.shape == source.shape { return operand }
            if node.is(.transpose), node.attributes.integers("axes") == Array(node.shape.indices) { return operand }
            guard let first = source.operands.first else { return graph.append(node) }

            /// The node with the operand of its operand.
            func skipping(_ attributes: Primitive.Attributes) -> Int {
                var node = node
                node.operands = [first]
                node.attributes = attributes
                return graph.append(node)
            }
            if node.is(.transpose), source.is(.transpose) {
                let (outer, inner) = (node.attributes.integers("axes"), source.attributes.integers("axes"))
                let axes = outer.map { inner[$0] }
                return axes == Array(node.shape.indices) ? first : skipping(["axes": .integers(axes)])
            }
            if node.is(.reshape), source.is(.reshape) {
                return graph[first].shape == node.shape ? first : skipping(node.attributes)
            }
            if node.is(.broadcast),
                source.is(.broadcast) || source.is(.reshape) && source.onlyAddsAxes(to: graph[first])
            {
                return skipping(node.attributes)
            }
            return graph.append(node)
        }
    }
}

extension Graph.Node {
    /// Whether this is the operand's shape behind new axes of length 1, which broadcasting adds by itself.
    fileprivate func onlyAddsAxes(to operand: Graph.Node) -> Bool {
        let new = shape.rank - operand.shape.rank
        return new >= 0 && shape.prefix(new).allSatisfy { $0 == 1 }
            && shape.suffix(operand.shape.rank).elementsEqual(operand.shape)
    }
}

extension Graph {
    /// With constants in place of what is computed from constants alone.
    var withFoldedConstants: Graph {
        rewritten { graph, node in
            let operands = node.operands.compactMap { graph[$0].value }
            guard !operands.isEmpty, operands.count == node.operands.count else { return graph.append(node) }
            let value = operands.withUnsafeBufferPointer {
                node.primitive.compute(Primitive.Result(node.shape, node.elementType), $0, node.attributes)
            }
            return graph.appendConstant(value)
        }
    }
}

extension Graph {
    /// With shorter forms that have the same bits, but for the sign and payload of a NaN: x · 1 = x, x / 1 = x, x − 0 = x,
    /// −(−x) = x, x + (−y) = x − y. (Not x + 0 = x, which is wrong for −0, nor x · 0 = 0, wrong for ∞.) And a function of
    /// numbers that repeat is computed once: f(broadcast x) = broadcast f(x).
    var withAlgebra: Graph {
        rewritten { graph, node in
            if let index = graph.simplified(node) { return index }
            if let index = graph.computedBeforeBroadcasting(node) { return index }
            return graph.append(node)
        }
    }

    /// The node that has the value of `node` already, or a shorter form of it, added.
    private mutating func simplified(_ node: Node) -> Int? {
        guard node.isElementwise, node.elementType.isFloat, let x = node.operands.first else { return nil }
        if node.is(.negate) { return operand(ofNegation: x) }
        guard node.operands.count == 2 else { return nil }
        let y = node.operands[1]
        if node.is(.multiply) {
            if number(x) == 1 { return y }
            if number(y) == 1 { return x }
        } else if node.is(.divide) {
            if number(y) == 1 { return x }
        } else if node.is(.subtract) {
            if number(y)?.bitPattern == 0 { return x }
            if let negated = operand(ofNegation: y) { return append(.add, [x, negated], node.type) }
        } else if node.is(.add) {
            if number(y)?.bitPattern == (-0.0).bitPattern { return x }
            if number(x)?.bitPattern == (-0.0).bitPattern { return y }
            if let negated = operand(ofNegation: y) { return append(.subtract, [x, negated], node.type) }
            if let negated = operand(ofNegation: x) { return append(.subtract, [y, negated], node.type) }
        }
        return nil
    }

    /// x, where the node is −x.
    private func operand(ofNegation index: Int) -> Int? { nodes[index].is(.negate) ? nodes[index].operands[0] : nil }

    /// The number that all elements of a constant are. None for indices, which a Double need not hold.
    func number(_ index: Int) -> Double? {
        if nodes[index].is(.broadcast), nodes[nodes[index].operands[0]].shape.rank == 0 {
            return number(nodes[index].operands[0])
        }
        guard let value = nodes[index].value, value.elementCount > 0, value.storage?.isUniform ?? true,
            value.elementType != .int64
        else { return nil }
        return value.withElements { address, _ in value.elementType.number(at: address) }
    }

    /// f(broadcast x, broadcast y) as broadcast f(x, y), where the operands repeat in the same way.
    private mutating func computedBeforeBroadcasting(_ node: Node) -> Int? {
        guard node.isElementwise, node.shape.rank > 0 else { return nil }
        var sources: [Int] = []
        var shape: Tensor.Shape?
        for operand in node.operands {
            let source: Int
            if nodes[operand].is(.broadcast) {
                source = nodes[operand].operands[0]
            } else if let value = nodes[operand].value, value.storage?.isUniform == true, let number = number(operand) {
                source = appendConstant(Tensor(number, elementType: value.elementType))
            } else {
                return nil
            }
            // A single number goes with any.
            if nodes[source].shape.rank > 0 {
                guard shape == nil || shape == nodes[source].shape else { return nil }
                shape = nodes[source].shape
            }
            sources.append(source)
        }
        let small = shape ?? Tensor.Shape()
        guard small.elementCount < node.shape.elementCount else { return nil }
        for position in sources.indices where nodes[sources[position]].shape != small {
            sources[position] = appendBroadcast(of: sources[position], to: small)
        }
        let value = append(node.primitive, sources, .init(small, node.elementType), node.attributes)
        return appendBroadcast(of: value, to: node.shape)
    }

    private mutating func appendBroadcast(of index: Int, to shape: Tensor.Shape) -> Int {
        append(.broadcast, [index], .init(shape, nodes[index].elementType), .shape(shape))
    }
}

extension Graph {
    /// With one instruction for what several computed from the same operands.
    var withoutRepetitions: Graph {
        // By their hashes: where two of different computations are the same, the second repeats.
        var known: [Int: Int] = [:]
        known.reserveCapacity(nodes.count)
        return rewritten { graph, node in
            // Two inputs are two, though neither has an operand.
            if node.is(.variable) { return graph.append(node) }
            let hash = node.computationHash
            if let index = known[hash], graph[index].computesTheSame(as: node) { return index }
            let index = graph.append(node)
            known[hash] = index
            return index
        }
    }
}

extension Graph.Node {
    /// Of a constant, its bits, or which storage holds it.
    private var constant: UInt64? {
        value.map { value in value.storage.map { UInt64(UInt(bitPattern: ObjectIdentifier($0))) } ?? value.bits }
    }

    fileprivate var computationHash: Int {
        var hash = operands.reduce(Int(primitive.identifier), mixed)
        if !attributes.isEmpty { hash = mixed(hash, attributes.hashValue) }
        return constant.map { mixed(hash, Int(truncatingIfNeeded: $0)) } ?? hash
    }

    fileprivate func computesTheSame(as other: Graph.Node) -> Bool {
        primitive === other.primitive && operands == other.operands && type == other.type
            && constant == other.constant && attributes == other.attributes
    }
}

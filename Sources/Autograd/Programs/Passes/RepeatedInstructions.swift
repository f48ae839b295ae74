extension Graph {
    /// Everything that tells one computation from another.
    private struct Computation: Hashable {
        let primitive: ObjectIdentifier
        let operands: [Int]
        let result: Primitive.Result
        let attributes: Primitive.Attributes
        /// Of a constant: its bits, or which storage holds it.
        let constant: Constant?

        enum Constant: Hashable {
            case number(UInt64)
            case array(ObjectIdentifier)
        }

        init(_ node: Node) {
            primitive = ObjectIdentifier(node.primitive)
            operands = node.operands
            result = Primitive.Result(node.shape, node.elementType)
            attributes = node.attributes
            constant = node.value.map { value in
                value.storage.map { .array(ObjectIdentifier($0)) } ?? .number(value.bits)
            }
        }
    }

    /// With one instruction for what several computed from the same operands.
    var withoutRepetitions: Graph {
        var known: [Computation: Int] = [:]
        return rewritten { graph, node in
            // Two inputs are two, though neither has an operand.
            if node.is(.variable) { return graph.append(node) }
            let computation = Computation(node)
            if let index = known[computation] { return index }
            let index = graph.append(node)
            known[computation] = index
            return index
        }
    }
}

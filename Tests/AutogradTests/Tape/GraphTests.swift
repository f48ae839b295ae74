import Autograd
import Testing

/// A recording is read through what is public alone, as a package that draws or exports would.
@Suite struct `A graph` {
    /// A recording for Graphviz, with what a reader of it may want to know in the labels.
    private func dot(_ graph: Graph) -> String {
        var lines: [String] = []
        for (number, node) in graph.nodes.enumerated() {
            var label = [node.name ?? node.primitive.name, "\(node.elementType)\(node.shape)"]
            label += node.attributes.all.map { "\($0.name): \($0.value)" }
            if let value = node.value { label.append("\(value)") }
            let shape = graph.inputs.contains(number) ? "box" : graph.outputs.contains(number) ? "octagon" : "ellipse"
            lines.append("\(number) [shape=\(shape) label=\"\(label.joined(separator: ", "))\"]")
            lines += node.operands.map { "\($0) -> \(number)" }
        }
        return lines.joined(separator: "\n")
    }

    @Test func `of a tape has all that it holds`() {
        let (tape, _) = Tape.record { tape in
            let x = tape.variable(Tensor([1, 2, 3]), named: "x")
            return sum(exp(x) * 2) * tape.variable(0.5)
        }
        #expect(
            dot(tape.graph) == """
                0 [shape=box label="x, float64[3], [1.0, 2.0, 3.0]"]
                1 [shape=ellipse label="exp, float64[3], \(exp(Tensor([1, 2, 3])))"]
                0 -> 1
                2 [shape=ellipse label="constant, float64[], 2.0"]
                3 [shape=ellipse label="broadcast, float64[3], shape: [3]"]
                2 -> 3
                4 [shape=ellipse label="multiply, float64[3]"]
                1 -> 4
                3 -> 4
                5 [shape=ellipse label="sum, float64[], axes: [0], keepDimensions: false, \(sum(2 * exp(Tensor([1, 2, 3]))))"]
                4 -> 5
                6 [shape=box label="variable, float64[], 0.5"]
                7 [shape=ellipse label="multiply, float64[], \(sum(exp(Tensor([1, 2, 3]))))"]
                5 -> 7
                6 -> 7
                """)
        #expect(tape.graph.guards.isEmpty && "\(tape.graph)" == "\(tape)")
    }

    /// What a program draws together to run faster, a · b + c, it shows in the primitives that were called.
    @Test func `of a program is as it was recorded, before it is fused`() throws {
        let program = Program(at: Tensor(repeating: 2, shape: [100]), Tensor(repeating: 3, shape: [100])) { x, y in
            let unused = exp(x)
            return withExtendedLifetime(unused) { sum(x) > 1 ? (x * y + x - (x * y) * y) * Tensor(0..<100) : x }
        }
        #expect(program.plan.contains("subtractMultiply"))
        let graph = try #require(program.graph)
        #expect(
            graph.nodes.map(\.primitive.name) == [
                "variable", "variable", "sum", "multiply", "add", "multiply", "subtract", "constant", "multiply",
            ])
        #expect(graph.inputs == [0, 1] && graph.outputs == [8] && graph.nodes[7].value?.numbers.last == 99)
        #expect(graph.nodes.allSatisfy { ($0.value != nil) == ($0.primitive.name == "constant") })
        #expect(graph.guards.map(\.node) == [2])
        #expect(graph.guards.first?.condition == .comparison(.greater, 1, outcome: true))
        #expect("\(graph)" == "\(program)" && graph.guards.map(\.description) == ["%2 > 1 is true"])
    }

    /// Numbers that only one run has are not handed out: a replay would not know that they were learned.
    @Test func `that is read while a program is recorded has constants alone`() {
        let program = Program(at: Tensor(3)) { x in
            let graph = Tape.record { tape in
                _ = tape.variable(x) * 2
                return tape.graph
            }.result
            let known = graph.nodes.compactMap(\.value)
            return known.allSatisfy { $0.scalar == 2 } && !graph.nodes.isEmpty ? x : -x
        }
        #expect(program(Tensor(4)).scalar == 4 && program.graph?.guards.isEmpty == true)
    }

    @Test func `lists attributes as they are printed`() {
        let attributes: Primitive.Attributes = ["shape": [2, 3], "axes": [0], "scale": 0.5, "flag": true]
        #expect(attributes.all.map(\.name) == ["axes", "scale", "flag", "shape"])
        #expect(attributes.all.map { "\($0.name)=\($0.value)" }.joined(separator: " ") == "\(attributes)")
    }
}

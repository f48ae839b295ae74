/// A recording to read: instructions in the order of their execution, each of which makes one value of earlier ones.
///
/// ``Tape/graph``, ``Program/graph`` and a step of training give theirs. Printing reads it, and whatever draws, counts or exports
/// a recording can:
///
///     for (number, node) in tape.graph.nodes.enumerated() {
///         print("\(number) [label=\"\(node.name ?? node.primitive.name)\"]")
///         for operand in node.operands { print("\(operand) -> \(number)") }
///     }
///
/// All of its primitives can be called by users: what a program draws together to run faster is not seen here.
public struct Graph: Sendable {
    /// One instruction, and the value that it makes.
    public struct Node: Sendable {
        /// What is computed; its name tells which of all.
        public internal(set) var primitive: Primitive
        /// The nodes that are the operands; they come before this one.
        public internal(set) var operands: [Int]
        public let shape: Tensor.Shape
        public let elementType: Tensor.ElementType
        public internal(set) var attributes: Primitive.Attributes = .none
        /// The value of a constant. On a tape that is no program's, also what else it holds: variables, single numbers, and what
        /// a pullback needs.
        public internal(set) var value: Tensor?
        /// What a variable is called.
        public internal(set) var name: String?
    }

    /// What recorded code learned of a number that depends on the inputs: a replay is valid only where it would learn the same.
    public struct Guard: Sendable, Equatable {
        /// The node that was asked.
        public internal(set) var node: Int
        public let condition: Condition
    }

    /// In an order in which they can be executed.
    public internal(set) var nodes: [Node] = []
    /// The nodes that stand for the inputs, in their order: on a tape, all variables. In a step of training, what comes behind
    /// those of the loss is the learning rate, the parameters, and what the optimizer remembers.
    public internal(set) var inputs: [Int] = []
    /// The nodes that are the results: none on a tape. Of a step of training, the loss, and then what becomes of parameters and
    /// memory.
    public internal(set) var outputs: [Int] = []
    public internal(set) var guards: [Guard] = []

    subscript(index: Int) -> Node { nodes[index] }

    init() {}

    /// The recording on a tape, of what makes the outputs of the variables that are the inputs. Other variables have the
    /// value that they had.
    init(_ tape: Tape, inputs: [Tensor], outputs: [Tensor]) {
        let given = Set(inputs.map(\.index))
        nodes.reserveCapacity(tape.count + 1)
        for index in 0..<Int32(tape.count) {
            var node = tape.node(index, isShown: false)
            if node.primitive === Primitive.variable, !given.contains(index) {
                node.primitive = .constant
                node.value = tape.value(of: index, isRecorded: false)
            }
            nodes.append(node)
        }
        self.inputs = inputs.map { Int($0.index) }
        self.outputs = outputs.map { output in
            output.serial == tape.serial ? Int(output.index) : appendConstant(output)
        }
        guards = tape.notes?.guards ?? []
    }

    /// Adds a node and returns its number.
    mutating func append(_ node: Node) -> Int {
        nodes.append(node)
        return nodes.count - 1
    }

    mutating func appendConstant(_ value: Tensor) -> Int {
        append(
            Node(
                primitive: .constant, operands: [], shape: value.shape, elementType: value.elementType,
                value: value.withoutTape))
    }
}

extension Graph.Guard {
    /// What a replay must find again.
    public enum Condition: Sendable, Equatable {
        /// All elements, bit for bit; a NaN is as good as any other.
        case bits(Tensor)
        /// How the single number compares with another.
        case comparison(Comparison, Double, outcome: Bool)
    }

    public enum Comparison: String, Sendable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="

        @inline(__always)
        func callAsFunction(_ x: Double, _ y: Double) -> Bool {
            switch self {
            case .equal: x == y
            case .notEqual: x != y
            case .less: x < y
            case .lessOrEqual: x <= y
            case .greater: x > y
            case .greaterOrEqual: x >= y
            }
        }
    }

    /// Whether the elements themselves were read.
    var holdsNumbers: Bool { if case .bits = condition { true } else { false } }
}

extension Tape {
    /// The instructions so far, to be read. While a program is recorded, values of constants alone are among them: others are
    /// different in each replay.
    public var graph: Graph {
        var graph = Graph()
        graph.nodes = nodes(isShown: notes == nil)
        graph.inputs = graph.nodes.indices.filter { graph[$0].primitive === Primitive.variable }
        graph.guards = notes?.guards ?? []
        return graph
    }

    func nodes(isShown: Bool) -> [Graph.Node] { (0..<Int32(count)).map { node($0, isShown: isShown) } }

    /// An instruction.
    ///
    /// - Parameter isShown: Whether it is to have every value that the tape holds, not only one that is constant.
    func node(_ index: Int32, isShown: Bool) -> Graph.Node {
        let instruction = self[index]
        let isKept = instruction.isScalar || instruction.keepsStorage
        let hasValue = isShown && isKept || instruction.primitive == Primitive.constant.identifier
        return Graph.Node(
            primitive: .numbered(instruction.primitive), operands: operands(of: instruction).map(Int.init),
            shape: shape(of: index), elementType: instruction.elementType, attributes: attributes(of: instruction),
            value: hasValue ? value(of: index, isRecorded: false) : nil, name: name(of: index))
    }
}

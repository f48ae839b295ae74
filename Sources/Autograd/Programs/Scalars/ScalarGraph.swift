import CKernels

/// A program taken apart into single numbers: what tiny arrays cost in loops and places is more than their arithmetic.
///
/// Only float64, with conditions as 0 and 1. Views, broadcasts and padding disappear: they name other numbers.
struct ScalarGraph {
    /// One computation of a number.
    struct Operation: Hashable {
        enum Function: Hashable {
            case instruction(ck_function)
            /// A user's own function: which, by address.
            case unary(UInt)
            case binary(UInt)
        }

        var function: Function
        /// Values, of which there are one to three.
        var operands: [Int]
    }

    /// Programs of arrays with more elements run as loops.
    static let largestArray = 16
    /// The products of a matrix product, likewise.
    static let mostProducts = 64
    static let mostOperations = 60_000

    /// The constants; a value below `constants.count + given` was not computed.
    private(set) var constants: [Double] = []
    private(set) var operations: [Operation] = []
    /// Values: first the numbers of the inputs and the state, in order; then, found by `sources`, constants and operations.
    private(set) var sources: [Source] = []
    /// The values of each node's elements.
    private var elements: [[Int]] = []
    private var known: [Operation: Int] = [:]
    private var knownConstants: [UInt64: Int] = [:]
    let graph: Graph

    enum Source {
        /// An element of an input of the graph.
        case given
        case constant(Int)
        case operation(Int)
    }

    /// How many values are given: they come first.
    let givenCount: Int

    /// Nil where the program is not one of tiny float64 arrays.
    init?(_ graph: Graph) {
        self.graph = graph
        var given = 0
        elements = Array(repeating: [], count: graph.nodes.count)
        for input in graph.inputs {
            let node = graph[input]
            guard node.elementType == .float64 else { return nil }
            guard given + node.shape.elementCount <= ScalarGraph.mostOperations else { return nil }
            elements[input] = Array(given..<given + node.shape.elementCount)
            given += node.shape.elementCount
        }
        givenCount = given
        sources = Array(repeating: .given, count: given)
        for index in graph.nodes.indices where !graph[index].is(.variable) {
            let node = graph[index]
            guard node.elementType == .float64 || node.elementType == .bool,
                node.shape.elementCount <= ScalarGraph.largestArray, let values = values(of: node),
                operations.count <= ScalarGraph.mostOperations
            else { return nil }
            elements[index] = values
        }
        guard graph.outputs.allSatisfy({ graph[$0].elementType == .float64 }),
            graph.guards.allSatisfy({ graph[$0.index].elementType == .float64 })
        else { return nil }
    }

    /// The values of the elements of a node, in row-major order.
    func values(of index: Int) -> [Int] { elements[index] }

    func operation(of value: Int) -> Operation? {
        if case .operation(let index) = sources[value] { return operations[index] }
        return nil
    }
}

// MARK: - Taking apart

extension ScalarGraph {
    private mutating func constant(_ number: Double) -> Int {
        if let value = knownConstants[number.bitPattern] { return value }
        constants.append(number)
        sources.append(.constant(constants.count - 1))
        knownConstants[number.bitPattern] = sources.count - 1
        return sources.count - 1
    }

    private mutating func compute(_ function: Operation.Function, _ operands: [Int]) -> Int {
        let operation = Operation(function: function, operands: operands)
        if let value = known[operation] { return value }
        operations.append(operation)
        sources.append(.operation(operations.count - 1))
        known[operation] = sources.count - 1
        return sources.count - 1
    }

    private mutating func compute(_ function: ck_function, _ operands: Int...) -> Int {
        compute(.instruction(function), operands)
    }

    /// The values of a node's elements; nil where the node cannot be taken apart.
    private mutating func values(of node: Graph.Node) -> [Int]? {
        if node.shape.contains(0) { return [] }
        if let value = node.value { return value.numbers.map { constant($0) } }
        let operands = node.operands.map { elements[$0] }
        let shapes = node.operands.map { graph[$0].shape }
        if let rule = node.viewRule { return viewed(rule, operands[0], shapes[0], node) }
        if node.isElementwise {
            guard let function = function(of: node) else { return nil }
            return (0..<node.shape.elementCount).map { element in compute(function, operands.map { $0[element] }) }
        }
        if node.is(.sum) { return sums(operands[0], shapes[0], node) }
        if node.is(.matmul) { return products(operands, shapes, node) }
        if node.is(.outer) {
            return operands[0].flatMap { x in operands[1].map { y in compute(CK_MULTIPLY, x, y) } }
        }
        if node.is(.pad) { return padded(operands[0], shapes[0], node) }
        if node.is(.cast) {
            if node.elementType == .float64 { return operands[0] }
            return operands[0].map { compute(CK_SCALAR_NONZERO, $0) }
        }
        return nil
    }

    private func viewed(
        _ rule: Primitive.ViewRule, _ elements: [Int], _ shape: Tensor.Shape, _ node: Graph.Node
    ) -> [Int]? {
        guard let (strides, offset) = rule(shape, shape.packedStrides, node.shape, node.attributes) else { return nil }
        return node.shape.offsets(strides).map { elements[offset + $0] }
    }

    private mutating func padded(_ elements: [Int], _ shape: Tensor.Shape, _ node: Graph.Node) -> [Int] {
        let (starts, steps) = (node.attributes.integers("starts"), node.attributes.integers("steps"))
        var strides = node.shape.packedStrides
        let start = strides.indices.reduce(0) { $0 + strides[$1] * starts[$1] }
        for axis in strides.indices { strides[axis] *= steps[axis] }
        var result = [Int](repeating: constant(0), count: node.shape.elementCount)
        for (place, element) in zip(shape.offsets(strides), elements) { result[start + place] = element }
        return result
    }

    /// As `ck_sum` adds: eight partial sums, then these in pairs.
    private mutating func sums(_ elements: [Int], _ shape: Tensor.Shape, _ node: Graph.Node) -> [Int] {
        let axes = node.attributes.integers("axes")
        let strides = shape.packedStrides
        let kept = shape.indices.filter { !axes.contains($0) }
        let outer = Tensor.Shape(kept.map { shape[$0] }).offsets(Tensor.Shape(kept.map { strides[$0] }))
        let inner = Tensor.Shape(axes.map { shape[$0] }).offsets(Tensor.Shape(axes.map { strides[$0] }))
        return outer.map { start in
            var partial = [Int?](repeating: nil, count: 8)
            for (position, offset) in inner.enumerated() {
                partial[position % 8] = added(partial[position % 8], elements[start + offset])
            }
            let quarters = (0..<4).map { added(partial[$0], partial[$0 + 4]) }
            return added(added(quarters[0], quarters[2]), added(quarters[1], quarters[3])) ?? constant(0)
        }
    }

    /// The sum, where a missing operand is −0, which adds nothing.
    private mutating func added(_ x: Int?, _ y: Int?) -> Int? {
        guard let x, let y else { return x ?? y }
        return compute(CK_ADD, x, y)
    }

    /// As `ck_matmul` multiplies: each element in ascending order, from +0 on.
    private mutating func products(_ operands: [[Int]], _ shapes: [Tensor.Shape], _ node: Graph.Node) -> [Int]? {
        let (left, right) = (shapes[0], shapes[1])
        guard left.rank <= 2, right.rank <= 2 else { return nil }
        let (rows, inner) = left.rank == 2 ? (left[0], left[1]) : (1, left[0])
        let columns = right.rank == 2 ? right[1] : 1
        guard rows * inner * columns <= ScalarGraph.mostProducts else { return nil }
        return (0..<rows).flatMap { row in
            (0..<columns).map { column in
                (0..<inner).reduce(constant(0)) { sum, k in
                    compute(
                        CK_SCALAR_FUSED_MULTIPLY_ADD, operands[0][row * inner + k], operands[1][k * columns + column],
                        sum)
                }
            }
        }
    }

    private func function(of node: Graph.Node) -> Operation.Function? {
        if let function = node.primitive.function { return .instruction(function) }
        switch node.primitive.loops[.float64] {
        case .unary(let function): return .unary(unsafeBitCast(function, to: UInt.self))
        case .binary(let function): return .binary(unsafeBitCast(function, to: UInt.self))
        case .kernel, nil: return nil
        }
    }
}

extension Tensor.Shape {
    /// Where the elements of an array of this shape lie, in row-major order, when these are its strides.
    func offsets(_ strides: Tensor.Shape) -> [Int] {
        // Though there are no elements, there may be many rows of them.
        var offsets = contains(0) ? [] : [0]
        for axis in indices where !offsets.isEmpty {
            offsets = offsets.flatMap { start in (0..<self[axis]).map { start + $0 * strides[axis] } }
        }
        return offsets
    }
}

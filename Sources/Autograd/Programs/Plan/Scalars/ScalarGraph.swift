import CKernels

/// The single numbers that a region computes: what tiny arrays cost in loops and places is more than their arithmetic.
///
/// Only float64, with conditions as 0 and 1. Views, broadcasts and padding disappear: they name other numbers.
final class ScalarGraph {
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

    /// Arrays with more elements are computed by loops.
    static let largestArray = 16
    static let mostOperations = 60_000

    /// An element that lies in a buffer before the region runs.
    struct Given: Hashable {
        let buffer, element: Int
    }

    enum Source {
        case given(Given)
        case constant(Int)
        case operation(Int)
    }

    private(set) var constants: [Double] = []
    private(set) var operations: [Operation] = []
    /// What each value is, in the order in which they were found.
    private(set) var sources: [Source] = []
    /// The buffers that this computes, in ascending order.
    var buffers: [Int] = []
    private var known: [Operation: Int] = [:]
    private var knownConstants: [UInt64: Int] = [:]
    /// The values of what is given.
    private(set) var given: [Given: Int] = [:]

    func operation(of value: Int) -> Operation? {
        if case .operation(let index) = sources[value] { return operations[index] }
        return nil
    }
}

// MARK: - Taking apart

extension ScalarGraph {
    private func add(_ source: Source) -> Int {
        sources.append(source)
        return sources.count - 1
    }

    func constant(_ number: Double) -> Int {
        if let value = knownConstants[number.bitPattern] { return value }
        constants.append(number)
        knownConstants[number.bitPattern] = add(.constant(constants.count - 1))
        return sources.count - 1
    }

    /// The value of an element of a buffer.
    func value(of element: Given) -> Int {
        if let value = given[element] { return value }
        given[element] = add(.given(element))
        return sources.count - 1
    }

    private func compute(_ function: Operation.Function, _ operands: [Int]) -> Int {
        let operation = Operation(function: function, operands: operands)
        if let value = known[operation] { return value }
        operations.append(operation)
        known[operation] = add(.operation(operations.count - 1))
        return sources.count - 1
    }

    private func compute(_ function: ck_function, _ operands: Int...) -> Int {
        compute(.instruction(function), operands)
    }

    /// The values that are the elements of a node, from those of its operands, which have these shapes.
    typealias Rule = (ScalarGraph, Graph.Node, _ operands: [[Int]], _ shapes: [Tensor.Shape]) -> [Int]

    /// How a node is taken apart; nil where it cannot be.
    static func rule(for node: Graph.Node) -> Rule? {
        if node.isElementwise {
            guard let function = function(of: node) else { return nil }
            return { graph, node, operands, _ in
                (0..<node.shape.elementCount).map { element in graph.compute(function, operands.map { $0[element] }) }
            }
        }
        if node.is(.sum) { return { $0.reduced($2[0], $3[0], $1, $0.sum) } }
        if node.is(.max) { return { $0.reduced($2[0], $3[0], $1, $0.largest) } }
        if node.is(.matmul) { return { $0.products($2, $3, $1) } }
        if node.is(.outer) {
            return { graph, _, operands, _ in
                operands[0].flatMap { x in operands[1].map { y in graph.compute(CK_MULTIPLY, x, y) } }
            }
        }
        if node.is(.pad) { return { $0.padded($2[0], $3[0], $1) } }
        if node.is(.cast) {
            return { graph, node, operands, _ in
                node.elementType == .float64 ? operands[0] : operands[0].map { graph.compute(CK_SCALAR_NONZERO, $0) }
            }
        }
        return nil
    }

    private func padded(_ elements: [Int], _ shape: Tensor.Shape, _ node: Graph.Node) -> [Int] {
        let (starts, steps) = (node.attributes.integers("starts"), node.attributes.integers("steps"))
        var strides = node.shape.packedStrides
        let start = strides.indices.reduce(0) { $0 + strides[$1] * starts[$1] }
        for axis in strides.indices { strides[axis] *= steps[axis] }
        var result = [Int](repeating: constant(0), count: node.shape.elementCount)
        for (place, element) in zip(shape.offsets(strides), elements) { result[start + place] = element }
        return result
    }

    /// The elements that are reduced to one, for each element of the result, reduced.
    private func reduced(
        _ elements: [Int], _ shape: Tensor.Shape, _ node: Graph.Node, _ reduce: ([Int]) -> Int
    ) -> [Int] {
        let (axes, strides) = (node.attributes.integers("axes"), shape.packedStrides)
        func offsets(_ axes: [Int]) -> [Int] {
            Tensor.Shape(axes.map { shape[$0] }).offsets(Tensor.Shape(axes.map { strides[$0] }))
        }
        return offsets(shape.indices.filter { !axes.contains($0) }).map { start in
            reduce(offsets(axes).map { elements[start + $0] })
        }
    }

    /// As `ck_sum` adds: eight partial sums, then these in pairs.
    private func sum(_ elements: [Int]) -> Int {
        var partial = [Int?](repeating: nil, count: 8)
        for (position, element) in elements.enumerated() {
            partial[position % 8] = added(partial[position % 8], element)
        }
        let quarters = (0..<4).map { added(partial[$0], partial[$0 + 4]) }
        return added(added(quarters[0], quarters[2]), added(quarters[1], quarters[3])) ?? constant(0)
    }

    /// In any order the same.
    private func largest(_ elements: [Int]) -> Int {
        elements.dropFirst().reduce(elements[0]) { compute(CK_MAXIMUM, $0, $1) }
    }

    /// The sum, where a missing operand is −0, which adds nothing.
    private func added(_ x: Int?, _ y: Int?) -> Int? {
        guard let x, let y else { return x ?? y }
        return compute(CK_ADD, x, y)
    }

    /// As `ck_matmul` multiplies: each element in ascending order, from +0 on.
    private func products(_ operands: [[Int]], _ shapes: [Tensor.Shape], _ node: Graph.Node) -> [Int] {
        let (left, right) = (shapes[0], shapes[1])
        let (rows, inner) = (left.rank > 1 ? left[left.rank - 2] : 1, left[left.rank - 1])
        let columns = right.rank > 1 ? right[right.rank - 1] : 1
        return (0..<node.shape.elementCount).map { element in
            let (row, column) = (element / columns, element % columns)
            return (0..<inner).reduce(constant(0)) { sum, k in
                let (a, b) = (row * inner + k, (row / rows * inner + k) * columns + column)
                return compute(CK_SCALAR_FUSED_MULTIPLY_ADD, operands[0][a], operands[1][b], sum)
            }
        }
    }

    private static func function(of node: Graph.Node) -> Operation.Function? {
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

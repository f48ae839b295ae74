import CKernels

/// The order in which the numbers of a tiny program are computed, and the registers they lie in.
///
/// Depth first: what computes an operand stands right before what uses it, so that the number can stay in the processor's
/// register. New state comes when nothing reads the old any more, in whose place it then lies, or else last.
struct ScalarSchedule {
    let graph: ScalarGraph
    /// The operations that are needed, with multiplications drawn into the addition that alone uses them.
    let operations: [ScalarGraph.Operation?]
    /// What is computed in turn: a value, or several of a function that takes long, side by side.
    private(set) var order: [[Int]] = []
    private var isPlaced: [Bool]
    /// The values that are computed together with a value.
    private var groups: [[Int]?]
    /// How long a value waits for the inputs at least.
    private var depths: [Int?]

    /// - Parameters:
    ///   - state: The new values of the state.
    ///   - old: What they replace.
    init(_ graph: ScalarGraph, outputs: [Int], state: [Int], replacing old: [Int]) {
        self.graph = graph
        isPlaced = Array(repeating: false, count: graph.sources.count)
        depths = Array(repeating: nil, count: isPlaced.count)
        groups = Array(repeating: nil, count: isPlaced.count)
        var fusion = ScalarFusion(graph, roots: outputs + state)
        fusion.fuse(updates: zip(state, old))
        operations = fusion.operations
        findGroups()
        // What the next run waits for comes first.
        var readers = [[Int]](repeating: [], count: isPlaced.count)
        for (reader, operation) in operations.enumerated() {
            for operand in operation?.operands ?? [] { readers[operand].append(reader) }
        }
        for (value, old) in zip(state, old) {
            for operand in operations[value]?.operands ?? [] { place(operand) }
            if readers[old].allSatisfy({ $0 == value || isPlaced[$0] }) { place(value) }
        }
        for value in outputs { place(value) }
        for value in state { place(value) }
    }

    /// Values of one function that takes long, as many such functions away from the inputs: none depends on another.
    private mutating func findGroups() {
        var levels = [Int?](repeating: nil, count: operations.count)
        var alike: [ScalarGraph.Operation.Function: [Int: [Int]]] = [:]
        func level(_ value: Int) -> Int {
            guard let operation = operations[value] else { return 0 }
            if let level = levels[value] { return level }
            var level = operation.operands.reduce(0) { max($0, level($1)) }
            if operation.function.code(CK_SCALAR_WIDE) != nil {
                alike[operation.function, default: [:]][level, default: []].append(value)
                level += 1
            }
            levels[value] = level
            return level
        }
        for value in operations.indices { _ = level(value) }
        for group in alike.values.flatMap(\.values) where group.count >= CK_SCALAR_WIDTH {
            for value in group { groups[value] = group }
        }
    }

    private mutating func place(_ value: Int) {
        guard !isPlaced[value], let operation = operations[value] else { return }
        let group = groups[value] ?? [value]
        for value in group { isPlaced[value] = true }
        let operands = group.count == 1 ? operation.operands : group.flatMap { operations[$0]!.operands }
        // The operand that takes longest comes last.
        for operand in operands.sorted(by: { depth($0) < depth($1) }) where !isPlaced[operand] { place(operand) }
        order.append(group)
    }

    private mutating func depth(_ value: Int) -> Int {
        guard let operation = operations[value] else { return 0 }
        if let depth = depths[value] { return depth }
        let depth = operation.operands.reduce(0) { max($0, self.depth($1)) } + operation.function.latency
        depths[value] = depth
        return depth
    }
}

extension ScalarGraph.Operation.Function {
    fileprivate var latency: Int { if case .instruction(let function, _) = self { function.latency } else { 50 } }
}

extension ck_function {
    /// Whether a result takes so long that vectors are worth every preparation.
    var takesLong: Bool { latency > 4 }
    /// Roughly, in cycles.
    var latency: Int { self == CK_DIVIDE || self == CK_SQRT ? 15 : hasWideForm ? 50 : 4 }

    private var hasWideForm: Bool { ck_scalar_code(self, CK_FLOAT64, CK_SCALAR_WIDE) != nil }
}

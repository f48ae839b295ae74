import CKernels

/// Draws operations together that one instruction does at once, with every rounding kept. An operation that is drawn into
/// another must have no other use.
struct ScalarFusion {
    /// The operations that are needed, by the value they compute.
    private(set) var operations: [ScalarGraph.Operation?]
    private let graph: ScalarGraph
    private var uses: [Int]

    init(_ graph: ScalarGraph, roots: [Int]) {
        self.graph = graph
        uses = Array(repeating: 0, count: graph.sources.count)
        operations = Array(repeating: nil, count: uses.count)
        for root in roots { uses[root] += 2 }
        for value in graph.sources.indices.reversed() {
            guard uses[value] > 0, let operation = graph.operation(of: value) else { continue }
            operations[value] = operation
            for operand in operation.operands { uses[operand] += 1 }
        }
    }

    /// - Parameter updates: New state and the old that it replaces.
    mutating func fuse(updates: some Sequence<(Int, Int)>) {
        for value in operations.indices {
            fuseSigmoid(value)
            fuseAffine(value)
        }
        for value in operations.indices { fuseProduct(value) }
        for (value, old) in updates { fuseUpdate(value, of: old) }
    }

    /// The operands of an operation of this function that nothing but its one user needs, which is of the same type.
    private func operands(_ value: Int, of function: ck_function, for user: Int) -> [Int]? {
        uses[value] == 1 && isComputed(value, by: function, type(user)) ? operations[value]!.operands : nil
    }

    private func isComputed(_ value: Int, by function: ck_function, _ type: ck_type) -> Bool {
        operations[value]?.function == .instruction(function, type)
    }

    /// The type of the numbers that an instruction computes with.
    private func type(_ value: Int) -> ck_type {
        if case .instruction(_, let type)? = operations[value]?.function { type } else { CK_FLOAT64 }
    }

    private mutating func replace(
        _ value: Int, by function: ck_function, _ operands: [Int], absorbing absorbed: Int...
    ) {
        operations[value] = ScalarGraph.Operation(function: .instruction(function, type(value)), operands: operands)
        for value in absorbed { operations[value] = nil }
    }

    /// A sigmoid and products with its derivative, from the exponential that both need: it then lies in the place of the
    /// derivative, which nothing else may read.
    private mutating func fuseSigmoid(_ derivative: Int) {
        let type = type(derivative)
        guard isComputed(derivative, by: CK_SIGMOID_DERIVATIVE, type), let x = operations[derivative]?.operands[0],
            let sigmoid = operations.indices.first(where: {
                isComputed($0, by: CK_SIGMOID, type) && operations[$0]?.operands == [x]
            })
        else { return }
        let products = operations.indices[derivative...].filter {
            isComputed($0, by: CK_MULTIPLY, type) && operations[$0]!.operands.contains(derivative)
        }
        guard products.count == uses[derivative] else { return }
        replace(derivative, by: CK_SCALAR_SIGMOID_TAIL, [x])
        replace(sigmoid, by: CK_SCALAR_SIGMOID_OF_TAIL, [x, derivative])
        for product in products {
            let adjoint = operations[product]!.operands.first { $0 != derivative }!
            replace(product, by: CK_SCALAR_SIGMOID_PULLBACK, [adjoint, derivative])
        }
    }

    /// (0 + a · b) + a′ · b′ + c
    private mutating func fuseAffine(_ value: Int) {
        guard isComputed(value, by: CK_ADD, type(value)), let terms = operations[value]?.operands else { return }
        for (sum, c) in [(terms[0], terms[1]), (terms[1], terms[0])] {
            guard let second = operands(sum, of: CK_SCALAR_FUSED_MULTIPLY_ADD, for: value),
                let first = operands(second[2], of: CK_SCALAR_FUSED_MULTIPLY_ADD, for: value),
                case .constant(let zero) = graph.sources[first[2]], graph.constants[zero].bitPattern == 0
            else { continue }
            return replace(
                value, by: CK_SCALAR_AFFINE, [first[0], first[1], c, second[0], second[1]], absorbing: sum, second[2])
        }
    }

    /// a · b + c, c − a · b and a · b − c, rounded twice.
    private mutating func fuseProduct(_ value: Int) {
        guard let operation = operations[value], operation.operands.count == 2 else { return }
        let (x, y) = (operation.operands[0], operation.operands[1])
        let ofFirst: ck_function
        let ofSecond: ck_function
        switch operation.function {
        case .instruction(CK_ADD, _): (ofFirst, ofSecond) = (CK_MULTIPLY_ADD, CK_MULTIPLY_ADD)
        case .instruction(CK_SUBTRACT, _):
            (ofFirst, ofSecond) = (CK_SCALAR_MULTIPLY_SUBTRACT, CK_SUBTRACT_MULTIPLY)
        default: return
        }
        if let factors = operands(y, of: CK_MULTIPLY, for: value) {
            replace(value, by: ofSecond, factors + [x], absorbing: y)
        } else if let factors = operands(x, of: CK_MULTIPLY, for: value) {
            replace(value, by: ofFirst, factors + [y], absorbing: x)
        }
    }

    /// old − a · (b · c), as a step along a gradient that is itself a product.
    private mutating func fuseUpdate(_ value: Int, of old: Int) {
        guard isComputed(value, by: CK_SUBTRACT_MULTIPLY, CK_FLOAT64), let operands = operations[value]?.operands,
            operands[2] == old
        else { return }
        for (a, product) in [(operands[0], operands[1]), (operands[1], operands[0])] {
            guard let factors = self.operands(product, of: CK_MULTIPLY, for: value) else { continue }
            return replace(value, by: CK_SCALAR_UPDATE, [a] + factors + [old], absorbing: product)
        }
    }
}

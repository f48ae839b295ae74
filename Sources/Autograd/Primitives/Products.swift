import CKernels

extension Primitive {
    /// The matrix product C = A B, Cᵢⱼ = Σₖ Aᵢₖ Bₖⱼ; Ā = C̄ Bᵀ, B̄ = Aᵀ C̄.
    ///
    /// Of two matrices, a matrix and a vector, a vector and a matrix, two vectors (their dot product), or two batches of
    /// matrices with the same leading axes. Each element is added up in one order, in the elements' own type, product and sum
    /// rounded together where the processor can (see `ck_matmul`): the error of n products is at most
    /// (min(n, 256) + n / 256) · ε · Σₖ |Aᵢₖ Bₖⱼ|, ε = 2⁻⁵³ or, for float32, 2⁻²⁴. Transposed operands are read through
    /// their strides. Large products are divided among ``Threads``.
    public static let matmul: Primitive = Primitive(
        "matmul", operands: 2,
        result: { operands, _ throws(Refusal) in
            let (a, b) = (operands[0], operands[1])
            try checkTypes(ofFactors: a.elementType, b.elementType)
            guard a.shape.rank > 0, b.shape.rank > 0 else {
                throw Refusal("a single number is no matrix", advice: "Multiply by a number with `*`.")
            }
            let (columns, rows) = (a.shape[a.shape.rank - 1], b.shape[Swift.max(b.shape.rank - 2, 0)])
            guard columns == rows else {
                throw Refusal(
                    "the inner lengths differ: the left operand has \(columns) columns, the right one \(rows) rows",
                    advice: "Exchange the operands, or transpose one of them.")
            }
            let (batchA, batchB) = (a.shape.dropLast(2), b.shape.dropLast(2))
            guard batchA.elementsEqual(batchB) else {
                throw Refusal("the leading axes \(Array(batchA)) and \(Array(batchB)) differ")
            }
            var shape = Tensor.Shape()
            for length in batchA { shape.append(length) }
            if a.shape.rank > 1 { shape.append(a.shape[a.shape.rank - 2]) }
            if b.shape.rank > 1 { shape.append(b.shape[b.shape.rank - 1]) }
            return Result(shape, a.elementType)
        },
        implementation: .kernel(
            Kernel(
                prepare: { call in ck_product(call[0], call[1]) },
                run: { product, buffers in
                    withUnsafePointer(to: product) { ck_matmul($0, buffers[0], buffers[1], buffers.result) }
                })),
        elements: { numbers, operands, call in
            // As `ck_matmul` multiplies: each element in ascending order, from +0 on.
            let product = ck_product(call[0], call[1])
            return (0..<call.result.shape.elementCount).map { element in
                let (row, column) = (element / product.columns, element % product.columns)
                return (0..<product.inner).reduce(numbers.constant(0)) { sum, k in
                    let a = operands[0][row * product.inner + k]
                    let b = operands[1][(row / product.rows * product.inner + k) * product.columns + column]
                    return numbers.compute(CK_SCALAR_FUSED_MULTIPLY_ADD, of: call.result.elementType, a, b, sum)
                }
            }
        },
        pullbacks: [
            .using(.operand(1)) { adjoint, call in
                let b = call.operand(1)
                return switch (call.shape(ofOperand: 0).rank, b.rank) {
                case (1, 1): adjoint * b
                case (1, _): Autograd.matmul(b, adjoint)
                case (_, 1): outer(adjoint, b)
                default: Autograd.matmul(adjoint, b.transposed())
                }
            },
            .using(.operand(0)) { adjoint, call in
                let a = call.operand(0)
                return switch (a.rank, call.shape(ofOperand: 1).rank) {
                case (1, 1): adjoint * a
                case (1, _): outer(a, adjoint)
                case (_, 1): Autograd.matmul(adjoint, a)
                default: Autograd.matmul(a.transposed(), adjoint)
                }
            },
        ],
        samples: {
            let (a, b) = (Tensor([[1, 2, 3], [4, 5, 6]]), Tensor([[1, -1], [2, 0.5], [0, 3]]))
            let (x, y) = (Tensor([1, -2, 3]), Tensor([0.5, 1, -1]))
            let batch = Tensor((0..<12).map { Double($0) / 4 }, shape: [2, 2, 3])
            return [
                Sample([a, b], equals: Tensor([[5, 9], [14, 16.5]])),
                Sample([b.transposed(), a.transposed()], equals: Tensor([[5, 14], [9, 16.5]])),
                Sample([a, x], equals: Tensor([6, 12])), Sample([x, b], equals: Tensor([-3, 7])),
                Sample([x, y], equals: Tensor(-4.5)),
                Sample([batch, batch.transposed()]),
                .extreme(
                    [Tensor(repeating: 0, shape: [2, 0]), Tensor(repeating: 0, shape: [0, 3])],
                    equals: Tensor(repeating: 0, shape: [2, 3])),
            ]
        }(),
        refusals: {
            let a = Tensor([[1, 2, 3], [4, 5, 6]])
            return [
                RefusedInput([a, a], because: "the left operand has 3 columns, the right one 2 rows"),
                RefusedInput([a, Tensor(2)], because: "a single number is no matrix"),
                RefusedInput([a, a.transposed().cast(to: .float32)], because: "f64 and f32"),
                RefusedInput(
                    [Tensor(repeating: 0, shape: [2, 1, 1]), Tensor(repeating: 0, shape: [3, 1, 1])],
                    because: "leading axes [2] and [3]"),
            ]
        }())

    /// The outer product of two vectors, Zᵢⱼ = xᵢ yⱼ; x̄ = Z̄ y, ȳ = x Z̄.
    ///
    /// A primitive of its own because every product of a matrix and a vector has it as the adjoint of the matrix: composed
    /// of a reshape and a multiplication that broadcasts both, it took three times as long for a small layer.
    public static let outer: Primitive = Primitive(
        "outer", operands: 2,
        result: { operands, _ throws(Refusal) in
            let (x, y) = (operands[0], operands[1])
            try checkTypes(ofFactors: x.elementType, y.elementType)
            guard x.shape.rank == 1, y.shape.rank == 1 else {
                throw Refusal(
                    "takes two vectors, not the shapes \(x.shape) and \(y.shape)",
                    advice: "Use `*` with `reshaped(to:)` for other shapes.")
            }
            var shape = x.shape
            shape.append(y.shape[0])
            return Result(shape, x.elementType)
        },
        implementation: .kernel(
            Kernel(
                prepare: { call in
                    (
                        loop: Primitive.multiply.loops[call.result.elementType]!, type: call.result.elementType,
                        rows: call[0].shape[0], columns: call[1].shape[0], x: call[0].strides[0], y: call[1].strides[0]
                    )
                },
                run: { plan, buffers in
                    let row = Storage.Run(start: buffers[1], stride: plan.y)
                    for i in 0..<plan.rows {
                        let x = Storage.Run(start: buffers[0] + i * plan.x * plan.type.size, stride: 0)
                        let target = buffers.result + i * plan.columns * plan.type.size
                        plan.loop.run(plan.columns, x, row, into: target, plan.type)
                    }
                })),
        elements: { numbers, operands, call in
            let type = call.result.elementType
            return operands[0].flatMap { x in operands[1].map { y in numbers.compute(CK_MULTIPLY, of: type, x, y) } }
        },
        pullbacks: [
            .using(.operand(1)) { adjoint, call in Autograd.matmul(adjoint, call.operand(1)) },
            .using(.operand(0)) { adjoint, call in Autograd.matmul(call.operand(0), adjoint) },
        ],
        samples: {
            let (x, y) = (Tensor([1, -2, 3]), Tensor([0.5, 4]))
            return [
                Sample([x, y], equals: Tensor([[0.5, 4], [-1, -8], [1.5, 12]])),
                Sample([y, y], equals: Tensor([[0.25, 2], [2, 16]])),
                Sample([Tensor([[1, 2], [3, 4]]).transposed()[1], y], equals: Tensor([[1, 8], [2, 16]])),
                .extreme(
                    [x, Tensor([0, .infinity])],
                    equals: Tensor([[0, .infinity], [-0.0, -.infinity], [0, .infinity]])),
                .extreme([Tensor(repeating: 0, shape: [0]), y], equals: Tensor(repeating: 0, shape: [0, 2])),
            ]
        }(),
        refusals: {
            let x = Tensor([1, 2])
            return [
                RefusedInput([x, Tensor([[1, 2]])], because: "takes two vectors, not the shapes [2] and [1, 2]"),
                RefusedInput([x, Tensor(2)], because: "takes two vectors"),
                RefusedInput([x, x.cast(to: .float32)], because: "f64 and f32"),
            ]
        }())
}

extension Primitive {
    /// Refuses operands of a product whose types do not go together.
    static func checkTypes(ofFactors a: Tensor.ElementType, _ b: Tensor.ElementType) throws(Refusal) {
        guard a == b, a.isFloat else {
            throw Refusal(
                "the element types \(a.abbreviation) and \(b.abbreviation) do not multiply",
                advice: "Convert both to one float type with `cast(to:)`.")
        }
    }
}

extension ck_product {
    /// The product of two matrices, or batches of them; a vector is a row on the left and a column on the right.
    fileprivate init(_ a: Tensor.Layout, _ b: Tensor.Layout) {
        self.init()
        type = ck_type(a.elementType)
        let (m, n) = (a.shape.rank - 1, b.shape.rank - 1)
        (rows, aRow) = m > 0 ? (a.shape[m - 1], a.strides[m - 1]) : (1, 0)
        (columns, bColumn) = n > 0 ? (b.shape[n], b.strides[n]) : (1, 0)
        (inner, aColumn, bRow) = (a.shape[m], a.strides[m], b.strides[Swift.max(n - 1, 0)])
        // The axes in front.
        axes = Swift.max(m - 1, 0)
        (lengths, aStrides, bStrides) = (a.shape.lengths, a.strides.lengths, b.strides.lengths)
    }
}

/// The matrix product of matrices or vectors: a · B, A · b, A · B, or a · b, the dot product.
///
/// With more than two axes, the last two are matrices and those in front are broadcast: `[8, 2, 3]` by `[3, 4]` is
/// `[8, 2, 4]`. One matrix `[3, 4]` for a whole batch multiplies all rows at once, as those of one matrix `[16, 3]`: a batch
/// that is transposed or broadcast is copied for that.
public func matmul(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (left, right) = (a.shape, b.shape)
    guard left.rank > 2 || right.rank > 2, left.rank > 0, right.rank > 0 else { return Primitive.matmul(a, b) }
    // A vector becomes a matrix of one row or column, and the axis is dropped again at the end.
    let rows = left.rank == 1 ? a.reshaped(to: [1, left[0]]) : a
    let columns = right.rank == 1 ? b.reshaped(to: [right[0], 1]) : b
    let (rowBatch, columnBatch) = (Tensor.Shape(rows.shape.dropLast(2)), Tensor.Shape(columns.shape.dropLast(2)))
    guard let batch = Tensor.Shape.broadcast(rowBatch, columnBatch) else { return Primitive.matmul(rows, columns) }
    // One matrix for the whole batch multiplies all rows at once, and its adjoint is one product too.
    let isOne =
        columnBatch.isEmpty && rows.shape.last == columns.shape.first && a.elementType == b.elementType
    let product = Primitive.matmul(
        isOne
            ? rows.reshaped(to: [left.dropLast().reduce(1, *), right[0]])
            : rows.broadcast(to: Tensor.Shape(batch + rows.shape.suffix(2))),
        isOne ? columns : columns.broadcast(to: Tensor.Shape(batch + columns.shape.suffix(2))))
    var shape = batch
    if left.rank > 1 { shape.append(left[left.rank - 2]) }
    if right.rank > 1 { shape.append(right[right.rank - 1]) }
    return product.isFailed ? product : product.reshaped(to: shape)
}

/// The dot product Σᵢ xᵢ yᵢ of two vectors. Another rank than 1 is an error.
public func dot(_ x: Tensor, _ y: Tensor) -> Tensor {
    if x.isFailed || y.isFailed { return .failed }
    guard x.rank == 1, y.rank == 1 else {
        return TensorError(
            "dot", "takes two vectors", of: [x, y], advice: "Use `matmul` for matrices, or `sum(x * y)` for any shape."
        ).raise()
    }
    return Primitive.matmul(x, y)
}

/// The outer product xᵢ yⱼ of two vectors: the matrix whose row i is xᵢ y.
public func outer(_ x: Tensor, _ y: Tensor) -> Tensor { Primitive.outer(x, y) }

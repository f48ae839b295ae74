import CKernels

extension Primitive {
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
        kernel: { operands, result, _ in
            let (x, y) = (operands[0], operands[1])
            let (size, columns) = (result.elementType.size, y.shape[0])
            let all = Storage.Run(start: y.elements, stride: y.strides[0])
            let loop = Primitive.multiply.loops[result.elementType]!
            for row in 0..<x.shape[0] {
                let one = Storage.Run(start: x.elements + row * x.strides[0] * size, stride: 0)
                loop.run(columns, one, all, into: result.elements + row * columns * size, result.elementType)
            }
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
        },
        refusals: {
            let x = Tensor([1, 2])
            return [
                RefusedInput([x, Tensor([[1, 2]])], because: "takes two vectors, not the shapes [2] and [1, 2]"),
                RefusedInput([x, Tensor(2)], because: "takes two vectors"),
                RefusedInput([x, x.cast(to: .float32)], because: "f64 and f32"),
            ]
        })
}

/// The outer product xᵢ yⱼ of two vectors: the matrix whose row i is xᵢ y.
public func outer(_ x: Tensor, _ y: Tensor) -> Tensor { Primitive.outer(x, y) }

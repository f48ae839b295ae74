import CKernels

// How element-wise primitives are made.

extension Primitive {
    /// Makes an element-wise primitive of a function of one number.
    ///
    ///     let tanhshrink = Primitive.elementwise("tanhshrink",
    ///         value: { x in x - tanh(x) },
    ///         derivative: { x, y in square(tanh(x)) },
    ///         samples: [.init(2, equals: 1.0359724199241831)])
    ///
    /// A `static let` whose derivative calls it needs its type written out, `static let gauss: Primitive = .elementwise(…)`, or
    /// the compiler finds a "circular reference". In an extension of `Primitive`, eˣ of a number is `Autograd.exp(x)`.
    ///
    /// - Parameters:
    ///   - name: What tapes and errors call it.
    ///   - value: The function, over plain numbers. It cannot capture anything, so that it stays plain data: what it
    ///     depends on is another operand, or a constant in it. float32 elements are computed in double precision and rounded.
    ///     Several threads may run it at once, and it must not compute with tensors.
    ///   - derivative: dy/dx in tensor operations, from the operand x and the result y. It is differentiated for second
    ///     order, so it must not read their numbers. What it does is recorded once and used from then on: it must neither
    ///     choose by shapes nor depend on what changes, such as a global variable.
    ///   - samples: Points that prove it.
    public static func elementwise(
        _ name: String, value: @escaping @convention(c) @Sendable (Double) -> Double,
        derivative: @escaping @Sendable (_ x: Tensor, _ y: Tensor) -> Tensor,
        samples: @autoclosure @escaping @Sendable () -> [Sample]
    ) -> Primitive {
        elementwise(
            name, ElementLoops { $0.isFloat ? .unary(value) : nil },
            pullbacks: [.traced { adjoint, call in adjoint * derivative(call.operand(0), call.result) }],
            samples: samples)
    }

    /// Makes an element-wise primitive of a function of two numbers, with one derivative for each, from the operands x
    /// and y and the result z. Operands of different shapes are broadcast.
    public static func elementwise(
        _ name: String, value: @escaping @convention(c) @Sendable (Double, Double) -> Double,
        derivatives: (
            @Sendable (_ x: Tensor, _ y: Tensor, _ z: Tensor) -> Tensor,
            @Sendable (_ x: Tensor, _ y: Tensor, _ z: Tensor) -> Tensor
        ),
        samples: @autoclosure @escaping @Sendable () -> [Sample]
    ) -> Primitive {
        let (first, second) = derivatives
        return elementwise(
            name, ElementLoops { $0.isFloat ? .binary(value) : nil },
            pullbacks: [
                .traced { adjoint, call in adjoint * first(call.operand(0), call.operand(1), call.result) },
                .traced { adjoint, call in adjoint * second(call.operand(0), call.operand(1), call.result) },
            ], samples: samples)
    }

    /// A loop in C: the elements of operand i lie `strides[i]` elements apart from `operands[i]` on, 0 for one that repeats, and
    /// `count` results side by side from `result` on, which may be where an operand of stride 1 lies. Several threads may run it at
    /// once, and it must not compute with tensors.
    public typealias Loop =
        @convention(c) (
            _ count: Int, _ operands: UnsafePointer<UnsafeRawPointer>, _ strides: UnsafePointer<Int>,
            _ result: UnsafeMutableRawPointer
        ) -> Void

    /// Makes an element-wise primitive of loops in C, with one derivative for each of up to three operands. An element must
    /// have the same bits wherever it lies.
    ///
    ///     let hypotenuse = Primitive.elementwise("hypotenuse", float64: hypot_f64, float32: hypot_f32,
    ///         derivatives: { $0.operand(0) / $0.result }, { $0.operand(1) / $0.result },
    ///         samples: [.init(3, 4, equals: 5)])
    public static func elementwise(
        _ name: String, float64: @escaping Loop, float32: @escaping Loop,
        derivatives: (@Sendable (_ call: borrowing Call) -> Tensor)...,
        samples: @autoclosure @escaping @Sendable () -> [Sample]
    ) -> Primitive {
        guard 1...3 ~= derivatives.count else {
            fatalError("primitive \(name): \(derivatives.count) operands; an element-wise primitive has one to three")
        }
        let loops = ElementLoops { $0.isFloat ? .kernel($0 == .float64 ? float64 : float32) : nil }
        let pullbacks = derivatives.map { derivative in
            Pullback.traced { adjoint, call in adjoint * derivative(call) }
        }
        return elementwise(name, loops, pullbacks: pullbacks, samples: samples)
    }

    /// Makes an element-wise primitive of a kernel.
    static func elementwise(
        _ name: String, _ function: ck_function, signature: Signature = .numbers, pullbacks: Pullback...,
        samples: @autoclosure @escaping @Sendable () -> [Sample]
    ) -> Primitive {
        elementwise(
            name, ElementLoops(function), function, signature: signature, pullbacks: pullbacks, samples: samples)
    }

    private static func elementwise(
        _ name: String, _ loops: ElementLoops, _ function: ck_function? = nil, signature: Signature = .numbers,
        pullbacks: [Pullback], samples: @escaping @Sendable () -> [Sample]
    ) -> Primitive {
        let count = signature == .comparison ? 2 : pullbacks.count
        return Primitive(
            name, operands: count,
            result: { operands, _ throws(Refusal) in
                try checkTypes(operands, signature)
                let last = operands[count - 1]
                for position in 0..<count where operands[position].shape != last.shape {
                    throw Refusal("the shapes \(operands[position].shape) and \(last.shape) differ")
                }
                return Result(last.shape, signature == .comparison ? .bool : last.elementType)
            },
            implementation: .elementwise(loops, signature), function: function, pullbacks: pullbacks,
            samples: samples(), refusals: refusedInputs(signature, operandCount: count))
    }

    /// What no element-wise primitive takes.
    private static func refusedInputs(_ signature: Signature, operandCount: Int) -> [RefusedInput] {
        let numbers = Tensor([1, 2, 3])
        let condition = signature == .selection ? [Tensor([true, false, true])] : []
        let count = operandCount - condition.count
        var refused: [RefusedInput] = []
        if signature == .numbers {
            refused.append(
                RefusedInput([Tensor](repeating: Tensor(indices: [1, 2]), count: count), because: "cast(to: .float64)"))
        }
        if signature == .selection { refused.append(RefusedInput([numbers, numbers, numbers], because: "condition")) }
        if count == 2 {
            refused += [
                RefusedInput(condition + [numbers, Tensor([1, 2, 3], elementType: .float32)], because: "f64 and f32"),
                RefusedInput(condition + [numbers, Tensor([1, 2])], because: "[3] and [2]"),
            ]
        }
        return refused
    }

    /// Refuses operands whose types do not go together.
    private static func checkTypes(_ operands: borrowing Operands, _ signature: Signature) throws(Refusal) {
        var first = 0
        if signature == .selection {
            guard operands[0].elementType == .bool else {
                throw Refusal(
                    "the first operand must be a condition, not \(operands[0].elementType.abbreviation)",
                    advice: "Compare it with a number first, with `.>`, `.<` or `.==`.")
            }
            first = 1
        }
        let type = operands[first].elementType
        for position in first..<operands.count where operands[position].elementType != type {
            throw Refusal(
                "the element types \(type.abbreviation) and \(operands[position].elementType.abbreviation) do not mix",
                advice: "Convert one operand with `cast(to: .\(type.isFloat ? type : operands[position].elementType))`."
            )
        }
        if signature == .numbers { try operands[0].checkReal() }
    }
}

extension Primitive.Result {
    /// Refuses what is no array of real numbers.
    func checkReal() throws(Primitive.Refusal) {
        if elementType.isFloat { return }
        throw Primitive.Refusal(
            "takes real numbers, not \(elementType.abbreviation)", advice: "Convert them with `cast(to: .float64)`.")
    }
}

import CKernels

// How a pullback becomes steps: it is called once with single numbers, and what it records is read off its tape.

enum Tracing {
    static func steps(ofOperand position: Int, of primitive: Primitive) -> ScalarRule.Steps {
        guard let pullback = primitive.pullback(ofOperand: position) else { return .none }
        let operandCount = primitive.pullbacks.count
        return Tape.withNewTape { tape in
            tape.tracedPrimitive = primitive.name
            // %0 is the adjoint, then come the operands, then the result; what the pullback records follows.
            let adjoint = tape.variable(1)
            for position in 0..<operandCount {
                var operand = Tensor(0.5)
                if position == 0, case .elementwise(_, .selection) = primitive.implementation { operand = Tensor(true) }
                _ = tape.appendGiven(.variable, operand)
            }
            let call = tape.append(
                primitive, .float64, shape: 0, bits: Tensor(0.5).bits, operandCount: UInt8(operandCount),
                1, 2, 3)
            let uses = Primitive.Pullback.Uses(rawValue: .max)
            let output = pullback.body(
                adjoint, Primitive.Call(tape: tape, index: call, position: position, isRecorded: true, uses: uses))
            return compile(tape, from: Int(call) + 1, to: Int(tape.index(of: output)), of: primitive)
        }
    }

    /// Turns the instructions that `output` depends on, from `start` on, into steps.
    private static func compile(
        _ tape: Tape, from start: Int, to output: Int, of primitive: Primitive
    ) -> ScalarRule.Steps {
        // An identity stands for its operand: numbers have no gradient to be stopped.
        func source(_ index: Int) -> Int {
            let instruction = tape[Int32(index)]
            guard index >= start, case .identity = Primitive.numbered(instruction.primitive).implementation else {
                return index
            }
            return source(Int(instruction.operands.0))
        }
        let output = source(output)
        var isNeeded = [Bool](repeating: false, count: tape.count)
        isNeeded[output] = true
        for index in (start..<tape.count).reversed() where isNeeded[index] {
            for operand in tape.operands(of: tape[Int32(index)]) { isNeeded[source(Int(operand))] = true }
        }
        var uses: Primitive.Pullback.Uses = isNeeded[start - 1] ? .result : []
        for position in primitive.pullbacks.indices where isNeeded[1 + position] { uses.insert(.operand(position)) }

        let needed = (start..<tape.count).filter { isNeeded[$0] }
        let isConstant = { (index: Int) in tape[Int32(index)].primitive == Primitive.constant.identifier }
        let constants = needed.filter { isConstant($0) }
        let computed = needed.filter { !isConstant($0) }
        guard start + needed.count <= ScalarRule.registerCount else {
            fatalError("\(primitive.name): the pullback of an element-wise primitive has more than 120 steps")
        }
        let registers = Dictionary(uniqueKeysWithValues: zip(Array(0..<start) + constants + computed, UInt8(0)...))
        let steps = computed.map { index in
            let instruction = tape[Int32(index)]
            var operands = tape.operands(of: instruction).map { registers[source(Int($0))]! }
            while operands.count < 3 { operands.append(operands[0]) }
            let type = tape[tape.operand(Int(instruction.operandCount) - 1, of: instruction)].elementType
            let used = Primitive.numbered(instruction.primitive)
            guard instruction.isScalar, let loop = used.loops[type] else {
                fatalError(
                    "\(primitive.name): the pullback of an element-wise primitive must be element-wise too, "
                        + "but it uses \(used.name)")
            }
            return ScalarRule.Step(
                operands: (operands[0], operands[1], operands[2]), operandType: type,
                arithmetic: Arithmetic(used.function), loop: loop)
        }
        let (form, register) = form(steps, result: registers[output]!, given: UInt8(start))
        return ScalarRule.Steps(
            form: form, register: register, uses: uses,
            constants: immortal(constants.map { tape[Int32($0)].value }), steps: immortal(steps))
    }

    /// What the steps amount to, and the register that it needs; `given` is the number of registers that are given.
    private static func form(
        _ steps: [ScalarRule.Step], result: UInt8, given: UInt8
    ) -> (ScalarRule.Steps.Form, register: UInt8) {
        if result == 0 { return (.adjoint, 0) }
        guard let last = steps.last, result >= given else { return (.general, result) }
        let (x, y) = (last.operands.0, last.operands.1)
        if steps.count == 1, last.arithmetic?.function == CK_NEGATE, x == 0 { return (.negatedAdjoint, 0) }
        // The result of the last step is ā, for no step is without use.
        guard last.arithmetic?.function == CK_MULTIPLY, (x == 0) != (y == 0),
            steps.dropLast().allSatisfy({ $0.operands.0 != 0 && $0.operands.1 != 0 && $0.operands.2 != 0 })
        else { return (.general, result) }
        let factor = max(x, y)
        if factor == given - 1 { return (.adjointTimesResult, factor) }
        return factor < given ? (.adjointTimesOperand, factor - 1) : (.adjointTimesFactor, factor)
    }

    /// A copy that lives as long as the process.
    private static func immortal<Element>(_ elements: [Element]) -> UnsafeBufferPointer<Element> {
        let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = buffer.initialize(from: elements)
        return UnsafeBufferPointer(buffer)
    }
}

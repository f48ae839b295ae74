import CKernels
import Synchronization

/// The pullbacks of an element-wise primitive as steps over plain numbers.
///
/// Each pullback is traced once: it is called with single numbers on a tape of its own, and the instructions that it left
/// there become steps that are then run without tape, tensors or closures. So one formula, written in tensor operations,
/// serves arrays, further derivatives, and scalars at the speed of arithmetic.
struct ScalarRule {
    /// Whether the primitive is element-wise; the rule of any other is empty.
    let isElementwise: Bool
    /// The steps of each operand's pullback, three in all. Read through the pointer: a copy would cost more than running them.
    private let steps: UnsafePointer<Steps>

    @inline(__always)
    subscript(operand: Int) -> UnsafePointer<Steps> { steps + operand }

    /// What one pullback computes. Numbers lie in registers: first the adjoint, then the operands and the result, then
    /// constants, then what the steps compute. Plain data that lives as long as the process.
    struct Steps {
        /// The short forms that need no registers.
        enum Form {
            /// ā = ȳ
            case adjoint
            /// ā = −ȳ
            case negatedAdjoint
            /// ā = ȳ · operand
            case adjointTimes(operand: UInt8)
            /// Any other.
            case general
            /// The operand gets no gradient.
            case zero
        }

        /// Those of an operand that gets no gradient.
        static var none: Steps {
            Steps(
                form: .zero, uses: [], constants: .init(start: nil, count: 0), steps: .init(start: nil, count: 0),
                resultRegister: 0)
        }

        let form: Form
        /// The values that the pullback uses.
        let uses: Pullback.Uses
        let constants: UnsafeBufferPointer<UInt64>
        let steps: UnsafeBufferPointer<Step>
        let resultRegister: Int
    }

    /// One instruction: registers that are read; the result goes to the next register.
    struct Step {
        let operation: Operation
        let loop: ElementLoop
        let operandType: Tensor.ElementType
        let operands: (UInt8, UInt8, UInt8)
    }

    /// Arithmetic on numbers is done inline, all else by the loop.
    enum Operation {
        case add, subtract, multiply, divide, negate, other
    }

    private init(tracing primitive: Primitive) {
        isElementwise = primitive.isElementwise
        let traced = isElementwise ? primitive.pullbacks.map { Tracing.steps(of: $0, in: primitive) } : []
        let steps = UnsafeMutablePointer<Steps>.allocate(capacity: 3)
        for operand in 0..<3 { (steps + operand).initialize(to: operand < traced.count ? traced[operand] : .none) }
        self.steps = UnsafePointer(steps)
    }

    /// All rules by the number of their primitive, each made on first use.
    nonisolated(unsafe) private static let table: UnsafeMutablePointer<Atomic<UnsafePointer<ScalarRule>?>> = {
        let table = UnsafeMutablePointer<Atomic<UnsafePointer<ScalarRule>?>>.allocate(capacity: Int(UInt16.max) + 1)
        for place in 0...Int(UInt16.max) { (table + place).initialize(to: Atomic(nil)) }
        return table
    }()

    /// The rule of a primitive.
    @inline(__always)
    static func of(_ primitive: UInt16) -> UnsafePointer<ScalarRule> {
        table[Int(primitive)].load(ordering: .acquiring) ?? make(primitive)
    }

    @inline(never)
    private static func make(_ primitive: UInt16) -> UnsafePointer<ScalarRule> {
        let rule = UnsafeMutablePointer<ScalarRule>.allocate(capacity: 1)
        rule.initialize(to: ScalarRule(tracing: Primitive.numbered(primitive)))
        // Tracing may need other rules, so no lock is held: of two threads that make the same rule, the second yields.
        let (isFirst, first) = table[Int(primitive)].compareExchange(
            expected: nil, desired: UnsafePointer(rule), ordering: .acquiringAndReleasing)
        if isFirst { return UnsafePointer(rule) }
        rule.pointee.deallocate()
        rule.deallocate()
        return first!
    }

    private func deallocate() {
        for operand in 0..<3 {
            steps[operand].constants.deallocate()
            steps[operand].steps.deallocate()
        }
        steps.deallocate()
    }
}

// MARK: - Running

extension ScalarRule.Steps {
    /// The adjoint of the operand, from that of the result and from the numbers on the tape.
    @inline(__always)
    func run(_ adjoint: Double, _ instruction: Instruction, on tape: Tape) -> Double {
        switch form {
        case .adjoint: adjoint
        case .negatedAdjoint: -adjoint
        case .adjointTimes(let operand):
            adjoint * Double(bitPattern: tape[instruction.operand(Int(operand))].value)
        case .general: runSteps(adjoint, instruction, on: tape)
        case .zero: 0
        }
    }

    private func runSteps(_ adjoint: Double, _ instruction: Instruction, on tape: Tape) -> Double {
        let operandCount = Int(instruction.operandCount)
        let given = operandCount + 2
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: given + constants.count + steps.count) {
            registers in
            registers[0] = adjoint.bitPattern
            for position in 0..<operandCount {
                registers[1 + position] = tape[instruction.operand(position)].value
            }
            registers[given - 1] = instruction.value
            for position in constants.indices { registers[given + position] = constants[position] }
            var next = given + constants.count
            for step in steps {
                step.run(registers.baseAddress!, next)
                next += 1
            }
            return Double(bitPattern: registers[resultRegister])
        }
    }
}

extension ScalarRule.Step {
    @inline(__always)
    func run(_ registers: UnsafeMutablePointer<UInt64>, _ result: Int) {
        let x = Double(bitPattern: registers[Int(operands.0)])
        let y = Double(bitPattern: registers[Int(operands.1)])
        switch operation {
        case .add: registers[result] = (x + y).bitPattern
        case .subtract: registers[result] = (x - y).bitPattern
        case .multiply: registers[result] = (x * y).bitPattern
        case .divide: registers[result] = (x / y).bitPattern
        case .negate: registers[result] = (-x).bitPattern
        case .other:
            let base = UnsafeMutableRawPointer(registers)
            let addresses = (
                UnsafeRawPointer(base + Int(operands.0) * 8), UnsafeRawPointer(base + Int(operands.1) * 8),
                UnsafeRawPointer(base + Int(operands.2) * 8)
            )
            withUnsafePointer(to: addresses) { addresses in
                withUnsafePointer(to: (1, 1, 1)) { strides in
                    loop.run(
                        1, UnsafeRawPointer(addresses).assumingMemoryBound(to: UnsafeRawPointer.self),
                        UnsafeRawPointer(strides).assumingMemoryBound(to: Int.self), base + result * 8, operandType)
                }
            }
        }
    }
}

// MARK: - Tracing

private enum Tracing {
    static func steps(of pullback: Pullback, in primitive: Primitive) -> ScalarRule.Steps {
        if pullback.isZero { return .none }
        let serial = OpenSerials.open()
        defer { OpenSerials.close(serial) }
        let tape = Tape(serial: serial)
        tape.tracedPrimitive = primitive.name
        return tape.whileCurrent {
            // %0 is the adjoint, then come the operands, then the result; what the pullback records follows.
            let adjoint = tape.variable(1)
            for position in 0..<primitive.operandCount {
                _ = tape.appendGiven(.variable, primitive.takesCondition(at: position) ? Tensor(true) : Tensor(0.5))
            }
            let call = tape.append(
                primitive, .float64, shape: 0, bits: Tensor(0.5).bits, operandCount: UInt8(primitive.operandCount),
                1, 2, 3)
            let uses = Pullback.Uses(rawValue: .max)
            let output = pullback.body(adjoint, Call(tape: tape, index: call, isRecorded: true, uses: uses))
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
        var uses: Pullback.Uses = isNeeded[start - 1] ? .result : []
        for position in 0..<primitive.operandCount where isNeeded[1 + position] { uses.insert(.operand(position)) }

        let needed = (start..<tape.count).filter { isNeeded[$0] }
        let isConstant = { (index: Int) in tape[Int32(index)].primitive == Primitive.constant.identifier }
        let constants = needed.filter { isConstant($0) }
        let computed = needed.filter { !isConstant($0) }
        guard start + needed.count <= 256 else {
            fatalError("\(primitive.name): the pullback of an element-wise primitive has more than 250 steps")
        }
        var registers = [Int: UInt8]()
        for (register, index) in (Array(0..<start) + constants + computed).enumerated() {
            registers[index] = UInt8(register)
        }
        let steps = computed.map { index in
            let instruction = tape[Int32(index)]
            let operands = tape.operands(of: instruction).map { registers[source(Int($0))]! } + [0, 0, 0]
            let type = tape[tape.operand(Int(instruction.operandCount) - 1, of: instruction)].elementType
            guard instruction.isScalar, let loop = Primitive.numbered(instruction.primitive).loops[type] else {
                fatalError(
                    "\(primitive.name): the pullback of an element-wise primitive must be element-wise too, "
                        + "but it uses \(Primitive.numbered(instruction.primitive).name)")
            }
            return ScalarRule.Step(
                operation: operation(loop), loop: loop, operandType: type,
                operands: (operands[0], operands[1], operands[2]))
        }
        let result = Int(registers[output]!)
        return ScalarRule.Steps(
            form: form(steps, result, start), uses: uses,
            constants: immortal(constants.map { tape[Int32($0)].value }), steps: immortal(steps), resultRegister: result
        )
    }

    private static func operation(_ loop: ElementLoop) -> ScalarRule.Operation {
        guard case .kernel(let kernel) = loop else { return .other }
        let address = unsafeBitCast(kernel, to: UInt.self)
        let arithmetic: [(ck_function, ScalarRule.Operation)] = [
            (CK_ADD, .add), (CK_SUBTRACT, .subtract), (CK_MULTIPLY, .multiply), (CK_DIVIDE, .divide),
            (CK_NEGATE, .negate),
        ]
        for (function, operation) in arithmetic
        where unsafeBitCast(ck_elementwise(function, CK_FLOAT64)!, to: UInt.self) == address { return operation }
        return .other
    }

    /// The short form that the steps amount to; `start` is the number of registers that are given.
    private static func form(_ steps: [ScalarRule.Step], _ result: Int, _ start: Int) -> ScalarRule.Steps.Form {
        if result == 0 { return .adjoint }
        guard steps.count == 1, result == start else { return .general }
        let (first, second) = (steps[0].operands.0, steps[0].operands.1)
        let isOperand = { (register: UInt8) in register > 0 && register < start - 1 }
        switch steps[0].operation {
        case .negate where first == 0: return .negatedAdjoint
        case .multiply where first == 0 && isOperand(second): return .adjointTimes(operand: second - 1)
        case .multiply where second == 0 && isOperand(first): return .adjointTimes(operand: first - 1)
        default: return .general
        }
    }

    /// A copy that lives as long as the process.
    private static func immortal<Element>(_ elements: [Element]) -> UnsafeBufferPointer<Element> {
        let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = buffer.initialize(from: elements)
        return UnsafeBufferPointer(buffer)
    }
}

extension Primitive {
    fileprivate func takesCondition(at position: Int) -> Bool {
        if case .elementwise(_, .selection) = implementation { return position == 0 }
        return false
    }
}

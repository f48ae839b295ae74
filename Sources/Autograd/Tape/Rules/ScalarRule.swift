import Synchronization

/// The pullbacks of an element-wise primitive as steps over plain numbers.
///
/// Each pullback is traced once: it is called with single numbers on a tape of its own, and the instructions that it left
/// there become steps that are then run without tape, tensors or closures. So one formula, written in tensor operations,
/// serves arrays, further derivatives, and scalars at the speed of arithmetic.
struct ScalarRule {
    /// Whether the primitive is element-wise; the rule of any other is empty.
    let isElementwise: Bool
    /// The steps of each operand's pullback.
    fileprivate let steps: (Steps, Steps, Steps)

    /// What one pullback computes. Numbers lie in registers: first the adjoint, then the operands and the result, then
    /// constants, then what the steps compute. Plain data that lives as long as the process.
    struct Steps {
        /// What the steps amount to.
        enum Form: UInt8 {
            /// ā = ȳ
            case adjoint
            /// ā = −ȳ
            case negatedAdjoint
            /// ā = ȳ · the operand of which `register` is the number
            case adjointTimesOperand
            /// ā = ȳ · result
            case adjointTimesResult
            /// ā = ȳ · what is in `register` before the last step. So no adjoint waits for the factor.
            case adjointTimesFactor
            /// ā is in `register` after the last step.
            case general
            /// The operand gets no gradient.
            case zero
        }

        /// Those of an operand that gets no gradient.
        static var none: Steps {
            Steps(
                form: .zero, register: 0, uses: [], constants: .init(start: nil, count: 0),
                steps: .init(start: nil, count: 0))
        }

        let form: Form
        let register: UInt8
        /// The values that the pullback uses.
        let uses: Primitive.Pullback.Uses
        let constants: UnsafeBufferPointer<UInt64>
        let steps: UnsafeBufferPointer<Step>
    }

    /// One instruction: registers that are read; the result goes to the next register.
    struct Step {
        let operands: (UInt8, UInt8, UInt8)
        let operandType: Tensor.ElementType
        /// Arithmetic is done inline, all else by the loop.
        let arithmetic: Arithmetic?
        let loop: ElementLoop
    }

    /// How many registers the steps of one pullback need at most: 1 KB of them.
    static var registerCount: Int { 128 }

    private init(tracing primitive: Primitive) {
        isElementwise = primitive.isElementwise
        let traced =
            isElementwise ? primitive.pullbacks.indices.map { Tracing.steps(ofOperand: $0, of: primitive) } : []
        func steps(_ operand: Int) -> Steps { operand < traced.count ? traced[operand] : .none }
        self.steps = (steps(0), steps(1), steps(2))
    }

    /// All rules by the number of their primitive, each made on first use.
    struct Table {
        private let places: UnsafeMutablePointer<Atomic<UnsafePointer<ScalarRule>?>>

        fileprivate init() {
            places = .allocate(capacity: Int(UInt16.max) + 1)
            for place in 0...Int(UInt16.max) { (places + place).initialize(to: Atomic(nil)) }
        }

        /// The rule of a primitive.
        @inline(__always)
        subscript(primitive: UInt16) -> UnsafePointer<ScalarRule> { known(primitive) ?? make(primitive) }

        /// The rule of a primitive, if it has been made.
        @inline(__always)
        func known(_ primitive: UInt16) -> UnsafePointer<ScalarRule>? {
            places[Int(primitive)].load(ordering: .acquiring)
        }

        @inline(never)
        private func make(_ primitive: UInt16) -> UnsafePointer<ScalarRule> {
            let rule = UnsafeMutablePointer<ScalarRule>.allocate(capacity: 1)
            rule.initialize(to: ScalarRule(tracing: Primitive.numbered(primitive)))
            // Tracing may need other rules, so no lock is held: of two threads that make the same rule, the second yields.
            let (isFirst, first) = places[Int(primitive)].compareExchange(
                expected: nil, desired: UnsafePointer(rule), ordering: .acquiringAndReleasing)
            if isFirst { return UnsafePointer(rule) }
            rule.pointee.deallocate()
            rule.deallocate()
            return first!
        }
    }

    /// The one table. To read it is a call, so a loop reads it before it begins.
    nonisolated(unsafe) static let table = Table()

    private func deallocate() {
        for steps in [steps.0, steps.1, steps.2] {
            steps.constants.deallocate()
            steps.steps.deallocate()
        }
    }
}

// MARK: - Running

// Rules and steps are read through pointers, for a copy would cost more than running them.
extension UnsafePointer<ScalarRule> {
    @inline(__always)
    func steps(ofOperand position: Int) -> UnsafePointer<ScalarRule.Steps> {
        let steps = UnsafeRawPointer(self) + MemoryLayout<ScalarRule>.offset(of: \ScalarRule.steps)!
        return steps.assumingMemoryBound(to: ScalarRule.Steps.self) + position
    }
}

extension UnsafePointer<ScalarRule.Steps> {
    /// The adjoint of the operand, from that of the result and from the numbers on the tape.
    @inline(__always)
    func run(
        _ adjoint: Double, _ instruction: UnsafePointer<Instruction>, on tape: UnsafePointer<Instruction>,
        _ registers: UnsafeMutablePointer<UInt64>
    ) -> Double {
        switch pointee.form {
        case .adjoint: adjoint
        case .negatedAdjoint: -adjoint
        case .adjointTimesOperand: adjoint * tape[Int(instruction.operand(Int(pointee.register)))].number
        case .adjointTimesResult: adjoint * instruction.pointee.number
        case .adjointTimesFactor:
            adjoint * number(after: pointee.steps.count - 1, adjoint, instruction, on: tape, registers)
        case .general: number(after: pointee.steps.count, adjoint, instruction, on: tape, registers)
        case .zero: 0
        }
    }

    /// What is in ``ScalarRule/Steps/register`` after some of the steps: what the last of them computed.
    @inline(never)
    private func number(
        after stepCount: Int, _ adjoint: Double, _ instruction: UnsafePointer<Instruction>,
        on tape: UnsafePointer<Instruction>, _ registers: UnsafeMutablePointer<UInt64>
    ) -> Double {
        registers[0] = adjoint.bitPattern
        let operandCount = Int(instruction.pointee.operandCount)
        for position in 0..<operandCount { registers[1 &+ position] = tape[Int(instruction.operand(position))].value }
        registers[operandCount &+ 1] = instruction.pointee.value
        var next = registers + (operandCount &+ 2)
        for constant in pointee.constants {
            next.pointee = constant
            next += 1
        }
        if stepCount == 0 { return Double(bitPattern: registers[Int(pointee.register)]) }
        var (step, number) = (pointee.steps.baseAddress!, 0.0)
        for _ in 0..<stepCount {
            number = step.run(registers, into: next)
            step += 1
            next += 1
        }
        return number
    }
}

extension UnsafePointer<ScalarRule.Step> {
    @inline(__always)
    fileprivate func run(_ registers: UnsafeMutablePointer<UInt64>, into result: UnsafeMutablePointer<UInt64>) -> Double
    {
        let x = Double(bitPattern: registers[Int(pointee.operands.0)])
        let y = Double(bitPattern: registers[Int(pointee.operands.1)])
        if let number = pointee.arithmetic?(x, y) {
            result.pointee = number.bitPattern
            return number
        }
        pointee.runLoop(registers, into: result)
        return Double(bitPattern: result.pointee)
    }
}

extension ScalarRule.Step {
    fileprivate func runLoop(_ registers: UnsafeMutablePointer<UInt64>, into result: UnsafeMutablePointer<UInt64>) {
        func operand(_ register: UInt8) -> Storage.Run { Storage.Run(start: registers + Int(register), stride: 1) }
        loop.run(1, operand(operands.0), operand(operands.1), operand(operands.2), into: result, operandType)
    }
}

/// One backward pass over a part of a tape: from the adjoint of an output to those of the wanted instructions.
///
/// First a forward pass marks what depends on a wanted instruction; only there pullbacks are called. Then the adjoint ȳ of
/// each instruction, latest first, is handed to the pullbacks of its operands, and what they return is added up. Where the
/// pass is recorded, the pullbacks leave instructions on the tape; elsewhere they compute at once, in place where they can,
/// and every adjoint is freed when the pass has gone by.
struct Sweep {
    private let tape: Tape
    /// The first instruction of the part.
    private let start: Int32
    private let isRecorded: Bool
    private let rules = ScalarRule.table
    private let count: Int
    /// The adjoints: of rank 0 the number, of others a retained storage.
    private let adjoints: UnsafeMutablePointer<UInt64>
    /// Where the pass is recorded: the instructions that compute the adjoints, or −1 for constants.
    private let indices: UnsafeMutablePointer<Int32>?
    private let flags: UnsafeMutablePointer<Flags>

    private struct Flags: OptionSet {
        let rawValue: UInt8
        /// Depends on a wanted instruction.
        static let active = Flags(rawValue: 1)
        /// Has an adjoint. That it is 0 does not mean that it has none: 0 · ∞ would be lost.
        static let present = Flags(rawValue: 2)
        /// Its adjoint is a result.
        static let wanted = Flags(rawValue: 4)
    }

    /// The adjoints of `wanted`, when that of `output` is `cotangent`; nil where none of them is reached. Only instructions from
    /// `start` on are passed.
    static func adjoints(
        on tape: Tape, of output: Int32, _ cotangent: Tensor, withRespectTo wanted: [Tensor], from start: Int32,
        isRecorded: Bool
    ) -> [Tensor]? {
        let count = max(0, Int(output - start) + 1)
        let sweep = Sweep(tape: tape, start: start, isRecorded: isRecorded, count: count)
        defer { sweep.free(wanted, upTo: output) }
        for tensor in wanted where tensor.index >= start && tensor.index <= output {
            sweep.flags[Int(tensor.index - start)] = [.active, .wanted]
        }
        sweep.markActive()
        if count > 0, sweep.flags[count - 1].contains(.active) {
            sweep.add(cotangent, to: output)
            sweep.run(from: output)
        }
        var isReached = false
        let adjoints = wanted.map { tensor in
            let index = tensor.index
            guard index >= start, index <= output, sweep.flags[Int(index - start)].contains(.present) else {
                return sweep.zeros(like: index)
            }
            isReached = true
            return sweep.adjoint(of: index, consume: false)
        }
        return isReached ? adjoints : nil
    }

    private init(tape: Tape, start: Int32, isRecorded: Bool, count: Int) {
        self.tape = tape
        self.start = start
        self.isRecorded = isRecorded
        self.count = count
        // In one allocation.
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count * (8 + (isRecorded ? 4 : 0) + 1), alignment: 8)
        adjoints = memory.assumingMemoryBound(to: UInt64.self)
        let behind = UnsafeMutableRawPointer(adjoints + count)
        indices = isRecorded ? behind.assumingMemoryBound(to: Int32.self) : nil
        flags = (behind + (isRecorded ? count * 4 : 0)).assumingMemoryBound(to: Flags.self)
        flags.initialize(repeating: [], count: count)
    }

    /// Frees the adjoints of the wanted instructions, which have been read; all others were freed as the pass went by.
    @inline(__always)
    private func free(_ wanted: [Tensor], upTo output: Int32) {
        for tensor in wanted where tensor.storage != nil {
            let index = tensor.index
            guard index >= start, index <= output, flags[Int(index - start)].contains(.present) else { continue }
            _ = adjoint(of: index, consume: true)
            flags[Int(index - start)] = []
        }
        adjoints.deallocate()
    }

    /// Marks what depends on a wanted instruction.
    private func markActive() {
        let hasCuts = tape.notes?.hasCuts ?? false
        let instructions = UnsafePointer(tape.instructions) + Int(start)
        for place in 0..<count where flags[place].isEmpty {
            let instruction = instructions + place
            guard instruction.pointee.elementType.isFloat else { continue }
            if hasCuts, tape.notes!.isCut(start + Int32(place), from: start) { continue }
            let operands = instruction.pointee.operands
            if instruction.pointee.operandCount == Instruction.manyOperands {
                if tape.operands(of: instruction.pointee).contains(where: isActive) { flags[place] = .active }
            } else if isActive(operands.0) || isActive(operands.1) || isActive(operands.2) {
                flags[place] = .active
            }
        }
    }

    @inline(__always)
    private func isActive(_ index: Int32) -> Bool { index >= start && flags[Int(index &- start)].contains(.active) }

    /// Passes from `output` down to the start.
    @inline(__always)
    private func run(from output: Int32) {
        var index = output
        while index >= start {
            if !isRecorded {
                index = withUnsafeTemporaryAllocation(of: UInt64.self, capacity: ScalarRule.registerCount) {
                    passNumbers(from: index, $0.baseAddress!)
                }
            }
            if index >= start { passTensors(index) }
            index -= 1
        }
    }

    /// Passes the adjoints of numbers on to their operands, which are numbers too, down to the first instruction for which
    /// that is not possible.
    private func passNumbers(from last: Int32, _ registers: UnsafeMutablePointer<UInt64>) -> Int32 {
        let (instructions, rules, flags, adjoints) = (UnsafePointer(tape.instructions), rules, flags, adjoints)
        var index = last
        while index >= start {
            let place = Int(index &- start)
            if flags[place].isSuperset(of: [.active, .present]) {
                let instruction = instructions + Int(index)
                guard instruction.pointee.isFloat64Scalar, let rule = rules.known(instruction.pointee.primitive),
                    rule.pointee.isElementwise
                else { return index }
                let adjoint = Double(bitPattern: adjoints[place])
                for position in 0..<Int(instruction.pointee.operandCount) {
                    let operand = instruction.operand(position)
                    let steps = rule.steps(ofOperand: position)
                    guard isActive(operand), steps.pointee.form != .zero else { continue }
                    let contribution = steps.run(adjoint, instruction, on: instructions, registers)
                    let target = Int(operand &- start)
                    if flags[target].contains(.present) {
                        adjoints[target] = (Double(bitPattern: adjoints[target]) + contribution).bitPattern
                    } else {
                        // The first contribution is stored, not added to 0: 0 + −0 would be +0.
                        adjoints[target] = contribution.bitPattern
                        flags[target].insert(.present)
                    }
                }
            }
            index &-= 1
        }
        return index
    }

    /// Passes the adjoint of an instruction on to its operands.
    private func passTensors(_ index: Int32) {
        guard flags[Int(index - start)].isSuperset(of: [.active, .present]) else { return }
        let instruction = tape[index]
        let rule = rules[instruction.primitive]
        let adjoint = adjoint(of: index, consume: !flags[Int(index - start)].contains(.wanted))
        let isQuick = !isRecorded && rule.pointee.isElementwise && instruction.elementType == .float64
        for position in 0..<tape.operandCount(of: instruction) {
            let operand = tape.operand(position, of: instruction)
            guard isActive(operand) else { continue }
            if isQuick {
                let steps = rule.steps(ofOperand: position)
                if case .adjoint = steps.pointee.form {
                    add(adjoint, to: operand)
                    continue
                }
                if let contribution = steps.pointee.run(adjoint, instruction, at: index, on: tape) {
                    add(contribution, to: operand)
                    continue
                }
            }
            Primitive.withNumbered(instruction.primitive) { primitive in
                guard let pullback = primitive.pullback(ofOperand: position) else { return }
                add(contribution(of: primitive, pullback, adjoint, to: position, operand, at: index), to: operand)
            }
        }
    }

    /// What a pullback makes of an adjoint.
    private func contribution(
        of primitive: Primitive, _ pullback: Primitive.Pullback, _ adjoint: Tensor, to position: Int, _ operand: Int32,
        at index: Int32
    ) -> Tensor {
        let call = Primitive.Call(
            tape: tape, index: index, position: position, isRecorded: isRecorded,
            uses: primitive.uses(ofOperand: position))
        let contribution = pullback.body(adjoint, call)
        if contribution.isFailed && TensorError.isNoted { return contribution }
        let (shape, type) = (tape.shape(of: operand), tape[operand].elementType)
        guard contribution.shape == shape, contribution.elementType == type else {
            fatalError(
                "\(primitive.name): the pullback of operand \(position) returned \(contribution.typeDescription), "
                    + "but the operand is \(type.abbreviation)\(shape)")
        }
        return contribution
    }

    /// The adjoint of an instruction; `consume` gives up the place's own reference.
    @inline(__always)
    private func adjoint(of index: Int32, consume: Bool) -> Tensor {
        let place = Int(index - start)
        let instruction = tape[index]
        let (serial, number) = isRecorded && indices![place] >= 0 ? (tape.serial, indices![place]) : (0, -1)
        if instruction.isScalar {
            return Tensor(
                storage: nil, bits: adjoints[place], elementType: instruction.elementType, serial: serial, index: number
            )
        }
        let reference = Unmanaged<Storage>.fromOpaque(UnsafeRawPointer(bitPattern: UInt(adjoints[place]))!)
        return Tensor(
            storage: consume ? reference.takeRetainedValue() : reference.takeUnretainedValue(), bits: 0,
            elementType: instruction.elementType, serial: serial, index: number)
    }

    /// Zeros in the shape of an instruction.
    private func zeros(like index: Int32) -> Tensor {
        Tensor(everywhere: 0, tape.shape(of: index), tape[index].elementType)
    }

    /// Adds to the adjoint of an instruction.
    private func add(_ contribution: consuming Tensor, to index: Int32) {
        let place = Int(index - start)
        guard flags[place].contains(.present) else { return store(contribution, at: place) }
        let instruction = tape[index]
        if isRecorded || instruction.isScalar {
            return store(adjoint(of: index, consume: true) + contribution, at: place)
        }
        // Added up in place where nobody else holds the elements.
        var sum = Unmanaged<Storage>.fromOpaque(UnsafeRawPointer(bitPattern: UInt(adjoints[place]))!)
            .takeRetainedValue()
        if isKnownUniquelyReferenced(&sum), sum.owner == nil, let other = contribution.storage, let run = other.run {
            Primitive.add.loops[sum.elementType]!.run(sum.count, sum.run!, run, into: sum.elements, sum.elementType)
            store(Tensor(sum), at: place)
        } else {
            store(Tensor(sum) + contribution, at: place)
        }
    }

    @inline(__always)
    private func store(_ adjoint: consuming Tensor, at place: Int) {
        // The error has been noted; the rest of the pass only has to come to its end.
        if adjoint.isFailed { adjoint = zeros(like: start + Int32(place)) }
        flags[place].insert(.present)
        indices?[place] = adjoint.serial == tape.serial ? adjoint.index : -1
        if let storage = adjoint.storage {
            adjoints[place] = UInt64(UInt(bitPattern: Unmanaged.passRetained(storage).toOpaque()))
        } else {
            adjoints[place] = adjoint.bits
        }
    }
}

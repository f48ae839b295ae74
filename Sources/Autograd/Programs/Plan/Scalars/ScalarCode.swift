import CKernels

/// Instructions for single numbers, ready to run.
final class ScalarCode: Sendable {
    // Written here and never again, and freed with this object.
    nonisolated(unsafe) let instructions: UnsafePointer<ck_scalar_instruction>
    let count: Int
    /// Whether functions are called that were given by others, who may do anything in them.
    let callsFunctions: Bool

    init(_ instructions: [ck_scalar_instruction], callsFunctions: Bool) {
        let copy = UnsafeMutablePointer<ck_scalar_instruction>.allocate(capacity: instructions.count)
        copy.initialize(from: instructions, count: instructions.count)
        self.instructions = UnsafePointer(copy)
        count = instructions.count
        self.callsFunctions = callsFunctions
    }

    deinit { instructions.deallocate() }

    @inline(__always)
    func run(_ block: UnsafeMutableRawPointer) {
        ck_run_scalars(instructions, block.assumingMemoryBound(to: Double.self))
    }
}

/// Writes the instructions of a region. A register is a place in the block of a run, in steps of 8 bytes.
struct ScalarCompiler {
    /// Numbers that are to lie side by side in elements of a type when the region has run, from a register on, or anywhere.
    typealias Target = (values: [Int], type: Tensor.ElementType, register: Int?)
    /// Where an element lies that is given: of what type, and how many of these come before it in the block.
    typealias Given = (type: Tensor.ElementType, position: Int)

    let graph: ScalarGraph
    private var schedule: Schedule
    /// The register of each value.
    private(set) var registers: [Int?]
    /// The registers from here on are free.
    private(set) var registerCount: Int
    /// Elements of other types than float64, which are moved to registers first.
    private var loads: [(value: Int, Given)] = []
    /// What comes in the place of something that is read here.
    private var updates: [(new: Int, old: Int)] = []
    private var instructions: [ck_scalar_instruction] = []
    /// The value that the last instruction hands to the next.
    private var last: Int?
    /// Registers for operands that are laid together for one instruction.
    private var scratch = 0..<0

    private enum Schedule {
        case small(ScalarSchedule)
        case large(ScalarRounds)
    }

    /// The code that computes the targets, where these begin, and how many registers it uses.
    ///
    /// - Parameters:
    ///   - given: Where the elements lie that the region reads; targets may take their places.
    ///   - constants: Where the constants of the graph begin.
    ///   - free: The first register that nothing else uses.
    static func code(
        _ graph: ScalarGraph, computing targets: [Target], given: (ScalarGraph.Given) -> Given, constants: Int,
        free: Int
    ) -> (code: ScalarCode, places: [Int], registerCount: Int) {
        var compiler = ScalarCompiler(graph, targets, given, constants, free)
        let places = compiler.compile(targets)
        let calls = graph.operations.contains { if case .instruction = $0.function { false } else { true } }
        return (ScalarCode(compiler.instructions, callsFunctions: calls), places, compiler.registerCount - free)
    }

    private init(
        _ graph: ScalarGraph, _ targets: [Target], _ given: (ScalarGraph.Given) -> Given, _ constants: Int, _ free: Int
    ) {
        self.graph = graph
        registerCount = free
        registers = []
        var old: [Int: Int] = [:]
        for (value, source) in graph.sources.enumerated() {
            switch source {
            case .given(let element):
                let given = given(element)
                if given.type == .float64 { old[given.position] = value } else { loads.append((value, given)) }
                registers.append(given.type == .float64 ? given.position : nil)
            case .constant(let number): registers.append(constants + number)
            case .operation: registers.append(nil)
            }
        }
        var results: [Int] = []
        for target in targets {
            for (offset, value) in target.values.enumerated() {
                if target.type == .float64, let replaced = target.register.flatMap({ old[$0 + offset] }) {
                    updates.append((value, replaced))
                } else {
                    results.append(value)
                }
            }
        }
        schedule =
            graph.operations.count < ScalarRounds.leastOperations
            ? .small(
                ScalarSchedule(graph, outputs: results, state: updates.map(\.new), replacing: updates.map(\.old)))
            : .large(ScalarRounds(graph, roots: results + updates.map(\.new)))
    }

    private mutating func compile(_ targets: [Target]) -> [Int] {
        placeGroups()
        for (value, (type, position)) in loads {
            registers[value] = reserve(1)
            emit(type == .bool ? CK_SCALAR_LOAD_CONDITION : CK_SCALAR_LOAD, CK_FLOAT32, registers[value]!, position)
        }
        let (given, replaced) = (Set(graph.given.values), Set(updates.map(\.old)))
        let replacedRegisters = Set(replaced.map { registers[$0]! })
        var copies: [(value: Int, register: Int)] = []
        var stores: [(value: Int, Given)] = []
        let places = targets.map { target -> Int in
            if target.type != .float64 {
                let start = target.register ?? reserve(target.values.count)
                let first = start * 8 / target.type.size
                stores += target.values.enumerated().map { ($1, (target.type, first + $0)) }
                return start
            }
            // What was given lies where something else may come to lie later: it is copied.
            if target.register == nil, target.values.count == 1, let register = registers[target.values[0]],
                !given.contains(target.values[0])
            {
                return register
            }
            let start = target.register ?? reserve(target.values.count)
            for (offset, value) in target.values.enumerated() where !replacedRegisters.contains(start + offset) {
                if registers[value] == nil {
                    registers[value] = start + offset
                } else {
                    copies.append((value, start + offset))
                }
            }
            return start
        }
        let moves = placeUpdates()
        // What will be replaced is copied before.
        emit(copies: copies.filter { replaced.contains($0.value) }.map { (registers[$0.value]!, $0.register) })
        switch schedule {
        case .small(let schedule): for group in schedule.order { emit(together: group) }
        case .large(let rounds): emit(rounds)
        }
        emit(copies: copies.filter { !replaced.contains($0.value) }.map { (registers[$0.value]!, $0.register) })
        for (value, (type, position)) in stores {
            emit(type == .bool ? CK_SCALAR_STORE_CONDITION : CK_SCALAR_STORE, CK_FLOAT32, position, registers[value]!)
        }
        emit(copies: moves)
        emit(CK_SCALAR_RETURN)
        return places
    }
}

// MARK: - Registers

extension ScalarCompiler {
    private mutating func reserve(_ count: Int) -> Int {
        registerCount += count
        return registerCount - count
    }

    /// The results of large regions lie in the order of their computation; of small ones, what is computed together.
    private mutating func placeGroups() {
        switch schedule {
        case .large(let rounds): placeSideBySide(rounds.order)
        case .small(let schedule):
            for group in schedule.order where group.count > 1 { placeSideBySide(group) }
        }
    }

    private mutating func placeSideBySide(_ values: [Int]) {
        let start = reserve(values.count)
        for (offset, value) in values.enumerated() { registers[value] = start + offset }
    }

    /// The first of `count` registers that are free between two instructions.
    mutating func scratch(_ count: Int) -> Int {
        if scratch.count < count {
            let start = reserve(count)
            scratch = start..<start + count
        }
        return scratch.lowerBound
    }

    /// Lets new numbers be computed into the registers of the old where they may; returns the copies that are left, which
    /// read no register that another of them has written.
    private mutating func placeUpdates() -> [(from: Int, to: Int)] {
        var lastRead = [Int](repeating: -1, count: registers.count)
        var places = [Int?](repeating: nil, count: registers.count)
        if case .small(let schedule) = schedule {
            for (position, group) in schedule.order.enumerated() {
                for value in group {
                    places[value] = position
                    for operand in schedule.operations[value]!.operands { lastRead[operand] = position }
                }
            }
        }
        var moves: [(from: Int, to: Int)] = []
        let given = Set(updates.map(\.old))
        for (new, old) in updates where new != old {
            if registers[new] == nil, let place = places[new], lastRead[old] <= place {
                registers[new] = registers[old]
                continue
            }
            if registers[new] == nil { registers[new] = reserve(1) }
            var source = registers[new]!
            // What was given, and becomes something else, is taken aside first.
            if given.contains(new) {
                source = reserve(1)
                emit(copyOf: registers[new]!, to: source)
            }
            moves.append((source, registers[old]!))
        }
        return moves
    }
}

// MARK: - Instructions

extension ScalarCompiler {
    mutating func word(_ code: UnsafeRawPointer?, _ result: Int, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) {
        instructions.append(
            ck_scalar_instruction(
                code: code, result: UInt32(result), a: UInt32(truncatingIfNeeded: a), b: UInt32(truncatingIfNeeded: b),
                c: UInt32(truncatingIfNeeded: c)))
    }

    mutating func emit(
        _ operation: ck_function, _ type: ck_type = CK_FLOAT64, _ result: Int = 0, _ a: Int = 0, _ b: Int = 0,
        _ c: Int = 0
    ) {
        word(ck_scalar_code(operation, type, CK_SCALAR_NONE), result, a, b, c)
        last = nil
    }

    mutating func emit(copyOf register: Int, to result: Int) {
        word(ck_scalar_code(CK_COPY, CK_FLOAT64, CK_SCALAR_NONE), result, register)
        last = nil
    }

    /// Which operand is the last result.
    private func form(_ a: Int, _ b: Int?, _ c: Int?) -> ck_scalar_form {
        guard let last else { return CK_SCALAR_NONE }
        return a == last ? CK_SCALAR_A : b == last ? CK_SCALAR_B : c == last ? CK_SCALAR_C : CK_SCALAR_NONE
    }

    private func operation(of value: Int) -> ScalarGraph.Operation {
        if case .small(let schedule) = schedule { return schedule.operations[value]! }
        return graph.operation(of: value)!
    }

    private mutating func emit(together group: [Int]) {
        guard group.count > 1 else { return emit(group[0]) }
        let operations = group.map { operation(of: $0) }
        emit(
            gathering: operations.map { registers[$0.operands[0]]! }, by: operations[0].function.code(CK_SCALAR_WIDE),
            to: registers[group[0]]!)
    }

    /// An instruction that reads numbers from anywhere, whose places follow it.
    mutating func emit(gathering places: [Int], by code: UnsafeRawPointer?, to result: Int) {
        word(code, result, places.count)
        let count = Int(CK_SCALAR_PLACES)
        for start in stride(from: 0, to: places.count, by: count) {
            let word = places[start...].prefix(count).map { UInt32($0) } + [UInt32](repeating: 0, count: count)
            instructions.append(word.withUnsafeBytes { $0.loadUnaligned(as: ck_scalar_instruction.self) })
        }
        last = nil
    }

    mutating func emit(_ value: Int) {
        let operation = operation(of: value)
        if registers[value] == nil { registers[value] = reserve(1) }
        let result = registers[value]!
        func register(_ position: Int) -> Int {
            position < operation.operands.count ? registers[operation.operands[position]]! : 0
        }
        switch operation.function {
        case .instruction(CK_SCALAR_AFFINE, _):
            let form = form(operation.operands[3], operation.operands[4], operation.operands[2])
            word(operation.function.code(form), result, register(0), register(1), register(2))
            word(nil, 0, register(3), register(4))
        case .instruction(let function, _):
            // The old value must lie where the new one will.
            if function == CK_SCALAR_UPDATE, register(3) != result { emit(copyOf: register(3), to: result) }
            let form = form(
                operation.operands[0], operation.operands.dropFirst().first, operation.operands.dropFirst(2).first)
            word(operation.function.code(form), result, register(0), register(1), register(2))
        case .call(let code, let type, let address):
            emit(code, type, result, register(0), register(1), register(2))
            word(UnsafeRawPointer(bitPattern: address), 0)
        }
        if case .instruction(let function, _) = operation.function {
            last = function == CK_SCALAR_UPDATE ? operation.operands[1] : value
        }
    }
}

import CKernels

/// Instructions for single numbers, ready to run.
final class ScalarCode: Sendable {
    // Written here and never again, and freed with this object.
    nonisolated(unsafe) let instructions: UnsafePointer<ck_scalar_instruction>
    let count: Int
    /// Whether functions are called that were given by others, who may do anything in them.
    let callsFunctions: Bool

    init(_ instructions: [ck_scalar_instruction]) {
        let copy = UnsafeMutablePointer<ck_scalar_instruction>.allocate(capacity: instructions.count)
        copy.initialize(from: instructions, count: instructions.count)
        self.instructions = UnsafePointer(copy)
        count = instructions.count
        let calls: [UnsafeRawPointer?] = [
            ck_scalar_long_code(CK_SCALAR_CALL_UNARY), ck_scalar_long_code(CK_SCALAR_CALL_BINARY),
        ]
        callsFunctions = instructions.contains { calls.contains($0.code) }
    }

    deinit { instructions.deallocate() }

    @inline(__always)
    func run(_ block: UnsafeMutableRawPointer) {
        ck_run_scalars(instructions, block.assumingMemoryBound(to: Double.self))
    }
}

/// Writes the instructions of a tiny program.
struct ScalarCompiler {
    let graph: ScalarGraph
    private let stateCount: Int
    private var schedule: Schedule
    /// The register of each value.
    private(set) var registers: [Int?]
    private var registerCount = 0
    private var instructions: [ck_scalar_instruction] = []
    /// The value that the last instruction hands to the next.
    private var last: Int?
    /// Where each input of the graph begins.
    private var starts: [Int] = []
    /// Registers for operands that are laid together for one instruction.
    private var scratch = 0..<0

    private enum Schedule {
        case small(ScalarSchedule)
        case large(ScalarRounds)
    }

    /// The code of a graph of tiny float64 arrays; nil for another.
    static func code(_ graph: Graph, stateCount: Int) -> Code? {
        guard let scalars = ScalarGraph(graph) else { return nil }
        var compiler = ScalarCompiler(scalars, stateCount)
        return compiler.code()
    }

    private init(_ graph: ScalarGraph, _ stateCount: Int) {
        self.graph = graph
        self.stateCount = stateCount
        let roots = graph.graph.outputs.map { graph.values(of: $0) }
        let results = roots.dropLast(stateCount).flatMap(\.self)
        let guarded = graph.graph.guards.flatMap { graph.values(of: $0.index) }
        let state = roots.suffix(stateCount).flatMap(\.self)
        schedule =
            graph.operations.count < ScalarRounds.leastOperations
            ? .small(
                ScalarSchedule(
                    graph, outputs: results + guarded, state: state,
                    replacing: graph.graph.inputs.suffix(stateCount).flatMap { graph.values(of: $0) }))
            : .large(ScalarRounds(graph, roots: results + guarded + state))
        registers = [Int?](repeating: nil, count: graph.sources.count)
    }

    private mutating func code() -> Code {
        placeGiven()
        let constants = placeConstants()
        placeGroups()
        let graph = self.graph.graph
        let newState = graph.outputs.suffix(stateCount).flatMap { self.graph.values(of: $0) }
        let oldState = graph.inputs.suffix(stateCount).flatMap { self.graph.values(of: $0) }
        // Results and guards are read at the end, when the old state may be gone.
        let results = graph.outputs.dropLast(stateCount).map { self.graph.values(of: $0) }
        let guarded = graph.guards.map { self.graph.values(of: $0.index) }
        var copies: [(from: Int, to: Int)] = []
        let outputs = zip(results, graph.outputs).map { values, node in
            Code.Value(type: graph[node].type, place: placeTogether(values, except: Set(oldState), &copies))
        }
        let guards = zip(guarded, graph.guards).map { values, guarded in
            Code.Guard(
                condition: guarded.condition, place: placeTogether(values, except: Set(oldState), &copies),
                type: graph[guarded.index].type)
        }
        let moves = placeNewState(newState, over: oldState, mayOverwrite: guards.isEmpty)
        // Results that are old state are copied before that is overwritten.
        let replaced = Set(oldState)
        emit(copies: copies.filter { replaced.contains($0.from) }.map { (registers[$0.from]!, $0.to) })
        switch schedule {
        case .small(let schedule): for group in schedule.order { emit(together: group) }
        case .large(let rounds): emit(rounds)
        }
        emit(copies: copies.filter { !replaced.contains($0.from) }.map { (registers[$0.from]!, $0.to) })
        var commits: [ck_scalar_instruction] = []
        if guards.isEmpty {
            emit(copies: moves)
        } else {
            let computed = instructions
            instructions = []
            emit(copies: moves)
            emit(CK_SCALAR_RETURN)
            (commits, instructions) = (instructions, computed)
        }
        emit(CK_SCALAR_RETURN)
        let inputs = zip(graph.inputs, starts).map { node, start in
            Code.Value(type: graph[node].type, place: Place(base: 0, offset: start * 8))
        }
        return Code(
            graph: graph, inputs: inputs.dropLast(stateCount), outputs: outputs, state: inputs.suffix(stateCount),
            work: .scalars(ScalarCode(instructions), commits: commits.isEmpty ? nil : ScalarCode(commits)),
            guards: guards, constants: constants.value, initial: constants.place, blockSize: registerCount * 8)
    }
}

// MARK: - Registers

extension ScalarCompiler {
    private mutating func reserve(_ count: Int) -> Int {
        registerCount += count
        return registerCount - count
    }

    /// The state comes first, as in every program; then the inputs, side by side.
    private mutating func placeGiven() {
        let inputs = graph.graph.inputs
        starts = [Int](repeating: 0, count: inputs.count)
        for position in inputs.indices.suffix(stateCount) {
            let size = Arena.rounded(graph.values(of: inputs[position]).count * 8) / 8
            starts[position] = reserve(size)
        }
        for position in inputs.indices.dropLast(stateCount) {
            starts[position] = reserve(graph.values(of: inputs[position]).count)
        }
        for (position, input) in inputs.enumerated() {
            for (offset, value) in graph.values(of: input).enumerated() { registers[value] = starts[position] + offset }
        }
    }

    private mutating func placeConstants() -> (value: Tensor, place: Place) {
        let start = reserve(graph.constants.count)
        for (value, source) in graph.sources.enumerated() {
            if case .constant(let number) = source { registers[value] = start + number }
        }
        return (Tensor(graph.constants), Place(base: 0, offset: start * 8))
    }

    /// The results of large programs lie in the order of their computation; of small ones, what is computed together.
    private mutating func placeGroups() {
        switch schedule {
        case .large(let rounds): placeSideBySide(rounds.order)
        case .small(let schedule):
            for group in schedule.order where group.count > 1 {
                placeSideBySide(group)
            }
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

    /// Registers side by side for numbers that are read together; what lies elsewhere is copied there in the end.
    private mutating func placeTogether(
        _ values: [Int], except moving: Set<Int>, _ copies: inout [(from: Int, to: Int)]
    ) -> Place {
        if values.count == 1, let register = registers[values[0]], !moving.contains(values[0]) {
            return Place(base: 0, offset: register * 8)
        }
        let start = reserve(values.count)
        for (offset, value) in values.enumerated() {
            if registers[value] == nil {
                registers[value] = start + offset
            } else {
                copies.append((value, start + offset))
            }
        }
        return Place(base: 0, offset: start * 8)
    }

    /// Lets new state be computed into the registers of the old where it may; returns the copies that are left, which
    /// read no register that another of them has written.
    private mutating func placeNewState(
        _ new: [Int], over old: [Int], mayOverwrite: Bool
    ) -> [(from: Int, to: Int)] {
        var lastRead: [Int: Int] = [:]
        var places: [Int: Int] = [:]
        if case .small(let schedule) = schedule {
            for (position, group) in schedule.order.enumerated() {
                for value in group {
                    places[value] = position
                    for operand in schedule.operation(of: value)!.operands { lastRead[operand] = position }
                }
            }
        }
        var moves: [(from: Int, to: Int)] = []
        let given = Set(old)
        var aside: [Int] = []
        for (new, old) in zip(new, old) where new != old {
            if mayOverwrite, registers[new] == nil, let place = places[new], lastRead[old, default: -1] <= place {
                registers[new] = registers[old]
            } else {
                if registers[new] == nil { registers[new] = reserve(1) }
                if given.contains(new) { aside.append(moves.count) }
                moves.append((registers[new]!, registers[old]!))
            }
        }
        // State that becomes other state is taken aside first.
        for index in aside {
            let register = reserve(1)
            emit(copyOf: moves[index].from, to: register)
            moves[index].from = register
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

    mutating func emit(_ operation: ck_scalar_long, _ result: Int = 0, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) {
        word(ck_scalar_long_code(operation), result, a, b, c)
        last = nil
    }

    mutating func emit(copyOf register: Int, to result: Int) {
        word(ck_scalar_code(CK_COPY, CK_SCALAR_NONE), result, register)
        last = nil
    }

    /// Which operand is the last result.
    private func form(_ a: Int, _ b: Int?, _ c: Int?) -> ck_scalar_form {
        guard let last else { return CK_SCALAR_NONE }
        return a == last ? CK_SCALAR_A : b == last ? CK_SCALAR_B : c == last ? CK_SCALAR_C : CK_SCALAR_NONE
    }

    private func operation(of value: Int) -> ScalarGraph.Operation {
        switch schedule {
        case .small(let schedule): schedule.operation(of: value)!
        case .large: graph.operation(of: value)!
        }
    }

    private mutating func emit(together group: [Int]) {
        guard group.count > 1 else { return emit(group[0]) }
        let operations = group.map { operation(of: $0) }
        guard case .instruction(let function) = operations[0].function else { preconditionFailure() }
        emit(
            gathering: operations.map { registers[$0.operands[0]]! }, by: ck_scalar_wide_code(function),
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
        let operands = operation.operands.map { registers[$0]! } + [0, 0, 0]
        switch operation.function {
        case .instruction(CK_SCALAR_AFFINE):
            let form = form(operation.operands[3], operation.operands[4], operation.operands[2])
            word(ck_scalar_code(CK_SCALAR_AFFINE, form), result, operands[0], operands[1], operands[2])
            word(nil, 0, operands[3], operands[4])
        case .instruction(let function):
            // The old value must lie where the new one will.
            if function == CK_SCALAR_UPDATE, operands[3] != result { emit(copyOf: operands[3], to: result) }
            let form = form(
                operation.operands[0], operation.operands.dropFirst().first, operation.operands.dropFirst(2).first)
            word(ck_scalar_code(function, form), result, operands[0], operands[1], operands[2])
        case .unary(let address):
            emit(CK_SCALAR_CALL_UNARY, result, operands[0])
            word(UnsafeRawPointer(bitPattern: address), 0)
        case .binary(let address):
            emit(CK_SCALAR_CALL_BINARY, result, operands[0], operands[1])
            word(UnsafeRawPointer(bitPattern: address), 0)
        }
        switch operation.function {
        case .instruction(CK_SCALAR_UPDATE): last = operation.operands[1]
        case .instruction: last = value
        default: last = nil
        }
    }
}

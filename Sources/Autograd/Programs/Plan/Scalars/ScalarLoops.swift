import CKernels

// The instructions of large programs: what is alike, and lies at equal distances, is one loop.
extension ScalarCompiler {
    /// Fewer results are computed one by one.
    private static let shortestLoop = 8

    mutating func emit(_ rounds: ScalarRounds) {
        for step in rounds.steps {
            switch step {
            case .group(let range): emit(group: Array(rounds.order[range]))
            case .chains(let ranges):
                var left = ranges.map { Array(rounds.order[$0]) }[...]
                while !left.isEmpty {
                    emit(chains: left.prefix(Int(CK_SCALAR_CHAINS)).map { chain(of: $0, previous: rounds.previous) })
                    left = left.dropFirst(Int(CK_SCALAR_CHAINS))
                }
            }
        }
    }

    /// Copies between registers none of which is both read and written; many with as few instructions as possible.
    mutating func emit(copies: [(from: Int, to: Int)]) {
        var left = copies[...]
        while let first = left.first {
            let run = left.enumerated().prefix { $1.to == first.to + $0 }.map(\.element.from)
            left = left.dropFirst(run.count)
            if run.count < ScalarCompiler.shortestLoop {
                for (offset, register) in run.enumerated() { emit(copyOf: register, to: first.to + offset) }
            } else if let stride = run[...].stride {
                emit(loop: CK_COPY, run.count, [(first.from, stride)], to: first.to)
            } else {
                emit(gathering: run, by: ck_scalar_code(CK_SCALAR_GATHER, CK_FLOAT64, CK_SCALAR_NONE), to: first.to)
            }
        }
    }
}

// MARK: - Groups

extension ScalarCompiler {
    /// Results of one function in registers side by side.
    private mutating func emit(group: [Int]) {
        let operations = group.map { graph.operation(of: $0)! }
        guard let loop = operations[0].function.loop else {
            for value in group { emit(value) }
            return
        }
        let columns = operations[0].operands.indices.map { position in
            operations.map { registers[$0.operands[position]]! }
        }
        // Runs of operands at equal distances, and what is between them.
        var (start, between) = (0, 0)
        while start < group.count {
            let count = columns.map { $0[start...].regularCount }.min()!
            if count >= ScalarCompiler.shortestLoop {
                emit(irregular: group[between..<start], loop, columns)
                emit(loop: loop, over: group[start..<start + count], columns)
                start += count
                between = start
            } else {
                // The last of them may begin the next run.
                start += Swift.max(1, count - 1)
            }
        }
        emit(irregular: group[between...], loop, columns)
    }

    /// One loop, whose operands are gathered first where that takes less time than to compute one result after the other.
    private mutating func emit(irregular group: ArraySlice<Int>, _ loop: ck_function, _ columns: [[Int]]) {
        let gathered = columns.count { $0[group.indices].stride == nil }
        // Both in nanoseconds: a gathered operand takes 0.5, a result of a loop 0.3, to start either takes 3.
        let time = Double(gathered + 1) * 3 + Double(group.count) * (0.5 * Double(gathered) + 0.3)
        if loop.takesLong ? group.count < 4 : time > 1.2 * Double(group.count) {
            for value in group { emit(value) }
        } else {
            emit(loop: loop, over: group, columns)
        }
    }

    private mutating func emit(loop: ck_function, over group: ArraySlice<Int>, _ columns: [[Int]]) {
        // Vectors take operands side by side, or one for all.
        let strides = columns.map { column in
            column[group.indices].stride.flatMap { !loop.takesLong || $0 == 0 || $0 == 1 ? $0 : nil }
        }
        var scratch = self.scratch(strides.count { $0 == nil } * group.count)
        let operands = zip(columns, strides).map { column, stride -> (start: Int, stride: Int) in
            let operand = column[group.indices]
            if let stride { return (operand.first!, stride) }
            let code = ck_scalar_code(CK_SCALAR_GATHER, CK_FLOAT64, CK_SCALAR_NONE)
            emit(gathering: Array(operand), by: code, to: scratch)
            defer { scratch += group.count }
            return (scratch, 1)
        }
        emit(loop: loop, group.count, operands, to: registers[group.first!]!)
    }

    private mutating func emit(
        loop: ck_function, _ count: Int, _ operands: [(start: Int, stride: Int)], to result: Int
    ) {
        let operands = operands + [(0, 0), (0, 0)]
        emit(CK_SCALAR_LOOP, CK_FLOAT64, result, operands[0].start, operands[1].start, operands[2].start)
        word(
            unsafeBitCast(ck_elementwise(loop, CK_FLOAT64)!, to: UnsafeRawPointer.self), count, operands[0].stride,
            operands[1].stride, operands[2].stride)
    }
}

// MARK: - Chains

extension ScalarCompiler {
    /// A running sum or product that is to be computed.
    private struct Chain {
        let function: ScalarGraph.Operation.Function
        var count: Int
        var result: Int
        var start: Int
        /// The registers of what is added.
        var others: [Int]
        var other = 0
        var stride = 1
    }

    private mutating func chain(of values: [Int], previous: [Int?]) -> Chain {
        func operands(_ value: Int) -> [Int] { graph.operation(of: value)!.operands }
        func other(than known: Int, _ value: Int) -> Int { operands(value).first { $0 != known }! }
        let first = operands(values[0])
        // The first sum of a chain has two beginnings: one of them may lie with the others.
        var others = values.dropFirst().map { registers[other(than: previous[$0]!, $0)]! }
        var start = previous[values[0]] ?? first[0]
        if previous[values[0]] == nil, others.count >= 2,
            others[0] - registers[first[0]]! == others[1] - others[0]
        {
            start = first[1]
        }
        others.insert(registers[other(than: start, values[0])]!, at: 0)
        // What a chain begins with often lies elsewhere.
        let single = others[...].stride == nil ? (1...2).first { others.dropFirst($0).stride != nil } ?? 0 : 0
        for value in values.prefix(single) {
            emit(value)
            start = value
        }
        return Chain(
            function: graph.operation(of: values[0])!.function, count: values.count - single,
            result: registers[values[single]]!, start: registers[start]!, others: Array(others.dropFirst(single)))
    }

    /// Chains side by side, as long as each lasts.
    private mutating func emit(chains: [Chain]) {
        var chains = chains.sorted { $0.count > $1.count }
        var scratch = self.scratch(chains.reduce(0) { $0 + ($1.others[...].stride == nil ? $1.count : 0) })
        for position in chains.indices {
            let others = chains[position].others[...]
            if let stride = others.stride {
                (chains[position].other, chains[position].stride) = (others[0], stride)
            } else {
                let code = ck_scalar_code(CK_SCALAR_GATHER, CK_FLOAT64, CK_SCALAR_NONE)
                emit(gathering: Array(others), by: code, to: scratch)
                chains[position].other = scratch
                scratch += others.count
            }
        }
        guard case .instruction(let function, let type) = chains[0].function else { preconditionFailure() }
        while let count = chains.last?.count {
            emit(function == CK_ADD ? CK_SCALAR_RUNNING_SUM : CK_SCALAR_RUNNING_PRODUCT, type, count, chains.count)
            for position in chains.indices {
                let chain = chains[position]
                word(nil, chain.result, chain.start, chain.other, chain.stride)
                chains[position].start = chain.result + count - 1
                chains[position].result += count
                chains[position].other += count * chain.stride
                chains[position].count -= count
            }
            while chains.last?.count == 0 { chains.removeLast() }
        }
    }
}

extension ScalarGraph.Operation.Function {
    /// The function, if it has a loop over float64: conditions and float32 are float64 here, but not in loops.
    fileprivate var loop: ck_function? {
        guard case .instruction(let function, CK_FLOAT64) = self, ck_elementwise(function, CK_FLOAT64) != nil,
            ck_elementwise(function, CK_BOOL) == nil
        else { return nil }
        return function
    }
}

extension ArraySlice<Int> {
    /// How many of the first are at equal distances.
    fileprivate var regularCount: Int {
        guard count > 2 else { return count }
        let stride = self[startIndex + 1] - self[startIndex]
        return 2 + zip(dropFirst(2), dropFirst()).prefix { $0 - $1 == stride }.count
    }

    /// The distance, if it is the same between all.
    fileprivate var stride: Int? {
        guard regularCount == count else { return nil }
        return count > 1 ? self[startIndex + 1] - self[startIndex] : 0
    }
}

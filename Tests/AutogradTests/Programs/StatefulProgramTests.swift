import Testing

@testable import Autograd

/// Programs with state: written in place where nothing can fail, and never half way.
@Suite struct StatefulProgramTests {
    /// Two arrays that exchange their roles, and a count: all three depend on the old values of others.
    private func exchanging(_ size: Int, _ guarded: Bool) -> (StatefulProgram, ProgramState) {
        let state = ProgramState([Tensor(repeating: 1, shape: [size]), Tensor(repeating: 0, shape: [size]), Tensor(0)])
        let program = StatefulProgram(state, names: []) { inputs, state in
            let (a, b, count) = (state[0], state[1], state[2])
            let new = inputs[0] * a + inputs[1]
            if guarded && count < 5 { return (sum(b), [b, new, count + 1]) }
            return (sum(b), [b, new, count + 1])
        }
        return (program, state)
    }

    @Test(arguments: [2, 1024], [false, true])
    func `state changes as eager values do`(size: Int, guarded: Bool) {
        let (program, state) = exchanging(size, guarded)
        var (a, b) = (Tensor(repeating: 1, shape: [size]), Tensor(repeating: 0, shape: [size]))
        for step in 0..<10 {
            let (x, y) = (Tensor(1.5), Tensor((0..<size).map { Double($0 + step) }))
            #expect(program.run([x, y]) == sum(b).scalar)
            (a, b) = (b, x * a + y)
            if step % 3 == 0 {
                #expect(sameBits(state[0], a) && sameBits(state[1], b) && state[2].scalar == Double(step + 1))
            }
            // A value that is set from outside is seen by the next run; one that was read is not written over.
            if step == 4 {
                let kept = state[0]
                state[0] = a + 1
                #expect(sameBits(kept, a))
                a = a + 1
            }
        }
        #expect(sameBits(state[0], a) && sameBits(state[1], b))
        #expect(program.explanation.contains("again") == guarded, "\(program.explanation)")
    }

    /// Recordings for inputs of two shapes, of which the second needs more memory.
    @Test(arguments: [2, 1024])
    func `all recordings work in one memory`(size: Int) {
        let state = ProgramState([Tensor(repeating: 0, shape: [size]), Tensor(0)])
        let program = StatefulProgram(state, names: []) { inputs, state in
            (sum(state[0]), [state[0] + sum(square(inputs[0]), along: 0), state[1] + 1])
        }
        var total = 0.0
        for step in 0..<10 {
            let rows = step % 2 == 0 ? 1 : 1000
            #expect(program.run([Tensor(repeating: 1, shape: [rows, size])]) == total * Double(size))
            total += Double(rows)
            if step == 4 {
                state[0] = state[0] + 1
                total += 1
            }
        }
        #expect(sameBits(state[0], Tensor(repeating: total, shape: [size])) && state[1].scalar == 10)
        #expect(program.explanation.components(of: "recorded again") == 1)
        var memories: Set<ObjectIdentifier> = []
        for code in program.recordings.codes {
            _ = state.run(code) { memory in
                memories.insert(ObjectIdentifier(memory))
                return false
            }
        }
        #expect(program.recordings.codes.count == 2 && memories.count == 1)
    }

    @Test(arguments: [2, 1024])
    func `a value that is read stays what it was`(size: Int) {
        let (program, state) = exchanging(size, false)
        let inputs = [Tensor(1.5), Tensor(repeating: 1, shape: [size])]
        _ = program.run(inputs)
        _ = program.run(inputs)
        let (kept, copy) = (state[1], Tensor(state[1].numbers))
        _ = program.run(inputs)
        _ = program.run(inputs)
        #expect(sameBits(kept, copy))
    }

    @Test(arguments: [2, 1024])
    func `a guard that does not hold leaves the state as it was`(size: Int) {
        let state = ProgramState([Tensor(repeating: 0, shape: [size])])
        let program = StatefulProgram(state, names: []) { inputs, state in
            let new = state[0] + inputs[0]
            return sum(new) < 10 ? (sum(new), [new]) : (sum(new) - 100, [-new])
        }
        let one = Tensor(Double(4) / Double(size))
        #expect(program.run([one]) == 4)
        #expect(program.run([one]) == 8)
        // The first recording ran up to its guard, then another was made from the same state.
        #expect(program.run([one]) == -88)
        #expect(state[0].numbers.first == -12 / Double(size))
        #expect(program.run([one]) == -8)
        #expect(program.explanation.contains("a guard did not hold"))
    }

    /// Three misses in a row make calls eager; but with replays between them, the fast ones too, they are not in a row.
    @Test(arguments: [false, true]) func `replays break a row of misses`(isReplayed: Bool) {
        let program = StatefulProgram(ProgramState([Tensor(0)]), names: []) { inputs, state in
            let x = inputs[0]
            return (sum(x * inputs[1]) + (x.elementCount > 9 ? x[0].scalar : 0), [state[0] + inputs[2]])
        }
        func run(_ number: Double, _ size: Int) -> Int {
            let x = Tensor(repeating: number, shape: [size])
            _ = program.run([x, x, Tensor(1)])
            return program.explanation.components(of: "a guard did not hold")
        }
        #expect(run(0, 10) == 0)
        for miss in 1...6 {
            // Of another size each time, which is no miss.
            #expect(run(1, miss) == min(miss - 1, isReplayed ? 6 : Recordings.patience))
            let x = Tensor(repeating: 3, shape: [miss])
            if isReplayed { #expect(program.replay(x, x, 1) != nil) }
            _ = run(Double(miss), 10)
        }
        #expect(program.recordings.isEager == !isReplayed)
        #expect(program.explanation.contains("no further call is, until a recording serves") == !isReplayed)
    }

    /// Once calls are eager, recordings are tried now and then: each try takes as long as a run.
    @Test func `a guard that holds again is noticed`() {
        let state = ProgramState([Tensor(0)])
        let program = StatefulProgram(state, names: []) { inputs, state in
            (sum(inputs[0]) * inputs[0][0].scalar, [state[0] + 1])
        }
        func run(_ number: Double) {
            #expect(program.run([Tensor([number, 1])]) == number * (number + 1))
        }
        for number in 0..<20 { run(Double(number)) }
        #expect(program.recordings.isEager && program.recordings.codes.count == 1 + Recordings.patience)
        for _ in 0..<32 { run(2) }
        #expect(!program.recordings.isEager && state[0].scalar == 52)
        let replayed = state.runs
        run(2)
        #expect(state.runs == replayed + 1)
    }

    /// New state that is a kernel's result, and reads the old one.
    @Test(arguments: [false, true]) func `state that is a product of itself`(guarded: Bool) {
        var random = RandomGenerator(seed: 1)
        let x = Tensor.uniform(in: -0.3..<0.3, shape: [6, 6], using: &random)
        var expected = Tensor.uniform(in: -1..<1, shape: [6, 6], using: &random)
        let state = ProgramState([expected])
        let program = StatefulProgram(state, names: []) { inputs, state in
            let new = matmul(state[0], inputs[0])
            return guarded && sum(new) < 1e9 ? (sum(state[0]), [new]) : (sum(new), [new])
        }
        for step in 0..<4 {
            let value = guarded ? sum(expected) : sum(matmul(expected, x))
            #expect(program.run([x]) == value.scalar)
            expected = matmul(expected, x)
            if step > 1 { #expect(sameBits(state[0], expected)) }
        }
    }

    /// The result is a number of the old state, in a program of arrays: it is read when the new state is there.
    @Test(arguments: [false, true]) func `a result that is old state`(guarded: Bool) {
        let state = ProgramState([Tensor(0), Tensor((0..<100).map(Double.init)), Tensor(repeating: 1, shape: [100])])
        let program = StatefulProgram(state, names: []) { inputs, state in
            let new = state[1] + inputs[0]
            // Where a guard reads what does not lie side by side, it is copied after the result.
            let isOther = guarded && (sum(new) > 1e9 || state[2].sliced(0..<8, along: 0, step: 2).numbers[0] > 1)
            let count = isOther ? state[0] : state[0] + 1
            return (inputs[0].elementCount == 1 ? state[0] : state[1][7], [count, new, state[2]])
        }
        for step in 0..<4 { #expect(program.run([Tensor([1])]) == Double(step)) }
        for step in 0..<4 { #expect(program.run([Tensor(repeating: 1, shape: [100])]) == Double(11 + step)) }
        #expect(state[0].scalar == 8 && state[1].numbers == (8..<108).map(Double.init))
    }

    /// A step along a gradient that is a product, of single numbers, where the new weight may not lie in place of the old.
    @Test func `a guarded step of single numbers keeps the old ones`() {
        let (state, rate) = (ProgramState([Tensor([0.5, -0.25]), Tensor(1)]), 0.1)
        let program = StatefulProgram(state, names: []) { inputs, state in
            let new = state[0] - rate * (inputs[0] * state[1])
            return sum(new) < 100 ? (sum(state[0]), [new, state[1] + 1]) : (sum(new), [new, state[1]])
        }
        var (w, b) = (Tensor([0.5, -0.25]), 1.0)
        for step in 1...5 {
            let x = Tensor([Double(step), -0.5])
            #expect(program.run([x]) == sum(w).scalar)
            (w, b) = (w - rate * (x * b), b + 1)
            #expect(sameBits(state[0], w))
        }
        #expect(!program.explanation.contains("again") && program.explanation.contains("for single numbers"))
    }

    /// New state that reads other old state, is other old state, or reads its own in another order.
    @Test(arguments: [2, 40], [false, true]) func `state that reads state`(size: Int, guarded: Bool) {
        let functions: [@Sendable ([Tensor]) -> [Tensor]] = [
            { s in [s[0] + s[1], s[0] * s[1]] }, { s in [s[1], s[0]] },
            { s in [0.5 * s[0].transposed(), s[1].transposed() + s[0]] },
            { s in [s[1].transposed(), exp(s[0].transposed())] },
        ]
        for (number, function) in functions.enumerated() {
            var random = RandomGenerator(seed: 5)
            var expected = (0..<2).map { _ in Tensor.uniform(in: -1..<1, shape: [size, size], using: &random) }
            let state = ProgramState(expected)
            let program = StatefulProgram(state, names: []) { _, state in
                let new = function(state)
                return (guarded && sum(new[0]) > 1e300 ? Tensor(0) : sum(state[0]), new)
            }
            for _ in 0..<4 {
                #expect(program.run([]) == sum(expected[0]).scalar)
                expected = function(expected)
            }
            #expect(sameBits((0..<2).map { state[$0] }, expected), "\(number)")
        }
    }

    @Test func `a fast replay takes packed arrays alone`() {
        let program = StatefulProgram(ProgramState([Tensor(0)]), names: []) { inputs, state in
            (sum(inputs[0] * inputs[1]) + inputs[2], [state[0]])
        }
        let (packed, y) = (Tensor([1, 2, 3]), Tensor([1, 10, 100]))
        let strided = Tensor([1, 7, 2, 7, 3, 7]).sliced(0..., along: 0, step: 2)
        #expect(program.run([packed, y, Tensor(0)]) == 321)
        #expect(program.replay(packed, y, 1) == 322)
        #expect(program.replay(strided, y, 1) == nil && program.replay(y, strided, 1) == nil)
        #expect(program.run([strided, y, Tensor(2)]) == 323)
        let single = Tensor([1, 2, 3], elementType: .float32)
        #expect(program.replay(single, y, 1) == nil && program.replay(packed, single, 1) == nil)
        let guarded = StatefulProgram(ProgramState([Tensor(0)]), names: []) { inputs, state in
            (sum(inputs[0] * inputs[1]) < 400 ? inputs[2] : -inputs[2], [state[0]])
        }
        #expect(guarded.run([packed, y, Tensor(2)]) == 2 && guarded.replay(packed, y, 3) == nil)
        #expect(guarded.run([packed, 2 * y, Tensor(3)]) == -3)
    }
}

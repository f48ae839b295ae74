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
            (sum(state[0]), [state[0] + sum(inputs[0], along: 0), state[1] + 1])
        }
        var total = 0.0
        for step in 0..<10 {
            let rows = step % 2 == 0 ? 1 : 3
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
            state.run(code) { memory in
                memories.insert(ObjectIdentifier(memory))
                return false
            }
        }
        #expect(memories.count == 1)
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

    @Test func `fast replays break a row of misses, as others do`() {
        let program = StatefulProgram(ProgramState([Tensor(0)]), names: []) { inputs, state in
            (sum(inputs[0] * inputs[1]) + state[0], [state[0] + inputs[2]])
        }
        func recorded(_ size: Int) -> Int {
            _ = program.run([Tensor(repeating: 1, shape: [size]), Tensor(repeating: 1, shape: [size]), Tensor(1)])
            return program.explanation.components(of: "inputs of other shapes")
        }
        for size in 0...Recordings.patience { #expect(recorded(size) == size) }
        #expect(program.explanation.contains("no further call is, until a recording serves"))
        #expect(program.replay(Tensor(repeating: 1, shape: [3]), Tensor(repeating: 1, shape: [3]), 1) == 7)
        #expect(recorded(5) == Recordings.patience + 1)
    }
}

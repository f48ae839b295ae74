import Dispatch
import Testing

@testable import Autograd

/// Which recordings a program keeps, and which it does not make twice.
@Suite struct RecordingsTests {
    @Test func `the recording that was used least recently makes room`() {
        let program = Program(at: Tensor(repeating: 1, shape: [100])) { x in sum(x * x) }
        // One shape in constant use between more others than are kept; a replay breaks the row of misses.
        for size in 1...Recordings.limit + 1 {
            #expect(program(Tensor(repeating: 1, shape: [size])).scalar == Double(size))
            #expect(program(Tensor(repeating: 1, shape: [100])).scalar == 100)
        }
        #expect(program.explanation.components(of: "f64[100]") == 1, "\(program.explanation)")
        // Those used last are kept, the first of the others is gone.
        for size in (2...Recordings.limit + 1).reversed() where size > 2 {
            _ = program(Tensor(repeating: 1, shape: [size]))
        }
        #expect(program.explanation.components(of: "recorded again") == Recordings.limit + 1)
        _ = program(Tensor(repeating: 1, shape: [1]))
        #expect(program.explanation.components(of: "recorded again") == Recordings.limit + 2)
    }

    @Test func `the same holds for programs with state`() {
        let state = ProgramState([Tensor(0)])
        let program = StatefulProgram(state, names: []) { inputs, state in
            (sum(inputs[0]) + state[0], [state[0] + 1])
        }
        var count = 0.0
        func run(_ size: Int) {
            #expect(program.run([Tensor(repeating: 1, shape: [size])]) == Double(size) + count)
            count += 1
        }
        run(100)
        for size in 1...Recordings.limit + 1 { [size, 100].forEach(run) }
        #expect(program.explanation.components(of: "f64[100]") == 1, "\(program.explanation)")
        #expect(state[0].scalar == count)
    }

    @Test func `threads that meet new shapes at once add one recording of each`() {
        for _ in 0..<5 {
            let program = Program(at: Tensor(1)) { x in
                // Long enough for all threads to come.
                _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(5))
                return sum(sum(x) < 100 ? x : -x)
            }
            DispatchQueue.concurrentPerform(iterations: 8) { _ in
                for size in [40, 50] { #expect(program(Tensor(repeating: 1, shape: [size])).scalar == Double(size)) }
            }
            #expect(program.explanation.components(of: "recorded again") == 2, "\(program.explanation)")
            #expect(program.explanation.components(of: "f64[40] ->") == 1)
        }
    }

    @Test func `a question that is asked again is one guard`() {
        let program = Program(at: Tensor([1, 2])) { x in
            // Also of the same sum, computed again.
            let answers = [sum(x) < 10, sum(x) < 10, sum(x) < 20, sum(x) > 0]
            let (first, second) = (x[0].scalar, x[0].scalar)
            return answers.allSatisfy(\.self) ? x * first * second : x
        }
        #expect(program.explanation.components(of: "replayed only where") == 4, "\(program.explanation)")
        #expect(program(Tensor([1, 3])).numbers == [1, 3])
        #expect(program(Tensor([2, 3])).numbers == [8, 12])
    }

    @Test func `a number of a finished tape is a number`() {
        let program = Program(at: Tensor(1)) { x in x * 2 }
        let number = Tape.record { tape in tape.variable(3) * 2 }.result
        #expect(program(number).scalar == 12)
        #expect(!program.explanation.contains("again"), "\(program.explanation)")
    }
}

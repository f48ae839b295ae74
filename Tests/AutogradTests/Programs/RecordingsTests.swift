import Dispatch
import Testing

@testable import Autograd

/// Which recordings a program keeps, and which it does not make twice.
@Suite struct RecordingsTests {
    /// Code that takes an array of this size and has 8 KB of constants.
    private func code(_ size: Int) -> Code {
        let constant = Tensor((0..<1000).map(Double.init))
        let graph = Graph.recording(at: [Tensor(repeating: 1, shape: [size])]) { x in [sum(constant * sum(x[0]))] }
            .graph
        return Planner.code(graph!)
    }

    /// What becomes of calls on arrays of these sizes: they are replayed (p), recorded (r) or computed eagerly (e).
    private func course(of sizes: [Int], _ recordings: inout Recordings) -> String {
        var course = ""
        for size in sizes {
            let inputs = [Tensor(repeating: 1, shape: [size])]
            if let code = recordings.code(for: inputs, after: nil) {
                recordings.noteSuccess(of: code)
                course += "p"
            } else if recordings.isWorthRecording(inputs) {
                recordings.add(code(size), at: inputs, afterTrying: nil, recorded: 1)
                course += "r"
            } else {
                course += "e"
            }
        }
        return course
    }

    @Test func `where memory ends, those that were used least recently make room`() {
        let size = code(1).byteCount
        #expect(size > 8_000)
        var recordings = Recordings()
        recordings.memoryLimit = 4 * size + 100
        #expect(course(of: [1, 2, 3, 4, 1, 2, 3, 4], &recordings) == "rrrrpppp")
        #expect(recordings.byteCount == 4 * size && recordings.codes.count == 4)
        // A fifth size is recorded when it comes again, in place of the one that was used least recently.
        #expect(course(of: [2, 5, 3, 1, 2, 5, 5, 3, 1, 2], &recordings) == "pepppr" + "pppp")
        #expect(recordings.explanation.contains("in place of 1 used less recently"))
        // Sizes that take turns do not drive each other out.
        #expect(course(of: [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5], &recordings) == "pppeppppeppppep")
        // What comes only once leaves no trace; what comes from now on takes the place of what does not.
        #expect(course(of: Array(10..<30), &recordings) == String(repeating: "e", count: 20))
        #expect(course(of: [6, 7, 8, 9, 6, 7, 8, 9, 6, 7, 8, 9], &recordings) == "eeeerrrrpppp")
        #expect(recordings.byteCount == 4 * size && recordings.codes.count == 4)
    }

    @Test func `one that is larger than all memory is kept, and another size does not drive it out in turn`() {
        var recordings = Recordings()
        recordings.memoryLimit = 100
        #expect(course(of: [1, 1, 2, 1, 2, 1, 2, 1], &recordings) == "rpepepep")
        #expect(course(of: [2, 2, 2], &recordings) == "erp" && recordings.codes.count == 1)
    }

    @Test func `the memory of all threads counts`() throws {
        let code = code(20)
        var recordings = Recordings()
        recordings.memoryLimit = 2 * code.byteCount + 3 * code.memorySize
        #expect(course(of: [20, 30], &recordings) == "rr")
        func memory(_ size: Int) throws -> Memory {
            let memory = recordings.memory(for: [Tensor(repeating: 1, shape: [size])], after: nil)
            return try #require(memory)
        }
        let (first, others) = try (memory(20), [memory(30), memory(30)])
        #expect(recordings.byteCount == 2 * code.byteCount + 3 * code.memorySize)
        recordings.giveBack(first, served: true)
        #expect(try memory(20) === first)
        // A fourth makes the other recording go, with the memory that is not given back yet.
        _ = try memory(20)
        #expect(recordings.codes.count == 1 && recordings.byteCount == code.byteCount + 2 * code.memorySize)
        for memory in others { recordings.giveBack(memory, served: true) }
        #expect(recordings.codes.count == 1 && recordings.byteCount == code.byteCount + 2 * code.memorySize)
        #expect(recordings.code(for: [Tensor(repeating: 1, shape: [30])], after: nil) == nil)
    }

    @Test func `the recording that a thread runs is the last to make room`() throws {
        let code = code(1)
        var recordings = Recordings()
        recordings.memoryLimit = 2 * code.byteCount + code.memorySize - 1
        #expect(course(of: [1, 2], &recordings) == "rr")
        let (one, two) = ([Tensor(repeating: 1, shape: [1])], [Tensor(repeating: 1, shape: [2])])
        #expect(recordings.memory(for: one, after: nil) != nil)
        #expect(recordings.code(for: one, after: nil) != nil && recordings.code(for: two, after: nil) == nil)
    }

    /// Another thread may add a recording while a first one tries what takes other inputs.
    @Test func `what was tried in vain for other kinds hides none of these`() {
        var recordings = Recordings()
        let number = Planner.code(Graph.recording(at: [Tensor(1)]) { x in [x[0] * 2] }.graph!)
        recordings.add(number, at: [Tensor(1)], afterTrying: nil, recorded: 1)
        let array = code(3)
        let inputs = [Tensor(repeating: 1, shape: [3])]
        recordings.add(array, at: inputs, afterTrying: nil, recorded: 1)
        #expect(recordings.code(for: inputs, after: number) === array)
        #expect(recordings.code(for: inputs, after: array) == nil)
        recordings.add(code(3), at: inputs, afterTrying: number, recorded: 1)
        #expect(recordings.codes.count == 2)
    }

    /// A whole epoch of sizes is recorded once, and then found among hundreds.
    @Test func `two hundred sizes in turn are replayed`() {
        let program = Program(at: Tensor(repeating: 1, shape: [1])) { x in sum(x * x) }
        let state = ProgramState([Tensor(0)])
        let stateful = StatefulProgram(state, names: []) { inputs, state in
            (sum(inputs[0]) + state[0], [state[0] + 1])
        }
        for round in 0..<3 {
            for size in 1...200 {
                #expect(program(Tensor(repeating: 2, shape: [size])).scalar == Double(4 * size))
                let count = 200 * round + size - 1
                #expect(stateful.run([Tensor(repeating: 1, shape: [size])]) == Double(size + count))
            }
        }
        for explanation in [program.explanation, stateful.explanation] {
            #expect(explanation.components(of: "recorded again: inputs of other shapes or types") == 15)
            #expect(explanation.contains("f64[8] -> f64[]") && explanation.contains("f64[193] -> f64[]"))
            #expect(explanation.components(of: "… 184 more") == 1, "\(explanation)")
            #expect(!explanation.contains("no further call is"))
        }
        #expect(stateful.recordings.codes.count == 200 && state[0].scalar == 600)
    }

    @Test func `of inputs of one kind a few outcomes are kept`() {
        let state = ProgramState([Tensor(0)])
        let program = StatefulProgram(state, names: []) { inputs, state in
            (inputs[0][0].scalar * sum(inputs[0]) + state[0], [state[0]])
        }
        for round in 0..<3 {
            for number in 0..<20 {
                for x in [Tensor([Double(number), 1]), Tensor([-1])] {
                    #expect(program.run([x]) == x[0].scalar * sum(x).scalar, "\(round)")
                }
            }
        }
        #expect(program.recordings.codes.count == Recordings.outcomeLimit + 1)
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

    /// A program of single numbers looks at them when they are bound, and others are found then.
    @Test func `numbers and arrays take turns`() {
        let program = Program(at: Tensor([1, 2]), Tensor(2)) { x, y in sum(x) < 100 ? x * y : x - y }
        for _ in 0..<3 {
            for x in [Tensor(3), Tensor([3, 4]), Tensor(300), Tensor([3, 400])] {
                #expect(program(x, Tensor(2)) == (sum(x) < 100 ? x * 2 : x - 2))
            }
        }
        #expect(program.explanation.components(of: "recorded again") == 3, "\(program.explanation)")
    }

    @Test func `a number of a finished tape is a number`() {
        let program = Program(at: Tensor(1)) { x in x * 2 }
        let number = Tape.record { tape in tape.variable(3) * 2 }.result
        #expect(program(number).scalar == 12)
        #expect(!program.explanation.contains("again"), "\(program.explanation)")
    }
}

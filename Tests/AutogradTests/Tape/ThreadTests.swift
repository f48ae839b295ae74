import Autograd
import Dispatch
import Synchronization
import Testing

/// Runs a body on another thread while this one waits.
private func onAnotherThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) -> Result {
    let result = Mutex<Result?>(nil)
    let done = DispatchSemaphore(value: 0)
    DispatchQueue.global().async {
        let value = body()
        result.withLock { $0 = value }
        done.signal()
    }
    done.wait()
    return result.withLock { $0! }
}

@Suite struct `On several threads` {
    @Test func `each tape is its own`() {
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            let x = Tensor([Double(thread), 1])
            for _ in 0..<200 {
                let slope = gradient(at: x) { x in
                    sum(x * x * x) + sum(matmul(x.reshaped(to: [2, 1]), Tensor([[1, 2]])))
                }
                #expect(slope == Tensor([3 * Double(thread * thread) + 3, 6]))
            }
        }
    }

    @Test func `a tensor of a tape that records elsewhere is refused`() {
        let slope = gradient(at: 3) { x in
            let error = onAnotherThread { tensorError { x * 2 } }
            #expect(error?.problem == "operand 0 belongs to a tape that is recording on another thread")
            #expect(error?.advice.hasPrefix("Pass it in as an input of a gradient of this thread") == true)
            let second = onAnotherThread { tensorError { gradient(at: 1) { y in y * x } } }
            #expect(second?.problem.hasPrefix("operand 1") == true)
            return x * x
        }
        #expect(slope == 6)
    }

    @Test func `such a tensor stops the process`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = gradient(at: 3) { x in
                onAnotherThread { x * 2 }
            }
        }
        #expect(result.message.contains("multiply: operand 0 belongs to a tape that is recording on another thread"))
        #expect(result.message.contains("Pass it in as an input of a gradient of this thread"))
    }

    @Test func `its value can be used as the advice says`() {
        _ = gradient(at: 3) { x in
            #expect(onAnotherThread { gradient(at: x) { y in y * y }.scalar } == 6)
            #expect(onAnotherThread { (x.detached * 2).scalar } == 6)
            #expect(onAnotherThread { x.numbers } == [3])
            return x
        }
    }

    @Test func `a tensor of a finished tape is a constant`() {
        let y = Tape.record { tape in tape.variable(Tensor([3, 4])) * 2 }.result
        #expect(onAnotherThread { gradient(at: 2) { x in x * sum(y) } } == 14)
        let born = onAnotherThread { Tape.record { tape in tape.variable(3) * 2 }.result }
        #expect(gradient(at: 2) { x in x * born } == 6)
    }

    @Test func `a recording does not reach into another thread`() {
        let (tape, _) = Tape.record { tape in
            let x = tape.variable(1)
            _ = onAnotherThread { gradient(at: 2) { y in y * y } }
            return x
        }
        #expect(tape.instructionCount == 1)
    }

    @Test func `tapes open and close by the thousands`() {
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for turn in 0..<2000 {
                let x = Double(turn + thread)
                if gradient(at: x, of: { y in y * y }) != 2 * x { Issue.record("a wrong gradient on thread \(thread)") }
            }
        }
    }

    @Test func `gradients nest on each`() {
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            let x = Double(thread) + 0.5
            let second = gradient(at: x) { x in gradient(at: x) { x in x * x * x } }
            #expect(second == 6 * x)
        }
    }
}

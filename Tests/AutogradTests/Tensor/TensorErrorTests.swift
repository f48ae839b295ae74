import Autograd
import Testing

@Suite struct `A mistake in a checked scope` {
    let three = Tensor([1, 2, 3])
    let two = Tensor([1, 2])

    private struct Own: Error {}

    @Test func `is thrown with all its parts`() {
        let error = tensorError { three + two }
        #expect(error?.operation == "add")
        #expect(error?.problem.hasPrefix("the shapes [3] and [2] cannot be broadcast to one") == true)
        #expect(error?.operands == ["f64[3]", "f64[2]"])
        #expect(error?.advice.contains("reshaped(to:)") == true)
        #expect(error?.tape == "")
    }

    @Test func `reads as a message`() {
        let error = TensorError("op", "problem", operands: ["f64[2]", "f32[]"], advice: "Do this.")
        #expect(error.description == "op: problem\n  operand 0: f64[2]\n  operand 1: f32[]\n  Do this.")
    }

    @Test func `leaves what is right alone`() throws {
        #expect(try Tensor.checked { three + 1 } == Tensor([2, 3, 4]))
        #expect(try Tensor.checked { () } == ())
    }

    @Test func `shows names and the last lines of the tape`() {
        let error = tensorError {
            Tape.record { tape in
                let w = tape.variable(three, named: "weight")
                return square(w) + two
            }.result
        }
        #expect(error?.operands == ["f64[3]", "f64[2]"])
        #expect(error?.tape.contains("%0: f64[3] = variable \"weight\"") == true)
        #expect(error?.tape.contains("%1: f64[3] = square %0") == true)
        let named = tensorError { Tape.record { tape in tape.variable(three, named: "weight") * two } }
        #expect(named?.operands == ["f64[3] \"weight\"", "f64[2]"])
    }

    @Test func `shows no more than eight lines of the tape`() {
        let error = tensorError {
            gradient(at: three) { x in
                var y = x
                for _ in 0..<20 { y = square(y) }
                return sum(y + two)
            }
        }
        #expect(error?.tape.split(separator: "\n").count == 9)
        #expect(error?.tape.hasPrefix("  …\n%13: ") == true)
        #expect(error?.tape.hasSuffix("%20: f64[3] = square %19") == true)
    }

    @Test func `is the first one where there are several`() {
        let error = tensorError { (matmul(three, two), three + two) }
        #expect(error?.operation == "matmul")
    }

    @Test func `belongs to the innermost scope`() throws {
        var inner: TensorError?
        let outer = try Tensor.checked {
            inner = tensorError { three + two }
            return three + 1
        }
        #expect(inner?.operation == "add")
        #expect(outer == Tensor([2, 3, 4]))
        #expect(tensorError { (try? Tensor.checked { three + two }, dot(three, two)) }?.operation == "matmul")
    }

    @Test func `passes a body's own error on`() {
        #expect(throws: Own.self) { try Tensor.checked { throw Own() } }
        #expect(throws: Own.self) { try Tensor.checked { try gradient(at: 1) { _ in throw Own() } } }
        // The scope is closed all the same.
        #expect(tensorError { three + two }?.operation == "add")
    }

    @Test func `yields a tensor that absorbs every operation`() {
        let error = tensorError {
            let failed = three + two
            let same: [Tensor] = [
                failed + 1, 1 - failed, failed * three, three / failed, -failed, exp(failed), matmul(failed, three),
                matmul(three, failed), matmul(Tensor(repeating: 1, shape: [2, 2, 2]), failed), dot(failed, three),
                sum(failed),
                sum(failed, along: 3), mean(failed), failed.transposed(), failed.transposed(axes: [1, 0]),
                failed.reshaped(to: [7]), failed.broadcast(to: [2, 2]), failed[4], failed[1..<9],
                failed.sliced(2..., along: 4), failed.cast(to: .float32), failed .< three,
                select(three .> 0, failed, three), max(failed, two), stopGradient(failed), pow(failed, 2),
                gradient(at: failed) { sum($0) }, gradient(at: three) { _ in failed },
                vectorJacobianProduct(at: three, cotangent: failed) { $0 }, withoutRecording { failed + 1 },
            ]
            for tensor in same { #expect("\(tensor)" == "failed") }
        }
        #expect(error?.operation == "add")
    }

    @Test func `yields a tensor that can be read`() {
        let error = tensorError {
            let failed = three + two
            #expect(failed.scalar.isNaN)
            #expect(failed.numbers == [])
            #expect(failed.rows == [])
            #expect(failed.indices == [])
            #expect(failed.conditions == [])
            #expect(!(failed < 1) && !(failed >= 1))
            #expect(failed != three && failed != Tensor(3) && Tensor(3) != failed && failed != failed)
            #expect(gradient(at: 3) { $0 * failed }.isNaN)
        }
        #expect(error?.operation == "add")
    }

    @Test func `leaves the recording as it was`() {
        let slope = gradient(at: 3) { x in
            tensorError { square(x) + three.reshaped(to: [2]) }
            return x * x
        }
        #expect(slope == 6)
        tensorError { gradient(at: three) { x in sum(x + two) } }
        #expect(gradient(at: 3) { x in x * x } == 6)
    }

    @Test func `is one thread's own`() async {
        let other = await Task.detached { tensorError { Tensor([1]) + Tensor([1, 2]) + Tensor([1, 2, 3]) } }.value
        #expect(other?.operands == ["f64[2]", "f64[3]"])
    }
}

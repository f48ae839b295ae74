import Testing

@testable import Autograd

@Suite struct `The memory of a tape` {
    /// How many of the lines of a tape show a value; tensors here are short enough to be shown where they are kept.
    private func kept(_ operation: (Tensor, Tensor) -> Tensor) -> [Bool] {
        let tape = Tape.record { tape in
            let (x, y) = (-tape.variable(Tensor([1, 2])), -tape.variable(Tensor([3, 4])))
            return operation(x, y)
        }.tape
        return tape.description.split(separator: "\n").map { $0.contains("  ") }
    }

    @Test func `holds only the values that pullbacks use`() {
        // The lines: two variables, which are always kept, each with its negative; then the operation.
        #expect(kept { x, y in x + y } == [true, false, true, false, false])
        #expect(kept { x, y in x - y } == [true, false, true, false, false])
        #expect(kept { x, y in x * y } == [true, true, true, true, false])
        #expect(kept { x, y in x * y.detached } == [true, false, true, false, true, false])
        #expect(kept { x, y in x / y } == [true, false, true, true, true])
        #expect(kept { x, _ in square(x) } == [true, true, true, false, false])
        #expect(kept { x, _ in exp(x) } == [true, false, true, false, true])
        #expect(kept { x, _ in sigmoid(x) } == [true, true, true, false, false])
        #expect(kept { x, _ in x.reshaped(to: [1, 2]) } == [true, false, true, false, false])
        #expect(kept { x, y in max(x, y) } == [true, true, true, true, false])
    }

    @Test func `is at most 64 bytes a scalar operation`() {
        let operations = 100_000
        let tape = Tape.record { tape in
            let factor = tape.variable(0.999)
            var x = tape.variable(2)
            for _ in 0..<operations { x = x * factor }
        }.tape
        #expect(tape.instructionCount == operations + 2)
        #expect(tape.byteCount <= 64 * operations)
    }

    @Test func `is small for a short tape after a long one`() {
        _ = gradient(at: 1) { x in (0..<100_000).reduce(x) { y, _ in y + x } }
        #expect(Tape.record { tape in tape.variable(1) }.tape.byteCount <= 1 << 20)
    }

    @Test func `is freed while a loss is kept`() {
        weak var freed: Tape?
        var loss = Tensor(0)
        do {
            let (tape, result) = Tape.record { tape in sum(square(tape.variable(Tensor([1, 2, 3])))) }
            freed = tape
            loss = result
            #expect(freed != nil)
        }
        #expect(freed == nil)
        #expect(loss.scalar == 14)
        #expect((loss + 1).scalar == 15)
    }

    /// What a gradient has computed and kept is freed with its result and its tape, whether it was asked for or passed on.
    @Test func `is given back with the arrays that it held`() {
        nonisolated(unsafe) weak var adjoint: Storage?
        let probe = Primitive.identity.replacingPullback(
            0,
            with: .using([]) { given, _ in
                adjoint = given.storage
                return given
            })
        weak var (operand, result, gradient): (Storage?, Storage?, Storage?)
        do {
            let x = Tensor([1, 2, 3]) + 1
            let (tape, (y, z)) = Tape.record { tape in
                let y = exp(tape.variable(x))
                return (y, sum(probe(y) * y * 2))
            }
            let slope = Autograd.gradient(at: x) { x in sum(probe(exp(x)) * x * x) }
            (operand, result, gradient) = (x.storage, y.storage, slope.storage)
            #expect(operand != nil && result != nil && gradient != nil && adjoint == nil)
            #expect(tape.gradient(of: z, withRespectTo: y).elementCount == 3)
        }
        #expect(operand == nil && result == nil && gradient == nil && adjoint == nil)
    }

    @Test func `bears a million operations`() {
        let count = 1_000_000
        let (value, slope) = valueWithGradient(at: 1.0) { x in
            var y = x
            for _ in 0..<count { y = y + x }
            return y
        }
        #expect(value == Double(count + 1))
        #expect(slope == Double(count + 1))
    }

    @Test func `bears long chains of tensors`() {
        let slope = gradient(at: Tensor([1, -1])) { x in
            var y = x
            for _ in 0..<100_000 { y = -y }
            return sum(y * y)
        }
        #expect(slope == Tensor([2, -2]))
    }
}

import Autograd
import Testing

@Suite struct `A recording` {
    @Test func `keeps what depends on a variable`() {
        let (tape, _) = Tape.record { tape in
            let x = tape.variable(2)
            let apart = Tensor(3) * 4
            return x * apart
        }
        #expect(tape.instructionCount == 3)
    }

    @Test func `inside another is on the same tape`() {
        let (outer, result) = Tape.record { outer in
            let x = outer.variable(3)
            let (inner, y) = Tape.record { inner in x * inner.variable(5) }
            #expect(inner === outer)
            return (x, y)
        }
        #expect(outer.gradient(of: result.1, withRespectTo: result.0).scalar == 5)
    }

    @Test func `has no variables after it`() {
        let (tape, _) = Tape.record { $0.variable(1) }
        let error = tensorError { tape.variable(2) }
        #expect(error?.operation == "variable")
        #expect(error?.problem == "this tape is not recording")
        #expect(error?.advice.contains("Tape.record") == true)
        tensorError { Tape.record { _ in tape.variable(2) } }
        tensorError { Tape.record { tape in withoutRecording { tape.variable(2) } } }
    }

    @Test func `leaves constants behind`() {
        let y = Tape.record { tape in tape.variable(3) * 2 }.result
        #expect((y * y).scalar == 36)
        #expect(gradient(at: 5) { x in x * y } == 6)
        let (tape, z) = Tape.record { tape in tape.variable(2) * y }
        #expect(tape.description.contains("constant                6"))
        #expect(z.scalar == 12)
    }

    @Test func `of a throwing closure ends`() {
        struct Own: Error {}
        #expect(throws: Own.self) { try Tape.record { _ in throw Own() } }
        #expect(throws: Own.self) {
            try Tape.record { tape in
                try withoutRecording { throw Own() }
            }
        }
        let (tape, _) = Tape.record { tape in
            #expect(throws: Own.self) { try gradient(at: 1) { _ in throw Own() } }
            #expect(throws: Own.self) { try withoutRecording { throw Own() } }
            return tape.variable(2) * 3
        }
        #expect(tape.description.hasSuffix("multiply %1, %2         6"))
    }

    @Test func `can be suspended`() {
        let slope = gradient(at: 3) { x in x * withoutRecording { x * x } }
        #expect(slope == 9)
        #expect(gradient(at: 3) { x in x * stopGradient(x * x) } == 9)
        #expect(gradient(at: 3) { x in x * (x * x).detached } == 9)
        let (tape, _) = Tape.record { tape in
            let x = tape.variable(3)
            return (withoutRecording { exp(x) }, stopGradient(x))
        }
        #expect(tape.instructionCount == 2)
        #expect(tape.description.hasSuffix("stopGradient %0         3"))
    }

    @Test func `can be suspended around a whole gradient`() {
        let slope = gradient(at: 3) { x in
            x * withoutRecording { Tensor(gradient(at: 2) { y in y * y * x.detached }) }
        }
        #expect(slope == 12)
    }

    @Test func `answers after its end, as often as it is asked`() {
        let (tape, (x, y)) = Tape.record { tape in
            let x = tape.variable(Tensor([0.3, -1.7, 2.2]))
            return (x, sum(sigmoid(x) * exp(x) / (1 + square(x))))
        }
        let first = tape.gradient(of: y, withRespectTo: x)
        let second = tape.gradient(of: y, withRespectTo: x)
        #expect(first.elementBits == second.elementBits)
        let eager = gradient(at: Tensor([0.3, -1.7, 2.2])) { x in sum(sigmoid(x) * exp(x) / (1 + square(x))) }
        #expect(first.elementBits == eager.elementBits)
        let numbers = Tape.record { tape in
            let x = tape.variable(0.3)
            let y = sigmoid(x) * exp(x) / (1 + square(x)) + pow(x, 1.7)
            return (tape.gradient(of: y, withRespectTo: x), tape.gradient(of: y, withRespectTo: x))
        }.result
        #expect(numbers.0.elementBits == numbers.1.elementBits)
    }

    @Test func `answers for several tensors, intermediate ones too`() {
        let (tape, (x, y, z)) = Tape.record { tape in
            let x = tape.variable(3)
            let y = x * x
            return (x, y, y * y * x)
        }
        // z = y² x with y = x²: ∂z/∂y alone is 2 y x, and dz/dx = 5 x⁴.
        #expect(tape.gradient(of: z, withRespectTo: [x, y, z, x]).map(\.scalar) == [405, 54, 1, 405])
        #expect(tape.gradient(of: z, withRespectTo: y).scalar == 54)
    }

    @Test func `refuses what is not on it`() {
        let (tape, y) = Tape.record { tape in tape.variable(3) * 2 }
        let other = Tape.record { $0.variable(1) }.result
        for stranger in [other, Tensor(1), y.detached] {
            let error = tensorError { tape.gradient(of: y, withRespectTo: stranger) }
            #expect(error?.problem == "input 0 is not on this tape")
        }
        #expect(tensorError { tape.gradient(of: y, withRespectTo: [y, other]) }?.problem.contains("input 1") == true)
    }
}

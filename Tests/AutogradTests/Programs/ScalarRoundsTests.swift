import CKernels
import Testing

@testable import Autograd

/// Large programs of single numbers: chains and loops found again, and the bits of eager code.
@Suite struct ScalarRoundsTests {
    /// How often each function that needs more than one word is among the instructions.
    private func count(_ operation: ck_function, in program: Code) -> Int {
        guard case .region(let code) = program.steps.first else { return 0 }
        let address = ck_scalar_code(operation, CK_FLOAT64, CK_SCALAR_NONE)
        return (0..<code.count).count { code.instructions[$0].code == address }
    }

    private func code(at inputs: [Tensor], of function: ([Tensor]) -> [Tensor]) -> Code {
        Planner.code(Graph.recording(at: inputs, of: function).graph!.optimized)
    }

    private func numbers(_ count: Int, seed: UInt64) -> [Tensor] {
        var random = RandomGenerator(seed: seed)
        return (0..<count).map { _ in .uniform(in: -1.5..<1.5, shape: [], using: &random) }
    }

    private func expectSameBits(
        at inputs: [Tensor], others: [Tensor], of function: @escaping @Sendable ([Tensor]) -> [Tensor]
    ) {
        guard case .region(let instructions) = code(at: inputs, of: function).steps.first, instructions.count > 0,
            Schedule(Graph.recording(at: inputs, of: function).graph!.optimized, stateCount: 0).regions[0].operations
                .count
                >= ScalarRounds.leastOperations
        else {
            Issue.record("no large program of single numbers")
            return
        }
        let program = Program(at: inputs, of: function)
        for inputs in [inputs, others] {
            let (replayed, eager) = (program.outputs(of: inputs), function(inputs))
            #expect(sameBits(replayed, eager))
        }
        #expect(!program.explanation.contains("again"), "\(program.explanation)")
    }

    @Test func `the gradient of a product is two chains side by side and a loop`() {
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            gradient(at: x) { x in x.dropFirst().reduce(x[0]) { $0 * $1 } }
        }
        let inputs = numbers(1000, seed: 1)
        let code = code(at: inputs, of: function)
        #expect(count(CK_SCALAR_RUNNING_PRODUCT, in: code) <= 2 && count(CK_SCALAR_LOOP, in: code) >= 1)
        guard case .region(let instructions) = code.steps.first else { return }
        #expect(instructions.count < 30, "\(instructions.count)")
        expectSameBits(at: inputs, others: numbers(1000, seed: 2), of: function)
    }

    @Test func `Rosenbrock's function in single numbers is loops`() {
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            let (value, slopes) = valueWithGradient(at: x) { x in
                (0..<999).reduce(Tensor(0)) { total, i in
                    let (a, b) = (x[i + 1] - x[i] * x[i], 1 - x[i])
                    return total + (100 * a * a + b * b)
                }
            }
            return [value] + slopes
        }
        let inputs = numbers(1000, seed: 3)
        let code = code(at: inputs, of: function)
        #expect(count(CK_SCALAR_RUNNING_SUM, in: code) == 1)
        guard case .region(let instructions) = code.steps.first else { return }
        #expect(instructions.count < 100, "\(instructions.count)")
        expectSameBits(at: inputs, others: numbers(1000, seed: 4), of: function)
    }

    @Test func `a chain of small arrays is a chain of each element`() {
        let function: @Sendable ([Tensor]) -> [Tensor] = { inputs in
            let chain: (Tensor) -> Tensor = { x in (0..<1000).reduce(x) { y, _ in y + x } }
            return [chain(inputs[0]), vectorJacobianProduct(at: inputs[0], cotangent: inputs[1], of: chain)]
        }
        let inputs = [Tensor([[1.1, 2], [3, 4]]), Tensor([[5, 6.1], [7, 8]])]
        #expect(count(CK_SCALAR_RUNNING_SUM, in: code(at: inputs, of: function)) == 2)
        expectSameBits(at: inputs, others: inputs.reversed(), of: function)
    }

    /// What a chain adds may depend on the chain itself, or on another that depends on it.
    @Test func `chains that depend on each other are cut`() {
        expectSameBits(at: numbers(8, seed: 5), others: numbers(8, seed: 6)) { x in
            var (a, b, c) = (x[0], x[1], x[2])
            for step in 0..<400 {
                // Fibonacci's numbers, scaled so that they do not grow; sums that take from each other now and then.
                (a, b) = (b, a + b)
                if step % 16 == 0 { (a, b) = (a * 0x1p-11, b * 0x1p-11) }
                c = c + (step % 50 == 0 ? a : x[step % 8])
                if step % 70 == 0 { a = a + c * 0.001 }
            }
            return [a, b, c]
        }
    }

    /// Programs of 2,000 operations that mix everything, with arrays among the inputs and results.
    @Test(arguments: 0..<12)
    func randomPrograms(_ seed: Int) {
        let function: @Sendable ([Tensor]) -> [Tensor] = {
            RandomNumbers(seed: UInt64(seed), count: 2000).callAsFunction($0)
        }
        func draw(_ seed: UInt64) -> [Tensor] {
            var random = RandomGenerator(seed: seed)
            return numbers(30, seed: seed) + [
                .normal(shape: [3, 3], using: &random), .normal(shape: [12], using: &random),
            ]
        }
        expectSameBits(at: draw(100 + UInt64(seed)), others: draw(200), of: function)
    }

    /// Parameters that a step changes, in numbers that are computed by loops, with and without guards.
    @Test(arguments: [false, true])
    func `state changes as eager values do`(guarded: Bool) {
        let function: StatefulProgram.Function = { inputs, state in
            let loss: ([Tensor]) -> Tensor = {
                RandomNumbers(seed: 7, count: 600).values(of: $0 + inputs).suffix(40).reduce(Tensor(0), +)
            }
            let (value, slopes) = valueWithGradient(at: state, of: loss)
            var new = zip(state, slopes).map { $0 - inputs[0] * tanh($1) }
            // Two values change places, and one depends on whether the loss is large.
            new.swapAt(0, 1)
            if guarded && value < 0 { new[2] = -new[2] }
            (new[3], new[4]) = (state[4], state[3])
            return (value, new)
        }
        let start = numbers(30, seed: 8) + [Tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]])]
        let state = ProgramState(start)
        let program = StatefulProgram(state, names: [], of: function)
        var expected = start
        for step in 0..<20 {
            let inputs = [Tensor(0.01 * Double(step))]
            let (value, new) = function(inputs, expected)
            #expect(sameBits(Tensor(program.run(inputs)), value))
            expected = new
            #expect((0..<state.count).allSatisfy { sameBits(state[$0], expected[$0]) }, "step \(step)")
        }
        #expect(!program.recordings.isEager && program.explanation.contains("instructions for single numbers"))
    }

    @Test func `a number that is none, or has failed, is not taken for one`() throws {
        let inputs = numbers(600, seed: 9)
        let program = Program(at: inputs) { x in [x.reduce(Tensor(0)) { $0 + $1 * $1 }] }
        let ones = [Tensor([1, 1])] + inputs.dropFirst()
        #expect(program.outputs(of: ones)[0].shape == [2])
        #expect(program.explanation.contains("inputs of other shapes"))
        #expect(throws: TensorError.self) {
            try Tensor.checked {
                let failed = Tensor([1, 2]).reshaped(to: [3])
                #expect(program.outputs(of: [failed] + inputs.dropFirst())[0].isFailed)
            }
        }
        #expect(sameBits(program.outputs(of: inputs)[0], inputs.reduce(Tensor(0)) { $0 + $1 * $1 }))
    }
}

/// Operations on numbers drawn at random: some in loops over numbers side by side, some in chains, some alone.
private struct RandomNumbers {
    let seed: UInt64
    let count: Int

    func callAsFunction(_ inputs: [Tensor]) -> [Tensor] {
        let slopes = gradient(at: inputs) { inputs in self.values(of: inputs).suffix(60).reduce(Tensor(0), +) }
        let values = self.values(of: inputs)
        return Array(values.suffix(20)) + [stacked(values.suffix(6)), inputs[0]] + slopes
    }

    private func stacked(_ numbers: ArraySlice<Tensor>) -> Tensor {
        numbers.enumerated().reduce(Tensor(repeating: 0, shape: [6])) { row, number in
            row + number.element * Tensor((0..<6).map { $0 == number.offset ? 1 : 0 })
        }
    }

    /// Numbers made of the inputs, whose arrays are taken apart.
    func values(of inputs: [Tensor]) -> [Tensor] {
        var random = RandomGenerator(seed: seed)
        var values = inputs.flatMap { input in
            input.rank == 0 ? [input] : (0..<input.elementCount).map { input.reshaped(to: [input.elementCount])[$0] }
        }
        let start = values.count
        while values.count < start + count {
            func pick(_ size: Int = 1) -> Int { Int.random(in: 0...values.count - size, using: &random) }
            let (kind, x, y) = (Int.random(in: 0..<12, using: &random), pick(40), pick(40))
            let length = Int.random(in: 0..<3, using: &random) == 0 ? 1 : Int.random(in: 2..<40, using: &random)
            // A chain, whose numbers stay small.
            if kind == 0 {
                var sum = values[pick()]
                for i in 0..<length {
                    sum = sum + values[x + i]
                    values.append(sum)
                }
                values.append(tanh(sum))
                continue
            }
            values += (0..<length).map { i in
                let (a, b) = (values[x + i], values[length > 30 ? pick() : y + i])
                switch kind {
                case 1: return a + b
                case 2: return a - b
                case 3: return tanh(a * b)
                case 4: return a / (2 + square(b))
                case 5: return sigmoid(a)
                case 6: return -a * b * 0.5
                case 7: return tanh(a)
                case 8: return select(a .> b, a, 0.5 * b)
                case 9: return sin(a)
                case 10: return max(a, b)
                default: return exp(-square(a)) + 0.25
                }
            }
        }
        return values
    }
}

import Autograd
import Testing

/// Mistakes that were made once.
@Suite struct `Solved issues of tensors` {
    @Test func `an index read through rank 0 keeps its digits`() {
        let index = (1 << 53) + 1
        #expect(Tensor(indices: [index])[0].indices == [index])
    }

    @Test func `a tensor of another tape is not given this tape's name`() {
        let other = Tape.record { $0.variable(Tensor([1, 2]), named: "a") }.result
        let error = tensorError { Tape.record { tape in other + tape.variable(Tensor([1, 2, 3]), named: "b") } }
        #expect(error?.operands == ["f64[2]", "f64[3] \"b\""])
    }

    @Test func `a failed tensor is not approximately equal to any number`() {
        tensorError {
            let failed = Tensor([1, 2]) + Tensor([1, 2, 3])
            #expect(!failed.isApproximatelyEqual(to: Tensor(1)))
        }
    }

    @Test func `the output of another tape is refused`() {
        let (tape, x) = Tape.record { $0.variable(1) }
        let other = Tape.record { tape in square(tape.variable(2)) }.result
        tensorError { tape.gradient(of: other, withRespectTo: x) }
    }

    @Test func `a mistake in a checked scope does not end the process`() async {
        await #expect(processExitsWith: .success) { tensorError { Tensor([1, 2, 3])[5...] } }
        await #expect(processExitsWith: .success) { _ = try? Tensor.checked { Tensor(.nan, elementType: .int64) } }
        await #expect(processExitsWith: .success) { _ = Tensor(indices: [.max])[0] }
        await #expect(processExitsWith: .success) { _ = Tensor([1, 2]).sliced(0..., along: 0, step: .max) }
        await #expect(processExitsWith: .success) {
            tensorError { (Tensor([1, 2]) + Tensor([1, 2, 3])).shape[0] }
        }
        await #expect(processExitsWith: .success) { tensorError { Primitive.add(Tensor([1, 2])) } }
    }

    @Test(arguments: [1, 255, 256, 257, 1000])
    func `a condition keeps pace with the numbers beyond a block`(count: Int) {
        let condition = Tensor((0..<count).map { $0 % 3 == 0 })
        let computed = gradient(at: Tensor(repeating: 1, shape: [count])) { x in sum(2 * select(condition, x, 0)) }
        #expect(computed.numbers == (0..<count).map { $0 % 3 == 0 ? 2 : 0 })
    }

    @Test(arguments: [1, 255, 256, 257, 1000])
    func `a number that repeats keeps pace with arrays beyond a block`(count: Int) {
        let x = Tensor((1...count).map(Double.init))
        let (dx, dy) = gradient(at: x, Tensor(4)) { x, y in sum(x / y) }
        #expect(dx.numbers == [Double](repeating: 0.25, count: count))
        #expect(dy.scalar == -Double(count * (count + 1)) / 32)
        #expect(gradient(at: x) { x in sum(log(x)) }.numbers == x.numbers.map { 1 / $0 })
    }

    @Test func `an input that comes after the output has gradient zero`() {
        for _ in 0..<1000 {
            let (dx, dy) = gradient(at: Tensor([1, 2]), Tensor([3])) { x, _ in sum(x) }
            #expect(dx == Tensor([1, 1]) && dy == Tensor([0]))
        }
        let (tape, (x, later)) = Tape.record { tape in
            let x = tape.variable(2)
            return (x, x * tape.variable(3))
        }
        #expect(tape.gradient(of: x, withRespectTo: later) == Tensor(0))
    }

    @Test func `a derivative that reads a number is refused`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let leaky = Primitive.elementwise(
                "leaky", value: { x in x > 0 ? x : 0.1 * x }, derivative: { x, _ in x > 0 ? Tensor(1) : Tensor(0.1) },
                samples: [])
            _ = gradient(at: -1) { x in leaky(x) }
        }
        #expect(result.message.contains("leaky: a derivative reads a number"))
    }

    @Test func `a derivative may ask for shapes and types, and stop a gradient`() {
        let tripled = Primitive.elementwise(
            "tripled", value: { x in 3 * x },
            derivative: { x, _ in Tensor(repeating: 3, shape: x.shape, elementType: x.elementType) }, samples: [])
        let x = Tensor([1, 2], elementType: .float32)
        #expect(gradient(at: x) { x in sum(tripled(x)) } == Tensor([3, 3], elementType: .float32))
        let held = Primitive.elementwise(
            "held", value: { x in x * x }, derivative: { x, _ in 2 * stopGradient(x) }, samples: [])
        #expect(gradient(at: 3) { x in held(x) } == 6)
        #expect(gradient(at: Tensor([1, 2])) { x in sum(held(x)) } == Tensor([2, 4]))
    }

    @Test func `what has no sense is an error`() {
        var random = RandomGenerator(seed: 0)
        tensorError { Tensor([1, 2, 3])[..<(-1)] }
        tensorError { Tensor.uniform(in: 0..<Double.infinity, shape: [2], using: &random) }
        tensorError { Tensor.uniform(in: 0.1..<0.1000000001, shape: [2], elementType: .float32, using: &random) }
        tensorError { Tensor.permutation(of: -1, using: &random) }
        tensorError { checkGradients(at: [Tensor(1), Tensor(2)], names: ["a"]) { $0[0] * $0[1] } }
        #expect(tensorError { Primitive.sum(Tensor([1, 2])) }?.problem.contains("\"axes\" is missing") == true)
    }

    @Test func `a derivative of any size is checked as strictly`() {
        let tiny = Primitive.square.replacingPullback(0, with: Primitive.square.pullbacks[0].followed { 3 * $0 })
        #expect(!checkGradients(at: [Tensor(1)], orders: 1...1) { 1e-7 * tiny($0[0]) }.passes)
        #expect(checkGradients(at: [Tensor(1e-6)]) { log($0[0]) }.passes)
        #expect(checkGradients(at: [Tensor([1e-4, 1e4])]) { sqrt($0[0]) }.passes)
    }
}

import Autograd
import NeuralNetworks
import Testing

/// Draws in recorded code: instructions that are drawn anew in each replay, with the bits of eager code.
@Suite struct `A draw in recorded code` {
    /// Every kind of draw, in both float types.
    @Sendable static func draws(_ x: Tensor, _ random: inout RandomGenerator) -> Tensor {
        let u = Tensor.uniform(in: 0.25..<0.75, shape: x.shape, using: &random)
        let n = Tensor.normal(mean: 1, standardDeviation: 2, shape: x.shape, elementType: .float32, using: &random)
        let i = Tensor.integers(in: -5..<9, shape: x.shape, using: &random).cast(to: .float64)
        let p = Tensor.permutation(of: 7, using: &random).cast(to: .float64)
        var child = random.split()
        let others = p[3] * Tensor.uniform(shape: [], using: &child) - Tensor.normal(shape: [], using: &random)
        return sum(x * u + i) + sum(n * n).cast(to: .float64) + u + others
    }

    static let shapes: [Tensor.Shape] = [[], [1], [2], [3, 5], [17], [0], [300, 1000]]

    @Test(arguments: shapes, [1, 2])
    func `is what the generator draws, at any shape and on any number of threads`(shape: Tensor.Shape, threads: Int) {
        let x = Tensor(repeating: 1.5, shape: shape)
        var (eager, replayed) = (RandomGenerator(seed: .max - 3), RandomGenerator(seed: .max - 3))
        let program = Program(at: x, using: eager) { x, random in Self.draws(x, &random) }
        var seen: [[UInt64]] = []
        for _ in 0..<4 {
            let expected = Threads.with(count: 1) { Self.draws(x, &eager).numbers.map(\.bitPattern) }
            let drawn = Threads.with(count: threads) { program(x, using: &replayed).numbers.map(\.bitPattern) }
            #expect(drawn == expected && replayed == eager)
            seen.append(drawn)
        }
        #expect(Set(seen).count == (shape == [0] ? 1 : 4))
        #expect(!program.explanation.contains("again"), "\(program.explanation)")
        // The same generator draws the same, and one with another key something else.
        var (again, other) = (RandomGenerator(seed: .max - 3), RandomGenerator(seed: 1))
        #expect(program(x, using: &again).numbers.map(\.bitPattern) == seen[0])
        #expect(shape == [0] || program(x, using: &other).numbers.map(\.bitPattern) != seen[0])
    }

    private struct Noisy: Module {
        let w = Parameter(Tensor(2))
        let noise: RandomState
        init(seed: UInt64) {
            var random = RandomGenerator(seed: seed)
            noise = RandomState(using: &random)
        }
        func loss(_ x: Tensor) -> Tensor { mean(draws(x, &noise.generator) * w.value) }
        /// As its noise begins.
        static func random(seed: UInt64) -> RandomGenerator {
            var random = RandomGenerator(seed: seed)
            return random.split()
        }
    }

    @Test(arguments: shapes.filter { $0 != [0] })
    func `counts on in a step of training`(shape: Tensor.Shape) {
        let x = Tensor(repeating: 1.5, shape: shape)
        let model = Noisy(seed: 5)
        let step = TrainingStep(model, SGD(learningRate: 0.01)) { model, x, _ in model.loss(x) }
        let losses = (0..<5).map { _ in step(x, x) }
        var (random, w) = (Noisy.random(seed: 5), Tensor(2.0))
        var expected: [Double] = []
        for _ in 0..<5 {
            let (loss, slope) = valueWithGradient(at: w) { w in mean(Self.draws(x, &random) * w) }
            expected.append(loss.scalar)
            w = w - 0.01 * slope
        }
        #expect(losses == expected && Set(losses).count == 5)
        #expect(model.noise.counter.value.indices == [30] && model.w.value == w)
        #expect(!step.explanation.contains("again"), "\(step.explanation)")
        // Saved and set again, the state goes on with the same bits.
        let copy = Noisy(seed: 0)
        copy.assign(from: model)
        let other = TrainingStep(copy, SGD(learningRate: 0.01)) { model, x, _ in model.loss(x) }
        #expect(step(x, x) == other(x, x))
    }

    @Test func `counts on where a gradient succeeds, and not where it fails`() throws {
        let model = Noisy(seed: 6)
        let x = Tensor([1, 2, 3])
        let losses = (0..<2).map { _ in model.valueWithGradient { $0.loss(x) }.value.scalar }
        var random = Noisy.random(seed: 6)
        #expect(losses == (0..<2).map { _ in (mean(Self.draws(x, &random) * 2)).scalar })
        #expect(model.noise.counter.value.indices == [12])
        #expect(throws: TensorError.self) {
            try Tensor.checked { model.valueWithGradient { $0.loss(x) + sum(x + Tensor([1, 2])) } }
        }
        #expect(model.noise.counter.value.indices == [12])
        #expect(throws: TensorError.self) {
            try Tensor.checked { Tensor.normal(shape: [2], elementType: .int64, using: &model.noise.generator) }
        }
        // What is checked is one function: each evaluation draws the same, and none of it remains.
        let report = model.checkGradients { $0.loss(x) }
        #expect(report.passes, "\(report)")
        #expect(model.noise.counter.value.indices == [12])
    }

    @Test func `from a constant is an error in a program, and in a step`() {
        let x = Tensor([1, 2])
        let program = #expect(throws: TensorError.self) {
            try Tensor.checked {
                Program(at: x) { x in
                    var random = RandomGenerator(seed: 1)
                    return x + .uniform(shape: [2], using: &random)
                }(x)
            }
        }
        #expect(program?.operation == "uniform" && program?.problem.contains("each replay would draw the same") == true)
        #expect(program?.operands == ["i64[]", "i64[]"])
        let model = Noisy(seed: 1)
        let step = TrainingStep(model, SGD(learningRate: 1)) { model, x, _ in
            var random = RandomGenerator(seed: 1)
            _ = random.split()
            return model.w.value * x
        }
        let error = #expect(throws: TensorError.self) { try Tensor.checked { step(Tensor(1), Tensor(1)) } }
        #expect(error?.operation == "integers")
        #expect(model.w.value.scalar == 2)
    }

    @Test func `goes on with the generator that a function leaves, whichever it is`() {
        let function: @Sendable (Tensor, inout RandomGenerator) -> Tensor = { x, random in
            random = random.split()
            return x + .normal(shape: x.shape, using: &random)
        }
        let program = Program(at: Tensor([1, 2]), using: RandomGenerator(seed: 4), of: function)
        var (eager, replayed) = (RandomGenerator(seed: 4), RandomGenerator(seed: 4))
        for _ in 0..<3 {
            #expect(program(Tensor([1, 2]), using: &replayed) == function(Tensor([1, 2]), &eager))
            #expect(replayed == eager)
        }
        let plain = Program(at: [Tensor(1), replayed.key, replayed.counter]) { [$0[0] * 2] }
        let error = #expect(throws: TensorError.self) {
            try Tensor.checked { plain(Tensor(1), using: &replayed) }
        }
        #expect(error?.operation == "Program" && replayed == eager)
    }

    @Test func `is right in steps that became eager`() {
        let model = Noisy(seed: 7)
        let step = TrainingStep(model, SGD(learningRate: 0.1)) { model, x, _ in
            let noise = Tensor.normal(shape: [2], using: &model.noise.generator)
            return sum(noise).scalar < 0 ? model.w.value * x : model.w.value * sum(noise)
        }
        var (random, w) = (Noisy.random(seed: 7), 2.0)
        for _ in 0..<12 {
            let noise = Tensor.normal(shape: [2], using: &random)
            let slope = sum(noise).scalar < 0 ? 3 : sum(noise).scalar
            #expect(step(Tensor(3), Tensor(0)) == w * slope)
            w -= 0.1 * slope
        }
        #expect(model.noise.counter.value.indices == [12])
        #expect(step.explanation.contains("no further call is"), "\(step.explanation)")
    }

    @Test func `of a frozen model is refused, for a program has no state`() {
        let error = #expect(throws: TensorError.self) {
            try Tensor.checked {
                Program(freezing: Noisy(seed: 1), at: Tensor([1, 2])) { model, x in model.loss(x) }(Tensor([1, 2]))
            }
        }
        #expect(error?.description.contains("an argument of the program") == true)
    }

    /// Drawn again where the gradient is taken: a part that is computed twice draws the same twice.
    @Test func `draws the same from the same generator`() {
        let program = Program(at: Tensor([1, 2, 3]), using: RandomGenerator(seed: 2)) { x, random in
            var same = random
            let first = Tensor.normal(shape: [3], using: &random)
            return x * (first - Tensor.normal(shape: [3], using: &same))
        }
        var random = RandomGenerator(seed: 9)
        #expect(program(Tensor([1, 2, 3]), using: &random).numbers == [0, 0, 0])
    }

    @Test func `whose numbers are read is valid for these alone`() {
        let program = Program(at: Tensor(1), using: RandomGenerator(seed: 2)) { x, random in
            random.uniform() < 0.5 ? x : -x
        }
        var (random, same) = (RandomGenerator(seed: 2), RandomGenerator(seed: 2))
        for _ in 0..<12 {
            #expect(program(Tensor(1), using: &random).scalar == (same.uniform() < 0.5 ? 1 : -1))
        }
        #expect(random == same)
    }
}

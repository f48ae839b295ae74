import NeuralNetworks
import Synchronization
import Testing

@testable import Autograd

/// A step of training that is replayed does what one does that is computed as it is written.
@Suite struct `A replayed step` {
    private let x = Tensor([[1, 2], [-1, 0.5], [0.3, 0.9]])
    private let y = Tensor([[0, 1], [1, 0], [0.5, 0.5]])

    private func model() -> Dense {
        Dense(weight: Parameter(Tensor([[0.3, -0.7], [1.1, 0.2]])), bias: Parameter(Tensor([0.1, -0.4])))
    }

    private func step(_ model: Dense, _ optimizer: SGD) -> TrainingStep<Dense, SGD> {
        TrainingStep(model, optimizer) { model, x, y in halfSquaredError(sigmoid(model(x)), y) }
    }

    /// One step by hand, from the public parts.
    private func stepByHand(_ model: Dense, _ rate: Double, _ x: Tensor, _ y: Tensor) -> Double {
        let (loss, slope) = model.valueWithGradient { model in halfSquaredError(sigmoid(model(x)), y) }
        for (path, parameter) in model.parameters.map({ ($0.path, $0.parameter) }) {
            parameter.value = parameter.value - rate * slope[path]!
        }
        return loss.scalar
    }

    private func expectSame(_ a: Dense, _ b: Dense) {
        #expect(a.weight.value.elementBits == b.weight.value.elementBits)
        #expect(a.bias!.value.elementBits == b.bias!.value.elementBits)
    }

    @Test func `the learning rate may change without a new recording`() {
        let (trained, manual) = (model(), model())
        let step = step(trained, SGD(learningRate: 0.5))
        for count in 0..<20 {
            step.optimizer.learningRate = 0.5 / Double(count + 1)
            #expect(step(x, y) == stepByHand(manual, 0.5 / Double(count + 1), x, y))
        }
        expectSame(trained, manual)
        #expect(!step.explanation.contains("again") && !step.explanation.contains("dropped"), "\(step.explanation)")
    }

    @Test func `a batch of another size is recorded once more`() {
        let (trained, manual) = (model(), model())
        let step = step(trained, SGD(learningRate: 0.5))
        for count in 0..<9 {
            let rows = count % 3 == 2 ? 2 : 3
            #expect(step(x[0..<rows], y[0..<rows]) == stepByHand(manual, 0.5, x[0..<rows], y[0..<rows]))
        }
        expectSame(trained, manual)
        #expect(step.explanation.contains("recorded again: inputs of other shapes"))
    }

    @Test func `a parameter can be read, kept and set between steps`() {
        let (trained, manual) = (model(), model())
        let step = step(trained, SGD(learningRate: 0.5))
        for count in 0..<10 {
            let kept = trained.weight.value
            let bits = kept.elementBits
            #expect(step(x, y) == stepByHand(manual, 0.5, x, y))
            #expect(kept.elementBits == bits)
            if count % 4 == 1 {
                trained.weight.value = kept * 0.5
                manual.weight.value = kept * 0.5
            }
            if count % 4 == 3 {
                trained.assign(from: model())
                manual.assign(from: model())
            }
        }
        expectSame(trained, manual)
    }

    @Test func `a profile is made on a copy`() {
        let (profiled, other) = (model(), model())
        let optimizer = SGD(learningRate: 0.5, momentum: 0.9)
        let (step, plain) = (step(profiled, optimizer), step(other, optimizer))
        #expect(step.profile(x, y) == "no recording serves these inputs: run on them first")
        for _ in 0..<3 {
            #expect(step(x, y) == plain(x, y))
            #expect(step.profile(x, y).contains("100.0 %"))
            expectSame(profiled, other)
            #expect(step.optimizerMemory.mapValues(\.elementBits) == plain.optimizerMemory.mapValues(\.elementBits))
        }
        #expect(step.explanation == plain.explanation)
        profiled.weight.value = Tensor([[1, 2], [3, 4]])
        _ = step.profile(x, y)
        #expect(profiled.weight.value == Tensor([[1, 2], [3, 4]]))
        // A recording may take less memory than another that has run since.
        let large = (Tensor(repeating: 1, shape: [500, 2]), Tensor(repeating: 0, shape: [500, 2]))
        let loss = step(large.0, large.1)
        #expect(step.profile(x, y).contains("%") && step.profile(large.0, large.1).contains("%"))
        other.weight.value = Tensor([[1, 2], [3, 4]])
        #expect(plain(large.0, large.1) == loss)
        #expect(step(x, y) == plain(x, y))
        expectSame(profiled, other)
    }

    @Test func `two steps take turns with one model`() {
        let (trained, manual) = (model(), model())
        let (first, second) = (step(trained, SGD(learningRate: 0.5)), step(trained, SGD(learningRate: 0.1)))
        for count in 0..<20 {
            let isFirst = count % 5 < 3
            let loss = isFirst ? first(x, y) : second(x, y)
            #expect(loss == stepByHand(manual, isFirst ? 0.5 : 0.1, x, y))
        }
        expectSame(trained, manual)
    }

    @Test func `another momentum is recorded again, and keeps the velocity if there is one`() {
        let (trained, manual) = (model(), model())
        let step = step(trained, SGD(learningRate: 0.1, momentum: 0.5))
        var velocities: [String: Tensor] = [:]
        for count in 0..<8 {
            let momentum = count < 5 ? 0.5 : 0.9
            if count == 5 { step.optimizer = SGD(learningRate: 0.1, momentum: momentum) }
            let (loss, slope) = manual.valueWithGradient { model in halfSquaredError(sigmoid(model(x)), y) }
            for (path, parameter) in manual.parameters.map({ ($0.path, $0.parameter) }) {
                velocities[path] = momentum * (velocities[path] ?? 0 * slope[path]!) + slope[path]!
                parameter.value = parameter.value - 0.1 * velocities[path]!
            }
            #expect(step(x, y) == loss.scalar)
            expectSame(trained, manual)
        }
        #expect(step.explanation.contains("recordings dropped: the optimizer has changed"))
    }

    /// Counts its calls in a parameter that is not trained, and scales by it.
    private struct Counting: Module {
        let dense: Dense
        let count = Parameter(Tensor(0), isTrainable: false)

        func callAsFunction(_ x: Tensor) -> Tensor {
            count.value = count.value + 1
            return dense(x) * count.value
        }
    }

    @Test func `what a model remembers beside its weights is part of the step`() {
        let model = Counting(dense: model())
        let step = TrainingStep(model, SGD(learningRate: 0)) { model, x, y in sum(model(x)) }
        let once = sum(model.dense(x)).scalar
        for count in 1...5 { #expect(abs(step(x, y) - Double(count) * once) < 1e-12) }
        #expect(model.count.value.scalar == 5)
        model.count.value = Tensor(10)
        step(x, y)
        #expect(model.count.value.scalar == 11)
        #expect(!step.explanation.contains("again"))
    }

    @Test func `a mistake in a replay changes nothing`() throws {
        let trained = model()
        let step = step(trained, SGD(learningRate: 0.5))
        step(x, y)
        step(x, y)
        let bits = trained.weight.value.elementBits
        #expect(throws: TensorError.self) { try Tensor.checked { step(Tensor([[1, 2, 3]]), y) } }
        #expect(throws: TensorError.self) { try Tensor.checked { step(x) } }
        #expect(trained.weight.value.elementBits == bits)
        #expect(step(x, y).isFinite)
    }

    /// A step that asks for numbers which are never the same is computed as it is written, after a while.
    @Test func `a step that is no longer recorded does what one by hand does`() {
        let (trained, manual) = (model(), model())
        let loss: @Sendable (Dense, Tensor, Tensor) -> Tensor = { model, x, y in
            let loss = halfSquaredError(sigmoid(model(x)), y)
            return x[0, 0].scalar > 5 ? loss * y[0, 0].scalar : loss + x[0, 1].scalar
        }
        let step = TrainingStep(trained, SGD(learningRate: 0.5), loss: loss)
        for count in 0..<12 {
            let (x, y) = (x + Double(count), y - 0.1 * Double(count))
            let (value, slope) = manual.valueWithGradient { loss($0, x, y) }
            for (path, parameter) in manual.parameters.map({ ($0.path, $0.parameter) }) {
                parameter.value = parameter.value - 0.5 * slope[path]!
            }
            #expect(step(x, y) == value.scalar)
            expectSame(trained, manual)
        }
        #expect(step.explanation.contains("no further call is"))
        // What fails then changes nothing either.
        let error = #expect(throws: TensorError.self) { try Tensor.checked { step(x, y[0]) } }
        #expect(error?.operation == "halfSquaredError")
        expectSame(trained, manual)
    }

    /// To record what will not be replayed would take as long again.
    @Test func `a step that is given up on is not recorded before it is computed`() {
        let recorded = Mutex([Bool]())
        let step = TrainingStep(model(), SGD(learningRate: 0.5)) { model, x, y in
            recorded.withLock { $0.append(Tape.current?.notes != nil) }
            return halfSquaredError(model(x), y) * x[0, 0].scalar
        }
        for count in 0..<40 { step(x + Double(count), y) }
        let first = recorded.withLock { $0 }
        #expect(first.count == 40 && first[..<4].allSatisfy(\.self) && first.count(where: \.self) < 10, "\(first)")
    }

    /// Of 16 conditions a replay has 16 bytes; 16 numbers of the same shape would be written over what lies behind them.
    @Test func `an input of another element type is not taken by a recording, though nothing reads it`() {
        func step(_ model: Dense) -> TrainingStep<Dense, SGD> {
            TrainingStep(model, SGD(learningRate: 0.5)) { model, x, _ in sum(square(sigmoid(model(x)))) }
        }
        let (trained, reference) = (model(), model())
        let (first, second) = (step(trained), step(reference))
        let (x, conditions) = (Tensor([1, 2]), Tensor([Bool](repeating: true, count: 16)))
        let numbers = Tensor(repeating: 1e300, shape: [16])
        for round in 0..<4 {
            #expect(first(x, round == 0 ? conditions : numbers) == second(x, conditions))
            expectSame(trained, reference)
        }
        #expect(first.explanation.contains("bool[16]") && first.explanation.contains("f64[16]"))
    }

    @Test func `a step prints its instructions`() {
        let step = step(model(), SGD(learningRate: 0.5))
        #expect(step.description == "not recorded")
        step(x, y)
        #expect(step.description.contains("variable \"weight\"") && step.description.contains("matmul"))
    }
}

import Autograd
import NeuralNetworks
import Testing

private func model() -> Dense {
    Dense(weight: Parameter(Tensor([[0.3, -0.7], [1.1, 0.2]])), bias: Parameter(Tensor([0.1, -0.4])))
}
private let x = Tensor([[1, 2], [-1, 0.5], [0.3, 0.9]])
private let y = Tensor([[0, 1], [1, 0], [0.5, 0.5]])

@Suite struct `Gradient descent` {
    @Test func `follows its recurrence bit for bit`() {
        let sgd = SGD(learningRate: 0.1)
        var w = Tensor([0.3, -0.7])
        var memory = sgd.initialMemory(for: [("w", w)])
        var numbers = w.numbers
        #expect(memory.isEmpty)
        for step in 1...10 {
            let g = [Double(step) / 3, -1 / Double(step)]
            let parameter = ParameterGradient(path: "w", value: w, gradient: Tensor(g))
            w = sgd.updated([parameter], learningRate: Tensor(0.1), memory: &memory)[0]
            for i in 0..<2 { numbers[i] = numbers[i] - 0.1 * g[i] }
            #expect(w.elementBits == numbers.map(\.bitPattern))
        }
    }

    @Test func `with momentum follows its recurrence bit for bit`() {
        let sgd = SGD(learningRate: 0.1, momentum: 0.9)
        var w = Tensor([0.3, -0.7])
        var memory = sgd.initialMemory(for: [("w", w)])
        var (numbers, v) = (w.numbers, [0.0, 0])
        #expect(memory == ["velocity.w": Tensor([0, 0])])
        for step in 1...10 {
            let g = [Double(step) / 3, -1 / Double(step)]
            let parameter = ParameterGradient(path: "w", value: w, gradient: Tensor(g))
            w = sgd.updated([parameter], learningRate: Tensor(0.1), memory: &memory)[0]
            for i in 0..<2 {
                v[i] = 0.9 * v[i] + g[i]
                numbers[i] = numbers[i] - 0.1 * v[i]
            }
            #expect(w.elementBits == numbers.map(\.bitPattern))
            #expect(memory["velocity.w"]?.elementBits == v.map(\.bitPattern))
        }
    }

    @Test func `refuses senseless settings`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = SGD(learningRate: -1)
        }
        #expect(result.message.contains("the learning rate must be at least 0 and the momentum in 0..<1, not -1.0 and"))
        await #expect(processExitsWith: .failure) { _ = SGD(learningRate: .nan) }
        await #expect(processExitsWith: .failure) { _ = SGD(learningRate: 0.1, momentum: 1) }
    }

    /// Also while training goes on: the step, its recording and its rate stay as they were.
    @Test(arguments: [-1, .nan, .infinity]) func `refuses a senseless rate later`(_ rate: Double) {
        let step = TrainingStep(model(), SGD(learningRate: 0.5)) { model, x, y in halfSquaredError(sigmoid(model(x)), y)
        }
        step(x, y)
        #expect(throws: TensorError.self) { try Tensor.checked { step.optimizer.learningRate = rate } }
        #expect(step.optimizer.learningRate == 0.5 && !step.explanation.contains("changed"))
    }
}

@Suite struct `A training step` {
    @Test func `does what one does by hand`() {
        let (trained, manual) = (model(), model())
        let step = TrainingStep(trained, SGD(learningRate: 0.5)) { model, x, y in
            halfSquaredError(sigmoid(model(x)), y)
        }
        for _ in 0..<20 {
            let (loss, slope) = manual.valueWithGradient { model in halfSquaredError(sigmoid(model(x)), y) }
            for (path, parameter) in manual.parameters.map({ ($0.path, $0.parameter) }) {
                parameter.value = parameter.value - 0.5 * slope[path]!
            }
            #expect(step(x, y).bitPattern == loss.scalar.bitPattern)
            #expect(trained.weight.value.elementBits == manual.weight.value.elementBits)
            #expect(trained.bias!.value.elementBits == manual.bias!.value.elementBits)
        }
    }

    /// Inputs of the loss, learning rate, parameters, memory; the loss, and what becomes of parameters and memory.
    @Test func `gives its recording as a graph`() throws {
        let step = TrainingStep(model(), SGD(learningRate: 0.5, momentum: 0.5)) { model, x, y in
            halfSquaredError(sigmoid(model(x)), y)
        }
        #expect(step.graph == nil)
        step(x, y)
        let graph = try #require(step.graph)
        let names = ["learningRate", "weight", "bias", "velocity.bias", "velocity.weight"]
        #expect(graph.inputs.map { graph.nodes[$0].name } == [nil, nil] + names)
        let kinds = graph.outputs.map { graph.nodes[$0].shape }
        #expect(kinds == [[]] + graph.inputs.suffix(4).map { graph.nodes[$0].shape })
        #expect(graph.nodes.contains { $0.primitive.name == "sigmoid" } && "\(graph)" == "\(step)")
        // Behind any number of inputs, the others have their names, too.
        let any = TrainingStep(model(), SGD(learningRate: 0.5, momentum: 0.5)) { model, inputs in
            halfSquaredError(sigmoid(model(inputs[0])), inputs[1])
        }
        any(x, y)
        #expect(try #require(any.graph).nodes.prefix(7).map(\.name) == [nil, nil] + names)
    }

    @Test func `keeps the momentum of each parameter`() {
        let trained = model()
        let step = TrainingStep(trained, SGD(learningRate: 0.1, momentum: 0.5)) { model, x, _ in sum(model(x)) }
        let start = trained.bias!.value
        // The gradient of the bias is always 3: v = 3, 4.5, 5.25.
        for _ in 0..<3 { step(x, y) }
        #expect(trained.bias!.value.isApproximatelyEqual(to: start - 0.1 * 12.75, relativeTolerance: 1e-14))
    }

    @Test func `takes a learning rate changed in between`() {
        let trained = model()
        let step = TrainingStep(trained, SGD(learningRate: 1)) { model, x, _ in sum(model(x)) }
        let start = trained.bias!.value
        step(x, y)
        step.optimizer.learningRate = 0.25
        step(x, y)
        step.optimizer.learningRate = 0
        step(x, y)
        #expect(trained.bias!.value == start - 3 - 0.75)
    }

    @Test func `brings the loss down`() {
        let step = TrainingStep(model(), SGD(learningRate: 1)) { model, x, y in halfSquaredError(sigmoid(model(x)), y) }
        let losses = (0..<200).map { _ in step(x, y) }
        #expect(zip(losses, losses.dropFirst()).allSatisfy { $0 > $1 })
        #expect(losses.last! < 0.5 * losses[0])
    }

    @Test func `takes any number of inputs`() {
        let trained = model()
        let step = TrainingStep(trained, SGD(learningRate: 0.5), loss: { sum($0($1[0])) })
        let start = trained.bias!.value
        #expect(step(x) == sum(model()(x)).scalar)
        #expect(trained.bias!.value == start - 1.5)
    }

    @Test func `that fails changes nothing`() {
        let trained = model()
        let step = TrainingStep(trained, SGD(learningRate: 0.5, momentum: 0.9)) { model, x, y in
            halfSquaredError(sigmoid(model(x)), y)
        }
        step(x, y)
        let (weight, bias) = (trained.weight.value, trained.bias!.value)
        #expect(tensorError { step(x, y[0]) }?.operation == "halfSquaredError")
        #expect(tensorError { step(Tensor([1, 2, 3]), y) }?.operation == "Dense")
        let whole = TrainingStep(trained, SGD(learningRate: 0.5)) { model, x, _ in model(x) }
        #expect(tensorError { whole(x, y) }?.advice.contains("vectorJacobianProduct") == true)
        #expect(trained.weight.value == weight && trained.bias!.value == bias)
        step(x, y)
        #expect(trained.weight.value != weight)
    }

    @Test func `leaves what is not trainable alone`() {
        struct Scaled: Module {
            let layer = model()
            let scale = Parameter(Tensor(2), isTrainable: false)
        }
        let scaled = Scaled()
        let step = TrainingStep(scaled, SGD(learningRate: 0.5)) { model, x, _ in
            sum(model.layer(x)) * model.scale.value
        }
        step(x, y)
        #expect(scaled.scale.value == Tensor(2))
        #expect(scaled.layer.bias!.value.isApproximatelyEqual(to: Tensor([-2.9, -3.4])))
    }

    @Test func `updates a tied parameter once`() {
        struct Tied: Module { let first: Parameter, second: Parameter }
        let parameter = Parameter(Tensor(3))
        let step = TrainingStep(Tied(first: parameter, second: parameter), SGD(learningRate: 0.5)) { model, _, _ in
            model.first.value * model.second.value
        }
        #expect(step(x, y) == 9)
        #expect(parameter.value == Tensor(0))
    }

    @Test func `records nothing of itself`() {
        let step = TrainingStep(model(), SGD(learningRate: 0.5)) { model, x, _ in sum(model(x)) }
        let (tape, _) = Tape.record { tape in
            step(x, y)
            return tape.variable(1)
        }
        #expect(tape.instructionCount == 1)
    }

    @Test func `needs a parameter`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            struct Empty: Module { let number = 1 }
            _ = TrainingStep(Empty(), SGD(learningRate: 1)) { _, x, _ in sum(x) }
        }
        #expect(result.message.contains("Empty has no trainable parameter in its stored properties"))
    }
}

import Autograd
import NeuralNetworks
import Testing

/// State of every kind in replayed steps: what depends on old values, on others, on views.
@Suite struct `State in a replayed step` {
    private struct Model: Module {
        let w: Parameter
        let state: [Parameter]

        init(_ w: Tensor, _ state: [Tensor] = []) {
            self.w = Parameter(w)
            self.state = state.map { Parameter($0, isTrainable: false) }
        }
    }

    private let nothing = Tensor(0)

    @Test func `a loss that is a parameter is the old one`() {
        let step = TrainingStep(Model(Tensor(5)), SGD(learningRate: 1)) { model, _, _ in model.w.value }
        #expect((0..<4).map { _ in step(nothing, nothing) } == [5, 4, 3, 2])
    }

    @Test func `two numbers of state may have one new value, or be views of themselves`() {
        let model = Model(Tensor(0), [Tensor([0, 0]), Tensor((0..<25).map(Double.init), shape: [5, 5])])
        let step = TrainingStep(model, SGD(learningRate: 0)) { model, x, _ in
            model.state[0].value = mean(x).broadcast(to: [2])
            model.state[1].value = model.state[1].value.transposed()
            return model.w.value
        }
        var matrix = model.state[1].value
        for count in 1...5 {
            step(Tensor([Double(count), Double(count)]), nothing)
            matrix = matrix.transposed()
            #expect(model.state[0].value.numbers == [Double(count), Double(count)])
            #expect(model.state[1].value == matrix)
        }
    }

    @Test func `what changes outside of recording changes in steps that became eager too`() {
        let model = Model(Tensor(0), [Tensor(0)])
        let step = TrainingStep(model, SGD(learningRate: 0)) { model, _, y in
            withoutRecording { model.state[0].value = model.state[0].value + 1 }
            return model.w.value * y.scalar
        }
        for count in 1...12 { step(nothing, Tensor(Double(count))) }
        #expect(model.state[0].value.scalar == 12)
        #expect(step.explanation.contains("no further call is"))
    }

    @Test func `a nested gradient sees the state of the step`() {
        let model = Model(Tensor(3), [Tensor(0)])
        let step = TrainingStep(model, SGD(learningRate: 0)) { model, x, _ in
            model.state[0].value = x
            return model.valueWithGradient { square($0.w.value) * $0.state[0].value }.gradient["w"]!
        }
        for x in [1.0, 2, 5] { #expect(step(Tensor(x), nothing) == 6 * x) }
    }

    @Test func `mistakes with parameters are errors`() {
        let model = Model(Tensor(3))
        let setting = TrainingStep(model, SGD(learningRate: 0)) { model, x, _ in
            model.w.value = model.w.value * 2
            return model.w.value
        }
        let set = #expect(throws: TensorError.self) { try Tensor.checked { setting(nothing, nothing) } }
        #expect(set?.problem.contains("set while a step of training is recorded") == true)
        let kept = #expect(throws: TensorError.self) {
            try Tensor.checked { gradient(at: Tensor([1, 2])) { sum(Parameter($0).value) } }
        }
        #expect(kept?.problem.contains("on the tape that records now") == true)
        #expect(model.w.value.scalar == 3)
    }

    /// Remembers one more each time, or something larger.
    private struct Growing: Optimizer {
        var learningRate = 0.0
        let isLonger: Bool

        func initialState(for value: Tensor) -> [Tensor] { [Tensor(repeating: 0, shape: [1])] }

        func updated(_ value: Tensor, along slope: Tensor, learningRate: Tensor, state: inout [Tensor]) -> Tensor {
            state = isLonger ? state + state : [Tensor(repeating: 0, shape: [state[0].elementCount + 1])]
            return value
        }
    }

    @Test(arguments: [false, true]) func `what an optimizer remembers keeps its shape`(isLonger: Bool) {
        let step = TrainingStep(Model(Tensor(3)), Growing(isLonger: isLonger)) { model, _, _ in model.w.value }
        let error = #expect(throws: TensorError.self) { try Tensor.checked { step(nothing, nothing) } }
        #expect(error?.problem == "what it remembers of w is not like what it remembered")
    }

    /// Counts steps in as many places as it is told.
    private struct Counting: Optimizer {
        var learningRate = 0.0
        var size: Int

        func initialState(for value: Tensor) -> [Tensor] { [Tensor(repeating: 0, shape: [size])] }

        func updated(_ value: Tensor, along slope: Tensor, learningRate: Tensor, state: inout [Tensor]) -> Tensor {
            state[0] += 1
            return value + sum(state[0])
        }
    }

    @Test func `what an optimizer remembers begins anew where its setting changes the shape of it`() {
        let step = TrainingStep(Model(Tensor(0)), Counting(size: 2)) { model, _, _ in model.w.value }
        #expect((0..<2).map { _ in step(nothing, nothing) } == [0, 2])
        step.optimizer.size = 3
        #expect((0..<3).map { _ in step(nothing, nothing) } == [6, 9, 15])
    }

    @Test func `any number of inputs, and each number is a recording of its own`() {
        let step = TrainingStep(Model(Tensor(1)), SGD(learningRate: 0)) { model, inputs in
            inputs.reduce(model.w.value) { $0 + $1 }
        }
        #expect(step(Tensor(1)) == 2)
        #expect(step(Tensor(1), Tensor(2)) == 4)
        #expect(step(Tensor(5)) == 6)
        #expect(step(Tensor(1), Tensor(2), Tensor(3)) == 7)
        #expect(step([]) == 1)
    }

    @Test func `misses with replays in between are none in a row`() {
        let step = TrainingStep(Model(Tensor(1)), SGD(learningRate: 0)) { model, x, _ in sum(x) * model.w.value }
        for size in 1...7 { for _ in 0..<20 { step(Tensor(repeating: 1, shape: [size]), nothing) } }
        #expect(!step.explanation.contains("no further call is"), "\(step.explanation)")
        step.optimizer = SGD(learningRate: 0, momentum: 0.5)
        step(nothing, nothing)
        #expect(step.explanation.contains("the optimizer has changed"))
        #expect(step.explanation.hasPrefix("recorded\n"))
    }

    @Test func `a mistake before the step in the same scope stops it`() {
        let model = Model(Tensor(1))
        let step = TrainingStep(model, SGD(learningRate: 1)) { model, x, _ in x * model.w.value }
        step(Tensor(1), nothing)
        step(Tensor(1), nothing)
        let before = model.w.value
        #expect(throws: TensorError.self) {
            try Tensor.checked {
                _ = Tensor([1, 2]) + Tensor([1, 2, 3])
                step(Tensor(1), nothing)
            }
        }
        #expect(model.w.value == before)
    }

    /// Random updates of one to four arrays, which exchange, transpose and mix them, guarded and not.
    @Test(arguments: 0..<240)
    func `random updates`(seed: Int) {
        let (size, isGuarded) = ([2, 3, 5, 30][seed % 4], seed % 3 == 0)
        let type: Tensor.ElementType = seed % 5 == 4 ? .float32 : .float64
        var random = RandomGenerator(seed: UInt64(seed))
        func draw() -> Tensor { .uniform(in: -1..<1, shape: [size, size], elementType: type, using: &random) }
        var state = (0..<(1 + seed % 4)).map { _ in draw() }
        let model = Model(Tensor(0, elementType: type), state)
        let step = TrainingStep(model, SGD(learningRate: 0)) { model, x, _ in
            let (loss, new) = RandomUpdate(seed: seed, isGuarded: isGuarded)(model.state.map(\.value), x)
            for (parameter, value) in zip(model.state, new) { parameter.value = value }
            return loss + model.w.value
        }
        for call in 0..<6 {
            let x = draw()
            let replayed = step(x, nothing)
            let (loss, new) = RandomUpdate(seed: seed, isGuarded: isGuarded)(state, x)
            state = new
            #expect(replayed == loss.scalar, "\(step)")
            // Not read after every step: reading changes where the numbers lie.
            if call % 2 == 0 || call == 5 {
                #expect(zip(model.state, state).allSatisfy { $0.value.elementBits == $1.elementBits }, "\(step)")
            }
        }
    }
}

/// A loss and new values of some square arrays, drawn at random.
private struct RandomUpdate {
    let seed: Int
    let isGuarded: Bool

    func callAsFunction(_ state: [Tensor], _ x: Tensor) -> (loss: Tensor, state: [Tensor]) {
        var random = RandomGenerator(seed: UInt64(seed))
        var values = state + [x]
        func pick() -> Tensor { values[Int.random(in: 0..<values.count, using: &random)] }
        for count in 0..<Int.random(in: 3..<15, using: &random) {
            let (a, b, c, m) = (pick(), pick(), pick(), 0.3 + 0.01 * Double(count))
            switch Int.random(in: 0..<10, using: &random) {
            case 0: values.append(a + b * m)
            case 1: values.append(a - b * m)
            case 2: values.append(tanh(a * m))
            case 3: values.append(a.transposed())
            case 4: values.append((sum(a, along: 0, keepDimensions: true) * m).broadcast(to: a.shape))
            case 5: values.append(select(a .> b, c * m, a - m))
            case 6: values.append(tanh(matmul(a, b) * m))
            case 7: values.append(a[0].broadcast(to: a.shape) + b * m)
            case 8: values.append(a * m - b * (m * 2) * c)
            default: values.append(sigmoid(a * m + c))
            }
        }
        let loss = sum(pick()) + sum(values.last!)
        if isGuarded && loss < 0 { values.append(x * 2.5) }
        return (loss, state.map { _ in pick() })
    }
}

import Autograd
import NeuralNetworks
import RandomFunctions
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

    @Test func `state that no memory could hold is read where it lies`() {
        let model = Model(Tensor(2), [Tensor(3).broadcast(to: [1 << 40])])
        let step = TrainingStep(model, SGD(learningRate: 1)) { model, x, _ in
            model.w.value * x * model.state[0].value[5]
        }
        #expect((0..<3).map { _ in step(Tensor(1), nothing) } == [6, -3, -12])
        #expect(model.w.value.scalar == -7)
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

    @Test func `what fails in steps that became eager changes nothing, and trained parameters cannot be set there`() {
        let model = Model(Tensor(2), [Tensor(0)])
        let step = TrainingStep(model, SGD(learningRate: 1)) { model, x, y in
            model.state[0].value = model.state[0].value + 1
            if y.scalar == 10 { model.w.value = Tensor(7) }
            return sum(x * Tensor([1, 1])) * model.w.value * y.scalar
        }
        for count in 1...9 { step(Tensor([0, 0]), Tensor(Double(count))) }
        #expect(step.explanation.contains("no further call is"))
        let set = #expect(throws: TensorError.self) { try Tensor.checked { step(Tensor([1, 1]), Tensor(10)) } }
        #expect(set?.problem == "a trainable parameter is set while a step of training is recorded")
        #expect(throws: TensorError.self) { try Tensor.checked { step(Tensor([1, 2, 3]), Tensor(11)) } }
        #expect(model.w.value.scalar == 2 && model.state[0].value.scalar == 9)
        step(Tensor([1, 1]), Tensor(12))
        #expect(model.w.value.scalar == -22 && model.state[0].value.scalar == 10)
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

        func initialMemory(for parameters: [(path: String, value: Tensor)]) -> [String: Tensor] { ["a": Tensor([0])] }

        func updated(
            _ parameters: [ParameterGradient], learningRate: Tensor, memory: inout [String: Tensor]
        ) -> [Tensor] {
            memory[isLonger ? "b" : "a"] = Tensor([0, 0])
            return parameters.map(\.value)
        }
    }

    @Test(arguments: [false, true]) func `what an optimizer remembers keeps its shape`(isLonger: Bool) {
        let step = TrainingStep(Model(Tensor(3)), Growing(isLonger: isLonger)) { model, _, _ in model.w.value }
        let error = #expect(throws: TensorError.self) { try Tensor.checked { step(nothing, nothing) } }
        #expect(error?.problem == "what it remembers as \(isLonger ? "b" : "a") is not like what it remembered")
        #expect(error?.operands == (isLonger ? ["f64[2]"] : ["f64[1] \"a\"", "f64[2]"]))
    }

    /// Counts steps in as many places as it is told.
    private struct Counting: Optimizer {
        var learningRate = 0.0
        var size: Int

        func initialMemory(for parameters: [(path: String, value: Tensor)]) -> [String: Tensor] {
            ["counts": Tensor(repeating: 0, shape: [size])]
        }

        func updated(
            _ parameters: [ParameterGradient], learningRate: Tensor, memory: inout [String: Tensor]
        ) -> [Tensor] {
            memory["counts"]! += 1
            return parameters.map { $0.value + sum(memory["counts"]!) }
        }
    }

    @Test func `what an optimizer remembers begins anew where its setting changes the shape of it`() {
        let step = TrainingStep(Model(Tensor(0)), Counting(size: 2)) { model, _, _ in model.w.value }
        #expect((0..<2).map { _ in step(nothing, nothing) } == [0, 2])
        step.optimizer.size = 3
        #expect((0..<3).map { _ in step(nothing, nothing) } == [6, 9, 15])
    }

    /// An optimizer whose comparison makes a step, and sets the optimizer of that very step.
    private struct Meddling: Optimizer {
        var learningRate: Double
        var momentum = 0.0
        nonisolated(unsafe) static var meddle: (() -> Void)?

        static func == (left: Meddling, right: Meddling) -> Bool {
            let act = meddle
            meddle = nil
            act?()
            return left.learningRate == right.learningRate && left.momentum == right.momentum
        }

        func updated(
            _ parameters: [ParameterGradient], learningRate: Tensor, memory: inout [String: Tensor]
        ) -> [Tensor] {
            parameters.map { $0.value - learningRate * $0.gradient * (1 + momentum) }
        }
    }

    @Test func `what compares optimizers may use the step`() {
        let model = Model(Tensor(0))
        let step = TrainingStep(model, Meddling(learningRate: 1)) { model, x, _ in model.w.value * x }
        step(Tensor(1), nothing)
        Meddling.meddle = {
            step(Tensor(1), self.nothing)
            step.optimizer = Meddling(learningRate: 0.5, momentum: 1)
            step(Tensor(1), self.nothing)
        }
        step.optimizer.learningRate = 2
        // −1 by the first step, −2 at the rate that was being set, −1 by what was set meanwhile, which is what stays.
        #expect(model.w.value.scalar == -4)
        #expect(step.optimizer.momentum == 1 && step.optimizer.learningRate == 0.5)
        step(Tensor(1), nothing)
        #expect(model.w.value.scalar == -5)
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

    /// Random updates of arrays and numbers, which exchange and mix them, guarded and not.
    @Test(arguments: RandomFunction.seeds(150))
    func `random updates`(seed: Int) {
        let update = RandomUpdate(seed: seed)
        var random = RandomGenerator(seed: UInt64(seed))
        var state = RandomFunction.values(of: update.state, using: &random)
        let model = Model(Tensor(0), state)
        let step = TrainingStep(model, SGD(learningRate: 0)) { model, inputs in
            let (loss, new) = update(model.state.map(\.value), inputs)
            for (parameter, value) in zip(model.state, new) { parameter.value = value }
            return loss + model.w.value
        }
        for call in 0..<6 {
            let inputs = RandomFunction.values(of: update.inputs, using: &random)
            let replayed = Tensor(step(inputs))
            let (loss, new) = update(state, inputs)
            state = new
            #expect((loss + 0).canonicalBits == replayed.canonicalBits, "\(step)")
            // Not read after every step: reading changes where the numbers lie.
            if call % 2 == 0 || call == 5 {
                #expect(model.state.map(\.value.canonicalBits) == state.map(\.canonicalBits), "\(step)")
            }
        }
    }
}

/// A loss and new values of some arrays and numbers, drawn at random.
private struct RandomUpdate {
    let seed: Int
    let state: [RandomFunction.Kind]
    private let function: RandomFunction

    init(seed: Int) {
        self.seed = seed
        state = RandomFunction.kinds(seed: seed)
        function = RandomFunction(seed: seed, taking: state)
    }

    var inputs: [RandomFunction.Kind] { Array(function.inputs.dropFirst(state.count)) }

    func callAsFunction(_ state: [Tensor], _ inputs: [Tensor]) -> (loss: Tensor, state: [Tensor]) {
        var draw = Draw(seed: UInt64(seed))
        let values = function.values(of: state + inputs)
        let new = state.map { old in
            let alike = values.filter { $0.shape == old.shape && $0.elementType == old.elementType }
            let value = draw.element(of: alike)
            // Some are what a kernel makes of the old ones, or a view.
            switch draw.below(6) {
            case 0: return sum(value.broadcast(to: Tensor.Shape([2] + old.shape)), along: 0)
            case 1 where old.rank > 1 && old.shape.last! < 20: return matmul(old, matmul(value.transposed(), value))
            case 2: return value.fitted(to: old).broadcast(to: old.shape)
            default: return value
            }
        }
        let numbers = values.filter { $0.rank == 0 }
        let loss =
            draw.chance(3) && !numbers.isEmpty ? draw.element(of: numbers) : RandomFunction.total(values.suffix(2))
        return (loss.cast(to: .float64), new)
    }
}

extension Tensor {
    /// The bit patterns of the elements, of which any NaN equals any other.
    fileprivate var canonicalBits: [UInt64] { numbers.map { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern } }
}

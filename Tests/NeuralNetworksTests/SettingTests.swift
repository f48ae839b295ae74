import Autograd
import NeuralNetworks
import Testing

/// A parameter that is set is what was set from then on, wherever that happens, and gradients flow through it.
@Suite struct `Setting a parameter` {
    private final class Model: Module, Sendable {
        nonisolated(unsafe) let w: Parameter
        nonisolated(unsafe) let seen = Parameter(Tensor(1), isTrainable: false)

        init(_ w: Double) { self.w = Parameter(Tensor(w)) }

        /// (w x)², by way of the state.
        func callAsFunction(_ x: Tensor) -> Tensor {
            seen.value = w.value * x
            return square(seen.value)
        }
    }

    private struct Centered: Module {
        let mean = Parameter(Tensor(0), isTrainable: false)

        func callAsFunction(_ x: Tensor) -> Tensor {
            mean.value = Autograd.mean(x)
            return x - mean.value
        }
    }

    private struct Failure: Error {}

    @Test func `in a gradient leads the gradient through what was set`() {
        let model = Model(2)
        let (value, gradient) = model.valueWithGradient { model in model(Tensor(3)) }
        #expect(value.scalar == 36)
        #expect(gradient["w"]?.scalar == 36)
        #expect(model.seen.value.scalar == 6)
    }

    @Test func `in a step is the same, and stays`() {
        let model = Model(2)
        let step = TrainingStep(model, SGD(learningRate: 0.01)) { model, x, _ in model(x) }
        for w in [2.0, 1.64, 1.3448] {
            #expect(abs(model.w.value.scalar - w) < 1e-12)
            let seen = 3 * model.w.value.scalar
            #expect(step(Tensor(3), Tensor(0)) == seen * seen)
            #expect(model.seen.value.scalar == seen)
        }
    }

    @Test func `in a program is the value of that run, and forgotten`() {
        let program = Program(freezing: Centered(), at: Tensor([1, 3])) { model, x in model(x) }
        #expect(program(Tensor([10, 30])) == Tensor([-10, 10]))
        #expect(program(Tensor([10, 30, 80])) == Tensor([-30, -10, 40]))
        let unrecorded = Program(freezing: Centered(), at: Tensor([1, 3])) { model, x in withoutRecording { model(x) } }
        #expect(unrecorded(Tensor([10, 30])) == Tensor([-10, 10]))
    }

    @Test func `of a layer that a program makes itself counts too`() {
        let program = Program(at: Tensor([[1, 3]])) { x in
            let layer = Dense(weight: Parameter(Tensor([[1, 1]])))
            layer.weight.value = 2 * x
            return layer(x)
        }
        #expect(program(Tensor([[1, 3]])) == Tensor([[20]]))
        #expect(program(Tensor([[2, 5]])) == Tensor([[58]]))
    }

    @Test func `that is trained, inside its gradient, is read as set, and the gradient is that of the value on entry`()
    {
        let model = Model(2)
        let (value, gradient) = model.valueWithGradient { model in
            model.w.value = 3 * model.w.value
            return square(model.w.value)
        }
        #expect(value.scalar == 36)
        #expect(gradient["w"]?.scalar == 36)
        #expect(model.w.value.scalar == 6)
    }

    @Test func `without recording is seen inside and behind it`() {
        let model = Model(2)
        let gradient = Autograd.gradient(at: 5) { x in
            model.seen.value = x
            withoutRecording {
                #expect(model.seen.value.scalar == 5)
                model.seen.value = model.seen.value + 1
                #expect(model.seen.value.scalar == 6)
                withoutRecording { #expect(model.seen.value.scalar == 6) }
            }
            return x * model.seen.value
        }
        #expect(gradient == 6)
        #expect(model.seen.value.scalar == 6)
    }

    @Test func `in a gradient inside another is undone by neither`() {
        let model = Model(2)
        let outer = Autograd.gradient(at: 3) { x in
            model.seen.value = x
            let inner = Autograd.gradient(at: x) { y in
                model.seen.value = model.seen.value * y
                return model.seen.value * y
            }
            // ∂/∂y (x y²) = 2 x², and seen is x².
            return inner * model.seen.value
        }
        #expect(outer == 4 * 2 * 27)
        #expect(model.seen.value.scalar == 9)
    }

    @Test func `is hidden while an inner gradient binds the parameter, and holds again behind it`() {
        let model = Model(2)
        let (value, gradient) = model.valueWithGradient { model in
            model.w.value = model.w.value * model.w.value
            // With respect to the value on entry of the inner gradient, w² = 4.
            let slope = model.valueWithGradient { model in square(model.w.value) }.gradient["w"]!
            return slope * model.w.value
        }
        #expect(value.scalar == 32)
        #expect(gradient["w"]?.scalar == 64)
        #expect(model.w.value.scalar == 4)
    }

    @Test func `in an inner gradient is hidden by the variable of the next one`() {
        let model = Model(2)
        let (value, gradient) = model.valueWithGradient { model in
            _ = model.valueWithGradient { model in
                model.w.value = 3 * model.w.value
                return model.w.value
            }
            // With respect to 3w = 6.
            let slope = model.valueWithGradient { model in square(model.w.value) }.gradient["w"]!
            return slope * model.w.value
        }
        #expect(value.scalar == 72 && gradient["w"]?.scalar == 72)
        #expect(model.w.value.scalar == 6)
    }

    @Test func `is undone where the scope fails`() {
        let model = Model(2)
        #expect(throws: Failure.self) {
            try model.valueWithGradient { model in
                _ = model(Tensor(3))
                model.w.value = Tensor(7)
                throw Failure()
            }
        }
        #expect(throws: TensorError.self) {
            try Tensor.checked {
                model.valueWithGradient { model in
                    model.w.value = Tensor(7)
                    return Tensor([1, 2]) * model(Tensor(3))
                }
            }
        }
        #expect(model.seen.value.scalar == 1)
        #expect(model.w.value.scalar == 2)
    }

    @Test func `in an inner scope that fails is undone there alone`() {
        let model = Model(2)
        let slope = Autograd.gradient(at: 3) { x in
            model.seen.value = x
            do {
                try withExtendedLifetime(model) {
                    _ = try Autograd.gradient(at: x) { _ in
                        model.seen.value = Tensor(100)
                        throw Failure()
                    }
                }
            } catch {}
            return model.seen.value * x
        }
        #expect(slope == 6)
        #expect(model.seen.value.scalar == 3)
    }

    @Test func `what is set is what a description shows, and what a copy cannot be made of where it is a variable`() {
        let model = Model(2)
        let text = gradientOfNothing {
            model.seen.value = Tensor(7)
            return "\(model.seen)"
        }
        #expect(text == "Parameter(7.0, trainable: false)")
        let error = #expect(throws: TensorError.self) {
            try Tensor.checked {
                gradient(at: Tensor(3)) { x in
                    model.seen.value = 2 * x
                    return model.seen.copy().value * x
                }
            }
        }
        #expect(error?.problem.contains("on the tape") == true)
        #expect(model.seen.value.scalar == 7)
    }

    private func gradientOfNothing(_ body: () -> String) -> String {
        var text = ""
        _ = gradient(at: Tensor(1)) { x in
            text = body()
            return x
        }
        return text
    }

    @Test func `does not disturb a check of gradients`() {
        let model = Model(2)
        let report = model.checkGradients { model in
            model.seen.value = model.seen.value * 2 + 1
            return square(model.w.value) * model.seen.value
        }
        #expect(report.passes, "\(report)")
        #expect(model.seen.value.scalar == 1)
        #expect(
            checkGradients(at: [Tensor(2)]) { x in
                model.seen.value = model.seen.value + 1
                return model.seen.value * square(x[0])
            }.passes)
        #expect(model.seen.value.scalar == 1)
    }
}

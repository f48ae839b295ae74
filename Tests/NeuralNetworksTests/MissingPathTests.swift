import Autograd
import NeuralNetworks
import Testing

/// A step of training whose loss depends on no trainable parameter says so, and why.
@Suite struct `A loss without a path to the parameters` {
    private func problem(_ loss: @escaping @Sendable (Dense, Tensor, Tensor) -> Tensor) -> String? {
        let model = Dense(weight: Parameter(Tensor([[1, 2]])), bias: Parameter(Tensor([3])))
        let step = TrainingStep(model, SGD(learningRate: 0.5), loss: loss)
        let outcome = Result { try Tensor.checked { step(Tensor([4, 5]), Tensor([6])) } }
        guard case .failure(let error as TensorError) = outcome else { return nil }
        #expect(model.weight.value == Tensor([[1, 2]]))
        #expect(error.operation == "TrainingStep")
        let problem = error.problem
        let start = "the loss does not depend on any trainable parameter: "
        #expect(problem.hasPrefix(start))
        return String(problem.dropFirst(start.count))
    }

    @Test func `names the numbers that were read`() {
        let reading = problem { model, x, y in
            let output = model(x)
            return square(Tensor(output.numbers) - y)[0]
        }
        #expect(
            reading?.hasSuffix("is read as numbers, and what is made of those is a constant") == true,
            "\(reading ?? "")")
        #expect(reading?.contains("f64[1] = add") == true, "\(reading ?? "")")
        let parameter = problem { model, x, _ in Tensor(model.bias!.value.numbers[0]) }
        #expect(parameter?.contains("identity \"bias\"") == true, "\(parameter ?? "")")
    }

    @Test func `names where the gradient ends`() {
        let stopped = problem { model, x, y in sum(square(stopGradient(model(x)) - y)) }
        #expect(stopped?.contains("= stopGradient") == true && stopped?.hasSuffix("passes no gradient on") == true)
        let detached = problem { model, x, y in sum(square(model(x).detached - y)) }
        #expect(detached?.contains("= stopGradient") == true)
        let unrecorded = problem { model, x, y in withoutRecording { sum(square(model(x) - y)) } }
        #expect(unrecorded?.hasSuffix("is computed without recording") == true, "\(unrecorded ?? "")")
        let condition = problem { model, x, y in sum(select(model(x) .> y, y, 0)) }
        #expect(condition?.contains("= less") == true)
        let sign = problem { model, x, y in sum(Autograd.sign(model(x))) }
        #expect(sign?.contains("= sign") == true)
    }

    @Test func `says where no parameter is used`() {
        #expect(problem { _, x, y in sum(x) * sum(y) } == "it uses none")
        #expect(problem { _, _, _ in Tensor(3) } == "it uses none")
        #expect(
            problem { model, x, y in
                _ = model(x)
                return sum(y)
            } == "it does not use what is computed from them")
        // Ends of paths that do not lead to the loss, and comparisons, say nothing of it.
        #expect(
            problem { model, x, y in
                _ = Primitive.less(y, model(x))
                _ = withoutRecording { model(x) }
                return sum(model.bias!.value) > 100 ? sum(y) : sum(x) * sum(y)
            } == "it does not use what is computed from them")
    }

    @Test func `is none where one parameter is enough`() {
        #expect(problem { model, x, y in sum(stopGradient(model.weight.value)) + sum(model.bias!.value) } == nil)
    }

    @Test func `says so in eager steps too`() {
        let model = Dense(weight: Parameter(Tensor([[1, 2]])))
        let step = TrainingStep(model, SGD(learningRate: 0)) { model, x, y in
            y.scalar < 10 ? sum(model(x)) * y.scalar : sum(x)
        }
        for y in 0..<10 { step(Tensor([4, 5]), Tensor(Double(y))) }
        #expect(step.explanation.contains("no further call is"))
        #expect(tensorError { Tensor(step(Tensor([4, 5]), Tensor(10))) }?.problem.hasSuffix("it uses none") == true)
    }
}

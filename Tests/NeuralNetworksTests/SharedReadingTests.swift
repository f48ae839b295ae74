import Autograd
import Dispatch
import NeuralNetworks
import Testing

/// What only reads a model is free of races, which the thread sanitizer sees; beside a training, it is ordered.
@Suite struct `Reading a model on several threads` {
    private static func trained(hidden: Int) -> TrainingStep<Classifier, SGD> {
        let model = Classifier(inputs: 6, hidden: hidden, classes: 3, .float64)
        let step = TrainingStep(model, SGD(learningRate: 0.1, momentum: 0.5), loss: Classifier.loss)
        let (x, expected) = Classifier.batch(2, inputs: 6, classes: 3, .float64)
        for _ in 0..<3 { step(x, expected) }
        return step
    }

    private func inParallel(_ body: @Sendable @escaping (Int) -> Void) {
        DispatchQueue.concurrentPerform(iterations: 4, execute: body)
    }

    @Test(arguments: [3, 40])
    func `gives each thread the same`(hidden: Int) {
        nonisolated(unsafe) let model = Self.trained(hidden: hidden).model
        let fresh = Classifier(inputs: 6, hidden: hidden, classes: 3, .float64)
        nonisolated(unsafe) let (untrained, copy) = (fresh, Classifier(inputs: 6, hidden: hidden, classes: 3, .float64))
        let x = Classifier.batch(5, inputs: 6, classes: 3, .float64).x
        let frozen = Classifier(inputs: 6, hidden: hidden, classes: 3, .float64)
        frozen.assign(Self.trained(hidden: hidden).model.values)
        let program = Program(freezing: frozen, at: x) { model, x in model(x) }
        // Nobody has read the values yet: the first to do so copies them out of the step's memory.
        nonisolated(unsafe) var results = [[Tensor]](repeating: [], count: 4)
        let lock = DispatchQueue(label: "results")
        inParallel { thread in
            var found: [Tensor] = []
            for _ in 0..<20 {
                found = [model(x), untrained(x), program(x)]
                found.append(model.valueWithGradient { sum($0(x)) }.value)
                _ = model.parameters.map { $0.parameter.copy().value }
            }
            lock.sync { results[thread] = found }
        }
        copy.assign(from: model)
        #expect(results.allSatisfy { $0 == [copy(x), fresh(x), copy(x), sum(copy(x))] })
    }

    /// Both numbers of the weight are equal before and after each step.
    private struct Twins: Module { let w = Parameter(Tensor([1, 1])) }
    private struct Many: Module { let w = Parameter(Tensor(repeating: 1, shape: [3000])) }

    /// Trains on this thread while three others read, and says what they saw.
    private func readWhileTraining<Model: Module & SendableMetatype>(
        _ step: TrainingStep<Model, SGD>, _ parameter: Parameter, _ x: Tensor
    ) -> [Tensor] {
        nonisolated(unsafe) let (step, parameter) = (step, parameter)
        nonisolated(unsafe) var seen: [Tensor] = []
        let lock = DispatchQueue(label: "seen")
        inParallel { thread in
            for count in 0..<300 {
                if thread == 0 {
                    for _ in 0..<20 { step(x, x) }
                } else if thread == 1, count % 50 == 0 {
                    parameter.value = Tensor(repeating: 5, shape: x.shape)
                } else {
                    let value = parameter.value
                    lock.sync { seen.append(value) }
                }
            }
        }
        return seen
    }

    @Test func `beside a training sees whole values, before or after a step`() {
        let (tiny, large) = (Twins(), Many())
        let steps = TrainingStep(tiny, SGD(learningRate: 1e-6)) { model, x, _ in sum(model.w.value * x) }
        let others = TrainingStep(large, SGD(learningRate: 1e-6)) { model, x, _ in sum(model.w.value * x) }
        let x = Tensor([1, 1])
        let y = Tensor(repeating: 1, shape: [3000])
        steps(x, x)
        others(y, y)
        for value in readWhileTraining(steps, tiny.w, x) + readWhileTraining(others, large.w, y) {
            #expect(value == Tensor(repeating: value.numbers[0], shape: value.shape))
        }
    }
}

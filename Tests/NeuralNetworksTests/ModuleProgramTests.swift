import Autograd
import Dispatch
import NeuralNetworks
import Testing

/// A model's program keeps the values that the parameters had when it was made.
@Suite struct `A program of a model` {
    private static func make() -> Classifier { Classifier(inputs: 6, hidden: 5, classes: 3, .float64) }
    private static func batch(_ count: Int) -> (x: Tensor, expected: Tensor) {
        Classifier.batch(count, inputs: 6, classes: 3, .float64)
    }

    /// A classifier that has learned, so that no other has its weights.
    private func trained() -> (Classifier, TrainingStep<Classifier, SGD>) {
        let step = TrainingStep(Self.make(), SGD(learningRate: 0.1), loss: Classifier.loss)
        let (x, expected) = Self.batch(4)
        for _ in 0..<10 { step(x, expected) }
        return (step.model, step)
    }

    /// The program of another classifier with the values that this one has now.
    private static func frozen(_ network: Classifier, at x: Tensor) -> Program {
        let twin = make()
        twin.assign(network.values)
        return Program(freezing: twin, at: x) { network, x in network(x) }
    }

    @Test func `keeps its values while the model learns on`() {
        let (network, step) = trained()
        let batches = [4, 1, 7].map { Self.batch($0).x }
        let before = batches.map { network($0).elementBits }
        let program = Self.frozen(network, at: batches[0])
        for _ in 0..<3 {
            step(Self.batch(4).x, Self.batch(4).expected)
            #expect(batches.map { program($0).elementBits } == before)
        }
        #expect(network(batches[0]).elementBits != before[0])
        #expect(program.explanation.contains("recorded again: inputs of other shapes"))
    }

    @Test func `runs on many threads beside the training`() {
        let (network, step) = trained()
        let batches = (1...3).map { Self.batch($0).x }
        let before = batches.map { network($0).elementBits }
        let program = Self.frozen(network, at: batches[0])
        let group = DispatchGroup()
        for thread in 0..<8 {
            DispatchQueue.global().async(group: group) {
                for count in 0..<100 {
                    let place = (thread + count) % 3
                    #expect(program(batches[place]).elementBits == before[place])
                }
            }
        }
        let (x, expected) = Self.batch(4)
        for _ in 0..<100 { step(x, expected) }
        group.wait()
    }

    /// Counts what it has seen.
    private struct Counting: Module {
        let count = Parameter(Tensor(0), isTrainable: false)

        func callAsFunction(_ x: Tensor) -> Tensor {
            count.value = count.value + 1
            return sum(x) * count.value
        }
    }

    @Test func `begins with the same values for each shape`() {
        let model = Counting()
        model.count.value = Tensor(1)
        let program = Program(freezing: model, at: Tensor([1])) { model, x in model(x) }
        for size in [1, 2, 3, 2, 1] { #expect(program(Tensor(repeating: 1, shape: [size])).scalar == Double(2 * size)) }
    }

    @Test func `may be the teacher of another model`() {
        let (network, _) = trained()
        let x = Self.batch(4).x
        let teacher = Self.frozen(network, at: x)
        let step = TrainingStep(Self.make(), SGD(learningRate: 0.5)) { student, x, _ in
            meanSquaredError(student(x), teacher(x))
        }
        let first = step(x, Tensor(0))
        for _ in 0..<300 { step(x, Tensor(0)) }
        #expect(step(x, Tensor(0)) < first / 10)
        #expect(teacher(x).elementBits == network(x).elementBits)
    }

    @Test func `cannot get the values of a model that is built otherwise`() {
        let error = tensorError {
            Classifier(inputs: 6, hidden: 4, classes: 3, .float64).assign(trained().0.values)
            return Tensor(0)
        }
        #expect(error?.problem == "the values of hidden.weight differ in shape or element type")
    }
}

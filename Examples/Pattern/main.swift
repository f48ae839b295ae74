// Three inputs, one output: what can one layer of weights learn, and what takes two?
//
// The first pattern is decided by its first input, and one layer finds that out. In the second it is exclusive or of the
// first two inputs that decides; one layer must fail on it, and a hidden layer mends that. There are no biases, but the
// third input is always 1 in training, and its weight takes the place of one.
//
// All samples are shown at every step ("full batch"), so there is no chance in it: from the published weights, every digit
// that was published comes back.

import Autograd
import NeuralNetworks
import Support

var options = Options(
    name: "pattern",
    summary: """
        Learns a pattern of three inputs with one layer, shows a pattern that one layer cannot learn, and learns that one
        with a hidden layer. Exits with code 1 if a pattern that can be learned was not.
        """)
let seed = options.integer(
    "seed", default: UInt64(0), atLeast: 0, "initial weights: 0 for the published ones, else drawn at random")
let learningRate = options.number("learning-rate", default: 1, above: 0, "how far a step goes along the gradient")
let lossGoal = options.number("loss-goal", default: 0, atLeast: 0, "stop when the summed loss is at most this")
let maxSteps = options.integer(
    "max-steps", default: 10_000, atLeast: 1, "stop after so many steps; the hidden layer takes up to six times as many"
)
options.finish()

let initial = seed == 0 ? InitialWeights.published : .random(seed: seed)
let settings = Settings(learningRate: learningRate, lossGoal: lossGoal, maxSteps: maxSteps)
let longer = Settings(learningRate: learningRate, lossGoal: lossGoal, maxSteps: 6 * min(maxSteps, .max / 6))
var failures: [String] = []

// MARK: A pattern that one layer learns

let first = Pattern(inputs: [[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]], expected: [0, 1, 1, 0])
let neuron = LayeredNetwork(weights: initial.oneLayer)
print("One layer: the first input decides")
print("Initial weights:   ", list(neuron.layers[0].weight.value.numbers))
print("First excitations: ", list(neuron.layers[0](Tensor(first.inputs)).numbers))

let (steps, outputs) = train(neuron, on: first, settings)
print("Final weights:     ", list(neuron.layers[0].weight.value.numbers))
print("After \(steps) steps (outputs before the last step):")
if !report(outputs, of: first) { failures.append("the first pattern") }

// Four inputs were kept back. The first weight is large, so the first input decides for these too. Of 0 0 0 the neuron knows
// nothing: without a bias its excitation is 0 whatever the weights are, and the sigmoid of 0 is one half.
print("Inputs that it has never seen:")
for input in [[0.0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 1, 0]] {
    print("  \(bits(input))  Actual: \(neuron(Tensor([input])).scalar.fixed(8))")
}

// MARK: A pattern that one layer cannot learn

let second = Pattern(inputs: first.inputs, expected: [0, 0, 1, 1])
let broken = LayeredNetwork(weights: initial.oneLayer)
print("\nOne layer: the first two inputs decide together, by exclusive or")
let (brokenSteps, brokenOutputs) = train(broken, on: second, settings)
print("Final weights:     ", list(broken.layers[0].weight.value.numbers))
print("After \(brokenSteps) steps (outputs before the last step):")
_ = report(brokenOutputs, of: second)
print(
    """
    As expected, it has not learned. A layer adds up what each input says on its own, but here neither of the first two says
    anything: whatever one of them is, the output is 0 as often as 1. The best answer is "one half" to everything, and the
    gradient leads there: to weights of 0.
    """)

// MARK: A hidden layer mends it

let third = Pattern(inputs: [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]], expected: [0, 1, 1, 0])
let deep = LayeredNetwork(weights: initial.hiddenLayer)
print("\nA hidden layer of four: the same pattern")
let (deepSteps, deepOutputs) = train(deep, on: third, longer)
print("After \(deepSteps) steps (outputs before the last step):")
if report(deepOutputs, of: third) {
    print("The hidden neurons answer questions about both inputs at once, and the output neuron adds up their answers.")
} else {
    failures.append("the second pattern with a hidden layer")
}

if !failures.isEmpty {
    fail("pattern: not learned: \(failures.joined(separator: ", ")); try more --max-steps or another --seed")
}

// One neuron learns AND and OR, or any other Boolean function of two inputs that a straight line can part.
//
// The neuron begins with random weights. Again and again it is shown one sample of the truth table, drawn at random; its
// output o is compared with the expected one, e, by the loss (o − e)² / 2; and every weight is moved a little in the
// direction in which that loss falls. The direction is the negative gradient: the derivatives of the loss with respect to
// each weight. By hand they are (o − e) · o · (1 − o) · x for the weights and (o − e) · o · (1 − o) for the bias. Nobody
// needs to derive them here: the gradient follows from the formula of the loss alone.

import Autograd
import NeuralNetworks
import Support

var options = Options(
    name: "and-or",
    summary: """
        Trains one neuron to compute AND, another to compute OR, and shows the straight line that each has learned.
        Exits with code 1 if a function was not learned.
        """)
let chosen = options.bits(
    "function", count: 4, "instead of AND and OR, train the function with these outputs for 00, 01, 10 and 11")
let seed = options.integer("seed", default: UInt64(1), atLeast: 0, "seed of initial weights and drawn samples")
let learningRate = options.number("learning-rate", default: 0.5, above: 0, "how far a step goes along the gradient")
let lossGoal = options.number(
    "loss-goal", default: 1e-10, atLeast: 0, "stop when the loss of a drawn sample is at most this")
let maxSteps = options.integer("max-steps", default: 200_000, atLeast: 1, "stop after so many steps")
let plot = options.path(
    "plot", "draw the line as SVG; AND and OR go to two files, with -and and -or before the extension of FILE")
options.finish()

let functions = chosen.map { [BooleanFunction(outputs: $0)] } ?? [.and, .or]
var random = RandomGenerator(seed: seed)
var failures: [BooleanFunction] = []

printTruthTable(of: functions)
for function in functions {
    print("\n\(function.name)")

    // A training step computes the loss, its gradient, and the new weights, and returns the loss. SGD is stochastic
    // gradient descent: w ← w − η · ∂loss/∂w, with η the learning rate.
    let neuron = Neuron(using: &random)
    let step = TrainingStep(neuron, SGD(learningRate: learningRate)) { neuron, x, expected in
        halfSquaredError(neuron(x), expected)
    }

    let inputs = BooleanFunction.inputs.map { Tensor($0) }
    let expected = function.outputs.map { Tensor(Double($0)) }
    var loss = Double.infinity
    var steps = 0
    while loss > lossGoal, steps < maxSteps {
        let sample = Int.random(in: inputs.indices, using: &random)
        loss = step(inputs[sample], expected[sample])
        steps += 1
    }

    // Outside of a training step a neuron simply computes; nothing is recorded.
    let outputs = inputs.map { neuron($0).scalar }
    for (expected, output) in zip(function.outputs, outputs) {
        print("Expected: \(expected) Actual: \(output.fixed(8))")
    }
    print("Number of Iterations: \(steps)\n")

    // The output is above one half where w · x + b > 0. So the neuron parts the plane along a straight line.
    let (w, b) = (neuron.weight.value.numbers, neuron.bias.value.scalar)
    let plane = Plane(
        title: "\(function.name) by one neuron", points: function.points,
        lines: [Plane.Line("w·x + b = 0", w1: w[0], w2: w[1], b: b)],
        region: { x, y in neuron(Tensor([x, y])) > 0.5 })
    print(plane.text(width: 33, height: 17))
    if let plot {
        let path = functions.count == 1 ? plot : plot.inserting("-" + function.name.lowercased())
        do throws(FileError) { try plane.write(to: path) } catch { fail("and-or: \(error)", status: 73) }
    }

    if outputs.map({ Int($0.rounded()) }) != function.outputs {
        failures.append(function)
        print("\nNot learned: a rounded output is wrong.")
        if !function.isLinearlySeparable {
            print(
                """
                More steps would not help. A neuron answers 1 on one side of a straight line and 0 on the other, but
                no straight line has both 1s of \(function.name) on one side and both 0s on the other: look at the corners.
                It takes a second layer of neurons; `swift run xor` trains such a network.
                """)
        } else if loss <= lossGoal {
            print("The loss goal, \(lossGoal), is reached too early: try a lower --loss-goal.")
        } else {
            print("Try more steps with --max-steps, or another --learning-rate.")
        }
    } else if loss > lossGoal {
        print("\nLearned, but no drawn sample reached the loss goal, \(lossGoal), within \(maxSteps) steps.")
    }
}

if !failures.isEmpty {
    fail("and-or: not learned: " + failures.map(\.name).joined(separator: ", "))
}

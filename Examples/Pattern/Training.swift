import Autograd
import NeuralNetworks
import Support

/// Samples to learn from: three inputs each, and the output that is expected for them.
struct Pattern {
    let inputs: [[Double]]
    let expected: [Double]
}

/// How to train.
struct Settings {
    let learningRate: Double
    let lossGoal: Double
    let maxSteps: Int
}

/// Trains a network on all samples at once, step by step, and returns the outputs on the way.
///
/// The loss of a step is the sum over all samples of (o − e)² / 2, so the gradient is the sum of the samples' gradients. By
/// hand it would be Xᵀ((o − e) · o · (1 − o)) for one layer, and longer for each layer more.
///
/// - Returns: How many steps were made, and the outputs before the last of them: they led to that step, and are what was
///   published.
func train(_ network: LayeredNetwork, on pattern: Pattern, _ settings: Settings) -> (steps: Int, outputs: [Double]) {
    let inputs = Tensor(pattern.inputs)
    let expected = Tensor(pattern.expected.map { [$0] })
    let step = TrainingStep(network, SGD(learningRate: settings.learningRate)) { network, inputs, expected in
        halfSquaredError(network(inputs), expected, reduction: .sum)
    }
    var steps = 0
    while true {
        let outputs = network(inputs)
        let loss = step(inputs, expected)
        steps += 1
        if loss <= settings.lossGoal || steps == settings.maxSteps { return (steps, outputs.numbers) }
    }
}

/// Prints, for each sample, its inputs, the expected output and the actual one; returns whether all outputs round right.
func report(_ outputs: [Double], of pattern: Pattern) -> Bool {
    for (input, (expected, output)) in zip(pattern.inputs, zip(pattern.expected, outputs)) {
        print("  \(bits(input))  Expected: \(Int(expected)) Actual: \(output.fixed(8))")
    }
    return zip(outputs, pattern.expected).allSatisfy { $0.rounded() == $1 }
}

/// Inputs in one word: `0 1 1`.
func bits(_ input: [Double]) -> String {
    input.map { "\(Int($0))" }.joined(separator: " ")
}

/// Numbers side by side with eight digits.
func list(_ numbers: [Double]) -> String {
    numbers.map { $0.fixed(8).indented(to: 12) }.joined()
}

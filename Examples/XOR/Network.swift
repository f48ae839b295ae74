import Autograd
import NeuralNetworks

/// Two inputs, a hidden layer of two neurons, one output.
///
/// Each hidden neuron parts the plane along a straight line, one of them the corner (0, 0) from the rest, the other the
/// corner (1, 1); what remains between the two lines are the 1s of exclusive or. The output neuron joins the two answers.
struct XORNetwork: Module {
    let hidden: Dense
    let output: Dense

    /// A network that knows nothing yet: all weights and biases are drawn uniformly from 0 to 1.
    init(using random: inout RandomGenerator) {
        let start = Initializer.uniform(in: 0..<1)
        hidden = Dense(inputs: 2, outputs: 2, weight: start, bias: start, using: &random)
        output = Dense(inputs: 2, outputs: 1, weight: start, bias: start, using: &random)
    }

    /// - Parameter x: The two inputs, or a matrix with two inputs in each row.
    func callAsFunction(_ x: Tensor) -> Tensor {
        sigmoid(output(sigmoid(hidden(x))))
    }
}

import Autograd
import NeuralNetworks

/// One neuron with two inputs: o = sigmoid(w · x + b).
///
/// The excitation w · x + b is a weighted sum of the inputs; the sigmoid, 1 / (1 + e^−u), squeezes it into a number between
/// 0 and 1. Learning means to find the weights w and the bias b.
struct Neuron: Module {
    let weight: Parameter
    let bias: Parameter

    /// A neuron that knows nothing yet: its weights and its bias are drawn from the standard normal distribution.
    init(using random: inout RandomGenerator) {
        weight = Parameter(.normal(shape: [2], using: &random))
        bias = Parameter(.normal(shape: [], using: &random))
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        sigmoid(dot(weight.value, x) + bias.value)
    }
}

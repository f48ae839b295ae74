import Autograd
import NeuralNetworks

/// Layers of neurons without biases, each followed by a sigmoid: o = sigmoid(… sigmoid(X W₁ᵀ) … Wₙᵀ).
///
/// X holds one sample in each row, so that one matrix product serves all samples at once. A layer's weight holds one row for
/// each of its neurons.
struct LayeredNetwork: Module {
    let layers: [Dense]

    /// A network with these weights, from the first layer to the last.
    init(weights: [Tensor]) {
        layers = weights.map { Dense(weight: Parameter($0)) }
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        layers.reduce(x) { x, layer in sigmoid(layer(x)) }
    }
}

/// Where training starts.
struct InitialWeights {
    /// One neuron with three inputs.
    let oneLayer: [Tensor]
    /// Four hidden neurons with three inputs, and one output neuron with four.
    let hiddenLayer: [Tensor]

    /// The weights that were published with the pattern: the first numbers of NumPy's generator for seed 1, between −1 and 1.
    static let published = InitialWeights(
        oneLayer: [Tensor([[-0.165955990594852, 0.4406489868843162, -0.9997712503653102]])],
        hiddenLayer: [
            // Written as published, one row for each input.
            Tensor([
                [-0.165955990594852, 0.4406489868843162, -0.9997712503653102, -0.39533485473632046],
                [-0.7064882183657739, -0.8153228104624044, -0.6274795772446582, -0.3088785459139045],
                [-0.20646505153866013, 0.07763346800671389, -0.1616109711934104, 0.370439000793519],
            ]).transposed(),
            Tensor([[-0.5910955005369651, 0.7562348727818908, -0.9452248136041477, 0.34093502035680445]]),
        ])

    /// Other weights between −1 and 1.
    static func random(seed: UInt64) -> InitialWeights {
        var random = RandomGenerator(seed: seed)
        func draw(_ shape: Tensor.Shape) -> Tensor { .uniform(in: -1..<1, shape: shape, using: &random) }
        return InitialWeights(oneLayer: [draw([1, 3])], hiddenLayer: [draw([4, 3]), draw([1, 4])])
    }
}

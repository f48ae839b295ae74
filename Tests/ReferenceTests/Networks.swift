import Autograd
import NeuralNetworks

// The documents' networks, as the package spells them.

/// One neuron of two inputs: o = sigmoid(w · x + b).
struct Neuron: Module {
    let layer: Dense

    init(weight: [Double], bias: Double) {
        layer = Dense(weight: Parameter(Tensor([weight])), bias: Parameter(Tensor([bias])))
    }

    func callAsFunction(_ x: Tensor) -> Tensor { sigmoid(layer(x)) }
    var weight: [Double] { layer.weight.value.numbers }
    var bias: Double { layer.bias!.value.scalar }
}

/// 2-2-1: z = sigmoid(xᵀ W + b), o = sigmoid(v · z + c).
struct XORNetwork: Module {
    let hidden: Dense, output: Dense

    /// - Parameter hiddenWeight: W, as the documents have it: [input][unit].
    init(hiddenWeight: [[Double]], hiddenBias: [Double], outputWeight: [Double], outputBias: Double) {
        hidden = Dense(weight: Parameter(Tensor(hiddenWeight).transposed()), bias: Parameter(Tensor(hiddenBias)))
        output = Dense(weight: Parameter(Tensor([outputWeight])), bias: Parameter(Tensor([outputBias])))
    }

    init(_ parameters: Documents.XORRun.Parameters) {
        self.init(
            hiddenWeight: parameters.hiddenWeight, hiddenBias: parameters.hiddenBias,
            outputWeight: parameters.outputWeight, outputBias: parameters.outputBias)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { sigmoid(output(sigmoid(hidden(x)))) }
}

/// Layers without bias on a batch: A = sigmoid(X · w), or sigmoid(sigmoid(X · W) · v).
struct PatternNetwork: Module {
    let layers: [Dense]

    /// - Parameter weights: Of each layer, [input][output].
    init(_ weights: [[Double]]...) {
        layers = weights.map { Dense(weight: Parameter(Tensor($0).transposed())) }
    }

    func callAsFunction(_ x: Tensor) -> Tensor { layers.reduce(x) { sigmoid($1($0)) } }
}

extension [Double] {
    /// As a matrix of one column.
    var column: [[Double]] { map { [$0] } }
}

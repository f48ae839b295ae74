import Autograd
import NeuralNetworks

/// What a vector's operation does, in the package's functions.
typealias Operation = @Sendable ([Tensor], Vector.Attributes) -> Tensor

/// The vectors' operations that the package has, by the name that the vectors give them.
let knownOperations: [String: Operation] = [
    // Arithmetic
    "add": { x, _ in x[0] + x[1] },
    "subtract": { x, _ in x[0] - x[1] },
    "multiply": { x, _ in x[0] * x[1] },
    "divide": { x, _ in x[0] / x[1] },
    "power": { x, _ in pow(x[0], x[1]) },
    "negate": { x, _ in -x[0] },
    "reciprocal": { x, _ in 1 / x[0] },
    "square": { x, _ in square(x[0]) },

    // Functions of one number
    "exp": { x, _ in exp(x[0]) },
    "log": { x, _ in log(x[0]) },
    "sqrt": { x, _ in sqrt(x[0]) },
    "rsqrt": { x, _ in 1 / sqrt(x[0]) },
    "absolute": { x, _ in abs(x[0]) },
    "sign": { x, _ in sign(x[0]) },
    "sin": { x, _ in sin(x[0]) },
    "cos": { x, _ in cos(x[0]) },
    "tanh": { x, _ in tanh(x[0]) },
    "erf": { x, _ in erf(x[0]) },
    "sigmoid": { x, _ in sigmoid(x[0]) },
    "softplus": { x, _ in softplus(x[0]) },
    "relu": { x, _ in relu(x[0]) },

    // Choices
    "maximum": { x, _ in max(x[0], x[1]) },
    "minimum": { x, _ in min(x[0], x[1]) },
    "select": { x, _ in select(x[0] .> 0, x[1], x[2]) },

    // Sums and products
    "sum": { x, a in sum(x[0], along: a.axes(of: x[0]), keepDimensions: a.keepDimensions ?? false) },
    "mean": { x, a in mean(x[0], along: a.axes(of: x[0]), keepDimensions: a.keepDimensions ?? false) },
    "max": { x, a in max(x[0], along: a.axes(of: x[0]), keepDimensions: a.keepDimensions ?? false) },
    "min": { x, a in min(x[0], along: a.axes(of: x[0]), keepDimensions: a.keepDimensions ?? false) },
    "logSumExp": { x, a in logSumExp(x[0], along: a.axes(of: x[0]), keepDimensions: a.keepDimensions ?? false) },
    "softmax": { x, a in softmax(x[0], along: a.axis!) },
    "logSoftmax": { x, a in logSoftmax(x[0], along: a.axis!) },
    "matmul": { x, _ in matmul(x[0], x[1]) },
    "outer": { x, _ in x[0].reshaped(to: [x[0].elementCount, 1]) * x[1] },

    // Shapes
    "broadcast": { x, a in x[0].broadcast(to: Tensor.Shape(a.shape!)) },
    "reshape": { x, a in x[0].reshaped(to: Tensor.Shape(a.shape!)) },
    "transpose": { x, a in x[0].transposed(axes: a.permutation!) },
    "slice": { x, a in
        a.begin!.indices.reduce(x[0]) { x, axis in
            x.sliced(a.begin![axis]..<a.end![axis], along: axis, step: a.step?[axis] ?? 1)
        }
    },
    "pad": { x, a in
        let widths = a.widths!
        let shape = zip(x[0].shape, widths).map { $0 + $1[0] + $1[1] }
        return Primitive.pad(
            x[0],
            attributes: [
                "starts": .integers(widths.map { $0[0] }), "steps": .integers(widths.map { _ in 1 }),
                "shape": .integers(shape),
            ])
    },

    // Losses
    "halfSquaredError": { x, a in halfSquaredError(x[0], x[1], reduction: a.lossReduction) },
    "meanSquaredError": { x, a in meanSquaredError(x[0], x[1], reduction: a.lossReduction) },
    "binaryCrossEntropyWithLogits": { x, a in binaryCrossEntropy(logits: x[0], x[1], reduction: a.lossReduction) },
    "softmaxCrossEntropy": { x, a in
        softmaxCrossEntropy(logits: x[0], oneHot(x[1], classes: x[0].shape[1]), reduction: a.lossReduction)
    },
]

/// A row of probabilities for each class that is expected, which is certain.
private func oneHot(_ expected: Tensor, classes: Int) -> Tensor {
    Tensor(expected.numbers.map { e in (0..<classes).map { Double($0) == e ? 1 : 0 } })
}

extension Vector.Attributes {
    /// The axes to reduce; where none are named, all.
    fileprivate func axes(of x: Tensor) -> [Int] { axes ?? Array(0..<x.rank) }

    fileprivate var lossReduction: Reduction {
        switch reduction {
        case "sum": .sum
        case "none": .unreduced
        default: .mean
        }
    }
}

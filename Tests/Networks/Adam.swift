import Autograd
import NeuralNetworks

/// Adam as a user writes it: m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², w ← w − η m̂ / (√v̂ + ε); with a decay λ that does
/// not pass through the moments, w ← (1 − η λ) w first (AdamW).
public struct Adam: Optimizer {
    public var learningRate: Double
    let beta1, beta2, epsilon, decay: Double

    public init(
        learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, decay: Double = 0
    ) {
        (self.learningRate, self.beta1, self.beta2) = (learningRate, beta1, beta2)
        (self.epsilon, self.decay) = (epsilon, decay)
    }

    public func initialMemory(for parameters: [(path: String, value: Tensor)]) -> [String: Tensor] {
        var memory = ["steps": Tensor(0)]
        for (path, value) in parameters {
            let zeros = Tensor(repeating: 0, shape: value.shape, elementType: value.elementType)
            (memory["first.\(path)"], memory["second.\(path)"]) = (zeros, zeros)
        }
        return memory
    }

    public func updated(
        _ parameters: [ParameterGradient], learningRate: Tensor, memory: inout [String: Tensor]
    ) -> [Tensor] {
        let steps = memory["steps"]! + 1
        memory["steps"] = steps
        // Moments that began at 0 are too small by these factors.
        let (scale1, scale2) = (1 - pow(beta1, steps), 1 - pow(beta2, steps))
        return parameters.map { parameter in
            let (path, g) = (parameter.path, parameter.gradient)
            let first = beta1 * memory["first.\(path)"]! + (1 - beta1) * g
            let second = beta2 * memory["second.\(path)"]! + (1 - beta2) * g * g
            (memory["first.\(path)"], memory["second.\(path)"]) = (first, second)
            let rate = (learningRate / scale1).cast(to: g.elementType)
            let value =
                decay == 0 ? parameter.value : parameter.value * (1 - learningRate * decay).cast(to: g.elementType)
            return value - rate * first / (sqrt(second / scale2.cast(to: g.elementType)) + epsilon)
        }
    }
}

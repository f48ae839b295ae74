import Autograd

/// How the losses of single elements become one.
public enum Reduction: Sendable {
    /// Their mean.
    case mean
    /// Their sum.
    case sum
    /// They stay apart, in the shape of the prediction.
    case unreduced
}

/// (p − e)² / 2, whose derivative is p − e.
///
/// The prediction and what is expected must have the same shape; they are never broadcast.
public func halfSquaredError(_ prediction: Tensor, _ expected: Tensor, reduction: Reduction = .mean) -> Tensor {
    alike("halfSquaredError", prediction, expected) { reduced(square(prediction - expected), reduction, dividedBy: 2) }
}

/// (p − e)².
///
/// The prediction and what is expected must have the same shape; they are never broadcast.
public func meanSquaredError(_ prediction: Tensor, _ expected: Tensor, reduction: Reduction = .mean) -> Tensor {
    alike("meanSquaredError", prediction, expected) { reduced(square(prediction - expected), reduction) }
}

/// −e · ln p − (1 − e) · ln(1 − p) for p = sigmoid(z), computed from the logits z.
///
/// As e · softplus(−z) + (1 − e) · softplus(z): no logarithm of a rounded probability, and a confident right answer keeps
/// the digits of its tiny loss. An infinite logit costs nothing if it is right, e = 0 or e = 1, and ∞ elsewhere. The logits and
/// what is expected must have the same shape.
public func binaryCrossEntropy(logits: Tensor, _ expected: Tensor, reduction: Reduction = .mean) -> Tensor {
    alike("binaryCrossEntropy", logits, expected) {
        let losses = counting(softplus(-logits), expected) + counting(softplus(logits), 1 - expected)
        return reduced(losses, reduction)
    }
}

/// −Σ pᵢ · log softmax(z)ᵢ over the classes i, along the last axis: the cross entropy of what a classifier says, as logits z,
/// with the expected probabilities p. A class that is certain is a row with one 1, a one-hot row.
///
/// The logits and what is expected must have the same shape, [classes] or […, classes]; each row has one loss, of which
/// the mean or the sum is taken. The derivative is softmax(z) − p where the probabilities of a row sum to 1. A class with
/// the logit −∞ costs nothing if it is not expected, p = 0, and ∞ if it is; a row of nothing but −∞ says nothing, and its
/// derivative is NaN, like its loss where anything is expected.
// Composed: of a replayed step of the network 784-128-10, products take 85 % of the time and updates 5 %. What is left for
// a primitive of its own to save is part of the last tenth.
public func softmaxCrossEntropy(logits: Tensor, _ expected: Tensor, reduction: Reduction = .mean) -> Tensor {
    alike("softmaxCrossEntropy", logits, expected) {
        reduced(sum(counting(-logSoftmax(logits), expected, excluding: -logits), along: -1), reduction)
    }
}

/// Losses that count with these weights: those with the weight 0 not at all where they, or given costs, are infinite.
private func counting(_ losses: Tensor, _ weights: Tensor, excluding costs: Tensor? = nil) -> Tensor {
    // 0 · ∞ would be NaN. Only there, for the derivative with respect to another weight of 0 is the loss.
    weights * select(select(weights .== 0, costs ?? losses, 0) .== .infinity, 0, losses)
}

/// The loss where both have the same shape; an error elsewhere.
private func alike(_ name: String, _ prediction: Tensor, _ expected: Tensor, _ loss: () -> Tensor) -> Tensor {
    if prediction.isFailed || expected.isFailed { return prediction.isFailed ? prediction : expected }
    if prediction.shape == expected.shape { return loss() }
    return TensorError(
        name, "the prediction has shape \(prediction.shape), what is expected \(expected.shape)",
        of: [prediction, expected],
        advice: "Losses do not broadcast: give one the other's shape, with `reshaped(to: \(prediction.shape))`."
    ).raise()
}

/// The losses of single elements, still to be divided by `divisor`, reduced with one division.
private func reduced(_ losses: Tensor, _ reduction: Reduction, dividedBy divisor: Double = 1) -> Tensor {
    switch reduction {
    case .mean: sum(losses) / (divisor * Double(losses.elementCount))
    case .sum: divisor == 1 ? sum(losses) : sum(losses) / divisor
    case .unreduced: divisor == 1 ? losses : losses / divisor
    }
}

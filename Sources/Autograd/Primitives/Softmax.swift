// Exponentials that share one scale, composed of others. A number taken off all of them changes nothing but the range:
// with the largest, eˣ is at most 1 and never overflows. As it cancels out, no gradient need pass through it.

/// log Σ eˣ over all elements, of rank 0; see ``logSumExp(_:along:keepDimensions:)``.
public func logSumExp(_ x: Tensor) -> Tensor { logSumExp(x, along: Array(0..<x.rank)) }

/// log Σ eˣ over one axis; a negative one counts from the end.
public func logSumExp(_ x: Tensor, along axis: Int, keepDimensions: Bool = false) -> Tensor {
    logSumExp(x, along: [axis], keepDimensions: keepDimensions)
}

/// log Σ eˣ over some axes, as m + log Σ eˣ⁻ᵐ with the largest element m.
///
/// Of −∞ alone it is −∞; with a +∞ it is +∞, with a NaN NaN. Of nothing it is an error. The derivative is softmax x, and NaN
/// where that is: of −∞ alone nothing says which element a limit would come from.
public func logSumExp(_ x: Tensor, along axes: [Int], keepDimensions: Bool = false) -> Tensor {
    let largest = stopGradient(max(x, along: axes, keepDimensions: true))
    // From ±∞, ±∞ cannot be taken off: ∞ − ∞ is NaN.
    let shift = select(abs(largest) .< .infinity, largest, 0)
    let result = log(sum(exp(x - shift), along: axes, keepDimensions: true)) + shift
    if keepDimensions || result.isFailed { return result }
    let axes = axes.compactMap { x.shape.resolved(axis: $0) }
    return result.reshaped(to: x.shape.reduced(along: axes, keepDimensions: false))
}

/// eˣ / Σ eˣ along an axis: positive numbers whose sum is 1.
///
/// Where all are −∞, or one is +∞, there are no such numbers: NaN.
public func softmax(_ x: Tensor, along axis: Int = -1) -> Tensor {
    let powers = exp(belowLargest(x, axis))
    return powers / sum(powers, along: axis, keepDimensions: true)
}

/// log softmax x along an axis, with all digits of what is close to 0: (x − m) − log Σ eˣ⁻ᵐ with the largest element m.
public func logSoftmax(_ x: Tensor, along axis: Int = -1) -> Tensor {
    let x = belowLargest(x, axis)
    return x - log(sum(exp(x), along: axis, keepDimensions: true))
}

/// x less its largest element along an axis.
private func belowLargest(_ x: Tensor, _ axis: Int) -> Tensor {
    x - stopGradient(max(x, along: axis, keepDimensions: true))
}

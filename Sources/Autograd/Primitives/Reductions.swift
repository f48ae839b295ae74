// Sums, means and extremes over all axes or some.

/// The sum of all elements, of rank 0. The sum of none is 0.
public func sum(_ x: Tensor) -> Tensor {
    x.rank == 0 && x.elementType.isFloat ? x : Primitive.sum(x, attributes: overAllAxes[x.rank])
}

/// The sum over one axis; a negative one counts from the end.
public func sum(_ x: Tensor, along axis: Int, keepDimensions: Bool = false) -> Tensor {
    sum(x, along: [axis], keepDimensions: keepDimensions)
}

/// The sum over some axes.
///
/// - Parameters:
///   - axes: Each at most once; negative ones count from the end.
///   - keepDimensions: Whether the axes stay, with length 1.
public func sum(_ x: Tensor, along axes: [Int], keepDimensions: Bool = false) -> Tensor {
    reduced(x, along: axes, keepDimensions, by: .sum)
}

/// The result of a primitive that reduces some axes.
private func reduced(_ x: Tensor, along axes: [Int], _ keepDimensions: Bool, by primitive: Primitive) -> Tensor {
    if axes.isEmpty { return x }
    let axes = axes.map { x.shape.resolved(axis: $0) ?? $0 }.sorted()
    return primitive(x, attributes: .reducing(axes, keepDimensions: keepDimensions))
}

/// The attributes of a reduction over all axes, by rank.
private let overAllAxes = (0...Tensor.Shape.maximumRank).map { rank in Primitive.Attributes.reducing(Array(0..<rank)) }

/// The mean of all elements, of rank 0. The mean of none is NaN.
public func mean(_ x: Tensor) -> Tensor { sum(x) / Double(x.elementCount) }

/// The mean over one axis; a negative one counts from the end.
public func mean(_ x: Tensor, along axis: Int, keepDimensions: Bool = false) -> Tensor {
    mean(x, along: [axis], keepDimensions: keepDimensions)
}

/// The mean over some axes; see ``sum(_:along:keepDimensions:)``.
public func mean(_ x: Tensor, along axes: [Int], keepDimensions: Bool = false) -> Tensor {
    let total = sum(x, along: axes, keepDimensions: keepDimensions)
    // As many elements as become one.
    return total / (Double(x.elementCount) / Double(total.elementCount))
}

/// The largest element, of rank 0; NaN where one is NaN. The largest of none is an error.
public func max(_ x: Tensor) -> Tensor {
    x.rank == 0 && x.elementType.isFloat ? x : Primitive.max(x, attributes: overAllAxes[x.rank])
}

/// The largest element over one axis; a negative one counts from the end.
public func max(_ x: Tensor, along axis: Int, keepDimensions: Bool = false) -> Tensor {
    max(x, along: [axis], keepDimensions: keepDimensions)
}

/// The largest element over some axes; see ``sum(_:along:keepDimensions:)``. Where several are as large, the gradient goes
/// to them in equal parts.
public func max(_ x: Tensor, along axes: [Int], keepDimensions: Bool = false) -> Tensor {
    reduced(x, along: axes, keepDimensions, by: .max)
}

/// The smallest element, of rank 0; see ``max(_:)``.
public func min(_ x: Tensor) -> Tensor { -max(-x) }

/// The smallest element over one axis; a negative one counts from the end.
public func min(_ x: Tensor, along axis: Int, keepDimensions: Bool = false) -> Tensor {
    -max(-x, along: axis, keepDimensions: keepDimensions)
}

/// The smallest element over some axes; see ``max(_:along:keepDimensions:)``.
public func min(_ x: Tensor, along axes: [Int], keepDimensions: Bool = false) -> Tensor {
    -max(-x, along: axes, keepDimensions: keepDimensions)
}

// Sums and means over all axes or some, composed of one primitive.

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
    if axes.isEmpty { return x }
    let axes = axes.map { x.shape.resolved(axis: $0) ?? $0 }.sorted()
    return Primitive.sum(x, attributes: ["axes": .integers(axes), "keepDimensions": .flag(keepDimensions)])
}

/// The attributes of the sum over all axes, by rank.
private let overAllAxes: [Attributes] = (0...Tensor.Shape.maximumRank).map { rank in
    ["axes": .integers(Array(0..<rank)), "keepDimensions": false]
}

/// The mean of all elements, of rank 0. The mean of none is NaN.
public func mean(_ x: Tensor) -> Tensor { sum(x) / Double(x.elementCount) }

/// The mean over one axis; a negative one counts from the end.
public func mean(_ x: Tensor, along axis: Int, keepDimensions: Bool = false) -> Tensor {
    mean(x, along: [axis], keepDimensions: keepDimensions)
}

/// The mean over some axes; see ``sum(_:along:keepDimensions:)``.
public func mean(_ x: Tensor, along axes: [Int], keepDimensions: Bool = false) -> Tensor {
    let total = sum(x, along: axes, keepDimensions: keepDimensions)
    let count = axes.reduce(1) { count, axis in x.shape.resolved(axis: axis).map { count * x.shape[$0] } ?? count }
    return total / Double(count)
}

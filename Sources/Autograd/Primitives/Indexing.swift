/// What may stand between the brackets behind a tensor: a position, or a range of them such as `1..<3`, `1...` or `..<2`.
public protocol TensorIndex {
    /// What it selects of an axis.
    var axisPart: AxisPart { get }
}

/// What one index selects of an axis.
public enum AxisPart: Sendable, Hashable {
    /// One position, which counts from the end when it is negative; the axis disappears.
    case position(Int)
    /// The positions from the first up to, but not including, the second; nil is the axis' own end. The axis stays.
    case range(Int?, Int?)
}

extension Int: TensorIndex { public var axisPart: AxisPart { .position(self) } }
extension Range: TensorIndex where Bound == Int { public var axisPart: AxisPart { .range(lowerBound, upperBound) } }
extension PartialRangeFrom: TensorIndex where Bound == Int { public var axisPart: AxisPart { .range(lowerBound, nil) } }
extension PartialRangeUpTo: TensorIndex where Bound == Int { public var axisPart: AxisPart { .range(nil, upperBound) } }
// A range through the largest Int, which has no end, reaches outside of any axis also without its last position.
extension ClosedRange: TensorIndex where Bound == Int {
    public var axisPart: AxisPart { .range(lowerBound, Swift.min(upperBound, .max - 1) + 1) }
}
extension PartialRangeThrough: TensorIndex where Bound == Int {
    public var axisPart: AxisPart { .range(nil, Swift.min(upperBound, .max - 1) + 1) }
}

extension Tensor {
    /// The part at these positions of the leading axes: of a matrix, `x[1]` is a row, `x[1, 2]` a single number, `x[0..<2, 1]`
    /// the beginning of a column and `x[0, 1...]` a row without its first element.
    ///
    /// A single position takes its axis away, and counts from the end when it is negative; a range keeps its axis. What lies
    /// outside of an axis is an error.
    public subscript(indices: any TensorIndex...) -> Tensor { part(indices, from: 0) }

    /// The part at these positions of the last axes: `x[..., 0]` is the first column of a matrix, or of each of a batch.
    public subscript(_: UnboundedRange, indices: any TensorIndex...) -> Tensor {
        part(indices, from: Swift.max(rank - indices.count, 0))
    }

    /// The part of one axis that a range covers, every `step`-th element of it.
    ///
    /// - Parameters:
    ///   - range: Positions along the axis, such as `1..<3` or `1...`. One that reaches outside is an error.
    ///   - axis: The axis; a negative one counts from the end.
    ///   - step: The distance between elements, at least 1.
    public func sliced(_ range: some RangeExpression<Int> & TensorIndex, along axis: Int, step: Int = 1) -> Tensor {
        if isFailed { return self }
        guard let axis = shape.resolved(axis: axis), step >= 1 else {
            return TensorError(
                "sliced", "axis \(axis) or step \(step) is not possible", of: [self],
                advice: "The axis must be one of the tensor's, the step at least 1."
            ).raise()
        }
        return part([range], from: axis, by: step, "sliced")
    }

    private func part(
        _ indices: [any TensorIndex], from first: Int, by step: Int = 1, _ name: String = "subscript"
    ) -> Tensor {
        if isFailed { return self }
        guard indices.count <= rank else {
            let problem = "\(indices.count) positions for \(rank) axes"
            return TensorError(name, problem, of: [self]).raise()
        }
        var (starts, counts, steps) = (Shape(repeating: 0, rank: rank), shape, Shape(repeating: 1, rank: rank))
        var kept = Shape()
        for axis in shape.indices {
            let isIndexed = indices.indices.contains(axis - first)
            let index = isIndexed ? indices[axis - first].axisPart : .range(nil, nil)
            guard let (start, count) = positions(index, axis, name) else { return .failed }
            if isIndexed { steps[axis] = step }
            (starts[axis], counts[axis]) = (start, count == 0 ? 0 : (count - 1) / steps[axis] + 1)
            if case .range = index { kept.append(counts[axis]) }
        }
        return Primitive.slice(self, attributes: .slicing(starts, counts: counts, steps: steps)).reshaped(to: kept)
    }

    /// The first position that is selected of an axis, and how many there are; nil, and an error, where they lie outside.
    private func positions(_ part: AxisPart, _ axis: Int, _ name: String) -> (start: Int, count: Int)? {
        let length = shape[axis]
        switch part {
        case .position(let position):
            let start = position < 0 ? position + length : position
            return 0..<length ~= start ? (start, 1) : outside("position \(position) lies", axis, name)
        case .range(let first, let end):
            let (first, end) = (first ?? 0, end ?? length)
            let isInside = 0 <= first && first <= end && end <= length
            return isInside ? (first, end - first) : outside("positions \(first)..<\(end) reach", axis, name)
        }
    }

    private func outside(_ positions: String, _ axis: Int, _ name: String) -> (Int, Int)? {
        TensorError(
            name, "\(positions) outside axis \(axis), which has \(shape[axis])", of: [self],
            advice: "Only single positions count from the end when negative."
        ).raise(returning: nil)
    }
}

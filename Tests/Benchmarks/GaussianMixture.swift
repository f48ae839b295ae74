import Autograd

// The logarithm of the posterior of a mixture of Gaussians, up to a constant, as the benchmark ADBench has it (F. Srajer,
// Z. Kukelova, A. Fitzgibbon, "A benchmark of selected algorithmic differentiation tools", 2018): for n points xᵢ and k
// components with weights α, means μ and the roots Q of inverse covariances, which are lower triangular and have eᵠ on the
// diagonal,
//
//     Σᵢ log Σₖ exp(αₖ + Σ qₖ − |Qₖ (xᵢ − μₖ)|² / 2) − n log Σₖ exp αₖ + |Q|² / 2.

private enum Mixture {
    static let (dimensions, components, pointCount) = (10, 25, 1000)
    /// The numbers of the lower triangle below the diagonal.
    static let below = dimensions * (dimensions - 1) / 2
    static let parameterCount = components * (1 + 2 * dimensions + below)

    /// Parameters from −0.5 to 0.5, and points from −1 to 1, which are columns.
    static let (parameters, points): (Tensor, Tensor) = {
        var numbers = Xorshift()
        let parameters = Tensor(numbers.uniform(parameterCount, within: 0.5))
        let points = Tensor(numbers.uniform(pointCount * dimensions, within: 1), shape: [pointCount, dimensions])
        return (parameters, points.transposed())
    }()

    /// Where the numbers on the diagonal and below it, column by column, have their places in a matrix: a row with a single
    /// 1 for each.
    static let (diagonalPlaces, placesBelow): (Tensor, Tensor) = {
        let places = 0..<dimensions
        func rows(_ positions: [Int]) -> Tensor {
            Tensor(
                positions.flatMap { position in (0..<dimensions * dimensions).map { $0 == position ? 1.0 : 0 } },
                shape: [positions.count, dimensions * dimensions])
        }
        return (
            rows(places.map { $0 * (dimensions + 1) }),
            rows(places.flatMap { column in (column + 1..<dimensions).map { $0 * dimensions + column } })
        )
    }()

    /// All but the constant, from the parameters α, μ and, for each component, q and what is below the diagonal of Q.
    @Sendable
    static func loss(_ parameters: Tensor) -> Tensor {
        let (d, k) = (dimensions, components)
        let weights = parameters[..<k]
        let means = parameters[k..<k + k * d].reshaped(to: [k, d, 1])
        let roots = parameters[(k + k * d)...].reshaped(to: [k, d + below])
        let (q, lower) = (roots.sliced(..<d, along: 1), roots.sliced(d..., along: 1))
        let root = (matmul(exp(q), diagonalPlaces) + matmul(lower, placesBelow)).reshaped(to: [k, d, d])
        let distances = sum(square(matmul(root, points - means)), along: 1)
        let exponents = (weights + sum(q, along: 1)).reshaped(to: [k, 1]) - distances / 2
        return sum(logSumExp(exponents, along: 0)) - Double(pointCount) * logSumExp(weights) + sum(square(root)) / 2
    }
}

/// The value and the length of the gradient, as the peers find them too.
private let (value, slopeLength) = (-2303.262548776428, 559.28905139619917)

func measureGaussianMixture(_ report: Report) {
    let name = "gradient of a Gaussian mixture 10, 25, 1000"
    let slopes: @Sendable ([Tensor]) -> [Tensor] = { inputs in
        let (loss, slope) = valueWithGradient(at: inputs[0], of: Mixture.loss)
        return [loss, slope]
    }
    report.rows(
        "W3", name, .microseconds, at: [Mixture.parameters], slopes,
        check: { results in
            Check(
                [results[0].scalar, sum(square(results[1])).scalar.squareRoot()], equals: [value, slopeLength],
                tolerance: 1e-10)
        })
}

/// The derivative of a function of one number, measured without knowing how it is computed.
struct FiniteDifference {
    let derivative: Double
    /// How far off it may be, judged from how the estimates at different steps agree.
    let error: Double
    /// The slopes to the left and to the right, over a small step.
    let slopes: (left: Double, right: Double)
    /// The value of the function itself.
    let value: Double
    /// Whether the slopes differ by as much over a quarter of that step: for a smooth function they come together.
    let isKink: Bool

    /// Central differences over a sweep of steps h, h/2, h/4 …, extrapolated to step 0 by Ridders' method.
    ///
    /// A central difference is f′ + c₂h² + c₄h⁴ + …; two of them cancel the leading term, two of those the next, and so on,
    /// until rounding outweighs what is gained: the estimate that agrees best with its neighbours is taken.
    /// Source: C. Ridders, "Accurate computation of F′(x) and F′(x)F″(x)", Advances in Engineering Software 4 (1982).
    init(of function: (Double) -> Double, step: Double) {
        let shrink = 2.0
        let rounds = 12
        var previous: [Double] = []
        var best = (derivative: Double.nan, error: Double.infinity)
        var h = step
        for _ in 0..<rounds {
            var row = [(function(h) - function(-h)) / (2 * h)]
            defer { h /= shrink }
            guard row[0].isFinite else {
                // The step leaves the function's domain: begin again with a smaller one.
                previous = []
                continue
            }
            var factor = shrink * shrink
            for estimate in previous {
                row.append((row.last! * factor - estimate) / (factor - 1))
                let error = max(abs(row.last! - row[row.count - 2]), abs(row.last! - estimate))
                if error <= best.error { best = (row.last!, error) }
                factor *= shrink * shrink
            }
            previous = row
        }
        (derivative, error) = best
        let middle = function(0)
        value = middle
        func slopes(_ h: Double) -> (left: Double, right: Double) {
            ((middle - function(-h)) / h, (function(h) - middle) / h)
        }
        let (wide, narrow) = (slopes(step * 0x1p-10), slopes(step * 0x1p-12))
        let jump = abs(narrow.left - narrow.right)
        self.slopes = narrow
        isKink = jump > 1e-4 * max(1, abs(narrow.left), abs(narrow.right)) && jump > abs(wide.left - wide.right) / 2
    }
}

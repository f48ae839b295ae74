/// What a gradient check found: for each order and input, the element at which the computed and the measured derivative
/// differ most. Prints in a few lines.
public struct GradientReport: Sendable, CustomStringConvertible {
    /// One input at one order.
    public struct Check: Sendable {
        /// 1 for the gradient, 2 for the gradient of the gradient along a random direction.
        public let order: Int
        /// What the input is called.
        public let input: String
        /// Where computed and measured value differ most, as positions along the axes; nil for a random direction.
        public let index: [Int]?
        /// The derivative by the pullbacks.
        public let computed: Double
        /// The derivative by central differences.
        public let measured: Double
        /// By how much they may differ.
        public let tolerance: Double
        /// What is wrong; nil where they agree.
        public let verdict: String?

        /// Whether computed and measured derivative agree.
        public var passes: Bool { verdict == nil }
    }

    /// What was checked, for instance a primitive's name.
    public let subject: String
    public let checks: [Check]

    /// Whether all checks pass, and there was one at all.
    public var passes: Bool { !checks.isEmpty && checks.allSatisfy(\.passes) }

    public var description: String {
        let failed = checks.filter { !$0.passes }
        if checks.isEmpty { return "\(subject): nothing was checked" }
        if failed.isEmpty {
            let found = Set(checks.map(\.order)).sorted().map(String.init)
            let orders = (found.count == 1 ? "order " : "orders ") + found.joined(separator: " and ")
            let worst = checks.map { abs($0.computed - $0.measured) }.max() ?? 0
            return "\(subject): passes, \(orders), \(checks.count) checks, largest difference \(worst)"
        }
        return (["\(subject): \(failed.count) of \(checks.count) checks fail"] + failed.prefix(4).map(\.text))
            .joined(separator: "\n")
    }
}

extension GradientReport.Check {
    fileprivate var text: String {
        let place = index.map { $0.isEmpty ? "" : " at \($0)" } ?? " along a random direction"
        return """
              order \(order), \(input)\(place): computed \(computed), measured \(measured), tolerance \(tolerance)
                \(verdict ?? "agrees")
            """
    }
}

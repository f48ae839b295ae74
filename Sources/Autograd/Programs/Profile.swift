extension Replayer {
    /// Where the time of a replay at these inputs goes, step by step, from runs that measure themselves. They run in memory of
    /// their own, from the present state on, and nothing else is changed.
    package func profile(_ inputs: [Tensor]) -> String {
        let inputs = inputs.map(\.packed)
        var tried: Code?
        while let code = recordings.withLock({ $0.code(for: inputs, after: tried) }) {
            tried = code
            if let text = code.profile(in: copiedMemory(for: code), inputs) { return text }
        }
        return "no recording serves these inputs: run on them first"
    }
}

extension Code {
    /// After so long, or so many runs, no further one is measured.
    private static let (mostSeconds, mostRuns) = (0.2, 1000)

    /// The plan with the share of each step; nil where a guard does not hold.
    fileprivate func profile(in memory: Memory, _ inputs: [Tensor]) -> String? {
        // The first run binds inputs and results.
        var outputs: [Tensor] = []
        guard inputs.withUnsafeBufferPointer({ memory.run($0, into: &outputs) }) else { return nil }
        let clock = ContinuousClock()
        // To read the clock takes as long as a small step.
        let reading = (0..<100).map { _ in clock.measure {} }.min()!
        var times = [Duration](repeating: .zero, count: steps.count)
        var (runs, all) = (0, Duration.zero)
        withExtendedLifetime((inputs, outputs)) {
            while runs < Code.mostRuns, all < .seconds(Code.mostSeconds) {
                var isServed = true
                all += clock.measure {
                    isServed = run(memory.bases) { step in
                        var isTaken = true
                        let time = clock.measure { isTaken = steps[step].run(memory.bases) }
                        times[step] += max(.zero, time - reading)
                        return isTaken
                    }
                }
                // What the state has become may be such that a guard no longer holds.
                if !isServed { break }
                runs += 1
            }
        }
        if runs == 0 { return nil }
        return text(times.map { $0 / .seconds(1) / Double(runs) })
    }

    /// The plan, with the share of a step in front of its first instruction. Copies, which are none, come last.
    private func text(_ seconds: [Double]) -> String {
        let all = seconds.reduce(0, +)
        var shares = seconds.map { Code.rounded(100 * $0 / max(all, 1e-9)) + " %" }
        func line(_ step: Int, _ text: String) -> String {
            var share = ""
            if step >= 0 { swap(&share, &shares[step]) }
            return String(repeating: " ", count: 7 - share.count) + share + "  " + text
        }
        var lines = Planner.lines(of: graph, stateCount: state.count).map(line)
        lines += steps.indices.filter { !shares[$0].isEmpty }.map { line($0, "a copy, step \($0)") }
        return (["\(Code.rounded(all * 1e6)) µs a run, of which the steps take:"] + lines).joined(separator: "\n")
    }

    /// A number with one digit behind the point.
    private static func rounded(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

/// How long one execution of a piece of work took, in seconds, sample by sample.
struct Measurement {
    let median: Double
    /// The smallest sample as a part of the median: 1 on a quiet machine.
    let steadiness: Double

    init(_ samples: [Double]) {
        let sorted = samples.sorted()
        median = sorted[sorted.count / 2]
        steadiness = sorted[0] / median
    }

    /// The differences of pairs of samples, which are as steady as the less steady of the two.
    init(_ samples: [Double], asSteadyAs measurements: Measurement...) {
        median = Measurement(samples).median
        steadiness = measurements.map(\.steadiness).min()!
    }
}

/// Takes samples of pieces of work.
struct Stopwatch {
    /// How many samples a row has.
    var sampleCount = 11
    /// How long each of them lasts, by repeating the work.
    var sampleSeconds = 0.03

    /// The time of one execution of `body`.
    func measure<Value>(_ body: () -> Value) -> Measurement {
        let repetitions = repetitions(of: body)
        return Measurement((0..<sampleCount).map { _ in seconds(repetitions, body) / Double(repetitions) })
    }

    /// The times of two pieces of work and of what the second takes longer than the first. Sampled in turns, so that a
    /// machine that slows down slows both.
    func measure<First, Second>(
        _ first: () -> First, beside second: () -> Second
    ) -> (first: Measurement, second: Measurement, difference: Measurement) {
        let (firstCount, secondCount) = (repetitions(of: first), repetitions(of: second))
        let samples = (0..<sampleCount).map { _ in
            (seconds(firstCount, first) / Double(firstCount), seconds(secondCount, second) / Double(secondCount))
        }
        let (first, second) = (Measurement(samples.map(\.0)), Measurement(samples.map(\.1)))
        return (first, second, Measurement(samples.map { $0.1 - $0.0 }, asSteadyAs: first, second))
    }

    /// How many executions make a sample that is long enough.
    private func repetitions<Value>(of body: () -> Value) -> Int {
        keep(body())
        var count = 1
        while true {
            let duration = max(seconds(count, body), 1e-9)
            if duration >= sampleSeconds / 2 { return max(1, Int(Double(count) * sampleSeconds / duration)) }
            count = max(count * 2, Int(Double(count) * sampleSeconds / duration * 0.7))
        }
    }

    @inline(__always)
    private func seconds<Value>(_ count: Int, _ body: () -> Value) -> Double {
        let start = ContinuousClock.now
        for _ in 0..<count { keep(body()) }
        return (ContinuousClock.now - start).seconds
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// Uses a value in a way that the optimiser cannot see through, so that what computes it is not left out.
@inline(never) @_optimize(none)
func keep<Value>(_ value: Value) {}

import Autograd

/// What a row counts in.
struct Unit {
    let label: String
    /// How many of it are in a second.
    let perSecond: Double

    static let nanosecondsPerOperation = Unit(label: "ns/op", perSecond: 1e9)
    static let nanosecondsPerStep = Unit(label: "ns/step", perSecond: 1e9)
    static let picosecondsPerElement = Unit(label: "ps/elem", perSecond: 1e12)
    static let microsecondsPerStep = Unit(label: "us/step", perSecond: 1e6)
    static let microseconds = Unit(label: "us", perSecond: 1e6)
    static let nanoseconds = Unit(label: "ns", perSecond: 1e9)
    static let milliseconds = Unit(label: "ms", perSecond: 1e3)
}

/// A result beside what it must be.
struct Check {
    let computed: [Double]
    let expected: [Double]
    let tolerance: Double

    /// - Parameter tolerance: How far each number may be off, relative to the expected one.
    init(_ computed: [Double], equals expected: [Double], tolerance: Double = 1e-12) {
        (self.computed, self.expected, self.tolerance) = (computed, expected, tolerance)
    }

    /// What is wrong with the result; nil if nothing.
    var problem: String? {
        guard computed.count == expected.count else { return "\(computed.count) numbers instead of \(expected.count)" }
        for (position, (number, wanted)) in zip(computed, expected).enumerated()
        where !((number - wanted).magnitude <= tolerance * wanted.magnitude) {
            return "number \(position) is \(number) instead of \(wanted)"
        }
        return nil
    }
}

/// Runs the rows that are asked for, and prints them.
final class Report {
    /// False once a result was wrong.
    private(set) var isCorrect = true
    let stopwatch: Stopwatch
    var isQuick: Bool { options.isQuick }
    private let options: Options
    private var objects: [String] = []
    /// The rows so far.
    private(set) var results: [Result] = []

    struct Result {
        let work, name: String
        let value: Double
        let unit: String
    }

    init(_ options: Options) {
        self.options = options
        stopwatch = options.isQuick ? Stopwatch(sampleCount: 3, sampleSeconds: 0.001) : Stopwatch()
    }

    /// Whether a row is asked for.
    func wants(_ work: String, _ name: String) -> Bool {
        options.filter.map { work.contains($0) || name.contains($0) } ?? true
    }

    /// A row: checks a result, then times the work.
    ///
    /// - Parameters:
    ///   - count: How many of the unit's things one execution of `body` does.
    ///   - goal: What the value should not exceed.
    func row<Value>(
        _ work: String, _ name: String, _ unit: Unit, per count: Int = 1, atMost goal: Double? = nil, threads: Int = 1,
        check: () -> Check, body: () -> Value
    ) {
        guard wants(work, name), passes(work, name, check()) else { return }
        add(work, name, stopwatch.measure(body), unit, per: count, atMost: goal, threads: threads)
    }

    /// Three rows: recording something, recording and differentiating it, and the difference of the two.
    func rows<First, Second>(
        _ work: String, _ name: String, _ unit: Unit, per count: Int, recordAtMost: Double, differentiateAtMost: Double,
        check: () -> Check, record: () -> First, recordAndDifferentiate: () -> Second
    ) {
        let names = ["record \(name)", "record and differentiate \(name)", "differentiate \(name)"]
        guard names.contains(where: { wants(work, $0) }), passes(work, name, check()) else { return }
        let times = stopwatch.measure(record, beside: recordAndDifferentiate)
        let goals = [recordAtMost, nil, differentiateAtMost]
        for (position, time) in [times.first, times.second, times.difference].enumerated()
        where wants(work, names[position]) {
            add(work, names[position], time, unit, per: count, atMost: goals[position])
        }
    }

    /// Two rows: a function computed as it is written, and replayed.
    func rows(
        _ work: String, _ name: String, _ unit: Unit, at inputs: [Tensor],
        _ function: @escaping @Sendable ([Tensor]) -> [Tensor], check: ([Tensor]) -> Check
    ) {
        row(work, name, unit, check: { check(function(inputs)) }, body: { function(inputs) })
        guard wants(work, name + ", replayed") else { return }
        let program = Program(at: inputs, of: function)
        var outputs: [Tensor] = []
        row(
            work, name + ", replayed", unit, check: { check(program.outputs(of: inputs)) },
            body: { program.run(inputs, into: &outputs) })
    }

    /// Notes whether a result is right.
    func passes(_ work: String, _ name: String, _ check: Check) -> Bool {
        guard let problem = check.problem else { return true }
        printError("WRONG: \(work) \(name): \(problem)")
        isCorrect = false
        return false
    }

    /// Prints a row of times.
    func add(
        _ work: String, _ name: String, _ time: Measurement, _ unit: Unit, per count: Int = 1,
        atMost goal: Double? = nil, threads: Int = 1
    ) {
        let value = time.median * unit.perSecond / Double(count)
        add(work, name, value, unit.label, decimal(time.steadiness, digits: 2), atMost: goal, threads: threads)
    }

    /// Prints a row, and in its last column the goal or a note.
    func add(
        _ work: String, _ name: String, _ value: Double, _ unit: String, _ steadiness: String = "",
        atMost goal: Double?,
        threads: Int = 1, note: String = ""
    ) {
        printRow(
            work, name, decimal(value, digits: value < 10 ? 2 : value < 1000 ? 1 : 0), unit, steadiness,
            goal.map { "≤ " + decimal($0, digits: 0) } ?? note)
        results.append(Result(work: work, name: name, value: value, unit: unit))
        let members = [("work", work), ("case", name), ("unit", unit)].map { "\"\($0)\": \"\($1)\"" }
        objects.append("{" + members.joined(separator: ", ") + ", \"value\": \(value), \"threads\": \(threads)}")
    }

    /// Notes that something went wrong which is no row's result.
    func fail() { isCorrect = false }

    func printHeader() { printRow("work", "case", "median", "unit", "min/med", "goal") }

    func printRow(
        _ work: String, _ name: String, _ value: String, _ unit: String, _ steadiness: String, _ goal: String
    ) {
        print(
            work.padded(to: 8) + name.padded(to: 62) + value.padded(to: 9, onLeft: true), unit.padded(to: 9),
            steadiness.padded(to: 8) + goal)
        flushOutput()
    }

    /// Writes the rows to the file that the options name. One that cannot be written counts as a wrong result.
    func writeJSON() {
        guard let path = options.json else { return }
        guard writeFile("[\n" + objects.map { "  " + $0 }.joined(separator: ",\n") + "\n]\n", to: path) else {
            printError("benchmarks: cannot write \(path)")
            isCorrect = false
            return
        }
    }
}

extension String {
    fileprivate func padded(to width: Int, onLeft: Bool = false) -> String {
        let padding = String(repeating: " ", count: max(0, width - count))
        return onLeft ? padding + self : self + padding
    }
}

/// The command-line options of an executable, declared one after the other and checked at the end.
///
///     var options = Options(name: "xor", summary: "Trains a network to compute exclusive or.")
///     let seed = options.integer("seed", default: 1, atLeast: 0, "seed of the random initial weights")
///     let rate = options.number("learning-rate", default: 0.5, above: 0, "length of a training step")
///     let trace = options.flag("trace", "print every step")
///     options.finish()
///
/// A value follows its option as `--seed 7` or `--seed=7`; in the first form it cannot start with `--`.
/// If an option is repeated, the last one wins. Nothing is reported before `finish()`, so that `--help` knows every
/// option: until then, an option that is given wrongly has its default value.
public struct Options {
    /// What `finish()` has to do.
    enum Outcome: Equatable {
        case proceed
        case help
        case failure(String)
    }

    private struct Argument {
        /// The argument as it was given.
        let text: String

        /// The name between `--` and `=`, or nil if the argument does not start with `--`.
        let option: String?

        /// What follows `=`, or the whole argument if it is no option.
        let value: String?

        /// Whether a declared option has claimed this argument.
        var isTaken = false

        init(_ text: String) {
            self.text = text
            if text.hasPrefix("--") {
                let parts = text.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                option = String(parts[0])
                value = parts.count > 1 ? String(parts[1]) : nil
            } else {
                option = nil
                value = text
            }
        }
    }

    private let name: String
    private let summary: String
    private var arguments: [Argument]
    private var isHelpWanted = false
    private var declared: [(name: String, placeholder: String, meaning: String)] = []
    private var problems: [(position: Int, message: String)] = []

    /// Starts the declaration of the options of the executable `name`.
    public init(name: String, summary: String, arguments: some Sequence<String> = CommandLine.arguments.dropFirst()) {
        self.name = name
        self.summary = summary
        self.arguments = arguments.map(Argument.init)
        isHelpWanted = flag("help", "show this help and exit", default: nil)
    }

    // MARK: Declaring options

    /// A whole number from `bound` up.
    public mutating func integer<Value: FixedWidthInteger>(
        _ name: String, default value: Value, atLeast bound: Value, _ meaning: String
    ) -> Value {
        let expected = "a whole number from \(bound) to \(Value.max)"
        declare(name, "N", meaning, default: "\(value)")
        return take(name, expected) { Value($0).flatMap { $0 >= bound ? $0 : nil } } ?? value
    }

    /// A finite number greater than `bound`.
    public mutating func number(
        _ name: String, default value: Double, above bound: Double, _ meaning: String
    ) -> Double {
        number(name, default: value, meaning, "a number above \(bound.compact)") { $0 > bound }
    }

    /// A finite number that is `bound` or greater.
    public mutating func number(
        _ name: String, default value: Double, atLeast bound: Double, _ meaning: String
    ) -> Double {
        number(name, default: value, meaning, "a number of at least \(bound.compact)") { $0 >= bound }
    }

    /// A row of `count` zeros and ones, such as the truth table `0110`, nil unless it is given.
    public mutating func bits(_ name: String, count: Int, _ meaning: String) -> [Int]? {
        declare(name, "BITS", meaning, default: "none")
        return take(name, "\(count) digits, each 0 or 1") { text in
            let digits = text.compactMap { $0 == "0" ? 0 : $0 == "1" ? 1 : nil }
            return digits.count == text.count && digits.count == count ? digits : nil
        }
    }

    /// The path of a file, nil unless it is given.
    public mutating func path(_ name: String, _ meaning: String) -> String? {
        declare(name, "FILE", meaning, default: "none")
        return take(name, "a path") { $0 }
    }

    /// A switch that takes no value, true if it is given.
    public mutating func flag(_ name: String, _ meaning: String) -> Bool {
        flag(name, meaning, default: "off")
    }

    // MARK: Checking the arguments

    /// Prints the usage and exits with code 0 if `--help` was given, or reports the first wrong argument and exits
    /// with code 64; otherwise returns. To be called once, after all options are declared.
    public func finish() {
        switch outcome {
        case .proceed:
            return
        case .help:
            print(usage)
            exit(status: 0)
        case .failure(let message):
            fail("\(name): \(message)\n\n\(usage)", status: 64)
        }
    }

    /// The verdict on the arguments: help comes first, then the leftmost problem.
    var outcome: Outcome {
        if isHelpWanted { return .help }
        let leftovers = arguments.enumerated().filter { !$1.isTaken }.map { position, argument in
            let complaint = argument.text.hasPrefix("-") ? "unknown option" : "unexpected argument"
            return (position: position, message: "\(complaint) \(argument.text.debugDescription)")
        }
        let first = (problems + leftovers).min { $0.position < $1.position }
        return first.map { .failure($0.message) } ?? .proceed
    }

    /// The text that `--help` prints, without a final newline.
    var usage: String {
        // `--help` is declared first and listed last.
        let rows = (declared.dropFirst() + declared.prefix(1)).map { option in
            (left: "  --\(option.name) \(option.placeholder)", right: option.meaning)
        }
        let width = rows.map(\.left.count).max() ?? 0
        let lines = rows.map { $0.left.padded(to: width + 2) + $0.right }
        return "Usage: \(name) [options]\n\n\(summary)\n\nOptions:\n" + lines.joined(separator: "\n")
    }

    // MARK: Taking arguments

    private mutating func declare(_ name: String, _ placeholder: String, _ meaning: String, default value: String?) {
        precondition(!declared.contains { $0.name == name }, "--\(name) is declared twice")
        declared.append((name, placeholder, meaning + (value.map { " (default: \($0))" } ?? "")))
    }

    private mutating func number(
        _ name: String, default value: Double, _ meaning: String, _ expected: String, where isAllowed: (Double) -> Bool
    ) -> Double {
        declare(name, "X", meaning, default: "\(value)")
        return take(name, expected) { text in
            Double(text).flatMap { $0.isFinite && isAllowed($0) ? $0 : nil }
        } ?? value
    }

    private mutating func flag(_ name: String, _ meaning: String, default value: String?) -> Bool {
        declare(name, "", meaning, default: value)
        var isGiven = false
        for position in positions(of: name) {
            arguments[position].isTaken = true
            isGiven = true
            if arguments[position].value != nil {
                problems.append((position, "--\(name) takes no value"))
            }
        }
        return isGiven
    }

    /// Takes every occurrence of an option together with its value, and returns the last value that `parse` accepts.
    private mutating func take<Value>(_ name: String, _ expected: String, parse: (String) -> Value?) -> Value? {
        var result: Value?
        for position in positions(of: name) {
            arguments[position].isTaken = true
            var text = arguments[position].value
            let next = position + 1
            if text == nil, next < arguments.endIndex, arguments[next].option == nil {
                arguments[next].isTaken = true
                text = arguments[next].value
            }
            guard let text, !text.isEmpty else {
                problems.append((position, "--\(name) needs a value"))
                continue
            }
            if let value = parse(text) {
                result = value
            } else {
                problems.append((position, "--\(name) must be \(expected), not \(text.debugDescription)"))
            }
        }
        return result
    }

    private func positions(of name: String) -> [Int] {
        arguments.indices.filter { arguments[$0].option == name }
    }
}

import Testing

@testable import Support

/// The options of a trainer, and what it makes of its arguments.
struct Settings: Equatable {
    var seed = 1
    var rate = 0.5
    var goal = 0.001
    var function: [Int]?
    var plot: String?
    var trace = false
}

private func parse(_ arguments: [String]) -> (settings: Settings, options: Options) {
    var options = Options(name: "trainer", summary: "Trains a network.", arguments: arguments)
    let settings = Settings(
        seed: options.integer("seed", default: 1, atLeast: 0, "seed of the weights"),
        rate: options.number("learning-rate", default: 0.5, above: 0, "length of a step"),
        goal: options.number("loss-goal", default: 0.001, atLeast: 0, "loss to reach"),
        function: options.bits("function", count: 4, "truth table"),
        plot: options.path("plot", "picture to write"),
        trace: options.flag("trace", "print every step")
    )
    return (settings, options)
}

@Suite struct `The options` {
    @Test(arguments: [
        ([], Settings()),
        (["--seed", "7"], Settings(seed: 7)),
        (["--seed=7"], Settings(seed: 7)),
        (["--seed", "7", "--seed=8"], Settings(seed: 8)),
        (["--learning-rate", "1e-2", "--loss-goal=0"], Settings(rate: 0.01, goal: 0)),
        (["--function", "0001"], Settings(function: [0, 0, 0, 1])),
        (["--trace", "--plot", "a b.svg", "--seed", "0"], Settings(seed: 0, plot: "a b.svg", trace: true)),
        (["--plot=--a=b.svg"], Settings(plot: "--a=b.svg")),
        (["--plot", "-"], Settings(plot: "-")),
        (["--trace", "--trace"], Settings(trace: true)),
    ])
    func `are taken in any order and in both forms`(arguments: [String], expected: Settings) {
        let (settings, options) = parse(arguments)
        #expect(settings == expected)
        #expect(options.outcome == .proceed)
    }

    @Test(arguments: [
        (["--sed", "7"], "unknown option \"--sed\""),
        (["--sed=7"], "unknown option \"--sed=7\""),
        (["-s"], "unknown option \"-s\""),
        (["--"], "unknown option \"--\""),
        (["7"], "unexpected argument \"7\""),
        ([""], "unexpected argument \"\""),
        (["--trace", "7"], "unexpected argument \"7\""),
        (["--trace=7"], "--trace takes no value"),
        (["--seed"], "--seed needs a value"),
        (["--seed="], "--seed needs a value"),
        (["--seed", ""], "--seed needs a value"),
        (["--plot", "--trace"], "--plot needs a value"),
        (["--seed", "7", "--seed"], "--seed needs a value"),
        (["--seed", "x"], "--seed must be a whole number from 0 to 9223372036854775807, not \"x\""),
        (["--seed", "1.5"], "--seed must be a whole number from 0 to 9223372036854775807, not \"1.5\""),
        (["--seed", "-1"], "--seed must be a whole number from 0 to 9223372036854775807, not \"-1\""),
        (
            ["--seed", "9223372036854775808"],
            "--seed must be a whole number from 0 to 9223372036854775807, not \"9223372036854775808\""
        ),
        (["--learning-rate", "0"], "--learning-rate must be a number above 0, not \"0\""),
        (["--learning-rate", "inf"], "--learning-rate must be a number above 0, not \"inf\""),
        (["--learning-rate", "nan"], "--learning-rate must be a number above 0, not \"nan\""),
        (["--learning-rate", "1e999"], "--learning-rate must be a number above 0, not \"1e999\""),
        (["--learning-rate", "1\n2"], "--learning-rate must be a number above 0, not \"1\\n2\""),
        (["--loss-goal", "-1"], "--loss-goal must be a number of at least 0, not \"-1\""),
        (["--function", "011"], "--function must be 4 digits, each 0 or 1, not \"011\""),
        (["--function", "01101"], "--function must be 4 digits, each 0 or 1, not \"01101\""),
        (["--function", "0120"], "--function must be 4 digits, each 0 or 1, not \"0120\""),
        (["--function", "0x110"], "--function must be 4 digits, each 0 or 1, not \"0x110\""),
        (["--trace", "--loss-goal", "x", "--seed", "y"], "--loss-goal must be a number of at least 0, not \"x\""),
        (["--wrong", "--seed", "y"], "unknown option \"--wrong\""),
    ])
    func `that are wrong are reported, the leftmost first`(arguments: [String], message: String) {
        #expect(parse(arguments).options.outcome == .failure(message))
    }

    @Test func `that are wrong have their defaults until the end`() {
        #expect(parse(["--seed", "x", "--function", "2"]).settings == Settings())
    }

    @Test(arguments: [["--help"], ["--wrong", "--help"], ["--seed", "--help"]])
    func `ask for help before anything else`(arguments: [String]) {
        #expect(parse(arguments).options.outcome == .help)
    }

    @Test func `are listed with their meanings and defaults`() {
        let expected = """
            Usage: trainer [options]

            Trains a network.

            Options:
              --seed N           seed of the weights (default: 1)
              --learning-rate X  length of a step (default: 0.5)
              --loss-goal X      loss to reach (default: 0.001)
              --function BITS    truth table (default: none)
              --plot FILE        picture to write (default: none)
              --trace            print every step (default: off)
              --help             show this help and exit
            """
        #expect(parse([]).options.usage == expected)
    }

    @Test func `that are right let the program go on`() async {
        await #expect(processExitsWith: .exitCode(3)) {
            parse(["--seed", "7"]).options.finish()
            fail("went on", status: 3)
        }
    }

    @Test func `that are wrong end the program`() async throws {
        let result = try await #require(
            processExitsWith: .exitCode(64), observing: [\.standardErrorContent, \.standardOutputContent]
        ) {
            parse(["--seed", "x"]).options.finish()
        }
        let (output, error) = (text(result.standardOutputContent), text(result.standardErrorContent))
        let usage = parse([]).options.usage
        let message = #"trainer: --seed must be a whole number from 0 to 9223372036854775807, not "x""#
        #expect(error.contains("\(message)\n\n\(usage)\n"))
        #expect(!output.contains("Usage"))
    }

    @Test func `can ask for help`() async throws {
        let result = try await #require(
            processExitsWith: .exitCode(0), observing: [\.standardErrorContent, \.standardOutputContent]
        ) {
            parse(["--help"]).options.finish()
            fail("went on")
        }
        #expect(text(result.standardOutputContent).contains(parse([]).options.usage + "\n"))
        #expect(!text(result.standardErrorContent).contains("Usage"))
    }
}

private func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
}

/// What the command line asks for.
struct Options {
    /// Only rows whose work or case contains this.
    var filter: String?
    /// Where to write the rows as JSON.
    var json: String?
    /// A folder of other programs that do the same works.
    var peers: String?
    /// Few and short samples: for the results, not for the times.
    var isQuick = false

    static let usage = """
        usage: benchmarks [--filter TEXT] [--json FILE] [--peers DIR] [--quick] [--help]
          --filter TEXT  only rows whose work or case contains TEXT
          --json FILE    write the rows to FILE: an array of objects with work, case, value, unit, threads
          --peers DIR    run the programs of a folder too (*.py by the python3 on PATH, *.c by cc), and print the ratios
          --quick        a few short samples, to check the results only
          --help         print this
        """

    /// Reads the arguments after the program's name. A mistake ends the process with exit code 64.
    init(_ arguments: some Sequence<String>) {
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            switch argument {
            case "--filter": filter = Self.value(of: argument, rest.next())
            case "--json": json = Self.value(of: argument, rest.next())
            case "--peers": peers = Self.value(of: argument, rest.next())
            case "--quick": isQuick = true
            case "--help", "-h":
                print(Self.usage)
                exitProcess(0)
            default: Self.refuse("unknown option \(argument)")
            }
        }
    }

    private static func value(of option: String, _ argument: String?) -> String {
        guard let argument else { refuse("\(option) needs a value") }
        return argument
    }

    private static func refuse(_ problem: String) -> Never {
        printError("benchmarks: \(problem)\n\(usage)")
        exitProcess(64)
    }
}

import Autograd

/// The program started again, to do one small thing and end.
enum ChildProcess: String {
    /// Ends at once: what starting a process costs, with the libraries that it loads.
    case nothing = "--nothing"
    /// Computes a first gradient.
    case firstGradient = "--first-gradient"

    /// The exit code, when the program was started as a child: 0 where what it computed is right. Nil otherwise.
    static func exitCode(for arguments: [String]) -> Int32? {
        guard arguments.count == 2, let child = ChildProcess(rawValue: arguments[1]) else { return nil }
        return child == .nothing || gradient(at: 3) { x in x * x + 2 * x } == 8 ? 0 : 1
    }

    func run() -> Int32 { runProcess([CommandLine.arguments[0], rawValue]) }
}

/// From the start of a process to its end, with a first gradient in between: what a command-line tool waits for.
func measureProcesses(_ report: Report) {
    func row(_ name: String, _ child: ChildProcess, atMost goal: Double? = nil) {
        // The first run, which reads the files into the page cache, only checks the result.
        guard report.wants("W9", name) else { return }
        guard report.passes("W9", name, Check([Double(child.run())], equals: [0])) else { return }
        let stopwatch = Stopwatch(sampleCount: report.isQuick ? 3 : 21, sampleSeconds: 0)
        report.add("W9", name, stopwatch.measure { child.run() }, .milliseconds, atMost: goal)
    }
    // A static binary has no libraries of Swift to load.
    let isStatic = readFile("/proc/self/maps").map { !$0.contains("libswiftCore") } ?? false
    let kind = isStatic ? "static binary" : "dynamic binary"
    row("process start to first gradient, \(kind)", .firstGradient, atMost: isStatic ? 8 : 15)
    row("process start to end, nothing computed, \(kind)", .nothing)
}

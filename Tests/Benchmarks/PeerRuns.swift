/// A row of another program.
struct PeerRow {
    let work: String
    /// What was computed, as our row has it, or the beginning of that up to a comma: `xor online step`.
    let name: String
    /// Who computed it: `C by hand`.
    let peer: String
    let value: Double
    let unit: String

    /// The rows of a JSON array of flat objects, whose case is the name, a comma, and the peer.
    static func rows(in json: String) -> [PeerRow] {
        json.split(separator: "}").compactMap { object in
            guard let work = text("work", object), let name = text("case", object), let unit = text("unit", object),
                let value = after("value", object).flatMap({ Double($0.prefix { !",\n ".contains($0) }) }),
                let comma = name.lastIndex(of: ",")
            else { return nil }
            return PeerRow(
                work: work, name: String(name[..<comma]), peer: String(name[comma...].dropFirst(2)), value: value,
                unit: unit)
        }
    }

    private static func text(_ key: String, _ object: Substring) -> String? {
        after(key, object).map { String($0.dropFirst().prefix { $0 != "\"" }) }
    }

    /// What stands behind a key.
    private static func after(_ key: String, _ object: Substring) -> Substring? {
        object.firstRange(of: "\"\(key)\":").map { object[$0.upperBound...].drop { $0 == " " } }
    }

    /// Whether this is beside a row of ours, which may go on with how it is computed: `xor online step, layers, eager`.
    func isBeside(_ own: Report.Result) -> Bool {
        work == own.work && unit == own.unit && (own.name == name || own.name.hasPrefix(name + ", "))
    }
}

/// What our time is to be at most, as a part of the peer's in the same run.
private let goals: [(name: String, peer: String, ratio: Double)] = [
    ("xor online step", "C by hand", 1.5), ("xor online step", "jax scan", 0.75),
    ("xor full batch step", "C by hand", 1.5),
    ("gradient of a product of 1000 scalars, replayed", "C by hand", 2),
    ("gradient of Rosenbrock n = 1000, scalars, replayed", "plain tape in C", 0.75),
    ("gradient of Rosenbrock n = 1000, slices, replayed", "C by hand", 4),
    ("gradient of a Gaussian mixture 10, 25, 1000, replayed", "jax.jit", 0.85),
    ("mlp 784-128-10, batch 64, 1 thread", "jax.jit", 0.85),
    ("mlp 784-128-10, batch 64, 2 threads", "numpy by hand", 0.6),
    ("mlp of 4 layers of 1024, batch 256, momentum, 1 thread", "torch", 0.75),
    ("mlp of 4 layers of 1024, batch 256, momentum, 2 threads", "torch", 0.75),
    ("GPT of 818,176 parameters, 1 thread", "torch", 0.75), ("GPT of 818,176 parameters, 2 threads", "torch", 0.75),
    ("small GPT, width 16, 1 thread", "jax scan", 0.6), ("small GPT, width 16, 1 thread", "C by hand", 1.5),
    ("small GPT, width 32, 1 thread", "jax scan", 0.6), ("small GPT, width 32, 1 thread", "C by hand", 1.5),
    ("small GPT, width 64, 1 thread", "jax scan", 0.6), ("small GPT, width 64, 1 thread", "C by hand", 1.5),
]

private func goal(of own: Report.Result, beside peer: String) -> Double? {
    own.work == "W6" ? 1 : goals.first { $0.name == own.name && $0.peer == peer }?.ratio
}

extension Report {
    /// Prints, below each row of ours, those of others: their figure, and ours as a part of it.
    func compare(with peers: [PeerRow]) {
        func figure(_ number: Double) -> String { decimal(number, digits: number < 10 ? 2 : number < 1000 ? 1 : 0) }
        printRow("work", "case", "figure", "unit", "ratio", "ours / theirs, goal")
        for own in results {
            let peers = peers.filter { $0.isBeside(own) }
            if peers.isEmpty { continue }
            printRow(own.work, own.name, figure(own.value), own.unit, "", "")
            for peer in peers {
                let ratio = own.value / peer.value
                printRow(
                    "", "    " + peer.peer, figure(peer.value), peer.unit, decimal(ratio, digits: ratio < 0.1 ? 4 : 2),
                    goal(of: own, beside: peer.peer).map { "≤ " + decimal($0, digits: 2) } ?? "")
            }
        }
    }
}

/// Runs the programs of a folder (Python scripts by the `python3` on PATH, and C files, which it compiles), and prints their
/// rows beside ours. Each takes `--json FILE` and writes an array of objects with work, case, value and unit, where the case
/// is the name of our row or its beginning, a comma, and who computed it; a script also takes `--works`, the works that are
/// wanted.
func runPeers(in folder: String, beside report: Report) {
    guard let files = fileNames(in: folder), let scratch = temporaryFolder() else {
        printError("benchmarks: cannot read \(folder)")
        return report.fail()
    }
    let works = Set(report.results.map(\.work)).sorted().joined(separator: ",")
    var rows: [PeerRow] = []
    for (position, file) in files.sorted().enumerated() {
        let (path, json) = ("\(folder)/\(file)", "\(scratch)/\(position).json")
        var command: [String]
        if file.hasSuffix(".py") {
            command = ["python3", path, "--works", works]
        } else if file.hasSuffix(".c") {
            command = ["\(scratch)/\(position)"]
            guard runProcess(["cc", "-O3", "-march=native", path, "-lm", "-o", command[0]]) == 0 else {
                printError("benchmarks: \(file) does not compile")
                report.fail()
                continue
            }
        } else {
            continue
        }
        command += ["--json", json]
        guard runProcess(command) == 0, let text = readFile(json) else {
            printError("benchmarks: \(file) failed")
            report.fail()
            continue
        }
        rows += PeerRow.rows(in: text)
    }
    if !rows.isEmpty { report.compare(with: rows) }
}

/// A row of another program.
struct PeerRow {
    let work: String
    /// Our row's name, a comma, and who computed it: `xor online step, C by hand`.
    let name: String
    let value: Double
    let unit: String

    /// The rows of a JSON array of flat objects.
    static func rows(in json: String) -> [PeerRow] {
        json.split(separator: "}").compactMap { object in
            guard let work = text("work", object), let name = text("case", object), let unit = text("unit", object),
                let value = after("value", object).flatMap({ Double($0.prefix { !",\n ".contains($0) }) })
            else { return nil }
            return PeerRow(work: work, name: name, value: value, unit: unit)
        }
    }

    private static func text(_ key: String, _ object: Substring) -> String? {
        after(key, object).map { String($0.dropFirst().prefix { $0 != "\"" }) }
    }

    /// What stands behind a key.
    private static func after(_ key: String, _ object: Substring) -> Substring? {
        object.firstRange(of: "\"\(key)\":").map { object[$0.upperBound...].drop { $0 == " " } }
    }
}

/// Runs the programs of a folder (Python scripts, and C files, which it compiles) beside ours, and prints each of their rows
/// with ours. Each takes `--json FILE` and writes an array of objects with work, case, value and unit, where the case is that
/// of our row, a comma, and a name.
func runPeers(in folder: String, beside report: Report) {
    guard let files = fileNames(in: folder), let scratch = temporaryFolder() else {
        printError("benchmarks: cannot read \(folder)")
        return report.fail()
    }
    // One core, as for ours.
    setEnvironment("OMP_NUM_THREADS", "1")
    var rows: [PeerRow] = []
    for (position, file) in files.sorted().enumerated() {
        let (path, json) = ("\(folder)/\(file)", "\(scratch)/\(position).json")
        var command: [String]
        if file.hasSuffix(".py") {
            command = ["python3", path]
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
    report.print(rows)
}

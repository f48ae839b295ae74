import Foundation
import Testing

/// A program of one file, as text. What the compiler has to say of a line, it says in a comment behind it that begins with
/// `error:` or `warning:`.
struct Source {
    let lines: [String]

    init(_ lines: [String]) { self.lines = lines }
    init(_ text: String) { lines = text.components(separatedBy: "\n") }

    /// Whether a line says that it does not compile.
    var isRefused: Bool { expected.values.contains { $0.hasPrefix("error: ") } }

    /// Expects that the compiler says of each line what its comment says, and nothing of the others.
    func expectDiagnostics(_ place: String = "", languageMode: Int = 6, flags: [String] = []) throws {
        try compiled(place, languageMode: languageMode, ["-typecheck"] + flags) { _ in }
    }

    /// Runs the program, after the compiler has said what the comments say.
    func run(_ place: String = "") throws -> Outcome {
        let program = "program"
        return try compiled(place, languageMode: 6, Build.linkFlags + ["-o", program]) { folder in
            try PackageTests.run(folder.appending(path: program).path, [])
        }
    }

    private func compiled<Result>(
        _ place: String, languageMode: Int, _ flags: [String], _ body: (URL) throws -> Result
    ) throws -> Result {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(lines.joined(separator: "\n").utf8).write(to: folder.appending(path: "main.swift"))
        let flags = ["main.swift", "-swift-version", "\(languageMode)"] + Build.moduleFlags + flags
        let outcome = try PackageTests.run("swiftc", flags, in: folder)
        let said = Source.diagnostics(in: outcome.errors)
        #expect(Set(said.keys) == Set(expected.keys), "\(place):\n\(outcome.errors)")
        for (line, text) in expected {
            let isSaid = said[line, default: []].contains { $0.hasPrefix(text) }
            #expect(isSaid, "\(place), line \(line), \(text):\n\(outcome.errors)")
        }
        #expect((outcome.status != 0) == isRefused, "\(place):\n\(outcome.errors)")
        return try body(folder)
    }

    /// What the comments say, by line.
    private var expected: [Int: String] {
        var expected: [Int: String] = [:]
        for (position, line) in lines.enumerated() {
            guard let comment = Source.comment(line) else { continue }
            if comment.hasPrefix("error: ") || comment.hasPrefix("warning: ") { expected[position + 1] = comment }
        }
        return expected
    }

    /// What the compiler said, by line.
    private static func diagnostics(in output: String) -> [Int: [String]] {
        var found: [Int: [String]] = [:]
        for line in output.components(separatedBy: "\n") where line.hasPrefix("main.swift:") {
            let parts = line.split(separator: ":", maxSplits: 3)
            guard parts.count == 4, let number = Int(parts[1]), !parts[3].hasPrefix(" note: ") else { continue }
            found[number, default: []].append(String(parts[3].dropFirst()))
        }
        return found
    }

    /// The comment behind a line.
    static func comment(_ line: String) -> String? {
        line.range(of: "// ", options: .backwards).map { String(line[$0.upperBound...]) }
    }
}

/// The build of the package that runs this test.
enum Build {
    /// What the compiler needs to use this build's modules.
    static let moduleFlags: [String] = {
        let map = products.appending(path: "CKernels.build/module.modulemap").path
        return ["-I", products.appending(path: "Modules").path, "-Xcc", "-fmodule-map-file=\(map)"]
    }()

    /// What it needs to link them.
    static let linkFlags: [String] = {
        func files(below folder: URL) -> [URL] {
            FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!.compactMap { $0 as? URL }
        }
        // Of files that were renamed or deleted, objects stay behind.
        let package = URL(fileURLWithPath: #filePath + "/../../..").standardized
        let sources = Set(files(below: package.appending(path: "Sources")).map { $0.lastPathComponent + ".o" })
        let folder = products
        let objects = ["CKernels", "Autograd", "NeuralNetworks"].flatMap { target in
            files(below: folder.appending(path: "\(target).build"))
                .filter { $0.pathExtension == "o" && sources.contains($0.lastPathComponent) }.map(\.path)
        }
        let sanitizers = ["address", "thread"].filter(isLoaded).map { "-sanitize=\($0)" }
        return ["-lm"] + objects + sanitizers
    }()

    /// The folder that holds what was built: the test bundle lies in it.
    private static var products: URL {
        let arguments = CommandLine.arguments
        let bundle = arguments.first { $0.contains(".xctest") } ?? arguments[0]
        var folder = URL(fileURLWithPath: bundle)
        while !FileManager.default.fileExists(atPath: folder.appending(path: "Modules").path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        return folder
    }

    private static func isLoaded(_ sanitizer: String) -> Bool {
        let symbol = sanitizer == "address" ? "__asan_init" : "__tsan_init"
        return dlsym(nil, symbol) != nil
    }
}

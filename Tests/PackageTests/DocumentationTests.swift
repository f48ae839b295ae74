import Foundation
import Testing

/// Every block of Swift in the documentation is a program that is compiled against this build of the package and run.
///
/// What it prints stands behind the `print` that prints it, or in the block of text that follows; a line that must not
/// compile says so in a comment that begins with `error:`.
@Suite struct DocumentationTests {
    @Test(arguments: ["README.md", "CONTRIBUTING.md"])
    func `code blocks do what they say`(file: String) throws {
        let text = try String(contentsOf: packageFolder.appending(path: file), encoding: .utf8)
        let blocks = CodeBlock.all(in: text)
        #expect(blocks.contains { $0.language == "swift" })
        for (position, block) in blocks.enumerated() where block.language == "swift" {
            let next = position + 1 < blocks.count ? blocks[position + 1] : nil
            try check(block, printing: next?.language == "text" ? next?.lines : nil, "\(file), line \(block.line)")
        }
    }

    private func check(_ block: CodeBlock, printing text: [String]?, _ place: String) throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (source, program) = (folder.appending(path: "main.swift"), folder.appending(path: "program"))
        try Data(block.lines.joined(separator: "\n").utf8).write(to: source)
        let compiled = try run("swiftc", [source.path, "-o", program.path] + Build.flags())
        if let error = block.expectedError {
            #expect(compiled.status != 0, "\(place) compiles")
            #expect(compiled.errors.contains("error: \(error)"), "\(place):\n\(compiled.errors)")
            return
        }
        #expect(compiled.status == 0, "\(place):\n\(compiled.errors)")
        let outcome = try run(program.path, [])
        #expect(outcome.status == 0, "\(place):\n\(outcome.errors)")
        let printed = outcome.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(
            String.init)
        #expect(printed == text ?? block.printed, "\(place)")
    }
}

/// A block of code in Markdown.
struct CodeBlock {
    let language: String
    let lines: [String]
    /// The line of the file at which it begins.
    let line: Int

    static func all(in text: String) -> [CodeBlock] {
        var blocks: [CodeBlock] = []
        var open: (language: String, line: Int, lines: [String])?
        for (position, line) in text.components(separatedBy: "\n").enumerated() {
            if let block = open {
                if line == "```" {
                    blocks.append(CodeBlock(language: block.language, lines: block.lines, line: block.line))
                    open = nil
                } else {
                    open!.lines.append(line)
                }
            } else if line.hasPrefix("```") {
                open = (String(line.dropFirst(3)), position + 1, [])
            }
        }
        return blocks
    }

    /// What stands behind each `print`.
    var printed: [String] {
        lines.filter { $0.trimmingCharacters(in: .whitespaces).hasPrefix("print(") }.compactMap(Self.comment)
    }

    /// What the compiler must say.
    var expectedError: String? {
        lines.compactMap(Self.comment).first { $0.hasPrefix("error: ") }.map { String($0.dropFirst(7)) }
    }

    private static func comment(_ line: String) -> String? {
        line.range(of: "// ", options: .backwards).map { String(line[$0.upperBound...]) }
    }
}

/// The build of the package that runs this test.
enum Build {
    /// What the compiler needs to use this build's modules.
    static func flags() -> [String] {
        let folder = products
        let objects = ["CKernels", "Autograd", "NeuralNetworks"].flatMap { target in
            let files = FileManager.default.enumerator(
                at: folder.appending(path: "\(target).build"), includingPropertiesForKeys: nil)!
            return files.compactMap { ($0 as? URL)?.path }.filter { $0.hasSuffix(".o") }
        }
        var flags = ["-swift-version", "6", "-I", folder.appending(path: "Modules").path, "-lm"] + objects
        flags += ["-Xcc", "-fmodule-map-file=\(folder.appending(path: "CKernels.build/module.modulemap").path)"]
        for sanitizer in ["address", "thread"] where isLoaded(sanitizer) { flags.append("-sanitize=\(sanitizer)") }
        return flags
    }

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

import Foundation
import Testing

/// Every block of Swift in the documentation is a program that is compiled against this build of the package and run.
///
/// What it prints stands behind the `print` that prints it, or in the block of text that follows. What the compiler has to say
/// of a line stands behind it, in a comment that begins with `error:` or `warning:`; and it has no more to say.
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
        let source = Source(block.lines)
        guard !source.isRefused else { return try source.expectDiagnostics(place) }
        let outcome = try source.run(place)
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
        lines.filter { $0.trimmingCharacters(in: .whitespaces).hasPrefix("print(") }.compactMap(Source.comment)
    }
}

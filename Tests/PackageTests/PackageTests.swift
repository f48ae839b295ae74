import Foundation

/// The package's folder, from where this file lies.
let packageFolder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// What a command printed, and how it ended.
struct Outcome {
    let output: String
    let errors: String
    let status: Int32
}

/// Runs a command that is found on the path.
func run(_ command: String, _ arguments: [String], in directory: URL? = nil) throws -> Outcome {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    // Through files, for a pipe that nobody empties can stop a command that prints much.
    let (output, errors) = (folder.appending(path: "output"), folder.appending(path: "errors"))
    for file in [output, errors] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [command] + arguments
    process.currentDirectoryURL = directory
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Outcome(
        output: try String(contentsOf: output, encoding: .utf8),
        errors: try String(contentsOf: errors, encoding: .utf8),
        status: process.terminationStatus)
}

/// A new folder, to be removed by whoever asked for it.
func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "swift-autograd-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

/// All Swift files below a folder of the package, by path.
func swiftFiles(below path: String) -> [URL] {
    let folder = packageFolder.appending(path: path)
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!.compactMap { $0 as? URL }
    return files.filter { $0.pathExtension == "swift" }.sorted { $0.path < $1.path }
}

/// A folder in which `import CKernels` finds the headers.
func folderWithModuleMap() throws -> URL {
    let folder = try temporaryFolder()
    let header = packageFolder.appending(path: "Sources/CKernels/include/CKernels.h").path
    let text = "module CKernels { header \"\(header)\" export * }\n"
    try Data(text.utf8).write(to: folder.appending(path: "module.modulemap"))
    return folder
}

import Foundation
import Testing

/// Arrows point down only: each floor of `Autograd` compiles with nothing but those below it, and each target imports
/// what it may.
@Suite struct LayeringTests {
    /// From the ground up. The rooms of the tape see each other: it lists primitives, whose pullbacks read tapes.
    static let floors = [
        "Tensor", "Kernels", "Tape", "Primitives", "Differentiation", "Programs/Passes", "Programs/Plan", "Programs",
        "Checking",
    ]
    static let rooms = ["Tape/Recording", "Tape/Primitive", "Tape/Rules", "Programs/Plan/Scalars"]

    @Test func `the floors and their rooms are all there are`() throws {
        let folder = packageFolder.appending(path: "Sources/Autograd").path
        let entries = FileManager.default.subpaths(atPath: folder)!
        #expect(Set(entries.filter { !$0.contains(".") }) == Set(Self.floors + Self.rooms))
    }

    @Test(arguments: 1...floors.count)
    func `each floor needs only those below it`(height: Int) throws {
        let modules = try folderWithModuleMap()
        defer { try? FileManager.default.removeItem(at: modules) }
        let files = Set(Self.floors.prefix(height).flatMap { swiftFiles(below: "Sources/Autograd/\($0)") })
        let outcome = try run(
            "swiftc",
            [
                "-typecheck", "-module-name", "Autograd", "-package-name", "floors", "-swift-version", "6", "-I",
                modules.path,
            ]
                + files.map(\.path))
        #expect(outcome.status == 0, "\(Self.floors[height - 1]) reaches above itself:\n\(outcome.errors)")
    }

    /// What each target may import: with a module that its manifest does not list, incremental builds go stale unnoticed.
    static let imports: [(folder: String, modules: Set<String>)] = [
        ("Sources/Autograd", ["CKernels", "Synchronization"]),
        ("Sources/NeuralNetworks", ["Autograd"]),
        ("Examples/Support", ["Glibc", "Musl", "Darwin"]),
    ]

    @Test(arguments: imports)
    func `imports stay within what the manifest lists`(folder: String, modules: Set<String>) throws {
        for file in swiftFiles(below: folder) {
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            for line in lines.map({ $0.trimmingCharacters(in: .whitespaces) }) where line.hasPrefix("import ") {
                #expect(modules.contains(String(line.dropFirst(7))), "\(file.lastPathComponent): \(line)")
            }
        }
    }

    @Test func `no package dependency`() throws {
        let manifest = try String(contentsOf: packageFolder.appending(path: "Package.swift"), encoding: .utf8)
        #expect(!manifest.contains(".package("))
    }
}

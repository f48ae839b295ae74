import Foundation
import Testing

@testable import Support

/// A new directory that lasts as long as the value.
private final class Folder {
    let path = NSTemporaryDirectory() + "/" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    func read(_ name: String) throws -> String {
        try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }
}

@Suite struct `Writing a file` {
    @Test func `creates it`() throws {
        let folder = try Folder()
        let plane = Plane(title: "", points: [], lines: [])
        try plane.write(to: folder.path + "/new.svg")
        #expect(try folder.read("new.svg") == plane.svg())
        #expect(try folder.names == ["new.svg"])
    }

    @Test func `replaces it`() throws {
        let folder = try Folder()
        try "old text".write(to: folder.path + "/file")
        try "new".write(to: folder.path + "/file")
        #expect(try folder.read("file") == "new")
        #expect(try folder.names == ["file"])
    }

    @Test func `allows a name of any length`() throws {
        let folder = try Folder()
        let name = String(repeating: "n", count: 255)
        try "text".write(to: "\(folder.path)/\(name)")
        #expect(try folder.names == [name])
    }

    @Test func `follows a link`() throws {
        let folder = try Folder()
        try "old".write(to: folder.path + "/file")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "file")
        try "new".write(to: folder.path + "/link")
        #expect(try folder.read("file") == "new")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path + "/link") == "file")
    }

    @Test func `fails in a missing directory`() throws {
        let folder = try Folder()
        let path = folder.path + "/missing/file"
        let error = #expect(throws: FileError.self) { try "text".write(to: path) }
        #expect(error?.description == "cannot write \"\(path)\": No such file or directory")
    }

    @Test func `fails in the place of a directory`() throws {
        let folder = try Folder()
        let error = #expect(throws: FileError.self) { try "text".write(to: folder.path) }
        #expect(error?.description == "cannot write \"\(folder.path)\": Is a directory")
        #expect(try folder.names == [])
    }

    #if os(Linux)
        @Test func `leaves a device in its place`() throws {
            try "text".write(to: "/dev/null")
            let attributes = try FileManager.default.attributesOfItem(atPath: "/dev/null")
            #expect(attributes[.type] as? FileAttributeType == .typeCharacterSpecial)
            let error = #expect(throws: FileError.self) { try "text".write(to: "/dev/full") }
            #expect(error?.description == "cannot write \"/dev/full\": No space left on device")
        }

        /// A limit to the size of files stands for a full disk, in a process of its own.
        @Test func `fails half-way without a trace`() async {
            await #expect(processExitsWith: .success) {
                let folder = try Folder()
                try "old".write(to: folder.path + "/file")
                signal(SIGXFSZ, SIG_IGN)
                var limit = rlimit(rlim_cur: 10, rlim_max: 10)
                try #require(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
                let error = #expect(throws: FileError.self) {
                    try "longer than allowed".write(to: folder.path + "/file")
                }
                limit = rlimit(rlim_cur: .max, rlim_max: .max)
                setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
                #expect(error?.description == "cannot write \"\(folder.path)/file\": File too large")
                #expect(try folder.read("file") == "old")
                #expect(try folder.names == ["file"])
            }
        }
    #endif
}

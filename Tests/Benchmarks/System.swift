#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// What the program needs of the operating system: without Foundation, whose start would be measured too.

func exitProcess(_ code: Int32) -> Never { exit(code) }

func flushOutput() { fflush(nil) }

func printError(_ message: String) {
    flushOutput()
    let bytes = Array((message + "\n").utf8)
    _ = write(2, bytes, bytes.count)
}

/// A number with so many digits after the point.
func decimal(_ number: Double, digits: Int) -> String {
    var text = [CChar](repeating: 0, count: 64)
    let length = withVaList([Int32(digits), number]) { vsnprintf(&text, text.count, "%.*f", $0) }
    return String(decoding: text.prefix(min(Int(length), text.count - 1)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Whether a file could be written.
func writeFile(_ text: String, to path: String) -> Bool {
    guard let file = fopen(path, "w") else { return false }
    let isWritten = fputs(text, file) >= 0
    return fclose(file) == 0 && isWritten
}

/// The text of a file, or nil if it cannot be read.
func readFile(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&part, 1, part.count, file)
        if count == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes += part[..<count]
    }
}

/// The names of the files in a folder, or nil if it cannot be read.
func fileNames(in folder: String) -> [String]? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        names.append(withUnsafePointer(to: &entry.pointee.d_name.0) { String(cString: $0) })
    }
    return names.filter { !$0.hasPrefix(".") }
}

/// A new folder for files that nobody needs afterwards.
func temporaryFolder() -> String? {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? P_tmpdir
    var template = Array("\(parent)/benchmarks-XXXXXX".utf8CString)
    return mkdtemp(&template).map { String(cString: $0) }
}

/// Starts a program, waits for its end, and returns its exit code; −1 if it could not be started or was killed.
func runProcess(_ arguments: [String]) -> Int32 {
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var (process, status): (pid_t, Int32) = (0, 0)
    guard posix_spawnp(&process, pointers[0]!, nil, nil, &pointers, environ) == 0 else { return -1 }
    while waitpid(process, &status, 0) == -1 { guard errno == EINTR else { return -1 } }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : -1
}

/// By how many bytes the memory in use grew at most while `body` ran, and what it returned; nil where the operating system
/// does not tell.
func peakByteCount<Result>(_ body: () -> Result) -> (bytes: Int, result: Result)? {
    #if os(Linux)
        // Linux keeps the peak, which this resets to what is in use now.
        guard writeFile("5", to: "/proc/self/clear_refs"), let before = kilobytes("VmHWM:") else { return nil }
        let result = body()
        return kilobytes("VmHWM:").map { (($0 - before) * 1024, result) }
    #else
        return nil
    #endif
}

/// A figure of this process in the system's tables.
private func kilobytes(_ name: String) -> Int? {
    guard let file = fopen("/proc/self/status", "r") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
        let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(whereSeparator: \.isWhitespace)
        if words.count > 1, words[0] == name { return Int(words[1]) }
    }
    return nil
}

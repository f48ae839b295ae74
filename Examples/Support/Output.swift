#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A file could not be written; the description says which one and why, in one line.
public struct FileError: Error, CustomStringConvertible {
    public let description: String

    /// Describes the failure that the C library has just reported in `errno`.
    fileprivate init(writing path: String) {
        description = "cannot write \(path.debugDescription): \(String(cString: strerror(errno)))"
    }
}

/// Prints a message on standard error, after what was printed on standard output, and ends the process.
public func fail(_ message: String, status: Int32 = 1) -> Never {
    fflush(nil)
    // If this fails too, there is nowhere left to say so.
    _ = writeAll(message + "\n", to: STDERR_FILENO)
    exit(status)
}

/// Ends the process, after what was printed has reached standard output.
func exit(status: Int32) -> Never {
    exit(status)
}

extension String {
    /// Writes the text to a file, completely or not at all: it goes to a temporary file beside the destination, which
    /// then takes the destination's place. A device or a pipe, which cannot be replaced, is written directly.
    public func write(to path: String) throws(FileError) {
        var status = stat()
        let exists = stat(path, &status) == 0
        guard !exists || status.st_mode & S_IFMT == S_IFREG else {
            return try write(to: path, opening: path, O_WRONLY)
        }

        // A symbolic link stays; the file it leads to is replaced.
        let target = exists ? resolved(path) : path
        let folder = target.lastIndex(of: "/").map { target[...$0] } ?? ""
        let temporary = folder + ".plot-" + String(UInt64.random(in: 0 ... .max), radix: 36) + ".tmp"
        do throws(FileError) {
            try write(to: path, opening: temporary, O_WRONLY | O_CREAT | O_EXCL)
            guard rename(temporary, target) == 0 else { throw FileError(writing: path) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Writes the text to the file `opened`, and reports failures as those of `path`.
    private func write(to path: String, opening opened: String, _ flags: Int32) throws(FileError) {
        let descriptor = open(opened, flags, 0o666)
        guard descriptor >= 0 else { throw FileError(writing: path) }
        let failure = writeAll(self, to: descriptor) ? nil : FileError(writing: path)
        let isClosed = close(descriptor) == 0
        if let failure { throw failure }
        if !isClosed { throw FileError(writing: path) }
    }
}

/// Writes all of a text to a file descriptor; false, with the reason in `errno`, if that fails.
private func writeAll(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count >= 0 {
            bytes = bytes.dropFirst(count)
        } else if errno != EINTR {
            return false
        }
    }
    return true
}

/// The path of an existing file without symbolic links.
private func resolved(_ path: String) -> String {
    guard let pointer = realpath(path, nil) else { return path }
    defer { free(pointer) }
    return String(cString: pointer)
}

import CKernels

/// What was wrong with the operands of an operation.
///
/// Outside ``Tensor/checked(_:)`` the process stops with ``description``; inside, the error is thrown when the scope ends.
public struct TensorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The operation that refused, such as `matmul`.
    public let operation: String
    /// Which rule was broken, and by what.
    public let problem: String
    /// The operands, with their names where they have one, and their shapes.
    public let operands: [String]
    /// What to do about it; may be empty.
    public let advice: String
    /// The last lines of the tape that was recording; empty where none was.
    public internal(set) var tape = ""

    /// - Parameters:
    ///   - operation: The operation, layer or loss that refuses.
    ///   - problem: The rule that was broken, and by what.
    ///   - operands: How the operands read; see ``Tensor/operandDescription``.
    ///   - advice: What to do about it.
    public init(_ operation: String, _ problem: String, operands: [String] = [], advice: String = "") {
        self.operation = operation
        self.problem = problem
        self.operands = operands
        self.advice = advice
    }

    /// The same with the operands themselves, of which their descriptions are kept.
    public init(_ operation: String, _ problem: String, of operands: [Tensor], advice: String = "") {
        self.init(operation, problem, operands: operands.map(\.operandDescription), advice: advice)
    }

    public var description: String {
        var lines = ["\(operation): \(problem)"]
        lines += operands.enumerated().map { "  operand \($0): \($1)" }
        if !advice.isEmpty { lines.append("  \(advice)") }
        if !tape.isEmpty { lines.append("The tape so far:\n\(tape)") }
        return lines.joined(separator: "\n")
    }
}

/// What an error shows of the work it interrupted; the tape conforms.
protocol ErrorContext: AnyObject {
    /// The last lines of the recording.
    var lastLines: String { get }
    /// The primitive whose derivative is being traced: its operands are placeholders, whose numbers mean nothing.
    var tracedPrimitive: String? { get }
    /// What the instruction that a tensor stands for is called, if it is one of this recording and has a name.
    func name(of tensor: Tensor) -> String?
    /// Code that is recorded asks for all numbers of a tensor of this recording.
    func noteReading(of tensor: Tensor)
}

/// Where the errors of a ``Tensor/checked(_:)`` scope gather: the first one counts.
final class ErrorScope {
    var error: TensorError?
}

extension TensorError {
    /// The scope of ``Tensor/checked(_:)`` that this thread is in.
    private static var scope: ErrorScope? {
        ck_current_context().pointee.errorScope.map { Unmanaged<ErrorScope>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether that scope has an error to throw.
    package static var isNoted: Bool { scope?.error != nil }

    /// How many errors this thread has noted.
    static var count: UInt64 { ck_current_context().pointee.errors }

    /// The recording that is under way on this thread.
    static var context: (any ErrorContext)? {
        ck_current_context().pointee.tape.flatMap {
            Unmanaged<AnyObject>.fromOpaque($0).takeUnretainedValue() as? any ErrorContext
        }
    }

    /// Ends the process with this error, or, inside a checked scope, notes it; the failed tensor is then the result.
    @discardableResult
    public func raise() -> Tensor {
        var error = self
        if error.tape.isEmpty { error.tape = TensorError.context?.lastLines ?? "" }
        guard let scope = TensorError.scope else { fatalError("\n\(error)\n") }
        if scope.error == nil { scope.error = error }
        ck_current_context().pointee.errors += 1
        return .failed
    }

    /// The same where the result is no tensor, but `value`.
    package func raise<Value>(returning value: Value) -> Value {
        raise()
        return value
    }
}

extension Tensor {
    /// Runs `body` and throws the first mistake in it as a ``TensorError`` instead of ending the process.
    ///
    /// An operation that fails inside yields a tensor that absorbs every further operation (it reads as NaN and an empty
    /// array), so `body` runs to its end; what it returned is then dropped. More elements than memory can hold are such a
    /// failure. An error that `body` throws itself is passed on. Scopes nest; each covers the thread it runs on.
    ///
    ///     let product = try Tensor.checked { matmul(a, b) }
    public static func checked<Result>(_ body: () throws -> Result) throws -> Result {
        let scope = ErrorScope()
        let outer = ck_current_context().pointee.errorScope
        ck_current_context().pointee.errorScope = Unmanaged.passUnretained(scope).toOpaque()
        let result = Swift.Result { try withExtendedLifetime(scope, body) }
        ck_current_context().pointee.errorScope = outer
        if let error = scope.error { throw error }
        return try result.get()
    }

    /// To be called before numbers are read: a program notes which, and a derivative that is being traced, whose operands
    /// are placeholders, stops the process.
    func checkReadable() {
        guard isOnCurrentTape, let context = TensorError.context else { return }
        if let primitive = context.tracedPrimitive {
            fatalError(
                "\(primitive): a derivative reads a number, and so cannot be differentiated again; "
                    + "choose by `select(x .> 0, …, …)` instead of `if`")
        }
        context.noteReading(of: self)
    }

    /// How an error lists this operand: its element type and shape, and its name on the tape if it has one.
    public var operandDescription: String {
        let name = TensorError.context?.name(of: self)
        return typeDescription + (name.map { " \"\($0)\"" } ?? "")
    }
}

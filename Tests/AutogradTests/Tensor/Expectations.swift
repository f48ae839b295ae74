import Autograd
import Testing

/// The error that a body makes in a checked scope; nil, and a failed test, where it makes none.
@discardableResult
func tensorError<Result>(
    of body: () throws -> Result, sourceLocation: SourceLocation = #_sourceLocation
) -> TensorError? {
    #expect(throws: TensorError.self, sourceLocation: sourceLocation) { _ = try Tensor.checked(body) }
}

extension ExitTest.Result? {
    /// What the process wrote to its standard error before it stopped.
    var message: String { String(decoding: self?.standardErrorContent ?? [], as: UTF8.self) }
}

extension Tensor {
    /// The bit patterns of the elements, which tell −0 from 0 and compare NaN.
    var elementBits: [UInt64] { numbers.map(\.bitPattern) }
}

import Autograd
import Synchronization
import Testing

/// x² with a derivative of its own.
private func squaring(_ name: String, derivative: @escaping @Sendable (_ x: Tensor, _ y: Tensor) -> Tensor) -> Primitive
{
    Primitive.elementwise(name, value: { $0 * $0 }, derivative: derivative, samples: [.init(3, equals: 9)])
}

private let factor = Mutex(2.0)

/// What a derivative does is recorded once, and the record used for all shapes.
@Suite struct `Derivatives that are recorded once` {
    /// So that a choice by shape is the one of a single number.
    @Test func `must not choose by shape`() {
        let ranked = squaring("ranked") { x, y in x.rank == 0 ? 2 * x : 3 * x }
        #expect(gradient(at: 3) { ranked($0) } == 6)
        #expect(gradient(at: Tensor([3, 4])) { sum(ranked($0)) } == Tensor([6, 8]))
    }

    @Test func `may ask for shapes and types`() {
        let filled = squaring("filled") { x, y in
            x * Tensor(repeating: 2, shape: x.shape, elementType: x.elementType)
        }
        for elementType in [Tensor.ElementType.float64, .float32] {
            for shape: Tensor.Shape in [[], [3], [2, 2]] {
                let x = Tensor(repeating: 3, shape: shape, elementType: elementType)
                #expect(gradient(at: x) { sum(filled($0)) } == 2 * x)
            }
        }
    }

    @Test func `keep what a variable was at first`() {
        let frozen = squaring("frozen") { x, y in factor.withLock { $0 } * x }
        #expect(gradient(at: 3) { frozen($0) } == 6)
        factor.withLock { $0 = 5 }
        #expect(gradient(at: 3) { frozen($0) } == 6)
    }
}

import Synchronization

@testable import Autograd

private let count = Atomic(0)

// Primitives with wrong rules, to see that those are caught.

extension Primitive {
    /// The same primitive with another pullback for one operand.
    func replacingPullback(_ operand: Int, with pullback: Pullback) -> Primitive {
        var pullbacks = pullbacks
        pullbacks[operand] = pullback
        return Primitive(
            "\(name), broken (\(count.add(1, ordering: .relaxed).newValue))", operands: operandCount,
            result: resultRule,
            implementation: implementation, function: function, pullbacks: pullbacks,
            samples: self.makeSamples(), refusals: self.makeRefusals())
    }
}

extension Primitive.Pullback {
    /// This pullback followed by another function of the adjoint.
    func followed(by change: @escaping @Sendable (Tensor) -> Tensor) -> Self {
        Self(declaredUses: declaredUses, body: { [body] in change(body($0, $1)) }, isZero: isZero)
    }
}

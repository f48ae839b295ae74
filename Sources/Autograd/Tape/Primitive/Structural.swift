// The primitives that the tape itself inserts.

extension Primitive {
    /// A value that was given from outside and may be differentiated with respect to.
    public static let variable: Primitive = Primitive("variable", given: ())

    /// A value that was given from outside.
    public static let constant: Primitive = Primitive("constant", given: ())

    /// The operand itself: the variable of an inner gradient whose value an outer recording knows.
    public static let identity: Primitive = Primitive(
        "identity", operands: 1, result: { operands, _ in operands[0] }, implementation: .identity,
        pullbacks: [.using([]) { adjoint, _ in adjoint }],
        samples: [Sample([Tensor([1, 2])], equals: Tensor([1, 2]))])

    /// The operand itself, through which no gradient passes.
    public static let stopGradient: Primitive = Primitive(
        "stopGradient", operands: 1, result: { operands, _ in operands[0] }, implementation: .identity,
        pullbacks: [.zero], samples: [.kink(2, equals: 2, gradients: [0])])

    private convenience init(_ name: String, given: Void) {
        self.init(
            name, operands: 0,
            result: { _, _ throws(Refusal) in throw Refusal("made by a tape, not by an operation") },
            implementation: .given, pullbacks: [])
    }
}

extension Tensor {
    /// The same numbers, on no tape: a constant through which no gradient flows. Where a program is recorded, whose next
    /// inputs give other numbers, the same as ``stopGradient(_:)``.
    public var detached: Tensor {
        if serial != 0, let tape = Tape.current, tape.notes != nil, tape.serial == serial { return stopGradient(self) }
        return withoutTape
    }
}

/// The tensor itself, through which no gradient passes: d stopGradient(x)/dx = 0. It stays on the tape.
public func stopGradient(_ x: Tensor) -> Tensor { Primitive.stopGradient(x, attributes: .none) }

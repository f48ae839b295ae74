import Autograd

/// A tensor that a model owns and that training changes.
///
/// A reference: layers that hold the same parameter share it, and a copied model shares its parameters with the original;
/// ``copy()`` makes another. Reading ``value`` while a gradient with respect to the model is computed gives the variable
/// that stands for it.
public final class Parameter {
    // No method calls out while it changes these, so that overlapping accesses need not be checked for at run time.
    /// The value, unless it lies in the memory of a program.
    @exclusivity(unchecked) private var stored: Tensor
    /// The program that changes the value, and its number there.
    @exclusivity(unchecked) private var home: (state: ProgramState, slot: Int)?
    /// Whether an optimizer changes it. One that is not trainable is part of the model's state all the same.
    public let isTrainable: Bool

    /// - Parameter value: The first value, which is no variable of a gradient: a parameter keeps numbers, not a tape.
    public init(_ value: Tensor, isTrainable: Bool = true) {
        if value.isOnCurrentTape {
            TensorError(
                "Parameter", "the value is on the tape that records now, which a parameter does not keep",
                operands: [value.operandDescription],
                advice:
                    "Make the parameter outside, or of `value.detached`; a gradient flows through `parameter.value`."
            ).raise()
        }
        stored = value.withoutTape
        self.isTrainable = isTrainable
    }

    /// The value. A new one must have the same shape and element type; another is an error, and nothing is changed.
    public var value: Tensor {
        get { (isTrainable ? Tape.variable(for: self) : Tape.other(self)) ?? present }
        set {
            if !check(newValue) || !isTrainable && Tape.setOther(self, to: newValue) { return }
            if isTrainable && Tape.isVariableOfProgram(self) {
                TensorError(
                    "Parameter", "a trainable parameter is set while a step of training is recorded",
                    operands: [newValue.operandDescription],
                    advice: "Set it between the steps, or make it `isTrainable: false`."
                ).raise()
                return
            }
            if let home { home.state[home.slot] = newValue } else { stored = newValue.withoutTape }
        }
    }

    private var present: Tensor { home.map { $0.state[$0.slot] } ?? stored }

    /// Lets the value lie in the memory of a program from now on. The one where it lay so far learns of it.
    func move(to state: ProgramState, _ slot: Int) {
        state[slot] = present
        home?.state.lose(home!.slot)
        home = (state, slot)
    }

    /// Whether a value can take the place of the present one; if not, that is an error.
    @discardableResult
    func check(_ newValue: Tensor) -> Bool {
        if newValue.isFailed { return false }
        if newValue.shape == stored.shape && newValue.elementType == stored.elementType { return true }
        return TensorError(
            "Parameter", "the new value is not like the old one",
            operands: [present.operandDescription, newValue.operandDescription],
            advice: "Make a new parameter for another shape or element type."
        ).raise(returning: false)
    }

    /// Another parameter with the same value.
    public func copy() -> Parameter { Parameter(present, isTrainable: isTrainable) }
}

extension Parameter: CustomStringConvertible {
    public var description: String { "Parameter(\(present), trainable: \(isTrainable))" }
}

import Autograd

/// A tensor that a model owns and that training changes.
///
/// A reference: layers that hold the same parameter share it, and a copied model shares its parameters with the original;
/// ``copy()`` makes another. Reading ``value`` while a gradient with respect to the model is computed gives the variable
/// that stands for it.
public final class Parameter {
    // No method calls out while it changes this, so that overlapping accesses need not be checked for at run time.
    @exclusivity(unchecked) private var stored: Tensor
    /// Whether an optimizer changes it. One that is not trainable is part of the model's state all the same.
    public let isTrainable: Bool

    public init(_ value: Tensor, isTrainable: Bool = true) {
        stored = value.detached
        self.isTrainable = isTrainable
    }

    /// The value. A new one must have the same shape and element type; another is an error, and nothing is changed.
    public var value: Tensor {
        get { isTrainable ? Tape.variable(for: self) ?? stored : stored }
        set {
            if check(newValue) { stored = newValue.detached }
        }
    }

    /// Whether a value can take the place of the present one; if not, that is an error.
    @discardableResult
    func check(_ newValue: Tensor) -> Bool {
        if newValue.isFailed { return false }
        if newValue.shape == stored.shape && newValue.elementType == stored.elementType { return true }
        TensorError(
            "Parameter", "the new value is not like the old one",
            operands: [stored.operandDescription, newValue.operandDescription],
            advice: "Make a new parameter for another shape or element type."
        ).raise()
        return false
    }

    /// Another parameter with the same value.
    public func copy() -> Parameter { Parameter(stored, isTrainable: isTrainable) }
}

extension Parameter: CustomStringConvertible {
    public var description: String { "Parameter(\(stored), trainable: \(isTrainable))" }
}

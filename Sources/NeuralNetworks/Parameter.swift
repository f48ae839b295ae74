import Autograd

/// A tensor that a model owns and that training changes.
///
/// A reference: layers that hold the same parameter share it, and a copied model shares its parameters with the original;
/// ``copy()`` makes another. Reading ``value`` while a gradient with respect to the model is computed gives the variable
/// that stands for it.
///
/// Many threads may read a parameter at once, also while a step of training on another thread changes it: what is read is the
/// whole value before or after that step. (Of several parameters, one may be read before and another after it.)
public final class Parameter {
    private enum Home {
        case own(Tensor)
        /// The memory of the program that changes the value, and its number there.
        case program(ProgramState, slot: Int)

        var value: Tensor {
            switch self {
            case .own(let value): value
            case .program(let state, let slot): state[slot]
            }
        }
    }

    private let contents: Locked<(home: Home, isTrainable: Bool)>
    private let kind: Primitive.Result

    /// - Parameter value: The first value, which is no variable of a gradient: a parameter keeps numbers, not a tape.
    public init(_ value: Tensor, isTrainable: Bool = true) {
        if value.isOnCurrentTape {
            TensorError(
                "Parameter", "the value is on the tape that records now, which a parameter does not keep", of: [value],
                advice:
                    "Make the parameter outside, or of `value.detached`; a gradient flows through `parameter.value`."
            ).raise()
        }
        contents = Locked((.own(value.withoutTape), isTrainable))
        kind = value.kind
    }

    /// Whether an optimizer changes it. One that is not trainable is part of the model's state all the same. A step of training
    /// notices when it changes, and goes on with what its optimizer remembers.
    public var isTrainable: Bool {
        get { contents.withLock { $0.isTrainable } }
        set {
            contents.withLock { contents in
                contents.isTrainable = newValue
                if case .program(let state, _) = contents.home { state.unsettle() }
            }
        }
    }

    /// The value. A new one must have the same shape and element type; another is an error, and nothing is changed.
    ///
    /// What is set inside a gradient, a recording or a step of training is what is read from then on, and gradients flow through
    /// it; the gradient itself is with respect to the value on entry. When the outermost of these scopes has succeeded, the
    /// parameter has the last value; where it failed, the old one. Inside a step of training, only parameters that are not
    /// trainable can be set: the others are the optimizer's.
    public var value: Tensor {
        get { Tape.value(of: self, isDifferentiated: isTrainable) ?? present }
        set {
            guard check(newValue) else { return }
            if Tape.isVariableOfProgram(self) && isTrainable {
                TensorError(
                    "Parameter", "a trainable parameter is set while a step of training is recorded", of: [newValue],
                    advice: "Set it between the steps, or make it `isTrainable: false`."
                ).raise()
            } else {
                Tape.set(self, to: newValue)
            }
        }
    }

    private var present: Tensor { contents.withLock { $0.home.value } }

    /// Lets the value lie in the memory of a program from now on. The one where it lay so far learns of it.
    func move(to state: ProgramState, _ slot: Int) {
        contents.withLock { contents in
            state[slot] = contents.home.value
            if case .program(let old, let place) = contents.home { old.lose(place) }
            contents.home = .program(state, slot: slot)
        }
    }

    /// Whether a value can take the place of the present one; if not, that is an error.
    @discardableResult
    func check(_ newValue: Tensor) -> Bool {
        if newValue.isFailed { return false }
        if newValue.kind == kind { return true }
        return TensorError(
            "Parameter", "the new value is not like the old one", of: [present, newValue],
            advice: "Make a new parameter for another shape or element type."
        ).raise(returning: false)
    }

    /// Another parameter with the same value, which must be no variable of a gradient, nor computed from one.
    public func copy() -> Parameter { Parameter(value, isTrainable: isTrainable) }
}

extension Parameter: ValueOwner {
    package func keep(_ value: Tensor) {
        contents.withLock { contents in
            switch contents.home {
            case .own: contents.home = .own(value)
            case .program(let state, let slot): state[slot] = value
            }
        }
    }
}

extension Parameter: CustomStringConvertible {
    public var description: String { "Parameter(\(value), trainable: \(isTrainable))" }
}

// Gradients of functions. All forms end in one: `differentiate`.

/// The derivative of a function of one number: `gradient(at: 3) { x in x * x + 2 * x }` is 8.
///
/// An input that is not used has gradient zero. So has one whose numbers are read, by `scalar` or `numbers`: what is made of
/// plain numbers is a constant, and nothing tells a constant that was meant from one that was not. The function's result must be
/// of rank 0; for another, see ``vectorJacobianProduct(at:cotangent:of:)``. The answer is a plain number, through which no outer
/// gradient flows: to nest gradients, use the forms that take tensors.
public func gradient(at x: Double, of function: (Tensor) throws -> Tensor) rethrows -> Double {
    try valueWithGradient(at: x, of: function).gradient
}

/// The partial derivatives of a function of two numbers; see ``gradient(at:of:)``.
public func gradient(
    at x: Double, _ y: Double, of function: (Tensor, Tensor) throws -> Tensor
) rethrows -> (Double, Double) {
    try valueWithGradient(at: x, y, of: function).gradient
}

/// The partial derivatives of a function of three numbers; see ``gradient(at:of:)``.
public func gradient(
    at x: Double, _ y: Double, _ z: Double, of function: (Tensor, Tensor, Tensor) throws -> Tensor
) rethrows -> (Double, Double, Double) {
    try valueWithGradient(at: x, y, z, of: function).gradient
}

/// The gradient of a function of one tensor: of its shape, with ∂f/∂xᵢ at each place; see ``gradient(at:of:)``.
///
/// Gradients nest: inside another gradient or recording, this one is recorded too, so a gradient of a gradient is a second
/// derivative.
public func gradient(at x: Tensor, of function: (Tensor) throws -> Tensor) rethrows -> Tensor {
    try valueWithGradient(at: x, of: function).gradient
}

/// The gradients of a function of two tensors; see ``gradient(at:of:)``.
public func gradient(
    at x: Tensor, _ y: Tensor, of function: (Tensor, Tensor) throws -> Tensor
) rethrows -> (Tensor, Tensor) {
    try valueWithGradient(at: x, y, of: function).gradient
}

/// The gradients of a function of three tensors; see ``gradient(at:of:)``.
public func gradient(
    at x: Tensor, _ y: Tensor, _ z: Tensor, of function: (Tensor, Tensor, Tensor) throws -> Tensor
) rethrows -> (Tensor, Tensor, Tensor) {
    try valueWithGradient(at: x, y, z, of: function).gradient
}

/// The gradients of a function of any number of tensors; see ``gradient(at:of:)``.
public func gradient(at inputs: [Tensor], of function: ([Tensor]) throws -> Tensor) rethrows -> [Tensor] {
    try valueWithGradient(at: inputs, of: function).gradient
}

/// The value of a function of one number, and its derivative; see ``gradient(at:of:)``.
public func valueWithGradient(
    at x: Double, of function: (Tensor) throws -> Tensor
) rethrows -> (value: Double, gradient: Double) {
    let (value, gradient) = try valueWithGradient(at: Tensor(x), of: function)
    return (value.scalar, gradient.scalar)
}

/// The value of a function of two numbers, and its partial derivatives; see ``gradient(at:of:)``.
public func valueWithGradient(
    at x: Double, _ y: Double, of function: (Tensor, Tensor) throws -> Tensor
) rethrows -> (value: Double, gradient: (Double, Double)) {
    let (value, (dx, dy)) = try valueWithGradient(at: Tensor(x), Tensor(y), of: function)
    return (value.scalar, (dx.scalar, dy.scalar))
}

/// The value of a function of three numbers, and its partial derivatives; see ``gradient(at:of:)``.
public func valueWithGradient(
    at x: Double, _ y: Double, _ z: Double, of function: (Tensor, Tensor, Tensor) throws -> Tensor
) rethrows -> (value: Double, gradient: (Double, Double, Double)) {
    let (value, (dx, dy, dz)) = try valueWithGradient(at: Tensor(x), Tensor(y), Tensor(z), of: function)
    return (value.scalar, (dx.scalar, dy.scalar, dz.scalar))
}

/// The value of a function of one tensor, and its gradient; see ``gradient(at:of:)``.
public func valueWithGradient(
    at x: Tensor, of function: (Tensor) throws -> Tensor
) rethrows -> (value: Tensor, gradient: Tensor) {
    let (value, gradients) = try differentiate(at: [x]) { try function($0[0]) }
    return (value, gradients[0])
}

/// The value of a function of two tensors, and its gradients; see ``gradient(at:of:)``.
public func valueWithGradient(
    at x: Tensor, _ y: Tensor, of function: (Tensor, Tensor) throws -> Tensor
) rethrows -> (value: Tensor, gradient: (Tensor, Tensor)) {
    let (value, gradients) = try differentiate(at: [x, y]) { try function($0[0], $0[1]) }
    return (value, (gradients[0], gradients[1]))
}

/// The value of a function of three tensors, and its gradients; see ``gradient(at:of:)``.
public func valueWithGradient(
    at x: Tensor, _ y: Tensor, _ z: Tensor, of function: (Tensor, Tensor, Tensor) throws -> Tensor
) rethrows -> (value: Tensor, gradient: (Tensor, Tensor, Tensor)) {
    let (value, gradients) = try differentiate(at: [x, y, z]) { try function($0[0], $0[1], $0[2]) }
    return (value, (gradients[0], gradients[1], gradients[2]))
}

/// The value of a function of any number of tensors, and its gradients; see ``gradient(at:of:)``.
public func valueWithGradient(
    at inputs: [Tensor], of function: ([Tensor]) throws -> Tensor
) rethrows -> (value: Tensor, gradient: [Tensor]) {
    try differentiate(at: inputs, of: function)
}

/// The product vᵀ J of a cotangent with the Jacobian of a function of one tensor: the gradient of Σᵢ vᵢ fᵢ(x).
///
/// - Parameters:
///   - cotangent: v, of the shape and element type of the function's result.
public func vectorJacobianProduct(
    at x: Tensor, cotangent: Tensor, of function: (Tensor) throws -> Tensor
) rethrows -> Tensor {
    try differentiate(at: [x], cotangent: cotangent) { try function($0[0]) }.gradient[0]
}

/// Runs a function on variables that stand for the inputs, and sweeps back from its result.
///
/// Inside a recording, the inputs, the function and the sweep are recorded on the same tape: only the part of the tape from
/// the variables on is swept, so an outer variable that the function uses stays what it is outside.
///
/// - Parameters:
///   - objects: What the variables stand for, if anything.
///   - unreached: What to do where no path leads from the variables to the result.
package func differentiate(
    at inputs: [Tensor], cotangent: Tensor? = nil, standingFor objects: BoundObjects? = nil,
    of function: ([Tensor]) throws -> Tensor, unreached: ((Tensor) -> Void)? = nil
) rethrows -> (value: Tensor, gradient: [Tensor]) {
    let isNested = Tape.current != nil
    return try Tape.withTape { tape in
        let variables = inputs.map { $0.isFailed ? $0 : tape.variable($0) }
        let start = variables.first?.index ?? 0
        return try tape.binding(objects, from: start) {
            let output = try function(variables)
            let gradient = tape.gradients(
                of: output, cotangent, withRespectTo: variables, from: start, isRecorded: isNested, unreached)
            return (isNested || output.isFailed ? output : output.withoutTape, gradient)
        }
    }
}

extension Tape {
    /// The gradient of an output of this tape with respect to one of its tensors.
    ///
    /// The instructions that compute it are appended to the tape, also after the recording has ended; so it can be printed
    /// and differentiated again. Asked twice, it is the same bit for bit. A tensor that the output does not depend on has
    /// gradient zero; one that is not on this tape is an error.
    public func gradient(of output: Tensor, withRespectTo input: Tensor) -> Tensor {
        gradient(of: output, withRespectTo: [input])[0]
    }

    /// The gradients of an output of this tape with respect to several of its tensors; see
    /// ``gradient(of:withRespectTo:)-(_,Tensor)``.
    public func gradient(of output: Tensor, withRespectTo inputs: [Tensor]) -> [Tensor] {
        if output.serial != 0, output.serial != serial, !output.isFailed {
            return TensorError(
                "gradient", "the output is on another tape", of: [output], advice: "Ask the tape that recorded it."
            ).raise(returning: inputs.map { _ in .failed })
        }
        for (position, input) in inputs.enumerated() where input.serial != serial && !input.isFailed {
            return TensorError(
                "gradient", "input \(position) is not on this tape", of: [input],
                advice: "Differentiate with respect to a `tape.variable(…)` or what was computed from one."
            ).raise(returning: inputs.map { _ in .failed })
        }
        return Tape.with(self) {
            let first = inputs.map(\.index).min() ?? 0
            return gradients(of: output, nil, withRespectTo: inputs, from: max(first, 0), isRecorded: true)
        }
    }

    /// Sweeps from an output back to `start`.
    func gradients(
        of output: Tensor, _ cotangent: Tensor?, withRespectTo inputs: [Tensor], from start: Int32, isRecorded: Bool,
        _ unreached: ((Tensor) -> Void)? = nil
    ) -> [Tensor] {
        if output.isFailed || inputs.contains(where: \.isFailed) { return inputs.map { _ in .failed } }
        if let error = error(output, cotangent, inputs) { return error.raise(returning: inputs.map { _ in .failed }) }
        let seed = cotangent ?? Tensor(1, elementType: output.elementType)
        let adjoints =
            output.serial == serial
            ? Sweep.adjoints(
                on: self, of: output.index, seed, withRespectTo: inputs, from: start, isRecorded: isRecorded) : nil
        if adjoints == nil { unreached?(output) }
        return adjoints ?? inputs.map { Tensor(everywhere: 0, $0.shape, $0.elementType) }
    }

    /// Why these cannot be differentiated.
    private func error(_ output: Tensor, _ cotangent: Tensor?, _ inputs: [Tensor]) -> TensorError? {
        let operation = cotangent == nil ? "gradient" : "vectorJacobianProduct"
        if output.isOpenElsewhere {
            return TensorError(
                operation, "the result belongs to a tape that is recording on another thread", of: [output])
        }
        if !output.elementType.isFloat {
            return TensorError(
                operation, "a result of type \(output.elementType.abbreviation) has no derivative", of: [output])
        }
        if let input = inputs.first(where: { !$0.elementType.isFloat }) {
            return TensorError(
                operation, "nothing has a derivative with respect to \(input.elementType.abbreviation)", of: [input],
                advice: "Pass what is not differentiated into the closure by capturing it.")
        }
        if cotangent == nil, output.rank != 0 {
            return TensorError(
                operation, "the function's result must be a single number, but has shape \(output.shape)", of: [output],
                advice: "Reduce it, for example with `sum` or `mean`, or use `vectorJacobianProduct`.")
        }
        if let cotangent, cotangent.kind != output.kind {
            return TensorError(operation, "the cotangent must be like the function's result", of: [output, cotangent])
        }
        return nil
    }
}

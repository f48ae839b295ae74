extension Tape {
    /// Runs a function of tensors on a new tape that records a program. Inside, what the function computes without recording
    /// is recorded too, and what it reads is noted.
    static func recordProgram<Result>(
        at inputs: [Tensor], names: [String?] = [], of function: ([Tensor]) throws -> [Tensor],
        _ body: (_ tape: Tape, _ variables: [Tensor], _ outputs: [Tensor]) -> Result
    ) rethrows -> Result {
        try withNewTape { tape in
            tape.notes = ProgramNotes()
            let variables = inputs.enumerated().map { position, input in
                tape.variable(input.withoutTape, named: position < names.count ? names[position] : nil)
            }
            return body(tape, variables, try function(variables))
        }
    }
}

extension Graph {
    /// Runs a function of tensors once and returns what it made, and its recording; nil where it failed inside
    /// ``Tensor/checked(_:)``.
    static func recording(
        at inputs: [Tensor], names: [String?] = [], of function: ([Tensor]) throws -> [Tensor]
    ) rethrows -> (outputs: [Tensor], graph: Graph?) {
        if let foreign = inputs.first(where: \.isOpenElsewhere) {
            return TensorError(
                "Program", "an input belongs to a tape that is recording on another thread",
                operands: [foreign.operandDescription], advice: "Pass its `detached` value."
            ).raise(returning: ([.failed], nil))
        }
        return try Tape.recordProgram(at: inputs, names: names, of: function) { tape, variables, outputs in
            if TensorError.isNoted || outputs.contains(where: \.isFailed) { return (outputs, nil) }
            return (outputs.map(\.withoutTape), Graph(tape, inputs: variables, outputs: outputs))
        }
    }
}

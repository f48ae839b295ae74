extension Graph {
    /// Runs a function of tensors on a new tape that records a program, once, and returns what it made, and its recording; nil
    /// where it failed inside ``Tensor/checked(_:)``, and where it takes or makes views that a program, which packs them, has no
    /// memory for. What the function computes without recording is recorded too, and what it reads is noted.
    static func recording(
        at inputs: [Tensor], names: [String?] = [], of function: ([Tensor]) throws -> [Tensor]
    ) rethrows -> (outputs: [Tensor], graph: Graph?) {
        if let foreign = inputs.first(where: \.isOpenElsewhere) {
            return TensorError(
                "Program", "an input belongs to a tape that is recording on another thread", of: [foreign],
                advice: "Pass its `detached` value."
            ).raise(returning: ([.failed], nil))
        }
        return try Tape.withNewTape { tape in
            tape.notes = ProgramNotes()
            let variables = inputs.enumerated().map { position, input in
                tape.variable(input.withoutTape, named: position < names.count ? names[position] : nil)
            }
            let outputs = try function(variables)
            if TensorError.isNoted || outputs.contains(where: \.isFailed) { return (outputs, nil) }
            if (inputs + outputs).contains(where: { $0.shortage != nil }) { return (outputs.map(\.withoutTape), nil) }
            return (outputs.map(\.withoutTape), Graph(tape, inputs: variables, outputs: outputs))
        }
    }
}

extension Tape {
    /// Runs a program's function as it is written: nothing records but its gradients, each by itself. As in a recording, what
    /// objects are set to is forgotten.
    static func eagerly<Result>(_ body: () throws -> Result) rethrows -> Result {
        try withNewTape { tape in
            tape.notes = ProgramNotes()
            return try with(nil, body)
        }
    }
}

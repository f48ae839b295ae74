extension Graph {
    /// Runs a function of tensors once and returns what it made, and its recording; nil where it failed inside
    /// ``Tensor/checked(_:)``.
    static func recording(
        at inputs: [Tensor], names: [String?] = [], of function: ([Tensor]) throws -> [Tensor]
    ) rethrows -> (outputs: [Tensor], graph: Graph?) {
        let serial = OpenSerials.open()
        defer { OpenSerials.close(serial) }
        let tape = Tape(serial: serial)
        tape.notes = ProgramNotes()
        return try tape.whileCurrent {
            let variables = inputs.enumerated().map { position, input in
                tape.variable(input.withoutTape, named: position < names.count ? names[position] : nil)
            }
            let outputs = try function(variables)
            if TensorError.isNoted || outputs.contains(where: \.isFailed) { return (outputs, nil) }
            return (outputs.map(\.withoutTape), Graph(tape, inputs: variables, outputs: outputs))
        }
    }
}

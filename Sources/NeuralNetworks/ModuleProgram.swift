import Autograd

extension Program {
    /// Records what `function` computes with a model: a program that many threads may run.
    ///
    ///     let classify = Program(freezing: Classifier(using: &random), at: x) { network, x in network(x) }
    ///
    /// The program keeps the model to itself: one that is used elsewhere does not compile (in language mode 6). To run a model
    /// that is still trained, hand over another one built alike, with the values that the parameters have now,
    /// ``Module/assign(_:)``. For inputs of other shapes `function` is recorded again, on any thread.
    ///
    /// What `function` does to parameters that are not trained, such as running averages, is forgotten.
    public convenience init<Model: Module>(
        freezing model: sending Model, at x: Tensor, of function: @escaping @Sendable (Model, Tensor) -> Tensor
    ) {
        let model = Locked(model)
        self.init(at: x) { x in
            model.withLock { model in
                // As if nothing were bound: another model's step may record this one's.
                Tape.forgettingSettings { BoundObjects([], names: []).substituting([]) { function(model, x) } }
            }
        }
    }
}

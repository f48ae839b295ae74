import Autograd

extension Module {
    /// Records what `function` computes with this model where the parameters have the values that they have now: a program
    /// that many threads may run, also while this model is trained on.
    ///
    ///     let classify = network.program(at: x, copiedInto: Classifier(using: &random)) { network, x in network(x) }
    ///
    /// - Parameter twin: Another model built alike, which the program keeps to itself: one that is used elsewhere does not
    ///   compile. It gets the values, and of it `function` is recorded, for inputs of other shapes again and on any thread;
    ///   what is not a parameter is the twin's.
    ///
    /// What `function` does to parameters that are not trained, such as running averages, is forgotten.
    public func program(
        at x: Tensor, copiedInto twin: sending Self, of function: @escaping @Sendable (Self, Tensor) -> Tensor
    ) -> Program where Self: SendableMetatype {
        let (values, twin) = (values, Locked(twin))
        return Program.record(at: x) { x in
            twin.withLock { model in
                // As if nothing were bound: another model's step may record this one's.
                BoundObjects([], names: []).substituting([]) {
                    model.assign(values)
                    return function(model, x)
                }
            }
        }
    }
}

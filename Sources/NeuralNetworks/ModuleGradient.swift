import Autograd

extension Module {
    /// The value of a loss, and its gradient with respect to each trainable parameter, by path.
    ///
    ///     let (loss, gradient) = network.valueWithGradient { network in
    ///         halfSquaredError(network(x), expected)
    ///     }
    ///     gradient["hidden.weight"]
    ///
    /// A parameter that the loss reads but that is not found in this model is an error.
    public func valueWithGradient(
        of loss: (Self) throws -> Tensor
    ) rethrows -> (value: Tensor, gradient: [String: Tensor]) {
        let trained = TrainedParameters(of: self)
        let (value, gradients) = try trained.valueWithGradient(at: trained.values) { try loss(self) }
        return (value, Dictionary(uniqueKeysWithValues: zip(trained.names, gradients)))
    }

    /// Records what `body` does with this model, whose trainable parameters are variables named by their paths.
    ///
    ///     let (tape, loss) = network.recorded { network in halfSquaredError(network(x), expected) }
    ///     print(tape)
    public func recorded<Result>(_ body: (Self) throws -> Result) rethrows -> (tape: Tape, result: Result) {
        let trained = TrainedParameters(of: self)
        defer { trained.refuseStrangers() }
        return try Tape.record { _ in try trained.objects.substituting(trained.values) { try body(self) } }
    }

    /// Compares the gradients with respect to the trainable parameters with central differences, in float64: what the loss
    /// captures must be float64 too. See
    /// ``Autograd/checkGradients(at:names:subject:orders:mode:tolerance:seed:of:)``. The parameters are left as they were.
    public func checkGradients(
        orders: ClosedRange<Int> = 1...2, mode: GradientCheckMode = .full, tolerance: Double = 1e-6, seed: UInt64 = 0,
        of loss: (Self) -> Tensor
    ) -> GradientReport {
        let trained = TrainedParameters(of: self)
        return Autograd.checkGradients(
            at: trained.values, names: trained.names, subject: "\(Self.self)", orders: orders, mode: mode,
            tolerance: tolerance, seed: seed
        ) { inputs in trained.check(trained.objects.substituting(inputs) { loss(self) }) }
    }
}

/// The trainable parameters of a model, found once.
package struct TrainedParameters {
    package let parameters: [Parameter]
    let names: [String]
    fileprivate let objects: BoundObjects
    private let model: String

    /// - Parameter found: Those that are trained; nil for all that are trainable.
    package init(_ found: [NamedParameter]? = nil, of model: some Module) {
        let found = found ?? model.trainableParameters
        parameters = found.map(\.parameter)
        names = found.map(\.path)
        objects = BoundObjects(parameters, names: names)
        self.model = "\(type(of: model))"
    }

    package var values: [Tensor] { parameters.map(\.value) }

    /// The value of a loss and its gradients, in the order of the parameters, where these have the given values.
    func valueWithGradient(
        at values: [Tensor], of loss: () throws -> Tensor, unreached: ((Tensor) -> Void)? = nil
    ) rethrows -> (value: Tensor, gradients: [Tensor]) {
        let (value, gradients) = try differentiate(
            at: values, standingFor: objects, of: { _ in try loss() }, unreached: unreached)
        return (check(value), gradients)
    }

    /// The loss where the parameters have these values, and what an optimizer makes of the values and of what it remembers. A
    /// loss on which none of the parameters has an influence is an error.
    package func step<Method: Optimizer>(
        _ optimizer: Method, learningRate: Tensor, _ values: [Tensor], _ memory: [String: Tensor],
        of loss: () throws -> Tensor
    ) rethrows -> (loss: Tensor, values: [Tensor], memory: [String: Tensor]) {
        let (value, gradients) = try valueWithGradient(at: values, of: loss) { value in
            TensorError(
                "TrainingStep", "the loss does not depend on any trainable parameter: \(Tape.missingPath(to: value))",
                of: [value], advice: "Compute it with the model that the closure gets, in operations on tensors."
            ).raise()
        }
        var newMemory = memory
        let newValues = optimizer.updated(
            names.indices.map { ParameterGradient(path: names[$0], value: values[$0], gradient: gradients[$0]) },
            learningRate: learningRate, memory: &newMemory)
        if newValues.count != values.count {
            let problem = "it makes \(newValues.count) values for \(values.count) parameters"
            return TensorError("\(Method.self)", problem).raise(returning: (value, values, memory))
        }
        for (parameter, value) in zip(parameters, newValues) { parameter.check(value) }
        if let name = memory.firstDifference(from: newMemory) {
            return TensorError(
                "\(Method.self)", "what it remembers as \(name) is not like what it remembered",
                of: [memory[name], newMemory[name]].compactMap(\.self)
            ).raise(returning: (value, values, memory))
        }
        return (value, newValues, newMemory)
    }

    /// The value of a loss, refused if it read a trainable parameter which is not among these.
    func check(_ value: Tensor) -> Tensor { refuseStrangers() ?? value }

    /// An error, if a trainable parameter was read which is not among these.
    @discardableResult
    func refuseStrangers() -> Tensor? {
        guard let stranger = objects.strangers.first as? Parameter else { return nil }
        objects.strangers = []
        return TensorError(
            model, "the loss uses a parameter that is not found in the model's stored properties", of: [stranger.value],
            advice: "Store the layer that owns it in a property of the model; what another model makes of the data, "
                + "such as a teacher, is an input of the loss."
        ).raise()
    }
}

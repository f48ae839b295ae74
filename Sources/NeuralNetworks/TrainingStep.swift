import Autograd

/// One step of training: the loss on some data, its gradient, and the update of the parameters.
///
///     let step = TrainingStep(network, SGD(learningRate: 0.5)) { network, x, expected in
///         halfSquaredError(network(x), expected)
///     }
///     while step(x, expected) > goal {}
///
/// The first call is recorded: forward, backward and update as one program, which every further call replays. So the closure
/// is `@Sendable` and gets what changes as arguments, the model too: a captured model or `var` does not compile (in language
/// mode 6). Of the model, its parameters may change between steps, trainable or not; its other properties are what they were
/// when the step was recorded, and so are random numbers drawn then. Inputs of other shapes, or a number that was asked for and
/// is another now, have the step recorded again; see ``explanation``. The parameters live in the program's memory, and are read
/// and set through the model as ever.
public final class TrainingStep<Model: Module, Method: Optimizer> {
    /// The method. Its learning rate may change between steps; another setting has the step recorded again.
    public var optimizer: Method {
        get { method }
        set {
            let old = method
            method = newValue
            // What it was is released behind: then, and where it is compared, anything may be called.
            withExtendedLifetime(old) { if recipe.adopt(newValue) { restart(because: "the optimizer has changed") } }
        }
    }
    // Read at every step; nothing is called while it changes.
    @exclusivity(unchecked) private var method: Method
    private let recipe: Recipe<Model, Method>
    @exclusivity(unchecked) private var program: StatefulProgram
    /// How many inputs the loss takes; nil for any number.
    private let inputCount: Int?

    /// The model whose parameters are trained.
    public var model: Model { recipe.model }

    /// - Parameter loss: The loss, of rank 0, of the model on an input and what is expected of it.
    public convenience init(
        _ model: Model, _ optimizer: Method, loss: @escaping @Sendable (Model, Tensor, Tensor) -> Tensor
    ) {
        self.init(model, optimizer, inputs: 2, recording: { model, inputs in loss(model, inputs[0], inputs[1]) })
    }

    /// - Parameter loss: The loss, of rank 0, of the model on any number of tensors.
    public convenience init(
        _ model: Model, _ optimizer: Method, loss: @escaping @Sendable (Model, [Tensor]) -> Tensor
    ) {
        self.init(model, optimizer, inputs: nil, recording: loss)
    }

    private init(
        _ model: Model, _ optimizer: Method, inputs: Int?, recording loss: @escaping (Model, [Tensor]) -> Tensor
    ) {
        inputCount = inputs
        method = optimizer
        recipe = Recipe(model, optimizer, loss)
        program = recipe.program(inputs: inputs)
    }

    /// Makes one step and returns the loss before it. A loss that is NaN compares as neither larger nor smaller than any goal.
    ///
    /// If anything fails inside ``Autograd/Tensor/checked(_:)``, no parameter is changed, nor what the optimizer remembers.
    @discardableResult
    public func callAsFunction(_ x: Tensor, _ expected: Tensor) -> Double {
        program.replay(x, expected, optimizer.learningRate) ?? run(x, expected)
    }

    /// The two inputs and the learning rate without an array around them, which would be allocated.
    private func run(_ x: Tensor, _ expected: Tensor) -> Double {
        prepare()
        return withUnsafePointer(to: (x, expected, Tensor(optimizer.learningRate))) {
            program.run(
                UnsafeBufferPointer(start: UnsafeRawPointer($0).assumingMemoryBound(to: Tensor.self), count: 3))
        }
    }

    /// Makes one step on any number of inputs and returns the loss before it.
    @discardableResult
    public func callAsFunction(_ inputs: Tensor...) -> Double { self(inputs) }

    /// Makes one step on any number of inputs and returns the loss before it.
    @discardableResult
    public func callAsFunction(_ inputs: [Tensor]) -> Double {
        if let inputCount, inputs.count != inputCount {
            return TensorError(
                "TrainingStep", "the loss takes \(inputCount) tensors, not \(inputs.count)",
                operands: inputs.map(\.operandDescription)
            ).raise().scalar
        }
        prepare()
        return program.run(inputs + [Tensor(optimizer.learningRate)])
    }

    /// What the optimizer remembers, by name, such as `velocity.hidden.weight`: to be kept with the model, and set again where
    /// training is to go on. What it remembers of parameters that are frozen now is not among it. Other names, shapes or element
    /// types than it remembers are an error, and nothing is changed.
    public var optimizerMemory: [String: Tensor] {
        get {
            prepare()
            return recipe.memory(in: program.state)
        }
        set {
            prepare()
            recipe.setMemory(newValue, in: program.state)
        }
    }

    /// What was recorded, how it was shortened and what memory was planned, and each re-recording with its reason.
    public var explanation: String { program.explanation }

    /// The latest recording, without what is dead or repeated; nil before the first.
    public var graph: Graph? { program.graph }

    /// The latest recording as it runs: the step of each instruction (those of one step are fused), and where its value lies.
    public var plan: String { program.plan }

    /// Brings all parameters together for a run.
    private func prepare() {
        if !recipe.isUpToDate { restart(because: "other parameters are trainable now") }
        recipe.takeOver(program.state)
    }

    /// Begins anew; the parameters keep their values, and the optimizer what it remembers.
    private func restart(because reason: String) {
        recipe.takeOver(program.state)
        recipe.remember(program.state)
        program = recipe.program(
            inputs: inputCount, after: program.explanation + "\nrecordings dropped: \(reason)")
    }
}

extension TrainingStep: CustomStringConvertible {
    /// The instructions of the latest recording, as a tape prints them.
    public var description: String { program.description }
}

/// What a step of training computes.
private final class Recipe<Model: Module, Method: Optimizer> {
    let model: Model
    private var optimizer: Method
    private let loss: (Model, [Tensor]) -> Tensor
    private let found: [NamedParameter]
    private var trained: TrainedParameters
    /// Parameters that are not trained, but which the model may change, such as running averages.
    private var others: [Parameter] = []
    /// The names of what the optimizer remembers, in the order in which it lies in the state, behind the parameters.
    private var memoryNames: [String] = []
    /// What it remembered when the last recordings were dropped.
    private var remembered: [String: Tensor] = [:]

    init(_ model: Model, _ optimizer: Method, _ loss: @escaping (Model, [Tensor]) -> Tensor) {
        self.model = model
        self.optimizer = optimizer
        self.loss = loss
        found = model.parameters
        trained = TrainedParameters([], of: model)
    }

    /// All parameters, in the order in which they lie in the state.
    private var parameters: [Parameter] { trained.parameters + others }

    /// Whether the parameters that are trained are those that shall be.
    var isUpToDate: Bool { trained.parameters.allSatisfy(\.isTrainable) && !others.contains(where: \.isTrainable) }

    /// Takes a changed optimizer. True where more than its learning rate has changed.
    func adopt(_ changed: Method) -> Bool {
        var settings = optimizer
        settings.learningRate = changed.learningRate
        optimizer = changed
        return settings != changed
    }

    /// A program that is to be recorded.
    func program(inputs: Int?, after history: String? = nil) -> StatefulProgram {
        trained = TrainedParameters(found.filter(\.parameter.isTrainable), of: model)
        let frozen = found.filter { !$0.parameter.isTrainable }
        others = frozen.map(\.parameter)
        if trained.parameters.isEmpty {
            TensorError("TrainingStep", "\(Model.self) has no trainable parameter in its stored properties").raise()
        }
        let values = parameters.map(\.value)
        var memory = optimizer.initialMemory(for: zip(trained.names, values).map { ($0, $1) })
        for (name, old) in remembered where memory[name]?.kind == old.kind { memory[name] = old }
        memoryNames = memory.keys.sorted()
        let home = ProgramState(values + memoryNames.map { memory[$0]! })
        for slot in values.indices { home.lose(slot) }
        // What comes behind any number of inputs has no name.
        let names = inputs.map {
            [String?](repeating: nil, count: $0) + ["learningRate"] + trained.names + frozen.map(\.path) + memoryNames
        }
        return StatefulProgram(home, names: names ?? [], after: history) { [self] in computed($0, $1) }
    }

    /// Keeps what the optimizer remembers, before a program is dropped.
    func remember(_ state: ProgramState) { remembered.merge(memory(in: state)) { $1 } }

    /// What the optimizer remembers.
    func memory(in state: ProgramState) -> [String: Tensor] {
        Dictionary(uniqueKeysWithValues: zip(memoryNames, (parameters.count..<state.count).map { state[$0] }))
    }

    func setMemory(_ memory: [String: Tensor], in state: ProgramState) {
        if memory.values.contains(where: \.isFailed) { return }
        let present = self.memory(in: state)
        if let name = present.firstDifference(from: memory) {
            TensorError(
                "optimizerMemory", "\(name) is not like what the optimizer remembers",
                operands: [present[name], memory[name]].compactMap(\.?.operandDescription),
                advice: "Set what a step with the same optimizer and a model built alike has remembered."
            ).raise()
            return
        }
        for (slot, name) in memoryNames.enumerated() { state[parameters.count + slot] = memory[name]! }
    }

    /// Lets the parameters lie in the program's memory, also those that another program has taken meanwhile.
    func takeOver(_ state: ProgramState) {
        for slot in state.regain() { parameters[slot].move(to: state, slot) }
    }

    /// The loss, and the new state.
    private func computed(_ inputs: [Tensor], _ state: [Tensor]) -> (value: Tensor, state: [Tensor]) {
        let values = Array(state.prefix(trained.parameters.count))
        for (parameter, value) in zip(others, state.dropFirst(values.count)) { Tape.set(parameter, to: value) }
        let memory = Dictionary(uniqueKeysWithValues: zip(memoryNames, state.dropFirst(parameters.count)))
        let step = trained.step(optimizer, learningRate: inputs.last!, values, memory) {
            loss(model, inputs.dropLast())
        }
        return (step.loss, step.values + others.map(\.value) + memoryNames.map { step.memory[$0]! })
    }
}

import Autograd

/// One step of training: the loss on some data, its gradient, and the update of the parameters.
///
///     let step = TrainingStep(network, SGD(learningRate: 0.5)) { network, x, expected in
///         halfSquaredError(network(x), expected)
///     }
///     while step(x, expected) > goal {}
///
/// The first call is recorded: forward, backward and update as one program, which every further call replays. So the closure is
/// `@Sendable` and gets what changes as arguments, the model too: a captured model or `var` does not compile (in language mode
/// 6). Of the model, its parameters may change between steps, trainable or not; its other properties are what they were when
/// the step was recorded. Random numbers are drawn by a ``RandomState`` of the model, anew in each step. Inputs of other
/// shapes, or a number that was asked for and is another now, have the step recorded again; see ``explanation``. The parameters
/// live in the program's memory, and are read and set through the model as ever.
public final class TrainingStep<Model: Module, Method: Optimizer> {
    /// The model whose parameters are trained.
    public let model: Model
    /// The method. Its learning rate may change between steps; another setting has the step recorded again.
    public var optimizer: Method {
        get { method }
        set {
            // What it was is released behind: then, and where it is compared, anything may be called.
            var old = method
            method = newValue
            old.learningRate = newValue.learningRate
            if old != newValue { restart(because: "the optimizer has changed") }
        }
    }
    // Read at every step; nothing is called while these change.
    @exclusivity(unchecked) private var method: Method
    /// The parameters, those that are trained first, and behind them what the optimizer remembers.
    @exclusivity(unchecked) private var state = ProgramState([])
    private var replayer = Replayer()
    private let loss: (Model, [Tensor]) -> Tensor
    /// How many inputs the loss takes; nil for any number.
    private let inputCount: Int?
    private let found: [NamedParameter]
    private var trained: TrainedParameters
    /// Parameters that are not trained, but which the model may change, such as running averages.
    private var others: [Parameter] = []
    /// The names of what the optimizer remembers, in the order in which it lies in the state.
    private var memoryNames: [String] = []
    /// What it remembered when recordings were dropped.
    private var remembered: [String: Tensor] = [:]
    /// The results of the last run, which the next writes over.
    private var results: [Tensor] = []

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
        (self.model, self.loss, inputCount, method) = (model, loss, inputs, optimizer)
        found = model.parameters
        trained = TrainedParameters([], of: model)
        start()
    }

    /// Makes one step and returns the loss before it. A loss that is NaN compares as neither larger nor smaller than any goal.
    ///
    /// If anything fails inside ``Autograd/Tensor/checked(_:)``, no parameter is changed, nor what the optimizer remembers.
    @discardableResult
    public func callAsFunction(_ x: Tensor, _ expected: Tensor) -> Double {
        state.replay(x, expected, optimizer.learningRate) ?? run(x, expected)
    }

    /// The two inputs and the learning rate without an array around them, which would be allocated.
    private func run(_ x: Tensor, _ expected: Tensor) -> Double {
        withUnsafePointer(to: (x, expected, Tensor(optimizer.learningRate))) {
            run(UnsafeBufferPointer(start: UnsafeRawPointer($0).assumingMemoryBound(to: Tensor.self), count: 3))
        }
    }

    /// Makes one step on any number of inputs and returns the loss before it.
    @discardableResult
    public func callAsFunction(_ inputs: Tensor...) -> Double { self(inputs) }

    /// Makes one step on any number of inputs and returns the loss before it.
    @discardableResult
    public func callAsFunction(_ inputs: [Tensor]) -> Double {
        if let inputCount, inputs.count != inputCount {
            let problem = "the loss takes \(inputCount) tensors, not \(inputs.count)"
            return TensorError("TrainingStep", problem, of: inputs).raise().scalar
        }
        return (inputs + [Tensor(optimizer.learningRate)]).withUnsafeBufferPointer(run)
    }

    private func run(_ inputs: UnsafeBufferPointer<Tensor>) -> Double {
        prepare()
        // Taken out, for what the model computes may be anything.
        var results: [Tensor] = []
        swap(&results, &self.results)
        replayer.run(inputs, into: &results, of: computed)
        self.results = results
        return results[0].scalar
    }

    /// What the optimizer remembers, by name, such as `velocity.hidden.weight`: to be kept with the model, and set again where
    /// training is to go on. What it remembers of parameters that are frozen now is not among it. Other names, shapes or element
    /// types than it remembers are an error, and nothing is changed.
    public var optimizerMemory: [String: Tensor] {
        get {
            prepare()
            return memory
        }
        set {
            prepare()
            if newValue.values.contains(where: \.isFailed) { return }
            let present = memory
            if let name = present.firstDifference(from: newValue) {
                TensorError(
                    "optimizerMemory", "\(name) is not like what the optimizer remembers",
                    operands: [present[name], newValue[name]].compactMap(\.?.operandDescription),
                    advice: "Set what a step with the same optimizer and a model built alike has remembered."
                ).raise()
                return
            }
            for (slot, name) in zip(memorySlots, memoryNames) { state[slot] = newValue[name]! }
        }
    }

    /// What was recorded, how it was shortened and what memory was planned, and each re-recording with its reason.
    public var explanation: String { replayer.explanation }

    /// The latest recording, without what is dead or repeated; nil before the first.
    public var graph: Graph? { replayer.graph }

    /// The latest recording as it runs: the step of each instruction (those of one step are fused), and where its value lies.
    public var plan: String { replayer.plan }

    /// Where the time of a step on these inputs goes, see ``plan``: the share of each of its parts, from at least one step that
    /// measures itself, and more for a fifth of a second. They are made on a copy of the parameters, which do not change.
    public func profile(_ inputs: Tensor...) -> String {
        prepare()
        return replayer.profile(inputs + [Tensor(optimizer.learningRate)])
    }
}

extension TrainingStep: CustomStringConvertible {
    /// The instructions of the latest recording, as a tape prints them.
    public var description: String { replayer.description }
}

// MARK: - State

extension TrainingStep {
    private var memorySlots: Range<Int> { state.count - memoryNames.count..<state.count }
    private var memory: [String: Tensor] {
        Dictionary(uniqueKeysWithValues: zip(memoryNames, memorySlots.map { state[$0] }))
    }

    private func move(_ slot: Int) {
        let parameter =
            slot < trained.parameters.count
            ? trained.parameters[slot] : others[slot - trained.parameters.count]
        parameter.move(to: state, slot)
    }

    /// Brings all parameters together for a run: those that shall be trained, also where another step has taken them meanwhile.
    private func prepare() {
        if !trained.parameters.allSatisfy(\.isTrainable) || others.contains(where: \.isTrainable) {
            restart(because: "other parameters are trainable now")
        }
        for slot in state.regain() { move(slot) }
    }

    /// Begins anew; the parameters keep their values, and the optimizer what it remembers.
    private func restart(because reason: String) {
        remembered.merge(memory) { $1 }
        start(after: replayer.explanation + "\nrecordings dropped: \(reason)")
    }

    private func start(after history: String? = nil) {
        trained = TrainedParameters(found.filter(\.parameter.isTrainable), of: model)
        let frozen = found.filter { !$0.parameter.isTrainable }
        others = frozen.map(\.parameter)
        if trained.parameters.isEmpty {
            TensorError("TrainingStep", "\(Model.self) has no trainable parameter in its stored properties").raise()
        }
        var memory = method.initialMemory(for: zip(trained.names, trained.values).map { ($0, $1) })
        for (name, old) in remembered where memory[name]?.kind == old.kind { memory[name] = old }
        memoryNames = memory.keys.sorted()
        let places = [Tensor](repeating: Tensor(0), count: found.count)
        state = ProgramState(places + memoryNames.map { memory[$0]! })
        for slot in places.indices { move(slot) }
        replayer = Replayer(
            state, names: ["learningRate"] + trained.names + frozen.map(\.path) + memoryNames, after: history)
    }

    /// From the inputs of the loss, the learning rate and the state, the loss and what becomes of the state.
    private func computed(_ given: [Tensor]) -> [Tensor] {
        let (inputs, state) = (given.dropLast(state.count), given.suffix(state.count))
        let values = Array(state.prefix(trained.parameters.count))
        for (parameter, value) in zip(others, state.dropFirst(values.count)) { Tape.set(parameter, to: value) }
        let memory = Dictionary(uniqueKeysWithValues: zip(memoryNames, state.suffix(memoryNames.count)))
        let step = trained.step(method, learningRate: inputs.last!, values, memory) {
            loss(model, Array(inputs.dropLast()))
        }
        return [step.loss] + step.values + others.map(\.value) + memoryNames.map { step.memory[$0]! }
    }
}

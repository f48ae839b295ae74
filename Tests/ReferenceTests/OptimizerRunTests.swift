import Autograd
import Foundation
import Networks
import NeuralNetworks
import Testing

/// Runs of optimizers on a small problem, recorded from PyTorch: `Reference/torch/optimizers.json`, or that file in the folder
/// which the environment variable REFERENCE_TORCH names.
struct OptimizerRuns: Decodable {
    struct Case: Decodable, Sendable {
        let name: String
        let settings: [String: Setting]
        let losses: [Double]
        let learningRates: [Double]
        let clipGlobalNorm: Double?
        /// After each step.
        let parameters: [[String: Vector.Array]]
    }

    enum Setting: Decodable, Sendable {
        case number(Double)
        case flag(Bool)

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let flag = try? value.decode(Bool.self) {
                self = .flag(flag)
            } else {
                self = .number(try value.decode(Double.self))
            }
        }

        var number: Double? { if case .number(let number) = self { number } else { nil } }
    }

    private enum CodingKeys: String, CodingKey { case problem, cases }
    private struct Problem: Decodable {
        let weight: Vector.Array, bias: Vector.Array, x: Vector.Array, y: Vector.Array

        private enum CodingKeys: String, CodingKey {
            case weight = "W"
            case bias = "b"
            case x, y
        }
    }
    private let problem: Problem
    let cases: [Case]

    static let all: OptimizerRuns = {
        let folder = ProcessInfo.processInfo.environment["REFERENCE_TORCH"].map { URL(fileURLWithPath: $0) }
        let chosen = folder ?? Documents.folder.appendingPathComponent("torch")
        return try! Documents.read(OptimizerRuns.self, from: chosen.appendingPathComponent("optimizers.json"))
    }()

    var model: Dense { Dense(weight: Parameter(problem.weight.tensor), bias: Parameter(problem.bias.tensor)) }
    var x: Tensor { problem.x.tensor }
    var y: Tensor { problem.y.tensor }
    static func loss(_ model: Dense, _ x: Tensor, _ y: Tensor) -> Tensor { mean(square(tanh(model(x)) - y)) }
}

/// Another method, behind gradients that together are no longer than a bound.
private struct Clipped<Method: Optimizer>: Optimizer {
    var method: Method
    let bound: Double
    var learningRate: Double {
        get { method.learningRate }
        set { method.learningRate = newValue }
    }

    func initialMemory(for parameters: [(path: String, value: Tensor)]) -> [String: Tensor] {
        method.initialMemory(for: parameters)
    }

    func updated(
        _ parameters: [ParameterGradient], learningRate: Tensor, memory: inout [String: Tensor]
    ) -> [Tensor] {
        let norm = sqrt(parameters.map { sum(square($0.gradient)) }.reduce(Tensor(0), +))
        // As PyTorch does it.
        let factor = min(1, bound / (norm + 1e-6))
        let clipped = parameters.map {
            ParameterGradient(path: $0.path, value: $0.value, gradient: factor * $0.gradient)
        }
        return method.updated(clipped, learningRate: learningRate, memory: &memory)
    }
}

@Suite struct `Optimizers beside PyTorch` {
    /// The other cases are of methods that are not written here yet.
    static let cases = OptimizerRuns.all.cases.filter { run in
        ["SGD", "Adam"].contains(run.name.split(separator: " ")[0])
            && Set(run.settings.keys).isSubset(of: [
                "learningRate", "momentum", "beta1", "beta2", "epsilon", "period", "minimum", "warmup",
            ])
    }

    @Test func `are found`() { #expect(Self.cases.count >= 8) }

    @Test(arguments: cases) func `take the same steps`(run: OptimizerRuns.Case) {
        func setting(_ name: String) -> Double { run.settings[name]?.number ?? 0 }
        if run.name.hasPrefix("Adam") {
            let adam = Adam(
                learningRate: setting("learningRate"), beta1: setting("beta1"), beta2: setting("beta2"),
                epsilon: setting("epsilon"))
            check(run, adam)
        } else {
            let sgd = SGD(learningRate: setting("learningRate"), momentum: setting("momentum"))
            if let bound = run.clipGlobalNorm {
                check(run, Clipped(method: sgd, bound: bound))
            } else {
                check(run, sgd)
            }
        }
    }

    private func check(_ run: OptimizerRuns.Case, _ optimizer: some Optimizer) {
        let runs = OptimizerRuns.all
        let model = runs.model
        let step = TrainingStep(model, optimizer, loss: OptimizerRuns.loss)
        for (place, parameters) in run.parameters.enumerated() {
            step.optimizer.learningRate = run.learningRates[place]
            let loss = step(runs.x, runs.y)
            #expect(abs(loss - run.losses[place]) < 1e-13)
            #expect(model.weight.value.isApproximatelyEqual(to: parameters["W"]!.tensor, relativeTolerance: 1e-12))
            #expect(model.bias!.value.isApproximatelyEqual(to: parameters["b"]!.tensor, relativeTolerance: 1e-12))
        }
        #expect(!step.explanation.contains("again"))
    }

    /// What it remembers is read half way, and set in another process' step on a model of those values.
    @Test func `go on where another step ended`() {
        let runs = OptimizerRuns.all
        let (model, copy) = (runs.model, runs.model)
        let step = TrainingStep(model, Adam(learningRate: 0.05), loss: OptimizerRuns.loss)
        for _ in 0..<5 { step(runs.x, runs.y) }
        let memory = step.optimizerMemory
        #expect(memory.keys.sorted() == ["first.bias", "first.weight", "second.bias", "second.weight", "steps"])
        #expect(memory["steps"] == Tensor(5))
        let other = TrainingStep(copy, Adam(learningRate: 0.05), loss: OptimizerRuns.loss)
        copy.assign(from: model)
        other.optimizerMemory = memory
        for _ in 0..<5 { #expect(step(runs.x, runs.y) == other(runs.x, runs.y)) }
        #expect(copy.weight.value == model.weight.value)
        #expect(step.optimizerMemory == other.optimizerMemory)
    }

    @Test func `refuse to remember something else`() {
        let runs = OptimizerRuns.all
        let step = TrainingStep(runs.model, Adam(learningRate: 0.05), loss: OptimizerRuns.loss)
        step(runs.x, runs.y)
        let memory = step.optimizerMemory
        for (name, change) in [
            ("steps", ["steps": Tensor([1])]), ("more", ["more": Tensor(0)]), ("steps", ["steps": nil]),
            ("first.bias", ["first.bias": memory["first.bias"]!.cast(to: .float32)]),
        ] as [(String, [String: Tensor?])] {
            var changed = memory
            for (key, value) in change { changed[key] = value }
            let error = #expect(throws: TensorError.self) { try Tensor.checked { step.optimizerMemory = changed } }
            #expect(error?.problem == "\(name) is not like what the optimizer remembers")
            #expect(step.optimizerMemory == memory)
        }
    }

    private struct Short: Optimizer {
        var learningRate = 0.0
        func updated(
            _ parameters: [ParameterGradient], learningRate: Tensor, memory: inout [String: Tensor]
        ) -> [Tensor] { [parameters[0].value] }
    }

    @Test func `give a value for each parameter`() {
        let runs = OptimizerRuns.all
        let step = TrainingStep(runs.model, Short(), loss: OptimizerRuns.loss)
        let error = #expect(throws: TensorError.self) { try Tensor.checked { step(runs.x, runs.y) } }
        #expect(error?.operation == "Short" && error?.problem == "it makes 1 values for 2 parameters")
    }
}

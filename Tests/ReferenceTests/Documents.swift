import Autograd
import Foundation

/// The recorded runs of the documents' networks: `Reference/documents.json`.
struct Documents: Decodable {
    struct Sample: Decodable {
        let inputs: [Double], and: Double, or: Double, xor: Double
        private enum CodingKeys: String, CodingKey {
            case inputs, xor
            case and = "and_"
            case or = "or_"
        }
    }

    let samples: [Sample]
    let oneNeuron: [NeuronRun]
    let xorNetwork: XORRun
    let pattern: PatternRun, brokenPattern: PatternRun
    let hiddenLayerPattern: HiddenLayerRun
    let published: Published

    struct NeuronRun: Decodable, Sendable, CustomStringConvertible {
        struct Step: Decodable {
            let sample: Int, output: Double, loss: Double, weightGradient: [Double], biasGradient: Double
        }
        let function: String, initialWeight: [Double], initialBias: Double, learningRate: Double, lossGoal: Double
        let orderSeed: UInt64, firstSteps: [Step], steps: Int
        let finalWeight: [Double], finalBias: Double, finalOutputs: [Double]
        var description: String { function }
    }

    struct XORRun: Decodable {
        /// The hidden weights are [input][unit]; a dense layer has them transposed.
        struct Parameters: Decodable {
            let hiddenWeight: [[Double]], hiddenBias: [Double], outputWeight: [Double], outputBias: Double
        }
        struct Step: Decodable {
            let sample: Int, output: Double, loss: Double
            let hiddenWeightGradient: [[Double]], hiddenBiasGradient: [Double]
            let outputWeightGradient: [Double], outputBiasGradient: Double
        }
        struct MeanLoss: Decodable { let step: Int, meanLoss: Double }
        let initial: Parameters, learningRate: Double, orderSeed: UInt64, steps: Int
        let firstSteps: [Step], meanLossAfter: [MeanLoss], final: Parameters, finalOutputs: [Double]
    }

    struct PatternRun: Decodable {
        struct Step: Decodable { let outputs: [Double], weightGradient: [Double] }
        struct Unseen: Decodable { let input: [Double], output: Double }
        let inputs: [[Double]], expected: [Double], initialWeight: [Double], excitationsBeforeTraining: [Double]
        let learningRate: Double, steps: Int, firstSteps: [Step]
        let finalWeight: [Double], outputsBeforeLastStep: [Double], outputForUnseenInput: Unseen
    }

    struct HiddenLayerRun: Decodable {
        let inputs: [[Double]], expected: [Double], learningRate: Double, steps: Int
        let initialHiddenWeight: [[Double]], initialOutputWeight: [Double], outputsBeforeLastStep: [Double]
    }

    struct Published: Decodable {
        let andAfter44842Steps: [Double], orAfter21555Steps: [Double], patternExcitations: [Double]
    }

    static let all = try! read(Documents.self, from: folder.appendingPathComponent("documents.json"))

    /// The bundled reference files.
    static let folder = Bundle.module.resourceURL!.appendingPathComponent("Reference")

    static func read<Value: Decodable>(_ type: Value.Type, from file: URL) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: file))
    }
}

/// The recorded order of samples: the two highest bits of Knuth's linear congruential generator.
struct SampleOrder {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 62)
    }
}

/// Whether numbers agree within an absolute tolerance.
func agree(_ left: [Double], _ right: [Double], within tolerance: Double) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { abs($0 - $1) <= tolerance }
}

import Autograd
import Foundation
import Networks
import NeuralNetworks
import Testing

/// 30 steps of the small GPT in float64, recorded from JAX: `Reference/microgpt.json`.
private struct SmallGPTRun: Decodable {
    struct Final: Decodable { let sum: Double, sumOfSquares: Double, first: [Double] }
    let width: Int, steps: Int, beta1: Double, beta2: Double, epsilon: Double
    let losses: [Double], final: [String: Final], firstBatch: [[Int]]
}

@Suite struct `The small GPT` {
    @Test func `learns as its reference does`() throws {
        let run = try Documents.read(SmallGPTRun.self, from: Documents.folder.appendingPathComponent("microgpt.json"))
        let names = try Names(text: String(contentsOfFile: Names.path, encoding: .utf8))
        let model = SmallGPT(width: run.width, elementType: .float64)
        #expect(model.named.map(\.parameter.value.elementCount).reduce(0, +) == 4192)
        let letters = names.batch(0, elementType: .float64)[0]
        let expected = run.firstBatch.joined().map { letter in (0..<SmallGPT.vocabulary).map { $0 == letter ? 1.0 : 0 }
        }
        #expect(letters.numbers == Array(expected.joined()))
        let step = TrainingStep(
            model, Adam(learningRate: 0, beta1: run.beta1, beta2: run.beta2, epsilon: run.epsilon), loss: SmallGPT.loss)
        for (count, expected) in run.losses.enumerated() {
            step.optimizer.learningRate = 0.01 * (1 - Double(count) / 1000)
            let loss = step(names.batch(count, elementType: .float64))
            #expect(abs(loss - expected) <= 1e-12 * expected, "step \(count)")
        }
        #expect(run.losses.count == run.steps && model.named.count == run.final.count)
        for (name, parameter) in model.named {
            let (value, expected) = (parameter.value, try #require(run.final[name]))
            func isNear(_ number: Double, _ other: Double) -> Bool { abs(number - other) <= 1e-10 * max(1, abs(other)) }
            #expect(isNear(sum(value).scalar, expected.sum), "\(name)")
            #expect(isNear(sum(square(value)).scalar, expected.sumOfSquares), "\(name)")
            #expect(zip(value.numbers, expected.first).allSatisfy(isNear), "\(name)")
        }
        #expect(!step.explanation.contains("again"), "\(step.explanation)")
    }
}

import Autograd
import Foundation
import NeuralNetworks
import Testing

@Suite struct `A loss` {
    private let prediction = Tensor([[0.5, -1], [2, 3]])
    private let expected = Tensor([[1, 1], [0, 3]])

    @Test func `of squares follows its formula`() {
        let errors = [0.25, 4, 4, 0]
        #expect(meanSquaredError(prediction, expected).scalar == 8.25 / 4)
        #expect(meanSquaredError(prediction, expected, reduction: .sum).scalar == 8.25)
        #expect(meanSquaredError(prediction, expected, reduction: .unreduced) == Tensor(errors, shape: [2, 2]))
        #expect(halfSquaredError(prediction, expected).scalar == 8.25 / 8)
        #expect(halfSquaredError(prediction, expected, reduction: .sum).scalar == 8.25 / 2)
        let apart = halfSquaredError(prediction, expected, reduction: .unreduced)
        #expect(apart == Tensor(errors.map { $0 / 2 }, shape: [2, 2]))
        let slope = gradient(at: prediction) { halfSquaredError($0, expected, reduction: .sum) }
        #expect(slope == prediction - expected)
    }

    @Test func `of cross entropy follows its formula`() {
        let (z, e) = ([-2.0, 0, 1.5], [0.0, 1, 0.25])
        let losses = zip(z, e).map { z, e in
            let p = 1 / (1 + exp(-z))
            return -e * log(p) - (1 - e) * log(1 - p)
        }
        let apart = binaryCrossEntropy(logits: Tensor(z), Tensor(e), reduction: .unreduced)
        #expect(apart.isApproximatelyEqual(to: Tensor(losses), relativeTolerance: 1e-14))
        let total = binaryCrossEntropy(logits: Tensor(z), Tensor(e), reduction: .sum).scalar
        #expect(abs(total - losses.reduce(0, +)) < 1e-14)
        #expect(abs(binaryCrossEntropy(logits: Tensor(z), Tensor(e)).scalar - total / 3) < 1e-15)
        let slope = gradient(at: Tensor(z)) { binaryCrossEntropy(logits: $0, Tensor(e), reduction: .sum) }
        #expect(slope.isApproximatelyEqual(to: sigmoid(Tensor(z)) - Tensor(e), relativeTolerance: 1e-14))
    }

    @Test func `of cross entropy holds at the extremes`() {
        func loss(_ z: Double, _ e: Double) -> Double { binaryCrossEntropy(logits: Tensor(z), Tensor(e)).scalar }
        func slope(_ z: Double, _ e: Double) -> Double { gradient(at: z) { binaryCrossEntropy(logits: $0, Tensor(e)) } }
        #expect(loss(800, 1) == 0 && loss(-800, 0) == 0)
        #expect(loss(800, 0) == 800 && loss(-800, 1) == 800)
        #expect(loss(40, 1) == 4.248354255291589e-18)
        #expect(loss(-40, 0) == 4.248354255291589e-18)
        #expect(slope(800, 1) == 0 && slope(-800, 0) == 0)
        #expect(slope(800, 0) == 1 && slope(-800, 1) == -1)
        #expect(abs(slope(-40, 0) / 4.248354255291589e-18 - 1) < 1e-15)
        let infinity = Double.infinity
        #expect(loss(infinity, 1) == 0 && loss(-infinity, 0) == 0)
        #expect(slope(infinity, 1) == 0 && slope(-infinity, 0) == 0)
        #expect(
            [loss(infinity, 0), loss(-infinity, 1), loss(infinity, 0.5), loss(-infinity, 0.5)].allSatisfy {
                $0 == infinity
            })
        #expect(slope(infinity, 0) == 1 && slope(-infinity, 1) == -1)
        // With respect to what is expected: softplus(−z) − softplus(z) = −z, where the weight is 0 too.
        #expect(gradient(at: 0) { binaryCrossEntropy(logits: Tensor(3), $0) } == -3)
    }

    @Test func `of classes follows its formula`() {
        let (z, p) = ([[1.0, -0.5, 2], [0.3, 0.1, -4]], [[0.0, 0, 1], [0.25, 0.5, 0.25]])
        let losses = zip(z, p).map { z, p in
            let total = log(z.map { exp($0) }.reduce(0, +))
            return zip(z, p).map { z, p in p * (total - z) }.reduce(0, +)
        }
        let (logits, expected) = (Tensor(z), Tensor(p))
        let apart = softmaxCrossEntropy(logits: logits, expected, reduction: .unreduced)
        #expect(apart.isApproximatelyEqual(to: Tensor(losses), relativeTolerance: 1e-14))
        let total = softmaxCrossEntropy(logits: logits, expected, reduction: .sum).scalar
        #expect(abs(total - losses.reduce(0, +)) < 1e-14)
        #expect(abs(softmaxCrossEntropy(logits: logits, expected).scalar - total / 2) < 1e-15)
        #expect(abs(softmaxCrossEntropy(logits: logits[0], expected[0]).scalar - losses[0]) < 1e-15)
        let slope = gradient(at: logits) { softmaxCrossEntropy(logits: $0, expected, reduction: .sum) }
        #expect(slope.isApproximatelyEqual(to: softmax(logits) - expected, relativeTolerance: 1e-14))
    }

    @Test func `of classes holds at the extremes`() {
        func loss(_ z: [Double]) -> Double { softmaxCrossEntropy(logits: Tensor(z), Tensor([1, 0])).scalar }
        #expect(loss([1000, 0]) == 0 && loss([0, 1000]) == 1000 && loss([-1000, -1000]) == log(2.0))
        // A confident right answer keeps the digits of its tiny loss, up to what is left of 1 + e⁻³⁰.
        #expect(abs(loss([30, 0]) - exp(-30)) < 1e-16)
        let slope = gradient(at: Tensor([0, 1000])) { softmaxCrossEntropy(logits: $0, Tensor([1, 0])) }
        #expect(slope == Tensor([-1, 1]))
    }

    @Test func `of classes takes logits of minus infinity`() {
        let infinity = Double.infinity
        let (z, p) = (Tensor([-infinity, 0.3, 1.2]), Tensor([0, 0.25, 0.75]))
        let loss = softmaxCrossEntropy(logits: z, p)
        // The loss of the other two classes.
        #expect(loss == softmaxCrossEntropy(logits: z.sliced(1..., along: 0), p.sliced(1..., along: 0)))
        let slope = gradient(at: z) { softmaxCrossEntropy(logits: $0, p) }
        #expect(slope.isApproximatelyEqual(to: softmax(z) - p, relativeTolerance: 1e-15))
        #expect(slope.numbers[0] == 0)
        let isOut = Tensor([true, false, false])
        let report = checkGradients(at: [Tensor([5, 0.3, 1.2]), Tensor([0.1, 0.25, 0.65])]) { inputs in
            let p = select(isOut, 0, inputs[1])
            return softmaxCrossEntropy(logits: select(isOut, -infinity, inputs[0]), p)
        }
        #expect(report.passes, "\(report)")
        // What is expected but excluded costs any price; and probabilities of 0 keep their derivative.
        #expect(softmaxCrossEntropy(logits: z, Tensor([0.5, 0.5, 0])).scalar == infinity)
        let price = gradient(at: Tensor([0, 1])) { softmaxCrossEntropy(logits: Tensor([0.3, 1.2]), $0) }
        #expect(price == -logSoftmax(Tensor([0.3, 1.2])))
        // A row that says nothing spoils no other.
        let rows = Tensor([[-infinity, -infinity], [-infinity, 1], [-infinity, -infinity]])
        let apart = softmaxCrossEntropy(logits: rows, Tensor([[0, 1], [0, 1], [0, 0]]), reduction: .unreduced)
        #expect(apart.numbers[0].isNaN && apart.numbers[1] == 0 && apart.numbers[2] == 0)
        let slopes = gradient(at: rows) {
            sum(softmaxCrossEntropy(logits: $0, Tensor([[0, 1], [0, 1], [0, 0]]), reduction: .unreduced))
        }
        #expect(slopes.rows[1] == [0, 0] && slopes.rows[0].allSatisfy(\.isNaN) && slopes.rows[2].allSatisfy(\.isNaN))
    }

    @Test func `refuses unequal shapes and says how to mend them`() {
        for loss in [
            halfSquaredError, meanSquaredError, { binaryCrossEntropy(logits: $0, $1, reduction: $2) },
            { softmaxCrossEntropy(logits: $0, $1, reduction: $2) },
        ] {
            let error = tensorError { loss(Tensor([[1], [2]]), Tensor([1, 2]), .mean) }
            #expect(error?.problem == "the prediction has shape [2, 1], what is expected [2]")
            #expect(error?.advice.contains("`reshaped(to: [2, 1])`") == true)
            #expect(error?.operands == ["f64[2, 1]", "f64[2]"])
        }
        tensorError { meanSquaredError(Tensor([1]), Tensor(1)) }
        tensorError { meanSquaredError(Tensor([1]), Tensor([1], elementType: .float32)) }
    }

    @Test func `stops the process at unequal shapes`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = binaryCrossEntropy(logits: Tensor([1, 2]), Tensor([[1, 2]]))
        }
        #expect(result.message.contains("binaryCrossEntropy: the prediction has shape [2], what is expected [1, 2]"))
        #expect(result.message.contains("reshaped(to: [2])"))
    }

    @Test func `keeps float32`() {
        let (x, e) = (Tensor([1, -2.5]), Tensor([0.25, 0.75]))
        let losses: [(Tensor, Tensor, Reduction) -> Tensor] = [
            halfSquaredError, meanSquaredError, { binaryCrossEntropy(logits: $0, $1, reduction: $2) },
            { softmaxCrossEntropy(logits: $0, $1, reduction: $2) },
        ]
        for loss in losses {
            let wide = valueWithGradient(at: x) { loss($0, e, .mean) }
            let single = valueWithGradient(at: x.cast(to: .float32)) { loss($0, e.cast(to: .float32), .mean) }
            for (single, wide) in [(single.value, wide.value), (single.gradient, wide.gradient)] {
                #expect(single.isApproximatelyEqual(to: wide.cast(to: .float32), relativeTolerance: 4e-7))
            }
        }
    }
}

import Autograd
import Testing

@Suite struct `Softmax and its relatives` {
    private let infinity = Double.infinity

    @Test func `stay finite where the exponential does not`() {
        #expect(softmax(Tensor([1000, 1000])) == Tensor([0.5, 0.5]))
        #expect(softmax(Tensor([-1000, 0, -infinity])) == Tensor([0, 1, 0]))
        #expect(logSumExp(Tensor([1000, 1000])).scalar == 1000 + log(Tensor(2)).scalar)
        #expect(logSumExp(Tensor([-1000, -1001])).scalar == -1000 + log(1 + exp(Tensor(-1))).scalar)
        #expect(logSoftmax(Tensor([1000, 0])) == Tensor([0, -1000]))
    }

    @Test func `take infinities`() {
        #expect(logSumExp(Tensor([-infinity, -infinity])).scalar == -infinity)
        #expect(logSumExp(Tensor([-infinity, 2])).scalar == 2)
        #expect(logSumExp(Tensor([infinity, 2])).scalar == infinity)
        #expect(logSumExp(Tensor([infinity, -infinity])).scalar == infinity)
        #expect(logSumExp(Tensor([.nan, infinity])).scalar.isNaN)
        #expect(logSoftmax(Tensor([-infinity, 3])) == Tensor([-infinity, 0]))
        // No numbers have a sum of 1 and these ratios.
        for x in [Tensor([-infinity, -infinity]), Tensor([infinity, 0])] {
            #expect(softmax(x).numbers.allSatisfy { $0.isNaN })
        }
        // A row that has none spoils no other.
        #expect(softmax(Tensor([[-infinity, -infinity], [1, 1]]))[1] == Tensor([0.5, 0.5]))
    }

    @Test func `have the gradients of their formulas`() {
        let x = Tensor([[0.3, -1.2, 2], [700, 701, -700]])
        let slope = gradient(at: x) { sum(logSumExp($0, along: 1)) }
        #expect(slope.isApproximatelyEqual(to: softmax(x), relativeTolerance: 1e-13))
        let small = Tensor([[0.3, -1.2, 2], [0.5, 0.25, -1]])
        for function in [{ softmax($0) }, { logSoftmax($0, along: 0) }, { logSumExp($0) }] as [(Tensor) -> Tensor] {
            let report = checkGradients(at: [small]) { sum(square(function($0[0]))) }
            #expect(report.passes, "\(report)")
        }
        // The largest element takes part in the gradient like any other, though it shifts them all.
        #expect(gradient(at: Tensor([2.0, 2])) { logSumExp($0) } == Tensor([0.5, 0.5]))
    }

    @Test func `have no gradient where there is no softmax`() {
        // The gradient of log Σ eˣ is softmax x.
        for x in [Tensor([-infinity, -infinity]), Tensor(-infinity)] {
            #expect(gradient(at: x) { logSumExp($0) }.numbers.allSatisfy { $0.isNaN })
        }
        let row = gradient(at: Tensor([infinity, 0])) { logSumExp($0) }
        #expect(row.numbers[0].isNaN && row.numbers[1] == 0)
        // Neither spoils another row. Where some are −∞, those have the gradient 0.
        let slope = gradient(at: Tensor([[-infinity, -infinity], [2, -infinity]])) { sum(logSumExp($0, along: 1)) }
        #expect(slope[1] == Tensor([1, 0]))
    }

    @Test func `reduce the axes that are asked for`() {
        let x = Tensor((0..<24).map { Double($0 * 7 % 11) }, shape: [2, 3, 4])
        #expect(logSumExp(x, along: [0, 2]).shape == [3])
        #expect(logSumExp(x, along: -2, keepDimensions: true).shape == [2, 1, 4])
        #expect(logSumExp(Tensor(3)).scalar == 3)
        #expect(
            sum(softmax(x, along: 1), along: 1).isApproximatelyEqual(
                to: Tensor(repeating: 1, shape: [2, 4]), relativeTolerance: 1e-15))
        #expect(max(x, along: [0, -1]) == Tensor([10, 9, 8]))
        #expect(min(x, along: 2, keepDimensions: true).shape == [2, 3, 1])
        #expect(max(x).scalar == 10 && min(x).scalar == 0)
    }

    @Test func `of nothing are refused`() {
        for function in [{ logSumExp($0) }, { softmax($0) }, { max($0) }, { min($0) }] as [(Tensor) -> Tensor] {
            do {
                _ = try Tensor.checked { function(Tensor(repeating: 0, shape: [0])) }
                Issue.record("there is a largest of nothing")
            } catch {
                #expect("\(error)".contains("there is no largest of no elements"))
            }
        }
        #expect(softmax(Tensor(repeating: 0, shape: [0, 3])).shape == [0, 3])
    }
}

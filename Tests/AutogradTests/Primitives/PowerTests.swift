import Autograd
import Foundation
import Testing

@Suite struct `Derivatives of powers` {
    /// The derivative of xʸ by some operands in turn: 0 for x, 1 for y.
    private func derivative(by operands: [Int], _ x: Double, _ y: Double) -> Double {
        var function: ([Tensor]) -> Tensor = { pow($0[0], $0[1]) }
        for operand in operands {
            function = { [function] in gradient(at: $0, of: function)[operand] }
        }
        return function([Tensor(x), Tensor(y)]).scalar
    }

    /// Σₘ C(j, m) (dᵐ/dyᵐ y (y − 1) … (y − i + 1)) (ln x)ʲ⁻ᵐ xʸ⁻ⁱ for i derivatives by x and j by y: its terms.
    private func terms(_ i: Int, _ j: Int, _ x: Double, _ y: Double) -> [Double] {
        // The coefficients of the falling factorial, as far as it goes here.
        var factorial = [[1], [0, 1], [0, -1, 1], [0, 2, -3, 1]][i] as [Double]
        var binomial = 1.0
        return (0...j).map { m in
            let value = factorial.reversed().reduce(0) { $0 * y + $1 }
            let term = binomial * value * Foundation.pow(log(x), Double(j - m)) * Foundation.pow(x, y - Double(i))
            factorial = factorial.enumerated().dropFirst().map { Double($0) * $1 } + [0]
            binomial *= Double(j - m) / Double(m + 1)
            return term
        }
    }

    @Test func `are right up to the third order, in any order of the variables`() {
        let paths = (1...3).flatMap { order in (0..<1 << order).map { bits in (0..<order).map { bits >> $0 & 1 } } }
        #expect(paths.count == 14)
        for x in [0.25, 1, 2, 3, 23.0] {
            for y in [-1.5, -1, 0, 0.5, 1, 1.5, 2, 2.5, 3, 4] {
                for path in paths {
                    let terms = terms(path.count { $0 == 0 }, path.count { $0 == 1 }, x, y)
                    let (exact, largest) = (terms.reduce(0, +), terms.map { abs($0) }.max()!)
                    let computed = derivative(by: path, x, y)
                    #expect(
                        abs(computed - exact) <= 32 * largest.ulp, "\(path) at \(x), \(y): \(computed), not \(exact)")
                }
            }
        }
    }

    @Test func `by both variables do not end at exponents 0, 1 and 2`() {
        #expect(derivative(by: [0, 1], 23, 0) == 1 / 23.0 && derivative(by: [1, 0], 23, 0) == 1 / 23.0)
        #expect(derivative(by: [0, 0, 1], 2, 1) == 0.5)
        #expect(derivative(by: [0, 0, 1], 2, 0) == -0.25)
        #expect(derivative(by: [0, 0, 0, 1], 2, 2) == 1)
    }

    @Test func `of negative numbers`() {
        for (y, first, second, third) in [
            (0.0, 0.0, 0.0, 0.0), (1, 1, 0, 0), (2, -4, 2, 0), (3, 12, -12, 6), (-1, -0.25, -0.25, -0.375),
        ] {
            #expect(derivative(by: [0], -2, y) == first && derivative(by: [0, 0], -2, y) == second)
            #expect(derivative(by: [0, 0, 0], -2, y) == third)
        }
        #expect(derivative(by: [1], -2, 2).isNaN)
    }

    @Test func `at 0 are those of whole powers`() {
        let expected: [(y: Double, [Double])] = [(0, [0, 0, 0]), (1, [1, 0, 0]), (2, [0, 2, 0]), (3, [0, 0, 6])]
        for (y, derivatives) in expected {
            for (order, expected) in derivatives.enumerated() {
                #expect(
                    derivative(by: Array(repeating: 0, count: order + 1), 0, y) == expected,
                    "order \(order + 1) at 0, \(y)")
            }
            #expect(derivative(by: [1], 0, y) == 0)
        }
        #expect(derivative(by: [0, 0], 0, 0.5) == -.infinity)
    }

    /// y − 1 has fewer digits than y: ½ unit of it in the exponent would be 172 units of the power.
    @Test func `keep the digits of the exponent`() {
        let exact = 1.0000000000000039e-271
        #expect(abs(gradient(at: 1e300) { pow($0, 0.1) } - exact) <= 4 * exact.ulp)
    }
}

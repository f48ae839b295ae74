import Foundation
import Testing

@testable import Autograd

/// A derivative of an element-wise primitive, of first or second order, and what it is compared with.
struct ExactDerivative: Sendable, CustomTestStringConvertible {
    /// A product, in the order in which it is computed. Where an intermediate one overflows, the derivative is not held; where it lies
    /// below the normal numbers, it has lost digits, which further factors cannot give back.
    struct Term {
        let factors: [Wide]

        init(_ factors: Wide...) { self.factors = factors }

        var value: Wide { factors.reduce(1, *) }

        /// What may be lost below the normal numbers of a type; nil where a product overflows.
        func loss<Element: BinaryFloatingPoint>(in type: Element.Type) -> Wide? {
            var (product, loss) = (Wide(1), Wide(0))
            for (position, factor) in factors.enumerated().dropLast() {
                product *= factor
                if abs(product) > Wide(Element.greatestFiniteMagnitude) { return nil }
                guard abs(product) < Wide(Element.leastNormalMagnitude) else { continue }
                loss += factors[(position + 1)...].reduce(Wide(Element.leastNonzeroMagnitude)) { abs($0 * $1) }
            }
            return loss
        }
    }
    typealias Terms = [Term]

    let primitive: Primitive
    /// The operands by which it is differentiated, in turn.
    let operands: [Int]
    let terms: @Sendable ([Wide]) -> Terms
    let isInDomain: @Sendable ([Wide]) -> Bool

    var testDescription: String { primitive.name + " by " + operands.map { "xyz".map(String.init)[$0] }.joined() }

    /// In units of the last place of the largest term. Where there is nothing wider than Double to compare with, the comparison
    /// has the errors of the C library's functions itself.
    var bound: Double { (operands.count == 1 ? 4 : 16) + (Wide.self == Double.self ? 2 : 0) }

    /// The derivative, as users take it.
    func callAsFunction(_ x: [Tensor]) -> Tensor {
        let first = { (x: [Tensor]) -> Tensor in gradient(at: x) { sum(primitive($0)) }[operands[0]] }
        return operands.count == 1 ? first(x) : gradient(at: x) { sum(first($0)) }[operands[1]]
    }
}

extension ExactDerivative {
    private static let twoOverRootPi = 2 / Wide.pi.squareRoot()

    private static func unary(
        _ primitive: Primitive, where isInDomain: @escaping @Sendable (Wide) -> Bool = { _ in true },
        _ first: @escaping @Sendable (Wide) -> Terms, _ second: @escaping @Sendable (Wide) -> Terms
    ) -> [ExactDerivative] {
        [([0], first), ([0, 0], second)].map { operands, terms in
            ExactDerivative(
                primitive: primitive, operands: operands, terms: { terms($0[0]) }, isInDomain: { isInDomain($0[0]) })
        }
    }

    private static func several(
        _ primitive: Primitive, where isInDomain: @escaping @Sendable ([Wide]) -> Bool = { _ in true },
        _ derivatives: KeyValuePairs<[Int], @Sendable ([Wide]) -> Terms>
    ) -> [ExactDerivative] {
        derivatives.map {
            ExactDerivative(primitive: primitive, operands: $0, terms: $1, isInDomain: isInDomain)
        }
    }

    private static func logistic(_ x: Wide) -> Wide { x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)) }
    private static func logisticDerivative(_ x: Wide) -> Wide { exp(-abs(x)) / square(1 + exp(-abs(x))) }

    static let all: [ExactDerivative] = ofOne + ofSeveral + ofPowers

    private static let ofOne = [
        unary(.negate, { _ in [Term(-1)] }, { _ in [Term(0)] }),
        unary(.square, { [Term(2 * $0)] }, { _ in [Term(2)] }),
        unary(.abs, where: { $0 != 0 }, { [Term($0 < 0 ? -1 : 1)] }, { _ in [Term(0)] }),
        unary(.relu, where: { $0 != 0 }, { [Term($0 < 0 ? 0 : 1)] }, { _ in [Term(0)] }),
        unary(.exp, { [Term(exp($0))] }, { [Term(exp($0))] }),
        unary(.log, where: { $0 > 0 }, { [Term(1 / $0)] }, { [Term(1 / $0, -1 / $0)] }),
        unary(
            .sqrt, where: { $0 > 0 }, { [Term(0.5 / $0.squareRoot())] },
            { [Term(-0.25 / ($0 * $0.squareRoot()))] }),
        unary(.sin, { [Term(cos($0))] }, { [Term(-sin($0))] }),
        unary(.cos, { [Term(-sin($0))] }, { [Term(-cos($0))] }),
        unary(
            .tanh, { [Term(logisticDerivative(2 * $0), 4)] }, { [Term(logisticDerivative(2 * $0), -8 * tanh($0))] }),
        unary(
            .erf, { [Term(gaussian($0), twoOverRootPi)] }, { [Term(gaussian($0), -2 * $0 * twoOverRootPi)] }),
        unary(.sigmoid, { [Term(logisticDerivative($0))] }, { [Term(logisticDerivative($0), -tanh($0 / 2))] }),
        unary(
            .sigmoidDerivative, { [Term(logisticDerivative($0), -tanh($0 / 2))] },
            {
                [
                    Term(logisticDerivative($0), square(tanh($0 / 2))),
                    Term(logisticDerivative($0), -2 * logisticDerivative($0)),
                ]
            }),
        unary(.softplus, { [Term(logistic($0))] }, { [Term(logisticDerivative($0))] }),
    ].flatMap(\.self)

    private static let ofSeveral = [
        several(.gaussian, [[0]: { [Term(gaussian($0[0]), -2 * $0[0])] }]),
        // 2x must not overflow, in either type.
        several(
            .gaussian, where: { abs($0[0]) < 1e38 || 1e39 < abs($0[0]) && abs($0[0]) < 8e307 },
            [[0, 0]: { [Term(gaussian($0[0]), -2), Term(gaussian($0[0]), -2 * $0[0], -2 * $0[0])] }]),
        several(.add, [[0]: { _ in [Term(1)] }, [1]: { _ in [Term(1)] }, [0, 1]: { _ in [Term(0)] }]),
        several(.subtract, [[0]: { _ in [Term(1)] }, [1]: { _ in [Term(-1)] }, [1, 0]: { _ in [Term(0)] }]),
        several(.multiply, [[0]: { [Term($0[1])] }, [1]: { [Term($0[0])] }, [0, 1]: { _ in [Term(1)] }]),
        several(
            .divide,
            [
                [0]: { [Term(1 / $0[1])] }, [1]: { [Term($0[0] / $0[1], -1 / $0[1])] },
                [0, 1]: { [Term(1 / $0[1], -1 / $0[1])] }, [1, 0]: { [Term(1 / $0[1], -1 / $0[1])] },
                [1, 1]: { [Term(1 / $0[1], $0[0] / square($0[1])), Term($0[0] / $0[1], 1 / $0[1], 1 / $0[1])] },
            ]),
        several(
            .maximum, where: { $0[0] != $0[1] },
            [
                [0]: { [Term($0[0] > $0[1] ? 1 : 0)] }, [1]: { [Term($0[0] > $0[1] ? 0 : 1)] },
                [0, 1]: { _ in [Term(0)] },
            ]),
        several(
            .minimum, where: { $0[0] != $0[1] },
            [
                [0]: { [Term($0[0] < $0[1] ? 1 : 0)] }, [1]: { [Term($0[0] < $0[1] ? 0 : 1)] },
                [0, 1]: { _ in [Term(0)] },
            ]),
        several(
            .multiplyAdd,
            [
                [0]: { [Term($0[1])] }, [1]: { [Term($0[0])] }, [2]: { _ in [Term(1)] }, [0, 1]: { _ in [Term(1)] },
            ]),
        several(
            .subtractMultiply,
            [
                [0]: { [Term(-$0[1])] }, [1]: { [Term(-$0[0])] }, [2]: { _ in [Term(1)] }, [0, 1]: { _ in [Term(-1)] },
            ]),
    ].flatMap(\.self)

    /// xᵏ for k = y + c.
    private static func power(_ x: [Wide], less: Wide = 0) -> Wide { Foundation.pow(x[0], exponent(x) - less) }
    private static func exponent(_ x: [Wide]) -> Wide { x[1] + (x.count > 2 ? x[2] : 0) }

    private static let ofPowers = [Primitive.pow, .shiftedPow].flatMap { primitive in
        several(
            primitive,
            [
                [0]: { [Term(power($0, less: 1), exponent($0))] },
                [1]: { [Term(power($0), log($0[0]))] },
                [0, 0]: { [Term(power($0, less: 2), exponent($0) - 1, exponent($0))] },
                [0, 1]: { [Term(power($0, less: 1)), Term(power($0, less: 1), log($0[0]), exponent($0))] },
                [1, 1]: { [Term(power($0), log($0[0]), log($0[0]))] },
            ])
    }
}

@Suite struct `Derivatives of element-wise primitives` {
    @Test func `are all held`() {
        let held = Set(ExactDerivative.all.map(\.primitive.name))
        let others = ["equal", "notEqual", "less", "lessOrEqual", "select", "sign"]
        #expect(held.union(others) == Set(Primitive.catalogue.filter(\.isElementwise).map(\.name)))
    }

    @Test(arguments: ExactDerivative.all)
    func `are as exact as values in float64`(derivative: ExactDerivative) {
        let x = Arguments.everyExponent(20, significandBits: 52).map(Double.init(bitPattern:))
        check(derivative, at: points(derivative, x), .float64)
    }

    @Test(arguments: ExactDerivative.all)
    func `are as exact as values in float32`(derivative: ExactDerivative) {
        let x = Arguments.everyExponent(160, significandBits: 23).map(Float.init(bitPattern:))
        check(derivative, at: points(derivative, x), .float32)
    }

    /// Columns of operands: numbers of every exponent, and of the middle.
    private func points<Element: BinaryFloatingPoint & Sendable>(
        _ derivative: ExactDerivative, _ everyExponent: [Element]
    ) -> [[Element]] {
        let x = (everyExponent + Arguments.middle(5000).map { Element($0) }).filter(\.isFinite)
        var random = RandomGenerator(seed: 7)
        var columns = [x]
        for _ in 1..<derivative.primitive.operandCount! {
            columns.append(x.shuffled(using: &random))
        }
        guard derivative.primitive.name.hasSuffix("ow") else { return columns }
        // Powers of all sizes.
        let largest = Double(log(Double(Element.greatestFiniteMagnitude))) * 1.05
        columns[0] = x.map(\.magnitude)
        columns[1] = columns[0].map { x in
            let wanted = largest * (2 * random.uniform() - 1)
            return random.uniform() < 0.2 ? Element(Int(random.uniform() * 11) - 5) : Element(wanted / log(Double(x)))
        }
        for row in x.indices
        where x[row] < 0 && abs(columns[1][row]) <= 5 && columns[1][row] == columns[1][row].rounded() {
            columns[0][row] = x[row]
        }
        if columns.count > 2 { columns[2] = x.map { _ in Element(Int(random.uniform() * 4) - 3) } }
        return columns
    }

    private func check<Element: BinaryFloatingPoint>(
        _ derivative: ExactDerivative, at columns: [[Element]], _ type: Tensor.ElementType
    ) {
        let rows = columns[0].indices.map { row in columns.map { Wide($0[row]) } }
        let computed = derivative(columns.map { Tensor($0.map { Double($0) }, shape: [$0.count], elementType: type) })
        #expect(computed.elementType == type && computed.elementCount == rows.count)
        var worst = (units: 0.0, at: [Wide](), computed: 0.0, exact: Wide(0))
        var count = 0
        for (row, number) in zip(rows, computed.numbers) where derivative.isInDomain(row) {
            let terms = derivative.terms(row)
            let exact = terms.reduce(0) { $0 + $1.value }
            let losses = terms.compactMap { $0.loss(in: Element.self) }
            guard losses.count == terms.count, exact.isFinite else { continue }
            count += 1
            var units = error(Element(number) == 0 ? 0 : Element(number), exact == 0 ? 0 : exact)
            if units > 0, number.isFinite {
                let unit = terms.map { Element(abs($0.value)).ulp }.max()!
                units = Double(max(0, abs(Wide(number) - exact) - losses.reduce(0, +)) / Wide(unit))
            }
            if !(units <= worst.units) { worst = (units, row, number, exact) }
        }
        #expect(count > rows.count / 4)
        #expect(
            worst.units <= derivative.bound,
            "\(derivative.testDescription) at \(worst.at) is \(worst.computed), not \(worst.exact): \(worst.units) units off"
        )
    }
}

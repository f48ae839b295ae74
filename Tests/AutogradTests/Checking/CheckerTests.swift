import Autograd
import Testing

/// The gradient check finds what is wrong. A check that passes everything would prove nothing.
@Suite struct CheckerTests {
    /// Ways to break a pullback, and what the report says of them.
    enum Mutation: CaseIterable, Sendable {
        case scaled, negated, zero

        func callAsFunction(_ pullback: Primitive.Pullback) -> Primitive.Pullback {
            switch self {
            case .scaled: pullback.followed { 1.01 * $0 }
            case .negated: pullback.followed { -$0 }
            case .zero: pullback.followed { 0 * $0 }
            }
        }

        var verdict: String {
            switch self {
            case .scaled: "wrong formula: computed is 1.0"
            case .negated: "wrong formula: the sign is reversed"
            case .zero: "wrong formula: no gradient arrives"
            }
        }
    }

    @Test(arguments: Primitive.catalogue.filter { $0.pullbacks.contains { !$0.isZero } }, Mutation.allCases)
    func everyBrokenPullbackIsCaught(_ primitive: Primitive, _ mutation: Mutation) {
        for operand in primitive.pullbacks.indices where !primitive.pullbacks[operand].isZero {
            let broken = primitive.replacingPullback(operand, with: mutation(primitive.pullbacks[operand]))
            let report = checkGradients(of: broken)
            #expect(!report.passes)
            // The operand is named, and no other is accused.
            let accused = report.checks.filter { !$0.passes && $0.order == 1 }
            #expect(Set(accused.map(\.input)) == ["operand \(operand)"])
            #expect(accused.contains { $0.verdict!.hasPrefix(mutation.verdict) }, "\(report)")
        }
    }

    /// A rule that declares not to pass any gradient on.
    @Test(arguments: Primitive.catalogue.filter { $0.pullbacks.contains { !$0.isZero } })
    func everyMissingPullbackIsCaught(_ primitive: Primitive) {
        for operand in primitive.pullbacks.indices where !primitive.pullbacks[operand].isZero {
            let report = checkGradients(of: primitive.replacingPullback(operand, with: .zero))
            #expect(!report.passes, "\(report)")
        }
    }

    private static let squares = [Tensor([[1, 2], [3, 5]]), Tensor([[0.5, -1], [2, 0.25]])]

    /// With square matrices the shapes of a forgotten transposition fit.
    @Test func forgottenTranspositionIsCaught() {
        let wrong: [Primitive.Pullback] = [
            .using(.operand(1)) { adjoint, call in matmul(adjoint, call.operand(1)) },
            .using(.operand(0)) { adjoint, call in matmul(call.operand(0), adjoint) },
        ]
        #expect(checkGradients(at: Self.squares) { Primitive.matmul($0) }.passes)
        for (operand, pullback) in wrong.enumerated() {
            let broken = Primitive.matmul.replacingPullback(operand, with: pullback)
            let report = checkGradients(at: Self.squares) { broken($0) }
            #expect(report.checks.filter { !$0.passes && $0.order == 1 }.map(\.input) == ["input \(operand)"])
            #expect(report.description.contains("wrong formula"), "\(report)")
        }
    }

    /// Each order is measured by itself: a formula that holds something constant is right only at the first.
    @Test func orders() {
        let frozen = Primitive.matmul.replacingPullback(
            0, with: .using(.operand(1)) { matmul($0, stopGradient($1.operand(1)).transposed()) })
        func check(_ orders: ClosedRange<Int>, _ primitive: Primitive) -> GradientReport {
            checkGradients(at: Self.squares, orders: orders) { primitive($0) }
        }
        #expect(check(1...1, frozen).passes)
        #expect(check(1...1, frozen).checks.map(\.order) == [1, 1])
        #expect(!check(2...2, frozen).passes)
        #expect(check(2...2, frozen).checks.map(\.order) == [2, 2])
        #expect(check(1...2, frozen).checks.map(\.passes) == [true, true, true, false])
        #expect(check(1...2, .matmul).passes)
    }

    @Test func worstElementIsNamed() {
        let mask = Tensor([[1, 1.5, 1], [1, 1, 3]])
        let broken = identity(multiplyingAdjointBy: mask)
        let x = Tensor([[0.5, -1, 2], [1, 3, -2]])
        let report = checkGradients(at: [x], names: ["x"], subject: "squares", orders: 1...1) { square(broken($0[0])) }
        #expect(report.subject == "squares" && report.checks.map(\.input) == ["x"])
        #expect(report.checks[0].index == [1, 2])
        #expect(report.checks[0].verdict == "wrong formula")
        #expect(abs(report.checks[0].computed / report.checks[0].measured - 3) < 1e-9)
    }

    private func identity(multiplyingAdjointBy factors: Tensor) -> Primitive {
        .identity.replacingPullback(0, with: Primitive.identity.pullbacks[0].followed { $0 * factors })
    }

    @Test func randomDirections() {
        let x = Tensor((0..<100).map { Double($0) / 50 - 1.005 }, shape: [10, 10])
        let passing = checkGradients(at: [x], mode: .randomDirections(2)) { square($0[0]) }
        #expect(passing.passes && passing.checks.map(\.order) == [1, 2], "\(passing)")
        #expect(passing.checks.allSatisfy { $0.index == nil })
        // Wrong in one element of a hundred.
        let mask = Tensor((0..<100).map { $0 == 42 ? 1.01 : 1 }, shape: [10, 10])
        let broken = identity(multiplyingAdjointBy: mask)
        let failing = checkGradients(at: [x], mode: .randomDirections(2)) { square(broken($0[0])) }
        #expect(!failing.passes)
        #expect(failing.description.contains("order 1, input 0 along a random direction: computed"), "\(failing)")
    }

    @Test func tolerance() {
        let wrong = Primitive.square.replacingPullback(0, with: Primitive.square.pullbacks[0].followed { 1.0001 * $0 })
        #expect(!checkGradients(of: wrong).passes)
        #expect(checkGradients(of: wrong, tolerance: 1e-3).passes)
    }

    @Test func inputsOfFloat32AreCheckedInFloat64() {
        let report = checkGradients(at: [Tensor([0.1, 2], elementType: .float32)]) { exp($0[0]) }
        #expect(report.passes, "\(report)")
    }

    /// Numbers differ from system to system in their last digits: the layout is what is fixed.
    @Test func reportLayout() {
        func layout(_ report: GradientReport) -> String {
            report.description.replacing(/-?\d+\.\d+(e-?\d+)?|-?\de-\d+/, with: "#")
        }
        let passing = "exp: passes, orders 1 and 2, 6 checks, largest difference #"
        #expect(layout(checkGradients(of: .exp)) == passing)
        #expect(checkGradients(of: .equal).description == "equal: nothing was checked")
        #expect(!checkGradients(of: .equal).passes)
        let broken = Primitive.exp.replacingPullback(0, with: Primitive.exp.pullbacks[0].followed { -$0 })
        let report = checkGradients(at: [Tensor([1, 2])], names: ["x"], subject: "f", orders: 1...1) { broken($0[0]) }
        let failing = """
            f: 1 of 1 checks fail
              order 1, x at [1]: computed #, measured #, tolerance #
                wrong formula: the sign is reversed
            """
        #expect(layout(report) == failing)
    }
}

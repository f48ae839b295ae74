import Autograd
import Testing

/// What the gradient check says where there is nothing to compare.
@Suite struct VerdictTests {
    @Test func factor() {
        let broken = Primitive.sin.replacingPullback(0, with: Primitive.sin.pullbacks[0].followed { 2 * $0 })
        let verdict = checkGradients(at: [Tensor([0.5, 1])], orders: 1...1) { broken($0[0]) }.checks[0].verdict
        let factor = verdict?.firstMatch(of: /computed is (\S+) times what is measured/).flatMap { Double($0.output.1) }
        #expect(abs((factor ?? 0) - 2) < 1e-6, "\(verdict ?? "passes")")
    }

    /// At a kink the difference of both sides is exact and meaningless: the report must not blame the formula.
    @Test(
        arguments: [
            ("relu", { @Sendable x in relu(x) }, 0.0), ("relu, shifted", { @Sendable x in relu(x - 0.3) }, 0.3),
            ("minimum", { @Sendable x in stopGradient(min(x, 2 * x)) + x }, 0.0),
            ("a jump", { @Sendable x in select(x .> 1, x, 5) }, 1.0),
        ] as [(String, @Sendable (Tensor) -> Tensor, Double)])
    func kink(name: String, function: @Sendable (Tensor) -> Tensor, place: Double) {
        let report = checkGradients(at: [Tensor(place)], orders: 1...1) { function($0[0]) }
        #expect(report.checks[0].verdict?.hasPrefix("a kink or a jump: the slope is") == true, "\(report)")
    }

    /// Where a smooth function is flat, the slopes of both sides differ in sign, but it is no kink.
    @Test func minimumIsNoKink() {
        let broken = Primitive.cos.replacingPullback(0, with: Primitive.cos.pullbacks[0].followed { $0 + 1 })
        let report = checkGradients(at: [Tensor(0)], orders: 1...1) { broken($0[0]) }
        #expect(report.checks[0].verdict == "wrong formula", "\(report)")
        // Also where it is so steep that both slopes are far from 0.
        let steep = checkGradients(at: [Tensor(0)], orders: 1...1) { 1000 * broken($0[0]) }
        #expect(steep.checks[0].verdict == "wrong formula", "\(steep)")
    }

    @Test func functionThatIsNotFinite() {
        let report = checkGradients(at: [Tensor(-1)], orders: 1...1) { log($0[0]) }
        #expect(!report.passes)
        #expect(report.checks[0].verdict == "the function is not finite around this point")
    }

    @Test func pullbackThatIsNotFinite() {
        let broken = Primitive.exp.replacingPullback(
            0, with: .using(.result) { adjoint, call in adjoint * (call.result / 0 - call.result / 0) })
        let report = checkGradients(at: [Tensor(1)], orders: 1...1) { broken($0[0]) }
        #expect(!report.passes)
        #expect(report.checks[0].verdict?.hasPrefix("the pullback gives ") == true, "\(report)")
    }

    /// The first steps leave the domain; smaller ones do not.
    @Test func edgeOfTheDomain() {
        let report = checkGradients(at: [Tensor(0.01)]) { sqrt($0[0]) }
        #expect(report.passes, "\(report)")
    }

    @Test func zeroGradientPasses() {
        let report = checkGradients(at: [Tensor(2), Tensor(3)]) { square($0[0]) }
        #expect(report.passes && report.checks.map(\.input) == ["input 0", "input 1", "input 0", "input 1"])
    }
}

import Testing

@testable import Autograd

/// Where the time of a replay goes.
@Suite struct ProfileTests {
    /// The lines behind the first, parted into what stands in front and the plan's own.
    private func lines(of profile: String) -> [(share: Double?, text: String)] {
        profile.split(separator: "\n").dropFirst().map { line in
            (Double(line.prefix(9).filter { $0.isNumber || $0 == "." }), String(line.dropFirst(9)))
        }
    }

    @Test func `is the plan with a share of the time for each step`() {
        let x = Tensor((0..<64_000).map { Double($0) / 64_000 }, shape: [64, 1000])
        let z = Tensor((0..<60).map(Double.init), shape: [20, 3])
        let program = Program(at: x, z) { x, z in
            sum(tanh(matmul(x, x.transposed())) * 2) + sum(exp(z.transposed().reshaped(to: [60])))
        }
        let profile = program.profile(x, z)
        let lines = lines(of: profile)
        let plan = program.plan.split(separator: "\n").map(String.init)
        #expect(profile.contains(" µs a run, of which the steps take:\n"))
        #expect(Array(lines.prefix(plan.count).map(\.text)) == plan)
        #expect(lines.dropFirst(plan.count).allSatisfy { $0.text.hasPrefix("a copy, step ") })
        let shares = lines.compactMap(\.share)
        // One for each step, rounded to a tenth.
        let steps = Planner.code(program.graph!).steps.count
        #expect(shares.count == steps && steps > 2)
        #expect(abs(shares.reduce(0, +) - 100) <= 0.05 * Double(steps) + 1e-9)
        // 4,096,000 products take longer than all else together, 4,096 hyperbolic tangents at most.
        #expect(lines.first { $0.text.contains("matmul") }?.share ?? 0 > 50)
        // A step is named once.
        for line in lines where line.share == nil {
            #expect(line.text.contains("step") == isFused(line.text, in: lines))
        }
    }

    /// Whether an earlier line has the step of this one.
    private func isFused(_ text: String, in lines: [(share: Double?, text: String)]) -> Bool {
        guard let range = text.range(of: "step ") else { return false }
        let step = text[range.lowerBound...].prefix { $0 != "," }
        return lines.contains { $0.share != nil && $0.text.contains(step + ",") }
    }

    @Test func `takes views and single numbers`() {
        let x = Tensor([[1, 2, 3], [4, 5, 6]])
        let program = Program(at: x.transposed(), Tensor(2)) { x, y in x * y }
        #expect(program.profile(x.transposed(), Tensor(3)).contains("100.0 %"))
    }

    @Test func `says where there is no recording for its inputs`() {
        let program = Program(at: Tensor(1)) { x in x > 0 ? x : -x }
        let missing = "no recording serves these inputs: run on them first"
        #expect(program.profile(Tensor([1, 2])) == missing)
        #expect(program.profile() == missing)
        #expect(program.profile(Tensor(1), Tensor(1)) == missing)
        #expect(program.profile(Tensor(-1)) == missing)
        #expect(program.explanation.split(separator: "\n").count { $0.hasPrefix("recorded") } == 1)
        _ = program(Tensor(-1))
        #expect(program.profile(Tensor(-1)).contains("negate"))
        #expect(!program.profile(Tensor(1)).contains("negate"))
    }
}

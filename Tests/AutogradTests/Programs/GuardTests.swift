import Testing

@testable import Autograd

/// All ways in which recorded code can learn numbers, each of which must be a guard: recorded at some numbers and replayed at
/// others, the answer is that of the function itself.
@Suite struct `A program notes that numbers are learned` {
    typealias Way = (name: String, learns: @Sendable (Tensor) -> Bool)

    /// What can be asked of [1, 2], or of a number 1, and is another at other numbers.
    static let ways: [Way] = [
        ("scalar", { $0.rank == 0 ? $0.scalar == 1 : sum($0).scalar == 3 }),
        ("numbers", { $0.numbers[0] == 1 }),
        ("floats", { $0.floats[0] == 1 }),
        ("rows", { $0.reshaped(to: [-1, 1]).rows[0] == [1] }),
        ("indices", { $0.cast(to: .int64).indices[0] == 1 }),
        ("conditions", { ($0 .== 1).conditions[0] }),
        ("withUnsafeElements", { $0.withUnsafeElements { $0.load(as: Double.self) == 1 } }),
        (
            "withUnsafeElements of a view",
            { $0.broadcast(to: [2, 2]).transposed().withUnsafeElements { $0.load(as: Double.self) == 1 } }
        ),
        ("description", { "\($0)".contains("1.0") }),
        ("debugDescription", { $0.debugDescription.contains("1.0") }),
        ("a mirror", { x in Mirror(reflecting: x).children.contains { "\($0.value)".contains("1.0") } }),
        (
            "dump",
            { x in
                var text = ""
                dump(x, to: &text)
                return text.contains("1.0")
            }
        ),
        (
            "the printed tape",
            { x in
                let text = Tape.record { tape in "\(tape)" }.result
                return text.contains("[1, 2]") || text.hasSuffix(" 1")
            }
        ),
        ("==", { $0 == Tensor([1, 2]) || $0 == Tensor(1) }),
        ("!=", { !($0 != Tensor([1, 2]) && $0 != Tensor(1)) }),
        ("== of indices", { $0.cast(to: .int64) == Tensor(indices: [1, 2]) || $0.cast(to: .int64).numbers == [1] }),
        (
            "isApproximatelyEqual",
            { $0.isApproximatelyEqual(to: Tensor([1, 2])) || $0.isApproximatelyEqual(to: Tensor(1)) }
        ),
        ("contains", { [$0].contains(Tensor([1, 2])) || [$0].contains(Tensor(1)) }),
        ("< with a number", { $0.rank == 0 ? $0 < 1.5 : $0[0] < 1.5 }),
        ("< with a tensor", { $0.rank == 0 ? $0 < sum($0 * 0 + 1.5) : $0[0] < $0[1] }),
        (">= with a constant", { x in Tensor(1.5) >= (x.rank == 0 ? x : x[0]) }),
        ("numbers without recording", { x in withoutRecording { (x * 2).numbers[0] == 2 } }),
        ("numbers of a detached tensor", { $0.detached.numbers[0] == 1 }),
        ("a gradient's numbers", { x in gradient(at: x) { sum(square($0)) }.numbers[0] == 2 }),
    ]

    @Test(arguments: ways.indices, [true, false])
    func `in whatever way`(way: Int, isArray: Bool) {
        let (name, learns) = Self.ways[way]
        let function: @Sendable (Tensor) -> Tensor = { x in learns(x) ? x * 10 : -x }
        let (recorded, other) = isArray ? (Tensor([1, 2]), Tensor([4, 3])) : (Tensor(1), Tensor(3))
        let program = Program(at: recorded, of: function)
        #expect(program(recorded) == recorded * 10 && !program.explanation.contains("again"), "\(name)")
        #expect(program(other) == -other && function(other) == -other, "\(name): \(program)")
        #expect(program(recorded) == recorded * 10, "\(name)")
    }

    /// Which NaN it is depends on the instructions that made it.
    @Test func `a NaN that was read is found again`() {
        let program = Program(at: Tensor([1, .nan, 2])) { x in
            let largest = max(x, along: 0)
            return largest.scalar.isNaN ? sum(x[0..<1]) : largest
        }
        for number in [3.0, 4, 5] { #expect(program(Tensor([number, -.nan, 2])).scalar == number) }
        #expect(!program.explanation.contains("again"), "\(program.explanation)")
    }

    @Test func `a placeholder whose derivative is traced is printed by its kind`() {
        let primitive = Primitive.elementwise(
            "printing", value: { x in x + x },
            derivative: { x, y in
                #expect(["f64[]", "3.0", "[3.0, 4.0]"].contains("\(x)"))
                return 0 * x + 2
            }, samples: [])
        #expect(gradient(at: 3) { primitive($0) } == 2)
        #expect(gradient(at: Tensor([3, 4])) { sum(primitive($0)) }.numbers == [2, 2])
    }
}

import Testing

@testable import Autograd

/// Programs as users see them: guards, shapes, memory, threads, errors.
@Suite struct ProgramTests {
    @Test func `a comparison becomes a guard on its outcome`() {
        let program = Program(at: Tensor(1)) { x in x < 2 ? x * 10 : -x }
        #expect(program(Tensor(1.5)).scalar == 15)
        #expect(!program.explanation.contains("again"))
        #expect(program(Tensor(3)).scalar == -3)
        #expect(program.explanation.contains("recorded again: a guard did not hold"))
        // Both outcomes are known now.
        #expect(program(Tensor(0)).scalar == 0 && program(Tensor(5)).scalar == -5)
        #expect(program.explanation.components(of: "a guard did not hold") == 1)
    }

    @Test func `a number that is read becomes a guard on its bits`() {
        let program = Program(at: Tensor(2), Tensor([1, 2])) { n, x in x * n.scalar }
        #expect(program(Tensor(2), Tensor([3, 4])).numbers == [6, 8])
        #expect(!program.explanation.contains("again"))
        #expect(program(Tensor(3), Tensor([3, 4])).numbers == [9, 12])
        #expect(program.explanation.contains("a guard did not hold"))
    }

    @Test func `numbers that are read through constants or arrays are guarded too`() {
        let program = Program(at: Tensor([1, 2])) { x in
            let detached = x.detached
            let outside = withoutRecording { x * 2 }
            return sum(x.numbers == [1, 2] ? x + detached + outside : -x)
        }
        #expect(program(Tensor([1, 2])).scalar == 12)
        #expect(program(Tensor([1, 3])).scalar == -4)
    }

    @Test func `what is computed without recording is replayed, and still has no gradient`() {
        let function: @Sendable (Tensor) -> Tensor = { x in
            gradient(at: x) { x in x * withoutRecording { x * x } + x * x.detached }
        }
        let program = Program(at: Tensor(3), of: function)
        for x in [3.0, 5] { #expect(program(Tensor(x)).scalar == x * x + x) }
        #expect(function(Tensor(5)).scalar == 30)
        let inner = Program(at: Tensor(3)) { x in withoutRecording { gradient(at: x) { $0 * $0 } } }
        #expect(inner(Tensor(7)).scalar == 14)
    }

    @Test func `other shapes and types are recorded again, and kept`() {
        let program = Program(at: Tensor([1, 2])) { x in sum(x * x) }
        #expect(program(Tensor([1, 2, 3])).scalar == 14)
        #expect(program(Tensor([1, 2, 3], elementType: .float32)) == Tensor(14, elementType: .float32))
        for _ in 0..<5 { #expect(program(Tensor([2, 2])).scalar == 8 && program(Tensor([2, 2, 2])).scalar == 12) }
        #expect(program.explanation.components(of: "inputs of other shapes or types") == 2)
    }

    @Test func `a guard that never holds again makes the program eager`() {
        let program = Program(at: Tensor(0)) { x in x + x.scalar }
        for x in 1...20 { #expect(program(Tensor(Double(x))).scalar == Double(2 * x)) }
        #expect(program.explanation.contains("no further call is"))
        #expect(program.explanation.components(of: "a guard did not hold") == Recordings.patience)
    }

    @Test(arguments: [2, 1000]) func `every guard is checked`(size: Int) {
        let program = Program(at: Tensor(repeating: 1, shape: [size])) { x in
            sum(x) > 0 && x[0] < 5 ? x * 2 : -x
        }
        for (first, rest, factor) in [(2.0, 1.0, 2.0), (7, 1, -1), (3, 1, 2), (3, -5, -1), (7, 2, -1)] {
            let x = Tensor([first] + [Double](repeating: rest, count: size - 1))
            #expect(sameBits(program(x), x * factor))
        }
    }

    /// −0 is another number than 0, and a NaN another than a NaN with other bits.
    @Test(arguments: [1, 1000]) func `a guard on a number looks at its bits`(size: Int) {
        let program = Program(at: Tensor(repeating: 0, shape: [size])) { x in x[0].scalar.sign == .minus ? 1 / x : x + 3
        }
        for number in [0, -0.0, .nan, 0, -0.0, -.nan, 5] {
            let x = Tensor(repeating: number, shape: [size])
            #expect(sameBits(program(x), number.sign == .minus ? 1 / x : x + 3), "\(number)")
        }
        #expect(program.explanation.components(of: "a guard did not hold") >= 2)
    }

    @Test func `a number of another element type is another kind`() {
        let program = Program(at: Tensor(2)) { x in x / 3 }
        #expect(program(Tensor(3, elementType: .float32)) == Tensor(1, elementType: .float32))
        #expect(sameBits(program(Tensor(1, elementType: .float32)), Tensor(1, elementType: .float32) / 3))
        #expect(program(Tensor(1)).scalar == 1.0 / 3)
        #expect(program.explanation.components(of: "inputs of other shapes or types") == 1)
    }

    @Test func `results of an earlier run are written over unless somebody holds them`() {
        let program = Program(at: Tensor([1, 2])) { x in x * 2 }
        var outputs: [Tensor] = []
        program.run([Tensor([1, 2])], into: &outputs)
        let kept = outputs[0]
        program.run([Tensor([3, 4])], into: &outputs)
        #expect(kept.numbers == [2, 4] && outputs[0].numbers == [6, 8])
        let place = outputs[0].storage.map { UInt(bitPattern: $0.elements) }
        program.run([Tensor([5, 6])], into: &outputs)
        #expect(outputs[0].numbers == [10, 12] && outputs[0].storage.map { UInt(bitPattern: $0.elements) } == place)
        // An input that is also the result of before.
        program.run(outputs, into: &outputs)
        #expect(outputs[0].numbers == [20, 24])
    }

    @Test func `inputs that lie in strides are read as they lie`() {
        let x = Tensor((0..<100).map(Double.init), shape: [10, 10])
        let program = Program(at: x) { x in exp(x * 0.01) + x }
        for input in [x.transposed(), x[3].broadcast(to: [10, 10]), Tensor(2).broadcast(to: [10, 10])] {
            #expect(sameBits(program(input), exp(input * 0.01) + input))
        }
        #expect(!program.explanation.contains("again"))
    }

    @Test func `identity programs, constants, unused inputs and results that are asked twice`() {
        let program = Program(at: [Tensor([1, 2]), Tensor(3), Tensor([[1, 2], [3, 4]])]) { inputs in
            [
                inputs[0], inputs[1], inputs[2].transposed(), Tensor([7, 8]), Tensor(9), inputs[0], inputs[2] + 1,
                inputs[2] + 1,
            ]
        }
        let outputs = program.outputs(of: [Tensor([5, 6]), Tensor(4), Tensor([[5, 6], [7, 8]])])
        #expect(
            outputs.map(\.numbers) == [
                [5, 6], [4], [5, 7, 6, 8], [7, 8], [9], [5, 6], [6, 7, 8, 9], [6, 7, 8, 9],
            ])
        let empty = Program(at: Tensor(repeating: 0, shape: [0, 3])) { x in sum(x * 2, along: 0) }
        #expect(empty(Tensor(repeating: 0, shape: [0, 3])).numbers == [0, 0, 0])
    }

    @Test func `indices that no Double holds stay what they are`() {
        let large = 9_007_199_254_740_993
        let program = Program(at: Tensor([1, -1, 1])) { x in
            select(x .> 0, Tensor(indices: [large, large, large]), Tensor(indices: [large + 2, 5, large]))
        }
        #expect(program(Tensor([1, -1, -1])).indices == [large, 5, large])
        let repeated = Program(at: Tensor(1)) { x in
            let (first, second) = (Tensor(indices: [large]), Tensor(indices: [large + 2]))
            return select(
                (x .> 0).broadcast(to: [100]), first.broadcast(to: [100]), second.broadcast(to: [100]))
        }
        #expect(Set(repeated(Tensor(2)).indices) == [large] && Set(repeated(Tensor(-2)).indices) == [large + 2])
    }

    @Test func `inside another recording the function itself is recorded`() {
        let program = Program(at: Tensor(2)) { x in x * x * x }
        #expect(gradient(at: 2) { program($0) } == 12)
        #expect(gradient(at: Tensor(2)) { x in gradient(at: x) { program($0) } }.scalar == 12)
    }

    @Test func `many threads run one program`() async {
        let program = Program(at: Tensor([1, 2, 3])) { x in gradient(at: x) { sum(sigmoid($0) * $0) } }
        let results = await withTaskGroup(of: Bool.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    (0..<200).allSatisfy { round in
                        let x = Tensor([Double(thread), Double(round), 1])
                        return sameBits(program(x), gradient(at: x) { sum(sigmoid($0) * $0) })
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.allSatisfy(\.self) && results.count == 8)
    }

    /// A user's own function may do anything, so that the fast replay, whose caller retains nothing, is not for it.
    @Test func `a program that calls a user's function is not replayed the fast way`() {
        let halved = Primitive.elementwise(
            "halved", value: { $0 / 2 }, derivative: { x, _ in 0 * x + 0.5 }, samples: [.init(2, equals: 1)])
        for (function, isFast) in [(halved, false), (Primitive.tanh, true)] {
            let program = StatefulProgram(ProgramState([Tensor(0)]), names: []) { inputs, state in
                (sum(function(inputs[0]) * inputs[1]) + state[0], [state[0] + inputs[2]])
            }
            let (x, y) = (Tensor([1, 3]), Tensor([2, 4]))
            let value = sum(function(x) * y).scalar
            #expect(program.run([x, y, Tensor(1)]) == value)
            #expect(program.replay(x, y, 1) == (isFast ? value + 1 : nil))
            #expect(program.run([x, y, Tensor(1)]) == value + (isFast ? 2 : 1))
        }
    }

    @Test func `mistakes are the same clear errors`() throws {
        let program = Program(at: Tensor([1, 2])) { x in matmul(Tensor([[1, 2], [3, 4]]), x) }
        let error = #expect(throws: TensorError.self) { try Tensor.checked { program(Tensor([1, 2, 3])) } }
        #expect(error?.problem.contains("2 columns") == true)
        #expect(program(Tensor([1, 1])).numbers == [3, 7])
        let count = #expect(throws: TensorError.self) { try Tensor.checked { program(Tensor(1), Tensor(2)) } }
        #expect(count?.problem == "the function takes 1 inputs, not 2")
        let several = Program(at: [Tensor(1)]) { [$0[0], $0[0]] }
        #expect(throws: TensorError.self) { try Tensor.checked { several(Tensor(1)) } }
    }
}

extension String {
    func components(of part: String) -> Int {
        var (count, rest) = (0, self[...])
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}

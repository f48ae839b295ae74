import CKernels
import Testing

@testable import Autograd

/// No instruction throws its neighbours off their fast path.
@Suite struct TinyProgramTests {
    /// Functions of tiny arrays around a primitive, at operands that prove it, of both float types: what comes before it, itself,
    /// what comes behind.
    static func functions(
        around primitive: Primitive
    ) -> [(inputs: [Tensor], function: @Sendable ([Tensor]) -> [Tensor])] {
        primitive.samples.filter { $0.operands.allSatisfy { $0.elementCount <= 16 } }.flatMap { sample in
            [Tensor.ElementType.float64, .float32].map { type in
                let attributes = sample.attributes
                return (
                    sample.operands.map { $0.elementType == .float64 ? $0.cast(to: type) : $0 } + [Tensor([0.5, -2])],
                    { inputs in
                        let operands = inputs.dropLast().map { $0.elementType.isFloat ? exp($0) * 0.5 : $0 }
                        let value = primitive.applied(to: operands, attributes)
                        let beside = sin(inputs.last!) + 1
                        guard value.elementType.isFloat else { return [value, beside / 3] }
                        return [value * value + sum(beside).cast(to: value.elementType), beside / 3]
                    }
                )
            }
        }
    }

    @Test(arguments: Primitive.catalogue)
    func `the neighbours of every primitive are computed as single numbers`(_ primitive: Primitive) throws {
        let functions = Self.functions(around: primitive)
        #expect(!functions.isEmpty)
        for (inputs, function) in functions {
            let schedule = Schedule(
                try #require(Graph.recording(at: inputs, of: function).graph).optimized, stateCount: 0)
            let isTiny = (inputs + function(inputs)).allSatisfy { $0.elementType != .int64 }
            let others = schedule.steps.flatMap { step -> [Int] in
                switch step {
                case .elementwise(let nodes): nodes
                case .kernel(let node): [node]
                case .copy, .region: []
                }
            }
            #expect(others.allSatisfy { !isTiny && schedule.graph[$0].is(primitive) }, "\(schedule.graph)")
            #expect(!schedule.regions.isEmpty && schedule.regions.count <= 2)
            let program = Program(at: inputs, of: function)
            #expect(sameBits(program.outputs(of: inputs), function(inputs)), "\(program)")
        }
    }

    /// The steps of a program at inputs, which must replay at all of them as eager code computes.
    private func steps(
        at inputs: [[Tensor]], of function: @escaping @Sendable ([Tensor]) -> [Tensor]
    ) -> [Schedule.Step] {
        let program = Program(at: inputs[0], of: function)
        for inputs in inputs {
            #expect(sameBits(program.outputs(of: inputs), function(inputs)), "\(program.plan)")
        }
        #expect(!program.explanation.contains("again"))
        return Schedule(Graph.recording(at: inputs[0], of: function).graph!.optimized, stateCount: 0).steps
    }

    /// Conditions and float32 go in and out of a region, and from one to the other across a loop of another type.
    @Test func `float32 and conditions are single numbers beside float64`() {
        let inputs = [
            Tensor([[1, 2], [3, -1]]), Tensor([[0.5, 1.1], [2, -3]], elementType: .float32),
            Tensor([true, false, true, true]).reshaped(to: [2, 2]),
        ]
        let others = [inputs[1].cast(to: .float64), inputs[0].cast(to: .float32) / 3, inputs[2].transposed()]
        for isWhole in [true, false] {
            let steps = steps(at: [inputs, others]) { x in
                let product = matmul((x[0] * x[0] - 0.1).cast(to: .float32), x[1].transposed()[0...])
                let between = isWhole ? product : product.cast(to: .int64).cast(to: .float32)
                let isLarge = between.cast(to: .float64) .> 3
                let result = select(isLarge .& x[2], sum(x[0]), between.cast(to: .float64) * 2)
                return [result, between, product[0, 1], isLarge, isLarge[1]]
            }
            #expect(steps.count == (isWhole ? 1 : 4), "\(steps)")
        }
    }

    /// A sum of float64 adds products of float32 that have been rounded, though to add them is to multiply and add.
    @Test func `instructions of two types are not drawn together`() {
        let inputs = [Tensor([0.1, 0.7, 3], elementType: .float32), Tensor([1 / 3, -2, 5])]
        #expect(steps(at: [inputs]) { x in [(x[0] * x[0]).cast(to: .float64) + x[1]] }.count == 1)
    }

    @Test func `a sum of float32 is rounded before it is used`() {
        let x = Tensor([1, 0x1p-24, 0x1p-30], elementType: .float32)
        #expect(steps(at: [[x]]) { [sum($0[0]).cast(to: .float64) * 3] }.count == 1)
    }

    /// Read, and written in place of the old, as it lies, beside state of float64 and with what exchanges its place.
    @Test func `tiny state of float32 is written as such`() {
        let next: StatefulProgram.Function = { inputs, old in
            let value = old[0] * old[1] + inputs[0].cast(to: .float32)
            return (
                sum(value.cast(to: .float64)), [value, old[2], old[1] * 0.7, old[3] - sum(old[0]).cast(to: .float64)]
            )
        }
        var eager = [Tensor([1, 2, 3]), Tensor([0.1, 0.2, 0.3]), Tensor([3, 2, 1])].map { $0.cast(to: .float32) }
        eager.append(Tensor(1))
        let state = ProgramState(eager)
        let program = StatefulProgram(state, names: [], of: next)
        for step in 0..<5 {
            let inputs = [Tensor([0.1, -2, Double(step)])]
            let (value, new) = next(inputs, eager)
            #expect(program.run(inputs) == value.scalar)
            eager = new
            for place in eager.indices { #expect(sameBits(state[place], eager[place]), "\(program.plan)") }
        }
        #expect(!program.plan.contains("step 1"))
    }

    /// In double precision, 2⁻⁶⁰ would be lost before what is just above the middle of two numbers is rounded down to the even one.
    @Test func `a fused multiply-add of float32 is rounded once`() {
        let (tiny, above) = (Double(sign: .plus, exponent: -30, significand: 1), 1 + 0x1p-12)
        let x = Tensor([tiny, above], elementType: .float32)
        #expect(steps(at: [[x]]) { [dot($0[0], $0[0])] }.count == 1)
        #expect(dot(x, x).scalar == (ck_fuses() ? 1 + 0x1p-11 + 0x1p-23 : 1 + 0x1p-11))
    }

    /// Computed in double precision and rounded, or by a loop over float32.
    @Test func `functions of others compute single numbers of float32`() {
        let inputs = [Tensor([0.1, -2, 3], elementType: .float32), Tensor([1.7, 0.3, 5], elementType: .float32)]
        #expect(
            steps(at: [inputs, inputs.reversed()]) { x in
                let value = Self.scaled(Self.hypotenuse(x[0] / 3, x[1]) * 1.1)
                return [value - Self.added(value, x[0], x[1])]
            }.count == 1)
    }

    private static let scaled = Primitive.elementwise(
        "tiny scaled", value: { $0 * 1.1 }, derivative: { x, _ in x * 0 + 1.1 }, samples: [])
    private static let hypotenuse = Primitive.elementwise(
        "tiny hypotenuse", value: { ($0 * $0 + $1 * $1).squareRoot() },
        derivatives: ({ x, _, z in x / z }, { _, y, z in y / z }), samples: [])
    private static let added = Primitive.elementwise(
        "tiny multiply-add", float64: { ck_elementwise(CK_MULTIPLY_ADD, CK_FLOAT64)!($0, $1, $2, $3) },
        float32: { ck_elementwise(CK_MULTIPLY_ADD, CK_FLOAT32)!($0, $1, $2, $3) },
        derivatives: { $0.operand(1) }, { $0.operand(0) }, { $0.operand(0) * 0 + 1 }, samples: [])

    /// The sum of one element is that element: where it was given in memory that is used again, it is taken aside.
    @Test func `what a region hands on as it was keeps its value`() {
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            [0, 1, 2].map { sum((x[$0] .> 0).cast(to: .float64)) }
        }
        func inputs(_ numbers: [Double]) -> [Tensor] { numbers.map { Tensor([$0], elementType: .float32) } }
        let program = Program(at: inputs([1, 1, 1]), of: function)
        for numbers in [[1, -1, 1], [-1, 1, -1], [1.0, 1, -1]] {
            let results = program.outputs(of: inputs(numbers))
            #expect(results.map(\.scalar) == numbers.map { $0 > 0 ? 1 : 0 }, "\(program.plan)")
        }
    }

    /// A number of a large input is read by a loop, which must not write where a region's value lies: that is no piece of the
    /// arena, and other values may share it.
    @Test func `a loop does not write in place of what a region made`() {
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            [exp(exp(sin(x[0][0])) * x[0][1]), exp(exp(sin(x[0][0..<0])) * x[0][1..<1])]
        }
        let program = Program(at: [Tensor(repeating: 1, shape: [5000])], of: function)
        for number in [1, 0.5] {
            let inputs = [Tensor(repeating: number, shape: [5000])]
            #expect(sameBits(program.outputs(of: inputs), function(inputs)), "\(program.plan)")
        }
    }
}

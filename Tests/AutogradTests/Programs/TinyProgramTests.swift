import Testing

@testable import Autograd

/// No instruction throws its neighbours off their fast path.
@Suite struct TinyProgramTests {
    /// Functions of tiny arrays around a primitive, at operands that prove it: what comes before it, itself, what comes behind.
    static func functions(
        around primitive: Primitive
    ) -> [(inputs: [Tensor], function: @Sendable ([Tensor]) -> [Tensor])] {
        primitive.samples.filter { $0.operands.allSatisfy { $0.elementCount <= 16 } }.map { sample in
            let attributes = sample.attributes
            return (
                sample.operands + [Tensor([0.5, -2])],
                { inputs in
                    let operands = inputs.dropLast().map { $0.elementType == .float64 ? exp($0) * 0.5 : $0 }
                    let value = primitive.applied(to: operands, attributes)
                    let beside = sin(inputs.last!) + 1
                    return [value.elementType == .float64 ? value * value + sum(beside) : value, beside / 3]
                }
            )
        }
    }

    @Test(arguments: Primitive.catalogue)
    func `the neighbours of every primitive are computed as single numbers`(_ primitive: Primitive) throws {
        let functions = Self.functions(around: primitive)
        #expect(!functions.isEmpty)
        for (inputs, function) in functions {
            let schedule = Schedule(
                try #require(Graph.recording(at: inputs, of: function).graph).optimized, stateCount: 0)
            let isTiny = (inputs + function(inputs)).allSatisfy { [.float64, .bool].contains($0.elementType) }
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

    /// A product of float32 between float64 leaves two regions, before and behind it, and conditions go in and out of them.
    @Test func `other types are steps between regions`() {
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            let product = matmul((x[0] * x[0] - 1).cast(to: .float32), x[1].cast(to: .float32))
            let isLarge = product.cast(to: .float64) .> 3
            return [select(isLarge .& x[2], sum(x[0]), product.cast(to: .float64) * 2), product, isLarge]
        }
        let inputs = [
            Tensor([[1, 2], [3, -1]]), Tensor([[0.5, 1], [2, -3]]),
            Tensor([true, false, true, true]).reshaped(to: [2, 2]),
        ]
        let program = Program(at: inputs, of: function)
        for inputs in [inputs, [inputs[1], inputs[0], inputs[2].transposed()]] {
            #expect(sameBits(program.outputs(of: inputs), function(inputs)), "\(program.plan)")
        }
        #expect(!program.explanation.contains("again") && !program.explanation.contains("single numbers: 0"))
    }

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

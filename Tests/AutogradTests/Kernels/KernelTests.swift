import Synchronization
import Testing

@testable import Autograd

/// Kernels of two stages, as a package that depends on this one writes them.
@Suite struct KernelTests {
    private static let preparations = Atomic<Int>(0)

    /// The rows of a matrix in another order: row i of the result is row `indices[i]`. It counts how often it is prepared.
    static let rows: Primitive = Primitive(
        "rows", operands: 2,
        result: { operands, _ throws(Primitive.Refusal) in
            guard operands[0].shape.rank == 2, operands[1].elementType == .int64 else {
                throw Primitive.Refusal("takes a matrix and indices")
            }
            return .init([operands[1].shape[0], operands[0].shape[1]], .float64)
        },
        kernel: .init(
            prepare: { call in
                preparations.add(1, ordering: .relaxed)
                let (matrix, indices) = (call[0], call[1])
                return (
                    count: indices.shape[0], step: indices.strides[0], rows: matrix.shape[0], columns: matrix.shape[1],
                    row: matrix.strides[0], column: matrix.strides[1]
                )
            },
            refusing: { plan, buffers throws(Primitive.Refusal) in
                let indices = buffers[1].assumingMemoryBound(to: Int64.self)
                let (matrix, result) = (buffers[0].assumingMemoryBound(to: Double.self), buffers.result)
                for i in 0..<plan.count {
                    let index = Int(indices[i * plan.step])
                    guard 0..<plan.rows ~= index else {
                        throw Primitive.Refusal("operand 1 has \(index) at [\(i)], but there are \(plan.rows) rows")
                    }
                    for j in 0..<plan.columns {
                        let value = matrix[index * plan.row + j * plan.column]
                        result.storeBytes(of: value, toByteOffset: (i * plan.columns + j) * 8, as: Double.self)
                    }
                }
            }),
        pullbacks: [], samples: { [] })

    /// Running sums, with all powers of the first stage in workspace: xᵢ becomes Σ xⱼ qⁱ⁻ʲ over j ≤ i.
    static let decayed: Primitive = Primitive(
        "decayed", operands: 1, result: { operands, _ in operands[0] },
        kernel: .init(
            prepare: { call in (call[0].shape[0], call[0].strides[0], call.attributes.number("factor")) },
            workspace: { count, _, _ in count * 8 },
            run: { plan, buffers in
                let (count, stride, factor) = plan
                let x = buffers[0].assumingMemoryBound(to: Double.self)
                let powers = buffers.workspace.bindMemory(to: Double.self, capacity: count)
                let result = buffers.result.bindMemory(to: Double.self, capacity: count)
                for i in 0..<count { powers[i] = i == 0 ? 1 : powers[i - 1] * factor }
                for i in 0..<count { result[i] = (0...i).reduce(0) { $0 + x[$1 * stride] * powers[i - $1] } }
            }),
        pullbacks: [], samples: { [] })

    private static let matrix = Tensor((0..<12).map(Double.init), shape: [4, 3])

    @Test func `a program prepares a kernel once`() {
        let program = Program(at: Self.matrix, Tensor(indices: [3, 0])) { x, i in Self.rows(x * 2, i) + 1 }
        let before = Self.preparations.load(ordering: .relaxed)
        for i in 0..<4 {
            #expect(program(Self.matrix, Tensor(indices: [i, 1]))[0, 0].scalar == Double(i * 6 + 1))
        }
        #expect(Self.preparations.load(ordering: .relaxed) == before)
        #expect(Self.rows(Self.matrix.transposed(), Tensor(indices: [2]))[0].numbers == [2, 5, 8, 11])
    }

    @Test func `workspace is the kernel's alone`() {
        let attributes: Primitive.Attributes = ["factor": 0.5]
        let x = Tensor([4, 2, 1, 8])
        #expect(Self.decayed(x, attributes: attributes).numbers == [4, 4, 3, 9.5])
        // Long ones, two that follow each other and others beside them, in strides.
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            let first = Self.decayed(x[0] * 3, attributes: attributes)
            let second = Self.decayed(exp(first)[0..<600], attributes: ["factor": -0.25])
            return [
                first, second, Self.decayed(x[0].reshaped(to: [500, 2])[..., 1], attributes: attributes), x[0] * 3,
            ]
        }
        let inputs = [Tensor((0..<1000).map { Double($0) / 1000 })]
        let program = Program(at: inputs, of: function)
        for _ in 0..<2 { #expect(sameBits(program.outputs(of: inputs), function(inputs))) }
    }

    @Test func `a kernel that refuses numbers says which`() {
        let indices = Tensor(indices: [0, 7])
        let error = tensorError { Self.rows(Self.matrix, indices) }
        #expect(error?.operation == "rows")
        #expect(error?.problem == "operand 1 has 7 at [1], but there are 4 rows")
        #expect(error?.description.contains("f64[4, 3]") == true)
        // The same in a program, which serves again afterwards.
        let program = Program(at: Self.matrix, Tensor(indices: [0, 1])) { x, i in sum(Self.rows(x * x, i)) }
        #expect(tensorError { program(Self.matrix, indices) }?.problem == error?.problem)
        #expect(program(Self.matrix, Tensor(indices: [3, 3])).scalar == 2 * (81 + 100 + 121))
        #expect(!program.explanation.contains("again"), "\(program.explanation)")
    }

    /// What makes sure that an index is in range comes before what would refuse it.
    @Test func `a guard is asked before a refusal counts`() {
        let program = Program(at: Self.matrix, Tensor(indices: [3])) { x, i in
            i.cast(to: .float64)[0] < 4 ? sum(Self.rows(x, i)) : Tensor(-1)
        }
        #expect(program(Self.matrix, Tensor(indices: [2])).scalar == 21)
        #expect(program(Self.matrix, Tensor(indices: [4])).scalar == -1)
        #expect(program(Self.matrix, Tensor(indices: [1])).scalar == 12)
    }

    /// State is written in place though a kernel may refuse and a guard may not hold: both are known by then.
    @Test(arguments: [3, 300]) func `a refusal leaves the state as it was`(columns: Int) throws {
        let start = Tensor(repeating: 1, shape: [4, columns])
        let function: @Sendable ([Tensor], [Tensor]) -> (Tensor, [Tensor]) = { inputs, state in
            let chosen = Self.rows(state[0] * 2, inputs[0])
            let loss = sum(chosen)
            return (loss > -1e9 ? loss : -loss, [state[0] + sum(chosen, along: 0, keepDimensions: true)])
        }
        let state = ProgramState([start])
        let program = StatefulProgram(state, names: [], of: function)
        var expected = start
        for indices in [[0, 1], [3, 2]] {
            expected = function([Tensor(indices: indices)], [expected]).1[0]
            _ = program.run([Tensor(indices: indices)])
            #expect(sameBits(state[0], expected))
        }
        let error = tensorError { program.run([Tensor(indices: [1, 9])]) }
        #expect(error?.problem.contains("operand 1 has 9 at [1]") == true)
        #expect(sameBits(state[0], expected))
        expected = function([Tensor(indices: [1, 1])], [expected]).1[0]
        _ = program.run([Tensor(indices: [1, 1])])
        #expect(sameBits(state[0], expected))
        let graph = try #require(
            Graph.recording(at: [Tensor(indices: [0, 1]), start]) { given in
                let (loss, new) = function([given[0]], [given[1]])
                return [loss] + new
            }.graph)
        // In a region of single numbers the guard is computed with the new state.
        #expect(Planner.code(graph.optimized, stateCount: 1).commits.isEmpty == (columns == 300))
    }

    /// Vectors one behind the other: any number of them.
    static let join: Primitive = Primitive(
        "join", operands: nil,
        result: { operands, _ throws(Primitive.Refusal) in
            var count = 0
            for position in 0..<operands.count {
                guard operands[position].shape.rank == 1 else { throw Primitive.Refusal("takes vectors") }
                count += operands[position].shape[0]
            }
            return .init([count], .float64)
        },
        kernel: .init(
            prepare: { _ in () },
            run: { _, buffers in
                var target = buffers.result
                for position in 0..<buffers.operandCount {
                    let layout = buffers.layout(ofOperand: position)
                    let x = buffers[position].assumingMemoryBound(to: Double.self)
                    for i in 0..<layout.shape[0] {
                        target.storeBytes(of: x[i * layout.strides[0]], as: Double.self)
                        target += 8
                    }
                }
            }),
        pullbacks: [
            .using([]) { adjoint, call in
                let start = (0..<call.position).reduce(0) { $0 + call.shape(ofOperand: $1)[0] }
                return adjoint.sliced(start..<start + call.shape(ofOperand: call.position)[0], along: 0)
            }
        ],
        samples: {
            [
                .init([Tensor([1, 2]), Tensor([3])], equals: Tensor([1, 2, 3])),
                .init((0..<9).map { Tensor([Double($0)]) }, equals: Tensor((0..<9).map(Double.init))),
            ]
        })

    @Test func `a primitive takes any number of operands`() {
        #expect(checkGradients(of: Self.join).passes)
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            let all = Self.join(x + [x[0] * 2, x[1][0..<1]])
            return [all] + gradient(at: x) { x in sum(square(Self.join(x + x)) * 3) }
        }
        for count in [1, 2, 7].map({ $0 + 1 }) {
            let inputs = (0..<count).map { i in Tensor((0...i).map { Double($0 + i) }) }
            let program = Program(at: inputs, of: function)
            for _ in 0..<2 { #expect(sameBits(program.outputs(of: inputs), function(inputs))) }
            #expect(program.outputs(of: inputs)[0].elementCount == count * (count + 1) / 2 + 2)
        }
        #expect(tensorError { Self.join([]) }?.problem == "takes at least one operand, not 0")
    }

    /// The product of any number of single numbers, whose pullback uses them all.
    static let product: Primitive = Primitive(
        "product", operands: nil, result: { operands, _ in operands[0] },
        kernel: .init(
            prepare: { _ in () },
            run: { _, buffers in
                let numbers = (0..<buffers.operandCount).map { buffers[$0].load(as: Double.self) }
                buffers.result.storeBytes(of: numbers.reduce(1, *), as: Double.self)
            }),
        pullbacks: [
            .using(.operands) { adjoint, call in
                (0..<9).filter { $0 != call.position }.reduce(adjoint) { $0 * call.operand($1) }
            }
        ],
        samples: { [.init((1...9).map { Tensor(Double($0) / 4) })] })

    @Test func `a pullback may use more than seven operands`() {
        #expect(checkGradients(of: Self.product).passes)
    }

    /// Refused are what no result needs, too, and indices of rows that have no elements.
    @Test func `a refusal is never left out`() {
        let program = Program(at: Self.matrix, Tensor(indices: [0])) { x, i in
            _ = Self.rows(x, i)
            return Self.rows(x[0..., 0..<0], i)
        }
        #expect(program(Self.matrix, Tensor(indices: [3])).shape == [1, 0])
        #expect(tensorError { program(Self.matrix, Tensor(indices: [4])) }?.problem.contains("has 4 at [0]") == true)
        let empty = Tensor(repeating: 0, shape: [3, 0])
        let reader = Program(at: empty, Tensor(indices: [0])) { x, i in Self.rows(x, i) }
        #expect(tensorError { reader(empty, Tensor(indices: [3])) } != nil)
        #expect(tensorError { Self.rows(empty, Tensor(indices: [3])) } != nil)
    }

    private static let pickyCalls = Atomic<Int>(0)

    /// As a kernel must not, but may: it then takes another layout in eager code than in the plan.
    @Test func `a kernel that is not prepared for a program is computed eagerly`() {
        let picky = Primitive(
            "picky", operands: 1, result: { operands, _ in operands[0] },
            kernel: .init(
                prepare: { call throws(Primitive.Refusal) in
                    // The second time is that of the plan.
                    if Self.pickyCalls.add(1, ordering: .relaxed).newValue == 2 { throw Primitive.Refusal("not so") }
                    return call[0].shape[0] * 8
                },
                run: { size, buffers in buffers.result.copyMemory(from: buffers[0], byteCount: size) }),
            pullbacks: [], samples: { [] })
        let program = Program(at: Tensor([1, 2])) { x in picky(x * 3) + x }
        for _ in 0..<2 { #expect(program(Tensor([5, 6])).numbers == [20, 24]) }
        #expect(program.explanation.contains("again"))
    }

    @Test func `names are unique`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Primitive.sin
            _ = Primitive.elementwise("sin", value: { x in x }, derivative: { x, _ in x }, samples: [])
        }
        #expect(result.message.contains("primitive sin: there is one of that name"))
    }

    private static func meanSquares<T: BinaryFloatingPoint>(
        _: T.Type, _ count: Int, _ operands: UnsafePointer<UnsafeRawPointer>, _ strides: UnsafePointer<Int>,
        _ result: UnsafeMutableRawPointer
    ) {
        let x = operands[0].assumingMemoryBound(to: T.self)
        let y = operands[1].assumingMemoryBound(to: T.self)
        let result = result.bindMemory(to: T.self, capacity: count)
        for i in 0..<count {
            let (x, y) = (x[i * strides[0]], y[i * strides[1]])
            result[i] = (x * x + y * y) / 2
        }
    }

    /// (x² + y²) / 2, by loops as C has them.
    static let meanSquare = Primitive.elementwise(
        "meanSquare", float64: { meanSquares(Double.self, $0, $1, $2, $3) },
        float32: { meanSquares(Float.self, $0, $1, $2, $3) },
        derivatives: { $0.operand(0) }, { $0.operand(1) },
        samples: [.init(1, 3, equals: 5), .init([Tensor([[1, 2], [3, 4]]), Tensor([5, 6])])])

    @Test func `loops of one's own are computed in arrays and as single numbers`() throws {
        #expect(checkGradients(of: Self.meanSquare).passes)
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            let y = Self.meanSquare(exp(x[0]), x[1])
            return [y, sin(y) * gradient(at: x[0]) { z in sum(square(Self.meanSquare(z, x[1]))) }]
        }
        for (shape, type) in [([2, 3], .float64), ([40, 30], .float64), ([2, 3], .float32)]
            as [(Tensor.Shape, Tensor.ElementType)]
        {
            var random = RandomGenerator(seed: 5)
            let inputs = [shape, [shape[1]]].map { (shape: Tensor.Shape) in
                Tensor.normal(shape: shape, elementType: type, using: &random)
            }
            let program = Program(at: inputs, of: function)
            let expected = function(inputs)
            for _ in 0..<2 { #expect(sameBits(program.outputs(of: inputs), expected)) }
            let schedule = Schedule(
                try #require(Graph.recording(at: inputs, of: function).graph).optimized, stateCount: 0)
            let isTiny = shape == [2, 3] && type == .float64
            #expect(schedule.steps.count == 1 || !isTiny)
        }
    }
}

import Testing

@testable import Autograd

/// What each pass makes of a recording, as it prints before and after.
@Suite struct PassTests {
    private func recording(_ inputs: [Tensor], _ function: ([Tensor]) -> [Tensor]) -> Graph {
        Graph.recording(at: inputs, names: ["x", "y"], of: function).graph!
    }

    @Test func identities() {
        let graph = recording([Tensor(3)]) { x in [gradient(at: x[0]) { stopGradient($0) * $0 }] }
        #expect(
            "\(graph)" == """
                %0: f64[] = variable "x"
                %1: f64[] = identity %0
                %2: f64[] = stopGradient %1
                %3: f64[] = multiply %2, %1
                %4: f64[] = constant                1
                %5: f64[] = multiply %4, %1
                %6: f64[] = constant                1
                %7: f64[] = multiply %6, %2
                return %7
                """)
        #expect(
            "\(graph.withoutIdentities)" == """
                %0: f64[] = variable "x"
                %1: f64[] = multiply %0, %0
                %2: f64[] = constant                1
                %3: f64[] = multiply %2, %0
                %4: f64[] = constant                1
                %5: f64[] = multiply %4, %0
                return %5
                """)
    }

    @Test func deadInstructions() {
        let graph = recording([Tensor(3), Tensor(4)]) { x in
            _ = exp(x[0])
            return [x[0] + x[0]]
        }
        #expect(
            "\(graph)" == """
                %0: f64[] = variable "x"
                %1: f64[] = variable "y"
                %2: f64[] = exp %0
                %3: f64[] = add %0, %0
                return %3
                """)
        #expect(
            "\(graph.withoutDeadInstructions)" == """
                %0: f64[] = variable "x"
                %1: f64[] = variable "y"
                %2: f64[] = add %0, %0
                return %2
                """)
    }

    @Test func repeatedInstructions() {
        let graph = recording([Tensor([1, 2])]) { x in [sigmoid(x[0]) * sigmoid(x[0]), x[0] * 2 + 2] }
        #expect(
            "\(graph)" == """
                %0: f64[2] = variable "x"
                %1: f64[2] = sigmoid %0
                %2: f64[2] = sigmoid %0
                %3: f64[2] = multiply %1, %2
                %4: f64[] = constant                2
                %5: f64[2] = broadcast %4 shape=[2]
                %6: f64[2] = multiply %0, %5
                %7: f64[] = constant                2
                %8: f64[2] = broadcast %7 shape=[2]
                %9: f64[2] = add %6, %8
                return %3, %9
                """)
        #expect(
            "\(graph.withoutRepetitions)" == """
                %0: f64[2] = variable "x"
                %1: f64[2] = sigmoid %0
                %2: f64[2] = multiply %1, %1
                %3: f64[] = constant                2
                %4: f64[2] = broadcast %3 shape=[2]
                %5: f64[2] = multiply %0, %4
                %6: f64[2] = add %5, %4
                return %2, %6
                """)
    }

    /// What differs in its axes or in its type alone, such as a 0 of float32, is another computation.
    @Test func instructionsThatAreNotRepeated() {
        let x = Tensor((0..<25).map { Double($0) - 9 }, shape: [5, 5])
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            let (x, single) = (x[0], x[0].cast(to: .float32))
            return [sum(x, along: 0), sum(x, along: 1), select(x .> 2, x, 0), select(single .> 2, single, 0)]
        }
        #expect(sameBits(Program(at: [x], of: function).outputs(of: [x]), function([x])))
    }

    @Test func constants() {
        let graph = recording([Tensor([1, 2])]) { x in [gradient(at: x[0]) { sum($0 * 3) }] }
        #expect(
            "\(graph)" == """
                %0: f64[2] = variable "x"
                %1: f64[2] = identity %0
                %2: f64[] = constant                3
                %3: f64[2] = broadcast %2 shape=[2]
                %4: f64[2] = multiply %1, %3
                %5: f64[] = sum %4 axes=[0] keepDimensions=false
                %6: f64[2] = constant               [1, 1]
                %7: f64[2] = multiply %6, %3
                return %7
                """)
        #expect(
            "\(graph.withFoldedConstants.withoutDeadInstructions)" == """
                %0: f64[2] = variable "x"
                %1: f64[2] = constant               [3, 3]
                return %1
                """)
    }

    @Test func algebra() {
        let graph = recording([Tensor(3), Tensor(4)]) { x in
            let (x, y) = (x[0], x[1])
            return [x * 1 / 1 - 0, x + -y, -(-y), x - -y, x + 0, x * 0]
        }
        #expect(
            "\(graph)" == """
                %0: f64[] = variable "x"
                %1: f64[] = variable "y"
                %2: f64[] = constant                1
                %3: f64[] = multiply %0, %2
                %4: f64[] = constant                1
                %5: f64[] = divide %3, %4
                %6: f64[] = constant                0
                %7: f64[] = subtract %5, %6
                %8: f64[] = negate %1
                %9: f64[] = add %0, %8
                %10: f64[] = negate %1
                %11: f64[] = negate %10
                %12: f64[] = negate %1
                %13: f64[] = subtract %0, %12
                %14: f64[] = constant               0
                %15: f64[] = add %0, %14
                %16: f64[] = constant               0
                %17: f64[] = multiply %0, %16
                return %7, %9, %11, %13, %15, %17
                """)
        #expect(
            "\(graph.withAlgebra.withoutRepetitions.withoutDeadInstructions)" == """
                %0: f64[] = variable "x"
                %1: f64[] = variable "y"
                %2: f64[] = constant                0
                %3: f64[] = subtract %0, %1
                %4: f64[] = add %0, %1
                %5: f64[] = add %0, %2
                %6: f64[] = multiply %0, %2
                return %0, %3, %1, %4, %5, %6
                """)
    }

    /// Zeros that look as if they changed nothing.
    @Test(arguments: [1, 100]) func algebraOfZeros(_ size: Int) {
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            let x = x[0]
            return [x - 0, x - -0.0, x + 0, x + -0.0, 0 + x, -0.0 + x, 0 - x, -0.0 - x, x * 0, -0.0 * x, 0 / x, x / -1]
        }
        let program = Program(at: [Tensor(repeating: 1, shape: [size])], of: function)
        for number in [0, -0.0, 1, -.infinity, .nan, .leastNonzeroMagnitude] {
            let x = Tensor(repeating: number, shape: [size])
            #expect(sameBits(program.outputs(of: [x]), function([x])), "\(number)")
        }
    }

    @Test func functionsOfRepeatedNumbers() {
        let graph = recording([Tensor(3)]) { x in [sigmoid(x[0].broadcast(to: [2, 3])) * 2] }
        #expect(
            "\(graph)" == """
                %0: f64[] = variable "x"
                %1: f64[2, 3] = broadcast %0 shape=[2, 3]
                %2: f64[2, 3] = sigmoid %1
                %3: f64[] = constant                2
                %4: f64[2, 3] = broadcast %3 shape=[2, 3]
                %5: f64[2, 3] = multiply %2, %4
                return %5
                """)
        #expect(
            "\(graph.withAlgebra.withoutDeadInstructions)" == """
                %0: f64[] = variable "x"
                %1: f64[] = sigmoid %0
                %2: f64[] = constant                2
                %3: f64[] = multiply %1, %2
                %4: f64[2, 3] = broadcast %3 shape=[2, 3]
                return %4
                """)
        // Operands that repeat along different axes stay as they are.
        let product = recording([Tensor([[1], [2]]), Tensor([[3, 4]])]) { x in [x[0] * x[1]] }
        #expect("\(product.withAlgebra.withoutDeadInstructions)" == "\(product)")
    }

    @Test func views() {
        let graph = recording([Tensor([[1, 2, 3], [4, 5, 6]])]) { x in
            [
                x[0].transposed().transposed(), x[0].reshaped(to: [6]).reshaped(to: [3, 2]),
                x[0].broadcast(to: [1, 2, 3]).broadcast(to: [4, 2, 3]),
            ]
        }
        #expect(
            "\(graph)" == """
                %0: f64[2, 3] = variable "x"
                %1: f64[3, 2] = transpose %0 axes=[1, 0]
                %2: f64[2, 3] = transpose %1 axes=[1, 0]
                %3: f64[6] = reshape %0 shape=[6]
                %4: f64[3, 2] = reshape %3 shape=[3, 2]
                %5: f64[1, 2, 3] = broadcast %0 shape=[1, 2, 3]
                %6: f64[4, 2, 3] = broadcast %5 shape=[4, 2, 3]
                return %2, %4, %6
                """)
        #expect(
            "\(graph.withShorterViews.withoutDeadInstructions)" == """
                %0: f64[2, 3] = variable "x"
                %1: f64[3, 2] = reshape %0 shape=[3, 2]
                %2: f64[4, 2, 3] = broadcast %0 shape=[4, 2, 3]
                return %0, %1, %2
                """)
    }

    /// Views of rank 3 and 4 that look like those which passes shorten.
    @Test func viewsThatAreNotShortened() {
        let cube = Tensor((0..<24).map(Double.init), shape: [2, 3, 4])
        let functions: [@Sendable (Tensor) -> Tensor] = [
            { x in x.transposed(axes: [1, 2, 0]).transposed(axes: [0, 2, 1]) },
            { x in x.transposed(axes: [2, 0, 1]).transposed(axes: [1, 0, 2]) },
            { x in matmul(x, x.transposed(axes: [0, 2, 1])).transposed(axes: [1, 0, 2]) },
            { x in matmul(x.transposed(axes: [1, 0, 2]), x.transposed(axes: [1, 2, 0])).transposed(axes: [2, 1, 0]) },
            { x in x.reshaped(to: [6, 1, 4]).broadcast(to: [6, 3, 4]) },
            { x in x[0].reshaped(to: [1, 3, 4]).broadcast(to: [2, 3, 4]) * x },
            { x in x.reshaped(to: [24]).reshaped(to: [1, 4, 6]).broadcast(to: [2, 4, 6]) },
        ]
        for function in functions {
            let program = Program(at: cube, of: function)
            #expect(sameBits(program(cube), function(cube)), "\(program)")
            let arrays = Memory(Planner.code(recording([cube]) { [function($0[0])] }.optimized, hasRegions: false))
            var outputs: [Tensor] = []
            #expect(arrays.run([cube], into: &outputs) && sameBits(outputs, [function(cube)]), "\(program)")
        }
    }

    /// What joins a run of element-wise instructions must walk as they do.
    @Test func permutationsInOneRun() {
        let x = Tensor((0..<120).map { Double($0) / 7 }, shape: [2, 3, 4, 5])
        let function: @Sendable (Tensor) -> Tensor = { x in
            let first = x.transposed(axes: [0, 1, 3, 2])
            let second = x.reshaped(to: [3, 2, 5, 4]).transposed(axes: [1, 0, 2, 3])
            return exp(first) * first + second * exp(first)
        }
        #expect(sameBits(Program(at: x, of: function)(x), function(x)))
    }

    @Test func transposedProducts() {
        let graph = recording([Tensor([[1, 2, 3], [4, 5, 6]]), Tensor([[1], [2], [3]])]) { x in
            let kept = matmul(x[0], x[1])
            return [matmul(x[1].transposed(), x[0].transposed()).transposed() * 2, kept, kept.transposed()]
        }
        #expect(
            "\(graph)" == """
                %0: f64[2, 3] = variable "x"
                %1: f64[3, 1] = variable "y"
                %2: f64[2, 1] = matmul %0, %1
                %3: f64[1, 3] = transpose %1 axes=[1, 0]
                %4: f64[3, 2] = transpose %0 axes=[1, 0]
                %5: f64[1, 2] = matmul %3, %4
                %6: f64[2, 1] = transpose %5 axes=[1, 0]
                %7: f64[] = constant                2
                %8: f64[2, 1] = broadcast %7 shape=[2, 1]
                %9: f64[2, 1] = multiply %6, %8
                %10: f64[1, 2] = transpose %2 axes=[1, 0]
                return %9, %2, %10
                """)
        #expect(
            "\(graph.withTransposedProducts.withShorterViews.withoutRepetitions.withoutDeadInstructions)" == """
                %0: f64[2, 3] = variable "x"
                %1: f64[3, 1] = variable "y"
                %2: f64[2, 1] = matmul %0, %1
                %3: f64[] = constant                2
                %4: f64[2, 1] = broadcast %3 shape=[2, 1]
                %5: f64[2, 1] = multiply %2, %4
                %6: f64[1, 2] = transpose %2 axes=[1, 0]
                return %5, %2, %6
                """)
    }

    @Test func fusedProducts() {
        let graph = recording([Tensor(repeating: 1, shape: [20]), Tensor(repeating: 3, shape: [20])]) { x in
            let kept = exp(x[0]) * x[1]
            return [x[1] - 2 * x[0], x[0] * x[1] + x[0], kept + x[0], kept, x[0] * x[0] - x[1]]
        }
        #expect(
            "\(graph)" == """
                %0: f64[20] = variable "x"
                %1: f64[20] = variable "y"
                %2: f64[20] = exp %0
                %3: f64[20] = multiply %2, %1
                %4: f64[] = constant                2
                %5: f64[20] = broadcast %4 shape=[20]
                %6: f64[20] = multiply %5, %0
                %7: f64[20] = subtract %1, %6
                %8: f64[20] = multiply %0, %1
                %9: f64[20] = add %8, %0
                %10: f64[20] = add %3, %0
                %11: f64[20] = multiply %0, %0
                %12: f64[20] = subtract %11, %1
                return %7, %9, %10, %3, %12
                """)
        #expect(
            "\(graph.withFusedProducts)" == """
                %0: f64[20] = variable "x"
                %1: f64[20] = variable "y"
                %2: f64[20] = exp %0
                %3: f64[20] = multiply %2, %1
                %4: f64[] = constant                2
                %5: f64[20] = broadcast %4 shape=[20]
                %6: f64[20] = subtractMultiply %5, %0, %1
                %7: f64[20] = multiplyAdd %0, %1, %0
                %8: f64[20] = add %3, %0
                %9: f64[20] = multiply %0, %0
                %10: f64[20] = subtract %9, %1
                return %6, %7, %8, %3, %10
                """)
    }

    /// A large transposed operand is packed once for all that read it element by element; not one that repeats, of which the
    /// copy would be larger than what it is made of.
    @Test func transposedOperands() {
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            let turned = x[0].transposed()
            return [exp(turned) * x[1], sum(turned - 1, along: 0)]
        }
        var random = RandomGenerator(seed: 8)
        let inputs = [Tensor.normal(shape: [80, 64], using: &random), .normal(shape: [64, 80], using: &random)]
        let copies = Planner.code(recording([inputs[0]]) { [$0[0].transposed() + $0[0].transposed() * 2] }.optimized)
        #expect(copies.steps.count == 2 && elementwise(copies).allSatisfy(\.spreads.isEmpty))
        let repeating = Planner.code(recording([inputs[0]]) { [$0[0].transposed().broadcast(to: [3, 64, 80]) * 2] })
        #expect(repeating.steps.count == 1 && elementwise(repeating).map(\.spreads.count) == [1])
        let code = Planner.code(recording(inputs, function).optimized)
        #expect(code.steps.count - elementwise(code).count == 2, "one copy, and the sum")
        let program = Program(at: inputs, of: function)
        let others = inputs.map { $0 * 0.5 }
        #expect(sameBits(program.outputs(of: others), function(others)))
    }

    /// Blocks of operands that are spread share the cache with what is computed.
    @Test func atMostSoManySpreads() {
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            [x.dropFirst().reduce(x[0]) { tanh($0 + $1.broadcast(to: [20, 30])) }]
        }
        let inputs =
            [Tensor(repeating: 0.5, shape: [20, 30])]
            + (0..<10).map { row in Tensor((0..<30).map { Double($0 - row) / 30 }) }
        let code = Planner.code(recording(inputs, function).optimized)
        #expect(elementwise(code).map(\.spreads.count) == [ElementwiseStep.mostSpreads, 2])
        let program = Program(at: inputs, of: function)
        #expect(sameBits(program.outputs(of: inputs), function(inputs)))
    }

    private func elementwise(_ code: Code) -> [ElementwiseStep] {
        code.steps.compactMap { if case .elementwise(let step) = $0 { step } else { nil } }
    }

    /// Operands that repeat along different axes are spread block by block, in one step without copies of all; of a constant
    /// that repeats, the block of constants holds what repeats.
    @Test func spreads() {
        let points = Tensor((0..<30).map(Double.init), shape: [3, 10])
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            [
                exp(points.broadcast(to: [4, 3, 10]) - x[0])
                    * x[1].reshaped(to: [4, 1, 10]).broadcast(to: [4, 3, 10])
            ]
        }
        let inputs = [
            Tensor((0..<12).map(Double.init), shape: [4, 3, 1]), Tensor((0..<40).map(Double.init), shape: [4, 10]),
        ]
        let code = Planner.code(recording(inputs, function).optimized)
        guard case .elementwise(let step) = code.steps.first else {
            Issue.record("\(code.graph)")
            return
        }
        #expect(code.steps.count == 1 && (step.elementCount, step.spreads.count) == (120, 3))
        #expect(code.constants.elementCount == 32)  // 30 in whole cache lines
        #expect(Program(at: inputs, of: function).outputs(of: inputs)[0].numbers == function(inputs)[0].numbers)
    }
}

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

    @Test func constants() {
        let graph = recording([Tensor([1, 2])]) { x in [gradient(at: x[0]) { sum($0 * 3) }] }
        #expect("\(graph)".contains("= broadcast"))
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

    @Test func functionsOfRepeatedNumbers() {
        let graph = recording([Tensor(3)]) { x in [sigmoid(broadcast(x[0], to: [2, 3])) * 2] }
        #expect(
            "\(graph.withAlgebra.withoutDeadInstructions)" == """
                %0: f64[] = variable "x"
                %1: f64[] = sigmoid %0
                %2: f64[] = constant                2
                %3: f64[] = multiply %1, %2
                %4: f64[2, 3] = broadcast %3 shape=[2, 3]
                return %4
                """)
    }

    @Test func views() {
        let graph = recording([Tensor([[1, 2, 3], [4, 5, 6]])]) { x in
            [
                x[0].transposed().transposed(), x[0].reshaped(to: [6]).reshaped(to: [3, 2]),
                broadcast(broadcast(x[0], to: [1, 2, 3]), to: [4, 2, 3]),
            ]
        }
        #expect(
            "\(graph.withShorterViews.withoutDeadInstructions)" == """
                %0: f64[2, 3] = variable "x"
                %1: f64[3, 2] = reshape %0 shape=[3, 2]
                %2: f64[4, 2, 3] = broadcast %0 shape=[4, 2, 3]
                return %0, %1, %2
                """)
    }

    @Test func transposedProducts() {
        let graph = recording([Tensor([[1, 2, 3], [4, 5, 6]]), Tensor([[1], [2], [3]])]) { x in
            let kept = matmul(x[0], x[1])
            return [matmul(x[1].transposed(), x[0].transposed()).transposed() * 2, kept, kept.transposed()]
        }
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

    /// Element-wise instructions of one shape run as one step; what only that step reads has no memory of its own.
    @Test func fusion() {
        let x = Tensor.zeros([8, 1000])
        let graph = recording([x, Tensor.zeros([1000])]) { x in
            [tanh(x[0] * x[1] + 1) * sigmoid(x[0]), sum(x[0] * 2)]
        }.optimized
        let code = Planner.code(graph)
        guard case .arrays(let steps, _) = code.work else {
            Issue.record("arrays of 8,000 elements are not single numbers")
            return
        }
        let lengths = steps.map { step in
            if case .elementwise(let step) = step { step.operations.count } else { 0 }
        }
        #expect(lengths == [6, 0])
        // The one array in the block is what the sum reads.
        #expect(code.blockSize < 2 * 8000 * 8)
    }

    /// Operands that repeat along different axes are read through their strides, plane by plane and row by row, in one step
    /// without copies; of a constant that repeats, the block of constants holds what repeats.
    @Test func planes() {
        let points = Tensor((0..<30).map(Double.init), shape: [3, 10])
        let function: @Sendable ([Tensor]) -> [Tensor] = { x in
            [
                exp(broadcast(points, to: [4, 3, 10]) - x[0])
                    * broadcast(x[1].reshaped(to: [4, 1, 10]), to: [4, 3, 10])
            ]
        }
        let inputs = [
            Tensor((0..<12).map(Double.init), shape: [4, 3, 1]), Tensor((0..<40).map(Double.init), shape: [4, 10]),
        ]
        let code = Planner.code(recording(inputs, function).optimized)
        guard case .arrays(let steps, _) = code.work, case .elementwise(let step) = steps.first else {
            Issue.record("\(code.graph)")
            return
        }
        #expect(steps.count == 1 && (step.planes, step.rows, step.rowLength) == (4, 3, 10))
        #expect(code.constants.elementCount == 32)  // 30 in whole cache lines
        #expect(Program.record(at: inputs, of: function).outputs(of: inputs)[0].array == function(inputs)[0].array)
    }

    /// What dies makes room: a chain of any length needs the memory of one result, which is written in place.
    @Test func memory() {
        let x = Tensor.zeros([100, 100])
        func size(_ length: Int) -> Int {
            Planner.code(
                recording([x]) { x in [(0..<length).reduce(x[0]) { x, _ in matmul(tanh(x), tanh(x)) }] }.optimized
            ).blockSize
        }
        #expect(size(20) == size(10) && size(20) < 4 * 80_000)
    }
}

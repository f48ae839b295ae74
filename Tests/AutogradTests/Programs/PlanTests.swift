import Testing

@testable import Autograd

/// What runs together and where values lie: a program as it is printed, and as its plan is.
@Suite struct PlanTests {
    private func recording(_ inputs: [Tensor], _ function: ([Tensor]) -> [Tensor]) -> Graph {
        Graph.recording(at: inputs, names: ["x", "y"], of: function).graph!.optimized
    }

    /// Element-wise instructions of one shape run as one step. What only that step reads lies in a temporary, of which one is
    /// used again where its value has been read for the last time; what the sum reads has memory of its own.
    @Test func fusion() {
        let graph = recording([Tensor(repeating: 0, shape: [8, 1000]), Tensor(repeating: 0, shape: [1000])]) { x in
            [tanh(x[0] * x[1] + 1) * sigmoid(x[0]), sum(x[0] * 2)]
        }
        #expect(
            "\(graph)" == """
                %0: f64[8, 1000] = variable "x"
                %1: f64[1000] = variable "y"
                %2: f64[8, 1000] = broadcast %1 shape=[8, 1000]
                %3: f64[8, 1000] = multiply %0, %2
                %4: f64[8, 1000] = constant
                %5: f64[8, 1000] = add %3, %4
                %6: f64[8, 1000] = tanh %5
                %7: f64[8, 1000] = sigmoid %0
                %8: f64[8, 1000] = multiply %6, %7
                %9: f64[8, 1000] = constant
                %10: f64[8, 1000] = multiply %0, %9
                %11: f64[] = sum %10 axes=[0, 1] keepDimensions=false
                return %8, %11
                """)
        #expect(
            Planner.plan(of: graph) == """
                %0: f64[8, 1000] = variable "x"                       input
                %1: f64[1000] = variable "y"                          input
                %2: f64[8, 1000] = broadcast %1 shape=[8, 1000]       input
                %3: f64[8, 1000] = constant                           constant
                %4: f64[8, 1000] = multiplyAdd %2, %0, %3             step 0, temporary 0
                %5: f64[8, 1000] = tanh %4                            step 0, temporary 0
                %6: f64[8, 1000] = sigmoid %0                         step 0, temporary 1
                %7: f64[8, 1000] = multiply %5, %6                    step 0, result 0
                %8: f64[8, 1000] = constant                           constant
                %9: f64[8, 1000] = multiply %0, %8                    step 0, block 0
                %10: f64[] = sum %9 axes=[0, 1] keepDimensions=false  step 1, block 64000
                """)
    }

    @Test func inPlace() {
        let graph = recording([Tensor(repeating: 0, shape: [100, 100])]) { x in [matmul(exp(matmul(x[0], x[0])), x[0])]
        }
        #expect(
            "\(graph)" == """
                %0: f64[100, 100] = variable "x"
                %1: f64[100, 100] = matmul %0, %0
                %2: f64[100, 100] = exp %1
                %3: f64[100, 100] = matmul %2, %0
                return %3
                """)
        #expect(
            Planner.plan(of: graph) == """
                %0: f64[100, 100] = variable "x"   input
                %1: f64[100, 100] = matmul %0, %0  step 0, block 0
                %2: f64[100, 100] = exp %1         step 1, block 0
                %3: f64[100, 100] = matmul %2, %0  step 2, result 0
                """)
    }

    /// A step releases what it was the last to need, unless that was extended; neighbouring holes become one.
    @Test func arenaReleases() {
        var arena = Arena(behind: 10)
        let first = arena.allocate(100, at: 0, until: 1)
        let second = arena.allocate(10, at: 0, until: 1)
        let kept = arena.allocate(64, at: 1, until: 2)
        arena.extend(second, until: 3)
        #expect([first, second, kept] == [64, 192, 256])
        #expect(arena.allocate(192, at: 2, until: 9) == 320)  // what was extended is not free yet
        #expect(arena.allocate(64, at: 2, until: 9) == first)
        #expect(arena.allocate(200, at: 3, until: 9) == 512)  // what is free lies in three places
        #expect(arena.allocate(128, at: 4, until: 9) == 128)
        #expect(arena.size == 768)
    }

    /// What dies makes room: two places for a chain of products of any length.
    @Test func arena() {
        let graph = recording([Tensor(repeating: 0, shape: [100, 100])]) { x in
            [(0..<4).reduce(x[0]) { x, _ in matmul(x, x) }]
        }
        #expect(
            "\(graph)" == """
                %0: f64[100, 100] = variable "x"
                %1: f64[100, 100] = matmul %0, %0
                %2: f64[100, 100] = matmul %1, %1
                %3: f64[100, 100] = matmul %2, %2
                %4: f64[100, 100] = matmul %3, %3
                return %4
                """)
        #expect(
            Planner.plan(of: graph) == """
                %0: f64[100, 100] = variable "x"   input
                %1: f64[100, 100] = matmul %0, %0  step 0, block 0
                %2: f64[100, 100] = matmul %1, %1  step 1, block 80000
                %3: f64[100, 100] = matmul %2, %2  step 2, block 0
                %4: f64[100, 100] = matmul %3, %3  step 3, result 0
                """)
        func size(_ length: Int) -> Int {
            Planner.code(
                recording([Tensor(repeating: 0, shape: [100, 100])]) { x in
                    [(0..<length).reduce(x[0]) { x, _ in matmul(tanh(x), tanh(x)) }]
                }
            ).blockSize
        }
        #expect(size(20) == size(10) && size(20) < 4 * 80_000)
    }

    /// A view is no step and has no memory: what reads it reads what it sees.
    @Test func views() {
        let graph = recording([Tensor(repeating: 0, shape: [40, 30]), Tensor(repeating: 0, shape: [30])]) { x in
            [sum(x[0].transposed() * 2 + x[1].reshaped(to: [30, 1]), along: 0)]
        }
        #expect(
            "\(graph)" == """
                %0: f64[40, 30] = variable "x"
                %1: f64[30] = variable "y"
                %2: f64[30, 40] = transpose %0 axes=[1, 0]
                %3: f64[30, 40] = constant
                %4: f64[30, 40] = multiply %2, %3
                %5: f64[30, 1] = reshape %1 shape=[30, 1]
                %6: f64[30, 40] = broadcast %5 shape=[30, 40]
                %7: f64[30, 40] = add %4, %6
                %8: f64[40] = sum %7 axes=[0] keepDimensions=false
                return %8
                """)
        #expect(
            Planner.plan(of: graph) == """
                %0: f64[40, 30] = variable "x"                      input
                %1: f64[30] = variable "y"                          input
                %2: f64[30, 40] = transpose %0 axes=[1, 0]          input
                %3: f64[30, 40] = constant                          constant
                %4: f64[30, 1] = reshape %1 shape=[30, 1]           input
                %5: f64[30, 40] = broadcast %4 shape=[30, 40]       input
                %6: f64[30, 40] = multiplyAdd %3, %2, %5            step 0, block 0
                %7: f64[40] = sum %6 axes=[0] keepDimensions=false  step 1, result 0
                """)
    }

    /// The state lies in front of the block, and the new in place of the old.
    @Test func state() {
        let program = StatefulProgram(
            ProgramState([Tensor(repeating: 1, shape: [100]), Tensor(repeating: 0, shape: [100])]),
            names: ["x", "w", "v"]
        ) { x, state in
            let v = 0.5 * state[1] + x[0]
            return (sum(v), [state[0] - 0.1 * v, v])
        }
        _ = program.run([Tensor(repeating: 1, shape: [100])])
        #expect(
            program.description == """
                %0: f64[100] = variable "x"
                %1: f64[100] = variable "w"
                %2: f64[100] = variable "v"
                %3: f64[100] = constant
                %4: f64[100] = multiply %3, %2
                %5: f64[100] = add %4, %0
                %6: f64[] = sum %5 axes=[0] keepDimensions=false
                %7: f64[100] = constant
                %8: f64[100] = multiply %7, %5
                %9: f64[100] = subtract %1, %8
                return %6, %9, %5
                """)
        #expect(
            program.plan == """
                %0: f64[100] = variable "x"                       input
                %1: f64[100] = variable "w"                       block 0
                %2: f64[100] = variable "v"                       block 832
                %3: f64[100] = constant                           constant
                %4: f64[100] = multiplyAdd %3, %2, %0             step 0, block 832
                %5: f64[] = sum %4 axes=[0] keepDimensions=false  step 1, block 1664
                %6: f64[100] = constant                           constant
                %7: f64[100] = subtractMultiply %6, %4, %1        step 0, block 0
                """)
    }

    @Test func singleNumbers() {
        let program = Program(at: Tensor(1)) { x in sigmoid(x) * x }
        #expect(
            program.plan == """
                %0: f64[] = variable         block 0
                %1: f64[] = sigmoid %0       step 0, single numbers
                %2: f64[] = multiply %1, %0  step 0, block 64
                """)
    }
}

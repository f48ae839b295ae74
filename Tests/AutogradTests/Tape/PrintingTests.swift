import Autograd
import Testing

@Suite struct `A printed tape` {
    @Test func `shows scalars with their values`() {
        let (tape, (x, y)) = Tape.record { tape in
            let x = tape.variable(3, named: "x")
            return (x, x * x + 2 * x)
        }
        #expect(
            tape.description == """
                %0: f64[] = variable "x"            3
                %1: f64[] = multiply %0, %0         9
                %2: f64[] = constant                2
                %3: f64[] = multiply %2, %0         6
                %4: f64[] = add %1, %3              15
                """)
        #expect(tape.gradient(of: y, withRespectTo: x).scalar == 8)
        #expect(tape.instructionCount > 5)
        #expect(tape.description.hasPrefix("%0: f64[] = variable \"x\"            3\n"))
    }

    @Test func `shows attributes, and of tensors those that are kept`() {
        let (tape, _) = Tape.record { tape in
            let w = tape.variable(Tensor([[1, 2], [3, 4]], elementType: .float32), named: "w")
            let x = tape.variable(Tensor([0.5, -1], elementType: .float32))
            let y = relu(matmul(w, x) + Tensor([1, 1], elementType: .float32))
            return select(y .> 0, y, 0)[0] + mean(w.transposed().reshaped(to: [4])).cast(to: .float32)
        }
        #expect(
            tape.description == """
                %0: f32[2, 2] = variable "w"                        [[1, 2], [3, 4]]
                %1: f32[2] = variable                               [0.5, -1]
                %2: f32[2] = matmul %0, %1
                %3: f32[2] = constant                               [1, 1]
                %4: f32[2] = add %2, %3
                %5: f32[2] = relu %4                                [0, 0]
                %6: f32[] = constant                                0
                %7: f32[2] = broadcast %6 shape=[2]
                %8: bool[2] = less %7, %5                           [false, false]
                %9: f32[] = constant                                0
                %10: f32[2] = broadcast %9 shape=[2]
                %11: f32[2] = select %8, %5, %10
                %12: f32[1] = slice %11 starts=[0] counts=[1] steps=[1]
                %13: f32[] = reshape %12 shape=[]                   0
                %14: f32[2, 2] = transpose %0 axes=[1, 0]
                %15: f32[4] = reshape %14 shape=[4]
                %16: f32[] = sum %15 axes=[0] keepDimensions=false  10
                %17: f32[] = constant                               4
                %18: f32[] = divide %16, %17                        2.5
                %19: f32[] = add %13, %18                           2.5
                """)
    }

    @Test func `leaves out long values`() {
        let (tape, _) = Tape.record { tape in square(tape.variable(Tensor(0..<7))) }
        #expect(tape.description == "%0: f64[7] = variable\n%1: f64[7] = square %0")
        let (short, _) = Tape.record { tape in square(tape.variable(Tensor(0..<6))) }
        #expect(
            short.description == """
                %0: f64[6] = variable               [0, 1, 2, 3, 4, 5]
                %1: f64[6] = square %0
                """)
    }

    @Test func `aligns the values behind long lines`() {
        let name = String(repeating: "n", count: 30)
        let (tape, _) = Tape.record { tape in -tape.variable(1, named: name) }
        #expect(
            tape.description == """
                %0: f64[] = variable "\(name)"  1
                %1: f64[] = negate %0                                  -1
                """)
    }

    @Test func `of nothing is empty`() {
        #expect(Tape.record { _ in () }.tape.description == "")
    }

    @Test func `shows conditions, indices and numbers that are not finite`() {
        let (tape, _) = Tape.record { tape in
            _ = tape.variable(Tensor([true, false]))
            _ = tape.variable(Tensor(indices: [3, -1]))
            _ = tape.variable(Tensor([.infinity, .nan, -0.0]))
            _ = tape.variable(Tensor(repeating: 0, shape: [2, 0]))
        }
        #expect(
            tape.description == """
                %0: bool[2] = variable              [true, false]
                %1: i64[2] = variable               [3, -1]
                %2: f64[3] = variable               [inf, nan, -0]
                %3: f64[2, 0] = variable            [[], []]
                """)
    }
}

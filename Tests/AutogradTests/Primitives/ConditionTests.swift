import Testing

@testable import Autograd

@Suite struct `Conditions` {
    let x = Tensor([true, true, false, false])
    let y = Tensor([true, false, true, false])

    @Test func `combine element by element`() {
        #expect((x .& y).conditions == [true, false, false, false])
        #expect((x .| y).conditions == [true, true, true, false])
        #expect((x .^ y).conditions == [false, true, true, false])
        #expect((.!x).conditions == [false, false, true, true])
        #expect((x .& .!y .| .!x .& y) == (x .^ y))
        #expect((Tensor(true) .& Tensor(false)).conditions == [false])
    }

    @Test func `broadcast, and are read through strides`() {
        let column = Tensor([[1], [0]]) .> 0
        #expect((column .& y).conditions == [true, false, true, false, false, false, false, false])
        #expect((column .| y).shape == [2, 4])
        #expect((.!column.broadcast(to: [2, 2]).transposed()).conditions == [false, true, false, true])
    }

    @Test func `are not made of numbers`() {
        let error = tensorError { Tensor([1]) .& Tensor([true]) }
        #expect(error?.operation == ".&" && error?.operands == ["f64[1]", "bool[1]"])
        #expect(error?.advice.contains(".<") == true)
        #expect(tensorError { .!Tensor(1) }?.operation == ".!")
        #expect(tensorError { Tensor([true]) .| Tensor(indices: [1]) }?.operation == ".|")
        #expect(tensorError { Tensor([true]) .^ Tensor([1.0] as [Float]) }?.operation == ".^")
        #expect(tensorError { x .& Tensor([true, false]) }?.problem.contains("cannot be broadcast") == true)
    }

    @Test func `choose where to differentiate`() {
        let slope = gradient(at: Tensor([-2, 0.5, 3])) { x in sum(select(x .> 0 .& x .< 1, x * x, -x)) }
        #expect(slope.numbers == [-1, 1, -1])
    }

    @Test func `are no cliff in tiny programs`() {
        let function: @Sendable (Tensor) -> Tensor = { x in
            sum(select((x .> 0 .& .!(x .>= 2)) .| (x .== -1) .^ (x .< -3), x, 0))
        }
        let program = Program(at: Tensor([1, 2]), of: function)
        #expect(program.explanation.contains("steps over arrays: 0"))
        for x in [[-1, 1.5], [-4, 3], [0, 2], [-2, .nan]] { #expect(sameBits(program(Tensor(x)), function(Tensor(x)))) }
    }
}

@Suite struct `Two numbers compared` {
    @Test func `give a plain Bool`() {
        let (one, two) = (Tensor(1), Tensor(2))
        #expect(one < two && one <= two && two > one && two >= one && one <= one && one >= one)
        #expect(!(two < one) && !(two <= one) && !(one > two) && !(one >= two) && !(one < one) && !(one > one))
        #expect(!(Tensor(.nan) < one) && !(Tensor(.nan) >= one))
        #expect(one == 1 && one != 2 && !(one == 2) && !(one != 1) && Tensor(.nan) != .nan)
        #expect(Tensor([1, 2])[1] == 2 && Tensor(0.0) == -0.0)
        let large = 1 << 53
        #expect(Tensor(Double(large), elementType: .int64) < Tensor(indices: [large + 1])[0])
    }

    @Test func `must be single and of one type`() {
        let error = tensorError { Tensor([1, 2]) < Tensor(1) }
        #expect(error?.operation == "<" && error?.operands == ["f64[2]", "f64[]"])
        #expect(error?.advice.contains("`.<`") == true)
        tensorError { Tensor(1) >= Tensor([[1]]) }
        #expect(tensorError { Tensor([1, 2]) == 1 }?.advice.contains("`.==`") == true)
        #expect(tensorError { Tensor(1) < Tensor(1, elementType: .float32) }?.problem.contains("f64 and f32") == true)
    }

    @Test func `are a guard on the outcome, also in tiny programs`() {
        let program = Program(at: Tensor(1), Tensor(2)) { x, y in x < y ? y - x : x * 10 }
        #expect(program.explanation.contains("steps over arrays: 0"))
        #expect(program(Tensor(3), Tensor(7)).scalar == 4 && !program.explanation.contains("again"))
        #expect(program(Tensor(5), Tensor(2)).scalar == 50 && program.explanation.contains("a guard did not hold"))
        #expect(program(Tensor(.nan), Tensor(2)).scalar.isNaN && program(Tensor(0), Tensor(1)).scalar == 1)
        let equal = Program(at: Tensor(1)) { x in x * x == 4 ? x : x != 1 ? -x : x + 10 }
        #expect([1, 3, -2, 1].map { equal(Tensor($0)).scalar } == [11, -3, -2, 11])
    }
}

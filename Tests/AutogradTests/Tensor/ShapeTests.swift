import Autograd
import Testing

@Suite struct `A shape` {
    @Test func `holds its lengths`() {
        let shape: Tensor.Shape = [2, 3, 4]
        #expect(shape.rank == 3)
        #expect(shape.elementCount == 24)
        #expect(Array(shape) == [2, 3, 4])
        #expect(shape.description == "[2, 3, 4]")
        #expect(Tensor.Shape().elementCount == 1)
        #expect(Tensor.Shape().description == "[]")
        #expect(([5, 0] as Tensor.Shape).elementCount == 0)
    }

    @Test func `equals and hashes by its lengths`() {
        #expect([2, 3] as Tensor.Shape == Tensor.Shape(2...3))
        #expect([2, 3] as Tensor.Shape != [3, 2])
        #expect([2, 3, 4] as Tensor.Shape != [2, 3, 5])
        #expect([] as Tensor.Shape != [1])
        #expect(Set<Tensor.Shape>([[2, 3], [2, 3], [2], []]).count == 3)
    }

    @Test func `has at most eight axes`() {
        #expect(Tensor(repeating: 1, shape: [1, 1, 1, 1, 1, 1, 1, 2]).rank == 8)
        let error = tensorError { Tensor(repeating: 1, shape: [1, 1, 1, 1, 1, 1, 1, 1, 1]) }
        #expect(error?.problem == "more than 8 axes")
    }

    @Test func `has no negative length`() {
        #expect(tensorError { Tensor(repeating: 0, shape: [2, -3]) }?.problem == "axis 1 has the negative length -3")
    }

    @Test func `has no more elements than memory can address`() {
        let error = tensorError { Tensor.Shape([1 << 40, 1 << 40]) }
        #expect(error?.problem.contains("more elements than memory can address") == true)
        tensorError { Tensor.Shape([0, Int.max, 2]) }
        tensorError { Tensor.Shape([1, 1, 1, 1, 1 << 40, 1 << 40]) }
    }

    @Test func `stops at an axis it does not have`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = ([2, 3] as Tensor.Shape)[2]
        }
        #expect(result.message.contains("shape: there is no axis 2 in [2, 3]"))
    }
}

@Suite struct `An element type` {
    @Test func `has a size and a short name`() {
        #expect(Tensor.ElementType.allCases.map(\.size) == [8, 4, 8, 1])
        #expect(Tensor.ElementType.allCases.map(\.abbreviation) == ["f64", "f32", "i64", "bool"])
        #expect(Tensor.ElementType.allCases.map(\.isFloat) == [true, true, false, false])
    }

    @Test func `is cast to another`() {
        let numbers = Tensor([-1.7, 0, 2.5, 0.1])
        #expect(numbers.cast(to: .float32) == Tensor([-1.7, 0, 2.5, 0.1], elementType: .float32))
        #expect(numbers.cast(to: .float32).numbers[3] == Double(Float(0.1)))
        #expect(numbers.cast(to: .int64).indices == [-1, 0, 2, 0])
        #expect(numbers.cast(to: .bool).conditions == [true, false, true, true])
        #expect(Tensor([true, false]).cast(to: .float32) == Tensor([1, 0], elementType: .float32))
        #expect(Tensor(indices: [3, -4]).cast(to: .float64) == Tensor([3, -4]))
    }

    @Test func `saturates when a number is too large for an index`() {
        let cast = Tensor([1e300, -1e300, .nan, .infinity, -0.0]).cast(to: .int64)
        #expect(cast.indices == [.max, .min, 0, .max, 0])
    }

    @Test func `keeps NaN true and rank 0 a number`() {
        #expect(Tensor(Double.nan).cast(to: .bool).conditions == [true])
        #expect(Tensor(2.5).cast(to: .float32).scalar == 2.5)
        #expect(Tensor(repeating: 0, shape: [0, 3]).cast(to: .bool).shape == [0, 3])
    }
}

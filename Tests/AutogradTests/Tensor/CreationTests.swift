import Autograd
import Testing

@Suite struct `A tensor is made` {
    @Test func `of a number`() {
        #expect(Tensor(2.5).shape == [])
        #expect(Tensor(2.5).elementType == .float64)
        #expect(Tensor(2.5).scalar == 2.5)
        #expect(Tensor(0.1, elementType: .float32).scalar == Double(Float(0.1)))
        #expect(Tensor(3, elementType: .int64).indices == [3])
        #expect(Tensor(true).conditions == [true])
    }

    @Test func `of nested arrays`() {
        #expect(Tensor([1, 2, 3]).shape == [3])
        #expect(Tensor([[1, 2, 3], [4, 5, 6]]).shape == [2, 3])
        #expect(Tensor([[1, 2, 3], [4, 5, 6]]).numbers == [1, 2, 3, 4, 5, 6])
        let cube = Tensor([[[1, 2]], [[3, 4]], [[5, 6]]])
        #expect(cube.shape == [3, 1, 2])
        #expect(cube.numbers == [1, 2, 3, 4, 5, 6])
        #expect(Tensor([0, 1, 1, 0]).elementType == .float64)
    }

    @Test func `of empty arrays`() {
        #expect(Tensor([Double]()).shape == [0])
        #expect(Tensor([[Double]]()).shape == [0, 0])
        #expect(Tensor([[], []] as [[Double]]).shape == [2, 0])
        #expect(Tensor([[[Double]]]()).shape == [0, 0, 0])
        #expect(Tensor(indices: []).elementType == .int64)
        #expect(Tensor([Bool]()).elementType == .bool)
    }

    @Test func `not of ragged arrays`() {
        let matrix = tensorError { Tensor([[1, 2], [3]]) }
        #expect(matrix?.problem == "row 1 has 1 elements, row 0 has 2")
        #expect(matrix?.advice == "Nested arrays make a tensor only when they are rectangular.")
        let cube = tensorError { Tensor([[[1, 2]], [[3, 4], [5, 6]]]) }
        #expect(cube?.problem == "matrix 1 is not 1 by 2, as the first one is")
    }

    @Test func `of elements and a shape`() {
        let x = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])
        #expect(x.rows == [[1, 2], [3, 4], [5, 6]])
        #expect(Tensor([7], shape: []).scalar == 7)
        #expect(Tensor(indices: [1, 2], shape: [2, 1]).shape == [2, 1])
        #expect(
            tensorError { Tensor([1, 2], shape: [3]) }?.problem
                == "2 elements do not fill the shape [3], which holds 3")
        #expect(
            tensorError { Tensor(indices: [1, 2], shape: [0]) }?.problem
                == "2 indices do not fill the shape [0], which holds 0")
    }

    @Test func `of one number repeated`() {
        #expect(Tensor(repeating: 2.5, shape: [2, 2]).numbers == [2.5, 2.5, 2.5, 2.5])
        #expect(Tensor(repeating: 0, shape: [3]) == Tensor([0, 0, 0]))
        #expect(Tensor(repeating: 1, shape: [1, 2], elementType: .float32) == Tensor([[1, 1]], elementType: .float32))
        #expect(Tensor(repeating: 1, shape: []) == Tensor(1))
        #expect(Tensor(repeating: 0, shape: [4, 0]).elementCount == 0)
        #expect(Tensor(repeating: 0, shape: [2], elementType: .bool).conditions == [false, false])
    }

    @Test func `of a range`() {
        #expect(Tensor(0..<4) == Tensor([0, 1, 2, 3]))
        #expect(Tensor(-2..<1, elementType: .int64).indices == [-2, -1, 0])
        #expect(Tensor(3..<3).shape == [0])
    }

    @Test func `of numbers at equal distances, exact at both ends`() {
        #expect(Tensor(from: 0, through: 1, count: 5) == Tensor([0, 0.25, 0.5, 0.75, 1]))
        let tenths = Tensor(from: -0.3, through: 0.7, count: 11).numbers
        #expect(tenths.first == -0.3)
        #expect(tenths.last == 0.7)
        #expect(tensorError { Tensor(from: 0, through: 1, count: 1) }?.problem.contains("not 1") == true)
    }

    @Test func `of indices and conditions`() {
        let large = [Int.max, Int.min, (1 << 53) + 1]
        #expect(Tensor(indices: large).indices == large)
        #expect(Tensor(indices: 3...5).indices == [3, 4, 5])
        #expect(Tensor([true, false]).conditions == [true, false])
    }

    @Test func `a value that another thread may read`() async {
        let x = Tensor([1, 2, 3])
        let read = await Task.detached { x.numbers }.value
        #expect(read == [1, 2, 3])
    }
}

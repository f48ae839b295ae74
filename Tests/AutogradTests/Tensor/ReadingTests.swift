import Autograd
import Testing

@Suite struct `Reading a tensor` {
    let matrix = Tensor([[1, 2, 3], [4, 5, 6]])

    @Test func `gives its numbers`() {
        #expect(Tensor([[7]]).scalar == 7)
        #expect(Tensor(true).scalar == 1)
        #expect(matrix.numbers == [1, 2, 3, 4, 5, 6])
        #expect(matrix.rows == [[1, 2, 3], [4, 5, 6]])
        #expect(Tensor(repeating: 0, shape: [2, 0]).rows == [[], []])
        #expect(Tensor(indices: [4, 5]).numbers == [4, 5])
        #expect(Tensor([true, false]).numbers == [1, 0])
    }

    @Test func `gives floats, rounded where they have more digits`() {
        #expect(Tensor([0.1, 1e300]).floats == [0.1, .infinity])
        #expect(
            Tensor([1, 2] as [Float]).floats == [1, 2]
                && Tensor([true, false], shape: [2, 1]).transposed().floats == [1, 0])
        #expect(Tensor(2.5).floats == [2.5] && Tensor(indices: [7]).floats == [7] && Tensor([Double]()).floats == [])
    }

    @Test func `gives elements as they lie`() {
        #expect(matrix.withUnsafeElements { Array($0.bindMemory(to: Double.self)) } == [1, 2, 3, 4, 5, 6])
        #expect(matrix.transposed().withUnsafeElements { $0.bindMemory(to: Double.self)[1] } == 4)
        #expect(Tensor(2.5).withUnsafeElements { Array($0.bindMemory(to: Double.self)) } == [2.5])
        #expect(Tensor([1.5] as [Float]).withUnsafeElements { Array($0.bindMemory(to: Float.self)) } == [1.5])
        #expect(Tensor([true, false]).withUnsafeElements { Array($0) } == [1, 0])
        #expect(Tensor(true).withUnsafeElements { Array($0) } == [1])
        #expect(Tensor([Double]()).withUnsafeElements { $0.count } == 0)
        // Without a copy: twice the same place.
        #expect(matrix.withUnsafeElements { $0.baseAddress } == matrix.withUnsafeElements { $0.baseAddress })
        #expect(throws: CancellationError.self) { try matrix.withUnsafeElements { _ in throw CancellationError() } }
    }

    @Test func `refuses what it does not hold`() {
        #expect(tensorError { Tensor([1, 2]).scalar }?.problem == "a tensor of 2 elements is not one number")
        #expect(tensorError { Tensor(repeating: 0, shape: [0]).scalar }?.operands == ["f64[0]"])
        #expect(tensorError { Tensor([1, 2]).rows }?.problem == "a tensor of rank 1 has no rows")
        #expect(tensorError { Tensor([1, 2]).indices }?.problem == "these are no indices")
        #expect(tensorError { Tensor(indices: [1]).conditions }?.problem == "these are no conditions")
    }

    @Test func `sees through views, and views of views`() {
        #expect(matrix.transposed().rows == [[1, 4], [2, 5], [3, 6]])
        #expect(matrix.transposed().transposed() == matrix)
        #expect(matrix[1].numbers == [4, 5, 6])
        #expect(matrix[-1, -2].scalar == 5)
        #expect(matrix.sliced(1..., along: 1).rows == [[2, 3], [5, 6]])
        #expect(matrix.sliced(0..<3, along: -1, step: 2).rows == [[1, 3], [4, 6]])
        #expect(matrix.transposed()[1...].rows == [[2, 5], [3, 6]])
        #expect(matrix.transposed()[1...].transposed()[1].numbers == [5, 6])
        #expect(matrix.transposed().reshaped(to: [2, 3]).rows == [[1, 4, 2], [5, 3, 6]])
        #expect(matrix.reshaped(to: [6])[2..<4].numbers == [3, 4])
        #expect(matrix[0].broadcast(to: [2, 3]).rows == [[1, 2, 3], [1, 2, 3]])
        #expect(Tensor(7).broadcast(to: [2, 2]).sliced(0..<1, along: 1).rows == [[7], [7]])
        #expect(matrix.sliced(1..<2, along: 1).broadcast(to: [2, 2]).transposed().rows == [[2, 5], [2, 5]])
    }

    @Test func `sees through views of every element type`() {
        for type in Tensor.ElementType.allCases {
            let x = Tensor([[1, 0], [1, 1]], elementType: type)
            #expect(x.transposed().numbers == [1, 1, 0, 1])
            #expect(x[1, 0].scalar == 1)
            #expect(x.transposed()[1].reshaped(to: [2, 1]) == Tensor([[0], [1]], elementType: type))
        }
    }

    @Test func `permutes eight axes`() {
        let lengths = [1, 2, 1, 3, 1, 2, 1, 2]
        let x = Tensor((0..<24).map(Double.init), shape: Tensor.Shape(lengths))
        let back = x.transposed(axes: [7, 6, 5, 4, 3, 2, 1, 0])
        #expect(back.shape == [2, 1, 2, 1, 3, 1, 2, 1])
        #expect(back.transposed(axes: [7, 6, 5, 4, 3, 2, 1, 0]) == x)
        var expected: [Double] = []
        for l in 0..<2 {
            for k in 0..<2 {
                for j in 0..<3 { for i in 0..<2 { expected.append(Double(12 * i + 4 * j + 2 * k + l)) } }
            }
        }
        #expect(back.numbers == expected)
    }

    @Test func `by positions and ranges at once`() {
        let cube = Tensor((0..<24).map(Double.init), shape: [2, 3, 4])
        #expect(matrix[0, 1...].numbers == [2, 3] && matrix[0..<2, 1].numbers == [2, 5])
        #expect(matrix[..., 1].numbers == [2, 5] && matrix[..., -1].numbers == [3, 6] && matrix[...] == matrix)
        #expect(matrix[0..<1, 0..<1].rows == [[1]] && matrix[-1, -2].scalar == 5 && matrix[-1, ...1].numbers == [4, 5])
        #expect(cube[1, 0..., 2].numbers == [14, 18, 22] && cube[..<1, -1].rows == [[8, 9, 10, 11]])
        #expect(cube[..., 1..<3, 0].rows == [[4, 8], [16, 20]] && cube[0...1, 2...2, 3].shape == [2, 1])
        #expect(cube[1, 2, 3].scalar == 23 && cube[..., 1, 2, 3].scalar == 23 && cube[0..., 3..., 0].shape == [2, 0])
        let slope = gradient(at: matrix) { x in sum(x[0, 1...] * x[1, ..<2]) }
        #expect(slope.rows == [[0, 4, 5], [2, 3, 0]])
    }

    @Test func `in a shape of which one length is worked out`() {
        #expect(matrix.reshaped(to: [3, -1]).rows == [[1, 2], [3, 4], [5, 6]])
        #expect(matrix.reshaped(to: [-1]).shape == [6] && matrix.reshaped(to: [2, -1, 3]).shape == [2, 1, 3])
        #expect(
            Tensor(1).reshaped(to: [-1, 1]).shape == [1, 1]
                && Tensor([Double]()).reshaped(to: [2, -1]).shape == [2, 0])
        #expect(tensorError { matrix.reshaped(to: [4, -1]) }?.problem == "6 elements do not fill [4, 1]")
        #expect(tensorError { matrix.reshaped(to: [-1, -1]) }?.problem == "of two lengths −1 none can be worked out")
        #expect(tensorError { matrix.reshaped(to: [2, -2]) }?.problem == "axis 1 has the negative length -2")
        #expect(tensorError { matrix.reshaped(to: [0, -1]) }?.operands == ["f64[2, 3]"])
    }

    @Test func `of an empty part is empty`() {
        #expect(matrix[1..<1].shape == [0, 3])
        #expect(matrix[1..<1].numbers == [])
        #expect(matrix[2...].shape == [0, 3])
        #expect(matrix[1..<1].transposed().reshaped(to: [0]).numbers == [])
        #expect(Tensor([1]).broadcast(to: [0]).numbers == [])
    }

    @Test func `outside the axes is refused`() {
        #expect(tensorError { matrix[2] }?.problem == "position 2 lies outside axis 0, which has 2")
        #expect(tensorError { matrix[0, -4] }?.problem == "position -4 lies outside axis 1, which has 3")
        #expect(tensorError { matrix[0, 0, 0] }?.problem == "3 positions for 2 axes")
        #expect(tensorError { matrix[1..<3] }?.problem.contains("outside axis 0, which has 2") == true)
        #expect(tensorError { matrix[0, -1..<1] }?.problem == "positions -1..<1 reach outside axis 1, which has 3")
        let unending = tensorError { matrix[0, ...Int.max] }
        #expect(unending?.problem == "positions 0..<\(Int.max) reach outside axis 1, which has 3")
        #expect(tensorError { matrix[Int.min, 0] }?.advice == "Only single positions count from the end when negative.")
        #expect(tensorError { matrix[..., 0, 0, 0] }?.problem == "3 positions for 2 axes")
        #expect(tensorError { matrix.sliced(0...Int.max, along: 0) }?.operation == "sliced")
        #expect(matrix.sliced(0..., along: 1, step: .max).rows == [[1], [4]])
        #expect(tensorError { matrix.sliced(0..<1, along: 2) }?.operation == "sliced")
        #expect(tensorError { matrix.sliced(0..<1, along: 0, step: 0) }?.operation == "sliced")
        #expect(tensorError { Tensor(1)[0] }?.problem == "1 positions for 0 axes")
        #expect(tensorError { Tensor([1]).transposed() }?.problem.contains("no two axes") == true)
        #expect(tensorError { matrix.transposed(axes: [0, 0]) }?.problem.contains("each axis once") == true)
        #expect(tensorError { matrix.reshaped(to: [4]) }?.problem == "6 elements do not fill [4]")
    }
}

@Suite struct `Equality of tensors` {
    @Test func `is that of shape, element type and elements`() {
        #expect(Tensor([1, 2]) == Tensor([1, 2]))
        #expect(Tensor([1, 2]) != Tensor([1, 3]))
        #expect(Tensor([1, 2]) != Tensor([[1, 2]]))
        #expect(Tensor([1, 2]) != Tensor([1, 2], elementType: .float32))
        #expect(Tensor(1) != Tensor([1]))
        #expect(Tensor(repeating: 0, shape: [0, 2]) != Tensor(repeating: 0, shape: [2, 0]))
        #expect(Tensor(repeating: 0, shape: [0]) == Tensor([Double]()))
        #expect(Tensor(indices: [(1 << 53) + 1]) != Tensor(indices: [1 << 53]))
    }

    @Test func `follows the numbers' own`() {
        #expect(Tensor(0) == Tensor(-0.0))
        #expect(Tensor(Double.nan) != Tensor(Double.nan))
        #expect(Tensor([.infinity, -.infinity]) == Tensor([.infinity, -.infinity]))
    }

    @Test func `sees each of many elements, of every type and through views`() {
        for type in Tensor.ElementType.allCases {
            let zeros = Tensor(repeating: 0, shape: [3, 1500], elementType: type)
            #expect(zeros == Tensor(0, elementType: type).broadcast(to: [3, 1500]))
            for place in [0, 1023, 1024, 4499] {
                var numbers = zeros.numbers
                numbers[place] = 1
                let other = Tensor(numbers, shape: [3, 1500], elementType: type)
                #expect(other != zeros && other.transposed() != zeros.transposed() && other[0...1] == other[...1])
                #expect(other.transposed() == Tensor(numbers, shape: [3, 1500], elementType: type).transposed())
            }
        }
    }

    @Test func `is approximate where asked`() {
        #expect(Tensor([1, 0]).isApproximatelyEqual(to: Tensor([1 + 1e-9, 0])))
        #expect(!Tensor([1, 0]).isApproximatelyEqual(to: Tensor([1 + 1e-7, 0])))
        #expect(!Tensor([1, 0]).isApproximatelyEqual(to: Tensor([1, 1e-300])))
        #expect(Tensor([1, 0]).isApproximatelyEqual(to: Tensor([1, 1e-12]), absoluteTolerance: 1e-11))
        #expect(Tensor(100).isApproximatelyEqual(to: Tensor(101), relativeTolerance: 0.01))
        #expect(!Tensor(100).isApproximatelyEqual(to: Tensor(102), relativeTolerance: 0.01))
        #expect(!Tensor(1).isApproximatelyEqual(to: Tensor([1])))
        #expect(!Tensor(1).isApproximatelyEqual(to: Tensor(1, elementType: .float32)))
    }

    @Test func `is approximate in the digits of float32`() {
        let one = Tensor(1, elementType: .float32)
        #expect(one.isApproximatelyEqual(to: Tensor(1.0003, elementType: .float32)))
        #expect(!one.isApproximatelyEqual(to: Tensor(1.0004, elementType: .float32)))
    }

    @Test func `is never approximate about NaN, and exact about infinities`() {
        let huge = Double.greatestFiniteMagnitude
        #expect(Tensor(Double.infinity).isApproximatelyEqual(to: Tensor(Double.infinity)))
        #expect(!Tensor(Double.nan).isApproximatelyEqual(to: Tensor(Double.nan), absoluteTolerance: .infinity))
        #expect(Tensor(0).isApproximatelyEqual(to: Tensor(-0.0)))
        #expect(Tensor(huge).isApproximatelyEqual(to: Tensor(huge.nextDown)))
        #expect(!Tensor(Double.infinity).isApproximatelyEqual(to: Tensor(1)))
        #expect(!Tensor(Double.infinity).isApproximatelyEqual(to: Tensor(-Double.infinity)))
    }
}

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
        #expect(cube?.problem == "row 1 has 2 elements, row 0 has 1")
        let row = tensorError { Tensor([[[1, 2], [3, 4]], [[5, 6], [7]]]) }
        #expect(row?.problem == "row 3 has 1 elements, row 0 has 2")
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

    @Test func `of floats, which stay float32 unless asked otherwise`() {
        let floats: [Float] = [0.1, -0.0, .infinity, .nan]
        #expect(Tensor(floats).elementType == .float32)
        #expect(Tensor(floats).floats.map(\.bitPattern) == floats.map(\.bitPattern))
        #expect(Tensor(floats, shape: [2, 2], elementType: .float64)[0, 0].scalar == Double(Float(0.1)))
        #expect(Tensor([1, 2] as [Float], shape: [2, 1]).shape == [2, 1])
        #expect(Tensor([0.1, 1e300], elementType: .float32).floats == [0.1, .infinity])
        #expect(
            tensorError { Tensor([1, 2] as [Float], shape: [3]) }?.problem.contains("2 elements do not fill") == true)
        #expect(tensorError { Tensor([1.5], elementType: .int64) }?.problem == "1.5 is no index")
    }

    @Test func `of whole numbers, exactly or rounded`() {
        let large = (1 << 53) + 1
        #expect(Tensor([large]).scalar == 0x1p53)
        #expect(Tensor([large], elementType: .int64).indices == [large])
        // Rounded once: by way of a Double it would be 2²⁴ + 2³⁰.
        let number = 1 << 54 + 1 << 30 + 1
        #expect(Tensor([number], elementType: .float32).floats == [Float(number)])
        #expect(Tensor([UInt8](0...255)).numbers == (0..<256).map(Double.init))
        #expect(Tensor([UInt8](0...255), shape: [16, 16], elementType: .float32)[15, 15].floats == [255])
        #expect(Tensor([-3, 0] as [Int8], elementType: .bool).conditions == [true, false])
        #expect(Tensor([UInt64.max]).scalar == 0x1p64 && Tensor([UInt64.max], elementType: .int64).indices == [.max])
        #expect(Tensor(Set([7])).numbers == [7] && Tensor([1, 2, 3].dropFirst()).numbers == [2, 3])
        #expect(Tensor(1...3).numbers == [1, 2, 3] && Tensor([Int]()).elementType == .float64)
        #expect(tensorError { Tensor([UInt8](0...5), shape: [4]) }?.problem.contains("6 elements do not fill") == true)
    }

    @Test func `of collections of any kind, nested to any depth`() {
        let numbers = [0.5, 1.5, 2.5]
        #expect(Tensor(numbers[1...]) == Tensor([1.5, 2.5]) && Tensor(ContiguousArray(numbers)) == Tensor(numbers))
        #expect(Tensor(repeatElement(1.0, count: 3)) == Tensor([1, 1, 1]))
        #expect(Tensor(stride(from: 0.0, to: 1, by: 0.25).map(\.self)[...]).numbers == [0, 0.25, 0.5, 0.75])
        #expect(Tensor([1.5, 2.5, 3.5, 4.5][...], shape: [2, 2]).rows == [[1.5, 2.5], [3.5, 4.5]])
        let floats: [[Float]] = [[0.1, 2], [3, 4]]
        #expect(Tensor(floats).floats == [0.1, 2, 3, 4] && Tensor(floats).shape == [2, 2])
        #expect(Tensor(floats[...], elementType: .float64)[0, 0].scalar == Double(Float(0.1)))
        #expect(Tensor(floats, shape: [1, 2]).shape == [1, 2, 2])
        let counts = [[1, 2, 3], [4, 5, 6]]
        #expect(Tensor(counts) == Tensor([[1, 2, 3], [4, 5, 6]]))
        #expect(Tensor(counts, elementType: .int64).indices.last == 6)
        #expect(Tensor([[true, false]]).elementType == .bool && Tensor([[true, false]]).shape == [1, 2])
        #expect(Tensor([[[[1 as Float]], [[2]]]]).shape == [1, 2, 1, 1] && Tensor([[[Int]]]()).shape == [0, 0, 0])
        #expect(tensorError { Tensor([[1, 2], [3]] as [[Int]]) }?.problem == "row 1 has 1 elements, row 0 has 2")
        #expect(tensorError { Tensor(counts, shape: [4]) }?.problem.contains("do not fill the shape [4, 3]") == true)
        #expect(tensorError { Tensor([[[[[[[[[1 as Float]]]]]]]]]) }?.problem == "more than 8 axes")
        tensorError { Tensor(repeatElement(1.0, count: 1 << 50)) }
    }

    @Test func `of one number of any type`() {
        #expect(Tensor(0.1 as Float).elementType == .float32 && Tensor(0.1 as Float).scalar == Double(Float(0.1)))
        #expect(Tensor(0.1 as Float, elementType: .float64).scalar == Double(Float(0.1)))
        #expect(Tensor(3 as Int) == Tensor(3) && Tensor(UInt8(7), elementType: .int64).indices == [7])
        #expect(Tensor(Int.max, elementType: .int64).indices == [.max] && Tensor(3).elementType == .float64)
    }

    @Test func `of bytes`() {
        let numbers = [1.5, -0.0, .nan, 4]
        #expect(
            numbers.withUnsafeBytes { Tensor(bytes: $0, shape: [4], elementType: .float64) }.elementBits
                == numbers.map(\.bitPattern))
        let floats: [Float] = [1, 2, 3, 4, 5, 6]
        #expect(
            floats.withUnsafeBytes { Tensor(bytes: $0, shape: [2, 3], elementType: .float32) }.rows == [
                [1, 2, 3], [4, 5, 6],
            ])
        #expect([Int64.max].withUnsafeBytes { Tensor(bytes: $0, shape: [], elementType: .int64) }.indices == [.max])
        // Of any byte a condition is 0 or 1.
        let bytes: [UInt8] = [0, 1, 200]
        let conditions = bytes.withUnsafeBytes { Tensor(bytes: $0, shape: [3], elementType: .bool) }
        #expect(conditions.numbers == [0, 1, 1] && conditions == Tensor([false, true, true]))
        let error = tensorError { bytes.withUnsafeBytes { Tensor(bytes: $0, shape: [3], elementType: .float32) } }
        #expect(error?.problem == "3 bytes do not fill f32[3]")
        #expect(UnsafeRawBufferPointer(start: nil, count: 0).isEmpty)
        #expect(Tensor(bytes: .init(start: nil, count: 0), shape: [0, 2], elementType: .float64).shape == [0, 2])
    }

    /// Which initialiser a literal means: numbers are Doubles unless something says otherwise.
    @Test func `as what the literal looks like`() {
        let (n, f) = (3, Float(1))
        #expect(Tensor([0, 1]).elementType == .float64 && Tensor([[0, 1]]).elementType == .float64)
        #expect(Tensor([[[0, 1]]]).shape == [1, 1, 2] && Tensor([1, 2], shape: [1, 2]).elementType == .float64)
        #expect(Tensor([0, 1], elementType: .float32).elementType == .float32)
        #expect(Tensor(0..<4).elementType == .float64 && Tensor(0..<4, elementType: .int64).elementType == .int64)
        #expect(Tensor([UInt8](repeating: 1, count: 2)).elementType == .float64)
        #expect(Tensor([1, 2] as [Float]).elementType == .float32 && Tensor([f, 2]).elementType == .float32)
        #expect(Tensor([n, 2]).elementType == .float64 && Tensor([true, false], shape: [2, 1]).elementType == .bool)
        #expect(Tensor((0..<4).map(Double.init), shape: [2, 2]).elementType == .float64)
        #expect(Tensor((0..<4).map { Double($0) / 4 }).elementType == .float64)
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
        for range in [0..<Int.max, Int.min..<1, Int.min..<Int.max] {
            #expect(tensorError { Tensor(range) }?.problem.contains("more elements than memory can address") == true)
        }
        for range in [0...Int.max, Int.min...0, Int.min...Int.max] { tensorError { Tensor(range, elementType: .bool) } }
        #expect(Tensor((Int.max - 1)...Int.max, elementType: .int64).indices == [.max - 1, .max])
    }

    @Test func `of numbers at equal distances, exact at both ends`() {
        #expect(Tensor(from: 0, through: 1, count: 5) == Tensor([0, 0.25, 0.5, 0.75, 1]))
        let tenths = Tensor(from: -0.3, through: 0.7, count: 11).numbers
        #expect(tenths.first == -0.3)
        #expect(tenths.last == 0.7)
        #expect(Tensor(from: 0, through: 1, count: 50).numbers.last == 1)
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

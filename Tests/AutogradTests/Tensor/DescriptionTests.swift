import Autograd
import Testing

@Suite struct `The description of a tensor` {
    @Test func `of rank 0 is the number`() {
        #expect("\(Tensor(2.5))" == "2.5")
        #expect("\(Tensor(0.1, elementType: .float32))" == "0.1")
        #expect("\(Tensor(3, elementType: .int64))" == "3")
        #expect("\(Tensor(true))" == "true")
        #expect("\(Tensor([.nan, .infinity, -0.0, 1e300]))" == "[nan, inf, -0.0, 1e+300]")
    }

    @Test func `of a vector is one line`() {
        #expect("\(Tensor([1, -2.5]))" == "[1.0, -2.5]")
        #expect("\(Tensor(indices: [10, 2]))" == "[10, 2]")
        #expect("\(Tensor([true, false]))" == "[true, false]")
    }

    @Test func `of a matrix has a line a row`() {
        let text = """
            [[ 1.0,  2.0],
             [-3.5,  4.0]]
            """
        #expect("\(Tensor([[1, 2], [-3.5, 4]]))" == text)
        #expect("\(Tensor([[1, -3.5], [2, 4]]).transposed())" == text)
    }

    @Test func `of rank 3 parts the matrices`() {
        let text = """
            [[[1.0, 2.0],
              [3.0, 4.0]],

             [[5.0, 6.0],
              [7.0, 8.0]]]
            """
        #expect("\(Tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]))" == text)
    }

    @Test func `of an empty tensor shows its brackets`() {
        #expect("\(Tensor(repeating: 0, shape: [0]))" == "[]")
        #expect("\(Tensor(repeating: 0, shape: [0, 3]))" == "[]")
        #expect("\(Tensor(repeating: 0, shape: [2, 0]))" == "[[],\n []]")
    }

    @Test func `leaves out the middle of more than a thousand elements`() {
        #expect("\(Tensor(0..<1001))" == "[0.0, 1.0, 2.0, …, 998.0, 999.0, 1000.0]")
        #expect("\(Tensor(0..<1000))".contains("500.0"))
        #expect(
            "\(Tensor(repeating: 0, shape: [300, 4], elementType: .int64))" == """
                [[0, 0, 0, 0],
                 [0, 0, 0, 0],
                 [0, 0, 0, 0],
                 …,
                 [0, 0, 0, 0],
                 [0, 0, 0, 0],
                 [0, 0, 0, 0]]
                """)
        let row = "[0.0, 0.0, 0.0, …, 0.0, 0.0, 0.0]"
        #expect("\(Tensor(repeating: 0, shape: [2, 600]))" == "[\(row),\n \(row)]")
    }

    @Test func `for debugging adds shape and element type`() {
        let vector = Tensor([1, 2], elementType: .float32)
        #expect(vector.debugDescription == "Tensor([1.0, 2.0], shape: [2], elementType: .float32)")
    }
}

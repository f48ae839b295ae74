import Autograd
import Testing

/// Shapes whose lengths no Int multiplies, and arrays that no memory holds.
@Suite struct `Beyond all limits` {
    private let wide = Tensor([1]).broadcast(to: [1 << 40])

    @Test func `a shape that is put together of others is refused`() {
        let product = tensorError { outer(wide, wide) }
        #expect(product?.operation == "outer" && product?.operands == ["f64[1099511627776]", "f64[1099511627776]"])
        #expect(product?.problem.contains("make more elements than memory can address") == true)
        let sum = tensorError {
            Tensor([[1]]).broadcast(to: [1 << 30, 1]) + Tensor([[1]]).broadcast(to: [1, 1 << 31])
        }
        #expect(sum?.operation == "add" && sum?.problem.contains("[1073741824, 2147483648]") == true)
        let matrices = tensorError {
            matmul(Tensor([[1]]).broadcast(to: [1 << 40, 1]), Tensor([[1]]).broadcast(to: [1, 1 << 40]))
        }
        #expect(matrices?.operation == "matmul")
        let batch = tensorError {
            matmul(
                Tensor([[[1]]]).broadcast(to: [1 << 40, 1, 1]), Tensor([[[1]]]).broadcast(to: [1, 1, 1 << 40]))
        }
        #expect(batch?.problem.contains("memory") == true)
        tensorError {
            matmul(
                Tensor(1).broadcast(to: [1 << 30, 1, 1, 1]), Tensor(1).broadcast(to: [1 << 31, 1, 1]))
        }
        tensorError { Tensor(1).broadcast(to: [1 << 40, 1 << 40]) }
        tensorError { Tensor([1, 2], shape: [Int.max]) }
    }

    @Test func `what memory cannot hold is refused before it is computed`() {
        for (name, body) in [
            ("exp", { exp(wide) }), ("square", { square(wide) }), ("multiply", { wide * 2 }), ("add", { wide + wide }),
            ("sum", { sum(wide) }), ("max", { max(wide, along: 0) }), ("cast", { wide.cast(to: .float32) }),
            ("less", { wide .< 1 }), ("reshape", { wide.reshaped(to: [1 << 20, 1 << 20]) }),
            ("matmul", { dot(wide, wide) }), ("pad", { gradient(at: wide) { x in x[0] } }),
        ] as [(String, () -> Tensor)] {
            let error = tensorError(of: body)
            #expect(error?.operation == name && error?.operands.isEmpty == false)
            #expect(error?.problem.contains("bytes of memory there are") == true, "\(name): \(error as Any)")
        }
        #expect(tensorError { wide.numbers }?.operation == "numbers")
        tensorError { wide.withUnsafeElements { $0.count } }
        tensorError { Tensor(repeating: 0, shape: [1 << 40]) }
        tensorError { Tensor(0..<1 << 40) }
        tensorError { Tensor(from: 0, through: 1, count: 1 << 40) }
        tensorError { Tensor(repeating: 0, shape: [1 << 40, 0]).rows }
    }

    @Test func `a view may be as large as it likes`() {
        #expect(wide[7].scalar == 1 && wide[(1 << 40) - 2..<1 << 40].numbers == [1, 1])
        #expect(wide.broadcast(to: [2, 1 << 40]).transposed().shape == [1 << 40, 2])
        #expect("\(wide)" == "[1.0, 1.0, 1.0, …, 1.0, 1.0, 1.0]")
        #expect("\(Tensor(repeating: 0, shape: [1 << 40, 0]))" == "[[],\n [],\n [],\n …,\n [],\n [],\n []]")
        #expect(gradient(at: wide) { x in Tensor(2) }.shape == [1 << 40])
        #expect(
            matmul(Tensor(repeating: 0, shape: [1 << 40, 0]), Tensor(repeating: 0, shape: [0, 0])).shape == [
                1 << 40, 0,
            ])
    }

    @Test func `a program that takes or makes such a view answers as the function`() {
        let wide = self.wide
        let program = Program(at: wide) { x in x[3] * 2 + x[...4].numbers[0] }
        for number in [1.0, 5] { #expect(program(Tensor([number]).broadcast(to: [1 << 40])).scalar == 3 * number) }
        let maker = Program(at: Tensor(1)) { x in x.broadcast(to: [1 << 40]) }
        #expect(maker(Tensor(7))[9].scalar == 7)
        let empty = Program(at: Tensor(repeating: 0, shape: [1 << 40, 0])) { x in sum(x + 1, along: 0) }
        #expect(empty(Tensor(repeating: 0, shape: [1 << 40, 0])).shape == [0])
        let reader = Program(at: Tensor(1)) { x in x + Double("\(x.broadcast(to: [1 << 40]))".utf8.count) }
        #expect(reader(Tensor(2)).scalar > 2)
    }

    @Test func `positions and steps that overflow are refused`() {
        let x = Tensor([1, 2, 3])
        func slicing(_ start: Int, _ count: Int, _ step: Int) -> Primitive.Attributes {
            ["starts": .integers([start]), "counts": .integers([count]), "steps": .integers([step])]
        }
        for (start, count, step) in [
            (0, 2, Int.max), (1, Int.max, 2), (Int.max, 2, 1), (0, Int.min, 1), (Int.min, 1, Int.max),
        ] {
            tensorError { Primitive.slice(x, attributes: slicing(start, count, step)) }
            tensorError {
                let starts = Primitive.Attributes.Value.integers([start])
                return Primitive.pad(
                    x, attributes: ["starts": starts, "steps": .integers([step]), "shape": .integers([count])])
            }
        }
        #expect(Primitive.slice(x, attributes: slicing(2, 1, .max)).numbers == [3])
        tensorError { mean(wide, along: [0, 0, 0]) }
        tensorError { x[.max - 1] }
        tensorError { x.transposed(axes: [.min]) }
        tensorError { sum(x, along: .min) }
    }

    @Test func `a rule that fails on its way computes nothing`() {
        let twice = Primitive(
            "twice", operands: 1,
            result: { operands, attributes in
                .init(Tensor.Shape([1 << 40, 1 << attributes.integer("power")]), .float64)
            },
            kernel: .init(
                prepare: { _ in 1 << 40 },
                run: { place, buffers in buffers.result.storeBytes(of: 1, toByteOffset: place, as: UInt8.self) }),
            pullbacks: [], samples: { [] })
        #expect(tensorError { twice(Tensor(1), attributes: ["power": 40]) }?.operation == "Shape")
        #expect(tensorError { twice(Tensor(1)) }?.problem.contains("\"power\" is missing") == true)
        #expect(tensorError { twice(Tensor(1), attributes: ["power": 1]) }?.operation == "twice")
    }

    @Test func `threads that can do nothing are refused`() {
        let before = Threads.count
        tensorError { Threads.count = 0 }
        #expect(tensorError { Threads.with(count: -1) { 1 } }?.operation == "Threads")
        Threads.count = before
    }
}

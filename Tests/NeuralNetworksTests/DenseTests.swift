import Autograd
import NeuralNetworks
import Testing

@Suite struct `A dense layer` {
    private let layer = Dense(weight: Parameter(Tensor([[1, 2, 3], [4, 5, 6]])), bias: Parameter(Tensor([10, 20])))

    @Test func `refuses a weight and a bias of different types`() {
        let (weight, bias) = (Parameter(Tensor([[1, 2]])), Parameter(Tensor([1], elementType: .float32)))
        let error = #expect(throws: TensorError.self) { try Tensor.checked { Dense(weight: weight, bias: bias) } }
        #expect(error?.problem.contains("of one element type") == true)
    }

    @Test func `takes a vector, a batch and more axes`() {
        #expect(layer(Tensor([1, 0, -1])) == Tensor([8, 18]))
        #expect(layer(Tensor([[1, 0, -1], [0, 1, 0]])) == Tensor([[8, 18], [12, 25]]))
        let cube = layer(Tensor((0..<12).map(Double.init), shape: [2, 2, 3]))
        #expect(cube.shape == [2, 2, 2])
        #expect(cube[1, 1] == layer(Tensor([9, 10, 11])))
        #expect(layer(Tensor(repeating: 0, shape: [0, 3])).shape == [0, 2])
    }

    @Test func `goes without a bias`() {
        var random = RandomGenerator(seed: 1)
        let bare = Dense(inputs: 3, outputs: 2, bias: nil, using: &random)
        #expect(bare.bias == nil)
        #expect(bare.parameters.map(\.path) == ["weight"])
        #expect(bare(Tensor(repeating: 0, shape: [3])) == Tensor([0, 0]))
        #expect(Dense(weight: Parameter(Tensor([[2]])))(Tensor([3])) == Tensor([6]))
    }

    @Test func `has PyTorch's layout`() {
        var random = RandomGenerator(seed: 1)
        let made = Dense(inputs: 3, outputs: 2, elementType: .float32, using: &random)
        #expect(made.weight.value.shape == [2, 3])
        #expect(made.bias?.value == Tensor([0, 0], elementType: .float32))
        let ones = Tensor(repeating: 1, shape: [4, 3], elementType: .float32)
        let rowSums = made.weight.value.rows.map { Double(Float($0[0]) + Float($0[1]) + Float($0[2])) }
        #expect(rowSums.allSatisfy { $0 != 0 })
        #expect(
            made(ones).isApproximatelyEqual(
                to: Tensor([rowSums, rowSums, rowSums, rowSums], elementType: .float32), relativeTolerance: 1e-6))
    }

    /// The initialisers are told which number of features comes in and which goes out, also for the bias.
    @Test func `begins with the variance that its initialisers promise`() {
        var random = RandomGenerator(seed: 4)
        let (inputs, outputs) = (400, 2)
        let he = Dense(inputs: inputs, outputs: outputs, weight: .heNormal, bias: .heNormal, using: &random)
        #expect(abs(mean(square(he.weight.value)).scalar * Double(inputs) / 2 - 1) < 0.15)
        #expect(abs(he.bias!.value.numbers[0]) < 0.5 && abs(he.bias!.value.numbers[1]) < 0.5)
        let wide = Dense(inputs: outputs, outputs: inputs, weight: .heNormal, bias: .heNormal, using: &random)
        #expect(abs(mean(square(wide.weight.value)).scalar * Double(outputs) / 2 - 1) < 0.15)
        #expect(abs(mean(square(wide.bias!.value)).scalar * Double(outputs) / 2 - 1) < 0.25)
        let glorot = Dense(inputs: inputs, outputs: outputs, using: &random)
        #expect(abs(mean(square(glorot.weight.value)).scalar * Double(inputs + outputs) / 2 - 1) < 0.15)
    }

    @Test func `refuses what does not fit`() {
        let error = tensorError { layer(Tensor([1, 2])) }
        #expect(
            error?.problem == "the input has shape [2], but the layer takes 3 features in the last axis")
        #expect(tensorError { layer(Tensor(1)) }?.operation == "Dense")
        #expect(tensorError { layer(Tensor([[1], [2], [3]])) }?.operands == ["f64[3, 1]", "f64[2, 3]"])
        #expect(tensorError { layer(Tensor([1, 2, 3], elementType: .float32)) }?.operation == "matmul")
        #expect(tensorError { Dense(weight: Parameter(Tensor([1])))(Tensor([1])) }?.operation == "Dense")
        #expect(
            tensorError { Dense(weight: Parameter(Tensor([[1]])), bias: Parameter(Tensor([1, 2]))) }?.operation
                == "Dense")
    }

    @Test func `has right gradients for vectors and batches`() {
        let (x, y) = (Tensor([[1, 0, -1], [2, 1, 0]]), Tensor([[1, 2], [3, 4]]))
        #expect(layer.checkGradients { halfSquaredError($0(x), y) }.passes)
        #expect(layer.checkGradients { halfSquaredError($0(x[0]), y[0]) }.passes)
        let (_, slope) = layer.valueWithGradient { sum($0(x)) }
        #expect(slope == ["weight": Tensor([[3, 1, -1], [3, 1, -1]]), "bias": Tensor([2, 2])])
    }

    @Test func `is the same for the same seed`() {
        var (a, b) = (RandomGenerator(seed: 3), RandomGenerator(seed: 3))
        let first = Dense(inputs: 4, outputs: 3, using: &a)
        #expect(first.weight.value == Dense(inputs: 4, outputs: 3, using: &b).weight.value)
        #expect(first.weight.value != Dense(inputs: 4, outputs: 3, using: &b).weight.value)
    }
}

@Suite struct `An initialiser` {
    private func values(_ initializer: Initializer, inputs: Int = 300, outputs: Int = 200) -> Tensor {
        var random = RandomGenerator(seed: 11)
        return initializer([outputs, inputs], inputs: inputs, outputs: outputs, .float64, using: &random)
    }

    @Test func `of Glorot is uniform within its limit`() {
        let (x, limit) = (values(.glorotUniform), (6.0 / 500).squareRoot())
        #expect(x.numbers.allSatisfy { abs($0) < limit })
        #expect(x.numbers.max()! > 0.999 * limit && x.numbers.min()! < -0.999 * limit)
        #expect(abs(mean(x).scalar) < 0.02 * limit)
        #expect(abs(mean(square(x)).scalar / (limit * limit / 3) - 1) < 0.02)
    }

    @Test func `of He is normal with variance 2 over inputs`() {
        let x = values(.heNormal)
        #expect(abs(mean(x).scalar) < 0.002)
        #expect(abs(mean(square(x)).scalar * 150 - 1) < 0.02)
        #expect(x.numbers.contains { abs($0) > 3 * (2.0 / 300).squareRoot() })
    }

    @Test func `fills as it says`() {
        #expect(values(.zeros, inputs: 2, outputs: 1) == Tensor([[0, 0]]))
        #expect(values(.constant(0.5), inputs: 2, outputs: 1) == Tensor([[0.5, 0.5]]))
        #expect(values(.uniform(in: 2..<3)).numbers.allSatisfy { (2..<3).contains($0) })
        let normal = values(.normal(mean: 5, standardDeviation: 0.1))
        #expect(abs(mean(normal).scalar - 5) < 0.002)
        #expect(abs(mean(square(normal - 5)).scalar - 0.01) < 0.0003)
    }
}

import CKernels
import Testing

@testable import Autograd

/// Small programs of single numbers: functions that take long are computed several at a time, with the bits of eager code.
@Suite struct ScalarScheduleTests {
    private static let functions: [(ck_function, @Sendable (Tensor) -> Tensor)] = [
        (CK_EXP, { exp($0) }), (CK_LOG, { log($0) }), (CK_TANH, { tanh($0) }),
        (CK_SIGMOID, { sigmoid($0) }), (CK_SIGMOID_DERIVATIVE, { Primitive.sigmoidDerivative($0) }),
    ]

    /// How many results each instruction with several of a function has.
    private func groups(
        of function: ck_function, at inputs: [Tensor], in computed: ([Tensor]) -> [Tensor]
    ) -> [Int] {
        let code = Planner.code(Graph.recording(at: inputs, of: computed).graph!.optimized)
        guard case .region(let scalars) = code.steps.first else { return [] }
        let address = ck_scalar_code(function, CK_FLOAT64, CK_SCALAR_WIDE)
        return (0..<scalars.count).filter { scalars.instructions[$0].code == address }
            .map { Int(scalars.instructions[$0].a) }
    }

    @Test(arguments: 0..<5, [1, 2, 3, 4, 5, 8, 9, 16])
    func `one instruction computes several`(_ index: Int, _ count: Int) {
        let (name, function) = Self.functions[index]
        let computed: @Sendable ([Tensor]) -> [Tensor] = { [function($0[0] * 1.5), sum(function($0[0]))] }
        var random = RandomGenerator(seed: UInt64(count))
        func draw() -> Tensor { .uniform(in: 0.1..<3, shape: [count], using: &random) }
        // Those of the products and those of the inputs are on one level.
        #expect(groups(of: name, at: [draw()], in: computed) == (count < 2 ? [] : [2 * count]))
        let program = Program(at: [draw()], of: computed)
        let x = draw()
        #expect(sameBits(program.outputs(of: [x]), computed([x])))
    }

    @Test func `what depends on another is computed after it`() {
        let computed: @Sendable ([Tensor]) -> [Tensor] = { inputs in
            let (x, w) = (inputs[0], inputs[1])
            let first = sigmoid(matmul(x, w))
            let second = sigmoid(matmul(first, w) + tanh(x))
            return [second, gradient(at: x) { x in sum(sigmoid(matmul(sigmoid(matmul(x, w)), w)) * first) }]
        }
        var random = RandomGenerator(seed: 3)
        let inputs = (0..<4).map { _ in Tensor.normal(shape: [2, 2], using: &random) }
        // The first sigmoid comes from what its derivative needs too; of another only the derivative is needed.
        for function in [CK_SIGMOID, CK_SCALAR_SIGMOID_TAIL, CK_SIGMOID_DERIVATIVE] {
            #expect(groups(of: function, at: Array(inputs[..<2]), in: computed) == [4])
        }
        let program = Program(at: Array(inputs[..<2]), of: computed)
        #expect(sameBits(program.outputs(of: Array(inputs[2...])), computed(Array(inputs[2...]))))
    }

    /// A sigmoid and products with its derivative come from one exponential, unless the derivative is needed by itself.
    @Test(arguments: [false, true])
    func `a sigmoid and its derivative`(_ isDerivativeNeeded: Bool) {
        let computed: @Sendable ([Tensor]) -> [Tensor] = { inputs in
            let (x, w) = (inputs[0], inputs[1])
            let slope = Primitive.sigmoidDerivative(x)
            return [sigmoid(x), w * slope, (x - w) * slope] + (isDerivativeNeeded ? [slope, slope * slope] : [])
        }
        for count in [1, 2, 5] {
            var random = RandomGenerator(seed: UInt64(count))
            func draw() -> [Tensor] { (0..<2).map { _ in .normal(shape: [count], using: &random) * 20 } }
            let tails = groups(of: CK_SCALAR_SIGMOID_TAIL, at: draw(), in: computed)
            #expect(tails == (count == 5 && !isDerivativeNeeded ? [5] : []))
            let program = Program(at: draw(), of: computed)
            for inputs in [
                draw(), draw(), [Tensor(repeating: 0, shape: [count]), Tensor(repeating: 1, shape: [count])],
            ] {
                let (replayed, eager) = (program.outputs(of: inputs), computed(inputs))
                #expect(replayed.count == eager.count && zip(replayed, eager).allSatisfy(sameBits))
            }
        }
    }

    @Test func `results may be new state, and old state operands`() {
        let start = [Tensor([0.5, -1, 2, 0.25]), Tensor([1, 2, 3, 4])]
        let state = ProgramState(start)
        let program = StatefulProgram(state, names: []) { inputs, state in
            (sum(state[0]) + inputs[0], [sigmoid(state[1]), tanh(state[0] + inputs[0])])
        }
        var (x, y) = (start[0], start[1])
        for step in 0..<5 {
            let input = Tensor(0.1 * Double(step))
            #expect(program.run([input]) == (sum(x) + input).scalar)
            (x, y) = (sigmoid(y), tanh(x + input))
            #expect(sameBits(state[0], x) && sameBits(state[1], y))
        }
    }
}

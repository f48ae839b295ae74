import Autograd
import Dispatch
import NeuralNetworks
import Testing

@Suite struct `A parameter` {
    @Test func `refuses a value unlike its own and stays as it was`() {
        let parameter = Parameter(Tensor([1, 2]))
        let error = tensorError { parameter.value = Tensor([1, 2, 3]) }
        #expect(error?.operation == "Parameter")
        #expect(error?.operands == ["f64[2]", "f64[3]"])
        tensorError { parameter.value = Tensor([3, 4], elementType: .float32) }
        tensorError { parameter.value = parameter.value + Tensor([1, 2, 3]) }
        #expect(parameter.value == Tensor([1, 2]))
        parameter.value = Tensor([3, 4])
        #expect(parameter.value == Tensor([3, 4]))
    }

    @Test func `is copied with its value`() {
        let parameter = Parameter(Tensor([1]), isTrainable: false)
        let copy = parameter.copy()
        copy.value = Tensor([2])
        #expect(parameter.value == Tensor([1]))
        #expect(!copy.isTrainable)
        #expect("\(parameter)" == "Parameter([1.0], trainable: false)")
    }

    @Test func `holds no tape`() {
        let parameter = Parameter(Tensor([0]))
        _ = Tape.record { tape in parameter.value = tape.variable(Tensor([5])) * 2 }
        #expect(parameter.value == Tensor([10]))
        #expect(gradient(at: 1) { x in x * sum(parameter.value) } == 10)
    }

    @Test func `is a constant of a gradient that is not the model's`() {
        let layer = Dense(weight: Parameter(Tensor([[2]])))
        #expect(gradient(at: Tensor([3])) { x in sum(layer(x)) } == Tensor([2]))
    }

    @Test func `has second derivatives inside the model's gradient`() {
        // The gradient of (∂/∂x w x²)² = (2 w x)² is 8 w x².
        let layer = Dense(weight: Parameter(Tensor([[3]])))
        let (_, slope) = layer.valueWithGradient { layer in
            sum(square(gradient(at: Tensor([2])) { x in sum(layer(x) * x) }))
        }
        #expect(slope == ["weight": Tensor([[96]])])
    }

    @Test func `is differentiated on several threads at once`() {
        nonisolated(unsafe) let layer = Dense(weight: Parameter(Tensor([[1, -1]])), bias: Parameter(Tensor([0.5])))
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            let x = Tensor([Double(thread), 1])
            for _ in 0..<100 {
                let (_, slope) = layer.valueWithGradient { layer in sum(square(layer(x))) }
                let error = 2 * (Double(thread) - 0.5)
                #expect(slope == ["weight": Tensor([[error * Double(thread), error]]), "bias": Tensor([error])])
            }
        }
    }
}

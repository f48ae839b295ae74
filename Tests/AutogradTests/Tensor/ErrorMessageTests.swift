import Autograd
import Testing

/// Outside a checked scope a mistake stops the process with a message that says what, of what, why and what to do.
@Suite struct `A mistake stops the process and names` {
    @Test func `shapes that do not broadcast`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = gradient(at: Tensor([1, 2, 3])) { x in sum(x + Tensor([1, 2])) }
        }
        #expect(
            result.message.contains(
                """
                add: the shapes [3] and [2] cannot be broadcast to one: aligned at the last axis, \
                lengths must be equal or 1
                  operand 0: f64[3]
                  operand 1: f64[2]
                  Reshape an operand, or insert an axis of length 1 with `reshaped(to:)`.
                The tape so far:
                %0: f64[3] = variable               [1, 2, 3]
                """))
    }

    @Test func `matrices that do not multiply`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = matmul(Tensor(repeating: 1, shape: [2, 3]), Tensor(repeating: 1, shape: [2, 3]))
        }
        #expect(result.message.contains("the left operand has 3 columns, the right one 2 rows"))
        #expect(result.message.contains("transpose one of them"))
    }

    @Test func `float types that do not mix`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1]) * Tensor([1], elementType: .float32)
        }
        #expect(result.message.contains("multiply: the element types f64 and f32 do not mix"))
        #expect(result.message.contains("Convert one operand with `cast(to: .float64)`."))
    }

    @Test func `vectors that dot does not take`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = dot(Tensor([[1]]), Tensor([1]))
        }
        #expect(result.message.contains("dot: takes two vectors"))
        #expect(result.message.contains("operand 0: f64[1, 1]"))
    }

    @Test func `a shape that cannot be filled`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1, 2, 3]).reshaped(to: [2, 2])
        }
        #expect(result.message.contains("reshape: 3 elements do not fill [2, 2]"))
    }

    @Test func `a gradient of more than one number`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = gradient(at: Tensor([1, 2])) { x in x * x }
        }
        #expect(result.message.contains("gradient: the function's result must be a single number, but has shape [2]"))
        #expect(result.message.contains("or use `vectorJacobianProduct`"))
    }

    @Test func `a tensor compared with a number as if it were one`() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            if Tensor([1, 2]) < 3 { print("less") }
        }
        #expect(result.message.contains("<: a tensor of rank 1 is not one number"))
        #expect(result.message.contains("Compare element by element with `.<`"))
    }
}

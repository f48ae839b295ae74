import Autograd
import NeuralNetworks
import Support

/// Prints what happens in one step: the tape, and every gradient beside the formula that one derives for it by hand.
///
/// The network is spelled out once more in plain operations, so that every letter of the formulas is a variable of the tape.
func printTrace(of network: XORNetwork, on x: [Double], expected e: Double) {
    // While a tape records, each operation on one of its variables adds a line to it: what was done, with which earlier
    // lines, and the result. The tape is the program that was run, without loops and branches.
    let (tape, (w, b, v, c, z, o, loss)) = Tape.record { tape in
        let w = tape.variable(network.hidden.weight.value, named: "W")
        let b = tape.variable(network.hidden.bias!.value, named: "b")
        let v = tape.variable(network.output.weight.value[0], named: "v")
        let c = tape.variable(network.output.bias!.value[0], named: "c")
        let z = sigmoid(matmul(w, Tensor(x)) + b)
        let o = sigmoid(dot(v, z) + c)
        return (w, b, v, c, z, o, halfSquaredError(o, Tensor(e)))
    }
    print("One step, for the inputs \(Int(x[0])) and \(Int(x[1])), of which \(Int(e)) is expected.\n")
    print("The tape: hidden z = sigmoid(W x + b), output o = sigmoid(v · z + c), loss (o - e)² / 2")
    print(tape)

    // From the last line back to the first, each line hands on how much it has contributed to the loss. These steps are
    // operations again, which are added to the tape.
    let forward = tape.instructionCount
    let gradients = tape.gradient(of: loss, withRespectTo: [v, c, b, w]).map(\.numbers)
    print("\nThe gradient takes \(tape.instructionCount - forward) more instructions of the same kind.\n")

    // The same by hand. The gradients of the hidden layer need the weights of the output layer and the outputs of the
    // hidden one: that is backpropagation.
    let (z1, z2, output) = (z.numbers[0], z.numbers[1], o.scalar)
    let (v1, v2) = (v.numbers[0], v.numbers[1])
    let delta = (output - e) * output * (1 - output)
    let (b1, b2) = (delta * v1 * z1 * (1 - z1), delta * v2 * z2 * (1 - z2))
    // W holds one row for each hidden neuron: W12, from input 1 to neuron 2, is the first element of the second row.
    let rows: [(name: String, formula: String, byHand: Double, byTape: Double)] = [
        ("∂v1", "δ z1", delta * z1, gradients[0][0]),
        ("∂v2", "δ z2", delta * z2, gradients[0][1]),
        ("∂c", "δ", delta, gradients[1][0]),
        ("∂b1", "δ v1 z1 (1 - z1)", b1, gradients[2][0]),
        ("∂b2", "δ v2 z2 (1 - z2)", b2, gradients[2][1]),
        ("∂W11", "∂b1 x1", b1 * x[0], gradients[3][0]),
        ("∂W21", "∂b1 x2", b1 * x[1], gradients[3][1]),
        ("∂W12", "∂b2 x1", b2 * x[0], gradients[3][2]),
        ("∂W22", "∂b2 x2", b2 * x[1], gradients[3][3]),
    ]
    print("with δ = (o - e) o (1 - o) = \(delta.fixed(12))")
    let table = Table(["": 4, "formula": 16, "by hand": 15, "by the tape": 15])
    print(table.header)
    for row in rows { print(table.row(row.name, row.formula, row.byHand.fixed(12), row.byTape.fixed(12))) }
    let difference = rows.map { abs($0.byHand - $0.byTape) }.max()!
    print("largest difference: \(difference.compact)\n")
}

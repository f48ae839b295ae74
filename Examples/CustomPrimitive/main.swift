// Adding an operation: define it, prove its derivative, use it; and see a wrong derivative caught.

import Autograd
import Support

let options = Options(
    name: "custom-primitive",
    summary: "Defines an operation of its own, proves its derivative, differentiates it, and sees a wrong one caught.")
options.finish()

// The operation is tanhshrink, x − tanh x. A primitive needs
// - a name, for the tape and for errors;
// - its value for a plain number;
// - its derivative dy/dx = 1 − (1 − tanh² x) = tanh² x, written in operations on tensors, from the operand x and the result
//   y: so the derivative can be differentiated in turn, and second order follows by itself;
// - samples: points at which it is to be proven, with its value from another source.
// It is made once, as a constant, and has every right of a built-in one.
let tanhshrink = Primitive.elementwise(
    "tanhshrink",
    value: { x in x - tanh(x) },
    derivative: { x, y in square(tanh(x)) },
    samples: [.init(2, equals: 1.0359724199241831), .init(-0.5, equals: -0.03788284273999024)])

// The check moves each operand of each sample a little to both sides, and compares how the value changes with what the
// derivative says; likewise for the derivative of the derivative.
print("Is the derivative right?")
print(checkGradients(of: tanhshrink))

// From here on it is a function like any other: of one number or of arrays, mixed with other operations.
print("\nAt x = 2")
print("value            ", tanhshrink(Tensor(2)))
print("first derivative ", gradient(at: 2) { x in tanhshrink(x) })
print("second derivative", gradient(at: 2) { x in gradient(at: x) { x in tanhshrink(x) } })

let w = Tensor([0.5, -1, 2])
print("\nThe gradient of sum(w · tanhshrink(x²)) at w =", w)
print("and x = [1, 2, 3], with respect to each:")
let (dw, dx) = gradient(at: w, Tensor([1, 2, 3])) { w, x in sum(w * tanhshrink(square(x))) }
print(dw)
print(dx)

// On the tape it is one line, and its derivative, tanh and square, follows when the gradient is asked for.
let (tape, (x, y)) = Tape.record { tape in
    let x = tape.variable(2, named: "x")
    return (x, tanhshrink(x))
}
_ = tape.gradient(of: y, withRespectTo: x)
print("\nThe tape of tanhshrink(x) and its gradient:")
print(tape)

// A slip of the pen: the derivative of tanh alone, 1 − tanh² x. No compiler notices, and training with it would go wrong
// without a word. The check names the place, both values, and what is wrong.
let slip = Primitive.elementwise(
    "slip",
    value: { x in x - tanh(x) },
    derivative: { x, y in 1 - square(tanh(x)) },
    samples: [.init(2, equals: 1.0359724199241831)])
let report = checkGradients(of: slip, orders: 1...1)
print("\nIs a wrong derivative caught?")
print(report)

if !checkGradients(of: tanhshrink).passes || report.passes { fail("custom-primitive: the check has failed") }

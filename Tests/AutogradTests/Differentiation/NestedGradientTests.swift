import Autograd
import Foundation
import Testing

@Suite struct `Gradients of gradients` {
    private func close(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-13 * max(abs(a), abs(b), 1) }

    @Test func `nest to order 3`() {
        // x⁴ e^x: all derivatives by the product rule.
        let f = { (x: Tensor) in x * x * x * x * exp(x) }
        let x = 1.3
        let first = { (x: Tensor) in gradient(at: x) { f($0) } }
        let second = { (x: Tensor) in gradient(at: x) { first($0) } }
        #expect(close(gradient(at: x) { f($0) }, (pow(x, 4) + 4 * pow(x, 3)) * exp(x)))
        #expect(close(gradient(at: x) { first($0) }, (pow(x, 4) + 8 * pow(x, 3) + 12 * x * x) * exp(x)))
        let third = (pow(x, 4) + 12 * pow(x, 3) + 36 * x * x + 24 * x) * exp(x)
        #expect(close(gradient(at: x) { second($0) }, third))
    }

    @Test func `come from a tape that is asked again`() {
        let x = 0.7
        let (tape, (input, output)) = Tape.record { tape in
            let x = tape.variable(x)
            return (x, sin(x) * exp(x))
        }
        // (sin x eˣ)⁗ = −4 sin x eˣ.
        var derivative = output
        var values: [Double] = []
        for _ in 1...4 {
            derivative = tape.gradient(of: derivative, withRespectTo: input)
            values.append(derivative.scalar)
        }
        #expect(close(values[0], (sin(x) + cos(x)) * exp(x)))
        #expect(close(values[1], 2 * cos(x) * exp(x)))
        #expect(close(values[2], 2 * (cos(x) - sin(x)) * exp(x)))
        #expect(close(values[3], -4 * sin(x) * exp(x)))
        let nested = gradient(at: x) { x in gradient(at: x) { x in sin(x) * exp(x) } }
        #expect(nested == values[1])
    }

    @Test func `are asked of the tape while it records`() {
        let (tape, value) = Tape.record { tape in
            let x = tape.variable(2)
            let slope = tape.gradient(of: x * x * x, withRespectTo: x)
            return tape.gradient(of: slope * x, withRespectTo: x)
        }
        // d(3x³)/dx = 9x².
        #expect(value.scalar == 36)
        #expect(tape.instructionCount > 6)
    }

    @Test func `mix variables`() {
        // ∂²/∂x∂y of x³ y² is 6 x² y, in either order.
        let f = { (x: Tensor, y: Tensor) in x * x * x * y * y }
        let inner = gradient(at: Tensor(2)) { x in gradient(at: Tensor(3)) { y in f(x, y) } }
        let outer = gradient(at: Tensor(3)) { y in gradient(at: Tensor(2)) { x in f(x, y) } }
        #expect(inner.scalar == 72)
        #expect(outer.scalar == 72)
    }

    @Test func `are not confused by perturbations`() {
        #expect(gradient(at: 1) { x in x * gradient(at: Tensor(2)) { y in x + y } } == 1)
        #expect(gradient(at: 3) { x in x * gradient(at: x) { y in x * y } } == 6)
        #expect(gradient(at: 3) { x in gradient(at: Tensor(5)) { y in x * x * y } } == 6)
        #expect(gradient(at: 3) { x in gradient(at: x) { _ in x * x } } == 0)
    }

    @Test func `let values leak out of the inner closure`() {
        let slope = gradient(at: 3) { x in
            var leaked = Tensor(0)
            let inner = gradient(at: Tensor(2)) { y in
                leaked = x * x * y
                return leaked * y
            }
            // inner = 2 x² y = 4 x², leaked = 2 x².
            return inner + leaked
        }
        #expect(slope == 2 * 6 * 3.0)
    }

    @Test func `penalise a gradient`() {
        // ‖∇ Σ x³‖² = Σ 9 x⁴, of gradient 36 x³.
        let x = Tensor([1, -2, 0.5])
        let penalty = gradient(at: x) { x in sum(square(gradient(at: x) { x in sum(x * x * x) })) }
        #expect(penalty == Tensor([36, -288, 4.5]))
    }

    @Test func `of a product of matrices`() {
        // f(A) = Σ (A A)², by symmetry of second derivatives: ∂²f/∂a∂b = ∂²f/∂b∂a.
        let a = Tensor([[1, 2], [3, -1]])
        let row = { (k: Int) in
            gradient(at: a) { a in
                gradient(at: a) { a in sum(square(matmul(a, a))) }.reshaped(to: [4])[k]
            }.numbers
        }
        let hessian = (0..<4).map { row($0) }
        for i in 0..<4 { for j in 0..<4 { #expect(hessian[i][j] == hessian[j][i]) } }
        #expect(hessian[0].contains { $0 != 0 })
    }

    @Test func `through softplus end at sigmoid's derivatives`() {
        for x in [-30.0, -1, 0, 2, 30] {
            let s = 1 / (1 + exp(-x))
            #expect(close(gradient(at: x) { softplus($0) }, s))
            #expect(close(gradient(at: x) { x in gradient(at: x) { softplus($0) } }, s * (1 - s)))
        }
    }

    @Test func `record only what they need`() {
        let (tape, _) = Tape.record { tape in
            let x = tape.variable(2)
            return gradient(at: x) { y in y * y }
        }
        #expect(
            tape.description == """
                %0: f64[] = variable                2
                %1: f64[] = identity %0             2
                %2: f64[] = multiply %1, %1         4
                %3: f64[] = constant                1
                %4: f64[] = multiply %3, %1         2
                %5: f64[] = constant                1
                %6: f64[] = multiply %5, %1         2
                %7: f64[] = add %4, %6              4
                """)
    }
}

import Foundation
import Testing

/// What the type checker makes of formulas of tensors and plain numbers.
@Suite struct FormulaTests {
    #if canImport(Glibc)
        static let imports = ["", "import Glibc", "import Foundation"]
    #elseif canImport(Musl)
        static let imports = ["", "import Musl", "import Foundation"]
    #else
        static let imports = ["", "import Darwin", "import Foundation"]
    #endif

    /// The solver gives up after a hundredth of the scopes that it tries by default: after some 0.1 seconds.
    static let limit = ["-Xfrontend", "-solver-scope-threshold=10000"]

    @Test(arguments: imports) func `formulas that people write are checked at once`(imported: String) throws {
        try Source(Self.body(Self.formulas, imported)).expectDiagnostics(imported, flags: Self.limit)
    }

    @Test(arguments: imports) func `an Int beside a tensor is warned of where it stands`(imported: String) throws {
        try Source(Self.body(Self.whole, imported)).expectDiagnostics(imported, flags: Self.limit)
    }

    /// Five Ints in a formula of twenty operators take the solver some seconds; it gives up at a hundred times the limit above.
    @Test func `many Ints in a long formula are not given up on`() throws {
        let formula = """
            p -= 0.5 * (x - y) * n * (x + y) * (2 * z + 1) / (2 * n) + 0.1 * x * y * (1 - z) - n * z + 3 * n  // warning: '+'
            """
        try Source(Self.body(formula, "")).expectDiagnostics()
    }

    @Test(arguments: imports) func `mistakes are refused with their reason`(imported: String) throws {
        try Source(Self.body(Self.mistakes, imported)).expectDiagnostics(imported)
    }

    @Test func `functions of numbers are those of Foundation where it is imported`() throws {
        try Source(
            """
            import Autograd
            import Foundation
            func numbers(_ d: Double, _ f: Float, _ c: CGFloat, _ x: Tensor) {
                let doubles: [Double] = [exp(d), log(2.5), sqrt(2), sin(d), cos(d), tanh(d), erf(d), pow(d, 2), pow(2, d), abs(d)]
                let floats: [Float] = [exp(f), log(2.5), sqrt(2), sin(f), cos(f), tanh(f), erf(f), pow(f, 2), max(f, 0)]
                let others: [CGFloat] = [exp(c), log(2.5), sqrt(2), sin(c), cos(c), tanh(c), erf(c), pow(c, 2), min(c, 0)]
                let tensors: [Tensor] = [exp(x), log(x), sqrt(x), sin(x), cos(x), tanh(x), erf(x), pow(x, 2), max(x, 0)]
                let mapped = [tensors.map(exp).count, doubles.map(exp).count, doubles.map(sqrt).count]
                print(exp(d), exp(1.0), pow(2.0, 0.5), floats, others, mapped)
            }
            """
        ).expectDiagnostics()
    }

    @Test func `functions of numbers need no import, and an Int is taken for what it is`() throws {
        let outcome = try Source(
            """
            import Autograd
            let functions: [(Double) -> Double] = [exp, log, sqrt, sin, cos, tanh, erf]
            print(functions.map { $0(0.25) } == [
                1.2840254166877414, -1.3862943611198906, 0.5, 0.24740395925452294, 0.9689124217106447, 0.24491866240370913,
                0.2763263901682369])
            print(pow(2.0, 0.5) == 2.0.squareRoot())
            let x = Tensor([3, 6])
            print(1 / 2 * x, x * (1 / 2), 2 / 3 + x, 1 - 1 / 4 * x)
            @available(*, deprecated) func whole(_ n: Int) {
                print(1 / n * x, x * (1 / n))
                print(n + x, x + n, n - x, x - n, n * x, x * n, n / x, x / n)
                print(pow(n, x), pow(x, n), max(n + 2, x), max(x, n + 2), min(n + 2, x), min(x, n + 2))
                print(x .== n + 1, x .!= n + 1, x .< n + 1, x .<= n + 1, x .> n + 1, x .>= n + 1)
                print(sum(x) < n, sum(x) <= n + 7, sum(x) > n, sum(x) >= n + 7)
                var y = x
                y += n; y *= n; y -= n; y /= n
                print(y)
                y += 1; y *= 4; y -= 1.5; y /= 2
                print(y)
            }
            let run: (Int) -> Void = whole      // warning: 'whole' is deprecated
            run(2)
            """
        ).run()
        #expect(
            outcome.output == """
                true
                true
                [1.5, 3.0] [1.5, 3.0] [3.6666666666666665, 6.666666666666667] [0.25, -0.5]
                [0.0, 0.0] [0.0, 0.0]
                [5.0, 8.0] [5.0, 8.0] [-1.0, -4.0] [1.0, 4.0] [6.0, 12.0] [6.0, 12.0] \
                [0.6666666666666666, 0.3333333333333333] [1.5, 3.0]
                [8.0, 64.0] [9.0, 36.0] [4.0, 6.0] [4.0, 6.0] [3.0, 4.0] [3.0, 4.0]
                [true, false] [false, true] [false, false] [true, false] [false, true] [true, true]
                false true true true
                [4.0, 7.0]
                [9.25, 15.25]

                """)
    }

    /// Statements in a function of tensors and numbers.
    private static func body(_ statements: String, _ imported: String) -> String {
        """
        import Autograd; \(imported)
        func formulas(
            _ x: Tensor, _ y: Tensor, _ z: Tensor, _ w: Tensor, _ xs: [Tensor], _ i: Int, _ n: Int, _ float: Float,
            _ a: Double, _ b: Double, _ c: Double, _ h: Double, _ dt: Double, _ lambda: Double, _ sigma: Double, _ mu: Double,
            _ rate: Double, _ beta1: Double, _ beta2: Double, _ epsilon: Double,
            _ p: inout Tensor, _ m: inout Tensor, _ v: inout Tensor
        ) {
        \(statements)
        }
        """
    }

    private static let formulas = """
        // Optimizers
        p -= 0.003 * (m / (1 - pow(0.9, Double(i)))) / (sqrt(v / (1 - pow(0.99, Double(i)))) + 1e-10)
        p -= 0.003 * (m / (1 - pow(0.9, 10))) / (sqrt(v / (1 - pow(0.99, 10))) + 1e-10) + 0.003 * 0.01 * p
        p -= rate * (m / (1 - pow(beta1, Double(i)))) / (sqrt(v / (1 - pow(beta2, Double(i)))) + epsilon) + rate * lambda * p
        p = p - rate * sqrt(1 - pow(beta2, Double(i))) / (1 - pow(beta1, Double(i))) * m / (sqrt(v) + epsilon)
        m = beta1 * m + (1 - beta1) * x
        v += (1 - beta2) * (x * x - v)
        p -= rate * (m / (sqrt(v) + epsilon) + lambda * p)
        p -= 0.5 * rate * (1 + cos(.pi * Double(i) / Double(n))) * m
        p *= 1 - rate * lambda
        p *= 0.5 * (1 + cos(.pi * Double(i) / 10))
        p *= min(1, a / sqrt(sum(x * x) + sum(y * y)))
        p -= rate / sqrt(Double(i)) * x
        p /= 2
        p += a
        // Losses
        _ = -sum(y * log(x + 1e-12) + (1 - y) * log(1 - x + 1e-12)) / Double(n)
        _ = mean(square(x - y)) + 0.5 * lambda * sum(square(w))
        _ = 0.5 * sum(exp(z) + x * x - 1 - z) / Double(n) + mean(square(x - y))
        _ = mean(select(abs(x - y) .< a, 0.5 * square(x - y), a * (abs(x - y) - 0.5 * a)))
        _ = mean(max(0, 1 - y * x)) + lambda / 2 * dot(w, w)
        _ = -mean(pow(1 - x, 2) * log(x)) * a - (1 - a) * mean(pow(x, 2) * log(1 - x))
        _ = sum(square((x - y) / sigma)) / 2 + Double(n) * log(sigma) + 0.5 * Double(n) * log(2 * .pi)
        _ = (x - 1) * (x - 1) / (2 * a * a) + 0.5 * log(2 * .pi * a)
        if sum(x * y) / 2 + 0.5 * a * sum(y) - 1 > a {}
        // Functions
        _ = x + a * y - 2 * z + b * w - 3 * x * y + a * b * z - 0.5 * w + x / 2 - y * a + 4 * z - w / b + 1
        _ = x * y + 2 * z - w / 3 + a * x - y * b + 0.5 * z * w - x / y + 3 * w * a - z * z + 1.5 * y - b * w + x * 2 - z / a
            + w * w - 4 * x * z + y / 2 + a * b * w - 5 + z * y * x - 0.25 * w + x * b - y * y + 6 * z + w * x - a / y - 1
        _ = sqrt(2 / .pi) * x
        _ = 0.5 * x * (1 + tanh(sqrt(2 / .pi) * (x + 0.044715 * pow(x, 3))))
        _ = 0.5 * x * (1 + erf(x / sqrt(2)))
        _ = exp(-square(x - mu) / (2 * sigma * sigma)) / (sigma * sqrt(2 * .pi))
        _ = exp(-0.5 * square((x - a) / b)) / (b * sqrt(2 * .pi)) + exp(-0.5 * square((x + a) / b)) / (b * sqrt(2 * .pi))
        _ = pow(x, 4) / 4 - 2 * pow(x, 3) / 3 + 0.5 * pow(x, 2) - x + 1
        _ = 10 * Double(n) + sum(x * x - 10 * cos(2 * .pi * x))
        _ = -20 * exp(-0.2 * sqrt(mean(x * x))) - exp(mean(cos(2 * .pi * x))) + 20 + exp(1.0)
        _ = 100 * square(y - x * x) + square(1 - x)
        _ = 1 / 2 * x + 2 / 3 * y - 3 / 4 * z * w
        _ = 1 / 3 * x * y + 1 / 2 * (x + y) / 2
        // Physics
        _ = x + dt / 6 * (xs[0] + 2 * xs[1] + 2 * xs[2] + xs[3])
        _ = x + h * y + 0.5 * h * h * z
        _ = -9.81 / a * sin(x) - b * y + c * cos(a * h)
        _ = 4 * a * (pow(b / x, 12) - pow(b / x, 6))
        _ = x - 0.5 * dt * (y * y + z * z) + a * sqrt(square(x) + square(y) + square(z) + 1e-9)
        _ = exp(-a * x) * (b * cos(c * x) + a / c * sin(c * x))
        _ = (xs[2] - 2 * xs[1] + xs[0]) / (h * h) + pow(.pi, 2) * sin(.pi * x)
        p += 0.5 * a * exp(-2 * b) * sin(2 * .pi * x) * cos(2 * .pi * c) - 3 * sqrt(2 / .pi) * y
        // Finance
        _ = (log(x / a) + (b + 0.5 * sigma * sigma) * c) / (sigma * sqrt(c))
        _ = x * (0.5 * (1 + erf(y / sqrt(2)))) - a * exp(-b * c) * (0.5 * (1 + erf(z / sqrt(2))))
        _ = x * exp((mu - 0.5 * pow(sigma, 2)) * dt + sigma * sqrt(dt) * z)
        _ = sqrt(w) * (a * x + b * y) - 0.5 * lambda * (w * x + 2 * a * y - 1)
        _ = (1 - a) * x + a * y * (1 - b) / (1 + c * c) - pow(1 + a, -Double(n)) * z
        """

    private static let whole = """
        _ = 2 * x + 3 * n * x - x / (1 + n)         // warning: '*' is deprecated: write Double(n): whole numbers divide
        _ = 2 * x + 3 * n * x - x / (1 + n)         // warning: '/' is deprecated: write Double(n)
        _ = n * x * x + Double(n) * x + 1           // warning: '*' is deprecated: write Double(n)
        _ = sum(square(x - y)) / (2 * n)            // warning: '/' is deprecated: write Double(n)
        _ = n * (n - 1) / 2 * x                     // warning: '*' is deprecated: write Double(n)
        _ = 0.5 * (x + y) / n - lambda * z          // warning: '/' is deprecated: write Double(n)
        _ = n + x - n + y                           // warning: '-' is deprecated: write Double(n)
        _ = 1 - x / n + x * x / (2 * n) - x * x * x / (6 * n * i)       // warning: '/' is deprecated: write Double(n)
        _ = -sum(y * log(x + 1e-12) + (1 - y) * log(1 - x + 1e-12)) / n         // warning: '/' is deprecated
        _ = n * exp(-x / n) + i * exp(-y / i) - (n + i) * log(x * y / n)        // warning: '*' is deprecated
        _ = a * x / n + b * y / i - c * z / (n + i) + 1 / n * x                 // warning: '/' is deprecated
        _ = p + 2 * pow(x, n) - 3 * pow(n, x) + 1   // warning: 'pow' is deprecated: write Double(n)
        _ = 2 * max(x, n) + 3 * y * (1 - x) - z     // warning: 'max' is deprecated: write Double(n)
        _ = 2 * min(n, x) + 3 * y * (1 - x) - z     // warning: 'min' is deprecated: write Double(n)
        _ = mean(select(abs(x - y) .> n, 0.5 * square(x - y), a * (abs(x - y) - 0.5 * a)))      // warning: '.>' is deprecated
        if sum(x * y) / 2 + 0.5 * a * sum(y) - 1 > n {}     // warning: '>' is deprecated: write Double(n)
        p -= 0.003 * (m / (1 - pow(0.9, Double(i)))) / (sqrt(v / (1 - pow(0.99, Double(i)))) + 1e-10) / n   // warning: '/'
        p -= 0.5 * (x - y) * n * (x + y) * (2 * z + 1) / (2 * n) + 0.1 * x * y * (1 - z)        // warning: '/' is deprecated
        p *= exp(-0.5 * a) * (1 - exp(-2 * b * x / n)) / sqrt(2 * .pi * a) + 1      // warning: '/' is deprecated
        p -= n                                      // warning: '-=' is deprecated: write Double(n)
        p /= n - 1                                  // warning: '/=' is deprecated: write Double(n)
        """

    private static let mistakes = """
        _ = a * n * x           // error: binary operator '*' cannot be applied to operands of type 'Double' and 'Int'
        _ = 2 * .pi * n * x     // error: binary operator '*' cannot be applied to operands of type 'Double' and 'Int'
        _ = 0.5 * (n - 1) * x   // error: binary operator '*' cannot be applied to operands of type 'Double' and 'Int'
        _ = float * x + y       // error: binary operator '*' cannot be applied to operands of type 'Float' and 'Tensor'
        p -= float              // error: binary operator '-=' cannot be applied to operands of type 'Tensor' and 'Float'
        p += x .> 0 ? 1 : 2     // error: cannot convert value of type 'Tensor' to expected condition type 'Bool'
        """
}

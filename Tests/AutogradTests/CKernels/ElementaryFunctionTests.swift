import Autograd
import CKernels
import Foundation
import Testing

#if arch(x86_64)
    /// 64 bits of significand, 11 more than Double: enough to measure errors of a Double to a thousandth of its last place.
    typealias Wide = Float80
#else
    /// No wider type: the C library's results, themselves up to one unit in the last place off, are the reference for Double.
    typealias Wide = Double
#endif

/// Elementary functions and what they are compared with.
struct ElementaryFunction: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let kernel: ck_function
    /// In the type that measures float32.
    let double: @Sendable (Double) -> Double
    /// In the type that measures float64.
    let wide: @Sendable (Wide) -> Wide

    static let all = [
        ElementaryFunction(testDescription: "exp", kernel: CK_EXP, double: { exp($0) }, wide: { exp($0) }),
        ElementaryFunction(testDescription: "expm1", kernel: CK_EXPM1, double: { expm1($0) }, wide: { expm1($0) }),
        ElementaryFunction(testDescription: "log", kernel: CK_LOG, double: { log($0) }, wide: { log($0) }),
        ElementaryFunction(testDescription: "log1p", kernel: CK_LOG1P, double: { log1p($0) }, wide: { log1p($0) }),
        ElementaryFunction(testDescription: "sin", kernel: CK_SIN, double: { sin($0) }, wide: { sin($0) }),
        ElementaryFunction(testDescription: "cos", kernel: CK_COS, double: { cos($0) }, wide: { cos($0) }),
        ElementaryFunction(testDescription: "tanh", kernel: CK_TANH, double: { tanh($0) }, wide: { tanh($0) }),
        ElementaryFunction(testDescription: "erf", kernel: CK_ERF, double: { erf($0) }, wide: { erf($0) }),
        ElementaryFunction(testDescription: "gaussian", kernel: CK_GAUSSIAN, double: gaussian, wide: gaussian),
        ElementaryFunction(
            testDescription: "sigmoid'", kernel: CK_SIGMOID_DERIVATIVE,
            double: { exp(-abs($0)) / square(1 + exp(-abs($0))) }, wide: { exp(-abs($0)) / square(1 + exp(-abs($0))) }),
        ElementaryFunction(
            testDescription: "sigmoid", kernel: CK_SIGMOID,
            double: { $0 < 0 ? exp($0) / (1 + exp($0)) : 1 / (1 + exp(-$0)) },
            wide: { $0 < 0 ? exp($0) / (1 + exp($0)) : 1 / (1 + exp(-$0)) }),
        ElementaryFunction(
            testDescription: "softplus", kernel: CK_SOFTPLUS,
            double: { max($0, 0) + log1p(exp(-abs($0))) }, wide: { max($0, 0) + log1p(exp(-abs($0))) }),
    ]

    /// The kernel's results for elements that lie `stride` apart.
    func callAsFunction<Element>(_ x: [Element], stride: Int = 1) -> [Element] {
        var result = [Element](repeating: x[0], count: x.count / stride)
        x.withUnsafeBytes { bytes in
            let operands: [UnsafeRawPointer] = [bytes.baseAddress!]
            let type = Element.self == Float.self ? CK_FLOAT32 : CK_FLOAT64
            let count = result.count
            result.withUnsafeMutableBytes {
                ck_elementwise(kernel, type)!(count, operands, [stride], $0.baseAddress!)
            }
        }
        return result
    }
}

/// e^−x², with what x² loses in the wider type too.
func gaussian(_ x: Double) -> Double { abs(x) > 100 ? 0 : exp(-x * x) * exp(-(-x * x).addingProduct(x, x)) }
#if arch(x86_64)
    func gaussian(_ x: Wide) -> Wide { abs(x) > 100 ? 0 : exp(-x * x) * exp(-(-x * x).addingProduct(x, x)) }
#endif
func square<Number: FloatingPoint>(_ x: Number) -> Number { x * x }

/// The distance of y from the exact value, in units of the last place that an Element nearest to it has.
func error<Element: BinaryFloatingPoint, Exact: BinaryFloatingPoint>(_ y: Element, _ exact: Exact) -> Double {
    if exact.isNaN || y.isNaN { return exact.isNaN && y.isNaN ? 0 : .infinity }
    if exact.isInfinite || exact == 0 { return y == Element(exact) && y.sign == exact.sign ? 0 : .infinity }
    let (greatest, nearest) = (Element.greatestFiniteMagnitude, Element(exact))
    if nearest.isInfinite && y == nearest { return 0 }
    // Infinity stands where the number after the greatest would.
    let end = Exact(greatest) + Exact(greatest.ulp)
    let reached = y.isInfinite ? (y > 0 ? end : -end) : Exact(y)
    return Double(abs(reached - exact) / Exact((nearest.isInfinite ? greatest : nearest).ulp))
}

/// Arguments that cover the range of a type.
enum Arguments {
    /// Bits of every sign and exponent with `count` significands: 0, the last one, and others at random.
    static func everyExponent<Bits: FixedWidthInteger>(_ count: Int, significandBits: Int) -> [Bits] {
        var generator = RandomGenerator(seed: 1)
        let mask = Bits(1) << significandBits - 1
        return (0..<(1 << (Bits.bitWidth - significandBits))).flatMap { top in
            (0..<count).map { k in
                let significand = k == 0 ? 0 : k == 1 ? mask : Bits(truncatingIfNeeded: generator.next()) & mask
                return Bits(truncatingIfNeeded: top) << significandBits | significand
            }
        }
    }

    /// Numbers where the functions are neither constant nor linear.
    static func middle(_ count: Int) -> [Double] {
        var generator = RandomGenerator(seed: 1)
        return [1.0, 10, 40, 100, 750].flatMap { radius in
            (0..<count).map { _ in radius * (2 * generator.uniform() - 1) }
        }
    }
}

@Suite struct `The elementary functions` {

    @Test(arguments: ElementaryFunction.all)
    func `are within 2 units in the last place in float32`(function: ElementaryFunction) {
        let x =
            Arguments.everyExponent(300, significandBits: 23).map(Float.init(bitPattern:))
            + Arguments.middle(10_000).map(Float.init)
        let (worst, argument) = zip(x, function(x)).map { (error($1, function.double(Double($0))), $0) }
            .max { $0.0 < $1.0 }!
        #expect(worst <= 2, "\(function.testDescription)(\(argument)) is \(worst) units off")
    }

    @Test(arguments: ElementaryFunction.all)
    func `are within 2 units in the last place in float64`(function: ElementaryFunction) {
        let x =
            Arguments.everyExponent(40, significandBits: 52).map(Double.init(bitPattern:)) + Arguments.middle(10_000)
        let (worst, argument) = zip(x, function(x)).map { (error($1, function.wide(Wide($0))), $0) }
            .max { $0.0 < $1.0 }!
        let bound = Wide.self == Double.self ? 3.0 : 2
        #expect(worst <= bound, "\(function.testDescription)(\(argument)) is \(worst) units off")
    }

    @Test(arguments: ElementaryFunction.all)
    func `are right where ordinary numbers end`(function: ElementaryFunction) {
        let (infinity, tiny) = (Double.infinity, Double.leastNonzeroMagnitude)
        let limits: [(ck_function, at: Double, is: Double)] = [
            (CK_EXP, -infinity, 0), (CK_EXP, infinity, infinity), (CK_EXP, 0, 1), (CK_EXP, -0.0, 1),
            (CK_EXP, 710, infinity), (CK_EXP, -746, 0), (CK_EXP, -745, tiny),
            (CK_EXPM1, -infinity, -1), (CK_EXPM1, infinity, infinity), (CK_EXPM1, -0.0, -0.0), (CK_EXPM1, 0, 0),
            (CK_EXPM1, tiny, tiny), (CK_EXPM1, -tiny, -tiny),
            (CK_LOG, 0, -infinity), (CK_LOG, -0.0, -infinity), (CK_LOG, infinity, infinity), (CK_LOG, 1, 0),
            (CK_LOG, -infinity, .nan), (CK_LOG, -tiny, .nan),
            (CK_LOG1P, -1, -infinity), (CK_LOG1P, -0.0, -0.0), (CK_LOG1P, 0, 0), (CK_LOG1P, infinity, infinity),
            (CK_LOG1P, -infinity, .nan), (CK_LOG1P, -1.5, .nan), (CK_LOG1P, tiny, tiny),
            (CK_SIN, -0.0, -0.0), (CK_SIN, 0, 0), (CK_SIN, infinity, .nan), (CK_SIN, -infinity, .nan),
            (CK_SIN, tiny, tiny), (CK_SIN, 1e308, 0.4533964905016491),
            (CK_COS, 0, 1), (CK_COS, -0.0, 1), (CK_COS, infinity, .nan), (CK_COS, -infinity, .nan),
            (CK_TANH, -0.0, -0.0), (CK_TANH, 0, 0), (CK_TANH, infinity, 1), (CK_TANH, -infinity, -1),
            (CK_TANH, tiny, tiny), (CK_TANH, 1e308, 1),
            (CK_GAUSSIAN, -infinity, 0), (CK_GAUSSIAN, infinity, 0), (CK_GAUSSIAN, -0.0, 1), (CK_GAUSSIAN, 1e308, 0),
            (CK_SIGMOID_DERIVATIVE, -infinity, 0), (CK_SIGMOID_DERIVATIVE, infinity, 0),
            (CK_SIGMOID_DERIVATIVE, 0, 0.25),
            (CK_SIGMOID_DERIVATIVE, 744, 2 * tiny), (CK_SIGMOID_DERIVATIVE, -744, 2 * tiny),
            (CK_SIGMOID, -infinity, 0), (CK_SIGMOID, infinity, 1), (CK_SIGMOID, 0, 0.5), (CK_SIGMOID, -0.0, 0.5),
            (CK_SIGMOID, -800, 0), (CK_SIGMOID, -744, 2 * tiny), (CK_SIGMOID, 800, 1),
            (CK_SOFTPLUS, -infinity, 0), (CK_SOFTPLUS, infinity, infinity), (CK_SOFTPLUS, -800, 0),
            (CK_SOFTPLUS, -744, 2 * tiny), (CK_SOFTPLUS, 1e308, 1e308),
        ]
        for (kernel, x, y) in limits + [(function.kernel, .nan, .nan)] where kernel == function.kernel {
            let result = function([x])[0]
            #expect(
                result.isNaN && y.isNaN || result.bitPattern == y.bitPattern,
                "\(function.testDescription)(\(x)) is \(result), not \(y)")
            // float32 has the same limits, except where the argument is no longer what it was.
            guard x.magnitude < 1e38 || x.magnitude == infinity, x == 0 || x.magnitude > 1e-38,
                y == 0 || y.magnitude > 1e-38
            else { continue }
            let single = function([Float(x)])[0]
            #expect(
                single.isNaN && y.isNaN || single.bitPattern == Float(y).bitPattern,
                "\(function.testDescription)(\(Float(x))) is \(single), not \(Float(y))")
        }
    }

    @Test(arguments: ElementaryFunction.all)
    func `give an element the same bits wherever it lies`(function: ElementaryFunction) {
        // Ordinary numbers, some that sin and cos leave to the C library, and what is not a number.
        let tiny = Double.leastNonzeroMagnitude
        let numbers =
            Arguments.middle(40) + [1e10, -1e300, 0, -0.0, .infinity, -.infinity, .nan, tiny, 1000 * tiny, -1e-3]
        func check<Element: BinaryFloatingPoint>(_ x: [Element]) {
            let alone = x.map { function([$0])[0] }
            func expect(_ results: [Element], _ expected: some Sequence<Element>, _ place: Comment) {
                let (results, expected) = (results.map { Double($0) }, expected.map { Double($0) })
                #expect(
                    results.count == expected.count
                        && zip(results, expected).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN },
                    place)
            }
            for start in 0..<70 { expect(function(Array(x[start...])), alone[start...], "from \(start) on") }
            for count in 1...70 { expect(function(Array(x[..<count])), alone[..<count], "the first \(count)") }
            for stride in 2...3 {
                let spread = x.flatMap { [$0] + [Element](repeating: 1, count: stride - 1) }
                expect(function(spread, stride: stride), alone, "at stride \(stride)")
            }
        }
        check(numbers)
        check(numbers.map(Float.init))
    }

    @Test(arguments: ElementaryFunction.all)
    func `may write over their operand`(function: ElementaryFunction) {
        for count in [1, 5, 64, 1000] {
            var x = Array(Arguments.middle(200).prefix(count))
            let expected = function(x)
            x.withUnsafeMutableBytes { bytes in
                let operands = [UnsafeRawPointer(bytes.baseAddress!)]
                ck_elementwise(function.kernel, CK_FLOAT64)!(count, operands, [1], bytes.baseAddress!)
            }
            #expect(zip(x, expected).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN })
        }
    }
}

import Autograd
import CKernels
import Foundation
import Testing

@Suite struct `Powers of numbers` {
    /// The kernel's results for elements that lie `strides` apart.
    private func power<Element>(_ x: [Element], _ y: [Element], strides: [Int] = [1, 1]) -> [Element] {
        var result = [Element](repeating: x[0], count: max(x.count, y.count))
        let count = result.count
        x.withUnsafeBytes { x in
            y.withUnsafeBytes { y in
                let operands: [UnsafeRawPointer] = [x.baseAddress!, y.baseAddress!]
                let type = Element.self == Float.self ? CK_FLOAT32 : CK_FLOAT64
                result.withUnsafeMutableBytes {
                    ck_elementwise(CK_POWER, type)!(count, operands, strides, $0.baseAddress!)
                }
            }
        }
        return result
    }

    /// Bases and exponents: any; with results of the whole range, or close to where that ends; bases close to 1; subnormal ones;
    /// and negative ones with whole exponents.
    private func arguments<Element: BinaryFloatingPoint>(
        _ count: Int, _ number: (UInt64) -> Element, subnormal: UInt64
    ) -> (x: [Element], y: [Element]) {
        var random = RandomGenerator(seed: 1)
        func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * random.uniform() }
        let (most, least) = (log(Double(Element.greatestFiniteMagnitude)), log(Double(Element.leastNonzeroMagnitude)))
        let digits = Double(Element.significandBitCount)
        var (x, y): ([Element], [Element]) = ([], [])
        for _ in 0..<count {
            func add(_ base: Element, logarithm: Double) {
                x.append(base)
                y.append(Element(logarithm / log(abs(Double(base)))))
            }
            let any = number(random.next())
            x.append(any)
            y.append(number(random.next()))
            add(abs(any), logarithm: uniform(1.1 * least, 1.1 * most))
            add(abs(any), logarithm: uniform(most - 0.5, most + 0.5))
            add(abs(any), logarithm: uniform(least - 1, least + digits + 1))
            add(Element(1 + uniform(-1, 1) * exp2(uniform(-digits, 0))), logarithm: uniform(1.1 * least, 1.1 * most))
            add(number(random.next() & subnormal), logarithm: uniform(1.1 * least, 1.1 * most))
            x.append(-abs(any))
            y.append(Element(uniform(-50, 50).rounded()))
            x.append(Element(-exp2(uniform(-1, 1))))
            y.append(Element(uniform(-200, 200).rounded()))
        }
        return (x, y)
    }

    @Test func `are within 2 units in the last place in float32`() {
        let (x, y) = arguments(20_000, { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }, subnormal: 1 << 23 - 1)
        let (worst, place) = power(x, y).enumerated()
            .map { (error($1, Foundation.pow(Double(x[$0]), Double(y[$0]))), $0) }.max { $0.0 < $1.0 }!
        #expect(worst <= 2, "\(x[place]) to the power of \(y[place]) is \(worst) units off")
    }

    @Test func `are within 2 units in the last place in float64`() {
        let (x, y) = arguments(20_000, { Double(bitPattern: $0) }, subnormal: 1 << 52 - 1)
        let (worst, place) = power(x, y).enumerated()
            .map { (error($1, Foundation.pow(Wide(x[$0]), Wide(y[$0]))), $0) }.max { $0.0 < $1.0 }!
        #expect(worst <= 2, "\(x[place]) to the power of \(y[place]) is \(worst) units off")
    }

    @Test func `are right where ordinary numbers end`() {
        let (infinity, nan, large) = (Double.infinity, Double.nan, 0x1p52 + 1)
        let powers: [(Double, Double, Double)] = [
            (1, nan, 1), (1, infinity, 1), (nan, 0, 1), (nan, -0.0, 1), (infinity, 0, 1), (0, 0, 1), (-0.0, 0, 1),
            (nan, 1, nan), (2, nan, nan), (-1, nan, nan), (nan, infinity, nan), (0, nan, nan),
            (0, 3, 0), (-0.0, 3, -0.0), (-0.0, 2, 0), (-0.0, 0.5, 0), (0, infinity, 0), (-0.0, infinity, 0),
            (0, -3, infinity), (-0.0, -3, -infinity), (-0.0, -2, infinity), (-0.0, -0.5, infinity),
            (0, -infinity, infinity),
            (-1, infinity, 1), (-1, -infinity, 1), (-1, large, -1), (-1, 0x1p53, 1), (-1, 1e300, 1), (-1, 0.5, nan),
            (2, infinity, infinity), (2, -infinity, 0), (-2, infinity, infinity), (-2, -infinity, 0),
            (0.5, infinity, 0), (0.5, -infinity, infinity), (-0.5, infinity, 0), (-0.5, -infinity, infinity),
            (infinity, 0.5, infinity), (infinity, -0.5, 0), (infinity, infinity, infinity), (infinity, -infinity, 0),
            (-infinity, 3, -infinity), (-infinity, 2, infinity), (-infinity, 0.5, infinity),
            (-infinity, -3, -0.0), (-infinity, -2, 0), (-infinity, -0.5, 0),
            (-8, 1.0 / 3, nan), (-8, 3, -512), (-2, -3, -0.125), (3, 5, 243), (10, 22, 1e22), (2, -1074, 0x1p-1074),
            (2, 1024, infinity), (-2, 1025, -infinity), (2, -1076, 0), (-2, -1077, -0.0), (0x1p-1074, 1, 0x1p-1074),
            (1e300, 1e300, infinity), (0.9, 1e300, 0), (0x1.fffffffffffffp-1, 1e300, 0),
            (0x1.0000000000001p0, 1e300, infinity),
            (5, 0x1p-1060, 1), (0, 0x1p-1060, 0), (0, -0x1p-1060, infinity),
        ]
        for (x, y, z) in powers {
            let result = power([x], [y])[0]
            #expect(
                result.isNaN && z.isNaN || result.bitPattern == z.bitPattern, "\(x) to the power of \(y) is \(result)")
            guard [x, y, z].allSatisfy({ Double(Float($0)) == $0 || $0.isNaN }) else { continue }
            let single = power([Float(x)], [Float(y)])[0]
            #expect(
                single.isNaN && z.isNaN || single.bitPattern == Float(z).bitPattern,
                "\(x) to the power of \(y) in float32")
        }
    }

    @Test func `have the same bits wherever they lie`() {
        let (x, y) = arguments(9, { Double(bitPattern: $0) }, subnormal: 1 << 52 - 1)
        func same(_ a: [Double], _ b: some Sequence<Double>) -> Bool {
            zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
        }
        let alone = x.indices.map { power([x[$0]], [y[$0]])[0] }
        for start in 0..<17 { #expect(same(power(Array(x[start...]), Array(y[start...])), alone[start...])) }
        for place in x.indices {
            #expect(same(power(x, [y[place]], strides: [1, 0]), x.map { power([$0], [y[place]])[0] }))
            #expect(same(power([x[place]], y, strides: [0, 1]), y.map { power([x[place]], [$0])[0] }))
        }
    }
}

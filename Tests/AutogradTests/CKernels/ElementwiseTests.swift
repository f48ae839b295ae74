import CKernels
import Foundation
import Testing

@Suite struct `The element-wise kernels` {
    private func run(_ function: ck_function, _ x: [Double]) -> [Double] {
        var result = [Double](repeating: .nan, count: x.count)
        x.withUnsafeBytes { bytes in
            let operands: [UnsafeRawPointer] = [bytes.baseAddress!]
            ck_elementwise(function, CK_FLOAT64)!(x.count, operands, [1], &result)
        }
        return result
    }

    private func run(_ function: ck_function, _ x: [Float]) -> [Float] {
        var result = [Float](repeating: .nan, count: x.count)
        x.withUnsafeBytes { bytes in
            let operands: [UnsafeRawPointer] = [bytes.baseAddress!]
            ck_elementwise(function, CK_FLOAT32)!(x.count, operands, [1], &result)
        }
        return result
    }

    @Test func `keep the tails of sigmoid`() {
        let x: [Double] = [-745, -700, -40, -37.5, -36.5, -1, 0, 40, 800, -800, .infinity, -.infinity]
        for (x, y) in zip(x, run(CK_SIGMOID, x)) {
            let exact = x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x))
            #expect(abs(y - exact) <= 2 * exact.ulp, "sigmoid \(x)")
        }
        #expect(run(CK_SIGMOID, [Float(-80)])[0] == Float(exp(-80.0)))
        #expect(run(CK_SIGMOID, [Double.nan])[0].isNaN)
    }

    @Test func `keep the tails of softplus`() {
        let x: [Double] = [-745, -40, -1, 0, 1, 40, 800, 1e300]
        for (x, y) in zip(x, run(CK_SOFTPLUS, x)) {
            let exact = max(x, 0) + log1p(exp(-abs(x)))
            #expect(abs(y - exact) <= 2 * exact.ulp, "softplus \(x)")
        }
        #expect(run(CK_SOFTPLUS, [-40.0])[0] == 4.248354255291589e-18)
        #expect(run(CK_SOFTPLUS, [Double.infinity, -.infinity]) == [.infinity, 0])
        #expect(run(CK_SOFTPLUS, [Float(-80)])[0] == Float(exp(-80.0)))
    }

    @Test(arguments: [CK_EXP, CK_LOG, CK_SIN, CK_TANH, CK_SIGMOID, CK_SOFTPLUS, CK_SQRT, CK_RELU, CK_SIGN])
    func `give an element the same bits alone and in a row`(function: ck_function) {
        let x = (0..<67).map { Double($0 - 33) / 3.7 }
        #expect(run(function, x).map(\.bitPattern) == x.map { run(function, [$0])[0].bitPattern })
    }

    @Test func `read strided and repeated operands`() {
        let x = (0..<20).map(Double.init)
        var result = [Double](repeating: 0, count: 10)
        x.withUnsafeBytes { bytes in
            let start = bytes.baseAddress!
            ck_elementwise(CK_ADD, CK_FLOAT64)!(10, [start, start + 8], [2, 0], &result)
        }
        #expect(result == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19])
        x.withUnsafeBytes { bytes in
            let start = bytes.baseAddress!
            ck_elementwise(CK_MULTIPLY_ADD, CK_FLOAT64)!(6, [start, start + 8, start + 16], [0, 1, 3], &result)
            #expect(result[..<6] == [2, 5, 8, 11, 14, 17])
            ck_elementwise(CK_MULTIPLY_ADD, CK_FLOAT64)!(4, [start + 8, start + 16, start + 24], [2, 3, 4], &result)
            #expect(result[..<4] == [5, 22, 51, 92])
        }
    }

    @Test func `touch the sign bit alone`() {
        #expect(run(CK_NEGATE, [0.0, -0.0]).map(\.sign) == [.minus, .plus])
        #expect(run(CK_ABSOLUTE, [-0.0])[0].sign == .plus)
        #expect(run(CK_SIGN, [-0.0])[0].sign == .minus)
        #expect(run(CK_RELU, [-0.0])[0].sign == .plus)
    }
}

import CKernels
import Testing

@Suite struct `The sum kernel` {
    /// Numbers of very different sizes, whose sum shows the order of addition.
    private static func numbers(_ count: Int) -> [Double] {
        (0..<count).map { position in
            let number = Double((position * 7919) % 1013 - 500) / 3
            return number * (position.isMultiple(of: 3) ? 1e9 : 1e-7)
        }
    }

    private func sum(_ x: [Double], outputs: Int = 1, outputStride: Int = 0, count: Int, stride: Int) -> [UInt64] {
        var result = [Double](repeating: .nan, count: outputs)
        reduce(CK_SUM, CK_FLOAT64, 2, [outputs, count], [outputStride, stride], 0b10, x, &result)
        return result.map(\.bitPattern)
    }

    @Test(arguments: [0, 1, 7, 8, 9, 63, 64, 65, 1000, 4095, 4096, 4097, 3 * 4096 + 5])
    func `has the same bits for rows, columns and strides`(count: Int) {
        let columns = 37
        let rows = (0..<columns).map { column in Self.numbers(count).map { $0 * Double(column + 1) } }
        let packed = rows.flatMap { $0 }
        let transposed = (0..<count).flatMap { j in rows.map { $0[j] } }
        let spread = packed.flatMap { [$0, .nan, .nan] }
        let expected = rows.flatMap { sum($0, count: count, stride: 1) }
        #expect(sum(packed, outputs: columns, outputStride: count, count: count, stride: 1) == expected)
        #expect(sum(transposed, outputs: columns, outputStride: 1, count: count, stride: columns) == expected)
        #expect(sum(spread, outputs: columns, outputStride: 3 * count, count: count, stride: 3) == expected)
        for few in 1..<8 {
            let part = sum(transposed, outputs: few, outputStride: 1, count: count, stride: columns)
            #expect(part == Array(expected.prefix(few)))
        }
    }

    @Test func `adds in the order that its header states`() {
        let x = Self.numbers(29)
        var s = [Double](repeating: -0.0, count: 8)
        for (j, number) in x.enumerated() { s[j % 8] += number }
        let total = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
        #expect(sum(x, count: 29, stride: 1) == [total.bitPattern])
    }

    @Test func `keeps signed zeros and passes what is not finite`() {
        #expect(sum([-0.0, -0.0], count: 2, stride: 1) == [(-0.0).bitPattern])
        #expect(sum([-0.0, 0], count: 2, stride: 1) == [0])
        #expect(sum([], count: 0, stride: 1) == [0])
        #expect(sum([.infinity, 1], count: 2, stride: 1) == [Double.infinity.bitPattern])
        #expect(Double(bitPattern: sum([.infinity, -.infinity], count: 2, stride: 1)[0]).isNaN)
    }

    @Test func `keeps the digits of long float32 sums`() {
        let count = 10_000_000
        let x = [Float](repeating: 0.1, count: count)
        var result: Float = 0
        reduce(CK_SUM, CK_FLOAT32, 1, [count], [1], 1, x, &result)
        #expect(result == Float(Double(Float(0.1)) * Double(count)))
    }
}

@Suite struct `The instruction set` {
    @Test func `has a name`() {
        #expect(["avx512", "avx2", "neon", "baseline"].contains(String(cString: ck_instruction_set())))
    }

    @Test func `takes no unknown function or type`() {
        #expect(ck_elementwise(CK_FUNCTION_COUNT, CK_FLOAT64) == nil)
        #expect(ck_elementwise(CK_ADD, CK_INT64) == nil)
        #expect(ck_elementwise(CK_ADD, CK_BOOL) == nil)
        #expect(ck_elementwise(CK_EQUAL, CK_INT64) != nil)
        #expect(ck_elementwise(CK_SELECT, CK_BOOL) != nil)
    }
}

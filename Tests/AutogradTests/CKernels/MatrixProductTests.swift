import CKernels
import Testing

@Suite struct `The matrix product kernel` {
    private func numbers(_ count: Int, _ seed: Int) -> [Double] {
        (0..<count).map { position in
            let number = Double(((position + seed) * 7919) % 2003 - 1000) / 7
            return number * (position.isMultiple(of: 5) ? 1e5 : 1e-3)
        }
    }

    private func transposed<T>(_ x: [T], _ rows: Int, _ columns: Int) -> [T] {
        (0..<columns).flatMap { j in (0..<rows).map { x[$0 * columns + j] } }
    }

    private static let sizes = [
        (1, 1, 1), (1, 1, 9), (3, 1, 5), (1, 4, 5), (2, 2, 2), (5, 3, 8), (8, 1, 70), (1, 70, 70), (4, 7, 3),
        (9, 17, 65), (70, 1, 130), (66, 70, 130), (3, 0, 2), (0, 3, 2), (2, 3, 0), (16, 16, 16),
    ]

    @Test(arguments: sizes)
    func `has the same bits in every layout`(rows: Int, columns: Int, inner: Int) {
        let (a, b) = (numbers(rows * inner, 1), numbers(inner * columns, 2))
        var expected = [Double](repeating: 0, count: rows * columns)
        for i in 0..<rows {
            for j in 0..<columns {
                var element = 0.0
                for k in 0..<inner { element += a[i * inner + k] * b[k * columns + j] }
                expected[i * columns + j] = element
            }
        }
        let (aT, bT) = (transposed(a, rows, inner), transposed(b, inner, columns))
        let spread = a.flatMap { [$0, .nan] }
        func product(
            _ a: [Double], _ aRow: Int, _ aColumn: Int, _ b: [Double], _ bRow: Int, _ bColumn: Int
        ) -> [Double] {
            var result = [Double](repeating: .nan, count: rows * columns)
            ck_matmul(CK_FLOAT64, rows, columns, inner, a, aRow, aColumn, b, bRow, bColumn, &result)
            return result
        }
        #expect(product(a, inner, 1, b, columns, 1) == expected)
        #expect(product(aT, 1, rows, b, columns, 1) == expected)
        #expect(product(a, inner, 1, bT, 1, inner) == expected)
        #expect(product(aT, 1, rows, bT, 1, inner) == expected)
        #expect(product(spread, 2 * inner, 2, b, columns, 1) == expected)
    }

    @Test(arguments: sizes)
    func `has the same bits in every layout of float32`(rows: Int, columns: Int, inner: Int) {
        let (a, b) = (numbers(rows * inner, 3).map(Float.init), numbers(inner * columns, 4).map(Float.init))
        let (aT, bT) = (transposed(a, rows, inner), transposed(b, inner, columns))
        var plain = [Float](repeating: 0, count: rows * columns)
        var turned = plain
        ck_matmul(CK_FLOAT32, rows, columns, inner, a, inner, 1, b, columns, 1, &plain)
        ck_matmul(CK_FLOAT32, rows, columns, inner, aT, 1, rows, bT, 1, inner, &turned)
        #expect(plain == turned)
        for (i, j) in [(0, 0), (rows - 1, columns - 1)] where rows * columns > 0 {
            var element: Float = 0
            for k in 0..<inner { element += a[i * inner + k] * b[k * columns + j] }
            #expect(plain[i * columns + j] == element)
        }
    }

    @Test func `repeats an operand whose stride is 0`() {
        var result = [Double](repeating: 0, count: 4)
        ck_matmul(CK_FLOAT64, 2, 2, 3, [1.0, 2, 3], 0, 1, [2.0], 0, 0, &result)
        #expect(result == [12, 12, 12, 12])
    }
}

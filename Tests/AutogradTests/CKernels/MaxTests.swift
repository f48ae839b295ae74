import CKernels
import Testing

@Suite struct `The max kernel` {
    private func largest(_ x: [Float], outputs: Int = 1, outputStride: Int = 0, count: Int, stride: Int) -> [UInt32] {
        var result = [Float](repeating: .nan, count: outputs)
        reduce(CK_MAX, CK_FLOAT32, 2, [outputs, count], [outputStride, stride], 0b10, x, &result)
        return result.map(\.bitPattern)
    }

    @Test(arguments: [1, 2, 7, 8, 9, 15, 16, 63, 64, 65])
    func `finds the largest wherever it lies, in every layout`(count: Int) {
        for place in 0..<count {
            let row: [Float] = (0..<count).map { $0 == place ? 500 : Float(($0 * 7919) % 1013) - 1013 }
            let expected = [Float(500), 1000].map(\.bitPattern)
            let rows = row + row.map { $0 * 2 }
            let columns = row.flatMap { [$0, $0 * 2] }
            #expect(largest(rows, outputs: 2, outputStride: count, count: count, stride: 1) == expected)
            #expect(largest(columns, outputs: 2, outputStride: 1, count: count, stride: 2) == expected)
            let spread: [Float] = rows.flatMap { [$0, .infinity] }
            #expect(largest(spread, outputs: 2, outputStride: 2 * count, count: count, stride: 2) == expected)
        }
    }

    @Test(arguments: [2, 8, 9, 40])
    func `passes a NaN on and knows the sign of 0`(count: Int) {
        for place in 0..<count {
            var x = [Float](repeating: .infinity, count: count)
            x[place] = .nan
            #expect(Float(bitPattern: largest(x, count: count, stride: 1)[0]).isNaN)
            x = [Float](repeating: -0.0, count: count)
            #expect(largest(x, count: count, stride: 1) == [Float(-0.0).bitPattern])
            x[place] = 0
            #expect(largest(x, count: count, stride: 1) == [0])
            // As one of several columns.
            let columns: [Float] = x.flatMap { [$0, -1] }
            #expect(largest(columns, outputs: 2, outputStride: 1, count: count, stride: 2)[0] == 0)
        }
    }
}

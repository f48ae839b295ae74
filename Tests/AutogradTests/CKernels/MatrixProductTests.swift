import Autograd
import CKernels
import Testing

/// Every path of the kernel (scalars, vectors, small, packed, threads) against one loop in the order of its header.
@Suite struct `The matrix product kernel` {
    @Test func `adds in the order that its header states`() {
        var random = RandomGenerator(seed: 1)
        for round in 0..<400 {
            func size() -> Int { Int(random.next() % 41) }
            let (rows, columns, inner) = (size(), size(), size())
            // A matrix and a vector, a vector and a matrix now and then.
            let product = Layout(
                rows: round % 7 == 1 ? 1 : rows, columns: round % 7 == 2 ? 1 : columns, inner: inner, using: &random)
            #expect(product.isAsStated(Double.self, using: &random), "\(product)")
            #expect(product.isAsStated(Float.self, using: &random), "\(product)")
        }
    }

    /// Lengths beside those of a chain, of tiles, and of what is packed at once: with more columns than rows, no thread's part
    /// has fewer rows, and 267 or 269 of them leave three for the last panel of any set of instructions.
    @Test(arguments: [
        (1, 1, 256), (1, 1, 257), (1, 40, 513), (40, 1, 512), (3, 5, 255), (8, 33, 300), (15, 16, 511), (57, 31, 513),
        (256, 17, 256), (257, 33, 256), (271, 65, 300), (337, 96, 515), (113, 1025, 600), (258, 513, 257),
        (300, 1030, 258), (267, 300, 258), (269, 300, 258),
        (9, 700, 784), (700, 9, 64), (1, 37, 100),
    ])
    func `keeps the order where a block ends`(rows: Int, columns: Int, inner: Int) {
        var random = RandomGenerator(seed: 2)
        for _ in 0..<4 {
            let product = Layout(rows: rows, columns: columns, inner: inner, using: &random)
            #expect(product.isAsStated(Double.self, using: &random), "\(product)")
            #expect(product.isAsStated(Float.self, using: &random), "\(product)")
        }
    }

    /// Each side of each length at which another path begins: packed or not, of few terms, with few columns.
    @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17])
    func `has the same bits by any path`(rows: Int) {
        var random = RandomGenerator(seed: 6)
        for columns in [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 19, 24, 31] {
            for inner in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 259] where inner < 20 || columns % 4 == 3 {
                let product = Layout(rows: rows, columns: columns, inner: inner, using: &random)
                #expect(product.isAsStated(Double.self, using: &random), "\(product)")
                #expect(product.isAsStated(Float.self, using: &random), "\(product)")
            }
        }
    }

    @Test func `passes what is not finite and makes no negative zero`() {
        for size in [1, 3, 40, 300] {
            var a = [Float](repeating: 1, count: size * size)
            let b = a.map { -$0 }
            a[0] = .nan
            a[size * size - 1] = .infinity
            var result = [Float](repeating: 7, count: size * size)
            multiply(CK_FLOAT32, size, size, size, a, size, 1, b, size, 1, &result)
            #expect(size == 1 ? result[0] == -.infinity : result[..<size].allSatisfy(\.isNaN))
            #expect(result[(size * size - size)...].allSatisfy { $0 == -.infinity })
            #expect(result.dropFirst(size).dropLast(size).allSatisfy { $0 == -Float(size) })
            multiply(CK_FLOAT32, size, size, 1, [Float](repeating: 0, count: size), 1, 1, b, size, 1, &result)
            #expect(result.allSatisfy { $0.bitPattern == 0 })
        }
    }

    @Test func `of no products is zero`() {
        var result = [Double](repeating: .nan, count: 6)
        multiply(CK_FLOAT64, 2, 3, 0, [1.0], 0, 1, [1.0], 3, 1, &result)
        #expect(result.allSatisfy { $0.bitPattern == 0 })
        multiply(CK_FLOAT64, 0, 3, 2, [1.0], 2, 1, [1.0], 3, 1, &result)
        multiply(CK_FLOAT64, 2, 0, 2, [1.0], 2, 1, [1.0], 0, 1, &result)
        #expect(result == [0, 0, 0, 0, 0, 0])
        var none = ck_product()
        (none.rows, none.columns, none.inner, none.axes) = (2, 3, 1, 2)
        (none.lengths.0, none.lengths.1) = (2, 0)
        ck_matmul(&none, [1.0, 2], [1.0, 2, 3], &result)
        #expect(result == [0, 0, 0, 0, 0, 0])
    }

    @Test func `repeats an operand whose stride is 0`() {
        var result = [Double](repeating: 0, count: 4)
        multiply(CK_FLOAT64, 2, 2, 3, [1.0, 2, 3], 0, 1, [2.0], 0, 0, &result)
        #expect(result == [12, 12, 12, 12])
    }

    @Test(arguments: [1, 100, 256, 10_000, 1_000_000])
    func `stays within its error bound in float32`(inner: Int) {
        var random = RandomGenerator(seed: 3)
        let a = (0..<inner).map { _ in Float(random.uniform()) }
        let b = (0..<inner).map { _ in Float(random.uniform()) }
        var result: Float = 0
        multiply(CK_FLOAT32, 1, 1, inner, a, inner, 1, b, 1, 1, &result)
        let exact = zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        let bound = Double(min(inner, 256) + inner / 256) * 0x1p-24 * exact
        #expect(abs(Double(result) - exact) <= bound)
    }

    /// Products large enough for several threads, cut along rows and along columns.
    @Test(arguments: [(64, 128, 784), (784, 128, 64), (130, 131, 132), (1, 3000, 700), (3000, 1, 700), (270, 260, 257)])
    func `has the same bits on any number of threads`(rows: Int, columns: Int, inner: Int) {
        var random = RandomGenerator(seed: 4)
        let a = (0..<rows * inner).map { _ in Float(random.uniform()) }
        let b = (0..<inner * columns).map { _ in Float(random.uniform()) }
        func product(threads: Int) -> [Float] {
            Threads.with(count: threads) {
                var result = [Float](repeating: .nan, count: rows * columns)
                multiply(CK_FLOAT32, rows, columns, inner, a, 1, rows, b, columns, 1, &result)
                return result
            }
        }
        let alone = product(threads: 1)
        for threads in [2, 3, 8] { #expect(product(threads: threads) == alone) }
    }

    @Test(arguments: [(6, 2, 3, 4), (5, 70, 60, 80), (2, 130, 140, 150), (6, 16, 4, 16)], [false, true])
    func `multiplies batches as it multiplies matrices`(
        _ size: (count: Int, rows: Int, columns: Int, inner: Int), isRepeated: Bool
    ) {
        let (count, rows, columns, inner) = size
        var random = RandomGenerator(seed: 5)
        let a = (0..<count * rows * inner).map { _ in random.uniform() }
        let b = (0..<count * inner * columns).map { _ in random.uniform() }
        let lengths = count.isMultiple(of: 2) ? [2, count / 2] : [1, count]
        // The last matrix first; and the second operand is one matrix, repeated, or as many, along the other axis first.
        let starts = (0..<count).map { (count - 1 - $0) * rows * inner }
        let others = (0..<count).map {
            isRepeated ? 0 : ($0 % lengths[1] * lengths[0] + $0 / lengths[1]) * inner * columns
        }
        var single = [Double](repeating: 0, count: count * rows * columns)
        for position in 0..<count {
            single.withUnsafeMutableBufferPointer { single in
                multiply(
                    CK_FLOAT64, rows, columns, inner, Array(a[starts[position]...]), inner, 1,
                    Array(b[others[position]...]), columns, 1, single.baseAddress! + position * rows * columns)
            }
        }
        for threads in 1...3 {
            var result = [Double](repeating: .nan, count: count * rows * columns)
            Threads.with(count: threads) {
                a.withUnsafeBufferPointer { a in
                    var product = ck_product()
                    (product.rows, product.columns, product.inner) = (rows, columns, inner)
                    (product.aRow, product.aColumn, product.bRow, product.bColumn) = (inner, 1, columns, 1)
                    product.axes = 2
                    (product.lengths.0, product.lengths.1) = (lengths[0], lengths[1])
                    (product.aStrides.0, product.aStrides.1) = (-lengths[1] * rows * inner, -rows * inner)
                    let step = isRepeated ? 0 : inner * columns
                    (product.bStrides.0, product.bStrides.1) = (step, lengths[0] * step)
                    ck_matmul(&product, a.baseAddress! + starts[0], b, &result)
                }
            }
            #expect(result == single)
        }
    }
}

/// One product.
private func multiply(
    _ type: ck_type, _ rows: Int, _ columns: Int, _ inner: Int, _ a: UnsafeRawPointer, _ aRow: Int, _ aColumn: Int,
    _ b: UnsafeRawPointer, _ bRow: Int, _ bColumn: Int, _ result: UnsafeMutableRawPointer
) {
    var product = ck_product()
    (product.type, product.rows, product.columns, product.inner) = (type, rows, columns, inner)
    (product.aRow, product.aColumn, product.bRow, product.bColumn) = (aRow, aColumn, bRow, bColumn)
    ck_matmul(&product, a, b, result)
}

/// Sizes and strides of a product.
private struct Layout: CustomStringConvertible {
    let rows, columns, inner, aRow, aColumn, bRow, bColumn: Int

    init(rows: Int, columns: Int, inner: Int, using random: inout RandomGenerator) {
        /// A matrix that lies by rows or by columns, its elements side by side or not.
        func strides(_ rows: Int, _ columns: Int) -> (Int, Int) {
            let step = random.next() % 4 == 0 ? 3 : 1
            let gap = Int(random.next() % 3)
            return random.next() % 2 == 0 ? (columns * step + gap, step) : (step, rows * step + gap)
        }
        (self.rows, self.columns, self.inner) = (rows, columns, inner)
        (aRow, aColumn) = strides(rows, inner)
        (bRow, bColumn) = strides(inner, columns)
    }

    var description: String {
        "\(rows) × \(inner) (\(aRow), \(aColumn)) by \(inner) × \(columns) (\(bRow), \(bColumn))"
    }

    /// Whether the kernel's result has the bits of the loop that the header describes. Of a large one, some elements.
    func isAsStated<Number: BinaryFloatingPoint & SIMDScalar>(
        _: Number.Type, using random: inout RandomGenerator
    ) -> Bool {
        // Numbers of very different sizes, whose sum shows the order of addition and the rounding of each product.
        func numbers(_ count: Int) -> [Number] {
            (0..<count).map { _ in
                let number = Number(random.uniform() - 0.5)
                return random.next() % 4 == 0 ? number * 1e3 : number
            }
        }
        let a = numbers(max(1, rows * aRow + inner * aColumn))
        let b = numbers(max(1, inner * bRow + columns * bColumn))
        // What lies behind the result must stay.
        var result = [Number](repeating: .nan, count: rows * columns + 64)
        multiply(
            Number.self == Double.self ? CK_FLOAT64 : CK_FLOAT32, rows, columns, inner, a, aRow, aColumn, b, bRow,
            bColumn, &result)
        if !result[(rows * columns)...].allSatisfy(\.isNaN) { return false }
        let isFused = ck_fuses()
        let step = 1 + rows * columns * inner / 200_000
        return stride(from: 0, to: rows * columns, by: step).allSatisfy { place in
            let (i, j) = (place / columns, place % columns)
            var total: Number = 0
            for start in stride(from: 0, to: inner, by: 256) {
                var chain: Number = 0
                for k in start..<min(inner, start + 256) {
                    let (x, y) = (a[i * aRow + k * aColumn], b[k * bRow + j * bColumn])
                    chain = isFused ? chain.addingProduct(x, y) : chain + x * y
                }
                total = start == 0 ? chain : total + chain
            }
            return result[place] == total
        }
    }
}

import CKernels
import Testing

/// Reductions over any axes of arrays that lie in memory in any way have the bits of the order that the header states.
@Suite struct `The reduction kernels` {
    @Test(arguments: [
        [8], [4096], [3 * 4096 + 5], [21 * 4096 + 5], [9, 7], [8, 4097], [4097, 9], [66, 3], [70, 65], [3, 4, 5],
        [16, 40, 8],
        [2, 9, 16], [37 * 4096 + 5], [16_401, 9], [8, 30, 700],
        [600, 3, 7], [12, 65, 64], [5, 1, 9, 3], [4, 8, 3, 16], [7, 9, 10, 11], [2, 3, 4, 5, 6], [8, 1, 8, 9, 8],
    ])
    func `add up in the order of the header, whatever axes and layout`(lengths: [Int]) {
        let x = numbers(lengths.reduce(1, *))
        // Large ones are divided.
        let before = ck_limit_threads(3)
        defer { _ = ck_limit_threads(before) }
        for reduced in UInt32(0)..<1 << UInt32(lengths.count) {
            let expected = groups(lengths, reduced).map { sum(of: $0.map { x[$0] }) }
            let expected32 = groups(lengths, reduced).map { Float(sum(of: $0.map { Double(Float(x[$0])) })) }
            let largest = groups(lengths, reduced).map { $0.map { x[$0] }.max()! }
            for strides in layouts(lengths) {
                var laid = [Double](
                    repeating: .nan, count: 1 + zip(lengths, strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 })
                for (place, number) in zip(offsets(lengths, strides), x) { laid[place] = number }
                var (result, greatest) = (expected.map { _ in Double.nan }, expected.map { _ in Double.nan })
                var (result32, greatest32) = (expected.map { _ in Float.nan }, expected.map { _ in Float.nan })
                let rank = lengths.count
                reduce(CK_SUM, CK_FLOAT64, rank, lengths, strides, reduced, laid, &result)
                reduce(CK_SUM, CK_FLOAT32, rank, lengths, strides, reduced, laid.map(Float.init), &result32)
                reduce(CK_MAX, CK_FLOAT64, rank, lengths, strides, reduced, laid, &greatest)
                reduce(CK_MAX, CK_FLOAT32, rank, lengths, strides, reduced, laid.map(Float.init), &greatest32)
                #expect(result.map(\.bitPattern) == expected.map(\.bitPattern), "\(strides) over \(reduced)")
                #expect(result32.map(\.bitPattern) == expected32.map(\.bitPattern), "\(strides) over \(reduced)")
                #expect(greatest == largest && greatest32 == largest.map(Float.init), "\(strides) over \(reduced)")
            }
        }
    }

    @Test func `write +0 where there are no elements, and nothing where there are no results`() {
        var result: [Double] = [1, 2, 3]
        reduce(CK_SUM, CK_FLOAT64, 2, [2, 0], [0, 1], 0b10, [], &result)
        #expect(result == [0, 0, 3])
        reduce(CK_SUM, CK_FLOAT64, 3, [0, 5, 2], [10, 2, 1], 0b110, [], &result)
        #expect(result == [0, 0, 3])
    }
}

/// Reduces an array in both stages.
func reduce<Element: BitwiseCopyable>(
    _ operation: ck_reducing, _ type: ck_type, _ rank: Int, _ lengths: [Int], _ strides: [Int], _ reduced: UInt32,
    _ x: [Element], _ result: UnsafeMutablePointer<Element>
) {
    var reduction = ck_prepare_reduction(operation, type, rank, lengths, strides, reduced)
    ck_reduce(&reduction, x, result)
}

/// Numbers of very different sizes, whose sum shows the order of addition.
private func numbers(_ count: Int) -> [Double] {
    (0..<count).map { Double(($0 * 7919) % 1013 - 500) / 3 * ($0.isMultiple(of: 3) ? 1e9 : 1e-7) }
}

/// The sum as Kernels.h states its order.
private func sum(of x: [Double]) -> Double {
    func chunk(_ x: ArraySlice<Double>) -> Double {
        var s = [Double](repeating: -0.0, count: 8)
        for (j, number) in x.enumerated() { s[j % 8] += number }
        return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
    }
    func total(_ sums: ArraySlice<Double>) -> Double {
        if sums.count == 1 { return sums.first! }
        var half = 1
        while 2 * half < sums.count { half *= 2 }
        return total(sums.prefix(half)) + total(sums.dropFirst(half))
    }
    return total(stride(from: 0, to: x.count, by: 4096).map { chunk(x[$0..<Swift.min($0 + 4096, x.count)]) }[...])
}

/// The offsets of all elements in row-major order.
private func offsets(_ lengths: [Int], _ strides: [Int]) -> [Int] {
    zip(lengths, strides).reduce([0]) { offsets, axis in
        offsets.flatMap { offset in (0..<axis.0).map { offset + $0 * axis.1 } }
    }
}

/// The positions of the elements that are reduced to each result.
private func groups(_ lengths: [Int], _ reduced: UInt32) -> [[Int]] {
    var packed = lengths
    for axis in lengths.indices { packed[axis] = lengths[(axis + 1)...].reduce(1, *) }
    func part(_ isReduced: Bool) -> [Int] {
        let axes = lengths.indices.filter { (reduced >> UInt32($0) & 1 == 1) == isReduced }
        return offsets(axes.map { lengths[$0] }, axes.map { packed[$0] })
    }
    let inner = part(true)
    return part(false).map { start in inner.map { start + $0 } }
}

/// Strides of several layouts: the axes in some orders from the innermost on, side by side or with gaps.
private func layouts(_ lengths: [Int]) -> [[Int]] {
    let axes = Array(lengths.indices)
    let orders =
        [axes, axes.reversed()] + axes.map { Array(axes[$0...] + axes[..<$0]) } + [axes.sorted { $0 % 2 < $1 % 2 }]
    return orders.flatMap { order in
        [1, 3].map { gap in
            var (strides, step) = (lengths, gap)
            for axis in order.reversed() {
                strides[axis] = step
                step *= lengths[axis] + (gap == 3 && axis != order[0] ? 1 : 0)
            }
            return strides
        }
    }
}

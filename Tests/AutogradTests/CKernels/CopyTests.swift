import CKernels
import Testing

@testable import Autograd

@Suite struct `Copies of strided arrays` {
    /// Whole arrays and parts of them, with axes in any order, that repeat or leave elements out, of elements of all sizes.
    @Test(arguments: Tensor.ElementType.allCases)
    func `take each element where it lies, and write no others`(_ type: Tensor.ElementType) {
        var random = RandomGenerator(seed: 41)
        func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
        var wholeTransposes = 0
        for _ in 0..<1500 {
            var lengths = (0..<below(9)).map { _ in [1, 2, 3, 4, 5, 8, 16, 17, 24, 33, below(9)][below(11)] }
            while lengths.reduce(1, *) > 4000 { lengths[lengths.firstIndex(of: lengths.max()!)!] = 1 }
            let (shape, count) = (Tensor.Shape(lengths), lengths.reduce(1, *))
            var (strides, step) = (Tensor.Shape(repeating: 0, rank: lengths.count), below(5) == 0 ? 2 : 1)
            for axis in lengths.indices.shuffled(using: &random) where below(6) > 0 {
                strides[axis] = step
                step *= lengths[axis]
            }
            if strides.rank > 1, strides.last! > 1, strides.contains(1), lengths.last! >= 8 { wholeTransposes += 1 }
            let source = (0..<step * type.size).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let first = count == 0 || below(2) == 0 ? 0 : below(count)
            let wanted = below(2) == 0 ? count - first : below(count - first + 1)
            var copy = [UInt8](repeating: 77, count: (count + 16) * type.size)
            var layout = ck_layout(shape, strides)
            ck_copy(ck_type(type), &layout, first, wanted, source, &copy)
            var expected: [UInt8] = []
            for offset in shape.offsets(strides)[first..<first + wanted] {
                expected += source[offset * type.size..<(offset + 1) * type.size]
            }
            #expect(Array(copy.prefix(expected.count)) == expected, "\(lengths) by \(strides), \(wanted) from \(first)")
            #expect(copy.dropFirst(expected.count).allSatisfy { $0 == 77 })
        }
        #expect(wholeTransposes > 100)
    }
}

import Testing

@testable import Autograd

@Suite struct `The random generator` {
    /// The known answers that the authors of Philox publish with their code.
    @Test(arguments: [
        (
            SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
            SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
        ),
        (
            SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
            SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
        ),
        (
            SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), SIMD2(0xa409_3822, 0x299f_31d0),
            SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
        ),
    ])
    func `is Philox4x32-10`(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>) {
        #expect(RandomGenerator.philox(counter: counter, key: key) == expected)
    }

    @Test func `draws its blocks in order, low words first`() {
        var random = RandomGenerator(seed: 0)
        #expect(random.next() == 0xe169_c58d_6627_e8d5)
        #expect(random.next() == 0x9b00_dbd8_bc57_ac4c)
        let next = RandomGenerator.philox(counter: SIMD4(1, 0, 0, 0), key: SIMD2(0, 0))
        #expect(random.next() == UInt64(next[1]) << 32 | UInt64(next[0]))
    }

    @Test func `gives the same numbers for the same seed`() {
        var (a, b, c) = (RandomGenerator(seed: 7), RandomGenerator(seed: 7), RandomGenerator(seed: 7 << 32))
        let numbers = (0..<100).map { _ in a.next() }
        #expect(numbers == (0..<100).map { _ in b.next() })
        #expect(a == b)
        #expect(Set(numbers + (0..<100).map { _ in c.next() }).count == 200)
    }

    @Test func `splits off others without changing what it draws`() {
        var (parent, whole) = (RandomGenerator(seed: 1), RandomGenerator(seed: 1))
        var children = [parent.split()]
        let first = parent.next()
        children.append(parent.split())
        let second = parent.next()
        #expect([first, second] == [whole.next(), whole.next()])
        var numbers = [first, second]
        for var child in children { numbers += (0..<100).map { _ in child.next() } }
        #expect(Set(numbers).count == numbers.count)
        // A child is no generator that is seeded by what its parent draws.
        var drawn = RandomGenerator(seed: 1)
        let draws = (0..<10).map { _ in drawn.next() }
        #expect(!draws.contains { children.contains(RandomGenerator(seed: $0)) })
    }

    @Test func `counts in 64 bits`() {
        #expect(RandomGenerator.counter(7, domain: 0) == SIMD4(7, 0, 0, 0))
        #expect(RandomGenerator.counter(0x5_0000_0007, domain: 1) == SIMD4(7, 5, 0, 1))
        #expect(RandomGenerator.counter(.max, domain: 1) == SIMD4(.max, .max, 0, 1))
    }

    @Test func `draws uniform numbers with their moments`() {
        var random = RandomGenerator(seed: 2)
        let x = Tensor.uniform(in: -1..<3, shape: [100, 1000], using: &random)
        #expect(x.numbers.allSatisfy { (-1..<3).contains($0) })
        let average = mean(x)
        #expect(abs(average.scalar - 1) < 0.02)
        #expect(abs(mean(square(x - average)).scalar - 16.0 / 12) < 0.02)
    }

    @Test func `never reaches the upper bound, rounded to float32 neither`() {
        var random = RandomGenerator(seed: 3)
        let range = 1..<(1 + Double(Float.ulpOfOne) * 3)
        let x = Tensor.uniform(in: range, shape: [1000], elementType: .float32, using: &random)
        #expect(Set(x.numbers) == Set((0..<3).map { 1 + Double($0) * Double(Float.ulpOfOne) }))
        let one = Tensor.uniform(in: 1..<1.0.nextUp, shape: [100], using: &random)
        #expect(Set(one.numbers) == [1])
    }

    @Test func `never falls below the lower bound, rounded to float32 neither`() {
        var random = RandomGenerator(seed: 3)
        // Of float32, one number lies in this range, and 0.7 is rounded to one below.
        let x = Tensor.uniform(in: 0.7..<0.70000005, shape: [2000], elementType: .float32, using: &random)
        #expect(Set(x.numbers) == [Double(Float(0.7).nextUp)])
        let edge = Tensor.uniform(in: 0.1..<0.1.nextUp, shape: [10], using: &random)
        #expect(Set(edge.numbers) == [0.1])
        let none = tensorError {
            Tensor.uniform(in: 0.7..<0.70000001, shape: [1], elementType: .float32, using: &random)
        }
        #expect(none?.problem.contains("holds no numbers of type f32") == true)
    }

    @Test func `draws from ranges wider than the largest number`() {
        var random = RandomGenerator(seed: 3)
        let range = -1e308..<1e308
        let x = Tensor.uniform(in: range, shape: [10_000], using: &random).numbers
        #expect(x.allSatisfy { range.contains($0) })
        #expect(abs(x.count { $0 < 0 } - 5000) < 200 && abs(x.count { abs($0) < 5e307 } - 5000) < 200)
        let all = Tensor.uniform(
            in: -Double.greatestFiniteMagnitude..<Double.greatestFiniteMagnitude, shape: [1000], using: &random)
        #expect(all.numbers.allSatisfy(\.isFinite) && all.numbers.contains { abs($0) > 1e308 })
    }

    @Test func `refuses ranges that the type does not hold, and more numbers than memory holds`() {
        var random = RandomGenerator(seed: 3)
        for range in [0..<Double.infinity, -Double.infinity..<0, 0..<1e300, -1e300..<0] {
            tensorError { Tensor.uniform(in: range, shape: [2], elementType: .float32, using: &random) }
        }
        for type in [Tensor.ElementType.int64, .bool] {
            tensorError { Tensor.uniform(in: 0..<2, shape: [2], elementType: type, using: &random) }
            let error = tensorError { Tensor.normal(shape: [2], elementType: type, using: &random) }
            #expect(error?.operation == "normal")
        }
        let huge: Tensor.Shape = [1 << 45]
        tensorError { Tensor.uniform(shape: huge, using: &random) }
        tensorError { Tensor.normal(shape: huge, using: &random) }
        tensorError { Tensor.integers(in: 0..<2, shape: huge, using: &random) }
        tensorError { Tensor.permutation(of: 1 << 45, using: &random) }
        #expect(Tensor.integers(in: Int.min..<Int.max, shape: [3], using: &random).shape == [3])
    }

    @Test func `draws normal numbers with their moments`() {
        var random = RandomGenerator(seed: 4)
        let x = Tensor.normal(mean: 2, standardDeviation: 3, shape: [100_000], using: &random)
        let centred = (x - 2) / 3
        #expect(x.numbers.allSatisfy { $0.isFinite })
        #expect(abs(mean(centred).scalar) < 0.015)
        #expect(abs(mean(square(centred)).scalar - 1) < 0.02)
        #expect(abs(mean(centred * centred * centred).scalar) < 0.05)
        #expect(abs(mean(square(square(centred))).scalar - 3) < 0.1)
    }

    @Test func `draws integers of a range and permutations`() {
        var random = RandomGenerator(seed: 5)
        let dice = Tensor.integers(in: 1..<7, shape: [20, 30], using: &random)
        #expect(dice.shape == [20, 30])
        #expect(Set(dice.indices) == Set(1...6))
        let order = Tensor.permutation(of: 50, using: &random)
        #expect(order.indices.sorted() == Array(0..<50))
        #expect(order.indices != Array(0..<50))
        #expect(Tensor.permutation(of: 0, using: &random).shape == [0])
    }

    @Test func `refuses an empty range`() {
        var random = RandomGenerator(seed: 6)
        #expect(tensorError { Tensor.uniform(in: 1..<1, shape: [2], using: &random) }?.operation == "uniform")
        #expect(tensorError { Tensor.integers(in: 3..<3, shape: [2], using: &random) }?.operation == "integers")
    }

    @Test func `draws a number alike alone and in a tensor`() {
        var (a, b) = (RandomGenerator(seed: 8), RandomGenerator(seed: 8))
        #expect(Tensor.uniform(shape: [3], using: &a).numbers == (0..<3).map { _ in b.uniform() })
        #expect(Tensor.normal(shape: [2], using: &a).numbers == (0..<2).map { _ in b.normal() })
    }
}

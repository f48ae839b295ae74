import CKernels
import Testing

@testable import Autograd

@Suite struct `The random generator` {
    /// The known answers that the authors of Philox publish with their code.
    @Test(
        arguments: [
            ([0, 0], 0, [0xe169_c58d_6627_e8d5, 0x9b00_dbd8_bc57_ac4c]),
            ([.max, .max], .max, [0x41c8_3b0e_408f_276d, 0x6d54_51fd_a20b_c7c6]),
            (
                [0x85a3_08d3_243f_6a88, 0x0370_7344_1319_8a2e], 0x299f_31d0_a409_3822,
                [0x94fd_cceb_d16c_fe09, 0x2412_6ea1_5001_e420]
            ),
        ] as [([UInt64], UInt64, [UInt64])])
    func `is Philox4x32-10`(counter: [UInt64], key: UInt64, expected: [UInt64]) {
        #expect(words(key: key, number: counter[1], position: counter[0], count: 2) == expected)
    }

    /// Words of a draw as Kernels.h lays them out.
    private func words(key: UInt64, number: UInt64, position: UInt64 = 0, count: Int) -> [UInt64] {
        var draw = ck_draw()
        (draw.key, draw.number, draw.position) = (key, number, position)
        var words = [UInt64](repeating: 0, count: count)
        ck_random(&draw, CK_INT64, count, &words)
        return words
    }

    @Test func `counts draws, of whatever shape`() {
        var random = RandomGenerator(seed: 9)
        #expect(random.next() == words(key: 9, number: 0, count: 1)[0])
        // Some of these are drawn again.
        _ = Tensor.uniform(in: 1..<1.0.nextUp.nextUp, shape: [100], using: &random)
        _ = Tensor.normal(shape: [3, 5], elementType: .float32, using: &random)
        _ = Tensor.integers(in: 0..<(1 << 62 + 1), shape: [40], using: &random)
        _ = Tensor.permutation(of: 7, using: &random)
        _ = (random.uniform(), random.normal())
        // One that is split off has a drawn key: the number below 2⁶⁴ − 1 that a word makes, counted from −2⁶³.
        var child = random.split()
        let key = words(key: 9, number: 7, count: 1)[0].multipliedFullWidth(by: .max).high &+ 1 << 63
        #expect(child.next() == words(key: key, number: 0, count: 1)[0])
        #expect(random.next() == words(key: 9, number: 8, count: 1)[0])
        #expect(
            random == RandomGenerator(key: Tensor(indices: [9], shape: []), counter: Tensor(indices: [9], shape: [])))
    }

    @Test func `goes on behind the greatest number of a draw`() {
        var random = RandomGenerator(key: Tensor(indices: [3], shape: []), counter: Tensor(indices: [.max], shape: []))
        #expect(
            Tensor.uniform(shape: [], using: &random).scalar == Double(
                words(key: 3, number: 1 << 63 - 1, count: 1)[0] >> 11) * 0x1p-53)
        #expect(random.counter.indices == [.min])
        #expect(random.next() == words(key: 3, number: 1 << 63, count: 1)[0])
    }

    @Test func `is made of single numbers of type int64`() {
        let one = Tensor(indices: [1], shape: [])
        for (key, counter) in [(Tensor(1), one), (one, Tensor(indices: [1])), (one, Tensor(true))] {
            let error = tensorError { RandomGenerator(key: key, counter: counter).key }
            #expect(
                error?.operation == "RandomGenerator"
                    && error?.problem == "a key and a counter are single numbers of type i64")
            #expect(error?.operands.count == 2)
        }
    }

    @Test(arguments: [Tensor.ElementType.float64, .float32])
    func `draws elements that do not depend on how many there are`(_ type: Tensor.ElementType) {
        func prefixes(_ draw: (Int, inout RandomGenerator) -> Tensor) {
            func numbers(_ count: Int) -> [Double] {
                var random = RandomGenerator(seed: 11)
                _ = random.next()
                return draw(count, &random).numbers
            }
            let all = numbers(1000)
            for count in [0, 1, 2, 3, 15, 16, 17, 31, 33, 64, 999] {
                #expect(numbers(count) == Array(all.prefix(count)))
            }
            #expect(Set(all).count > 900)
        }
        prefixes { .uniform(shape: [$0], elementType: type, using: &$1) }
        prefixes { .uniform(in: 0.3..<0.7, shape: [1, $0], elementType: type, using: &$1) }
        prefixes { .normal(mean: 1, standardDeviation: 3, shape: [$0], elementType: type, using: &$1) }
        prefixes { .integers(in: 0..<(3 << 61), shape: [$0], using: &$1) }
    }

    @Test func `makes uniform numbers of the first bits of a word`() {
        var (random, same) = (RandomGenerator(seed: 12), RandomGenerator(seed: 12))
        let bits = words(key: 12, number: 0, count: 1000)
        let x = Tensor.uniform(shape: [1000], using: &random)
        #expect(x.numbers == bits.map { Double($0 >> 11) * 0x1p-53 })
        #expect(x.numbers.contains { ($0 * 0x1p53).truncatingRemainder(dividingBy: 2) == 1 })
        let y = Tensor.uniform(shape: [2000], elementType: .float32, using: &same)
        let halves = bits.flatMap { [$0 & 0xffff_ffff, $0 >> 32] }
        #expect(y.numbers == halves.map { Double($0 >> 8) * 0x1p-24 })
        #expect(y.numbers.contains { ($0 * 0x1p24).truncatingRemainder(dividingBy: 2) == 1 })
    }

    @Test func `makes normal numbers of two words each, by Box and Muller's transformation`() {
        var (random, same) = (RandomGenerator(seed: 13), RandomGenerator(seed: 13))
        let bits = words(key: 13, number: 0, count: 10_000)
        func expected(_ u: Double, _ v: Double) -> [Double] {
            let radius = (-2 * log(u)).squareRoot()
            return [radius * cos(2 * .pi * v), radius * sin(2 * .pi * v)]
        }
        let x = Tensor.normal(shape: [10_000], using: &random).numbers
        let y = Tensor.normal(shape: [10_000], elementType: .float32, using: &same).numbers
        for pair in stride(from: 0, to: 10_000, by: 2) {
            let unit = bits[pair...pair + 1].map { Double($0 >> 11) * 0x1p-53 }
            let half = [bits[pair / 2] & 0xffff_ffff, bits[pair / 2] >> 32]
            let u = Double(Float(half[0] >> 1) + 0.5) * 0x1p-31
            let (exact, exact32) = (expected(1 - unit[0], unit[1]), expected(u, Double(half[1] >> 8) * 0x1p-24))
            for place in 0...1 {
                #expect(Swift.abs(x[pair + place] - exact[place]) < 1e-14)
                #expect(Swift.abs(y[pair + place] - exact32[place]) < 2e-6)
            }
        }
    }

    @Test(arguments: [Tensor.ElementType.float64, .float32])
    func `draws numbers with the right quantiles`(_ type: Tensor.ElementType) {
        var random = RandomGenerator(seed: 14)
        let count = 200_000
        let uniform = Tensor.uniform(shape: [count], elementType: type, using: &random).numbers
        let normal = Tensor.normal(shape: [count], elementType: type, using: &random).numbers
        for step in -30...30 {
            let x = Double(step) / 10
            // Within five standard deviations of what is expected of so many.
            let below = erfc(-x / 2.0.squareRoot()) / 2
            #expect(
                Swift.abs(Double(normal.count { $0 < x }) / Double(count) - below) < 5
                    * (below * (1 - below) / 2e5).squareRoot())
            let part = Double(step + 30) / 60
            #expect(
                Swift.abs(Double(uniform.count { $0 < part }) / Double(count) - part) < 5 * (0.25 / 2e5).squareRoot())
        }
        // Neighbours do not go together, in a pair neither.
        for distance in 1...4 {
            let products = zip(normal, normal.dropFirst(distance)).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(Swift.abs(products / Double(count)) < 5 / Double(count).squareRoot())
        }
        #expect(normal.allSatisfy(\.isFinite) && normal.contains { $0 > 4 } && normal.contains { $0 < -4 })
    }

    @Test func `gives the same numbers for the same seed`() {
        var (a, b, c) = (RandomGenerator(seed: 7), RandomGenerator(seed: 7), RandomGenerator(seed: 7 << 32))
        let numbers = (0..<100).map { _ in a.next() }
        #expect(numbers == (0..<100).map { _ in b.next() })
        #expect(a == b)
        #expect(Set(numbers + (0..<100).map { _ in c.next() }).count == 200)
    }

    @Test func `splits off others whose draws depend on nothing but their keys`() {
        var parent = RandomGenerator(seed: 1)
        var children = [parent.split()]
        var numbers = [parent.next()]
        children.append(parent.split())
        numbers.append(parent.next())
        for var child in children { numbers += (0..<100).map { _ in child.next() } }
        #expect(Set(numbers).count == numbers.count)
        // A child is no generator that is seeded by what its parent draws.
        var drawn = RandomGenerator(seed: 1)
        let draws = (0..<10).map { _ in drawn.next() }
        #expect(!draws.contains { children.contains(RandomGenerator(seed: $0)) })
    }

    @Test func `shares no stream with the generators that it splits off, nor they with each other`() {
        var generators = [RandomGenerator(seed: 15)]
        for _ in 0..<3 { generators += generators.indices.map { generators[$0].split() } }
        #expect(Set(generators.map { $0.key.indices }).count == 8)
        var words: [UInt64] = []
        for place in generators.indices { words += (0..<1000).map { _ in generators[place].next() } }
        #expect(Set(words).count == 8000)
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
        // All orders of three are as likely.
        var counts: [[Int]: Int] = [:]
        for _ in 0..<6000 { counts[Tensor.permutation(of: 3, using: &random).indices, default: 0] += 1 }
        #expect(counts.count == 6 && counts.values.allSatisfy { Swift.abs($0 - 1000) < 150 })
        // Of 3 · 2⁶¹ numbers, made of 64 bits, none is more likely.
        let wide = Tensor.integers(in: 0..<(3 << 61), shape: [30_000], using: &random).indices
        for third in 0..<3 { #expect(Swift.abs(wide.count { $0 >> 61 == third } - 10_000) < 450) }
    }

    @Test func `draws whole numbers evenly`() {
        // Of every four words, two would make a multiple of 3.
        var random = RandomGenerator(seed: 21)
        let numbers = Tensor.integers(in: .min..<1 << 62, shape: [3000], using: &random).indices
        let multiples = numbers.filter { (UInt64(bitPattern: Int64($0)) ^ 1 << 63).isMultiple(of: 3) }
        #expect((900...1100).contains(multiples.count))
    }

    @Test func `refuses an empty range`() {
        var random = RandomGenerator(seed: 6)
        #expect(tensorError { Tensor.uniform(in: 1..<1, shape: [2], using: &random) }?.operation == "uniform")
        #expect(tensorError { Tensor.integers(in: 3..<3, shape: [2], using: &random) }?.operation == "integers")
    }

    @Test func `draws a number alike alone and as the first of a tensor`() {
        var (a, b) = (RandomGenerator(seed: 8), RandomGenerator(seed: 8))
        #expect(Tensor.uniform(shape: [3], using: &a)[0].scalar == b.uniform())
        #expect(Tensor.normal(shape: [2], using: &a)[0].scalar == b.normal())
    }
}

import CKernels

/// A counter-based generator of random numbers: Philox4x32-10.
///
/// The n-th draw of bits is a fixed function of the seed and of n, so one seed gives the same bits everywhere. (Numbers
/// that pass through a logarithm or a cosine depend on the C library in their last digit.) A generator is a
/// value that is passed explicitly; ``split()`` makes an independent one for another part of the program, so that what one
/// part draws does not depend on how much another has drawn.
///
/// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public struct RandomGenerator: RandomNumberGenerator, Sendable, Hashable {
    private let key: SIMD2<UInt32>
    /// How many words of 64 bits were drawn.
    private var drawn: UInt64 = 0
    /// How many generators were split off.
    private var children: UInt64 = 0

    /// The generator of a seed.
    public init(seed: UInt64) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        let block = RandomGenerator.philox(counter: RandomGenerator.counter(drawn / 2, domain: 0), key: key)
        defer { drawn &+= 1 }
        return drawn.isMultiple(of: 2) ? block.lowHalf.word : block.highHalf.word
    }

    /// An independent generator; each call gives another one. What this generator draws afterwards stays the same.
    public mutating func split() -> RandomGenerator {
        let block = RandomGenerator.philox(counter: RandomGenerator.counter(children, domain: 1), key: key)
        children += 1
        return RandomGenerator(seed: block.lowHalf.word)
    }

    /// A number drawn uniformly from [0, 1), a multiple of 2⁻⁵³.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number drawn from the standard normal distribution, by the Box–Muller transformation: √(−2 ln u) · cos 2πv.
    public mutating func normal() -> Double {
        // 1 − u lies in (0, 1]: its logarithm is finite.
        let u = 1 - uniform()
        let v = uniform()
        return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
    }

    /// The counter of a block of draws; different domains never meet.
    static func counter(_ position: UInt64, domain: UInt32) -> SIMD4<UInt32> {
        SIMD4(UInt32(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: position >> 32), 0, domain)
    }

    /// Ten rounds of Philox on one counter.
    static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (x, key) = (counter, key)
        for _ in 0..<10 {
            let first = UInt64(x[0]) * 0xD251_1F53
            let second = UInt64(x[2]) * 0xCD9E_8D57
            x = SIMD4(
                UInt32(truncatingIfNeeded: second >> 32) ^ x[1] ^ key[0], UInt32(truncatingIfNeeded: second),
                UInt32(truncatingIfNeeded: first >> 32) ^ x[3] ^ key[1], UInt32(truncatingIfNeeded: first))
            key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return x
    }
}

extension SIMD2<UInt32> {
    fileprivate var word: UInt64 { UInt64(self[1]) << 32 | UInt64(self[0]) }
}

extension Tensor {
    /// Numbers drawn uniformly from a half-open range, whose bounds the element type must be able to hold.
    public static func uniform(
        in range: Range<Double> = 0..<1, shape: Shape, elementType: ElementType = .float64,
        using random: inout RandomGenerator
    ) -> Tensor {
        let (lower, upper) = (range.lowerBound, range.upperBound)
        let nearest = elementType.rounded(lower)
        // The least number of the type in the range.
        let least = nearest < lower ? Double(Float(nearest).nextUp) : nearest
        guard elementType.isFloat, least < upper, nearest.isFinite, elementType.rounded(upper).isFinite else {
            return TensorError("uniform", "the range \(range) holds no numbers of type \(elementType.abbreviation)")
                .raise()
        }
        // The width of a range may be too large a number where half of it is none.
        let scale: Double = (upper - lower).isFinite ? 1 : 2
        let (start, width) = (lower / scale, upper / scale - lower / scale)
        return Tensor(shape, elementType) { _ in
            // Rounding can leave the range at either end: such a number, at most every second one, is drawn again.
            while true {
                let number = elementType.rounded(scale * (start + width * random.uniform()))
                if range.contains(number) { return number }
            }
        }
    }

    /// Numbers of a float type drawn from a normal distribution.
    public static func normal(
        mean: Double = 0, standardDeviation: Double = 1, shape: Shape, elementType: ElementType = .float64,
        using random: inout RandomGenerator
    ) -> Tensor {
        guard elementType.isFloat else {
            return TensorError("normal", "there are no normal numbers of type \(elementType.abbreviation)").raise()
        }
        return Tensor(shape, elementType) { _ in mean + standardDeviation * random.normal() }
    }

    /// Indices drawn uniformly from a range, which must not be empty.
    public static func integers(in range: Range<Int>, shape: Shape, using random: inout RandomGenerator) -> Tensor {
        guard !range.isEmpty else { return TensorError("integers", "the range \(range) is empty").raise() }
        // So many indices that memory cannot hold them are an error.
        let none = Tensor(repeating: 0, shape: shape, elementType: .int64)
        return Tensor(indices: none.indices.map { _ in Int.random(in: range, using: &random) }, shape: shape)
    }

    /// The indices 0 ..< `count` in random order.
    public static func permutation(of count: Int, using random: inout RandomGenerator) -> Tensor {
        guard count >= 0 else { return TensorError("permutation", "of \(count) elements there is none").raise() }
        return Tensor(indices: Tensor(0..<count, elementType: .int64).indices.shuffled(using: &random))
    }
}

extension Tensor.ElementType {
    /// A number as this float type holds it.
    fileprivate func rounded(_ number: Double) -> Double { self == .float32 ? Double(Float(number)) : number }
}

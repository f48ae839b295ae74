import CKernels

/// A counter-based generator of random numbers: Philox4x32-10.
///
/// The n-th draw is a fixed function of the seed and of n: one number or a tensor of any shape counts as one draw, and the
/// i-th element does not depend on how many there are. So one seed gives the same bits everywhere (the last digits of normal
/// numbers, which pass through elementary functions, may differ from machine to machine). A generator is a value that is
/// passed explicitly; ``split()`` makes an independent one for another part of the program, so that what one part draws does
/// not depend on how much another has drawn.
///
/// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public struct RandomGenerator: RandomNumberGenerator, Sendable, Hashable {
    private let key: UInt64
    /// How many draws there were.
    private var drawn: UInt64 = 0
    /// How many generators were split off.
    private var children: UInt64 = 0

    /// The generator of a seed.
    public init(seed: UInt64) { key = seed }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 { draw(ck_draw(), [], .int64).bits }

    /// An independent generator; each call gives another one. What this generator draws afterwards stays the same.
    public mutating func split() -> RandomGenerator {
        var branch = self
        // Numbers of draws do not reach this far.
        branch.drawn = children | 1 << 56
        children += 1
        return RandomGenerator(seed: branch.next())
    }

    /// A number drawn uniformly from [0, 1), a multiple of 2⁻⁵³.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number drawn from the standard normal distribution.
    public mutating func normal() -> Double { Tensor.normal(shape: [], using: &self).scalar }

    /// The elements of the next draw.
    fileprivate mutating func draw(
        _ draw: ck_draw, _ shape: Tensor.Shape, _ elementType: Tensor.ElementType
    ) -> Tensor {
        var draw = draw
        (draw.key, draw.number) = (key, drawn)
        drawn += 1
        return Tensor(shape, elementType) { ck_random(&draw, ck_type(elementType), shape.elementCount, $0) }
    }
}

extension Tensor {
    /// Numbers drawn uniformly from a half-open range, whose bounds the element type must be able to hold.
    public static func uniform(
        in range: Range<Double> = 0..<1, shape: Shape, elementType: ElementType = .float64,
        using random: inout RandomGenerator
    ) -> Tensor {
        let ends = (elementType.rounded(range.lowerBound), elementType.rounded(range.upperBound))
        var draw = ck_draw()
        (draw.distribution, draw.first, draw.second) = (CK_UNIFORM, range.lowerBound, range.upperBound)
        // The least and the greatest number of the type in the range.
        draw.least = ends.0 < draw.first ? Double(Float(ends.0).nextUp) : ends.0
        draw.greatest = elementType == .float32 ? Double(Float(ends.1).nextDown) : ends.1.nextDown
        if ends.1 < draw.second { draw.greatest = ends.1 }
        guard elementType.isFloat, draw.least <= draw.greatest, ends.0.isFinite, ends.1.isFinite else {
            return TensorError("uniform", "the range \(range) holds no numbers of type \(elementType.abbreviation)")
                .raise()
        }
        return random.draw(draw, shape, elementType)
    }

    /// Numbers of a float type drawn from a normal distribution.
    public static func normal(
        mean: Double = 0, standardDeviation: Double = 1, shape: Shape, elementType: ElementType = .float64,
        using random: inout RandomGenerator
    ) -> Tensor {
        guard elementType.isFloat else {
            return TensorError("normal", "there are no normal numbers of type \(elementType.abbreviation)").raise()
        }
        var draw = ck_draw()
        (draw.distribution, draw.first, draw.second) = (CK_NORMAL, mean, standardDeviation)
        return random.draw(draw, shape, elementType)
    }

    /// Indices drawn uniformly from a range, which must not be empty.
    public static func integers(in range: Range<Int>, shape: Shape, using random: inout RandomGenerator) -> Tensor {
        guard !range.isEmpty else { return TensorError("integers", "the range \(range) is empty").raise() }
        var draw = ck_draw()
        (draw.distribution, draw.lower) = (CK_INTEGERS, Int64(range.lowerBound))
        draw.width = UInt64(bitPattern: Int64(range.upperBound &- range.lowerBound))
        return random.draw(draw, shape, .int64)
    }

    /// The indices 0 ..< `count` in random order.
    public static func permutation(of count: Int, using random: inout RandomGenerator) -> Tensor {
        guard count >= 0 else { return TensorError("permutation", "of \(count) elements there is none").raise() }
        var draw = ck_draw()
        draw.distribution = CK_PERMUTATION
        return random.draw(draw, [count], .int64)
    }
}

extension Tensor.ElementType {
    /// A number as this float type holds it.
    fileprivate func rounded(_ number: Double) -> Double { self == .float32 ? Double(Float(number)) : number }
}

import CKernels

/// A counter-based generator of random numbers: Philox4x32-10.
///
/// The n-th draw is a fixed function of the key and of n: one number, a tensor of any shape or a generator that is split off
/// counts as one draw, and the i-th element does not depend on how many there are. So one seed gives the same bits everywhere
/// (the last digits of normal numbers, which pass through elementary functions, may differ from machine to machine). A generator
/// is a value that is passed explicitly, and goes on from its key and counter; ``split()`` makes an independent one for another
/// part of the program, so that what one part draws does not depend on how much another has drawn.
///
/// A program takes the generator as an argument and gives it back, see ``Program/init(at:using:of:)``: each replay draws anew. A
/// model that draws while it is trained keeps one as its state. To draw tensors from one that is a constant of a program is an
/// error. Numbers of Swift's, such as ``next()``, are what they were when the program was recorded; where the generator is its
/// argument, a recording is valid for that key and counter alone.
///
/// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public struct RandomGenerator: RandomNumberGenerator, Sendable, Equatable {
    /// What the generator's draws are named by, and how many there were: single numbers of type `.int64`.
    public private(set) var key, counter: Tensor

    /// The generator of a seed.
    public init(seed: UInt64) { (key, counter) = (.word(seed), .word(0)) }

    /// The generator that goes on behind another one.
    public init(key: Tensor, counter: Tensor) {
        (self.key, self.counter) = (key, counter)
        if [key, counter].allSatisfy({ $0.isFailed || $0.kind == Primitive.Result([], .int64) }) { return }
        self.key = TensorError(
            "RandomGenerator", "a key and a counter are single numbers of type i64", of: [key, counter]
        ).raise()
        self.counter = self.key
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 { bits(CK_WORDS, CK_INT64) }

    private mutating func bits(_ distribution: ck_distribution, _ type: ck_type) -> UInt64 {
        var (draw, bits) = (ck_draw(), UInt64(0))
        (draw.key, draw.number, draw.distribution, draw.second) = (key.word, counter.word, distribution, 1)
        count()
        ck_random(&draw, type, 1, &bits)
        return bits
    }

    /// An independent generator, whose key is drawn.
    public mutating func split() -> RandomGenerator {
        RandomGenerator(key: .integers(in: .min ..< .max, shape: [], using: &self), counter: .word(0))
    }

    /// A number drawn uniformly from [0, 1), a multiple of 2⁻⁵³.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number drawn from the standard normal distribution.
    public mutating func normal() -> Double { Double(bitPattern: bits(CK_NORMAL, CK_FLOAT64)) }

    private mutating func count() {
        counter = counter.isOnCurrentTape ? Primitive.increment(counter) : .word(counter.bits &+ 1)
    }

    /// The elements of the next draw.
    fileprivate mutating func draw(_ primitive: Primitive, _ attributes: Primitive.Attributes) -> Tensor {
        if Tape.current?.notes != nil, !key.isOnCurrentTape, !counter.isOnCurrentTape {
            return TensorError(
                primitive.name,
                "the generator is a constant of the program that is recorded: each replay would draw the same",
                of: [key, counter],
                advice:
                    "Make the generator an argument of the program, or a `RandomState` of the model that a step trains."
            ).raise()
        }
        let drawn = primitive([key, counter], attributes: attributes)
        if !drawn.isFailed { count() }
        return drawn
    }
}

extension Tensor {
    fileprivate static func word(_ bits: UInt64) -> Tensor { Tensor(storage: nil, bits: bits, elementType: .int64) }

    /// The bits of a single number; where a program is recorded, it is valid for these alone.
    fileprivate var word: UInt64 {
        isOnCurrentTape ? UInt64(bitPattern: Int64(indices.first ?? 0)) : bits
    }

    /// Numbers drawn uniformly from a half-open range, whose bounds the element type must be able to hold.
    public static func uniform(
        in range: Range<Double> = 0..<1, shape: Shape, elementType: ElementType = .float64,
        using random: inout RandomGenerator
    ) -> Tensor {
        let ends: Primitive.Attributes = ["lower": .number(range.lowerBound), "upper": .number(range.upperBound)]
        return random.draw(.uniform, .drawing(shape, ends, type: elementType))
    }

    /// Numbers of a float type drawn from a normal distribution.
    public static func normal(
        mean: Double = 0, standardDeviation: Double = 1, shape: Shape, elementType: ElementType = .float64,
        using random: inout RandomGenerator
    ) -> Tensor {
        let spread: Primitive.Attributes = ["mean": .number(mean), "deviation": .number(standardDeviation)]
        return random.draw(.normal, .drawing(shape, spread, type: elementType))
    }

    /// Indices drawn uniformly from a range, which must not be empty.
    public static func integers(in range: Range<Int>, shape: Shape, using random: inout RandomGenerator) -> Tensor {
        let ends: Primitive.Attributes = ["lower": .integer(range.lowerBound), "upper": .integer(range.upperBound)]
        return random.draw(.integers, .drawing(shape, ends, type: .int64))
    }

    /// The indices 0 ..< `count` in random order.
    public static func permutation(of count: Int, using random: inout RandomGenerator) -> Tensor {
        guard count >= 0 else { return TensorError("permutation", "of \(count) elements there is none").raise() }
        return random.draw(.permutation, .drawing([count], type: .int64))
    }
}

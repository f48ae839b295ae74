import Autograd
import Foundation

/// A function of tensors that is drawn at random: a list of operations, each on results of earlier ones, on arrays of up to five
/// axes and of both float types, with permutations, strides, products, choices, gradients and questions about numbers.
///
/// What it draws follows from its seed and from the answers to what it asks: called again at the same inputs, it is the same.
public struct RandomFunction: Sendable {
    /// What one of its inputs is.
    public struct Kind: Sendable {
        public let shape: Tensor.Shape
        public let elementType: Tensor.ElementType
    }

    private let seed: UInt64
    /// Whether threads share the work.
    private let isLarge: Bool
    /// What it takes.
    public let inputs: [Kind]
    /// Whether it asks for numbers, on which the rest then depends.
    public let asks: Bool
    /// Whether it draws random numbers: its last two inputs are then the key and the counter of the generator.
    public let draws: Bool

    /// The seeds of a test: so many, or as many as the environment asks for by RANDOM_PROGRAMS.
    public static func seeds(_ few: Int) -> Range<Int> {
        0..<(ProcessInfo.processInfo.environment["RANDOM_PROGRAMS"].flatMap { Int($0) } ?? few)
    }

    /// - Parameters:
    ///   - kinds: Further inputs, which come first.
    ///   - isLarge: Whether most arrays have about 50,000 elements.
    public init(seed: Int, taking kinds: [Kind] = [], isLarge: Bool = false) {
        self.seed = UInt64(seed)
        self.isLarge = isLarge
        var draw = Draw(seed: UInt64(seed) ^ 0x5EED)
        asks = draw.chance(3)
        let own = kinds + RandomFunction.kinds(&draw, isLarge: isLarge)
        draws = draw.chance(3)
        inputs = own + (draws ? [Kind](repeating: Kind(shape: [], elementType: .int64), count: 2) : [])
    }

    /// Two to four kinds of tensors of one family: most can be broadcast to the shape of the largest. Some have but a few elements,
    /// others more than a block of them.
    public static func kinds(seed: Int) -> [Kind] {
        var draw = Draw(seed: UInt64(seed) ^ 0xF00D)
        return kinds(&draw)
    }

    private static func kinds(_ draw: inout Draw, isLarge: Bool = false) -> [Kind] {
        let rank = isLarge ? 1 + draw.below(4) : draw.below(6)
        var lengths = (0..<rank).map { _ in [1, 2, 2, 3, 3, 4, 5][draw.below(7)] }
        if rank > 0, draw.chance(3) { lengths[draw.below(rank)] = [17, 40, rank < 4 ? 600 : 30][draw.below(3)] }
        if isLarge { lengths[draw.below(rank)] = 50_000 / lengths.reduce(1, *) }
        let types: [Tensor.ElementType] = [[.float64], [.float64], [.float32], [.float64, .float32]][draw.below(4)]
        return (0...draw.below(3) + 1).map { position in
            var own = lengths
            if position > 0 {
                own.removeFirst(draw.below(rank + 1))
                for axis in own.indices where draw.chance(4) { own[axis] = 1 }
                if draw.chance(4) { own.reverse() }
                if draw.chance(6) { own = [] }
            }
            return Kind(shape: Tensor.Shape(own), elementType: types[draw.below(types.count)])
        }
    }

    /// Inputs: numbers between −2 and 2, now and then with zeros of both signs, infinities and NaN among them, and lying in
    /// memory in some other way than side by side.
    public static func values(of kinds: [Kind], using random: inout RandomGenerator) -> [Tensor] {
        var draw = Draw(seed: random.next())
        let isSpecial = draw.chance(4)
        return kinds.map { kind in
            if kind.elementType == .int64 { return .integers(in: .min ..< .max, shape: kind.shape, using: &random) }
            let special = [0, -0.0, 0, -0.0, 1, -1, .infinity, -.infinity, .nan, 1000 * .leastNonzeroMagnitude]
            let numbers = (0..<kind.shape.elementCount).map { _ in
                isSpecial && draw.chance(5) ? special[draw.below(special.count)] : 4 * draw.uniform() - 2
            }
            let x = Tensor(numbers, shape: kind.shape, elementType: kind.elementType)
            guard x.rank > 0, draw.chance(4) else { return x }
            let axes = Array(draw.permutation(of: x.rank))
            let back = axes.indices.map { axes.firstIndex(of: $0)! }
            return (x.transposed(axes: axes) + 0).transposed(axes: back)
        }
    }

    /// The last results, and of most functions the gradient of their sum, of some that of the gradient again.
    public func callAsFunction(_ inputs: [Tensor]) -> [Tensor] {
        var draw = Draw(seed: seed ^ 0xABCD)
        let order = [0, 1, 1, 1, 2][draw.below(5)]
        let generator = inputs.suffix(draws ? 2 : 0)
        let inputs = Array(inputs.dropLast(generator.count))
        let (values, random) = drawing(of: inputs + generator)
        let results = Array(values.suffix(4)) + (random.map { [$0.counter] } ?? [])
        func loss(_ inputs: [Tensor]) -> Tensor { RandomFunction.total(self.values(of: inputs + generator).suffix(4)) }
        if order == 0 { return results }
        let first = gradient(at: inputs, of: loss)
        if order == 1 { return results + first }
        return results + first
            + gradient(at: inputs) { RandomFunction.total(gradient(at: $0, of: loss).map { $0 * $0 }) }
    }

    /// The sum of all elements, in float64.
    public static func total(_ tensors: some Sequence<Tensor>) -> Tensor {
        tensors.reduce(Tensor(0)) { $0 + sum($1).cast(to: .float64) }
    }

    /// All results, with the inputs in front.
    public func values(of inputs: [Tensor]) -> [Tensor] { drawing(of: inputs).values }

    /// All results, and the generator as it is left.
    private func drawing(of inputs: [Tensor]) -> (values: [Tensor], random: RandomGenerator?) {
        var draw = Draw(seed: seed)
        var random = draws ? RandomGenerator(key: inputs[inputs.count - 2], counter: inputs.last!) : nil
        var values = Array(inputs.dropLast(draws ? 2 : 0))
        for _ in 0..<[3, 6, 12, 24][draw.below(4)] {
            let x = draw.element(of: values)
            let y = draw.element(of: values).fitted(to: x)
            let z = draw.element(of: values).fitted(to: x).fitted(to: y)
            let made = made(of: x, y, z, values, &draw, &random)
            if made.elementCount <= (isLarge ? 200_000 : 3000), made.rank <= 6 { values.append(made) }
        }
        return (values, random)
    }
}

// MARK: - Operations

extension RandomFunction {
    /// One result, of three tensors of one type that can be broadcast to one shape.
    private func made(
        of x: Tensor, _ y: Tensor, _ z: Tensor, _ values: [Tensor], _ draw: inout Draw,
        _ random: inout RandomGenerator?
    ) -> Tensor {
        if random != nil, draw.chance(4) { return noise(x, &draw, &random!) }
        return switch draw.below(10) {
        case 0, 1: number(x, &draw)
        case 2, 3, 4: combination(x, y, z, &draw)
        case 5, 6: view(x, &draw)
        case 7: reduction(x, &draw)
        case 8: product(x, values, &draw)
        default: special(x, y, &draw)
        }
    }

    /// With random numbers, drawn now and then from a generator that is split off.
    private func noise(_ x: Tensor, _ draw: inout Draw, _ random: inout RandomGenerator) -> Tensor {
        func drawn(_ random: inout RandomGenerator) -> Tensor {
            switch draw.below(5) {
            case 0: x + .uniform(in: -0.5..<0.25, shape: x.shape, elementType: x.elementType, using: &random)
            case 1:
                x * .normal(mean: 1, standardDeviation: 0.5, shape: x.shape, elementType: x.elementType, using: &random)
            case 2: x - Tensor.integers(in: -2..<3, shape: x.shape, using: &random).cast(to: x.elementType)
            case 3: x + Tensor.permutation(of: 5, using: &random)[3].cast(to: x.elementType) * 0.25
            default: select(.uniform(shape: x.shape, using: &random) .< 0.5, x * 2, stopGradient(x) * 0)
            }
        }
        var child = draw.chance(4) ? random.split() : nil
        return child == nil ? drawn(&random) : drawn(&child!)
    }

    /// A function of single numbers, most of which stay small.
    private func number(_ x: Tensor, _ draw: inout Draw) -> Tensor {
        switch draw.below(16) {
        case 0: tanh(x)
        case 1: sigmoid(x)
        case 2: exp(tanh(x))
        case 3: log(square(x) + 0.5)
        case 4: sqrt(abs(x))
        case 5: sin(x)
        case 6: cos(x * 0.7)
        case 7: -x
        case 8: relu(x)
        case 9: sign(x) * 0.5
        case 10: softplus(x)
        case 11: erf(x)
        case 12: square(x) / (1 + square(x))
        case 13: [x * 1, x / 1, x - 0, x - -0.0, x + -0.0, -0.0 + x, -(-x), x + 0][draw.below(8)]
        case 14: 2.5 - x
        default: x.cast(to: x.elementType == .float64 ? .float32 : .float64)
        }
    }

    private func combination(_ x: Tensor, _ y: Tensor, _ z: Tensor, _ draw: inout Draw) -> Tensor {
        let rate = 0.05 * Double(draw.below(20))
        return switch draw.below(16) {
        case 0: x + y
        case 1: x - y
        case 2: y - x
        case 3: tanh(x * y)
        case 4: x / (1 + square(y))
        case 5: x + -y
        case 6: x - -y
        case 7: max(x, y)
        case 8: min(y, x)
        case 9: x * rate + y
        case 10: x - rate * y
        case 11: x - rate * (y * z)
        case 12: select(x .> y, z, x)
        case 13: select((x .<= 0) .== (y .< 0.5), x * 0.5, z)
        case 14: pow(abs(x) + 0.5, tanh(y))
        default: sigmoid(x * rate + y) * z
        }
    }

    private func view(_ x: Tensor, _ draw: inout Draw) -> Tensor {
        guard x.rank > 0 else { return x.reshaped(to: [1, 1]).broadcast(to: [draw.below(3) + 1, 4]) }
        let axis = draw.below(x.rank)
        switch draw.below(9) {
        case 0: return x.transposed(axes: draw.permutation(of: x.rank))
        case 1: return x.transposed(axes: draw.permutation(of: x.rank)) * 0.5
        case 2: return x.reshaped(to: [x.elementCount])
        case 3:
            let start = draw.below(x.shape[axis])
            return x.sliced(start..., along: axis, step: 1 + draw.below(3))
        case 4: return x.sliced(0..., along: axis, step: 2)
        case 5: return x[draw.below(x.shape[0])]
        case 6:
            // Two neighbouring axes become one, or an axis of length 1 is put between.
            var lengths = Array(x.shape)
            if x.rank > 1, axis > 0, draw.chance(2) {
                lengths[axis - 1] *= lengths.remove(at: axis)
            } else {
                lengths.insert(1, at: axis)
            }
            return x.reshaped(to: Tensor.Shape(lengths))
        case 7:
            // What has length 1 repeats, or all does along a new axis.
            var lengths = x.shape.map { $0 == 1 ? 3 : $0 }
            if draw.chance(2) { lengths.insert(2, at: 0) }
            return x.broadcast(to: Tensor.Shape(lengths))
        default: return x.rank > 1 ? x.transposed() : x.reshaped(to: [x.elementCount, 1])
        }
    }

    private func reduction(_ x: Tensor, _ draw: inout Draw) -> Tensor {
        guard x.rank > 0 else { return x + 1 }
        let keeps = draw.chance(2)
        let axes = Array(draw.permutation(of: x.rank).prefix(1 + draw.below(x.rank)))
        switch draw.below(8) {
        case 0: return tanh(sum(x))
        case 1: return mean(x, along: axes, keepDimensions: keeps)
        case 2: return max(x, along: axes, keepDimensions: keeps)
        case 3: return x - max(x, along: axes, keepDimensions: true)
        case 4: return softmax(x, along: axes[0])
        case 5: return logSumExp(x, along: axes, keepDimensions: keeps)
        case 6: return x * 0.5 + mean(x, along: axes, keepDimensions: true)
        default: return tanh(sum(x, along: axes, keepDimensions: keeps))
        }
    }

    /// A matrix product, of vectors, matrices or batches.
    private func product(_ x: Tensor, _ values: [Tensor], _ draw: inout Draw) -> Tensor {
        guard x.rank > 0 else { return x * x }
        let others = values.filter { other in
            other.rank > 0 && other.elementType == x.elementType && x.elementCount * other.elementCount < 20_000
                && other.shape[Swift.max(other.rank - 2, 0)] == x.shape.last
                && (other.rank <= 2 || x.rank > 2) && other.shape.dropLast(2).elementsEqual(x.shape.dropLast(2))
        }
        let isSmall = x.rank > 1 && x.shape[x.rank - 2] < 50 && x.shape.last! < 50
        switch draw.below(4) {
        case 0 where !others.isEmpty: return tanh(matmul(x, draw.element(of: others)))
        case 1 where x.rank == 1 && x.elementCount < 50: return tanh(outer(x, x * 0.5))
        case 2 where isSmall: return matmul(x.transposed(), x) * 0.1
        case 3 where isSmall && x.rank > 2:
            // Of operands with axes in another order, and the result too.
            let axes = [1, 0] + Array(2..<x.rank)
            let y = x.transposed(axes: axes)
            return matmul(y, y.transposed()).transposed(axes: axes) * 0.1
        default:
            let flat = x.reshaped(to: [x.elementCount])
            return isSmall ? tanh(matmul(x, x.transposed())) : tanh(dot(flat, flat))
        }
    }

    /// What a program has to treat with care: questions, cut gradients, gradients inside.
    private func special(_ x: Tensor, _ y: Tensor, _ draw: inout Draw) -> Tensor {
        switch draw.below(8) {
        case 0: return stopGradient(x) * 0.5 + x
        case 1: return x * 0.5 + withoutRecording { tanh(x) }
        case 2: return x - x.detached * 0.5
        case 3: return gradient(at: x) { sum(tanh($0) * $0) }
        case 4: return (x .> 0).cast(to: x.elementType) - y * 0.25
        case 5 where asks: return sum(x).cast(to: .float64) < 1 ? x * 0.5 : tanh(x + 0.5)
        case 6 where asks:
            // How many are positive, of a few.
            let few = x.reshaped(to: [x.elementCount]).sliced(0..<Swift.min(2, x.elementCount), along: 0)
            let count = sum((few .> 0).cast(to: .float64)).scalar
            return count > 1 ? x + count : tanh(x) * (count - 0.5)
        case 7 where asks: return min(x.reshaped(to: [x.elementCount]), 0).numbers.allSatisfy { $0 == 0 } ? x : x * 0.75
        default: return exp(-square(x)) - 0.25
        }
    }
}

// MARK: - Drawing

/// Random choices.
public struct Draw {
    private var random: RandomGenerator

    public init(seed: UInt64) { random = RandomGenerator(seed: seed) }

    /// A number from 0 to below `bound`.
    public mutating func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
    /// True once in `count` times.
    public mutating func chance(_ count: Int) -> Bool { below(count) == 0 }
    mutating func uniform() -> Double { random.uniform() }
    public mutating func element(of values: [Tensor]) -> Tensor { values[below(values.count)] }
    mutating func permutation(of count: Int) -> [Int] { (0..<count).shuffled(using: &random) }
}

extension Tensor {
    /// This in the type of another, and in a shape that can be broadcast with it: its own where it can, else its mean.
    public func fitted(to other: Tensor) -> Tensor {
        let same = elementType == other.elementType ? self : cast(to: other.elementType)
        let shared = zip(shape.reversed(), other.shape.reversed()).allSatisfy { $0 == $1 || $0 == 1 || $1 == 1 }
        return shared ? same : mean(same)
    }
}

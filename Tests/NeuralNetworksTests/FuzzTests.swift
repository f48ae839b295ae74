import Foundation
import Testing

@testable import Autograd
@testable import NeuralNetworks

/// Throws operands of all shapes and types at everything that takes tensors, inside ``Tensor/checked(_:)``: whatever they are,
/// the process lives, a failed call throws a ``TensorError``, and what follows is right.
///
/// Calls and seed are those of the environment variables `FUZZ_CALLS` and `FUZZ_SEED`, so that any run can be had again.
@Suite struct `Whatever the operands` {
    @Test func `a checked call returns or throws`() throws {
        let environment = ProcessInfo.processInfo.environment
        var fuzz = Fuzz(seed: environment["FUZZ_SEED"].flatMap(UInt64.init) ?? 1)
        let calls = environment["FUZZ_CALLS"].flatMap(Int.init) ?? 2000
        for call in 1...calls {
            fuzz.call()
            if call.isMultiple(of: 100) { try expectThatAllWorks() }
        }
        // Most are mistakes, but not nearly all.
        #expect(fuzz.returned > calls / 5 && fuzz.thrown > calls / 5, "\(fuzz.returned) returned, \(fuzz.thrown) threw")
        #expect(fuzz.wrong == [])
    }

    private func expectThatAllWorks() throws {
        let x = Tensor([[1, 2], [3, 4]])
        #expect(gradient(at: x) { x in sum(x * x) } == 2 * x)
        #expect(try Tensor.checked { matmul(x, x).numbers } == [7, 10, 15, 22])
        #expect(Program(at: x) { x in sum(x[0], along: 0) }(x + 1).scalar == 5)
        #expect(Threads.count >= 1)
    }
}

private struct Fuzz {
    var random: RandomGenerator
    /// What the calls choose their operands from.
    var pool: [Tensor] = []
    var returned = 0
    var thrown = 0
    var wrong: [String] = []

    init(seed: UInt64) { random = RandomGenerator(seed: seed) }

    /// One call.
    mutating func call() {
        let pool = self.pool
        if pool.count > 60 { self.pool.remove(at: below(pool.count)) }
        do {
            let results = try Tensor.checked { any() }
            returned += 1
            if results.contains(where: \.isFailed) { wrong.append("a failed tensor was returned: \(pool)") }
            self.pool += results.filter { $0.elementCount < 1 << 16 || $0.elementCount > 1 << 40 }.prefix(2)
            // To print never fails.
            _ = "\(results)"
        } catch is TensorError {
            thrown += 1
        } catch {
            wrong.append("\(error)")
        }
    }

    // MARK: Operands

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
    mutating func chance(_ n: Int) -> Bool { below(n) == 0 }

    /// A length, a position or an axis: mostly small, sometimes so large that no memory holds it, or negative.
    mutating func integer() -> Int {
        switch below(24) {
        case 0:
            [1 << 42, 1 << 50, 1 << 58, 1 << 59, .max / 16, .max / 2, .max - 1, .max].randomElement(using: &random)!
        case 1: [-1, -2, -9, .min, .min + 1].randomElement(using: &random)!
        default: [0, 1, 1, 2, 2, 3, 4].randomElement(using: &random)!
        }
    }

    mutating func integers(_ count: Int? = nil) -> [Int] {
        let count = count ?? (chance(12) ? below(10) : below(5))
        return (0..<count).map { _ in integer() }
    }

    mutating func number() -> Double {
        [0, -0.0, 1, -1, 0.5, 2, 1e300, -1e308, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, 3, 1e10]
            .randomElement(using: &random)!
    }

    mutating func type() -> Tensor.ElementType {
        chance(3) ? Tensor.ElementType.allCases.randomElement(using: &random)! : .float64
    }

    mutating func tensor() -> Tensor {
        if !pool.isEmpty, !chance(3) { return pool.randomElement(using: &random)! }
        let lengths = (0..<below(chance(8) ? 9 : 4)).map { _ in below(chance(6) ? 1 : 4) }
        let shape = Tensor.Shape(lengths)
        let numbers = (0..<shape.elementCount).map { _ in Double(below(5)) - 1 }
        var tensor = Tensor(numbers, shape: shape, elementType: type())
        if chance(8) { tensor = tensor.broadcast(to: Tensor.Shape([1 << 42] + tensor.shape.map { $0 })) }
        return chance(6) && tensor.rank > 1 ? tensor.transposed() : tensor
    }

    /// Another operand, of the same shape as often as not.
    mutating func tensor(like x: Tensor) -> Tensor {
        if chance(2) || x.elementCount > 1 << 20 { return tensor() }
        return Tensor(
            (0..<x.elementCount).map { _ in Double(below(5)) - 1 }, shape: x.shape, elementType: x.elementType)
    }

    /// Mostly one of a tensor's.
    mutating func axis(of x: Tensor) -> Int { chance(4) ? integer() : below(max(x.rank, 1)) }

    mutating func attributes(of primitive: Primitive) -> Primitive.Attributes {
        if let sample = primitive.samples.randomElement(using: &random), chance(2) { return sample.attributes }
        let rank = below(4)
        let (axes, shape, starts) = (integers(chance(2) ? rank : nil), integers(rank), integers(rank))
        return switch below(8) {
        case 0: .none
        case 1: ["axes": .integers(axes), "keepDimensions": .flag(chance(2))]
        case 2: ["shape": .integers(shape)]
        case 3: ["starts": .integers(starts), "counts": .integers(shape), "steps": .integers(integers(rank))]
        case 4: ["starts": .integers(starts), "steps": .integers(integers(rank)), "shape": .integers(shape)]
        case 5:
            [
                "shape": .integers(shape), "type": .elementType(type()), "lower": .number(number()),
                "upper": .number(number()),
            ]
        case 6:
            [
                "shape": .integers(shape), "type": .elementType(type()), "lower": .integer(integer()),
                "upper": .integer(integer()),
            ]
        default: ["to": .elementType(type())]
        }
    }

    mutating func index() -> any TensorIndex {
        let (a, b) = (integer(), integer())
        switch below(8) {
        case 0: return min(a, b)..<max(a, b)
        case 1: return min(a, b)...max(a, b)
        case 2: return a...
        case 3: return ..<a
        case 4: return ...a
        default: return a
        }
    }

    // MARK: Calls

    mutating func any() -> [Tensor] {
        switch below(12) {
        case 0...2: [primitive()]
        case 3...6:
            {
                let x = tensor()
                return [function(x, tensor(like: x))]
            }()
        case 7: [made()]
        case 8: derivative()
        case 9: program()
        case 10: [network()]
        default: read([tensor(), tensor()])
        }
    }

    mutating func primitive() -> Tensor {
        let primitive = Primitive.catalogue.randomElement(using: &random)!
        if primitive.operandCount == 2, chance(4) {
            let words = (0..<2).map { _ in Tensor(indices: [integer()], shape: []) }
            return primitive(words, attributes: attributes(of: primitive))
        }
        let count = chance(20) ? below(5) : primitive.operandCount ?? below(5)
        let first = tensor()
        let operands = (0..<count).map { _ in chance(3) ? tensor(like: first) : first }
        let attributes = attributes(of: primitive)
        return chance(4) ? primitive(operands, attributes: attributes) : primitive.applied(operands, attributes)
    }

    mutating func function(_ x: Tensor, _ y: Tensor) -> Tensor {
        let (axis, axes, keep) = (axis(of: x), chance(2) ? [axis(of: x)] : integers(), chance(2))
        switch below(50) {
        case 0...2: return matmul(x, y)
        case 3: return dot(x, y)
        case 4...5: return outer(x, y)
        case 6: return sum(x, along: axes, keepDimensions: keep)
        case 7: return mean(x, along: axes, keepDimensions: keep)
        case 8: return max(x, along: axes, keepDimensions: keep)
        case 9: return min(x, along: axis, keepDimensions: keep)
        case 10: return logSumExp(x, along: axes, keepDimensions: keep)
        case 11: return softmax(x, along: axis) + logSoftmax(x, along: axis)
        case 12: return mean(x) - min(x) + sum(x) * max(x)
        case 13: return pow(x, y)
        case 14: return max(x, y) + min(x, number())
        case 15: return select(x .< y, x, y)
        case 16: return (x .== y) .& .!(x .>= y) .| (x .!= 1) .^ (y .<= x)
        case 17: return x .& y
        case 18...20: return x[index()]
        case 21: return x[index(), index()]
        case 22: return x[..., index(), index()]
        case 23: return x.sliced(1..., along: axis, step: integer())
        case 24: return x.sliced(min(axis, 3)..<max(axis, 3), along: axes.first ?? 0, step: max(1, integer()))
        case 25: return x.sliced(...axis, along: 0)
        case 26: return x.reshaped(to: axes)
        case 27: return x.reshaped(to: [axis, -1])
        case 28: return x.reshaped(to: y.shape)
        case 29...30: return x.broadcast(to: Tensor.Shape(axes + x.shape.suffix(below(4))))
        case 31: return x.broadcast(to: y.shape)
        case 32: return x.transposed(axes: axes)
        case 33: return x.transposed()
        case 34: return x.cast(to: type())
        case 35: return stopGradient(exp(x)) + y.detached
        case 36: return x + y * number() - x / y
        case 37: return sigmoid(-x) + square(tanh(y))
        case 38: return Tensor(x < y || x >= 2 || x.shape[axis] == 3)
        case 39: return halfSquaredError(x, y, reduction: keep ? .mean : .unreduced)
        case 40: return binaryCrossEntropy(logits: x, y, reduction: keep ? .sum : .mean)
        case 41: return softmaxCrossEntropy(logits: x, y)
        case 42: return meanSquaredError(x, y, reduction: .sum)
        case 43: return Threads.with(count: integer()) { matmul(x, y) }
        case 44: return x + Double(x.text.utf8.count)
        case 45: return x * x.scalar
        case 46: return y * (x.numbers.first ?? 7) + Tensor(x.floats.reduce(0, +) < 3)
        case 47: return x == y ? x : x + 1
        case 48: return y * x.withUnsafeElements { bytes in bytes.reduce(0) { $0 + Double($1) } }
        default: return Tape.record { tape in exp(tape.variable(x) + tape.variable(y)) }.result
        }
    }

    mutating func made() -> Tensor {
        let (lengths, type, integer) = (integers(), type(), integer())
        let shape = Tensor.Shape(lengths)
        let (a, b) = (number(), number())
        let bounds = (a <= b ? a..<b : 0..<1, min(integer, 2)..<max(integer, 2))
        switch below(16) {
        case 0: return Tensor(repeating: a, shape: shape, elementType: type)
        case 1: return Tensor([a, b, 1, 2], shape: shape, elementType: type)
        case 2: return Tensor([Float(a), 2] as [Float], shape: shape, elementType: type)
        case 3: return Tensor([UInt8](repeating: 7, count: max(0, min(integer, 9))), shape: shape, elementType: type)
        case 4: return Tensor(bounds.1, elementType: type)
        case 5: return Tensor(Int.min..<integer, elementType: type) + Tensor(min(integer, 2)...max(integer, 2))
        case 6: return Tensor(from: a, through: b, count: integer, elementType: type)
        case 7: return Tensor(indices: lengths, shape: shape)
        case 8: return [1.0, 2, 3].withUnsafeBytes { Tensor(bytes: $0, shape: shape, elementType: type) }
        case 9: return Tensor([[a, b], chance(2) ? [a] : [b, a]], elementType: type)
        case 10: return .uniform(in: bounds.0, shape: shape, elementType: type, using: &random)
        case 11: return .normal(mean: a, standardDeviation: b, shape: shape, elementType: type, using: &random)
        case 12: return .integers(in: bounds.1, shape: shape, using: &random)
        case 13: return .permutation(of: integer, using: &random)
        case 14: return Tensor([true, false], shape: shape)
        default: return Tensor(a, elementType: type)
        }
    }

    /// A function that is the same whenever it is called.
    mutating func fixed(_ y: Tensor) -> @Sendable (Tensor) -> Tensor {
        let copy = self
        return { x in
            var copy = copy
            return copy.chance(3) ? copy.function(x, y) : copy.function(copy.function(x, y), x)
        }
    }

    mutating func derivative() -> [Tensor] {
        let (x, kind) = (tensor(), below(5))
        let y = tensor(like: x)
        let function = fixed(y)
        defer { _ = random.next() }
        switch kind {
        case 0: return [gradient(at: x) { sum(function($0)) }]
        case 1: return gradient(at: [x, y]) { sum(function($0[0]) * function($0[1])) }
        case 2: return [vectorJacobianProduct(at: x, cotangent: y, of: function)]
        case 3: return [gradient(at: x) { x in sum(gradient(at: x) { sum(function($0)) }) }]
        default:
            guard x.elementCount < 20 else { return [] }
            _ = checkGradients(at: [x], mode: .randomDirections(1)) { function($0[0]) }
            return []
        }
    }

    /// A program answers as the function itself.
    mutating func program() -> [Tensor] {
        let (x, y) = (tensor(), tensor())
        let (other, function) = (tensor(like: x), fixed(y))
        defer { _ = random.next() }
        let program = Program(at: x, of: function)
        for input in [x, other, x] {
            let eager = try? Tensor.checked { function(input) }
            let replayed = try? Tensor.checked { program(input) }
            if eager?.typeDescription != replayed?.typeDescription || eager?.text != replayed?.text {
                wrong.append("\(eager as Any) became \(replayed as Any) in \(program)")
            }
        }
        return [program(other)]
    }

    mutating func network() -> Tensor {
        let x = tensor()
        let y = tensor(like: x)
        switch below(4) {
        case 0: return Dense(inputs: integer(), outputs: integer(), elementType: type(), using: &random)(x)
        case 1: return Dense(weight: Parameter(x), bias: chance(2) ? Parameter(y) : nil)(tensor())
        case 2:
            let parameter = Parameter(x)
            parameter.value = y
            return parameter.value
        default:
            let network = Dense(weight: Parameter(tensor()), bias: chance(2) ? Parameter(tensor()) : nil)
            network.weight.isTrainable = !chance(8)
            let step = TrainingStep(network, SGD(learningRate: chance(4) ? number() : 0.1)) { model, x, y in
                halfSquaredError(model(x), y)
            }
            return Tensor([step(x, y), step(y, x), step(x, y)])
        }
    }

    /// All ways to learn the numbers.
    @discardableResult
    mutating func read(_ tensors: [Tensor]) -> [Tensor] {
        guard let x = tensors.first else { return [] }
        let y = tensors.last!
        _ = (
            "\(x)", x.debugDescription, Mirror(reflecting: x).children.map(\.label), x == y,
            x.isApproximatelyEqual(to: y)
        )
        switch below(7) {
        case 0: return [Tensor(x.numbers)]
        case 1: return [Tensor(x.floats)]
        case 2: return [Tensor(indices: x.indices)]
        case 3: return [Tensor(x.conditions)]
        case 4: return [Tensor(x.rows)]
        case 5: return [Tensor(x.scalar)]
        default: return [Tensor(x.withUnsafeElements { bytes in bytes.reduce(0) { $0 + Double($1) } })]
        }
    }
}

extension Tensor {
    /// The description, without the sign of a NaN, which is no promise, and the spaces that it makes necessary.
    fileprivate var text: String { "\(self)".replacing("-nan", with: "nan").replacing(" ", with: "") }
}

extension Primitive {
    /// By the forms for one, two and three operands.
    fileprivate func applied(_ operands: [Tensor], _ attributes: Attributes) -> Tensor {
        switch operands.count {
        case 1: attributes.isEmpty ? self(operands[0]) : self(operands[0], attributes: attributes)
        case 2:
            attributes.isEmpty ? self(operands[0], operands[1]) : self(operands[0], operands[1], attributes: attributes)
        case 3: self(operands[0], operands[1], operands[2], attributes: attributes)
        default: self(operands, attributes: attributes)
        }
    }
}

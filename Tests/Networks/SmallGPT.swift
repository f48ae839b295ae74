import Autograd
import NeuralNetworks

/// The small GPT that the field ports everywhere: one block of four heads over 16 letters of a first name, with root mean squares
/// for norms, ReLU, no biases; 4,192 parameters at width 16. See A. Karpathy, "microgpt", 2026.
public struct SmallGPT: Module {
    public static let heads = 4, length = 16, vocabulary = 27

    let tokens, positions: Parameter
    let query, key, value, output, expand, contract, head: Dense
    /// −∞ where a letter would see a later one.
    private let mask: Tensor

    public init(width: Int, elementType: Tensor.ElementType = .float32) {
        var count = 0
        func next(_ rows: Int, _ columns: Int) -> Parameter {
            defer { count += 1 }
            return Parameter(.start(number: count, within: 0.08, [rows, columns]).cast(to: elementType))
        }
        (tokens, positions) = (next(Self.vocabulary, width), next(Self.length, width))
        (query, key) = (Dense(weight: next(width, width)), Dense(weight: next(width, width)))
        (value, output) = (Dense(weight: next(width, width)), Dense(weight: next(width, width)))
        (expand, contract) = (Dense(weight: next(4 * width, width)), Dense(weight: next(width, 4 * width)))
        head = Dense(weight: next(Self.vocabulary, width))
        mask = .causalMask(Self.length, elementType)
    }

    /// The mean of −log p of each next letter, over the letters that count.
    ///
    /// - Parameters:
    ///   - letters: One-hot rows, of shape [batch, length, vocabulary].
    ///   - next: The letter behind each, alike.
    ///   - weights: 1 for a letter of a name, 0 behind its end: [batch, length].
    @Sendable public static func loss(_ model: SmallGPT, _ inputs: [Tensor]) -> Tensor {
        let (letters, next, weights) = (inputs[0], inputs[1], inputs[2])
        let losses = softmaxCrossEntropy(logits: model(letters), next, reduction: .unreduced)
        return sum(losses * weights) / sum(weights)
    }

    func callAsFunction(_ letters: Tensor) -> Tensor {
        var x = normalized(matmul(letters, tokens.value) + positions.value)
        let n = normalized(x)
        x = x + output(attention(query(n), key(n), value(n), heads: Self.heads, mask))
        x = x + contract(relu(expand(normalized(x))))
        return head(x)
    }

    private func normalized(_ x: Tensor) -> Tensor { x / sqrt(mean(square(x), along: -1, keepDimensions: true) + 1e-5) }

    /// The parameters as the reference calls them, in the order in which they begin.
    public var named: [(name: String, parameter: Parameter)] {
        [("wte", tokens), ("wpe", positions)]
            + zip(
                ["wq", "wk", "wv", "wo", "fc1", "fc2", "head"],
                [query, key, value, output, expand, contract, head].map(\.weight)
            ).map { ($0, $1) }
    }
}

/// First names, in batches of 16: 5,163 of them, from the files of the U.S. Census Bureau on the census of
/// 1990, which are in the public domain.
public struct Names: Sendable {
    /// Where they are, a name a line.
    public static let path = String(#filePath.dropLast("SmallGPT.swift".count)) + "names.txt"
    private static let batch = 16
    private let names: [[Int]]

    /// - Parameter text: A name a line.
    public init(text: String) {
        names = text.split(separator: "\n").map { line in
            [26] + line.utf8.filter { $0 > 32 }.map { Int($0) - 97 } + [26]
        }
    }

    /// The letters of the names of a step, those behind them, and which of them count; see ``SmallGPT/loss(_:_:)``.
    public func batch(_ step: Int, elementType: Tensor.ElementType = .float32) -> [Tensor] {
        var (letters, next, weights) = ([Int](), [Int](), [Double]())
        for row in 0..<Self.batch {
            // 7919 has no factor in common with the number of names: each comes once before any comes again.
            let name = names[7919 * ((step * Self.batch + row) % names.count) % names.count]
            for position in 0..<SmallGPT.length {
                let counts = position < name.count - 1
                letters.append(counts ? name[position] : 0)
                next.append(counts ? name[position + 1] : 0)
                weights.append(counts ? 1 : 0)
            }
        }
        let shape: Tensor.Shape = [Self.batch, SmallGPT.length]
        return [
            .oneHot(letters, shape, SmallGPT.vocabulary, elementType),
            .oneHot(next, shape, SmallGPT.vocabulary, elementType),
            Tensor(weights, shape: shape, elementType: elementType),
        ]
    }
}

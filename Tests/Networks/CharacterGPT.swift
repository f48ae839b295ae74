import Autograd
import NeuralNetworks

/// A GPT of four layers and 818,176 parameters over 64 characters out of 65: layer norms, GELU, biases.
public struct CharacterGPT: Module {
    public static let batch = 12, length = 64, vocabulary = 65
    static let width = 128, heads = 4

    struct Norm: Module {
        let gain: Parameter, bias: Parameter

        func callAsFunction(_ x: Tensor) -> Tensor {
            let centred = x - mean(x, along: -1, keepDimensions: true)
            let deviation = sqrt(mean(square(centred), along: -1, keepDimensions: true) + 1e-5)
            return centred / deviation * gain.value + bias.value
        }
    }

    struct Block: Module {
        let attentionNorm: Norm, projections, output: Dense, norm: Norm, expand, contract: Dense

        func callAsFunction(_ x: Tensor, _ mask: Tensor) -> Tensor {
            let all = projections(attentionNorm(x))
            let (q, k, v) = (all[..., 0..<width], all[..., width..<2 * width], all[..., (2 * width)...])
            let x = x + output(attention(q, k, v, heads: heads, mask))
            return x + contract(gelu(expand(norm(x))))
        }
    }

    let tokens, positions: Parameter, blocks: [Block], norm: Norm, head: Dense
    private let mask: Tensor

    public init() {
        var count = 0
        func next(_ shape: Tensor.Shape, filledWith number: Double? = nil) -> Parameter {
            defer { count += 1 }
            let value = number.map { Tensor(repeating: $0, shape: shape) } ?? .start(number: count, within: 0.04, shape)
            return Parameter(value.cast(to: .float32))
        }
        func dense(_ inputs: Int, _ outputs: Int) -> Dense {
            Dense(weight: next([outputs, inputs]), bias: next([outputs], filledWith: 0))
        }
        func norm() -> Norm { Norm(gain: next([width], filledWith: 1), bias: next([width], filledWith: 0)) }
        let width = Self.width
        (tokens, positions) = (next([Self.vocabulary, width]), next([Self.length, width]))
        blocks = (0..<4).map { _ in
            Block(
                attentionNorm: norm(), projections: dense(width, 3 * width), output: dense(width, width), norm: norm(),
                expand: dense(width, 4 * width), contract: dense(4 * width, width))
        }
        self.norm = norm()
        head = Dense(weight: next([Self.vocabulary, width]))
        mask = .causalMask(Self.length, .float32)
    }

    func callAsFunction(_ characters: Tensor) -> Tensor {
        let x = matmul(characters, tokens.value) + positions.value
        return head(norm(blocks.reduce(x) { $1($0, mask) }))
    }

    @Sendable public static func loss(_ model: CharacterGPT, _ inputs: [Tensor]) -> Tensor {
        softmaxCrossEntropy(logits: model(inputs[0]), inputs[1])
    }

    /// Characters and those behind them, one-hot: [batch, length, vocabulary] each.
    public static let text: (characters: Tensor, next: Tensor) = {
        func oneHot(from start: Int) -> Tensor {
            let characters = (0..<batch).flatMap { row in
                (start..<start + length).map { position in
                    let place = row * (length + 1) + position
                    return (7919 * place + place * place) % vocabulary
                }
            }
            return .oneHot(characters, [batch, length], vocabulary, .float32)
        }
        return (oneHot(from: 0), oneHot(from: 1))
    }()
}

/// x Φ(x), for the distribution function Φ of the standard normal distribution.
private func gelu(_ x: Tensor) -> Tensor { 0.5 * x * (1 + erf(x * 0.5.squareRoot())) }

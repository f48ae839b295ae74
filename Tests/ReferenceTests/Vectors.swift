import Autograd
import Foundation

/// One reference vector: a small program over named operations, and what an independent implementation computed for it.
struct Vector: Decodable, Sendable {
    let name: String
    let inputs: [String: Array]
    let program: [Instruction]
    let output: String
    /// f(x)
    let value: Array
    /// v, of the output's shape
    let cotangent: Array
    /// vᵀ J, for every input that carries a gradient
    let gradients: [String: Array]
    /// u, of each such input's shape
    let tangents: [String: Array]
    /// J u
    let jvp: Array
    /// The derivative of the gradients along u
    let hvp: [String: Array]

    struct Array: Decodable, Sendable {
        let shape: [Int], type: String, values: [Double]

        var tensor: Tensor {
            type == "int64"
                ? Tensor(indices: values.map { Int($0) }, shape: Tensor.Shape(shape))
                : Tensor(values, shape: Tensor.Shape(shape))
        }
    }

    struct Instruction: Decodable, Sendable {
        let result: String, operation: String, operands: [String], attributes: Attributes?
    }

    /// All attributes that occur; an operation reads those that it has.
    struct Attributes: Decodable, Sendable {
        var axes: [Int]?, keepDimensions: Bool?, correction: Int?, axis: Int?, shape: [Int]?, permutation: [Int]?
        var widths: [[Int]]?, begin: [Int]?, end: [Int]?, step: [Int]?, equation: String?, approximation: String?
        var negativeSlope: Double?, alpha: Double?, min: Double?, max: Double?, delta: Double?, epsilon: Double?
        var stride: [Int]?, padding: [Int]?, dilation: [Int]?, groups: Int?, kernel: [Int]?
        var causal: Bool?, reduction: String?
    }

    /// The inputs that carry a gradient, in a fixed order.
    var differentiated: [String] { gradients.keys.sorted() }

    /// Runs the program; the differentiated inputs are these.
    func run(_ differentiated: [Tensor], with operations: [String: Operation]) -> Tensor {
        var values = inputs.mapValues(\.tensor)
        for (name, tensor) in zip(self.differentiated, differentiated) { values[name] = tensor }
        for instruction in program {
            let operands = instruction.operands.map { values[$0]! }
            values[instruction.result] = operations[instruction.operation]!(
                operands, instruction.attributes ?? Attributes())
        }
        return values[output]!
    }

    /// The folder of vectors that the environment variable REFERENCE_VECTORS names instead of the bundled one.
    static let otherFolder = ProcessInfo.processInfo.environment["REFERENCE_VECTORS"].map { URL(fileURLWithPath: $0) }
    static let bundledFolder = Documents.folder.appendingPathComponent("vectors")

    /// All vectors of a folder by the name of their file.
    static func all(in folder: URL) throws -> [(file: String, vectors: [Vector])] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
            .sorted { $0.path < $1.path }
            .map { ($0.deletingPathExtension().lastPathComponent, try Documents.read([Vector].self, from: $0)) }
    }
}

/// A function of tensors, recorded once and then replayed: dead and repeated instructions removed, element-wise runs fused,
/// all memory planned, bit for bit the same results.
///
///     let program = Program(at: x) { x in sum(sigmoid(x) * x) }
///     program(y)                  // replayed
///     print(program)              // its instructions
///
/// The function is `@Sendable` and gets everything that changes as an argument, so that a replay cannot go stale: a
/// captured `var` does not compile (language mode 5 only warns). What it learns of numbers while it is recorded, by
/// `if loss < 1` or by `scalar`, becomes a guard; where a guard does not hold, or the inputs have other shapes, the function is
/// recorded again, see ``explanation``. All recordings are kept, as long as they take no more than 256 MB; then those go that
/// were used least recently. A program is pure, and many threads may run it at once.
public final class Program: Sendable {
    private let function: @Sendable ([Tensor]) -> [Tensor]
    private let inputCount: Int
    private let replayer = Replayer()

    /// Records a function of any number of tensors, which returns any number.
    public init(at inputs: [Tensor], of function: @escaping @Sendable ([Tensor]) -> [Tensor]) {
        self.function = function
        inputCount = inputs.count
        _ = replayer.record(inputs, function)
    }

    /// Records a function of one tensor.
    public convenience init(at x: Tensor, of function: @escaping @Sendable (Tensor) -> Tensor) {
        self.init(at: [x]) { [function($0[0])] }
    }

    /// Records a function of two tensors.
    public convenience init(at x: Tensor, _ y: Tensor, of function: @escaping @Sendable (Tensor, Tensor) -> Tensor) {
        self.init(at: [x, y]) { [function($0[0], $0[1])] }
    }

    /// Records a function of three tensors.
    public convenience init(
        at x: Tensor, _ y: Tensor, _ z: Tensor, of function: @escaping @Sendable (Tensor, Tensor, Tensor) -> Tensor
    ) {
        self.init(at: [x, y, z]) { [function($0[0], $0[1], $0[2])] }
    }

    /// Records a function of a tensor that draws random numbers. The program takes the generator and gives it back: each call
    /// draws anew, and the same generator draws the same.
    ///
    ///     let noisy = Program(at: x, using: random) { x, random in x + .normal(shape: x.shape, using: &random) }
    ///     noisy(x, using: &random)
    public convenience init(
        at x: Tensor, using random: RandomGenerator,
        of function: @escaping @Sendable (Tensor, inout RandomGenerator) -> Tensor
    ) {
        self.init(at: [x, random.key, random.counter]) { inputs in
            var random = RandomGenerator(key: inputs[1], counter: inputs[2])
            return [function(inputs[0], &random), random.key, random.counter]
        }
    }

    /// The result of a function that draws random numbers.
    public func callAsFunction(_ x: Tensor, using random: inout RandomGenerator) -> Tensor {
        let outputs = outputs(of: [x, random.key, random.counter])
        if outputs.count == 3 {
            random = RandomGenerator(key: outputs[1], counter: outputs[2])
        } else if !outputs[0].isFailed {
            return TensorError("Program", "the function draws no random numbers", advice: "Call it without `using`.")
                .raise()
        }
        return outputs[0]
    }

    /// The only result of the function at these inputs. Where it has several, ask for ``outputs(of:)``.
    public func callAsFunction(_ inputs: Tensor...) -> Tensor {
        let outputs = outputs(of: inputs)
        guard outputs.count == 1 else {
            return TensorError(
                "Program", "the function has \(outputs.count) results, not one", advice: "Use `outputs(of:)`."
            ).raise()
        }
        return outputs[0]
    }

    /// The results of the function at these inputs.
    public func outputs(of inputs: [Tensor]) -> [Tensor] {
        var outputs: [Tensor] = []
        run(inputs, into: &outputs)
        return outputs
    }

    /// Computes the results of the function at these inputs. Results of an earlier run are written over where they have the
    /// same shapes and nobody else holds them, instead of allocating others.
    public func run(_ inputs: [Tensor], into outputs: inout [Tensor]) {
        guard inputs.count == inputCount else {
            let problem = "the function takes \(inputCount) inputs, not \(inputs.count)"
            outputs = [TensorError("Program", problem, of: inputs).raise()]
            return
        }
        // Inside another recording it is the function that is recorded.
        if Tape.current != nil {
            outputs = function(inputs)
            return
        }
        inputs.withUnsafeBufferPointer { replayer.run($0, into: &outputs, of: function) }
    }

    /// What was recorded, how it was shortened and what memory was planned, and each re-recording with its reason.
    public var explanation: String { replayer.explanation }

    /// The latest recording, without what is dead or repeated; nil where none was made.
    public var graph: Graph? { replayer.graph }

    /// The latest recording as it runs: the step of each instruction (those of one step are fused), and where its value lies.
    public var plan: String { replayer.plan }

    /// Where the time of a replay at these inputs goes, see ``plan``: the share of each step, from at least one run that measures
    /// itself, and more for a fifth of a second. A program that draws takes the generator's key and counter behind its input.
    public func profile(_ inputs: Tensor...) -> String { replayer.profile(inputs) }
}

extension Program: CustomStringConvertible {
    /// The instructions of the latest recording, as a tape prints them.
    public var description: String { replayer.description }
}

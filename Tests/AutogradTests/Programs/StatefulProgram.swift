@testable import Autograd

/// A function of inputs and state that is replayed as a step of training is.
final class StatefulProgram {
    typealias Function = ([Tensor], [Tensor]) -> (value: Tensor, state: [Tensor])

    let state: ProgramState
    let replayer: Replayer
    private let function: Function
    private var outputs: [Tensor] = []

    init(_ state: ProgramState, names: [String?], of function: @escaping Function) {
        (self.state, self.function) = (state, function)
        replayer = Replayer(state, names: names)
    }

    var recordings: Recordings { replayer.recordings.withLock { $0 } }
    var explanation: String { replayer.explanation }
    var description: String { replayer.description }
    var plan: String { replayer.plan }

    func replay(_ x: Tensor, _ y: Tensor, _ number: Double) -> Double? { state.replay(x, y, number) }

    func run(_ inputs: [Tensor]) -> Double {
        inputs.withUnsafeBufferPointer { inputs in
            replayer.run(inputs, into: &outputs) { given in
                let result = function(Array(given.dropLast(state.count)), given.suffix(state.count))
                return [result.value] + result.state
            }
        }
        return outputs[0].scalar
    }
}

extension Memory {
    func run(_ inputs: [Tensor], into outputs: inout [Tensor]) -> Bool {
        inputs.withUnsafeBufferPointer { run($0, into: &outputs) }
    }
}

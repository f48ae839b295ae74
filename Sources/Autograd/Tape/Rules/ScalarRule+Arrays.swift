// The steps of a pullback over whole arrays: one new array instead of one for each step, in blocks that stay in the
// first-level cache. Each step runs the same loop that its instruction would, so the bits are the same.

extension ScalarRule.Steps {
    /// The adjoint of the operand of an instruction whose value is an array; nil where the values do not lie in runs, or
    /// there is nothing to compute.
    func run(_ adjoint: Tensor, _ instruction: Instruction, at index: Int32, on tape: Tape) -> Tensor? {
        guard let source = adjoint.storage, let run = source.run, !steps.isEmpty else { return nil }
        let operandCount = Int(instruction.operandCount)
        return withUnsafeTemporaryAllocation(of: Given.self, capacity: operandCount + 2) { given -> Tensor? in
            given.initialize(repeating: (run, .float64))
            for position in 0...operandCount {
                let isUsed = uses.contains(position < operandCount ? .operand(position) : .result)
                guard isUsed else { continue }
                let value = position < operandCount ? instruction.operand(position) : index
                guard let run = tape.run(of: value) else { return nil }
                given[position + 1] = (run, tape[value].elementType)
            }
            guard let result = Storage.allocate(source.shape, .float64) else { return nil }
            self.run(over: source.count, given, into: result.elements)
            return Tensor(result)
        }
    }

    /// What is in a register from the start: numbers, or conditions, whose elements are smaller.
    private typealias Given = (run: Storage.Run, elementType: Tensor.ElementType)

    private static var blockLength: Int { 256 }

    private func run(over count: Int, _ given: UnsafeMutableBufferPointer<Given>, into result: UnsafeMutableRawPointer)
    {
        let blockLength = min(count, Self.blockLength)
        let words = max(1, blockLength * (steps.count - 1))
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: words) { scratch in
            let scratch = UnsafeMutableRawPointer(scratch.baseAddress!)
            var start = 0
            while start < count {
                let length = min(blockLength, count - start)
                func operand(_ register: UInt8) -> Storage.Run {
                    let register = Int(register)
                    if register < given.count {
                        let (run, type) = given[register]
                        return Storage.Run(start: run.start + start * run.stride * type.size, stride: run.stride)
                    }
                    let constant = register - given.count
                    if constant < constants.count {
                        return Storage.Run(start: constants.baseAddress! + constant, stride: 0)
                    }
                    return Storage.Run(start: scratch + (constant - constants.count) * blockLength * 8, stride: 1)
                }
                for (position, step) in steps.enumerated() {
                    // The last step computes the result itself.
                    let target = position == steps.count - 1 ? result + start * 8 : scratch + position * blockLength * 8
                    step.loop.run(
                        length, operand(step.operands.0), operand(step.operands.1), operand(step.operands.2),
                        into: target, step.operandType)
                }
                start += length
            }
        }
    }
}

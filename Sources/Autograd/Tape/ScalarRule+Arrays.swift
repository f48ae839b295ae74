// The steps of a pullback over whole arrays: one new array instead of one for each step, in blocks that stay in the
// first-level cache. Each step runs the same loop that its instruction would, so the bits are the same.

extension ScalarRule.Steps {
    /// The adjoint of the operand of an instruction whose value is an array; nil where the values do not lie in runs, or
    /// there is nothing to compute.
    func run(_ adjoint: Tensor, _ instruction: Instruction, at index: Int32, on tape: Tape) -> Tensor? {
        guard let source = adjoint.storage, let stride = source.runStride, !steps.isEmpty else { return nil }
        let operandCount = Int(instruction.operandCount)
        return withUnsafeTemporaryAllocation(of: Run.self, capacity: operandCount + 2) { given -> Tensor? in
            given.initialize(repeating: Run(start: UnsafeRawPointer(source.elements), step: stride * 8, stride: stride))
            for position in 0...operandCount {
                let isUsed = uses.contains(position < operandCount ? .operand(position) : .result)
                guard isUsed else { continue }
                let value = position < operandCount ? instruction.operand(position) : index
                guard let run = tape.run(of: value) else { return nil }
                given[position + 1] = Run(
                    start: run.start, step: run.stride * tape[value].elementType.size, stride: run.stride)
            }
            let result = Storage.allocate(source.shape, .float64)
            run(over: source.count, given, into: result.elements)
            return Tensor(result)
        }
    }

    /// Elements at equal distances.
    private struct Run {
        let start: UnsafeRawPointer
        /// The distance in bytes, for a condition is smaller than a number.
        let step: Int
        /// The distance in elements.
        let stride: Int
    }

    private static var blockLength: Int { 256 }

    private func run(over count: Int, _ given: UnsafeMutableBufferPointer<Run>, into result: UnsafeMutableRawPointer) {
        let blockLength = min(count, Self.blockLength)
        let words = max(1, blockLength * (steps.count - 1))
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: words) { scratch in
            let scratch = UnsafeMutableRawPointer(scratch.baseAddress!)
            var start = 0
            while start < count {
                let length = min(blockLength, count - start)
                func operand(_ register: UInt8) -> Run {
                    let register = Int(register)
                    if register < given.count {
                        let run = given[register]
                        return Run(start: run.start + start * run.step, step: run.step, stride: run.stride)
                    }
                    let constant = register - given.count
                    if constant < constants.count {
                        return Run(start: UnsafeRawPointer(constants.baseAddress! + constant), step: 0, stride: 0)
                    }
                    return Run(start: scratch + (constant - constants.count) * blockLength * 8, step: 8, stride: 1)
                }
                for (position, step) in steps.enumerated() {
                    // The last step computes the result itself.
                    let target = position == steps.count - 1 ? result + start * 8 : scratch + position * blockLength * 8
                    let (x, y, z) = (operand(step.operands.0), operand(step.operands.1), operand(step.operands.2))
                    withUnsafePointer(to: (x.start, y.start, z.start)) { addresses in
                        withUnsafePointer(to: (x.stride, y.stride, z.stride)) { strides in
                            step.loop.run(
                                length, UnsafeRawPointer(addresses).assumingMemoryBound(to: UnsafeRawPointer.self),
                                UnsafeRawPointer(strides).assumingMemoryBound(to: Int.self), target, step.operandType)
                        }
                    }
                }
                start += length
            }
        }
    }
}

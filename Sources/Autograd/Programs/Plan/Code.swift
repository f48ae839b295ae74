/// A program made ready to run: its steps, and a plan of the memory they work in. Immutable, and shared by all runs.
///
/// The pieces of memory that a place can name: 0 is the block that belongs to one run, with the state in front; 1 holds the
/// constants; then come the inputs and the outputs, each a piece of its own.
final class Code: Sendable {
    /// The program, to be read.
    let graph: Graph
    /// What each input is, and where it lies: in the block, if its elements are copied there.
    let inputs: [Value]
    /// What each result is; results of rank 0 are read from their place.
    let outputs: [Value]
    /// The values that last from one run to the next, at the front of the block.
    let state: [Value]
    let steps: [Step]
    let guards: [Guard]
    /// How many steps come before the guards are asked. None of the others refuses anything or is read by a guard; they may
    /// write over the state.
    let decision: Int
    private let isRefused: Bool
    /// New state that could not be written in place, and where it goes once the guards hold.
    let commits: [(from: Place, to: Value)]
    /// The elements of constant arrays.
    let constants: Tensor
    /// The constants of regions, which the block has from the start, and where.
    let numbers: (elements: [Double], offset: Int)
    let blockSize: Int
    /// Where the inputs lie in the block, in bytes, if all are single float64 numbers; nil otherwise.
    let inputNumbers: [UInt32]?
    /// The same of the results.
    let outputNumbers: [UInt32]?

    struct Value: Sendable {
        let type: Primitive.Result
        let place: Place
    }

    struct Guard: Sendable {
        let condition: Graph.Guard.Condition
        let value: Value
    }

    /// What one step does; the larger ones behind a reference, so that none is copied to be run.
    enum Step: Sendable {
        /// Element-wise instructions of one shape, block by block.
        indirect case elementwise(ElementwiseStep)
        /// Any other instruction.
        indirect case kernel(KernelStep)
        /// Instructions for single numbers.
        case region(ScalarCode)
    }

    init(_ planner: inout Planner) {
        graph = planner.recorded
        inputs = planner.inputs
        state = planner.state
        outputs = planner.outputs()
        commits = planner.commits()
        guards = planner.guards
        decision = planner.schedule.decision
        isRefused = planner.isRefused
        steps = planner.steps
        constants = Tensor(planner.constants)
        numbers = (planner.numbers, planner.firstNumber.offset)
        blockSize = planner.arena.size
        inputNumbers = Code.numbers(inputs)
        outputNumbers = Code.numbers(outputs)
    }

    private static func numbers(_ values: [Value]) -> [UInt32]? {
        let number = Primitive.Result(Tensor.Shape(), .float64)
        guard values.allSatisfy({ $0.place.base == 0 && $0.type == number }) else { return nil }
        return values.map { UInt32($0.place.offset) }
    }

    static let firstInput = 2
    var firstOutput: Int { Code.firstInput + inputs.count }
    var baseCount: Int { firstOutput + outputs.count }
}

/// One instruction that is no loop over elements: its kernel, prepared.
struct KernelStep: Sendable {
    let kernel: Primitive.Kernel.Run
    let parameters: [UInt64]
    let operands: [Place]
    let layouts: [Tensor.Layout]
    let result, workspace: Place
}

// MARK: - Running

extension Code {
    /// Runs the steps. False where a guard does not hold or a kernel refuses its operands: then no state has changed.
    func run(_ bases: UnsafeMutablePointer<UnsafeMutableRawPointer>) -> Bool {
        run(bases) { steps[$0].run(bases) }
    }

    /// The same, each step by `step`.
    @inline(__always)
    func run(_ bases: UnsafeMutablePointer<UnsafeMutableRawPointer>, step: (Int) -> Bool) -> Bool {
        if isRefused { return false }
        for position in 0..<decision where !step(position) { return false }
        for guarded in guards where !guarded.holds(bases) { return false }
        for position in decision..<steps.count { _ = step(position) }
        for (place, state) in commits {
            state.place.address(bases).copyMemory(from: place.address(bases), byteCount: state.type.byteCount)
        }
        return true
    }
}

extension Code.Step {
    /// False where a kernel refuses its operands.
    @inline(__always)
    func run(_ bases: UnsafePointer<UnsafeMutableRawPointer>) -> Bool {
        switch self {
        case .elementwise(let step): step.run(bases)
        case .kernel(let step): return step.run(bases)
        case .region(let code): code.run(bases[0])
        }
        return true
    }
}

extension KernelStep {
    func run(_ bases: UnsafePointer<UnsafeMutableRawPointer>) -> Bool {
        withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: operands.count) { addresses in
            for position in operands.indices {
                addresses[position] = UnsafeRawPointer(operands[position].address(bases))
            }
            return layouts.withUnsafeBufferPointer { layouts in
                let buffers = Primitive.Buffers(
                    operands: addresses.baseAddress!, layouts: layouts, result: result.address(bases),
                    workspace: workspace.address(bases))
                return parameters.withUnsafeBytes { (try? kernel($0.baseAddress!, buffers)) != nil }
            }
        }
    }
}

extension Code.Guard {
    func holds(_ bases: UnsafePointer<UnsafeMutableRawPointer>) -> Bool {
        let address = value.place.address(bases)
        switch condition {
        case .comparison(let comparison, let number, let outcome):
            return comparison(value.type.elementType.number(at: address), number) == outcome
        case .bits(let recorded):
            return recorded.hasSameBits(asElementsAt: address)
        }
    }
}

extension Tensor {
    /// Whether packed elements of this shape and type are the same, bit for bit; a NaN is as good as any other, for its sign
    /// and payload depend on the instructions that made it.
    fileprivate func hasSameBits(asElementsAt address: UnsafeRawPointer) -> Bool {
        withUnsafeElements { mine in
            let others = UnsafeRawBufferPointer(start: address, count: mine.count)
            if !elementType.isFloat { return mine.elementsEqual(others) }
            return stride(from: 0, to: mine.count, by: elementType.size).allSatisfy { place in
                let (x, y) = (
                    elementType.number(at: mine.baseAddress! + place), elementType.number(at: address + place)
                )
                return x.bitPattern == y.bitPattern || x.isNaN && y.isNaN
            }
        }
    }
}

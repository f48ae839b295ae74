import CKernels
import Synchronization

/// Values that last from one run of a program to the next and lie in its memory: the parameters that a step of training
/// changes, and what the optimizer remembers.
///
/// Their owners read and write them here, on any thread; a value that is read is copied out once a run. A run that is under way
/// on another thread comes wholly before or wholly after each reading: runs hold the lock, but for those of tiny programs, for
/// which a lock takes as long as the arithmetic. These count ``sequence`` instead, which is odd meanwhile: what was copied beside
/// one is copied again, and the next waits.
package final class ProgramState: Sendable {
    private struct Value {
        /// The value that is known outside of the memory, and after which run it was read or set.
        var tensor: Tensor
        var run = 0
        /// Whether the memory does not have it yet.
        var isNew = true
    }

    private struct Contents {
        var values: [Value]
        /// The values that other programs have taken over.
        var lost: [Int] = []
        /// The memory that holds the values, in which all recordings run in turn; nil before the first.
        var memory: Memory?
        /// Whether the memory is loaded with a tiny program.
        var isTiny = false
    }

    private let contents: Locked<Contents>
    /// Twice the number of runs, and one more while a tiny program runs.
    private let sequence = Atomic<Int>(0)
    /// Whether a tiny program is loaded, has all values, and nobody reads them.
    private let isTinyReady = Atomic<Bool>(false)
    // Written by runs alone, of which there is one at a time, and read by these.
    nonisolated(unsafe) private let tiny = UnsafeMutablePointer<TinyProgram>.allocate(capacity: 1)
    package let count: Int

    package init(_ values: [Tensor]) {
        count = values.count
        contents = Locked(Contents(values: values.map { Value(tensor: $0.withoutTape) }))
    }

    deinit { tiny.deallocate() }

    /// How many runs there were.
    var runs: Int { sequence.load(ordering: .relaxed) / 2 }

    /// Makes the next run look at what has changed.
    package func unsettle() { isTinyReady.store(false, ordering: .sequentiallyConsistent) }

    private func settle(_ contents: Contents) {
        let isReady = contents.isTiny && contents.lost.isEmpty && !contents.values.contains(where: \.isNew)
        isTinyReady.store(isReady, ordering: .releasing)
    }

    package var values: [Tensor] { (0..<count).map { self[$0] } }

    package subscript(slot: Int) -> Tensor {
        get {
            contents.withLock { contents in
                if contents.values[slot].isNew { return contents.values[slot].tensor }
                if contents.values[slot].run == sequence.load(ordering: .acquiring) {
                    return contents.values[slot].tensor
                }
                unsettle()
                let (tensor, run) = contents.memory!.state(slot, whileCounting: sequence)
                contents.values[slot] = Value(tensor: tensor, run: run, isNew: false)
                settle(contents)
                return tensor
            }
        }
        set {
            contents.withLock {
                $0.values[slot] = Value(tensor: newValue.withoutTape)
                unsettle()
            }
        }
    }

    /// Another program holds a value from now on.
    package func lose(_ slot: Int) {
        contents.withLock {
            $0.lost.append(slot)
            unsettle()
        }
    }

    /// The values that were lost, which are to be set again.
    package func regain() -> [Int] {
        contents.withLock { contents in
            defer { contents.lost = [] }
            return contents.lost
        }
    }

    /// Sets all values, in the memory of a recording that is to run next, if there is one.
    func set(_ values: [Tensor], loading code: Code?) {
        contents.withLock { contents in
            contents.values = values.map { Value(tensor: $0.withoutTape) }
            unsettle()
            if let code { _ = load(code, &contents) }
        }
    }

    /// Runs `body`, which says whether it has changed the values, in the memory that holds them, ready for a recording.
    func run(_ code: Code, _ body: (Memory) -> Bool) -> Bool {
        contents.withLock { contents in
            guard body(load(code, &contents)) else { return false }
            sequence.add(2, ordering: .releasing)
            return true
        }
    }

    /// A copy of the memory, ready for a recording.
    func copiedMemory(for code: Code) -> Memory {
        contents.withLock { Memory(code, replacing: load(code, &$0)) }
    }

    /// The memory, ready for a recording. Going from one to another, only constants of single numbers are copied: all lie in one
    /// block with the state in front.
    private func load(_ code: Code, _ contents: inout Contents) -> Memory {
        if contents.memory?.code !== code {
            if contents.memory?.load(code) != true { contents.memory = Memory(code, replacing: contents.memory) }
            let program = TinyProgram(contents.memory!)
            contents.isTiny = program != nil
            if let program { tiny.initialize(to: program) }
        }
        let memory = contents.memory!
        for slot in contents.values.indices where contents.values[slot].isNew {
            memory.setState(slot, to: contents.values[slot].tensor)
            contents.values[slot].isNew = false
            contents.values[slot].run = sequence.load(ordering: .relaxed)
        }
        settle(contents)
        return memory
    }

    /// Replays the last recording on two inputs and a number, where that is tiny; nil where that is not possible, and then
    /// nothing was changed.
    // What it runs is arithmetic, which releases nothing: so the caller need not retain what it passes. Counting references
    // atomically takes a third of the time of a small step.
    @inline(never)
    @_effects(releasenone)
    package func replay(_ x: Tensor, _ y: Tensor, _ number: Double) -> Double? {
        guard isTinyReady.load(ordering: .relaxed), ck_current_context().pointee.serial == 0,
            ck_current_context().pointee.errorScope == nil, tiny.pointee.x.takes(x), tiny.pointee.y.takes(y)
        else { return nil }
        tiny.pointee.x.copy(x)
        tiny.pointee.y.copy(y)
        sequence.store(sequence.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        atomicMemoryFence(ordering: .releasing)
        let value = tiny.pointee.run(number)
        sequence.store(sequence.load(ordering: .relaxed) &+ 1, ordering: .releasing)
        return value
    }
}

extension Memory {
    /// A copy of one value of the state, and the count at which it was copied.
    fileprivate func state(_ slot: Int, whileCounting sequence: borrowing Atomic<Int>) -> (Tensor, run: Int) {
        let state = code.state[slot]
        while true {
            let run = sequence.load(ordering: .acquiring)
            let tensor = Tensor(state.type.shape, state.type.elementType) { target in
                ck_copy_beside_writer(target, state.place.address(bases), state.type.byteCount)
            }
            atomicMemoryFence(ordering: .acquiring)
            if run.isMultiple(of: 2), run == sequence.load(ordering: .relaxed) { return (tensor, run) }
        }
    }

    fileprivate func setState(_ slot: Int, to value: Tensor) {
        let state = code.state[slot]
        value.packed.withElements { elements, _ in
            state.place.address(bases).copyMemory(from: elements, byteCount: state.type.byteCount)
        }
    }
}

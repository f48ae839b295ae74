/// Values that last from one run of a program to the next and lie in its memory: the parameters that a step of training
/// changes, and what the optimizer remembers.
///
/// Their owners read and write them here; a value that is read is copied out once a run.
package final class ProgramState {
    /// The memory that holds the values, in which all recordings run in turn; nil before the first.
    private var memory: Memory?
    /// The values that are known outside of the memory, and after which run they were read or set.
    private var known: [(value: Tensor, run: Int)]
    // Read and counted at every replay; no method calls out while it changes these.
    @exclusivity(unchecked) private(set) var runs = 0
    /// Whether the memory has all values.
    @exclusivity(unchecked) private(set) var isSettled = false
    /// Which known values the memory does not have yet.
    private var unwritten: [Int] { didSet { settle() } }
    /// The values that other programs have taken over.
    package private(set) var lost: [Int] = [] { didSet { settle() } }

    package init(_ values: [Tensor]) {
        known = values.map { ($0.withoutTape, 0) }
        unwritten = Array(values.indices)
    }

    private func settle() { isSettled = unwritten.isEmpty && lost.isEmpty }

    package var count: Int { known.count }

    package subscript(slot: Int) -> Tensor {
        get {
            if known[slot].run == runs { return known[slot].value }
            let value = memory!.state(slot)
            known[slot] = (value, runs)
            return value
        }
        set {
            known[slot] = (newValue.withoutTape, runs)
            if !unwritten.contains(slot) { unwritten.append(slot) }
        }
    }

    /// Another program holds a value from now on.
    package func lose(_ slot: Int) { lost.append(slot) }

    /// The values that were lost are set again.
    package func regain() { lost = [] }

    /// The memory with the values in it, ready for a run of this recording. Going from one recording to another, only
    /// constants of single numbers are copied: all lie in one block with the state in front.
    func memory(for code: Code) -> Memory {
        if memory?.load(code) != true { memory = Memory(code, replacing: memory) }
        for slot in unwritten { memory!.setState(slot, to: known[slot].value) }
        unwritten = []
        return memory!
    }

    /// The memory was changed by a run.
    @inline(__always)
    func noteRun() { runs &+= 1 }
}

extension Memory {
    /// A copy of one value of the state.
    fileprivate func state(_ slot: Int) -> Tensor {
        let state = code.state[slot]
        return Tensor(state.type.shape, state.type.elementType, copiedFrom: state.place!.address(bases))
    }

    fileprivate func setState(_ slot: Int, to value: Tensor) {
        let state = code.state[slot]
        value.packed.withElements { elements, _ in
            state.place!.address(bases).copyMemory(from: elements, byteCount: state.type.byteCount)
        }
    }
}

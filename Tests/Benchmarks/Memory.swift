import Autograd

/// What the multiplication of scalars occupies, in bytes an operation.
func measureMemory(_ report: Report) {
    func row(_ name: String, operations: Int, atMost goal: Double? = nil, _ bytes: () -> (count: Int, check: Check)?) {
        guard report.wants("memory", name), let bytes = bytes(), report.passes("memory", name, bytes.check) else {
            return
        }
        report.add("memory", name, Double(bytes.count) / Double(operations), "B/op", atMost: goal)
    }
    // The capacity of a tape doubles: at 100,000 instructions it is filled to three quarters. Right after doubling, an
    // instruction takes twice what it takes on a full tape.
    row("tape of 100,000 multiplications, allocated", operations: 100_000, atMost: 64) {
        let tape = Tape.record { tape in pow(tape.variable(1), 100_000) }.tape
        return (tape.byteCount, Check([Double(tape.instructionCount)], equals: [100_001]))
    }
    // The most memory in use at a time, as the operating system counts it: also what is held only while the tape grows,
    // and while it is differentiated.
    row("recording 1,000,000 multiplications, peak", operations: 1_000_000, atMost: 64) {
        peakByteCount { Tape.record { tape in pow(tape.variable(1), 1_000_000) }.tape.instructionCount }
            .map { ($0.bytes, Check([Double($0.result)], equals: [1_000_001])) }
    }
    row("differentiating 1,000,000 multiplications, peak", operations: 1_000_000) {
        peakByteCount { gradient(at: 1) { x in pow(x, 1_000_000) } }
            .map { ($0.bytes, Check([$0.result], equals: [1_000_001])) }
    }
}

/// x multiplied by itself so many times.
private func pow(_ x: Tensor, _ count: Int) -> Tensor {
    var y = x
    for _ in 0..<count { y = y * x }
    return y
}

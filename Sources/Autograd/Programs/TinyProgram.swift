import CKernels

/// What a replay of single numbers needs, as plain data: at their speed, following references takes as long as the
/// arithmetic. It takes two arrays and a number, all tiny, asks nothing of its numbers, and calls no function of others. Valid as
/// long as the memory.
struct TinyProgram {
    struct Input {
        /// Bits are copied as integers: the units for numbers have enough to do.
        let place: UnsafeMutablePointer<UInt64>
        let shape: Tensor.Shape
        let count: Int

        @inline(__always)
        func takes(_ tensor: Tensor) -> Bool {
            guard tensor.elementType == .float64, tensor.serial == 0 else { return false }
            guard let storage = tensor.unownedStorage else { return shape.rank == 0 }
            return storage._withUnsafeGuaranteedRef { $0.isPacked && $0.shape == shape }
        }

        @inline(__always)
        func copy(_ tensor: Tensor) {
            guard let storage = tensor.unownedStorage else {
                place.pointee = tensor.bits
                return
            }
            storage._withUnsafeGuaranteedRef { storage in
                let elements = storage.elements.assumingMemoryBound(to: UInt64.self)
                for position in 0..<count { place[position] = elements[position] }
            }
        }
    }

    let registers: UnsafeMutablePointer<Double>
    let instructions: UnsafePointer<ck_scalar_instruction>
    let x, y: Input
    let number, value: UnsafeMutablePointer<Double>

    init?(_ memory: Memory) {
        let code = memory.code
        guard code.steps.count == 1, case .region(let scalars) = code.steps[0], !scalars.callsFunctions,
            code.guards.isEmpty, code.commits.isEmpty, let value = code.outputNumbers?.first, code.inputs.count == 3,
            code.inputs.allSatisfy({ $0.place.base == 0 && $0.type.elementType == .float64 }),
            code.inputs[2].type.shape.rank == 0
        else { return nil }
        registers = memory.block.assumingMemoryBound(to: Double.self)
        instructions = scalars.instructions
        let inputs = code.inputs.map { input in
            Input(
                place: (memory.block + input.place.offset).assumingMemoryBound(to: UInt64.self),
                shape: input.type.shape, count: input.type.shape.elementCount)
        }
        (x, y) = (inputs[0], inputs[1])
        number = registers + code.inputs[2].place.offset / 8
        self.value = registers + Int(value) / 8
    }

    /// Runs on what was copied in.
    @inline(__always)
    func run(_ number: Double) -> Double {
        self.number.pointee = number
        ck_run_scalars(instructions, registers)
        return value.pointee
    }
}

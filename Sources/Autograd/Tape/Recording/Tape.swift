import CKernels

/// The list of operations that were recorded, in the order in which they were executed.
///
/// The tape is the program: one flat list of instructions in single static assignment, each naming a primitive and, by
/// number, its operands. It can be printed and differentiated; a gradient is more instructions of the same kind, appended
/// to the list, so it can be differentiated again.
///
///     let (tape, (x, y)) = Tape.record { tape in
///         let x = tape.variable(3, named: "x")
///         return (x, x * x + 2 * x)
///     }
///     tape.gradient(of: y, withRespectTo: x)      // 8.0
///     print(tape)
///
/// A tape belongs to one thread and holds its instructions as long as it is held itself; tensors never hold it.
public final class Tape {
    /// The number by which tensors name this tape.
    let serial: UInt64
    // A tape belongs to one thread and none of its methods calls out while it changes these, so that the checks at run time
    // for overlapping accesses, which cost as much as recording itself, are left out.
    @exclusivity(unchecked) private(set) var instructions: UnsafeMutablePointer<Instruction>
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private var capacity: Int
    /// The shapes of results; the first one is that of rank 0.
    @exclusivity(unchecked) private var shapes: ContiguousArray<Tensor.Shape> = []
    @exclusivity(unchecked) private var attributeTable: ContiguousArray<Primitive.Attributes> = []
    @exclusivity(unchecked) private var operandTable: ContiguousArray<Int32> = []
    @exclusivity(unchecked) private var names = [Int32: String]()
    /// Whether any instruction holds a storage, which is then to be released.
    @exclusivity(unchecked) private var keepsStorages = false
    /// The primitive whose pullback this tape traces.
    @exclusivity(unchecked) var tracedPrimitive: String?
    /// The objects that variables of this tape stand for.
    @exclusivity(unchecked) var binding: Binding?
    /// What objects were set to while this tape recorded.
    @exclusivity(unchecked) var settings = [ObjectIdentifier: Setting]()
    /// The tape that was in force when this one began to record, until it ends.
    @exclusivity(unchecked) var enclosing: Unmanaged<Tape>?
    /// What is noted where this tape records a program; nil elsewhere.
    @exclusivity(unchecked) var notes: ProgramNotes?

    init(serial: UInt64) {
        self.serial = serial
        // Room for as many as the thread's last tape had, for the next one is often alike; but no more than half a megabyte,
        // for it need not be.
        capacity = min(max(16, Int(ck_current_context().pointee.instructions)), 1 << 14)
        instructions = .allocate(capacity: capacity)
    }

    deinit {
        ck_current_context().pointee.instructions = UInt64(count)
        if keepsStorages {
            for index in 0..<count where instructions[index].keepsStorage {
                Unmanaged<Storage>.fromOpaque(UnsafeRawPointer(bitPattern: UInt(instructions[index].value))!).release()
            }
        }
        instructions.deallocate()
    }

    @inline(__always)
    subscript(index: Int32) -> Instruction { instructions[Int(index)] }

    /// Bytes of memory in use for the instructions themselves.
    package var byteCount: Int { capacity * MemoryLayout<Instruction>.stride }

    /// The number of instructions so far.
    public var instructionCount: Int { count }
}

// MARK: - Appending

extension Tape {
    /// Adds an instruction. The value of rank 0 is kept with it, any other only on demand, see ``keep(_:for:)``.
    @inline(__always)
    func append(
        _ primitive: Primitive, _ elementType: Tensor.ElementType, shape: UInt32, bits: UInt64, operandCount: UInt8,
        _ first: Int32 = -1, _ second: Int32 = -1, _ third: Int32 = -1, attributes: UInt32 = 0
    ) -> Int32 {
        if count == capacity { grow() }
        (instructions + count).initialize(
            to: Instruction(
                primitive: primitive.identifier, elementType: elementType, operandCount: operandCount, shape: shape,
                operands: (first, second, third), attributes: attributes, value: shape == 0 ? bits : 0))
        count += 1
        return Int32(truncatingIfNeeded: count - 1)
    }

    @inline(never)
    private func grow() {
        guard capacity < Int(Int32.max) / 2 else { fatalError("a tape holds at most 2³⁰ instructions") }
        let larger = UnsafeMutablePointer<Instruction>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: instructions, count: count)
        instructions.deallocate()
        instructions = larger
        capacity *= 2
    }

    /// The place of a shape in the table; `near` is an instruction whose shape it probably is.
    @inline(__always)
    func place(of shape: Tensor.Shape, near index: Int32 = -1) -> UInt32 {
        if shape.rank == 0 { return 0 }
        if index >= 0, self[index].shape != 0, shapes[Int(self[index].shape) - 1] == shape { return self[index].shape }
        return placeInTable(of: shape)
    }

    private func placeInTable(of shape: Tensor.Shape) -> UInt32 {
        // The latest shapes come back most often; an older one may be listed twice, which does no harm.
        for place in shapes.indices.suffix(8).reversed() where shapes[place] == shape { return UInt32(place + 1) }
        if shapes.isEmpty { shapes.reserveCapacity(8) }
        shapes.append(shape)
        return UInt32(shapes.count)
    }

    /// The place of attributes in the table.
    @inline(__always)
    func place(of attributes: Primitive.Attributes) -> UInt32 {
        if attributes.isEmpty { return 0 }
        attributeTable.append(attributes)
        return UInt32(attributeTable.count)
    }

    /// The range of the table that holds operands beyond the third.
    func place(ofOperands operands: [Int32]) -> (start: Int32, count: Int32) {
        operandTable += operands
        return (Int32(operandTable.count - operands.count), Int32(operands.count))
    }

    /// The instruction that a tensor stands for; a constant becomes one.
    @inline(__always)
    func index(of tensor: Tensor) -> Int32 { tensor.serial == serial ? tensor.index : appendGiven(.constant, tensor) }

    /// The instruction of the tape that records that a constant or one of its tensors stands for.
    @inline(__always)
    static func currentIndex(of tensor: Tensor) -> Int32 {
        tensor.serial != 0 ? tensor.index : withCurrent { $0.appendGiven(.constant, tensor) }
    }

    /// Adds a value that was not computed by the tape, and keeps it.
    func appendGiven(_ primitive: Primitive, _ tensor: Tensor) -> Int32 {
        let index = append(
            primitive, tensor.elementType, shape: place(of: tensor.shape), bits: tensor.bits, operandCount: 0)
        keep(tensor, for: index)
        return index
    }

    /// Keeps the value of an instruction.
    @inline(__always)
    func keep(_ tensor: Tensor, for index: Int32) {
        guard let storage = tensor.storage, instructions[Int(index)].value == 0 else { return }
        keepsStorages = true
        instructions[Int(index)].value = UInt64(UInt(bitPattern: Unmanaged.passRetained(storage).toOpaque()))
    }

    /// Gives an instruction a name to be printed.
    func setName(_ name: String, of index: Int32) { names[index] = name }
}

// MARK: - Reading

extension Tape {
    @inline(__always)
    func shape(of index: Int32) -> Tensor.Shape {
        let place = self[index].shape
        return place == 0 ? Tensor.Shape() : shapes[Int(place) - 1]
    }

    func attributes(of instruction: Instruction) -> Primitive.Attributes {
        instruction.attributes == 0 ? .none : attributeTable[Int(instruction.attributes) - 1]
    }

    /// How many operands an instruction has.
    @inline(__always)
    func operandCount(of instruction: Instruction) -> Int {
        instruction.operandCount == Instruction.manyOperands
            ? Int(instruction.operands.1) : Int(instruction.operandCount)
    }

    /// The number of an operand.
    @inline(__always)
    func operand(_ position: Int, of instruction: Instruction) -> Int32 {
        if instruction.operandCount == Instruction.manyOperands {
            return operandTable[Int(instruction.operands.0) + position]
        }
        return instruction.operand(position)
    }

    /// The numbers of all operands.
    func operands(of instruction: Instruction) -> [Int32] {
        (0..<operandCount(of: instruction)).map { operand($0, of: instruction) }
    }

    /// The value of an instruction, as a constant or standing for the instruction.
    @inline(__always)
    func value(of index: Int32, isRecorded: Bool) -> Tensor {
        let instruction = self[index]
        let (serial, place) = isRecorded ? (serial, index) : (0, -1)
        if instruction.isScalar {
            return Tensor(
                storage: nil, bits: instruction.value, elementType: instruction.elementType, serial: serial,
                index: place)
        }
        guard let pointer = UnsafeRawPointer(bitPattern: UInt(instruction.value)) else {
            let value = viewed(index, instruction)
            return isRecorded ? value.on(self, index) : value
        }
        return Tensor(
            storage: Unmanaged<Storage>.fromOpaque(pointer).takeUnretainedValue(), bits: 0,
            elementType: instruction.elementType, serial: serial, index: place)
    }

    /// Where the elements of a value lie when one run crosses them, and the stride of the run: a packed array, one number, or
    /// one number broadcast; nil for others.
    func run(of index: Int32) -> Storage.Run? {
        let instruction = self[index]
        if instruction.isScalar {
            let number = MemoryLayout<Instruction>.offset(of: \.value)!
            return Storage.Run(start: UnsafeRawPointer(instructions + Int(index)) + number, stride: 0)
        }
        if let pointer = UnsafeRawPointer(bitPattern: UInt(instruction.value)) {
            return Unmanaged<Storage>.fromOpaque(pointer)._withUnsafeGuaranteedRef(\.run)
        }
        // A view that was never made: of a single number, every element is that number.
        let source = instruction.operands.0
        return instruction.operandCount == 1 && self[source].isScalar ? run(of: source) : nil
    }

    /// The value of an instruction that was not kept itself, but sees the elements of its operand in another shape.
    private func viewed(_ index: Int32, _ instruction: Instruction) -> Tensor {
        let primitive = Primitive.numbered(instruction.primitive)
        guard case .view = primitive.implementation else { fatalError("the value of %\(index) was not kept\n\(self)") }
        let result = Primitive.Result(shape(of: index), instruction.elementType)
        return withUnsafePointer(to: value(of: instruction.operands.0, isRecorded: false)) { operand in
            // Views refuse nothing.
            try! primitive.compute(result, UnsafeBufferPointer(start: operand, count: 1), attributes(of: instruction))
        }
    }

    func name(of index: Int32) -> String? { names[index] ?? nameOfBoundObject(index) }
}

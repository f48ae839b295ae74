/// One line of a tape: which primitive made which value of which operands.
///
/// 32 bytes, so that a long tape of scalars stays in the caches. What varies in size (shapes, attributes, names, operands
/// beyond three) lies in tables of the tape.
struct Instruction {
    /// The number of the primitive.
    let primitive: UInt16
    /// The type of the result's elements.
    let elementType: Tensor.ElementType
    /// How many operands there are; ``manyOperands`` if they lie in the tape's table.
    let operandCount: UInt8
    /// The result's shape: its place in the tape's table, where 0 is rank 0.
    let shape: UInt32
    /// The instructions that are the operands; with many, the range of the tape's table that holds them.
    let operands: (Int32, Int32, Int32)
    /// The attributes: one more than their place in the tape's table; 0 for none.
    let attributes: UInt32
    /// The result. Rank 0: the number. Others: a retained reference to the storage, or 0 where it is not kept.
    var value: UInt64

    static let manyOperands = UInt8.max

    /// One of at most three operands.
    @inline(__always)
    func operand(_ position: Int) -> Int32 { withUnsafePointer(to: self) { $0.operand(position) } }

    /// The result of type float64 and rank 0.
    @inline(__always) var number: Double { Double(bitPattern: value) }
    @inline(__always) var isScalar: Bool { shape == 0 }
    @inline(__always) var isFloat64Scalar: Bool { shape == 0 && elementType == .float64 }
    @inline(__always) var keepsStorage: Bool { shape != 0 && value != 0 }
}

extension UnsafePointer<Instruction> {
    /// One of at most three operands, read where it lies.
    @inline(__always)
    func operand(_ position: Int) -> Int32 {
        let operands = UnsafeRawPointer(self) + MemoryLayout<Instruction>.offset(of: \Instruction.operands)!
        return operands.assumingMemoryBound(to: Int32.self)[position]
    }
}

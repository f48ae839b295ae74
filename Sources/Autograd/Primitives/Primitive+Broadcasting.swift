import CKernels

// How operands come together: broadcast to one shape by NumPy's rule where the primitive is element-wise.
//
// Broadcasting is one instruction for each operand that needs it, inserted here and never carried out: kernels read such an
// operand through strides of 0. So rules of primitives see equal shapes, and only that instruction's own adjoint sums over
// axes.

extension Primitive {
    /// Applies this primitive to one operand.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        if operandCount == 1, let function = float64Function, let result = quickly(x, function) { return result }
        return self(x, attributes: .none)
    }

    /// Applies this primitive to two operands. An element-wise one broadcasts them to one shape first.
    public func callAsFunction(_ x: Tensor, _ y: Tensor) -> Tensor {
        if operandCount == 2, let function = float64Function, let result = quickly(x, y, function) { return result }
        return self(x, y, attributes: .none)
    }

    /// Applies this primitive to two operands. An element-wise one broadcasts them to one shape first.
    public func callAsFunction(_ x: Tensor, _ y: Tensor, attributes: Attributes) -> Tensor {
        withOperands((x, y), count: 2) { applyBroadcasting($0, attributes) }
    }

    /// Applies this primitive to three operands. An element-wise one broadcasts them to one shape first.
    public func callAsFunction(_ x: Tensor, _ y: Tensor, _ z: Tensor, attributes: Attributes = .none) -> Tensor {
        withOperands((x, y, z), count: 3) { applyBroadcasting($0, attributes) }
    }

    /// Applies this primitive to any number of operands, of which there must be as many as it takes.
    public func callAsFunction(_ operands: [Tensor], attributes: Attributes = .none) -> Tensor {
        operands.withUnsafeBufferPointer { applyBroadcasting($0, attributes) }
    }

    /// Runs `body` on the tensors of a tuple, without an array around them, which would be allocated.
    @inline(__always)
    private func withOperands<Tuple, Result>(
        _ operands: Tuple, count: Int, _ body: (UnsafeBufferPointer<Tensor>) -> Result
    ) -> Result {
        withUnsafePointer(to: operands) {
            body(UnsafeBufferPointer(start: UnsafeRawPointer($0).assumingMemoryBound(to: Tensor.self), count: count))
        }
    }

    private func applyBroadcasting(_ operands: UnsafeBufferPointer<Tensor>, _ attributes: Attributes) -> Tensor {
        guard isElementwise, operands.count == operandCount else { return apply(operands, attributes) }
        // By position: to iterate over tensors counts references.
        if operands.indices.dropFirst().allSatisfy({ operands[$0].shape == operands[0].shape }) {
            return apply(operands, attributes)
        }
        var shape = Tensor.Shape()
        for operand in operands {
            if operand.isFailed { return operand }
            guard let common = Tensor.Shape.broadcast(shape, operand.shape) else {
                return refuse(
                    operands,
                    Refusal(
                        "the shapes \(shape) and \(operand.shape) cannot be broadcast to one: aligned at the last axis, "
                            + "lengths must be equal or 1",
                        advice: "Reshape an operand, or insert an axis of length 1 with `reshaped(to:)`."))
            }
            shape = common
        }
        return apply(operands, attributes, Broadcasting(shape: shape, primitive: .broadcast))
    }

    /// An element-wise operation on float64 that one run of the loop can cross: on two numbers, two arrays of one shape, or
    /// an array and a number; nil for others.
    @inline(__always)
    private func quickly(_ x: Tensor, _ y: Tensor, _ function: NumberFunction) -> Tensor? {
        guard x.elementType == .float64, y.elementType == .float64 else { return nil }
        let serial = ck_current_context().pointee.serial
        guard x.serial == 0 || x.serial == serial, y.serial == 0 || y.serial == serial else { return nil }
        if x.storage == nil && y.storage == nil {
            let bits = function(Double(bitPattern: x.bits), Double(bitPattern: y.bits)).bitPattern
            guard x.serial | y.serial != 0 else { return Tensor(storage: nil, bits: bits, elementType: .float64) }
            let (first, second) = (Tape.currentIndex(of: x), Tape.currentIndex(of: y))
            let index = Tape.withCurrent {
                $0.append(self, .float64, shape: 0, bits: bits, operandCount: 2, first, second)
            }
            return Tensor(storage: nil, bits: bits, elementType: .float64, serial: serial, index: index)
        }
        return withOperands((x, y), count: 2) { quicklyOnArrays($0, function.loop) }
    }

    /// The same on one number or array.
    @inline(__always)
    private func quickly(_ x: Tensor, _ function: NumberFunction) -> Tensor? {
        guard x.elementType == .float64, x.serial == 0 || x.serial == ck_current_context().pointee.serial else {
            return nil
        }
        if x.storage != nil { return withOperands(x, count: 1) { quicklyOnArrays($0, function.loop) } }
        let bits = function(Double(bitPattern: x.bits)).bitPattern
        guard x.serial != 0 else { return Tensor(storage: nil, bits: bits, elementType: .float64) }
        let index = Tape.withCurrent { tape in
            tape.append(self, .float64, shape: 0, bits: bits, operandCount: 1, x.index)
        }
        return Tensor(storage: nil, bits: bits, elementType: .float64, serial: x.serial, index: index)
    }

    /// On one operand or two, of which one is an array.
    @inline(never)
    private func quicklyOnArrays(_ operands: UnsafeBufferPointer<Tensor>, _ loop: ElementLoop) -> Tensor? {
        // References are not counted here: the operands outlive the call.
        let last = operands.count - 1
        let (first, second) = (operands[0].unownedStorage, operands[last].unownedStorage)
        let (shape, count) = (first ?? second)!._withUnsafeGuaranteedRef { ($0.shape, $0.count) }
        func run(_ position: Int, _ storage: Unmanaged<Storage>?) -> Storage.Run? {
            if let storage { return storage._withUnsafeGuaranteedRef { $0.shape == shape ? $0.run : nil } }
            let number = UnsafeRawPointer(operands.baseAddress! + position) + MemoryLayout<Tensor>.offset(of: \.bits)!
            return Storage.Run(start: number, stride: 0)
        }
        guard let x = run(0, first), let y = run(last, second), let result = Storage.allocate(shape, .float64)
        else { return nil }
        loop.run(count, x, y, into: result.elements)
        let value = Tensor(result)
        guard operands[0].serial | operands[last].serial != 0 else { return value }
        let isBroadcast = first == nil || second == nil
        return record(value, operands, .none, isBroadcast ? Broadcasting(shape: shape, primitive: .broadcast) : nil)
    }
}

extension Tensor {
    /// A plain number beside this tensor: it adopts the tensor's element type.
    @inline(__always)
    func adopting(_ number: Double) -> Tensor {
        if elementType == .float64 { return Tensor(storage: nil, bits: number.bitPattern, elementType: .float64) }
        // Beside indices and conditions the number keeps its own type, and the operation refuses the pair.
        return Tensor(number, elementType: elementType.isFloat ? elementType : .float64)
    }
}

import CKernels

// How operands come together: broadcast to one shape by NumPy's rule where the primitive is element-wise.
//
// Broadcasting is one instruction for each operand that needs it, inserted here and never carried out: kernels read such an
// operand through strides of 0. So rules of primitives see equal shapes, and only that instruction's own adjoint sums over
// axes.

extension Primitive {
    /// Applies this primitive to two operands. An element-wise one broadcasts them to one shape first.
    public func callAsFunction(_ x: Tensor, _ y: Tensor) -> Tensor {
        if operandCount == 2, let function = float64Function, let result = quickly(x, y, function) { return result }
        return self(x, y, attributes: .none)
    }

    /// Applies this primitive to two operands. An element-wise one broadcasts them to one shape first.
    public func callAsFunction(_ x: Tensor, _ y: Tensor, attributes: Attributes) -> Tensor {
        withUnsafeBytes(of: (x, y)) {
            let first = $0.baseAddress!.assumingMemoryBound(to: Tensor.self)
            return applyBroadcasting(UnsafeBufferPointer(start: first, count: 2), attributes)
        }
    }

    /// Applies this primitive to three operands. An element-wise one broadcasts them to one shape first.
    public func callAsFunction(_ x: Tensor, _ y: Tensor, _ z: Tensor, attributes: Attributes = .none) -> Tensor {
        withUnsafeBytes(of: (x, y, z)) {
            let first = $0.baseAddress!.assumingMemoryBound(to: Tensor.self)
            return applyBroadcasting(UnsafeBufferPointer(start: first, count: 3), attributes)
        }
    }

    /// Applies this primitive to any number of operands, of which there must be as many as it takes.
    public func callAsFunction(_ operands: [Tensor], attributes: Attributes = .none) -> Tensor {
        operands.withUnsafeBufferPointer { applyBroadcasting($0, attributes) }
    }

    private func applyBroadcasting(_ operands: UnsafeBufferPointer<Tensor>, _ attributes: Attributes) -> Tensor {
        guard isElementwise, operands.count == operandCount else { return apply(operands, attributes) }
        // By position: to iterate over tensors counts references.
        if operands.indices.dropFirst().allSatisfy({ operands[$0].hasShape(of: operands[0]) }) {
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
        return quicklyOnArrays(x, y, function.loop)
    }

    @inline(never)
    private func quicklyOnArrays(_ x: Tensor, _ y: Tensor, _ loop: ElementLoop) -> Tensor? {
        // References are not counted here: x and y outlive the call.
        let (left, right) = (x.unownedStorage, y.unownedStorage)
        guard let shaped = left ?? right else { return nil }
        if let left, let right,
            left._withUnsafeGuaranteedRef({ left in right._withUnsafeGuaranteedRef { !left.hasShape(of: $0) } })
        {
            return nil
        }
        let value: Tensor? = withUnsafePointer(to: (x.bits, y.bits)) { numbers in
            let numbers = UnsafeRawPointer(numbers)
            guard let xRun = left.map({ $0._withUnsafeGuaranteedRef(\.run) }) ?? Storage.Run(start: numbers, stride: 0),
                let yRun = right.map({ $0._withUnsafeGuaranteedRef(\.run) })
                    ?? Storage.Run(start: numbers + 8, stride: 0)
            else { return nil }
            let (shape, count) = shaped._withUnsafeGuaranteedRef { ($0.shape, $0.count) }
            guard let result = Storage.allocate(shape, .float64) else { return nil }
            loop.run(count, xRun, yRun, into: result.elements)
            return Tensor(result)
        }
        guard let value, x.serial | y.serial != 0 else { return value }
        return Tape.withCurrent { tape in
            var (first, second) = (tape.index(of: x), tape.index(of: y))
            if x.storage == nil {
                first = tape.broadcasting(first, Broadcasting(shape: y.shape, primitive: .broadcast))
            }
            if y.storage == nil {
                second = tape.broadcasting(second, Broadcasting(shape: x.shape, primitive: .broadcast))
            }
            let index = tape.append(self, .float64, shape: tape[first].shape, bits: 0, operandCount: 2, first, second)
            var uses: Pullback.Uses = []
            if x.serial != 0 { uses.formUnion(self.uses(ofOperand: 0)) }
            if y.serial != 0 { uses.formUnion(self.uses(ofOperand: 1)) }
            if uses.contains(.result) { tape.keep(value, for: index) }
            // A number is always kept.
            if uses.contains(.operand(0)) && x.storage != nil { tape.keep(x, for: first) }
            if uses.contains(.operand(1)) && y.storage != nil { tape.keep(y, for: second) }
            return value.on(tape, index)
        }
    }
}

extension Tensor {
    /// Whether both have the same shape.
    @inline(__always)
    func hasShape(of other: Tensor) -> Bool {
        guard let mine = storage, let others = other.storage else { return storage == nil && other.storage == nil }
        return mine === others || mine.hasShape(of: others)
    }

    /// A plain number beside this tensor: it adopts the tensor's element type.
    @inline(__always)
    func adopting(_ number: Double) -> Tensor {
        if elementType == .float64 { return Tensor(storage: nil, bits: number.bitPattern, elementType: .float64) }
        // Beside indices and conditions the number keeps its own type, and the operation refuses the pair.
        return Tensor(number, elementType: elementType.isFloat ? elementType : .float64)
    }
}

import CKernels

// Executing a primitive: resolve the operands, decide the result, compute it, and record it where a tape records and an
// operand is on it.

extension Primitive {
    /// The shape that the operands of an element-wise primitive are seen in, and the primitive that is recorded for those
    /// that do not have it.
    struct Broadcasting {
        let shape: Tensor.Shape
        /// Not counted: primitives live as long as the process.
        unowned(unsafe) let primitive: Primitive
    }

    /// Applies this primitive.
    func apply(
        _ operands: UnsafeBufferPointer<Tensor>, _ attributes: Attributes = .none, _ broadcasting: Broadcasting? = nil
    ) -> Tensor {
        let serial = ck_current_context().pointee.serial
        var isRecorded = false
        // By position, here and below: to iterate over tensors counts references.
        for position in operands.indices where operands[position].serial != 0 {
            if operands[position].serial == serial {
                isRecorded = true
            } else if let error = foreign(operands[position], position, operands) {
                return error
            }
        }
        guard operands.count == operandCount ?? Swift.max(operands.count, 1) else {
            let wanted = operandCount.map { "\($0) operands" } ?? "at least one operand"
            return refuse(operands, Refusal("takes \(wanted), not \(operands.count)"))
        }
        let errors = TensorError.count
        do throws(Refusal) {
            let result = try resultRule(Operands(tensors: operands, shape: broadcasting?.shape), attributes)
            // The rule met an attribute or a shape that there is not.
            if TensorError.count != errors { return .failed }
            // Most are small, as is soon seen; operands of an element-wise primitive are as small as the result.
            var isSmall = result.shape.isSmall
            if !isElementwise {
                for position in operands.indices where operands[position].elementCount >= 1 << 24 { isSmall = false }
            }
            if !isSmall, let problem = shortage(result, operands, attributes) { throw Refusal(problem) }
            let value = try compute(result, operands, attributes)
            return isRecorded ? record(value, operands, attributes, broadcasting) : value
        } catch {
            return refuse(operands, error)
        }
    }

    /// Why a result cannot be computed that the rule allows; nil where it can.
    ///
    /// There is no such shape; or memory cannot hold the result, or an operand, in full: broadcast views may be as large as
    /// they like, but what is computed of them takes as long as it is large.
    private func shortage(
        _ result: Result, _ operands: UnsafeBufferPointer<Tensor>, _ attributes: Attributes
    ) -> String? {
        if let problem = result.shape.problem { return problem }
        var problem = Storage.shortage(result.shape, result.elementType)
        for position in operands.indices where problem == nil { problem = operands[position].shortage }
        if case .identity = implementation { return nil }
        guard case .view(let rule) = implementation else { return problem }
        // Only where the operand must be packed first.
        let base = operands[0].storageOfAnyRank
        return rule(base.shape, base.strides, result.shape, attributes) == nil ? problem : nil
    }

    /// Ends the process, or the checked scope, because the operands are refused.
    func refuse(_ operands: UnsafeBufferPointer<Tensor>, _ refusal: Refusal) -> Tensor {
        TensorError(name, refusal.problem, of: Array(operands), advice: refusal.advice).raise()
    }

    /// What to answer when an operand is on another tape: nil where that tape has finished, so that the operand is a
    /// constant; an error where it still records on another thread; the failed tensor where the operand is one.
    private func foreign(_ operand: Tensor, _ position: Int, _ operands: UnsafeBufferPointer<Tensor>) -> Tensor? {
        if operand.isFailed { return operand }
        guard operand.isOpenElsewhere else { return nil }
        return refuse(
            operands,
            Refusal(
                "operand \(position) belongs to a tape that is recording on another thread",
                advice: "Pass it in as an input of a gradient of this thread, or use its `detached` value."))
    }

    /// The value of the result, as a constant.
    func compute(
        _ result: Result, _ operands: UnsafeBufferPointer<Tensor>, _ attributes: Attributes
    ) throws(Refusal) -> Tensor {
        switch implementation {
        case .given: fatalError("\(name) is given, not computed")
        case .identity: return operands[0].withoutTape
        case .view(let rule): return view(rule, result, operands[0], attributes)
        case .elementwise(let loops, _):
            return Tensor(result.shape, result.elementType) { (target: UnsafeMutableRawPointer) in
                Tensor.withLayouts(of: operands, in: result.shape) { layouts, elements in
                    ElementLoop.OverArrays(
                        loop: loops[layouts.last!.elementType]!, layouts: layouts, operands: elements, result: target,
                        resultSize: result.elementType.size
                    ).run(elementTime: elementTime)
                }
            }
        case .kernel(let kernel):
            return try Tensor(result.shape, result.elementType) { (target: UnsafeMutableRawPointer) throws(Refusal) in
                try Tensor.withLayouts(of: operands) { layouts, elements throws(Refusal) in
                    try kernel.compute(
                        Preparation(operands: layouts, result: result, attributes: attributes),
                        Buffers(operands: elements, layouts: layouts, result: target, workspace: target))
                }
            }
        }
    }

    private func view(_ rule: ViewRule, _ result: Result, _ operand: Tensor, _ attributes: Attributes) -> Tensor {
        let base = operand.storageOfAnyRank
        if let (strides, offset) = rule(base.shape, base.strides, result.shape, attributes) {
            if result.shape.rank == 0 {
                let element = base.elements + offset * result.elementType.size
                return withExtendedLifetime(base) { Tensor(result.shape, result.elementType, copiedFrom: element) }
            }
            return Tensor(Storage.view(of: base, shape: result.shape, strides: strides, offset: offset))
        }
        return view(rule, result, operand.packed, attributes)
    }

    /// Adds an instruction for a value that was just computed.
    func record(
        _ value: Tensor, _ operands: UnsafeBufferPointer<Tensor>, _ attributes: Attributes,
        _ broadcasting: Broadcasting?
    ) -> Tensor {
        Tape.withCurrent { tape in
            // References are not counted here: the operands outlive the call.
            @inline(__always)
            func number(_ position: Int) -> Int32 {
                guard position < operands.count else { return -1 }
                let operand = operands.baseAddress! + position
                let index = tape.index(of: operand.pointee)
                guard let broadcasting else { return index }
                return tape.broadcasting(index, broadcasting)
            }
            var (uses, hasArray) = (Pullback.Uses(), value.unownedStorage != nil)
            for position in operands.indices where operands[position].unownedStorage != nil { hasArray = true }
            // Single numbers are always kept. To ask for the uses only where there is an array also lets a rule that is
            // being traced, over single numbers, use its own primitive.
            if hasArray {
                for position in operands.indices where operands[position].serial == tape.serial {
                    uses.formUnion(self.uses(ofOperand: position))
                }
            }
            let place = tape.place(of: attributes)
            let index: Int32
            if operands.count <= 3 {
                let (first, second, third) = (number(0), number(1), number(2))
                let shape = isElementwise ? tape[first].shape : tape.place(of: value.shape, near: first)
                index = tape.append(
                    self, value.elementType, shape: shape, bits: value.bits, operandCount: UInt8(operands.count), first,
                    second, third, attributes: place)
            } else {
                let list = tape.place(ofOperands: operands.indices.map(number))
                index = tape.append(
                    self, value.elementType, shape: tape.place(of: value.shape), bits: value.bits,
                    operandCount: Instruction.manyOperands, list.start, list.count, attributes: place)
            }
            if uses.isEmpty { return value.on(tape, index) }
            if uses.contains(.result) { tape.keep(value, for: index) }
            for position in operands.indices where uses.contains(.operand(position)) {
                tape.keep(operands[position], forOperand: position, of: index)
            }
            return value.on(tape, index)
        }
    }
}

extension Tensor {
    /// The same value, standing for an instruction.
    @inline(__always)
    func on(_ tape: Tape, _ index: Int32) -> Tensor {
        Tensor(storage: storage, bits: bits, elementType: elementType, serial: tape.serial, index: index)
    }

    /// Runs `body` on how the operands lie in memory, in their own shapes or broadcast to a larger one, and on the address of
    /// the first element of each.
    @inline(__always)
    fileprivate static func withLayouts<Failure: Error>(
        of operands: UnsafeBufferPointer<Tensor>, in shape: Shape? = nil,
        _ body: (UnsafeBufferPointer<Layout>, UnsafePointer<UnsafeRawPointer>) throws(Failure) -> Void
    ) throws(Failure) {
        try withUnsafeTemporaryAllocation(of: Layout.self, capacity: operands.count) { layouts throws(Failure) in
            try withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: operands.count) {
                addresses throws(Failure) in
                for position in operands.indices {
                    let own = operands[position].shape
                    // References are not counted here: the operands outlive the call. The elements of rank 0 lie in their list.
                    var strides = own
                    addresses[position] =
                        UnsafeRawPointer(operands.baseAddress! + position) + MemoryLayout<Tensor>.offset(of: \.bits)!
                    if let storage = operands[position].unownedStorage {
                        (addresses[position], strides) = storage._withUnsafeGuaranteedRef {
                            (UnsafeRawPointer($0.elements), $0.strides)
                        }
                    }
                    if let shape, shape != own { strides = strides.repeated(own, in: shape) }
                    layouts[position] = Layout(shape ?? own, strides, operands[position].elementType)
                }
                try body(UnsafeBufferPointer(layouts), addresses.baseAddress!)
            }
        }
    }
}

extension Primitive {
    /// About how many nanoseconds an element takes.
    var elementTime: Double {
        guard let function else { return 5 }
        if function == CK_POWER || function == CK_SHIFTED_POWER { return 2 }
        return (CK_EXP.rawValue...CK_SOFTPLUS.rawValue).contains(function.rawValue) ? 1 : 0.2
    }

    /// The values that the pullback of an operand uses.
    @inline(__always)
    func uses(ofOperand position: Int) -> Pullback.Uses {
        if isElementwise { return ScalarRule.table[identifier].steps(ofOperand: position).pointee.uses }
        return pullback(ofOperand: position)?.declaredUses! ?? []
    }

    /// What makes the adjoint of an operand; nil where it gets none.
    func pullback(ofOperand position: Int) -> Pullback? {
        let place = operandCount == nil ? 0 : position
        return place < pullbacks.count && !pullbacks[place].isZero ? pullbacks[place] : nil
    }

    /// Applies this primitive to one operand.
    public func callAsFunction(_ x: Tensor, attributes: Attributes) -> Tensor {
        withUnsafePointer(to: x) { apply(UnsafeBufferPointer(start: $0, count: 1), attributes) }
    }
}

extension Tape {
    /// The instruction that sees a value in a larger shape; the value's own where it has that shape.
    @inline(__always)
    func broadcasting(_ index: Int32, _ broadcasting: Primitive.Broadcasting) -> Int32 {
        if shape(of: index) == broadcasting.shape { return index }
        return append(
            broadcasting.primitive, self[index].elementType, shape: place(of: broadcasting.shape), bits: 0,
            operandCount: 1, index, attributes: place(of: .shape(broadcasting.shape)))
    }

    /// Keeps the value of an instruction's operand; where that is broadcast, the value that it sees.
    @inline(__always)
    func keep(_ tensor: Tensor, forOperand position: Int, of index: Int32) {
        var source = operand(position, of: self[index])
        if source != tensor.index || tensor.serial != serial, self[source].operandCount == 1 {
            source = self[source].operands.0
        }
        keep(tensor, for: source)
    }
}

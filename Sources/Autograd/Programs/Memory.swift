/// The memory of one run at a time.
final class Memory {
    // Read at every run; no method calls out while it changes these.
    /// What runs in it.
    @exclusivity(unchecked) private(set) var code: Code
    /// The block in which the code works.
    let block: UnsafeMutableRawPointer
    private let size: Int
    /// The pieces of memory that places name: a table behind the block.
    @exclusivity(unchecked) private(set) var bases: UnsafeMutablePointer<UnsafeMutableRawPointer>!

    /// - Parameter old: Another of the same function, whose state this takes over: it lies in front of both.
    init(_ code: Code, replacing old: Memory? = nil) {
        self.code = code
        size = code.memorySize
        block = .allocate(byteCount: size, alignment: Arena.alignment)
        if let old { block.copyMemory(from: old.block, byteCount: min(size, old.size)) }
        begin()
    }

    deinit { block.deallocate() }

    /// Lets another recording of the same function run here: it has the same state in front of the block, which stays. False
    /// where it needs more memory.
    func load(_ next: Code) -> Bool {
        guard next.memorySize <= size else { return false }
        if next !== code {
            assert(zip(next.state, code.state).allSatisfy { $0.place == $1.place })
            code = next
            begin()
        }
        return true
    }

    private func begin() {
        bases = (block + code.blockSize).bindMemory(to: UnsafeMutableRawPointer.self, capacity: code.baseCount)
        bases.initialize(repeating: block, count: code.baseCount)
        bases[1] = code.constants.storage!.elements
        code.numbers.elements.withUnsafeBytes {
            UnsafeMutableRawBufferPointer(start: block + code.numbers.offset, count: $0.count).copyMemory(from: $0)
        }
    }
}

extension Code {
    var memorySize: Int { blockSize + baseCount * MemoryLayout<UnsafeMutableRawPointer>.stride }
}

extension Memory {
    /// Runs the code on inputs; false where it does not take them or a guard does not hold, and then nothing was done.
    func run(_ inputs: UnsafeBufferPointer<Tensor>, into outputs: inout [Tensor]) -> Bool {
        guard code.inputNumbers != nil || inputs.allSatisfy(\.isPacked) else {
            // The copies live until the run has ended.
            return inputs.map(\.packed).withUnsafeBufferPointer { run($0, into: &outputs) }
        }
        guard bind(inputs) else { return false }
        if outputs.count != code.outputs.count { outputs = code.outputs.map { _ in Tensor(0) } }
        if let places = code.outputNumbers {
            guard code.run(bases) else { return false }
            readNumbers(at: places, into: &outputs)
            return true
        }
        for (position, output) in code.outputs.enumerated() where output.type.shape.rank > 0 {
            bases[code.firstOutput + position] = outputs[position].writable(as: output.type)
        }
        guard code.run(bases) else { return false }
        for (position, output) in code.outputs.enumerated() {
            if output.type.shape.rank == 0 {
                outputs[position] = Tensor([], output.type.elementType, copiedFrom: output.place.address(bases))
            } else if output.place.base != code.firstOutput + position {
                bases[code.firstOutput + position].copyMemory(
                    from: output.place.address(bases), byteCount: output.type.byteCount)
            }
        }
        return true
    }

    private func readNumbers(at places: [UInt32], into outputs: inout [Tensor]) {
        let block = block
        outputs.withUnsafeMutableBufferPointer { outputs in
            places.withUnsafeBufferPointer { places in
                for position in places.indices {
                    let bits = block.load(fromByteOffset: Int(places[position]), as: UInt64.self)
                    let number = Tensor(storage: nil, bits: bits, elementType: .float64)
                    // Nothing is to be released in place of a number.
                    if outputs[position].unownedStorage == nil {
                        (outputs.baseAddress! + position).initialize(to: number)
                    } else {
                        outputs[position] = number
                    }
                }
            }
        }
    }

    /// Makes packed inputs, which the code may take, readable for the steps; false where it does not take them.
    private func bind(_ inputs: UnsafeBufferPointer<Tensor>) -> Bool {
        guard let places = code.inputNumbers else {
            for (position, input) in code.inputs.enumerated() { bind(inputs[position], position, input) }
            return true
        }
        let block = block
        return places.withUnsafeBufferPointer { places in
            for position in places.indices {
                let input = inputs.baseAddress! + position
                guard input.pointee.isNumber else { return false }
                block.storeBytes(of: input.pointee.bits, toByteOffset: Int(places[position]), as: UInt64.self)
            }
            return true
        }
    }

    @inline(__always)
    private func bind(_ tensor: Tensor, _ position: Int, _ input: Code.Value) {
        if let storage = tensor.unownedStorage {
            storage._withUnsafeGuaranteedRef { storage in
                if input.place.base == 0 {
                    input.place.address(bases).copyMemory(
                        from: storage.elements, byteCount: storage.count * input.type.elementType.size)
                } else {
                    bases[Code.firstInput + position] = storage.elements
                }
            }
        } else {
            input.place.address(bases).storeBytes(of: tensor.bits, as: UInt64.self)
        }
    }
}

extension Tensor {
    /// Whether this is a single number, of float64, that may be read: no operation that failed, on no other thread's tape.
    @inline(__always)
    fileprivate var isNumber: Bool {
        unownedStorage == nil && elementType == .float64 && (serial == 0 || !isFailed && !isOpenElsewhere)
    }

    /// The address of elements that may be written: this tensor's own where nobody else holds them and they are of this kind,
    /// else those of a new one in its place.
    fileprivate mutating func writable(as type: Primitive.Result) -> UnsafeMutableRawPointer {
        if type.describes(self) {
            var held = storage
            self = Tensor(0)
            if isKnownUniquelyReferenced(&held), held!.owner == nil {
                self = Tensor(held!)
                return held!.elements
            }
        }
        let made = Storage.allocate(type.shape, type.elementType)!
        self = Tensor(made)
        return made.elements
    }
}

import CKernels

/// A function applied element by element: either a kernel, or a plain function of one or two numbers.
///
/// Plain data without reference counting, so that loading one costs nothing.
enum ElementLoop: Sendable {
    case kernel(ck_loop)
    case unary(@convention(c) @Sendable (Double) -> Double)
    case binary(@convention(c) @Sendable (Double, Double) -> Double)

    /// The loop that copies elements of a type.
    static func copying(_ elementType: Tensor.ElementType) -> ElementLoop {
        .kernel(ck_elementwise(CK_COPY, ck_type(elementType))!)
    }

    /// Computes `count` results side by side from `result` on. A plain function computes in double precision and rounds
    /// to `elementType`.
    @inline(__always)
    func run(
        _ count: Int, _ operands: UnsafePointer<UnsafeRawPointer>, _ strides: UnsafePointer<Int>,
        _ result: UnsafeMutableRawPointer, _ elementType: Tensor.ElementType
    ) {
        func number(_ operand: Int, at position: Int) -> Double {
            elementType.number(at: operands[operand] + position * strides[operand] * elementType.size)
        }
        switch self {
        case .kernel(let kernel): kernel(count, operands, strides, result)
        case .unary(let function):
            for position in 0..<count {
                elementType.store(function(number(0, at: position)), at: result + position * elementType.size)
            }
        case .binary(let function):
            for position in 0..<count {
                let value = function(number(0, at: position), number(1, at: position))
                elementType.store(value, at: result + position * elementType.size)
            }
        }
    }
}

extension ElementLoop {
    /// Along runs of up to three operands, of which those that are left out are not read.
    @inline(__always)
    func run(
        _ count: Int, _ x: Storage.Run, _ y: Storage.Run? = nil, _ z: Storage.Run? = nil,
        into result: UnsafeMutableRawPointer, _ elementType: Tensor.ElementType = .float64
    ) {
        let (y, z) = (y ?? x, z ?? x)
        withUnsafePointer(to: (x.start, y.start, z.start)) { operands in
            withUnsafePointer(to: (x.stride, y.stride, z.stride)) { strides in
                run(
                    count, UnsafeRawPointer(operands).assumingMemoryBound(to: UnsafeRawPointer.self),
                    UnsafeRawPointer(strides).assumingMemoryBound(to: Int.self), result, elementType)
            }
        }
    }
}

/// The loops of one function for the element types that it takes.
struct ElementLoops: Sendable {
    private let loops: (ElementLoop?, ElementLoop?, ElementLoop?, ElementLoop?)

    init(_ loop: (Tensor.ElementType) -> ElementLoop?) {
        loops = (loop(.float64), loop(.float32), loop(.int64), loop(.bool))
    }

    /// The loops of a kernel.
    init(_ function: ck_function) {
        self.init { ck_elementwise(function, ck_type($0)).map(ElementLoop.kernel) }
    }

    @inline(__always)
    subscript(elementType: Tensor.ElementType) -> ElementLoop? {
        switch elementType {
        case .float64: loops.0
        case .float32: loops.1
        case .int64: loops.2
        case .bool: loops.3
        }
    }
}

extension ElementLoop {
    /// Computes all elements of a packed result from operands of its shape, each read through its strides.
    ///
    /// Neighbouring axes that every operand crosses with one stride count as one, so that packed operands take one run of
    /// the loop.
    func run(_ operands: UnsafeBufferPointer<ArrayView>, into result: UnsafeMutableRawPointer, resultSize: Int) {
        let (shape, type) = (operands.last!.shape, operands.last!.elementType)
        var outer = shape.rank
        while outer > 0, operands.allSatisfy({ $0.strides.single(over: outer - 1..<shape.rank, of: shape) != nil }) {
            outer -= 1
        }
        let run = shape[outer...].reduce(1, *)
        if run == 0 { return }
        withUnsafeTemporaryAllocation(of: Int.self, capacity: operands.count) { strides in
            withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: operands.count) { addresses in
                for (position, operand) in operands.enumerated() {
                    strides[position] = operand.strides.single(over: outer..<shape.rank, of: shape)!
                    addresses[position] = UnsafeRawPointer(operand.elements)
                }
                var target = result
                shape.visit(firstAxes: outer) {
                    self.run(run, addresses.baseAddress!, strides.baseAddress!, target, type)
                    target += run * resultSize
                } move: { axis, steps in
                    for position in operands.indices {
                        let bytes = operands[position].elementType.size * operands[position].strides[axis]
                        addresses[position] += steps * bytes
                    }
                }
            }
        }
    }

    /// Computes all elements of a packed result from one operand.
    func run(over operand: ArrayView, into result: UnsafeMutableRawPointer, resultSize: Int) {
        withUnsafePointer(to: operand) {
            run(UnsafeBufferPointer(start: $0, count: 1), into: result, resultSize: resultSize)
        }
    }
}

extension Tensor {
    /// Whether the elements lie side by side in row-major order.
    var isPacked: Bool { unownedStorage?._withUnsafeGuaranteedRef(\.isPacked) ?? true }

    /// The same elements side by side in row-major order: this tensor itself where they lie so already. More than memory can
    /// hold are an error.
    var packed: Tensor {
        guard let storage, !storage.isPacked else { return self }
        guard let copy = Storage.allocate(storage.shape, elementType) else {
            return TensorError("Tensor", shortage!).raise()
        }
        copyElements(by: .copying(elementType), to: copy.elements, elementSize: elementType.size)
        return Tensor(storage: copy, bits: 0, elementType: elementType, serial: serial, index: index)
    }

    /// Why memory could not hold the elements, if they were packed; nil where it can.
    var shortage: String? { elementCount < 1 << 24 ? nil : Storage.shortage(shape, elementType) }

    /// Writes the elements side by side, in row-major order, as a loop of one operand makes them.
    func copyElements(by loop: ElementLoop, to target: UnsafeMutableRawPointer, elementSize: Int) {
        withElements { address, strides in
            let elements = UnsafeMutableRawPointer(mutating: address)
            let view = ArrayView(elements: elements, shape: shape, strides: strides, elementType: elementType)
            loop.run(over: view, into: target, resultSize: elementSize)
        }
    }

    /// A storage that holds the elements, also for rank 0.
    var storageOfAnyRank: Storage {
        if let storage { return storage }
        let made = Storage.allocate(Shape(), elementType)!
        made.elements.storeBytes(of: bits, as: UInt64.self)
        return made
    }
}

extension ck_type {
    init(_ elementType: Tensor.ElementType) { self.init(rawValue: elementType.rawValue) }
}

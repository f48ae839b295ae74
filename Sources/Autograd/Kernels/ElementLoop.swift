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

    /// The function of single numbers of a type that this is.
    func scalarFunction(_ type: ck_type) -> ScalarGraph.Operation.Function {
        switch self {
        case .kernel(let loop): .call(CK_SCALAR_CALL_LOOP, type, address: unsafeBitCast(loop, to: UInt.self))
        case .unary(let function): .call(CK_SCALAR_CALL_UNARY, type, address: unsafeBitCast(function, to: UInt.self))
        case .binary(let function): .call(CK_SCALAR_CALL_BINARY, type, address: unsafeBitCast(function, to: UInt.self))
        }
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
    init(_ function: ck_function) { self.init { ck_elementwise(function, ck_type($0)).map(ElementLoop.kernel) } }

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
    /// A loop over all elements of a packed result, from operands of its shape, each read through its strides.
    struct OverArrays {
        let loop: ElementLoop
        let layouts: UnsafeBufferPointer<Tensor.Layout>
        let operands: UnsafePointer<UnsafeRawPointer>
        let result: UnsafeMutableRawPointer
        let resultSize: Int
    }
}

extension ElementLoop.OverArrays {
    /// Threads share the elements, if one takes so many nanoseconds that it is worth it.
    func run(elementTime: @autoclosure () -> Double) {
        let shape = layouts.last!.shape
        let count = shape.elementCount
        // Less than the slowest function takes.
        let time = count < CK_DIVISIBLE / 5 ? 0 : elementTime() * Double(count)
        guard time >= Double(CK_DIVISIBLE), let axis = shape.firstIndex(where: { $0 > 1 }) else { return run(nil) }
        withUnsafePointer(to: self) {
            ck_divide(
                shape[axis], 1, time, { $0!.assumingMemoryBound(to: Self.self).pointee.run($1..<$1 + $2) },
                UnsafeMutableRawPointer(mutating: $0))
        }
    }

    /// All elements, or those of some positions along the first axis that is longer than 1.
    ///
    /// Neighbouring axes that every operand crosses with one stride count as one, so that packed operands take one run of
    /// the loop.
    private func run(_ part: Range<Int>?) {
        var (shape, target) = (layouts.last!.shape, result)
        var outer = shape.rank
        while outer > 0, layouts.allSatisfy({ $0.strides.single(over: outer - 1..<shape.rank, of: shape) != nil }) {
            outer -= 1
        }
        let axis = part == nil ? 0 : shape.firstIndex { $0 > 1 }!
        if let part {
            shape[axis] = part.count
            target += part.lowerBound * shape[(axis + 1)...].reduce(resultSize, *)
        }
        let run = shape[outer...].reduce(1, *)
        if run == 0 { return }
        withUnsafeTemporaryAllocation(of: Int.self, capacity: layouts.count) { strides in
            withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: layouts.count) { addresses in
                for (position, layout) in layouts.enumerated() {
                    strides[position] = layout.strides.single(over: outer..<shape.rank, of: layout.shape)!
                    addresses[position] = operands[position]
                    if let part {
                        addresses[position] += part.lowerBound * layout.strides[axis] * layout.elementType.size
                    }
                }
                shape.visit(firstAxes: outer) {
                    loop.run(run, addresses.baseAddress!, strides.baseAddress!, target, layouts.last!.elementType)
                    target += run * resultSize
                } move: { axis, steps in
                    for position in layouts.indices {
                        let bytes = layouts[position].elementType.size * layouts[position].strides[axis]
                        addresses[position] += steps * bytes
                    }
                }
            }
        }
    }
}

extension Primitive {
    /// How the elements of a result are computed, in two stages: what follows from shapes, strides, types and attributes is
    /// prepared, by a program once and for all; what is left runs on the elements, in each replay.
    ///
    ///     let reverse = Primitive.Kernel(
    ///         prepare: { call in (count: call[0].shape.elementCount, stride: call[0].strides[0]) },
    ///         run: { row, buffers in reverse_doubles(row.count, row.stride, buffers[0], buffers.result) })
    public struct Kernel: Sendable {
        /// Runs on prepared parameters.
        typealias Run = @Sendable (UnsafeRawPointer, borrowing Buffers) throws(Refusal) -> Void

        let run: Run
        /// Both stages at once.
        let compute: @Sendable (borrowing Preparation, borrowing Buffers) throws(Refusal) -> Void
        /// The parameters, and how many bytes of workspace they want.
        let prepare: @Sendable (borrowing Preparation) throws(Refusal) -> (parameters: [UInt64], workspace: Int)
        /// Whether it may refuse numbers.
        let mayRefuse: Bool

        /// Makes a kernel of its two stages.
        ///
        /// - Parameters:
        ///   - prepare: What the second stage needs to know, as plain data. Operands may lie in any strides, and others at each
        ///     call: only shapes, types and attributes may be refused, by throwing a ``Refusal``.
        ///   - workspace: How many bytes the second stage needs beside operands and result; none by default.
        ///   - run: Writes all elements of the result, which lie side by side in row-major order, and differ from those of the
        ///     operands. It allocates nothing, and may run on several threads at once.
        public init<Parameters: BitwiseCopyable>(
            prepare: @escaping @Sendable (_ call: borrowing Preparation) throws(Refusal) -> Parameters,
            workspace: @escaping @Sendable (Parameters) -> Int = { _ in 0 },
            run: @escaping @Sendable (Parameters, _ buffers: borrowing Buffers) -> Void
        ) {
            self.init(prepare, workspace, mayRefuse: false) { (parameters, buffers) in run(parameters, buffers) }
        }

        /// Makes a kernel that may refuse the numbers of its operands, such as an index that is out of range, by throwing a
        /// ``Refusal``. A program that meets one changes nothing.
        public init<Parameters: BitwiseCopyable>(
            prepare: @escaping @Sendable (_ call: borrowing Preparation) throws(Refusal) -> Parameters,
            workspace: @escaping @Sendable (Parameters) -> Int = { _ in 0 },
            refusing run: @escaping @Sendable (Parameters, _ buffers: borrowing Buffers) throws(Refusal) -> Void
        ) {
            self.init(prepare, workspace, mayRefuse: true, run)
        }

        private init<Parameters: BitwiseCopyable>(
            _ prepare: @escaping @Sendable (borrowing Preparation) throws(Refusal) -> Parameters,
            _ workspace: @escaping @Sendable (Parameters) -> Int, mayRefuse: Bool,
            _ run: @escaping @Sendable (Parameters, borrowing Buffers) throws(Refusal) -> Void
        ) {
            self.mayRefuse = mayRefuse
            self.run = { parameters, buffers throws(Refusal) in
                try run(parameters.loadUnaligned(as: Parameters.self), buffers)
            }
            self.prepare = { call throws(Refusal) in
                let parameters = try prepare(call)
                var words = [UInt64](repeating: 0, count: (MemoryLayout<Parameters>.stride + 7) / 8)
                words.withUnsafeMutableBytes { $0.storeBytes(of: parameters, as: Parameters.self) }
                return (words, workspace(parameters))
            }
            compute = { call, buffers throws(Refusal) in
                let parameters = try prepare(call)
                // Nothing to do may take long to find out, row by row.
                if !mayRefuse && !call.result.shape.isSmall && call.result.shape.contains(0) { return }
                let size = workspace(parameters)
                if size == 0 { return try run(parameters, buffers) }
                let (operands, layouts, result) = (buffers.operands, buffers.layouts, buffers.result)
                try withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { memory throws(Refusal) in
                    try run(
                        parameters,
                        Buffers(operands: operands, layouts: layouts, result: result, workspace: memory.baseAddress!))
                }
            }
        }
    }

    /// The elements of a result as single numbers, from those of the operands; neither are int64. So programs compute tiny
    /// arrays. It must give the same bits as the kernel.
    typealias ElementRule =
        @Sendable (_ numbers: ScalarGraph, _ operands: [[Int]], _ call: borrowing Preparation) -> [Int]

    /// What a kernel is prepared for: how the operands lie in memory, what the result is, and the attributes.
    public struct Preparation: ~Copyable {
        let operands: UnsafeBufferPointer<Tensor.Layout>
        public let result: Result
        public let attributes: Attributes

        @inline(__always)
        public subscript(operand: Int) -> Tensor.Layout {
            precondition(operands.indices.contains(operand))
            return operands[operand]
        }
        public var operandCount: Int { operands.count }
    }

    /// The elements that a kernel runs on; those of an operand begin at `buffers[0]`. Valid during the run.
    public struct Buffers: ~Copyable {
        let operands: UnsafePointer<UnsafeRawPointer>
        let layouts: UnsafeBufferPointer<Tensor.Layout>
        public let result: UnsafeMutableRawPointer
        /// As many bytes as were asked for, from a multiple of 64 on; the result itself where there were none.
        public let workspace: UnsafeMutableRawPointer

        @inline(__always)
        public subscript(operand: Int) -> UnsafeRawPointer { operands[operand] }
        /// How an operand lies in memory, as when the kernel was prepared.
        public func layout(ofOperand position: Int) -> Tensor.Layout { layouts[position] }
        public var operandCount: Int { layouts.count }
    }
}

extension Primitive.Kernel {
    /// The operand's elements, packed and converted to the type of the result.
    static let copying = Self(
        prepare: { call in PackedCopy(of: call[0], as: call.result.elementType) },
        run: { copy, buffers in copy(buffers[0], to: buffers.result) })
}

import CKernels

/// Element-wise instructions of one shape that run together, block by block, so that what one makes of a block is still in
/// the first-level cache when the next reads it. The same loops as eager code runs, hence the same bits. Threads share the
/// blocks; temporaries lie in each thread's own workspace.
struct ElementwiseStep: Sendable {
    /// The elements of a block.
    static let blockLength = 512
    /// The bytes from one temporary to the next: a block of the widest type, and three cache lines, so that temporaries do
    /// not all fall into the same sets of the cache.
    static let temporarySize = blockLength * 8 + 3 * Arena.alignment
    /// The most instructions that run together: their blocks share the cache.
    static let maximumLength = 32
    /// The most blocks of operands that are spread, which share it too.
    static let mostSpreads = 8

    /// An array that the step reads or writes, whose elements lie side by side, or one that is every operand. A temporary is
    /// one block, used again and again, of which only the offset of the place counts, in the workspace.
    struct Stream: Sendable, Hashable {
        let place: Place
        /// 1 or 0.
        let stride: Int
        let elementSize: Int
        let isTemporary: Bool
    }

    /// An operand whose elements lie in another way, such as one that repeats along rows: those of a block are spread in a
    /// temporary before it begins, so that loops are long, however short the rows.
    struct Spread: Sendable {
        let source: Place
        let layout: ck_layout
        let elementType: Tensor.ElementType
        /// The temporary.
        let stream: UInt8
    }

    struct Operation: Sendable {
        let loop: ElementLoop
        let operandType: Tensor.ElementType
        /// The streams that are the operands, three at most, and the result.
        let operands: (UInt8, UInt8, UInt8)
        let result: UInt8
    }

    let elementCount: Int
    let streams: [Stream]
    let spreads: [Spread]
    let operations: [Operation]
    /// What it takes on one thread.
    let nanoseconds: Double
}

extension ElementwiseStep {
    func run(_ bases: UnsafePointer<UnsafeMutableRawPointer>) {
        if nanoseconds < Double(CK_DIVISIBLE) { return run(0..<elementCount, bases) }
        withUnsafePointer(to: (step: self, bases: bases)) { work in
            ck_divide(
                elementCount, ElementwiseStep.blockLength, nanoseconds,
                { context, first, count in
                    let work = context!.assumingMemoryBound(
                        to: (step: ElementwiseStep, bases: UnsafePointer<UnsafeMutableRawPointer>).self)
                    work.pointee.step.run(first..<first + count, work.pointee.bases)
                }, UnsafeMutableRawPointer(mutating: work))
        }
    }

    private func run(_ range: Range<Int>, _ bases: UnsafePointer<UnsafeMutableRawPointer>) {
        // What runs alone has no one to share the cache with, and no temporaries.
        let isAlone = operations.count == 1 && spreads.isEmpty
        let longest = isAlone ? range.count : ElementwiseStep.blockLength
        let workspace = isAlone ? bases[0] : ck_workspace()
        withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: streams.count) { addresses in
            streams.withUnsafeBufferPointer { streams in
                operations.withUnsafeBufferPointer { operations in
                    for start in stride(from: range.lowerBound, to: range.upperBound, by: max(1, longest)) {
                        for position in streams.indices {
                            addresses[position] = streams[position].address(bases, workspace, start)
                        }
                        let count = min(longest, range.upperBound - start)
                        for spread in spreads { spread.run(start, count, bases, addresses) }
                        for operation in operations { operation.run(count, addresses, streams) }
                    }
                }
            }
        }
    }
}

extension ElementwiseStep.Stream {
    @inline(__always)
    fileprivate func address(
        _ bases: UnsafePointer<UnsafeMutableRawPointer>, _ workspace: UnsafeMutableRawPointer, _ start: Int
    ) -> UnsafeMutableRawPointer {
        isTemporary ? workspace + place.offset : place.address(bases) + start * stride * elementSize
    }
}

extension ElementwiseStep.Spread {
    @inline(__always)
    fileprivate func run(
        _ start: Int, _ count: Int, _ bases: UnsafePointer<UnsafeMutableRawPointer>,
        _ addresses: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>
    ) {
        withUnsafePointer(to: layout) {
            ck_copy(ck_type(elementType), $0, start, count, source.address(bases), addresses[Int(stream)])
        }
    }
}

extension ElementwiseStep.Operation {
    @inline(__always)
    fileprivate func run(
        _ count: Int, _ addresses: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>,
        _ streams: UnsafeBufferPointer<ElementwiseStep.Stream>
    ) {
        func operand(_ number: UInt8) -> Storage.Run {
            Storage.Run(start: addresses[Int(number)], stride: streams[Int(number)].stride)
        }
        loop.run(
            count, operand(operands.0), operand(operands.1), operand(operands.2), into: addresses[Int(result)],
            operandType)
    }
}

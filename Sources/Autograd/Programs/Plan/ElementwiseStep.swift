/// Element-wise instructions of one shape that run together, block by block, so that what one makes of a block is still in
/// the first-level cache when the next reads it. The same loops as eager code runs, hence the same bits.
struct ElementwiseStep: Sendable {
    /// The elements of a block.
    static let blockLength = 512
    /// The bytes from one temporary to the next: a block of the widest type, and three cache lines, so that temporaries do
    /// not all fall into the same sets of the cache.
    static let temporarySize = blockLength * 8 + 3 * Arena.alignment
    /// The most instructions that run together: their blocks share the cache.
    static let maximumLength = 32

    /// An array that the step reads or writes, whose elements lie in planes of rows. A temporary is one block, used again and
    /// again.
    struct Stream: Sendable, Hashable {
        let place: Place
        let strides: Strides
        let elementSize: Int
        let isTemporary: Bool
    }

    /// How many elements lie from one plane, row or element to the next.
    struct Strides: Sendable, Hashable {
        let plane, row, element: Int
    }

    struct Operation: Sendable {
        let loop: ElementLoop
        let operandType: Tensor.ElementType
        /// The streams that are the operands, three at most, and the result.
        let operands: (UInt8, UInt8, UInt8)
        let result: UInt8
    }

    let planes: Int
    let rows: Int
    let rowLength: Int
    let streams: [Stream]
    let operations: [Operation]
}

extension ElementwiseStep {
    func run(_ bases: UnsafePointer<UnsafeMutableRawPointer>) {
        // What runs alone has no one to share the cache with.
        let longest = operations.count == 1 ? rowLength : ElementwiseStep.blockLength
        withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: streams.count) { addresses in
            streams.withUnsafeBufferPointer { streams in
                operations.withUnsafeBufferPointer { operations in
                    for plane in 0..<planes {
                        for row in 0..<rows {
                            var start = 0
                            while start < rowLength {
                                for position in streams.indices {
                                    addresses[position] = streams[position].address(bases, plane, row, start)
                                }
                                let count = min(longest, rowLength - start)
                                for operation in operations { operation.run(count, addresses, streams) }
                                start += count
                            }
                        }
                    }
                }
            }
        }
    }
}

extension ElementwiseStep.Stream {
    @inline(__always)
    fileprivate func address(
        _ bases: UnsafePointer<UnsafeMutableRawPointer>, _ plane: Int, _ row: Int, _ start: Int
    ) -> UnsafeMutableRawPointer {
        let element = isTemporary ? 0 : plane * strides.plane + row * strides.row + start * strides.element
        return place.address(bases) + element * elementSize
    }
}

extension ElementwiseStep.Operation {
    @inline(__always)
    fileprivate func run(
        _ count: Int, _ addresses: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>,
        _ streams: UnsafeBufferPointer<ElementwiseStep.Stream>
    ) {
        func operand(_ number: UInt8) -> Storage.Run {
            Storage.Run(start: addresses[Int(number)], stride: streams[Int(number)].strides.element)
        }
        loop.run(
            count, operand(operands.0), operand(operands.1), operand(operands.2), into: addresses[Int(result)],
            operandType)
    }
}

/// Where bytes of a run lie: in which piece of memory, and how far from its start. What a tensor is to eager code, a place
/// is to a program.
struct Place: Sendable, Hashable {
    /// Which piece of memory; see ``Code``.
    var base: Int
    /// In bytes.
    var offset: Int

    @inline(__always)
    func address(_ bases: UnsafePointer<UnsafeMutableRawPointer>) -> UnsafeMutableRawPointer { bases[base] + offset }
}

/// Plans one block of memory for buffers that live from one step to another: those whose lives do not meet may lie in the
/// same place.
struct Arena {
    /// Every buffer begins at a multiple of a cache line.
    static let alignment = 64

    /// The bytes of the block.
    private(set) var size: Int
    private var free: [Range<Int>] = []
    /// What is in use, by offset: its size, and the last step that needs it.
    private var used: [Int: (size: Int, lastStep: Int)] = [:]
    /// The offsets of what a step was to be the last to need; some of it may have been extended since.
    private var ending: [Int: [Int]] = [:]
    /// What the steps before this one needed last is free.
    private var step = 0

    /// An arena behind `reserved` bytes.
    init(behind reserved: Int) { size = Arena.rounded(reserved) }

    static func rounded(_ bytes: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }

    /// The offset of a buffer that is written by `step` and read for the last time by `lastStep`. Steps must come in
    /// order.
    mutating func allocate(_ bytes: Int, at step: Int, until lastStep: Int) -> Int {
        release(before: step)
        let bytes = max(Arena.alignment, Arena.rounded(bytes))
        // The smallest hole that is large enough.
        let hole = free.indices.filter { free[$0].count >= bytes }.min { free[$0].count < free[$1].count }
        let start: Int
        if let hole {
            start = free[hole].lowerBound
            free[hole] = start + bytes..<free[hole].upperBound
            if free[hole].isEmpty { free.remove(at: hole) }
        } else {
            start = size
            size += bytes
        }
        used[start] = (bytes, step)
        extend(start, until: lastStep)
        return start
    }

    /// Keeps bytes behind everything else, from `size` as it was on.
    mutating func reserve(_ bytes: Int) { size += Arena.rounded(bytes) }

    /// Lets the buffer at `offset` live until `lastStep`, for what takes its place. False where there is none: what regions
    /// make, for one, lies in reserved bytes, in which other values may be the same.
    @discardableResult
    mutating func extend(_ offset: Int, until lastStep: Int) -> Bool {
        guard let buffer = used[offset] else { return false }
        let lastStep = max(buffer.lastStep, lastStep)
        used[offset]!.lastStep = lastStep
        ending[lastStep, default: []].append(offset)
        return true
    }

    private mutating func release(before next: Int) {
        var ended: [Range<Int>] = []
        for step in step..<next {
            for offset in ending.removeValue(forKey: step) ?? [] where used[offset]?.lastStep == step {
                ended.append(offset..<offset + used.removeValue(forKey: offset)!.size)
            }
        }
        step = next
        if ended.isEmpty { return }
        // Neighbouring holes become one.
        let holes = (free + ended).sorted { $0.lowerBound < $1.lowerBound }
        free = holes.reduce(into: []) { merged, hole in
            if let last = merged.last, last.upperBound == hole.lowerBound {
                merged[merged.count - 1] = last.lowerBound..<hole.upperBound
            } else {
                merged.append(hole)
            }
        }
    }
}

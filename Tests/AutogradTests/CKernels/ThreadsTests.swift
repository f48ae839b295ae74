import CKernels
import Foundation
import Testing

@testable import Autograd

@Suite struct `The threads` {
    /// How often each part was done.
    private final class Counts: Sendable {
        let counts = Locked([Int](repeating: 0, count: 100))
    }

    /// Divides 100 parts, each of which divides others, and returns how often each was done.
    private func divide(nested: Bool) -> [Int] {
        let counts = Counts()
        let address = Unmanaged.passUnretained(counts).toOpaque()
        if nested {
            ck_divide(
                10, 1, 1e9,
                { address, first, length in
                    for tens in first..<first + length {
                        ck_divide(10, 1, 1e9, { address, first, length in count(address, first, length) }, address)
                        count(address, 10 + 9 * tens, 9)
                    }
                }, address)
        } else {
            ck_divide(100, 1, 1e9, { address, first, length in count(address, first, length) }, address)
        }
        return withExtendedLifetime(counts) { counts.counts.withLock { $0 } }

        func count(_ address: UnsafeMutableRawPointer?, _ first: Int, _ length: Int) {
            Unmanaged<Counts>.fromOpaque(address!).takeUnretainedValue().counts.withLock { counts in
                for part in first..<first + length { counts[part] += 1 }
            }
        }
    }

    @Test(arguments: [1, 2, 7])
    func `do each part once`(count: Int) {
        Threads.with(count: count) {
            for _ in 0..<200 { #expect(divide(nested: false).allSatisfy { $0 == 1 }) }
        }
    }

    @Test func `do parts that divide work themselves`() {
        Threads.with(count: 4) {
            for _ in 0..<20 {
                let counts = divide(nested: true)
                #expect(counts[..<10].allSatisfy { $0 == 10 } && counts[10...].allSatisfy { $0 == 1 })
            }
        }
    }

    @Test func `serve callers from several threads`() async {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    Threads.with(count: 3) {
                        (0..<100).allSatisfy { _ in divide(nested: false).allSatisfy { $0 == 1 } }
                    }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    /// Of whole grains, where the work is large; else one.
    @Test(arguments: [
        (0, 1, 1e9), (1, 1, 1e9), (7, 1, 1e9), (1000, 1, 1e9), (1000, 64, 1e9), (63, 64, 1e9), (129, 64, 1e9),
        (50, 1, 30_000), (50, 1, 19_999),
    ])
    func `do each of a range once`(count: Int, grain: Int, nanoseconds: Double) {
        final class Ranges: Sendable { let ranges = Locked([Range<Int>]()) }
        for threads in 1...3 {
            let found = Ranges()
            Threads.with(count: threads) {
                ck_divide(
                    count, grain, nanoseconds,
                    { context, first, count in
                        let found = Unmanaged<Ranges>.fromOpaque(context!).takeUnretainedValue()
                        found.ranges.withLock { $0.append(first..<first + count) }
                    }, Unmanaged.passUnretained(found).toOpaque())
            }
            let ranges = found.ranges.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
            #expect(ranges.first!.lowerBound == 0 && ranges.last!.upperBound == count)
            #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
            #expect(ranges.dropLast().allSatisfy { $0.count > 0 && $0.count.isMultiple(of: grain) })
            let parts = nanoseconds < 20_000 ? 1 : min(Int(nanoseconds / 10_000), 4 * threads, count / grain)
            #expect(ranges.count == max(parts, 1))
        }
    }

    /// Longer than they stay awake.
    @Test func `wait for each other`() {
        let counts = Counts()
        Threads.with(count: 2) {
            for round in 1...10 {
                ck_divide(
                    4, 1, 1e9,
                    { address, part, _ in
                        usleep(300)
                        let counts = Unmanaged<Counts>.fromOpaque(address!).takeUnretainedValue()
                        counts.counts.withLock { $0[part] += 1 }
                    }, Unmanaged.passUnretained(counts).toOpaque())
                #expect(counts.counts.withLock { $0[..<4] } == [round, round, round, round])
            }
        }
    }

    /// Again and again, with breaks in which the others fall asleep and without: who wakes late finds other work, or none.
    @Test func `do what comes at any time`() {
        Threads.with(count: 3) {
            for round in 0..<300 {
                if round.isMultiple(of: 3) { usleep(UInt32(round)) }
                #expect(divide(nested: false).allSatisfy { $0 == 1 })
            }
        }
    }

    @Test func `have a count for a scope`() {
        let count = Threads.count
        #expect(count >= 1)
        let inside = Threads.with(count: 5) { (Threads.count, Threads.with(count: 2) { Threads.count }, Threads.count) }
        #expect(inside == (5, 2, 5))
        #expect(Threads.count == count)
    }

    @Test func `have a count for the process`() async {
        await #expect(processExitsWith: .success) {
            setenv("AUTOGRAD_THREADS", "3", 1)
            let first = Threads.count
            Threads.count = 4
            exit(first == 3 && Threads.count == 4 ? 0 : 1)
        }
    }

    @Test func `refuse a count that is none`() async throws {
        let given = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            setenv("AUTOGRAD_THREADS", "two", 1)
            _ = Threads.count
        }
        let error = String(decoding: try #require(given).standardErrorContent, as: UTF8.self)
        #expect(error.contains("AUTOGRAD_THREADS must be a whole number from 1 to 1024."))
        await #expect(processExitsWith: .failure) { Threads.count = 0 }
    }
}

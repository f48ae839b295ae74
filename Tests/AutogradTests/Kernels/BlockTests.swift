import CKernels
import Foundation
import Testing

@testable import Autograd

/// In processes of their own, whose memory no other test uses.
@Suite struct `Memory of large arrays` {
    @Test func `is kept for the next array, within its bound`() async {
        await #expect(processExitsWith: .success) {
            func require(_ condition: Bool, _ problem: String) { if !condition { fatalError(problem) } }
            require(ck_kept_bytes() == 0, "something is kept of nothing")
            do { _ = Tensor(repeating: 1, shape: [100_000]) + 1 }
            let kept = ck_kept_bytes()
            if kept == 0 { return }  // The address sanitizer watches.
            require(kept >= 2 * 800_000, "\(kept) bytes are kept of two arrays")
            do { _ = Tensor(repeating: 1, shape: [100_001]) + 1 }
            require(ck_kept_bytes() == kept, "arrays of nearly the same size take other memory")
            // All at once, more than is kept; then one alone that is too large.
            do { _ = (1...40).map { Tensor(repeating: Double($0), shape: [400_000]) } }
            require(ck_kept_bytes() <= CK_KEPT, "\(ck_kept_bytes()) bytes are kept")
            require(ck_kept_bytes() > CK_KEPT * 9 / 10, "\(ck_kept_bytes()) bytes are kept of many")
            do { _ = Tensor(repeating: 1, shape: [CK_KEPT / 8 + 1]) }
            require(ck_kept_bytes() > CK_KEPT * 9 / 10, "too large an array drives out others")
            // What is small is none of its business.
            let before = ck_kept_bytes()
            do { _ = (0..<100).map { Tensor(repeating: Double($0), shape: [1000]) } }
            require(ck_kept_bytes() == before, "small arrays take blocks")
        }
    }

    #if os(Linux)
        @Test func `is given back, however much is used in all`() async {
            await #expect(processExitsWith: .success) {
                // Sanitizers remember each byte in some of their own.
                if dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil { return }
                func residentBytes() -> Int {
                    let fields = try! String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
                    return Int(fields[1])! * Int(getpagesize())
                }
                var generator = RandomGenerator(seed: 1)
                let before = residentBytes()
                var (total, most) = (0, 0)
                while total < 4 << 30 {
                    let count = Int(16_384 * exp2(8 * generator.uniform()))
                    let x = Tensor(repeating: 1, shape: [count], elementType: .float32)
                    let y = x + x
                    guard y[count - 1] == 2 else { fatalError("1 + 1 is \(y[count - 1])") }
                    total += 2 * 4 * count
                    most = max(most, residentBytes() - before)
                }
                guard most < 192 << 20 else { fatalError("\(most) bytes are resident") }
            }
        }
    #endif

    @Test func `belongs to one array at a time, on any thread`() {
        let wrong = Locked(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            var held: [(tensor: Tensor, number: Double)] = []
            for round in 0..<200 {
                let number = Double(1000 * thread + round)
                held.append((Tensor(repeating: number, shape: [10_000 + 1000 * (round % 3)]) * 1, number))
                if held.count > 4 {
                    let (tensor, number) = held.remove(at: round % 4)
                    if tensor != Tensor(repeating: number, shape: tensor.shape) { wrong.withLock { $0 += 1 } }
                }
            }
        }
        #expect(wrong.withLock { $0 } == 0)
    }

    @Test func `stays with an array while a view of it is in use, and after`() {
        let x = Tensor(from: 1, through: 20_000, count: 20_000)
        do { #expect(x[10_000...].numbers.first == 10_001) }
        let others = (0..<4).map { Tensor(repeating: Double($0), shape: [20_000]) * 2 }
        #expect(x == Tensor(from: 1, through: 20_000, count: 20_000))
        let view = (x + 0)[10_000...]
        let more = (0..<4).map { Tensor(repeating: Double($0), shape: [20_000]) * 2 }
        #expect(view[0] == 10_001 && view[9_999] == 20_000)
        withExtendedLifetime((others, more)) {}
    }
}

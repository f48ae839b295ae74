import Autograd
import Foundation
import NeuralNetworks
import Testing

/// Counted in processes of their own, where the hook disturbs nothing.
@Suite struct `A replay allocates nothing` {
    @Test func `for a network of single numbers`() async {
        await #expect(processExitsWith: .success) {
            let network = Classifier(inputs: 2, hidden: 2, classes: 1, .float64)
            let step = TrainingStep(network, SGD(learningRate: 0.5)) { network, x, e in
                halfSquaredError(sigmoid(network(x)), e)
            }
            expectNoAllocation(in: step, Tensor([1, 0]), Tensor([1]))
        }
    }

    @Test func `for a classifier`() async {
        await #expect(processExitsWith: .success) {
            let network = Classifier(inputs: 32, hidden: 16, classes: 10, .float32)
            let step = TrainingStep(network, SGD(learningRate: 0.01), loss: Classifier.loss)
            let (x, expected) = Classifier.batch(8, inputs: 32, classes: 10, .float32)
            expectNoAllocation(in: step, x, expected)
        }
    }

    @Test func `for a classifier of batches of matrices`() async {
        await #expect(processExitsWith: .success) {
            let network = Classifier(inputs: 6, hidden: 7, classes: 3, .float64)
            let step = TrainingStep(network, SGD(learningRate: 0.01, momentum: 0.9)) { network, x, expected in
                let part = x.slice(1..., along: 2)
                return softmaxCrossEntropy(logits: network(matmul(part, part.transposed())), expected)
            }
            let (x, expected) = Classifier.batch(2 * 6, inputs: 4, classes: 3, .float64)
            expectNoAllocation(
                in: step, x.reshaped(to: [2, 6, 4]), expected.reshaped(to: [2, 6, 3]))
        }
    }
}

/// Ends the process where a replay of a step allocates after the first.
private func expectNoAllocation<Model: Module>(in step: TrainingStep<Model, SGD>, _ x: Tensor, _ expected: Tensor) {
    func replay(_ count: Int) -> Int {
        Allocations.count { for _ in 0..<count { step(x, expected) } }
    }
    // A recording allocates, or else nothing was counted.
    guard replay(1) > 100, replay(1) >= 0 else { fatalError("allocations are not counted") }
    let count = replay(10_000)
    guard count == 0 else { fatalError("10,000 replays allocate \(count) objects; \(step.explanation)") }
}

/// Counts the objects that are allocated on one thread, by the hook that Swift's runtime has for instruments.
private enum Allocations {
    typealias Allocate = @convention(c) (UnsafeRawPointer?, Int, Int) -> UnsafeMutableRawPointer?
    nonisolated(unsafe) fileprivate static var original: Allocate?
    nonisolated(unsafe) fileprivate static var thread: pthread_t?
    nonisolated(unsafe) fileprivate static var count = 0

    /// How many objects `body` allocates: arrays, instances of classes, boxes of what closures capture.
    static func count(_ body: () -> Void) -> Int {
        if original == nil { install() }
        count = 0
        thread = pthread_self()
        body()
        thread = nil
        return count
    }

    private static func install() {
        let process = dlopen(nil, RTLD_NOW)
        let enabling = "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly"
        guard let hook = dlsym(process, "_swift_allocObject"), let isEnabled = dlsym(process, enabling) else {
            fatalError("this runtime has no hook")
        }
        original = hook.load(as: Allocate.self)
        hook.storeBytes(of: allocateAndCount, as: Allocate.self)
        isEnabled.storeBytes(of: true, as: Bool.self)
    }
}

private func allocateAndCount(_ type: UnsafeRawPointer?, _ size: Int, _ mask: Int) -> UnsafeMutableRawPointer? {
    if let thread = Allocations.thread, pthread_equal(thread, pthread_self()) != 0 { Allocations.count += 1 }
    return Allocations.original!(type, size, mask)
}

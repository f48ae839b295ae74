import CKernels

/// A value that one thread at a time may read or change.
///
/// With a lock of the C library, which sleeps and which the thread sanitizer knows: that of `Synchronization.Mutex` on Linux it
/// takes for none, and so reports races where there are none.
package final class Locked<Value>: Sendable {
    // Only touched between locking and unlocking, which nothing that is called in between does again.
    @exclusivity(unchecked) nonisolated(unsafe) private var value: Value
    nonisolated(unsafe) private let lock: UnsafeMutablePointer<pthread_mutex_t>

    package init(_ value: sending Value) {
        self.value = value
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Runs `body` on the value, while other threads wait.
    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value)
    }
}

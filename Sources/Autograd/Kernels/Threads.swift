import CKernels

/// How many threads share what is large: matrix products, element-wise operations, reductions, copies and draws that take 20 µs
/// or more. The bits of a result do not depend on it.
///
/// At first as many as there are processors that the process may use, or what the environment variable `AUTOGRAD_THREADS`
/// says. A thread that has just helped stays awake for some 40 µs, then it sleeps. Where others do not help, as when their
/// processors are busy with something else, the thread that calls does without them for up to 0.1 s, and tries again.
public enum Threads {
    /// How many threads an operation uses at most, the calling one included; at least 1. Setting it sets it for the whole
    /// process.
    public static var count: Int {
        get { ck_thread_count() }
        set { ck_set_thread_count(valid(newValue)) }
    }

    /// Runs `body` with another count, which holds for the operations that this thread calls meanwhile.
    ///
    ///     Threads.with(count: 1) { matmul(a, b) }
    public static func with<Result, Failure: Error>(
        count: Int, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let before = ck_limit_threads(valid(count))
        defer { _ = ck_limit_threads(before) }
        return try body()
    }

    private static func valid(_ count: Int) -> Int {
        if count >= 1 { return count }
        return TensorError("Threads", "\(count) threads can do nothing; the least count is 1").raise(returning: 1)
    }
}

import Autograd
import Machine

// Products of matrices in GFLOP/s (2 · rows · inner · columns operations), on one thread and on two, beside the most
// multiply-adds that one processor can do with nothing read from memory.

func measureMatrixProducts(_ report: Report) {
    typealias Goals = KeyValuePairs<Int, Double?>
    let float32 = Products(report, .float32)
    let float64 = Products(report, .float64)
    for (size, goal) in [64: 65, 128: 74, 256: 82, 512: nil, 1024: 86] as Goals {
        float32.row("sgemm \(size)", (size, size, size), atLeast: goal)
    }
    for (size, goal) in [256: nil, 1024: 86] as Goals {
        float64.row("dgemm \(size)", (size, size, size), atLeast: goal)
    }
    // A step of the network 784-128-10 on 64 samples: forward, then the gradients of the weights and of what is between.
    float32.row("64x784 by (128x784)ᵀ", (64, 784, 128), transposed: (false, true))
    float32.row("64x128 by (10x128)ᵀ", (64, 128, 10), transposed: (false, true))
    float32.row("64x10 by 10x128", (64, 10, 128))
    float32.row("(64x10)ᵀ by 64x128", (10, 64, 128), transposed: (true, false))
    float32.row("(64x128)ᵀ by 64x784", (128, 64, 784), transposed: (true, false))
}

/// The rows of one element type.
private final class Products {
    private let report: Report
    private let type: Tensor.ElementType
    private var random = RandomGenerator(seed: 1)
    private var isFirst = true

    init(_ report: Report, _ type: Tensor.ElementType) { (self.report, self.type) = (report, type) }

    func row(
        _ name: String, _ size: (rows: Int, inner: Int, columns: Int), transposed: (Bool, Bool) = (false, false),
        atLeast goal: Double? = nil
    ) {
        let names = ["\(name), 1 thread", "\(name), 2 threads"]
        guard names.contains(where: { report.wants("W5", $0) }) else { return }
        let a = matrix(size.rows, size.inner, isTransposed: transposed.0)
        let b = matrix(size.inner, size.columns, isTransposed: transposed.1)
        // The sum of all elements is the product of a's sums of columns and b's sums of rows.
        let check = Check(
            [sum(matmul(a, b)).scalar], equals: [dot(sum(a, along: 0), sum(b, along: 1)).scalar],
            tolerance: type == .float64 ? 1e-12 : 1e-5)
        guard report.passes("W5", name, check) else { return }
        let operations = 2 * Double(size.rows * size.inner * size.columns)
        for threads in 1...2 where report.wants("W5", names[threads - 1]) {
            let (time, peak) = Threads.with(count: threads) {
                let times = report.stopwatch.measure(multiplyAdd, beside: { matmul(a, b) })
                return (times.second, multiplyAdd() / times.first.median)
            }
            if isFirst { report.add("W5", "multiply-adds, \(type)", peak * 1e-9, "GFLOP/s", atMost: nil) }
            isFirst = false
            let part = "\(decimal(100 * operations / time.median / peak, digits: 0)) % of the peak"
            report.add(
                "W5", names[threads - 1], operations / time.median * 1e-9, "GFLOP/s",
                decimal(time.steadiness, digits: 2), atMost: nil, threads: threads,
                note: threads == 1 ? part + (goal.map { ", goal ≥ \(decimal($0, digits: 0))" } ?? "") : part)
        }
    }

    /// Does nothing but multiply and add, and returns how many operations that were. Each row has its own measurement,
    /// sampled in turns with the products, so that a machine that slows down slows both.
    private func multiplyAdd() -> Double {
        type == .float64 ? machine_multiply_add_float64(2000) : machine_multiply_add_float32(2000)
    }

    /// Numbers from 0.5 to 1.5, so that sums keep their digits.
    private func matrix(_ rows: Int, _ columns: Int, isTransposed: Bool) -> Tensor {
        let numbers = Tensor((0..<rows * columns).map { _ in 0.5 + random.uniform() }, elementType: type)
        return isTransposed
            ? numbers.reshaped(to: [columns, rows]).transposed() : numbers.reshaped(to: [rows, columns])
    }
}

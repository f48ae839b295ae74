import Autograd
import CKernels
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

/// Small products and batches of them, as the transformers have them, beside one of 1,024.
///
/// Strides are those of the operands of a head's rows: of 4 heads side by side in rows of 16 numbers, of 4 in rows of 3 · 128.
func measureSmallProducts(_ report: Report) {
    typealias Strides = (row: Int, column: Int, batch: Int, head: Int)
    func row(
        _ name: String, _ batch: (Int, Int), _ size: (rows: Int, inner: Int, columns: Int), _ a: Strides, _ b: Strides,
        atLeast goal: Int
    ) {
        let name = "\(name), 1 thread"
        guard report.wants("W5", name) else { return }
        var product = ck_product()
        (product.type, product.rows, product.inner, product.columns) = (CK_FLOAT32, size.rows, size.inner, size.columns)
        (product.aRow, product.aColumn, product.bRow, product.bColumn) = (a.row, a.column, b.row, b.column)
        (product.axes, product.lengths.0, product.lengths.1) = (2, batch.0, batch.1)
        (product.aStrides.0, product.aStrides.1) = (a.batch, a.head)
        (product.bStrides.0, product.bStrides.1) = (b.batch, b.head)
        let count = batch.0 * batch.1
        let numbers = [Float](repeating: 0.5, count: 1 << 20)
        var result = [Float](repeating: 0, count: count * size.rows * size.columns)
        let square = Tensor(repeating: 0.5, shape: [1024, 1024], elementType: .float32)
        let times = Threads.with(count: 1) {
            report.stopwatch.measure(
                { ck_matmul(&product, numbers, numbers, &result) }, beside: { matmul(square, square) })
        }
        guard report.passes("W5", name, Check([Double(result[0])], equals: [Double(size.inner) / 4], tolerance: 0))
        else { return }
        let speed = 2 * Double(count * size.rows * size.inner * size.columns) / times.first.median
        let large = 2 * Double(1024 * 1024 * 1024) / times.second.median
        report.add(
            "W5", name, speed * 1e-9, "GFLOP/s", decimal(times.first.steadiness, digits: 2), atMost: nil,
            note: "\(decimal(100 * speed / large, digits: 0)) % of sgemm 1024, goal ≥ \(goal)")
    }
    let head = (row: 16, column: 1, batch: 256, head: 4)
    row("64 of 16x4x16, q kᵀ", (16, 4), (16, 4, 16), head, (1, 16, 256, 4), atLeast: 40)
    row("64 of 16x16x4, w v", (16, 4), (16, 16, 4), (16, 1, 1024, 256), head, atLeast: 40)
    row("64 of 16x16x4, wᵀ o", (16, 4), (16, 16, 4), (1, 16, 1024, 256), head, atLeast: 40)
    row("48 of 64x32x64, q kᵀ", (12, 4), (64, 32, 64), (384, 1, 24576, 32), (1, 384, 24576, 32), atLeast: 75)
    row("256x16 by (16x16)ᵀ", (1, 1), (256, 16, 16), (16, 1, 0, 0), (1, 16, 0, 0), atLeast: 50)
    row("256x16 by 16x16", (1, 1), (256, 16, 16), (16, 1, 0, 0), (16, 1, 0, 0), atLeast: 50)
    row("(256x16)ᵀ by 256x16", (1, 1), (16, 256, 16), (1, 16, 0, 0), (16, 1, 0, 0), atLeast: 50)
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

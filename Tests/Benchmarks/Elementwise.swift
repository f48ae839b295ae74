import Autograd
import CKernels

// A million elements into memory that is there already, as a replayed program does it. The numbers are normal ones; the
// time of a kernel does not depend on them. Then sums, and random numbers.

func measureElementwise(_ report: Report) {
    var random = RandomGenerator(seed: 6)
    lazy var numbers = (0..<1_000_000).map { _ in random.normal() }
    func rows<Element: BinaryFloatingPoint>(
        _ type: Element.Type, _ functions: [(name: String, kernel: ck_function, goal: Double?, atHalf: Double)]
    ) {
        let type = type == Float.self ? "float32" : "float64"
        let functions = functions.filter { report.wants("W6", "1M \($0.name), \(type)") }
        if functions.isEmpty { return }
        // The value at the first and at the last element is known.
        let x = Elements([0.5] + numbers.dropFirst().dropLast().map(Element.init) + [0.5])
        let y = Elements<Element>(zeros: x.count)
        for (name, kernel, goal, value) in functions {
            report.row(
                "W6", "1M \(name), \(type)", .picosecondsPerElement, per: x.count, atMost: goal,
                check: {
                    y.compute(kernel, x)
                    return Check([y.first, y.last], equals: [value, value], tolerance: 2 * Double(Element.ulpOfOne))
                },
                body: { y.compute(kernel, x) })
        }
    }
    rows(
        Float.self,
        [
            ("exp", CK_EXP, 200, 1.6487212707001282), ("tanh", CK_TANH, 185, 0.46211715726000979),
            ("sigmoid", CK_SIGMOID, 223, 0.62245933120185459), ("log", CK_LOG, nil, -0.69314718055994529),
            ("sin", CK_SIN, nil, 0.47942553860420301),
            ("copy", CK_COPY, nil, 0.5),  // what memory allows
        ])
    rows(
        Double.self,
        [
            ("exp", CK_EXP, nil, 1.6487212707001282), ("sigmoid", CK_SIGMOID, nil, 0.62245933120185459),
            ("copy", CK_COPY, nil, 0.5),
        ])

    measurePowers(report, Float.self)
    measurePowers(report, Double.self)
    measureFusion(report, numbers)
    for count in [100_000, 1_000_000] { measureEager(report, count) }
    measureSums(report)
    measureRandomNumbers(report)
}

/// Powers of numbers from ¼ to 4, with such exponents.
private func measurePowers<Element: BinaryFloatingPoint>(_ report: Report, _ type: Element.Type) {
    var random = RandomGenerator(seed: 6)
    func numbers() -> [Element] { (0..<1_000_000).map { _ in Element(0.25 + 3.75 * random.uniform()) } }
    let name = "pow, 1M \(type == Float.self ? "float32" : "float64")"
    guard report.wants("W6", name) else { return }
    let (x, y, z) = (Elements([1.5] + numbers()), Elements([2.5] + numbers()), Elements<Element>(zeros: 1_000_001))
    report.row(
        "W6", name, .picosecondsPerElement, per: x.count,
        check: {
            z.compute(CK_POWER, x, y)
            return Check([z.first], equals: [2.7556759606310752], tolerance: 2 * Double(Element.ulpOfOne))
        },
        body: { z.compute(CK_POWER, x, y) })
}

/// Sums over all axes or some; the rows named "copy" say what it takes to copy as many numbers.
private func measureSums(_ report: Report) {
    for type in [Tensor.ElementType.float32, .float64] {
        var random = RandomGenerator(seed: 7)
        lazy var x = Tensor.uniform(shape: [64, 256, 64], elementType: type, using: &random)
        for axes in [[0, 1, 2], [2], [0, 1], [0, 2]] {
            let name = "1M sum over \(axes) of [64, 256, 64], \(type == .float32 ? "float32" : "float64")"
            guard report.wants("W6", name) else { continue }
            let (x, program) = (x, Program(at: x) { x in sum(x, along: axes) })
            var outputs: [Tensor] = []
            report.row(
                "W6", name, .picosecondsPerElement, per: x.elementCount,
                check: {
                    program.run([x], into: &outputs)
                    return Check(outputs[0].numbers, equals: sum(x, along: axes).numbers, tolerance: 0)
                },
                body: { program.run([x], into: &outputs) })
        }
    }
}

/// Tensors of a million random numbers, whose memory is new.
private func measureRandomNumbers(_ report: Report) {
    let draws: [(name: String, square: Double, draw: (Tensor.ElementType, inout RandomGenerator) -> Tensor)] = [
        ("uniform", 1.0 / 3, { .uniform(shape: [1_000_000], elementType: $0, using: &$1) }),
        ("normal", 1, { .normal(shape: [1_000_000], elementType: $0, using: &$1) }),
    ]
    for (name, square, draw) in draws {
        for type in [Tensor.ElementType.float32, .float64] {
            let name = "1M \(name) numbers, \(type == .float32 ? "float32" : "float64")"
            var random = RandomGenerator(seed: 8)
            report.row(
                "W6", name, .picosecondsPerElement, per: 1_000_000,
                check: {
                    let x = draw(type, &random)
                    return Check([mean(x * x).scalar], equals: [square], tolerance: 0.01)
                },
                body: { draw(type, &random) })
        }
    }
}

/// Functions of new results, each in memory of its own; and arrays made, read and compared.
private func measureEager(_ report: Report, _ count: Int) {
    var random = RandomGenerator(seed: 6)
    let name = "\(count == 1_000_000 ? "1M" : "100,000") float32"
    lazy var tensors = (0..<3).map { _ in Tensor.uniform(shape: [count], elementType: .float32, using: &random) }
    let functions: [(name: String, function: (Tensor, Tensor, Tensor) -> Tensor)] = [
        ("a * b + c", { a, b, c in a * b + c }),
        ("gradient of sum(tanh(a * b + c))", { a, b, c in gradient(at: a, b, c) { sum(tanh($0 * $1 + $2)) }.2 }),
        ("softmax over rows of 100", { a, _, _ in softmax(a.reshaped(to: [-1, 100])) }),
    ]
    for (function, body) in functions {
        for threads in 1...2 {
            let name = "eager \(function), \(name), \(threads) thread\(threads == 1 ? "" : "s")"
            guard report.wants("W6", name) else { continue }
            Threads.with(count: threads) {
                report.row(
                    "W6", name, .microseconds, threads: threads,
                    check: {
                        // Of the first elements alone.
                        let first = tensors.map { $0[..<100].cast(to: .float64) }
                        return Check(
                            body(tensors[0], tensors[1], tensors[2]).reshaped(to: [count])[..<100].numbers,
                            equals: body(first[0], first[1], first[2]).reshaped(to: [100]).numbers, tolerance: 1e-5)
                    },
                    body: { body(tensors[0], tensors[1], tensors[2]) })
            }
        }
    }
    if count < 1_000_000 { return }
    lazy var a = tensors[0]
    lazy var floats = a.floats
    lazy var numbers = a.numbers
    lazy var x = Tensor(numbers)
    lazy var y = Tensor(numbers)
    func row<Value>(_ name: String, _ isRight: @autoclosure () -> Bool, _ body: () -> Value) {
        report.row("W6", name, .microseconds, check: { Check([isRight() ? 1 : 0], equals: [1]) }, body: body)
    }
    row("comparison of two arrays, 1M float64", x == y) { x == y }
    row("reading an array, 1M float64", x.numbers == numbers) { x.numbers }
    row("reading an array, 1M float32", a.floats == floats) { a.floats }
    row("an array of numbers, 1M float64", Tensor(numbers) == x) { Tensor(numbers) }
    row("an array of numbers, 1M float32", Tensor(floats) == a) { Tensor(floats) }
    row("a copy of an array, 1M float64", numbers + [] == numbers) { numbers + [] }  // what memory allows
}

/// Several functions in one replayed program, whose results of before are written over.
private func measureFusion(_ report: Report, _ numbers: @autoclosure () -> [Double]) {
    let programs: [(name: String, function: @Sendable (Tensor, Tensor, Tensor) -> Tensor, goal: Double)] = [
        ("a * b + c", { a, b, c in a * b + c }, 168),
        ("tanh(a * b + c) * sigmoid(a)", { a, b, c in tanh(a * b + c) * sigmoid(a) }, 725),
    ]
    let wanted = programs.filter { report.wants("W6", "1M \($0.name), float32") }
    if wanted.isEmpty { return }
    let a = Tensor(numbers(), elementType: .float32)
    let (b, c) = (Tensor(repeating: 2, shape: a.shape, elementType: .float32), -a)
    for (name, function, goal) in wanted {
        let program = Program(at: a, b, c, of: function)
        var outputs: [Tensor] = []
        report.row(
            "W6", "1M \(name), float32", .picosecondsPerElement, per: a.elementCount, atMost: goal,
            check: {
                program.run([a, b, c], into: &outputs)
                return Check(outputs[0].numbers, equals: function(a, b, c).numbers, tolerance: 0)
            },
            body: { program.run([a, b, c], into: &outputs) })
    }
}

/// Numbers in memory that starts with a cache line, and is kept for as long as the process runs.
private struct Elements<Element: BinaryFloatingPoint> {
    let memory: UnsafeMutableBufferPointer<Element>

    var count: Int { memory.count }
    var first: Double { Double(memory[0]) }
    var last: Double { Double(memory[count - 1]) }

    init(_ elements: [Element]) {
        let size = elements.count * MemoryLayout<Element>.stride
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        memory = bytes.bindMemory(to: Element.self)
        _ = memory.initialize(from: elements)
    }

    init(zeros count: Int) { self.init([Element](repeating: 0, count: count)) }

    func compute(_ function: ck_function, _ operands: Elements...) {
        let addresses = operands.map { UnsafeRawPointer($0.memory.baseAddress!) }
        let type = Element.self == Float.self ? CK_FLOAT32 : CK_FLOAT64
        ck_elementwise(function, type)!(count, addresses, operands.map { _ in 1 }, memory.baseAddress!)
    }
}

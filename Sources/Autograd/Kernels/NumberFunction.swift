import CKernels

/// A function of float64 so small that a single number is better computed inline than by a call of its loop.
struct Arithmetic: Sendable {
    let function: ck_function

    /// Nil for a function that is not so small.
    init?(_ function: ck_function?) {
        guard let function, [CK_ADD, CK_SUBTRACT, CK_MULTIPLY, CK_DIVIDE, CK_NEGATE, CK_SQUARE].contains(function)
        else { return nil }
        self.function = function
    }

    /// A function of one number does not use `y`.
    @inline(__always)
    func callAsFunction(_ x: Double, _ y: Double) -> Double {
        switch function {
        case CK_ADD: x + y
        case CK_SUBTRACT: x - y
        case CK_MULTIPLY: x * y
        case CK_DIVIDE: x / y
        case CK_NEGATE: -x
        default: x * x
        }
    }
}

/// A function of one or two single numbers: arithmetic inline, all else by its loop. The bits are the same.
struct NumberFunction: Sendable {
    let loop: ElementLoop
    let arithmetic: Arithmetic?

    /// A function of one number does not use `y`.
    @inline(__always)
    func callAsFunction(_ x: Double, _ y: Double = 0) -> Double { arithmetic?(x, y) ?? byLoop(x, y) }

    @inline(__always)
    private func byLoop(_ x: Double, _ y: Double) -> Double {
        var result = 0.0
        withUnsafePointer(to: (x, y)) { numbers in
            let x = UnsafeRawPointer(numbers)
            loop.run(1, Storage.Run(start: x, stride: 1), Storage.Run(start: x + 8, stride: 1), into: &result)
        }
        return result
    }
}

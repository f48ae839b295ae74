import CKernels

/// Functions of float64 so small that a single number is better computed inline than by a call of their loop.
enum Arithmetic: UInt8, Sendable {
    case add, subtract, multiply, divide, negate, square

    /// A function of one number does not use `y`.
    @inline(__always)
    func callAsFunction(_ x: Double, _ y: Double) -> Double {
        switch self {
        case .add: x + y
        case .subtract: x - y
        case .multiply: x * y
        case .divide: x / y
        case .negate: -x
        case .square: x * x
        }
    }

    /// Nil for a function that is not so small.
    init?(_ function: ck_function?) {
        switch function {
        case CK_ADD: self = .add
        case CK_SUBTRACT: self = .subtract
        case CK_MULTIPLY: self = .multiply
        case CK_DIVIDE: self = .divide
        case CK_NEGATE: self = .negate
        case CK_SQUARE: self = .square
        default: return nil
        }
    }
}

/// A function of one or two single numbers: arithmetic inline, all else by its loop. The bits are the same.
struct NumberFunction: Sendable {
    let loop: ElementLoop
    let arithmetic: Arithmetic?

    /// A function of one number does not use `y`.
    @inline(__always)
    func callAsFunction(_ x: Double, _ y: Double = 0) -> Double {
        arithmetic?(x, y) ?? byLoop(x, y)
    }

    @inline(__always)
    private func byLoop(_ x: Double, _ y: Double) -> Double {
        switch loop {
        case .unary(let function): return function(x)
        case .binary(let function): return function(x, y)
        case .kernel:
            var result = 0.0
            withUnsafePointer(to: (x, y)) { numbers in
                let x = UnsafeRawPointer(numbers)
                loop.run(1, Storage.Run(start: x, stride: 1), Storage.Run(start: x + 8, stride: 1), into: &result)
            }
            return result
        }
    }
}

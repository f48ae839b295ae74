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
}

extension ElementLoop {
    /// The arithmetic that this loop does, if it does any, on float64.
    var arithmetic: Arithmetic? {
        guard case .kernel(let kernel) = self else { return nil }
        let functions: [(ck_function, Arithmetic)] = [
            (CK_ADD, .add), (CK_SUBTRACT, .subtract), (CK_MULTIPLY, .multiply), (CK_DIVIDE, .divide),
            (CK_NEGATE, .negate), (CK_SQUARE, .square),
        ]
        let address = unsafeBitCast(kernel, to: UInt.self)
        return functions.first { unsafeBitCast(ck_elementwise($0.0, CK_FLOAT64)!, to: UInt.self) == address }?.1
    }
}

/// A function of one or two single numbers: arithmetic inline, all else by its loop. The bits are the same.
struct NumberFunction: Sendable {
    let loop: ElementLoop
    let arithmetic: Arithmetic?

    init(_ loop: ElementLoop) {
        self.loop = loop
        arithmetic = loop.arithmetic
    }

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

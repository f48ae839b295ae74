import CKernels

// Sums, differences, products and quotients.

extension Primitive {
    /// z = x + y, ∂z/∂x = ∂z/∂y = 1.
    public static let add: Primitive = elementwise(
        "add", CK_ADD,
        pullbacks: .traced { adjoint, _ in adjoint }, .traced { adjoint, _ in adjoint },
        samples: [
            Sample(2, 3, equals: 5), Sample(0.1, 0.2, equals: 0.30000000000000004),
            Sample([Tensor([[1, 2], [3, 4]]), Tensor([10, 20])], equals: Tensor([[11, 22], [13, 24]])),
            .extreme(.infinity, 1, equals: .infinity), .extreme(.infinity, -.infinity, equals: .nan),
            .extreme(-0.0, -0.0, equals: -0.0),
        ])

    /// z = x − y, ∂z/∂x = 1, ∂z/∂y = −1.
    public static let subtract: Primitive = elementwise(
        "subtract", CK_SUBTRACT,
        pullbacks: .traced { adjoint, _ in adjoint }, .traced { adjoint, _ in -adjoint },
        samples: [
            Sample(2, 3, equals: -1), Sample(0.3, 0.1, equals: 0.19999999999999998),
            Sample([Tensor([[1, 2], [3, 4]]), Tensor([[10], [20]])], equals: Tensor([[-9, -8], [-17, -16]])),
            .extreme(.infinity, .infinity, equals: .nan), .extreme(-0.0, 0, equals: -0.0),
        ])

    /// z = x · y, ∂z/∂x = y, ∂z/∂y = x.
    public static let multiply: Primitive = elementwise(
        "multiply", CK_MULTIPLY,
        pullbacks: .traced { adjoint, call in adjoint * call.operand(1) },
        .traced { adjoint, call in adjoint * call.operand(0) },
        samples: [
            Sample(2, -3, equals: -6), Sample(0.1, 3, equals: 0.30000000000000004), Sample(0, 5, equals: 0),
            Sample([Tensor([[1, 2], [3, 4]]), Tensor([10, 20])], equals: Tensor([[10, 40], [30, 80]])),
            .extreme(0, .infinity, equals: .nan), .extreme(1e200, 1e200, equals: .infinity),
            .extreme(-1e-200, 1e-200, equals: -0.0),
        ])

    /// z = x / y, ∂z/∂x = 1 / y, ∂z/∂y = −z / y.
    ///
    /// −z / y rather than −x / y²: a square could overflow or vanish where the quotient does not. Only where z itself lies below
    /// the normal numbers, of an x that does, it has lost digits, and −z / y with it.
    public static let divide: Primitive = elementwise(
        "divide", CK_DIVIDE,
        pullbacks: .traced { adjoint, call in adjoint / call.operand(1) },
        .traced { adjoint, call in -(adjoint * (call.result / call.operand(1))) },
        samples: [
            Sample(1, 3, equals: 0.3333333333333333), Sample(-2, 0.5, equals: -4),
            Sample([Tensor([[1, 2], [3, 4]]), Tensor([2, 4])], equals: Tensor([[0.5, 0.5], [1.5, 1]])),
            .extreme(1, 0, equals: .infinity), .extreme(0, 0, equals: .nan), .extreme(1, -.infinity, equals: -0.0),
        ])

    /// y = −x, dy/dx = −1.
    public static let negate: Primitive = elementwise(
        "negate", CK_NEGATE,
        pullbacks: .traced { adjoint, _ in -adjoint },
        samples: [
            Sample(2, equals: -2), Sample([Tensor([[1, -2], [3, -4]])], equals: Tensor([[-1, 2], [-3, 4]])),
            .extreme(0, equals: -0.0), .extreme(.infinity, equals: -.infinity),
        ])

    /// y = x², dy/dx = 2x.
    public static let square: Primitive = elementwise(
        "square", CK_SQUARE,
        pullbacks: .traced { adjoint, call in (2 * adjoint) * call.operand(0) },
        samples: [
            Sample(3, equals: 9), Sample(-0.1, equals: 0.010000000000000002), Sample(0, equals: 0),
            Sample([Tensor([[0.5, 1], [-2, 3]])], equals: Tensor([[0.25, 1], [4, 9]])),
            .extreme(1e200, equals: .infinity), .extreme(-.infinity, equals: .infinity),
        ])

    // What programs make of a product and the sum that alone uses it. Both round, as they do one after the other.

    /// a · b + c.
    static let multiplyAdd: Primitive = elementwise(
        "multiplyAdd", CK_MULTIPLY_ADD,
        pullbacks: .traced { adjoint, call in adjoint * call.operand(1) },
        .traced { adjoint, call in adjoint * call.operand(0) }, .traced { adjoint, _ in adjoint },
        samples: [
            Sample([Tensor(2), Tensor(3), Tensor(4)], equals: Tensor(10)),
            Sample([Tensor(2), Tensor([1, -3]), Tensor([[4, 0.5]])], equals: Tensor([[6, -5.5]])),
            Sample([Tensor([0.5, 2]), Tensor([10, 3]), Tensor(-1)], equals: Tensor([4, 5])),
        ])

    /// c − a · b.
    static let subtractMultiply: Primitive = elementwise(
        "subtractMultiply", CK_SUBTRACT_MULTIPLY,
        pullbacks: .traced { adjoint, call in -adjoint * call.operand(1) },
        .traced { adjoint, call in -adjoint * call.operand(0) }, .traced { adjoint, _ in adjoint },
        samples: [
            Sample([Tensor(2), Tensor(3), Tensor(4)], equals: Tensor(-2)),
            Sample([Tensor(2), Tensor([1, -3]), Tensor([[4, 0.5]])], equals: Tensor([[2, 6.5]])),
            Sample([Tensor([0.5, 2]), Tensor([10, 3]), Tensor(1)], equals: Tensor([-4, -5])),
        ])
}

extension Tensor {
    /// The sum x + y, element by element.
    public static func + (x: Tensor, y: Tensor) -> Tensor { Primitive.add(x, y) }
    public static func + (x: Tensor, y: Double) -> Tensor { Primitive.add(x, x.adopting(y)) }
    public static func + (x: Double, y: Tensor) -> Tensor { Primitive.add(y.adopting(x), y) }

    public static func += (x: inout Tensor, y: Tensor) { x = x + y }

    /// The difference x − y, element by element.
    public static func - (x: Tensor, y: Tensor) -> Tensor { Primitive.subtract(x, y) }
    public static func - (x: Tensor, y: Double) -> Tensor { Primitive.subtract(x, x.adopting(y)) }
    public static func - (x: Double, y: Tensor) -> Tensor { Primitive.subtract(y.adopting(x), y) }

    public static func -= (x: inout Tensor, y: Tensor) { x = x - y }

    /// The product x · y, element by element; the matrix product is ``matmul(_:_:)``.
    public static func * (x: Tensor, y: Tensor) -> Tensor { Primitive.multiply(x, y) }
    public static func * (x: Tensor, y: Double) -> Tensor { Primitive.multiply(x, x.adopting(y)) }
    public static func * (x: Double, y: Tensor) -> Tensor { Primitive.multiply(y.adopting(x), y) }

    public static func *= (x: inout Tensor, y: Tensor) { x = x * y }

    /// The quotient x / y, element by element.
    public static func / (x: Tensor, y: Tensor) -> Tensor { Primitive.divide(x, y) }
    public static func / (x: Tensor, y: Double) -> Tensor { Primitive.divide(x, x.adopting(y)) }
    public static func / (x: Double, y: Tensor) -> Tensor { Primitive.divide(y.adopting(x), y) }

    public static func /= (x: inout Tensor, y: Tensor) { x = x / y }

    /// −x, element by element.
    public static prefix func - (x: Tensor) -> Tensor { Primitive.negate(x) }
}

/// x², element by element.
public func square(_ x: Tensor) -> Tensor { Primitive.square(x) }

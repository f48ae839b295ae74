import CKernels

// The exponential function, its inverse, and the integral of e^−x².

extension Primitive {
    /// y = eˣ, dy/dx = y.
    public static let exp: Primitive = elementwise(
        "exp", CK_EXP,
        pullbacks: .traced { adjoint, call in adjoint * call.result },
        samples: [
            Sample(0.5, equals: 1.6487212707001282), Sample(-2, equals: 0.1353352832366127),
            Sample([Tensor([[0, 1], [-1, 2]])]),
            .extreme(-.infinity, equals: 0), .extreme(710, equals: .infinity), .extreme(-800, equals: 0),
        ])

    /// y = ln x, dy/dx = 1 / x.
    public static let log: Primitive = elementwise(
        "log", CK_LOG,
        pullbacks: .traced { adjoint, call in adjoint / call.operand(0) },
        samples: [
            Sample(2, equals: 0.6931471805599453), Sample(0.1, equals: -2.3025850929940455),
            Sample([Tensor([[0.5, 1], [2, 3]])]),
            .extreme(0, equals: -.infinity), .extreme(-1, equals: .nan), .extreme(.infinity, equals: .infinity),
        ])

    /// y = erf x = 2/√π ∫₀ˣ e^−t² dt, dy/dx = 2/√π e^−x².
    public static let erf: Primitive = elementwise(
        "erf", CK_ERF,
        pullbacks: .traced { adjoint, call in adjoint * (1.1283791670955126 * gaussian(call.operand(0))) },
        samples: [
            Sample(0.5, equals: 0.5204998778130465), Sample(-2, equals: -0.9953222650189527), Sample(0, equals: 0),
            Sample(1e-300, equals: 1.1283791670955126e-300), Sample([Tensor([[0.5, 1], [-2, 3]])]),
            .extreme(30, equals: 1), .extreme(.infinity, equals: 1), .extreme(-.infinity, equals: -1),
        ])

    /// y = e^−x², dy/dx = −2x y.
    ///
    /// A primitive because x² must not be rounded: far out, half a unit of it is hundreds of units of the power. Below the normal
    /// numbers y has lost digits, and so have products with it.
    static let gaussian: Primitive = elementwise(
        "gaussian", CK_GAUSSIAN,
        pullbacks: .traced { adjoint, call in adjoint * (-2 * (call.operand(0) * call.result)) },
        samples: [
            Sample(0.5, equals: 0.7788007830714049), Sample(-2, equals: 0.01831563888873418), Sample(0, equals: 1),
            Sample(26.1, equals: 1.426448125651665e-296), Sample([Tensor([[0.5, 1], [-2, 3]])]),
            .extreme(30, equals: 0), .extreme(1e300, equals: 0), .extreme(-.infinity, equals: 0),
        ])
}

/// eˣ, element by element.
public func exp(_ x: Tensor) -> Tensor { Primitive.exp(x) }

/// The natural logarithm ln x, element by element.
public func log(_ x: Tensor) -> Tensor { Primitive.log(x) }

/// The error function 2/√π ∫₀ˣ e^−t² dt, element by element. The distribution function of a standard normal variable is
/// (1 + erf(x / √2)) / 2.
public func erf(_ x: Tensor) -> Tensor { Primitive.erf(x) }

import CKernels

extension Primitive {
    /// z = xʸ, ∂z/∂x = y · xʸ⁻¹, ∂z/∂y = z · ln x.
    ///
    /// At x = 0 the second is taken as 0, its limit for y > 0. For x < 0 it is NaN: xʸ is not defined around whole exponents.
    /// These and further derivatives are products with one power. Where that overflows they do, and where it lies below the
    /// normal numbers it has lost digits, which no factor gives back.
    public static let pow: Primitive = elementwise(
        "pow", CK_POWER,
        pullbacks: .traced { adjoint, call in throughBase(adjoint, call, call.operand(1).adopting(0)) },
        .traced(throughExponent),
        samples: [
            Sample(2.5, 1.5, equals: 3.952847075210474), Sample(0.5, -2.5, equals: 5.656854249492381),
            Sample(
                [Tensor([[0.5, 2], [1.5, 3]]), Tensor([2, -1])], equals: Tensor([[0.25, 0.5], [2.25, 1.0 / 3]])),
            .extreme(0, 0, equals: 1), .extreme(0, -1, equals: .infinity), .extreme(-2, 3, equals: -8),
            .extreme(-2, 0.5, equals: .nan), .extreme(2, 2000, equals: .infinity),
            .kink(0, 2, equals: 0, gradients: [0, 0]), .kink(0, 1, equals: 0, gradients: [1, 0]),
            .kink(0, 0, equals: 1, gradients: [0, 0]),
        ])

    /// z = x^(y + c), as it arises in derivatives of xʸ: ∂z/∂x = k xᵏ⁻¹ with k = y + c.
    ///
    /// A primitive because y + c must not be rounded: half a unit of an exponent can be hundreds of units of the power.
    static let shiftedPow: Primitive = elementwise(
        "shiftedPow", CK_SHIFTED_POWER,
        pullbacks: .traced { adjoint, call in throughBase(adjoint, call, call.operand(2)) },
        .traced(throughExponent), .traced(throughExponent),
        samples: [
            Sample([Tensor(2.5), Tensor(1.5), Tensor(-1)], equals: Tensor(1.5811388300841898)),
            Sample([Tensor([[0.5, 2]]), Tensor([[-2.5], [3]]), Tensor(-2)]),
            .extreme([Tensor([0, 0, -2]), Tensor([1, 2, 3]), Tensor(-1)], equals: Tensor([1, 0, 4])),
        ])

    /// y = √x, dy/dx = 1 / 2y.
    ///
    /// At 0 the derivative is infinite, as it is in the limit.
    public static let sqrt: Primitive = elementwise(
        "sqrt", CK_SQRT,
        pullbacks: .traced { adjoint, call in adjoint / (2 * call.result) },
        samples: [
            Sample(2, equals: 1.4142135623730951), Sample(0.25, equals: 0.5),
            Sample([Tensor([[0.5, 1], [2, 3]])]),
            .extreme(-1, equals: .nan), .extreme(-0.0, equals: -0.0),
            .kink(0, equals: 0, gradients: [.infinity]),
        ])

    /// z̄ · k xᵏ⁻¹ for k = y + c.
    ///
    /// At k = 0 it is 0, also where xᵏ⁻¹ is infinite, at x = 0: there, and only there, x⁰ stands for it, so that no 0 · ∞
    /// arises in this derivative or the next. For other x the exponent stays: derivatives by y do not end at k = 0.
    private static func throughBase(_ adjoint: Tensor, _ call: borrowing Call, _ c: Tensor) -> Tensor {
        let (x, y) = (call.operand(0), call.operand(1))
        let k = y + c
        let isSingular = Autograd.select(x .== 0, k, 1) .== 0
        return adjoint * (k * shiftedPow(x, y, Autograd.select(isSingular, c, c - 1)))
    }

    /// z̄ · z ln x, for each part of the exponent.
    @Sendable private static func throughExponent(_ adjoint: Tensor, _ call: borrowing Call) -> Tensor {
        let x = call.operand(0)
        return adjoint * (call.result * log(Autograd.select(x .== 0, 1, x)))
    }
}

/// xʸ, element by element.
public func pow(_ x: Tensor, _ y: Tensor) -> Tensor { Primitive.pow(x, y) }
/// xʸ, element by element.
public func pow(_ x: Tensor, _ y: Double) -> Tensor { Primitive.pow(x, x.adopting(y)) }
/// xʸ, element by element.
public func pow(_ x: Double, _ y: Tensor) -> Tensor { Primitive.pow(y.adopting(x), y) }

/// √x, element by element.
public func sqrt(_ x: Tensor) -> Tensor { Primitive.sqrt(x) }

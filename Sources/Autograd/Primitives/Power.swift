import CKernels

extension Primitive {
    /// z = xʸ, ∂z/∂x = y · xʸ⁻¹, ∂z/∂y = z · ln x.
    ///
    /// At y = 0 the first is 0 also where xʸ⁻¹ is infinite (x = 0): the exponent is replaced before, not the product
    /// after, so that no 0 · ∞ arises in this derivative or the next. At x = 0 the second is 0 for the same reason; it is
    /// the limit for y > 0. For x < 0 the second is NaN: xʸ is not defined around whole exponents.
    public static let pow: Primitive = elementwise(
        "pow", CK_POWER,
        pullbacks: .traced { adjoint, call in
            let (x, y) = (call.operand(0), call.operand(1))
            return adjoint * (y * Autograd.pow(x, Autograd.select(y .== 0, 1, y) - 1))
        },
        .traced { adjoint, call in
            let x = call.operand(0)
            return adjoint * (call.result * log(Autograd.select(x .== 0, 1, x)))
        },
        samples: [
            Sample(2.5, 1.5, equals: 3.952847075210474), Sample(0.5, -2.5, equals: 5.656854249492381),
            Sample(
                [Tensor([[0.5, 2], [1.5, 3]]), Tensor([2, -1])], equals: Tensor([[0.25, 0.5], [2.25, 1.0 / 3]])),
            .extreme(0, 0, equals: 1), .extreme(0, -1, equals: .infinity), .extreme(-2, 3, equals: -8),
            .extreme(-2, 0.5, equals: .nan), .extreme(2, 2000, equals: .infinity),
            .kink(0, 2, equals: 0, gradients: [0, 0]), .kink(0, 1, equals: 0, gradients: [1, 0]),
            .kink(0, 0, equals: 1, gradients: [0, 0]),
        ])
}

/// xʸ, element by element.
public func pow(_ x: Tensor, _ y: Tensor) -> Tensor { Primitive.pow(x, y) }
/// xʸ, element by element.
public func pow(_ x: Tensor, _ y: Double) -> Tensor { Primitive.pow(x, x.adopting(y)) }
/// xʸ, element by element.
public func pow(_ x: Double, _ y: Tensor) -> Tensor { Primitive.pow(y.adopting(x), y) }

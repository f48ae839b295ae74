import CKernels

extension Primitive {
    /// Whether x = y.
    public static let equal: Primitive = comparison("equal", CK_EQUAL, [false, true, false])
    /// Whether x ≠ y.
    public static let notEqual: Primitive = comparison("notEqual", CK_NOT_EQUAL, [true, false, true])
    /// Whether x < y.
    public static let less: Primitive = comparison("less", CK_LESS, [true, false, false])
    /// Whether x ≤ y.
    public static let lessOrEqual: Primitive = comparison("lessOrEqual", CK_LESS_OR_EQUAL, [true, true, false])

    /// A comparison, and what it finds of 1 with 2, 2 with 2, and NaN with 1.
    private static func comparison(_ name: String, _ function: ck_function, _ expected: [Bool]) -> Primitive {
        elementwise(
            name, function, signature: .comparison,
            samples: [
                .extreme([Tensor([1, 2, .nan]), Tensor([2, 2, 1])], equals: Tensor(expected)),
                .extreme(
                    [Tensor(indices: [1, 2]), Tensor(indices: [2, 2])], equals: Tensor(Array(expected.prefix(2)))),
            ])
    }

    /// z = x where the condition is true, else y; the adjoint goes the same way.
    ///
    /// The adjoint of the side that is not taken is exactly 0, but what follows upstream may still multiply that 0 by an
    /// infinity or a NaN. Where a side has none at such a place, give it a harmless operand first, also by `select`.
    public static let select: Primitive = elementwise(
        "select", CK_SELECT, signature: .selection,
        pullbacks: .zero,
        .traced { adjoint, call in Autograd.select(call.operand(0), adjoint, 0) },
        .traced { adjoint, call in Autograd.select(call.operand(0), 0, adjoint) },
        samples: [
            Sample([Tensor(true), Tensor(2), Tensor(3)], equals: Tensor(2)),
            Sample(
                [Tensor([true, false]), Tensor([[1, 2], [3, 4]]), Tensor([10, 20])],
                equals: Tensor([[1, 20], [3, 20]])),
            .extreme([Tensor([true, false]), Tensor([1, .nan]), Tensor([.nan, 2])], equals: Tensor([1, 2])),
        ])
}

// Compared element by element: a tensor of conditions, for `select`. A condition carries no gradient. There are two orders:
// x > y is recorded, printed and refused as y < x.
extension Tensor {
    public static func .== (x: Tensor, y: Tensor) -> Tensor { Primitive.equal(x, y) }
    public static func .== (x: Tensor, y: Double) -> Tensor { Primitive.equal(x, x.comparable(y)) }
    public static func .!= (x: Tensor, y: Tensor) -> Tensor { Primitive.notEqual(x, y) }
    public static func .!= (x: Tensor, y: Double) -> Tensor { Primitive.notEqual(x, x.comparable(y)) }
    public static func .< (x: Tensor, y: Tensor) -> Tensor { Primitive.less(x, y) }
    public static func .< (x: Tensor, y: Double) -> Tensor { Primitive.less(x, x.comparable(y)) }
    public static func .<= (x: Tensor, y: Tensor) -> Tensor { Primitive.lessOrEqual(x, y) }
    public static func .<= (x: Tensor, y: Double) -> Tensor { Primitive.lessOrEqual(x, x.comparable(y)) }
    public static func .> (x: Tensor, y: Tensor) -> Tensor { Primitive.less(y, x) }
    public static func .> (x: Tensor, y: Double) -> Tensor { Primitive.less(x.comparable(y), x) }
    public static func .>= (x: Tensor, y: Tensor) -> Tensor { Primitive.lessOrEqual(y, x) }
    public static func .>= (x: Tensor, y: Double) -> Tensor { Primitive.lessOrEqual(x.comparable(y), x) }

    /// A plain number to compare with: whole numbers go with indices too.
    private func comparable(_ number: Double) -> Tensor {
        guard elementType == .int64, let whole = Int(exactly: number) else { return adopting(number) }
        return Tensor(Double(whole), elementType: .int64)
    }
}

// Conditions combined element by element, as SIMD masks are; composed of `select` and `equal`, by whose names shapes that do
// not fit are refused.
extension Tensor {
    /// Whether both hold.
    public static func .& (x: Tensor, y: Tensor) -> Tensor { conditions(".&", x, y) ?? Primitive.select(x, y, x) }
    /// Whether one holds, or both.
    public static func .| (x: Tensor, y: Tensor) -> Tensor { conditions(".|", x, y) ?? Primitive.select(x, x, y) }
    /// Whether one holds, but not both.
    public static func .^ (x: Tensor, y: Tensor) -> Tensor { conditions(".^", x, y) ?? Primitive.notEqual(x, y) }
    /// Whether it does not hold.
    public static prefix func .! (x: Tensor) -> Tensor { conditions(".!", x) ?? Primitive.equal(x, Tensor(false)) }

    /// The error that an operand is no condition; nil where all are.
    private static func conditions(_ name: String, _ operands: Tensor...) -> Tensor? {
        if let failed = operands.first(where: \.isFailed) { return failed }
        if operands.allSatisfy({ $0.elementType == .bool }) { return nil }
        return TensorError(
            name, "takes conditions", of: operands, advice: "Compare numbers first, with `.<`, `.>` or `.==`."
        ).raise()
    }
}

// One number compared with another: a plain Bool, for `if` and `while`.
extension Tensor {
    public static func == (x: Tensor, y: Double) -> Bool { x.single(.equal, y) }
    public static func != (x: Tensor, y: Double) -> Bool { x.single(.notEqual, y) }
    public static func < (x: Tensor, y: Double) -> Bool { x.single(.less, y) }
    public static func <= (x: Tensor, y: Double) -> Bool { x.single(.lessOrEqual, y) }
    public static func > (x: Tensor, y: Double) -> Bool { x.single(.greater, y) }
    public static func >= (x: Tensor, y: Double) -> Bool { x.single(.greaterOrEqual, y) }

    public static func < (x: Tensor, y: Tensor) -> Bool { x.isSingle(.less, y) && holds(x .< y) }
    public static func <= (x: Tensor, y: Tensor) -> Bool { x.isSingle(.lessOrEqual, y) && holds(x .<= y) }
    public static func > (x: Tensor, y: Tensor) -> Bool { x.isSingle(.greater, y) && holds(x .> y) }
    public static func >= (x: Tensor, y: Tensor) -> Bool { x.isSingle(.greaterOrEqual, y) && holds(x .>= y) }

    /// The outcome as a number: of such, programs of single numbers know guards.
    private static func holds(_ outcome: Tensor) -> Bool { outcome.cast(to: .float64) > 0 }

    private func isSingle(_ comparison: Graph.Guard.Comparison, _ other: Tensor? = nil) -> Bool {
        let rank = Swift.max(rank, other?.rank ?? 0)
        if rank == 0 { return true }
        return TensorError(
            comparison.rawValue, "a tensor of rank \(rank) is not one number", of: [self] + (other.map { [$0] } ?? []),
            advice: "Compare element by element with `.\(comparison.rawValue)`, or reduce it to rank 0 first."
        ).raise(returning: false)
    }

    private func single(_ comparison: Graph.Guard.Comparison, _ other: Double) -> Bool {
        guard rank == 0 || isSingle(comparison) else { return false }
        // A replayed program must find the same outcome, not the same number.
        if serial != 0, let tape = Tape.current, let notes = tape.notes, tape.serial == serial {
            let outcome = comparison(withoutTape.scalar, other)
            notes.add(Graph.Guard(node: Int(index), condition: .comparison(comparison, other, outcome: outcome)))
            return outcome
        }
        return comparison(scalar, other)
    }
}

/// x where the condition is true, else y, element by element.
public func select(_ condition: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor { Primitive.select(condition, x, y) }
/// x where the condition is true, else y, element by element.
public func select(_ condition: Tensor, _ x: Tensor, _ y: Double) -> Tensor {
    Primitive.select(condition, x, x.adopting(y))
}
/// x where the condition is true, else y, element by element.
public func select(_ condition: Tensor, _ x: Double, _ y: Tensor) -> Tensor {
    Primitive.select(condition, y.adopting(x), y)
}

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
}

infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence

// Compared element by element: a tensor of conditions, for `select`. A condition carries no gradient.
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

// One number compared with another: a plain Bool, for `if` and `while`.
extension Tensor {
    public static func < (x: Tensor, y: Double) -> Bool { x.single(.less, y) }
    public static func <= (x: Tensor, y: Double) -> Bool { x.single(.lessOrEqual, y) }
    public static func > (x: Tensor, y: Double) -> Bool { x.single(.greater, y) }
    public static func >= (x: Tensor, y: Double) -> Bool { x.single(.greaterOrEqual, y) }

    private func single(_ comparison: ProgramGuard.Comparison, _ other: Double) -> Bool {
        guard rank == 0 else {
            return TensorError(
                comparison.rawValue, "a tensor of rank \(rank) is not one number", operands: [operandDescription],
                advice: "Compare element by element with `.\(comparison.rawValue)`, or reduce it to rank 0 first."
            ).raise(returning: false)
        }
        // A replayed program must find the same outcome, not the same number.
        if serial != 0, let tape = Tape.current, let notes = tape.notes, tape.serial == serial {
            let outcome = comparison(withoutTape.scalar, other)
            notes.add(ProgramGuard(index: Int(index), condition: .comparison(comparison, other, outcome: outcome)))
            return outcome
        }
        return comparison(scalar, other)
    }
}

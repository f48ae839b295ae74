import CKernels

// Functions of a `Double`: those of the C library that tensors have too come along, so that a formula of both needs no other
// import, and where there is one, of Foundation, means the same function. (Overloads of our own would have to be disfavoured,
// and together with others of that kind they make the type checker give up.)
@_exported import func CKernels.cos
@_exported import func CKernels.erf
@_exported import func CKernels.exp
@_exported import func CKernels.log
@_exported import func CKernels.pow
@_exported import func CKernels.sin
@_exported import func CKernels.sqrt
@_exported import func CKernels.tanh

// Plain numbers in formulas with tensors.

// To the type checker, members of a protocol are generic operators, which it leaves out once it has found a formula without
// them. As members of `Tensor`, these would make it give up on what optimizers compute, and those below make it five times as
// slow on long formulas that have no `Int` at all.
extension Equatable where Self == Tensor {
    public static func += (x: inout Self, y: Double) { x = x + y }
    public static func -= (x: inout Self, y: Double) { x = x - y }
    public static func *= (x: inout Self, y: Double) { x = x * y }
    public static func /= (x: inout Self, y: Double) { x = x / y }
}

// An `Int` variable: without these the type checker gives up on a formula without a word of why. They are disfavoured, so
// that 1 / 2 * x is 0.5 x and not 0 x. Whether 1 / n * x was meant to be 0 x, nobody knows: hence the warning.

@available(*, deprecated, message: "write Double(n): whole numbers divide as whole numbers")
extension Equatable where Self == Tensor {
    @_disfavoredOverload public static func + (x: Self, n: Int) -> Self { x + Double(n) }
    @_disfavoredOverload public static func + (n: Int, x: Self) -> Self { Double(n) + x }
    @_disfavoredOverload public static func += (x: inout Self, n: Int) { x = x + Double(n) }
    @_disfavoredOverload public static func - (x: Self, n: Int) -> Self { x - Double(n) }
    @_disfavoredOverload public static func - (n: Int, x: Self) -> Self { Double(n) - x }
    @_disfavoredOverload public static func -= (x: inout Self, n: Int) { x = x - Double(n) }
    @_disfavoredOverload public static func * (x: Self, n: Int) -> Self { x * Double(n) }
    @_disfavoredOverload public static func * (n: Int, x: Self) -> Self { Double(n) * x }
    @_disfavoredOverload public static func *= (x: inout Self, n: Int) { x = x * Double(n) }
    @_disfavoredOverload public static func / (x: Self, n: Int) -> Self { x / Double(n) }
    @_disfavoredOverload public static func / (n: Int, x: Self) -> Self { Double(n) / x }
    @_disfavoredOverload public static func /= (x: inout Self, n: Int) { x = x / Double(n) }

    @_disfavoredOverload public static func .== (x: Self, n: Int) -> Self { x .== Double(n) }
    @_disfavoredOverload public static func .!= (x: Self, n: Int) -> Self { x .!= Double(n) }
    @_disfavoredOverload public static func .< (x: Self, n: Int) -> Self { x .< Double(n) }
    @_disfavoredOverload public static func .<= (x: Self, n: Int) -> Self { x .<= Double(n) }
    @_disfavoredOverload public static func .> (x: Self, n: Int) -> Self { x .> Double(n) }
    @_disfavoredOverload public static func .>= (x: Self, n: Int) -> Self { x .>= Double(n) }
    @_disfavoredOverload public static func < (x: Self, n: Int) -> Bool { x < Double(n) }
    @_disfavoredOverload public static func <= (x: Self, n: Int) -> Bool { x <= Double(n) }
    @_disfavoredOverload public static func > (x: Self, n: Int) -> Bool { x > Double(n) }
    @_disfavoredOverload public static func >= (x: Self, n: Int) -> Bool { x >= Double(n) }
}

@available(*, deprecated, message: "write Double(n): whole numbers divide as whole numbers")
@_disfavoredOverload public func pow(_ x: Tensor, _ n: Int) -> Tensor { pow(x, Double(n)) }

@available(*, deprecated, message: "write Double(n): whole numbers divide as whole numbers")
@_disfavoredOverload public func pow(_ n: Int, _ x: Tensor) -> Tensor { pow(Double(n), x) }

@available(*, deprecated, message: "write Double(n): whole numbers divide as whole numbers")
@_disfavoredOverload public func max(_ x: Tensor, _ n: Int) -> Tensor { max(x, Double(n)) }

@available(*, deprecated, message: "write Double(n): whole numbers divide as whole numbers")
@_disfavoredOverload public func max(_ n: Int, _ x: Tensor) -> Tensor { max(Double(n), x) }

@available(*, deprecated, message: "write Double(n): whole numbers divide as whole numbers")
@_disfavoredOverload public func min(_ x: Tensor, _ n: Int) -> Tensor { min(x, Double(n)) }

@available(*, deprecated, message: "write Double(n): whole numbers divide as whole numbers")
@_disfavoredOverload public func min(_ n: Int, _ x: Tensor) -> Tensor { min(Double(n), x) }

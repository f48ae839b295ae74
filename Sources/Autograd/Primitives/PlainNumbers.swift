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

// As members of a protocol these are generic to the type checker, which leaves such operators out once it has found a formula
// of tensors. As members of `Tensor` they would double its work, and what optimizers compute would be too much for it.
extension Equatable where Self == Tensor {
    public static func += (x: inout Self, y: Double) { x = x + y }
    public static func -= (x: inout Self, y: Double) { x = x - y }
    public static func *= (x: inout Self, y: Double) { x = x * y }
    public static func /= (x: inout Self, y: Double) { x = x / y }
}

// An `Int` variable: without these the type checker gives up on a formula without a word of why. They are disfavoured, so
// that 1 / 2 * x is 0.5 x and not 0 x. Whether 1 / n * x was meant to be 0 x, nobody knows: hence the warning.

@available(*, deprecated, message: "write Double(n): whole numbers divide as whole numbers")
extension Tensor {
    @_disfavoredOverload public static func + (x: Tensor, n: Int) -> Tensor { x + Double(n) }
    @_disfavoredOverload public static func + (n: Int, x: Tensor) -> Tensor { Double(n) + x }
    @_disfavoredOverload public static func - (x: Tensor, n: Int) -> Tensor { x - Double(n) }
    @_disfavoredOverload public static func - (n: Int, x: Tensor) -> Tensor { Double(n) - x }
    @_disfavoredOverload public static func * (x: Tensor, n: Int) -> Tensor { x * Double(n) }
    @_disfavoredOverload public static func * (n: Int, x: Tensor) -> Tensor { Double(n) * x }
    @_disfavoredOverload public static func / (x: Tensor, n: Int) -> Tensor { x / Double(n) }
    @_disfavoredOverload public static func / (n: Int, x: Tensor) -> Tensor { Double(n) / x }

    @_disfavoredOverload public static func .== (x: Tensor, n: Int) -> Tensor { x .== Double(n) }
    @_disfavoredOverload public static func .!= (x: Tensor, n: Int) -> Tensor { x .!= Double(n) }
    @_disfavoredOverload public static func .< (x: Tensor, n: Int) -> Tensor { x .< Double(n) }
    @_disfavoredOverload public static func .<= (x: Tensor, n: Int) -> Tensor { x .<= Double(n) }
    @_disfavoredOverload public static func .> (x: Tensor, n: Int) -> Tensor { x .> Double(n) }
    @_disfavoredOverload public static func .>= (x: Tensor, n: Int) -> Tensor { x .>= Double(n) }
    @_disfavoredOverload public static func < (x: Tensor, n: Int) -> Bool { x < Double(n) }
    @_disfavoredOverload public static func <= (x: Tensor, n: Int) -> Bool { x <= Double(n) }
    @_disfavoredOverload public static func > (x: Tensor, n: Int) -> Bool { x > Double(n) }
    @_disfavoredOverload public static func >= (x: Tensor, n: Int) -> Bool { x >= Double(n) }
}

@available(*, deprecated, message: "write Double(n): whole numbers divide as whole numbers")
extension Equatable where Self == Tensor {
    @_disfavoredOverload public static func += (x: inout Self, n: Int) { x = x + Double(n) }
    @_disfavoredOverload public static func -= (x: inout Self, n: Int) { x = x - Double(n) }
    @_disfavoredOverload public static func *= (x: inout Self, n: Int) { x = x * Double(n) }
    @_disfavoredOverload public static func /= (x: inout Self, n: Int) { x = x / Double(n) }
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

extension Primitive {
    /// All primitives of this package. Each is proven by tests that this list generates.
    public static let catalogue: [Primitive] = [
        // Arithmetic
        add, subtract, multiply, divide, negate, pow, shiftedPow, square, multiplyAdd, subtractMultiply,
        // Functions of one number
        exp, log, sqrt, abs, sign, sin, cos, tanh, erf, gaussian, sigmoid, sigmoidDerivative, softplus, relu,
        // Choices
        maximum, minimum, select, equal, notEqual, less, lessOrEqual,
        // Reductions and products
        sum, max, matmul, outer,
        // Shapes
        broadcast, reshape, transpose, slice, pad,
        // Draws of random numbers
        uniform, normal, integers, permutation, increment,
        // Types and the tape's own
        cast, identity, stopGradient,
    ]
}

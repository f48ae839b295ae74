extension Primitive {
    /// Operands at which a primitive is proven: by its value, and by finite differences of orders 1 and 2.
    public struct Sample: Sendable {
        /// What is special about the point.
        public enum Kind: Sendable {
            /// The derivatives are checked against finite differences.
            case regular
            /// Huge, tiny, infinite or NaN: only the value is checked, which must be exact.
            case extreme
            /// Not differentiable here: the gradient of each operand must be exactly this, for an adjoint of ones.
            case kink(gradients: [Tensor])
        }

        public let operands: [Tensor]
        public let attributes: Attributes
        /// The result, from an independent source; nil where only the derivatives are checked.
        public let expected: Tensor?
        /// By how many units in the last place of the largest element the value may differ.
        public let tolerance: Double
        public let kind: Kind
    }

    /// Operands that a primitive must refuse, and words that the error must hold.
    public struct RefusedInput: Sendable {
        public let operands: [Tensor]
        public let attributes: Attributes
        public let message: String

        public init(_ operands: [Tensor], attributes: Attributes = .none, because message: String) {
            self.operands = operands
            self.attributes = attributes
            self.message = message
        }
    }

    /// The points that prove this primitive.
    public var samples: [Sample] { makeSamples() }
    /// The operands that it must refuse.
    public var refusals: [RefusedInput] { makeRefusals() }
}

extension Primitive.Sample {
    /// A point in the domain.
    public init(
        _ operands: [Tensor], attributes: Primitive.Attributes = .none, equals expected: Tensor? = nil,
        within tolerance: Double = 4
    ) {
        self.init(operands: operands, attributes: attributes, expected: expected, tolerance: tolerance, kind: .regular)
    }

    /// Numbers in the domain, one for each operand.
    public init(_ numbers: Double..., equals expected: Double, within tolerance: Double = 4) {
        self.init(numbers.map { Tensor($0) }, equals: Tensor(expected), within: tolerance)
    }

    /// Numbers at the end of the range, where the value must be exactly this.
    public static func extreme(_ numbers: Double..., equals expected: Double) -> Self {
        extreme(numbers.map { Tensor($0) }, equals: Tensor(expected))
    }

    /// Operands at the end of the range, where the value must be exactly this.
    public static func extreme(
        _ operands: [Tensor], attributes: Primitive.Attributes = .none, equals expected: Tensor
    ) -> Self {
        Self(operands: operands, attributes: attributes, expected: expected, tolerance: 0, kind: .extreme)
    }

    /// Numbers at which there is no derivative, and the value and the gradients that are returned there.
    public static func kink(_ numbers: Double..., equals expected: Double, gradients: [Double]) -> Self {
        kink(numbers.map { Tensor($0) }, equals: Tensor(expected), gradients: gradients.map { Tensor($0) })
    }

    /// Operands at which there is no derivative, and the value and the gradients that are returned there.
    public static func kink(
        _ operands: [Tensor], attributes: Primitive.Attributes = .none, equals expected: Tensor, gradients: [Tensor]
    ) -> Self {
        Self(
            operands: operands, attributes: attributes, expected: expected, tolerance: 0,
            kind: .kink(gradients: gradients))
    }
}

extension Primitive {
    /// How the adjoint of a primitive's result becomes the adjoint of one operand: ā = ȳ · ∂y/∂a.
    ///
    /// Written in the same operations that users write, so that it can be recorded and differentiated again. It may use the
    /// operands and the result, but never reads their numbers. It is called only when that operand needs a gradient.
    public struct Pullback: Sendable {
        /// Which values a pullback uses. The tape keeps these alive, and no others.
        public struct Uses: OptionSet, Sendable {
            public let rawValue: UInt8
            public init(rawValue: UInt8) { self.rawValue = rawValue }

            public static let result = Uses(rawValue: 1 << 7)
            /// The values of all operands.
            public static let operands = Uses(rawValue: 1 << 7 - 1)
            /// The value of an operand; from the eighth on, only all together can be used.
            public static func operand(_ position: Int) -> Uses {
                position < 7 ? Uses(rawValue: 1 << UInt8(position)) : operands
            }
        }

        /// The adjoint of an operand, from that of the result.
        public typealias Body = @Sendable (_ adjoint: Tensor, _ call: borrowing Call) -> Tensor

        /// The values it declares to use; nil where they are found by tracing it.
        let declaredUses: Uses?
        let body: Body
        /// Whether the operand never gets a gradient, as the condition of `select`.
        public let isZero: Bool

        /// A pullback that uses the values of `uses`, in `call.operand(0)`, `call.result`; shapes and attributes are always
        /// at hand.
        public static func using(_ uses: Uses, _ body: @escaping Body) -> Pullback {
            Pullback(declaredUses: uses, body: body, isZero: false)
        }

        /// A pullback of an element-wise primitive, whose uses are found by tracing it once over scalars.
        static func traced(_ body: @escaping Body) -> Pullback {
            Pullback(declaredUses: nil, body: body, isZero: false)
        }

        /// The operand carries no gradient.
        public static let zero = Pullback(declaredUses: [], body: { adjoint, _ in adjoint }, isZero: true)
    }

    /// One use of a primitive on a tape, as a pullback sees it: during the call, so that it cannot be kept.
    public struct Call: ~Copyable {
        /// Not counted: the tape outlives the call.
        private let reference: Unmanaged<Tape>
        private let index: Int32
        /// The operand whose adjoint is wanted.
        public let position: Int
        /// Whether the values stand for instructions, so that what is computed from them is recorded too.
        private let isRecorded: Bool
        private let uses: Pullback.Uses

        @inline(__always)
        init(tape: Tape, index: Int32, position: Int, isRecorded: Bool, uses: Pullback.Uses) {
            reference = Unmanaged.passUnretained(tape)
            (self.index, self.position) = (index, position)
            self.isRecorded = isRecorded
            self.uses = uses
        }

        @inline(__always)
        private func read<Value>(_ body: (Tape, Instruction) -> Value) -> Value {
            reference._withUnsafeGuaranteedRef { body($0, $0[index]) }
        }

        @inline(__always)
        private func indexOfOperand(_ position: Int) -> Int32 { read { $0.operand(position, of: $1) } }

        /// The value of an operand. One that the pullback does not declare to use is a mistake in the primitive.
        public func operand(_ position: Int) -> Tensor {
            guard uses.contains(.operand(position)) else {
                return undeclared("operand \(position)", ".operand(\(position))", indexOfOperand(position))
            }
            return read { tape, _ in tape.value(of: indexOfOperand(position), isRecorded: isRecorded) }
        }

        /// The value of the result. If the pullback does not declare to use it, that is a mistake in the primitive.
        public var result: Tensor {
            guard uses.contains(.result) else { return undeclared("the result", ".result", index) }
            return read { tape, _ in tape.value(of: index, isRecorded: isRecorded) }
        }

        /// The shape of an operand.
        public func shape(ofOperand position: Int) -> Tensor.Shape {
            read { tape, _ in tape.shape(of: indexOfOperand(position)) }
        }

        /// The element type of an operand.
        public func elementType(ofOperand position: Int) -> Tensor.ElementType {
            read { tape, _ in tape[indexOfOperand(position)].elementType }
        }

        /// The shape of the result.
        public var shape: Tensor.Shape { read { tape, _ in tape.shape(of: index) } }

        /// What the operation was given beside its operands.
        public var attributes: Attributes { read { $0.attributes(of: $1) } }

        /// What stands for a value that a pullback does not use, though it asks for it.
        private func undeclared(_ value: String, _ declaration: String, _ index: Int32) -> Tensor {
            let primitive = read { Primitive.numbered($1.primitive) }
            guard primitive.isElementwise else {
                fatalError(
                    "\(primitive.name): a pullback reads \(value), which it does not declare; "
                        + "write .using(\(declaration)) { … }")
            }
            // The uses of an element-wise pullback are known from tracing it: only the shape and the type of this matter.
            let (shape, type) = read { tape, _ in (tape.shape(of: index), tape[index].elementType) }
            return Tensor(everywhere: type.isFloat ? .nan : 0, shape, type)
        }
    }
}

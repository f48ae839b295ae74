import CKernels

/// An operation that a tape records as one instruction: its name, the shape and type of its result, its kernel, one
/// pullback an operand, and the samples that prove them.
///
/// Primitives are made once, as constants, and live as long as the process; an instruction refers to one by number. Those
/// of this package have no privilege over a user's own: an element-wise one is made by
/// ``elementwise(_:value:derivative:samples:)``, any other by ``init(_:operands:result:kernel:pullbacks:samples:refusals:)``.
public final class Primitive: Sendable {
    /// What the tape and errors call the operation; no other primitive is called so.
    public let name: String
    /// The number of operands; nil where it takes any number, one at least.
    public let operandCount: Int?
    /// How the result comes about.
    let implementation: Implementation
    /// The shape and element type of the result, or why the operands are refused.
    let resultRule: ResultRule
    /// How the adjoint of the result becomes that of each operand: one for each, or where there may be any number, one for all.
    public let pullbacks: [Pullback]
    let makeSamples: @Sendable () -> [Sample]
    let makeRefusals: @Sendable () -> [RefusedInput]

    /// The number by which instructions refer to this primitive.
    let identifier: UInt16
    /// Whether each element of the result depends on the elements at its place alone.
    public let isElementwise: Bool
    /// How the elements come from single numbers; nil where that is not known.
    let elements: ElementRule?
    /// The function of C that an element-wise primitive is; nil for others, and for a user's own.
    let function: ck_function?
    /// The loops of an element-wise primitive, at hand without reference counting; all nil for others.
    let loops: ElementLoops
    /// The function from float64 to float64, for the quick forms; nil where the primitive takes or makes conditions.
    let float64Function: NumberFunction?

    /// Decides what the result is, or throws a ``Refusal``.
    public typealias ResultRule = @Sendable (borrowing Operands, Attributes) throws(Refusal) -> Result
    /// The strides and the offset with which the result reads the elements of the operand, or nil where the operand must
    /// be packed first.
    typealias ViewRule =
        @Sendable (_ shape: Tensor.Shape, _ strides: Tensor.Shape, _ result: Tensor.Shape, Attributes) -> (
            strides: Tensor.Shape, offset: Int
        )?

    enum Implementation: Sendable {
        /// Made by the tape itself, never computed: a variable, a constant.
        case given
        /// The operand itself.
        case identity
        /// The same elements seen otherwise, without a copy.
        case view(ViewRule)
        /// Each element of the result from the elements at its place.
        case elementwise(ElementLoops, Signature)
        /// Anything else.
        case kernel(Kernel)
    }

    /// What an element-wise primitive makes of what.
    enum Signature: Sendable {
        /// Numbers of numbers.
        case numbers
        /// A condition of numbers.
        case comparison
        /// A number of a condition and two numbers.
        case selection
    }

    init(
        _ name: String, operands operandCount: Int?, result: @escaping ResultRule, implementation: Implementation,
        function: ck_function? = nil, elements: ElementRule? = nil, pullbacks: [Pullback],
        samples: @autoclosure @escaping @Sendable () -> [Sample] = [],
        refusals: @autoclosure @escaping @Sendable () -> [RefusedInput] = []
    ) {
        guard pullbacks.isEmpty || pullbacks.count == operandCount ?? 1 else {
            fatalError(
                "primitive \(name): \(pullbacks.count) pullbacks for \(operandCount ?? 1) operands; give one for each")
        }
        self.name = name
        self.operandCount = operandCount
        self.implementation = implementation
        self.function = function
        self.resultRule = result
        self.pullbacks = pullbacks
        self.makeSamples = samples
        self.makeRefusals = refusals
        if case .elementwise(let loops, let signature) = implementation {
            (isElementwise, self.loops) = (true, loops)
            self.elements = loops[.float64].map { _ in Primitive.elements(of: function, loops) }
            float64Function =
                signature == .numbers
                ? loops[.float64].map { NumberFunction(loop: $0, arithmetic: Arithmetic(function)) } : nil
        } else {
            (isElementwise, loops, float64Function) = (false, ElementLoops { _ in nil }, nil)
            self.elements = elements
        }
        identifier = Primitive.names.withLock { names in
            guard names.insert(name).inserted, let number = UInt16(exactly: names.count - 1) else {
                fatalError("primitive \(name): there is one of that name, or 65,536; make each once, as a constant")
            }
            return number
        }
        Primitive.table[Int(identifier)] = Unmanaged.passRetained(self)
    }

    /// An element-wise function of single numbers, where conditions are numbers of float64.
    private static func elements(of function: ck_function?, _ loops: ElementLoops) -> ElementRule {
        { numbers, operands, call in
            let type: Tensor.ElementType = call.operands.last!.elementType == .float32 ? .float32 : .float64
            let used = function.map { .instruction($0, ck_type(type)) } ?? loops[type]!.scalarFunction(ck_type(type))
            return (0..<call.result.shape.elementCount).map { i in numbers.compute(used, operands.map { $0[i] }) }
        }
    }

    /// Makes a primitive from its parts.
    ///
    /// - Parameters:
    ///   - name: What tapes and errors call it, and nothing else.
    ///   - operands: How many operands it takes; nil for any number, but none.
    ///   - result: The result's shape and element type; throws a ``Refusal`` with the reason and what to do.
    ///   - kernel: Writes the result's elements.
    ///   - pullbacks: One for each operand, in order, or where there may be any number, one for all, which asks ``Call/position``;
    ///     an empty array for what carries no gradient at all.
    ///   - samples: Operands that prove the derivatives, with expected values.
    ///   - refusals: Operands that must be refused.
    public convenience init(
        _ name: String, operands: Int?, result: @escaping ResultRule, kernel: Kernel, pullbacks: [Pullback],
        samples: @escaping @Sendable () -> [Sample], refusals: @escaping @Sendable () -> [RefusedInput] = { [] }
    ) {
        self.init(
            name, operands: operands, result: result, implementation: .kernel(kernel), pullbacks: pullbacks,
            samples: samples(), refusals: refusals())
    }
}

extension Primitive {
    /// What the result of a primitive, or an operand, is: everything but its numbers.
    public struct Result: Sendable, Hashable {
        public let shape: Tensor.Shape
        public let elementType: Tensor.ElementType

        public init(_ shape: Tensor.Shape, _ elementType: Tensor.ElementType) {
            self.shape = shape
            self.elementType = elementType
        }

        var byteCount: Int { shape.elementCount * elementType.size }
    }

    /// The operands of a primitive as its result rule sees them: shapes and types, no numbers, and only during the call.
    public struct Operands: ~Copyable {
        let tensors: UnsafeBufferPointer<Tensor>
        /// The shape that all of them are seen in; nil for their own.
        var shape: Tensor.Shape?
        public var count: Int { tensors.count }
        public subscript(position: Int) -> Result {
            Result(shape ?? tensors[position].shape, tensors[position].elementType)
        }
    }

    /// Why a primitive does not take its operands.
    public struct Refusal: Error {
        let problem: String
        let advice: String

        /// - Parameters:
        ///   - problem: The rule that was broken, and by what: "the inner dimensions differ: 3 and 4".
        ///   - advice: What to do about it.
        public init(_ problem: String, advice: String = "") {
            self.problem = problem
            self.advice = advice
        }
    }
}

// MARK: - The table of primitives

extension Primitive {
    /// All primitives by number; a place is written once, before any instruction can name it.
    nonisolated(unsafe) private static let table: UnsafeMutablePointer<Unmanaged<Primitive>?> = {
        let table = UnsafeMutablePointer<Unmanaged<Primitive>?>.allocate(capacity: Int(UInt16.max) + 1)
        table.initialize(repeating: nil, count: Int(UInt16.max) + 1)
        return table
    }()
    private static let names = Locked(Set<String>())

    /// Runs `body` on a primitive without counting a reference to it.
    @inline(__always)
    static func withNumbered<Value>(_ identifier: UInt16, _ body: (Primitive) -> Value) -> Value {
        table[Int(identifier)]!._withUnsafeGuaranteedRef(body)
    }

    @inline(__always)
    static func numbered(_ identifier: UInt16) -> Primitive { table[Int(identifier)]!._withUnsafeGuaranteedRef { $0 } }
}

extension Tensor {
    /// Everything but its numbers.
    package var kind: Primitive.Result { Primitive.Result(shape, elementType) }
}

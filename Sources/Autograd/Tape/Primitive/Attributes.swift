extension Primitive {
    /// What an operation needs to know beside its operands, as data, so that it can be printed, compared and handed on:
    /// `["axes": [0, 1], "keepDimensions": true]`.
    public struct Attributes: Sendable, Hashable {
        /// One attribute's value.
        public enum Value: Sendable, Hashable {
            case integer(Int)
            case integers([Int])
            case number(Double)
            case flag(Bool)
            case elementType(Tensor.ElementType)
        }

        private struct Entry: Sendable, Hashable {
            let name: String
            let value: Value
        }

        private var entries: [Entry]
        /// The attribute "shape", held inline: by far the most frequent one, as every broadcast has it.
        private var shape: Tensor.Shape?

        @inline(__always)
        private init(_ entries: [Entry], _ shape: Tensor.Shape?) {
            self.entries = entries
            self.shape = shape
        }

        /// No attributes.
        public static var none: Attributes { @inline(__always) get { Attributes([], nil) } }

        /// The one attribute "shape".
        static func shape(_ shape: Tensor.Shape) -> Attributes { Attributes([], shape) }

        /// Those of a draw.
        static func drawing(
            _ shape: Tensor.Shape, _ others: Self = .none, type elementType: Tensor.ElementType = .float64
        ) -> Self {
            Self(others.entries + [Entry(name: "type", value: .elementType(elementType))], shape)
        }

        @inline(__always)
        public var isEmpty: Bool { entries.isEmpty && shape == nil }

        /// Each of them, as an exporter wants them.
        public var all: [(name: String, value: Value)] {
            entries.map { ($0.name, $0.value) } + (shape.map { [("shape", .integers(Array($0)))] } ?? [])
        }

        /// The attribute of this name. One that the operation was not given, or of another kind, is an error.
        public subscript(name: String) -> Value {
            if let shape, name == "shape" { return .integers(Array(shape)) }
            for entry in entries where entry.name == name { return entry.value }
            return TensorError(
                "attributes", "the attribute \"\(name)\" is missing\(isEmpty ? "" : " among \(self)")",
                advice: "Use the function that belongs to the primitive, or give it the attribute."
            ).raise(returning: .integers([]))
        }

        private func wrong<Neutral>(_ name: String, _ kind: String, _ neutral: Neutral) -> Neutral {
            return TensorError("attributes", "the attribute \"\(name)\" is not \(kind)").raise(returning: neutral)
        }

        public func integer(_ name: String) -> Int {
            if case .integer(let value) = self[name] { value } else { wrong(name, "an integer", 0) }
        }

        public func integers(_ name: String) -> [Int] {
            if case .integers(let value) = self[name] { value } else { wrong(name, "integers", []) }
        }

        /// The attribute "shape".
        public var resultShape: Tensor.Shape { shape ?? Tensor.Shape(integers("shape")) }

        public func number(_ name: String) -> Double {
            if case .number(let value) = self[name] { value } else { wrong(name, "a number", .nan) }
        }

        public func flag(_ name: String) -> Bool {
            if case .flag(let value) = self[name] { value } else { wrong(name, "a flag", false) }
        }

        public func elementType(_ name: String) -> Tensor.ElementType {
            if case .elementType(let value) = self[name] { value } else { wrong(name, "an element type", .float64) }
        }
    }
}

extension Primitive.Attributes: ExpressibleByDictionaryLiteral, CustomStringConvertible {
    public init(dictionaryLiteral elements: (String, Value)...) {
        self.init(elements.map { Entry(name: $0, value: $1) }, nil)
        if let place = entries.firstIndex(where: { $0.name == "shape" }), case .integers(let lengths) = self["shape"] {
            shape = Tensor.Shape(lengths)
            entries.remove(at: place)
        }
    }

    /// As the tape prints them: `axes=[0, 1] keepDimensions=true`.
    public var description: String { all.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
}

extension Primitive.Attributes.Value: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, CustomStringConvertible
{
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(booleanLiteral value: Bool) { self = .flag(value) }
    public init(arrayLiteral elements: Int...) { self = .integers(elements) }

    public var description: String {
        switch self {
        case .integer(let value): "\(value)"
        case .integers(let value): "\(value)"
        case .number(let value): "\(value)"
        case .flag(let value): "\(value)"
        case .elementType(let value): value.abbreviation
        }
    }
}

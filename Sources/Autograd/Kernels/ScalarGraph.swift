import CKernels

/// The single numbers that a region of a program computes: what tiny arrays cost in loops and places is more than their
/// arithmetic.
///
/// Those of float32 are held in double precision, and conditions as 0 and 1. Views, broadcasts and padding disappear: they
/// name other numbers.
final class ScalarGraph {
    /// One computation of a number.
    struct Operation: Equatable {
        enum Function: Hashable {
            /// Of the numbers of a type, to which its result is rounded.
            case instruction(ck_function, ck_type)
            /// A user's own function: how it is called, and where it is.
            case call(ck_function, ck_type, address: UInt)

            fileprivate var number: Int {
                switch self {
                case .instruction(let function, let type): Int(function.rawValue) << 1 + Int(type.rawValue)
                case .call(_, let type, let address): Int(bitPattern: address) ^ Int(type.rawValue)
                }
            }

            /// The code of an instruction; nil where there is none of this form.
            func code(_ form: ck_scalar_form) -> UnsafeRawPointer? {
                guard case .instruction(let function, let type) = self else { return nil }
                return ck_scalar_code(function, type, form)
            }
        }

        var function: Function
        /// Values, of which there are one to three.
        var operands: [Int]
    }

    /// Arrays with more elements are computed by loops.
    static let largestArray = 16
    static let mostOperations = 60_000

    /// An element that lies in a buffer before the region runs.
    struct Given: Hashable {
        let buffer, element: Int
    }

    enum Source {
        case given(Given)
        case constant(Int)
        case operation(Int)
    }

    private(set) var constants: [Double] = []
    private(set) var operations: [Operation] = []
    /// What each value is, in the order in which they were found.
    private(set) var sources: [Source] = []
    /// The buffers that this computes, in ascending order.
    var buffers: [Int] = []
    /// The values that were computed, by the hashes of their operations.
    private var known: [Int: Int] = [:]
    private var knownConstants: [UInt64: Int] = [:]
    /// The values of what is given.
    private(set) var given: [Given: Int] = [:]

    func operation(of value: Int) -> Operation? {
        if case .operation(let index) = sources[value] { operations[index] } else { nil }
    }
}

// MARK: - Taking apart

extension ScalarGraph {
    private func add(_ source: Source) -> Int {
        sources.append(source)
        return sources.count - 1
    }

    func constant(_ number: Double) -> Int {
        if let value = knownConstants[number.bitPattern] { return value }
        constants.append(number)
        knownConstants[number.bitPattern] = add(.constant(constants.count - 1))
        return sources.count - 1
    }

    /// The value of an element of a buffer.
    func value(of element: Given) -> Int {
        if let value = given[element] { return value }
        given[element] = add(.given(element))
        return sources.count - 1
    }

    /// The value of a function of others.
    func compute(_ function: Operation.Function, _ operands: [Int]) -> Int {
        let operation = Operation(function: function, operands: operands)
        let hash = operands.reduce(function.number, mixed)
        if let value = known[hash], self.operation(of: value) == operation { return value }
        operations.append(operation)
        known[hash] = add(.operation(operations.count - 1))
        return sources.count - 1
    }

    func compute(_ function: ck_function, of type: Tensor.ElementType = .float64, _ operands: Int...) -> Int {
        compute(.instruction(function, ck_type(type)), operands)
    }

    /// The value of another in elements of a type; of a float type that holds it, it is the same.
    func rounded(_ value: Int, to type: Tensor.ElementType) -> Int {
        type == .float32 ? compute(CK_COPY, of: type, value) : value
    }
}

/// A hash of a hash and one more number, by a multiplication: `Hasher` takes longer than what is looked up.
@inline(__always)
func mixed(_ hash: Int, _ number: Int) -> Int { (hash &* 0x1E37_79B9_7F4A_7C15) ^ number }

extension Tensor.Shape {
    /// Where the elements of an array of this shape lie, in row-major order, when these are its strides.
    func offsets(_ strides: Tensor.Shape) -> [Int] {
        // Though there are no elements, there may be many rows of them.
        var offsets = contains(0) ? [] : [0]
        for axis in indices where !offsets.isEmpty {
            offsets = offsets.flatMap { start in (0..<self[axis]).map { start + $0 * strides[axis] } }
        }
        return offsets
    }
}

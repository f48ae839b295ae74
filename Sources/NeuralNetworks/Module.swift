import Autograd

/// A model or a part of one: any struct or class that conforms. Its parameters are found in its stored properties.
///
///     struct XORNetwork: Module {
///         let hidden: Dense, output: Dense
///         func callAsFunction(_ x: Tensor) -> Tensor { sigmoid(output(sigmoid(hidden(x)))) }
///     }
///
/// A module refers to its parameters: a copied struct shares them with the original. To get independent ones, make a new
/// model and give it the values with ``assign(from:)``.
public protocol Module: SendableMetatype {}

/// A parameter, and where it was found in a model: `hidden.weight`, `layers.0.bias`.
public struct NamedParameter {
    public let path: String
    public let parameter: Parameter
}

extension Module {
    /// All parameters, in the order of the stored properties, those of a superclass first; each once, also if it is reached
    /// on several ways.
    ///
    /// Found by reflection, through nested modules, structs, tuples, enums, optionals, arrays and dictionaries (in the order
    /// of their keys); a `Set` of them is an error. Data of plain numbers, text and tensors, also nested, is passed over as a
    /// whole; arrays of tuples or structs with text in them are looked through, each element in turn. A module
    /// whose properties cannot be seen, because it was compiled without reflection data, is an error.
    public var parameters: [NamedParameter] {
        var discovery = ParameterDiscovery()
        discovery.visit(self, path: "")
        return discovery.found
    }

    /// The parameters that an optimizer changes.
    public var trainableParameters: [NamedParameter] { parameters.filter(\.parameter.isTrainable) }

    /// Gives the parameters the values of those of another model with the same paths. Paths or shapes that do not match are
    /// an error, and nothing is changed.
    public func assign(from other: some Module) { assign(other.values) }

    /// The values of the parameters, with their paths.
    public var values: [(path: String, value: Tensor)] { parameters.map { ($0.path, $0.parameter.value) } }

    /// Gives the parameters ``values`` of another model, which may have been read before, or on another thread.
    public func assign(_ values: [(path: String, value: Tensor)]) {
        let mine = parameters
        guard mine.map(\.path) == values.map(\.path) else {
            let (mine, others) = (Set(mine.map(\.path)), Set(values.map(\.path)))
            return TensorError(
                "assign", "the models have different parameters",
                operands: mine.symmetricDifference(others).sorted(), advice: "Only models built alike can be assigned."
            ).raise(returning: ())
        }
        for (target, (_, new)) in zip(mine, values) {
            let old = target.parameter.value
            if old.kind == new.kind { continue }
            let problem = "the values of \(target.path) differ in shape or element type"
            return TensorError("assign", problem, of: [old, new]).raise(returning: ())
        }
        for (target, source) in zip(mine, values) { target.parameter.value = source.value }
    }
}

/// Finds the parameters of a model by reflection.
private struct ParameterDiscovery {
    private(set) var found: [NamedParameter] = []
    private var seen: Set<ObjectIdentifier> = []
    private var paths: [String: Parameter] = [:]

    mutating func visit(_ value: Any, path: String) {
        // By its type first: to ask an array whether it is an object would bridge each of its elements.
        let type = type(of: value)
        if type == Parameter.self || type == Parameter?.self, let parameter = value as? Parameter {
            if seen.insert(ObjectIdentifier(parameter)).inserted { add(parameter, path) }
            return
        }
        if value is Tensor { return }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .collection where isData(type), .dictionary where isData(type), .set where isData(type):
            return
        case .class:
            // Only modules: through any other object one could reach the whole program. A parameter that is used but hidden
            // in one is noticed when training.
            guard value is any Module, seen.insert(ObjectIdentifier(value as AnyObject)).inserted else { return }
            visitProperties(mirror, path)
        case .dictionary:
            visitDictionary(mirror, path)
        case .optional, .enum:
            // The payload stands where the value stands.
            for child in mirror.children { visit(child.value, path: path) }
        case .set:
            var elements = ParameterDiscovery()
            for (position, child) in mirror.children.enumerated() { elements.visit(child.value, path: "\(position)") }
            if !elements.found.isEmpty {
                TensorError(
                    "Module", "\(path) is a Set, whose elements have no order that parameters could be named by",
                    advice: "Keep them in an array."
                ).raise()
            }
        case .collection:
            for (position, child) in mirror.children.enumerated() {
                visit(child.value, path: path + .step("\(position)", path))
            }
        default:
            if let module = value as? any Module, mirror.children.isEmpty, size(of: module) > 0 {
                fatalError(
                    "\(type) has stored properties, but reflection shows none: it was compiled without "
                        + "reflection data. Compile it without -disable-reflection-metadata.")
            }
            visitProperties(mirror, path)
        }
    }

    private mutating func add(_ parameter: Parameter, _ path: String) {
        if let other = paths.updateValue(parameter, forKey: path) {
            return TensorError(
                "Module", "two parameters have the path \(path)", of: [other.value, parameter.value],
                advice: "Rename a property, for instance of the superclass, or a key of the dictionary."
            ).raise(returning: ())
        }
        found.append(NamedParameter(path: path, parameter: parameter))
    }

    private mutating func visitProperties(_ mirror: Mirror, _ path: String) {
        if let superclass = mirror.superclassMirror { visitProperties(superclass, path) }
        for (position, child) in mirror.children.enumerated() {
            visit(child.value, path: path + .step(name(child.label, position, in: mirror), path))
        }
    }

    private mutating func visitDictionary(_ mirror: Mirror, _ path: String) {
        let entries = mirror.children.map { entry in
            let pair = Array(Mirror(reflecting: entry.value).children)
            return (number: pair[0].value as? Int, key: "\(pair[0].value)", value: pair[1].value)
        }
        let sorted = entries.sorted { left, right in
            if let a = left.number, let b = right.number { return a < b }
            return left.key < right.key
        }
        for entry in sorted { visit(entry.value, path: path + .step(entry.key, path)) }
    }

    /// The property's name, without what the compiler puts before that of a wrapped or lazy one, or an element's position.
    private func name(_ label: String?, _ position: Int, in mirror: Mirror) -> String {
        guard let label else { return "\(position)" }
        for prefix in ["$__lazy_storage_$_", "_", "."] where label.hasPrefix(prefix) {
            let name = String(label.dropFirst(prefix.count))
            return mirror.children.contains { $0.label == name } ? label : name
        }
        return label
    }

    private func size(of value: some Any) -> Int { MemoryLayout.size(ofValue: value) }
}

/// Whether values of a type are plain data, tensors or text, or made of these, in which no parameter can be: there may be a
/// million of them.
private func isData(_ type: Any.Type) -> Bool {
    if type == Tensor.self || type == String.self { return true }
    if let container = type as? any Container.Type { return container.parts.allSatisfy(isData) }
    return isPlain(type)
}

/// Whether a type's values are bits alone.
private func isPlain<T>(_ type: T.Type) -> Bool { _isPOD(type) }

/// Values that consist of values of other types.
private protocol Container { static var parts: [Any.Type] { get } }

extension Optional: Container { fileprivate static var parts: [Any.Type] { [Wrapped.self] } }
extension Array: Container { fileprivate static var parts: [Any.Type] { [Element.self] } }
extension ArraySlice: Container { fileprivate static var parts: [Any.Type] { [Element.self] } }
extension ContiguousArray: Container { fileprivate static var parts: [Any.Type] { [Element.self] } }
extension Set: Container { fileprivate static var parts: [Any.Type] { [Element.self] } }
extension Dictionary: Container { fileprivate static var parts: [Any.Type] { [Value.self] } }

extension String {
    /// What leads from a path to one of its parts.
    fileprivate static func step(_ name: String, _ path: String) -> String { path.isEmpty ? name : "." + name }
}

import CKernels

/// An object that owns a value and may be set to another: a parameter.
package protocol ValueOwner: AnyObject {
    /// Takes a value for good.
    func keep(_ value: Tensor)
}

/// Objects whose values become variables of a tape: a model's parameters.
///
/// The connection is kept on the tape, never in the object, so that two threads can differentiate one model at a time.
package final class BoundObjects {
    /// What the objects are called.
    let names: [String]
    /// Each object's place among the variables, once one was read that was not expected.
    private lazy var places = Dictionary(
        uniqueKeysWithValues: objects.enumerated().map { (ObjectIdentifier($1), Int32($0)) })
    /// Keeps the objects alive, for an identity may be used again afterwards.
    private let objects: [AnyObject]
    /// Objects that were read while these were bound, and are not among them.
    package var strangers: [AnyObject] = []

    package init(_ objects: [AnyObject], names: [String]) {
        self.objects = objects
        self.names = names
    }

    /// The place of an object; `guess` is where it probably is.
    func place(of object: AnyObject, near guess: Int32) -> Int32? {
        if objects.indices.contains(Int(guess)), objects[Int(guess)] === object { return guess }
        return places[ObjectIdentifier(object)]
    }

    /// Runs `body` while other tensors stand for the objects, recorded or not.
    package func substituting<Result>(_ values: [Tensor], _ body: () throws -> Result) rethrows -> Result {
        try Tape.withTape { tape in
            // Identities side by side, so that the places of the objects count from the first one.
            let variables = zip(values, names).map { tape.variable($0, named: $1) }
            return try tape.binding(self, from: variables.first?.index ?? 0, body)
        }
    }
}

extension Tape {
    /// Objects, and the variables that stand for them.
    final class Binding {
        let objects: BoundObjects
        /// The first variable; the others follow.
        let start: Int32
        /// What was bound when these were, and how many bindings there are with this one.
        let outer: Binding?
        let depth: Int
        /// The place behind that of the object which was read last: objects are mostly read in their order.
        @exclusivity(unchecked) var next: Int32 = 0

        init(_ objects: BoundObjects, from start: Int32, in outer: Binding?) {
            (self.objects, self.start, self.outer, depth) = (objects, start, outer, 1 + (outer?.depth ?? 0))
        }
    }

    /// What an object was set to while a tape records. It is what is read of the object from then on, and gradients flow through
    /// it; the object itself takes it when the outermost scope has succeeded.
    struct Setting {
        let owner: any ValueOwner
        let value: Tensor
        /// How deep the binding was in which it was set: one that is bound deeper goes by its variable again.
        var depth: Int
    }

    /// The tape that records, or that would if it were not suspended: it knows what objects stand for.
    static var inForce: Tape? {
        let context = ck_current_context()
        return (context.pointee.tape ?? context.pointee.suspended).map {
            Unmanaged<Tape>.fromOpaque($0).takeUnretainedValue()
        }
    }

    /// What stands for an object in the scopes of this thread: the variable that it is bound to, or what it was set to. Nil where
    /// it stands for itself; where it would become a constant though it is to be differentiated, or others of a program are
    /// bound, that is noted.
    package static func value(of object: AnyObject, isDifferentiated: @autoclosure () -> Bool) -> Tensor? {
        var tape = inForce
        while let known = tape {
            if let value = known.value(of: object) { return known.isCurrent ? value : value.withoutTape }
            if known.isCurrent, let binding = known.binding, known.notes != nil || isDifferentiated() {
                binding.objects.strangers.append(object)
            }
            tape = known.enclosing?.takeUnretainedValue()
        }
        return nil
    }

    private func value(of object: AnyObject) -> Tensor? {
        let setting = settings.isEmpty ? nil : settings[ObjectIdentifier(object)]
        var binding = binding
        while let bound = binding {
            if let setting, setting.depth >= bound.depth { break }
            if let place = bound.objects.place(of: object, near: bound.next) {
                bound.next = place + 1
                return value(of: bound.start + place, isRecorded: true)
            }
            binding = bound.outer
        }
        return setting?.value
    }

    private var isCurrent: Bool { ck_current_context().pointee.serial == serial }

    /// Sets an object in the scopes of this thread, or for good where there are none.
    package static func set(_ owner: any ValueOwner, to value: Tensor) {
        guard let tape = inForce else { return owner.keep(value.withoutTape) }
        tape.settings[ObjectIdentifier(owner)] = Setting(owner: owner, value: value, depth: tape.binding?.depth ?? 0)
    }

    /// Runs `body`, whose settings of objects are forgotten at the end.
    package static func forgettingSettings<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard let tape = current else { return try withNewTape { _ in try body() } }
        let settings = tape.settings
        defer { tape.settings = settings }
        return try body()
    }

    /// Whether a program is recorded or runs in which the object is a variable: what is set then would be lost.
    package static func isVariableOfProgram(_ object: AnyObject) -> Bool {
        guard let tape = current else { return false }
        return sequence(first: tape) { $0.enclosing?.takeUnretainedValue() }.contains { $0.notes != nil }
            && sequence(first: tape.binding, next: { $0?.outer }).contains {
                $0?.objects.place(of: object, near: 0) != nil
            }
    }

    /// Runs `body` while the variables from `start` on stand for these objects, if any.
    @inline(__always)
    func binding<Result>(_ objects: BoundObjects?, from start: Int32, _ body: () throws -> Result) rethrows -> Result {
        guard let objects else { return try body() }
        let outer = binding
        binding = Binding(objects, from: start, in: outer)
        defer {
            binding = outer
            // What was set inside holds outside too, until the next binding.
            for key in settings.keys { settings[key]!.depth = min(settings[key]!.depth, outer?.depth ?? 0) }
        }
        return try body()
    }

    func nameOfBoundObject(_ index: Int32) -> String? {
        guard let binding, binding.objects.names.indices.contains(Int(index - binding.start)) else { return nil }
        return binding.objects.names[Int(index - binding.start)]
    }
}

import CKernels

/// Objects whose values become variables of a tape: a model's parameters.
///
/// The connection is kept on the tape, never in the object, so that two threads can differentiate one model at a time.
package final class BoundObjects {
    /// Each object's place among the variables.
    private let places: [ObjectIdentifier: Int32]
    /// What the objects are called.
    let names: [String]
    /// Keeps the objects alive, for an identity may be used again afterwards.
    private let objects: [AnyObject]
    /// Objects that were read while these were bound, and are not among them.
    package var strangers: [AnyObject] = []
    /// The values of further objects, which are not differentiated and may change meanwhile: running averages.
    package var others: [ObjectIdentifier: Tensor] = [:]

    /// What was bound when these were.
    var outer: Tape.Binding?

    package init(_ objects: [AnyObject], names: [String]) {
        self.objects = objects
        self.names = names
        places = Dictionary(uniqueKeysWithValues: objects.enumerated().map { (ObjectIdentifier($1), Int32($0)) })
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
    struct Binding {
        let objects: BoundObjects
        /// The first variable; the others follow.
        let start: Int32
        /// The place behind that of the object which was read last: objects are mostly read in their order.
        var next: Int32 = 0
    }

    /// The variable that stands for an object on the tape that records now. Nil where nothing records or no objects are
    /// bound; and where others are bound but not this one, which is then noted as a stranger.
    package static func variable(for object: AnyObject) -> Tensor? {
        guard ck_current_context().pointee.tape != nil else { return nil }
        return withCurrent { $0.variable(for: object) }
    }

    private func variable(for object: AnyObject) -> Tensor? {
        guard binding != nil else { return nil }
        if let place = binding!.objects.place(of: object, near: binding!.next) {
            binding!.next = place + 1
            return value(of: binding!.start + place, isRecorded: true)
        }
        var outer = binding!.objects.outer
        while let binding = outer {
            if let place = binding.objects.place(of: object, near: 0) {
                return value(of: binding.start + place, isRecorded: true)
            }
            outer = binding.objects.outer
        }
        binding!.objects.strangers.append(object)
        return nil
    }

    /// The value of an object that is bound without being differentiated. One that is not bound, though others are, would
    /// become a constant of a program: there it is noted as a stranger.
    package static func other(_ object: AnyObject) -> Tensor? {
        guard let tape = current, let bound = tape.binding else { return nil }
        if let holder = tape.holder(of: object) { return holder.others[ObjectIdentifier(object)] }
        if tape.notes != nil { bound.objects.strangers.append(object) }
        return nil
    }

    /// Gives such an object another value; false where it is not bound.
    package static func setOther(_ object: AnyObject, to value: Tensor) -> Bool {
        guard let holder = current?.holder(of: object) else { return false }
        holder.others[ObjectIdentifier(object)] = value
        return true
    }

    /// The innermost bound objects that an object is one of, without being differentiated.
    private func holder(of object: AnyObject) -> BoundObjects? {
        var bound = binding
        while let objects = bound?.objects {
            if objects.others[ObjectIdentifier(object)] != nil { return objects }
            bound = objects.outer
        }
        return nil
    }

    /// Whether a program is recorded in which the object is a variable: what is set then would be lost in replays.
    package static func isVariableOfProgram(_ object: AnyObject) -> Bool {
        guard let tape = current, tape.notes != nil, let binding = tape.binding else { return false }
        return binding.objects.place(of: object, near: 0) != nil
    }

    /// Runs `body` while the variables from `start` on stand for these objects.
    func binding<Result>(_ objects: BoundObjects, from start: Int32, _ body: () throws -> Result) rethrows -> Result {
        let outer = binding
        let before = objects.outer
        objects.outer = outer
        binding = Binding(objects: objects, start: start)
        defer {
            binding = outer
            objects.outer = before
        }
        return try body()
    }

    func nameOfBoundObject(_ index: Int32) -> String? {
        guard let binding, binding.objects.names.indices.contains(Int(index - binding.start)) else { return nil }
        return binding.objects.names[Int(index - binding.start)]
    }
}

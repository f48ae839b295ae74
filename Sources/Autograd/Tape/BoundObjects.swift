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
        guard let place = binding!.objects.place(of: object, near: binding!.next) else {
            binding!.objects.strangers.append(object)
            return nil
        }
        binding!.next = place + 1
        return value(of: binding!.start + place, isRecorded: true)
    }

    /// The value of an object that is bound without being differentiated.
    package static func other(_ object: AnyObject) -> Tensor? {
        current?.binding?.objects.others[ObjectIdentifier(object)]
    }

    /// Gives such an object another value; false where it is not bound.
    package static func setOther(_ object: AnyObject, to value: Tensor) -> Bool {
        guard let objects = current?.binding?.objects, objects.others[ObjectIdentifier(object)] != nil else {
            return false
        }
        objects.others[ObjectIdentifier(object)] = value
        return true
    }

    /// Runs `body` while the variables from `start` on stand for these objects.
    func binding<Result>(_ objects: BoundObjects, from start: Int32, _ body: () throws -> Result) rethrows -> Result {
        let outer = binding
        binding = Binding(objects: objects, start: start)
        defer { binding = outer }
        return try body()
    }

    func nameOfBoundObject(_ index: Int32) -> String? {
        guard let binding, binding.objects.names.indices.contains(Int(index - binding.start)) else { return nil }
        return binding.objects.names[Int(index - binding.start)]
    }
}

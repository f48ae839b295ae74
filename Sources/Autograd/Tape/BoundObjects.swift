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

    func place(of object: AnyObject) -> Int32? { places[ObjectIdentifier(object)] }

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
    /// The variable that stands for an object on the tape that records now. Nil where nothing records or no objects are
    /// bound; and where others are bound but not this one, which is then noted as a stranger.
    package static func variable(for object: AnyObject) -> Tensor? {
        guard let tape = current, let (objects, start) = tape.binding else { return nil }
        guard let place = objects.place(of: object) else {
            objects.strangers.append(object)
            return nil
        }
        return tape.value(of: start + place, isRecorded: true)
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
        binding = (objects, start)
        defer { binding = outer }
        return try body()
    }

    func nameOfBoundObject(_ index: Int32) -> String? {
        guard let (objects, start) = binding, objects.names.indices.contains(Int(index - start)) else { return nil }
        return objects.names[Int(index - start)]
    }
}

import CKernels
import Synchronization

extension Tape {
    /// The tape that records this thread's operations.
    @inline(__always)
    package static var current: Tape? {
        ck_current_context().pointee.tape.map { Unmanaged<Tape>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Runs `body` on the tape that records, of which there must be one, without counting a reference to it.
    @inline(__always)
    static func withCurrent<Result>(_ body: (Tape) -> Result) -> Result {
        Unmanaged<Tape>.fromOpaque(ck_current_context().pointee.tape!)._withUnsafeGuaranteedRef(body)
    }

    /// Records what `body` does with the variables it makes, and returns the tape and what `body` returned.
    ///
    /// What is computed from constants alone is not recorded: begin with ``variable(_:named:)-(Tensor,_)``.
    /// Inside another recording the tape is that of the outer recording: one thread records on one tape at a time.
    public static func record<Result>(_ body: (Tape) throws -> Result) rethrows -> (tape: Tape, result: Result) {
        try withTape { tape in (tape, try body(tape)) }
    }

    /// Runs `body` while a tape records: the one that does already, or a new one that stops at the end. What objects were set
    /// to stays if all went well.
    static func withTape<Result>(_ body: (Tape) throws -> Result) rethrows -> Result {
        if let tape = current {
            let settings = tape.settings
            do { return try body(tape) } catch {
                tape.settings = settings
                throw error
            }
        }
        var settings = [ObjectIdentifier: Setting]()
        let result = try withNewTape { tape in
            defer { settings = tape.settings }
            return try body(tape)
        }
        if settings.isEmpty || TensorError.isNoted { return result }
        for setting in settings.values { set(setting.owner, to: setting.value.withoutTape) }
        return result
    }

    /// Runs `body` while a new tape records, which stops at the end. What objects were set to is forgotten.
    static func withNewTape<Result>(_ body: (Tape) throws -> Result) rethrows -> Result {
        let serial = OpenSerials.open()
        defer { OpenSerials.close(serial) }
        let tape = Tape(serial: serial)
        tape.enclosing = inForce.map(Unmanaged.passUnretained)
        defer { tape.enclosing = nil }
        return try with(tape) { try body(tape) }
    }

    /// Runs `body` while this tape, or none, records this thread's operations, instead of the one that does now.
    static func with<Result>(_ tape: Tape?, _ body: () throws -> Result) rethrows -> Result {
        let context = ck_current_context()
        let outer = context.pointee
        context.pointee.suspended = tape == nil ? outer.tape ?? outer.suspended : nil
        context.pointee.tape = tape.map { Unmanaged.passUnretained($0).toOpaque() }
        context.pointee.serial = tape?.serial ?? 0
        defer {
            context.pointee.tape = outer.tape
            context.pointee.serial = outer.serial
            context.pointee.suspended = outer.suspended
        }
        return try withExtendedLifetime(tape, body)
    }

    /// Runs `body` while nothing records: what it computes is constant for every tape of this thread.
    ///
    /// A program records that too, for its next inputs give other constants.
    static func suspended<Result>(_ body: () throws -> Result) rethrows -> Result {
        if let tape = current, let notes = tape.notes { return try notes.cutting(tape, body) }
        return try with(nil, body)
    }

    /// A new variable of this tape, which must be recording.
    ///
    /// - Parameters:
    ///   - value: The number or numbers it has.
    ///   - name: What the printed tape and errors call it.
    public func variable(_ value: Tensor, named name: String? = nil) -> Tensor {
        guard ck_current_context().pointee.serial == serial else {
            return TensorError(
                "variable", "this tape is not recording", of: [value],
                advice: "Make variables inside the closure of `Tape.record`."
            ).raise()
        }
        if value.isFailed { return value }
        // A tensor of this tape becomes a second instruction with the same value: what is derived with respect to the
        // variable then stops there, and what is derived with respect to the tensor passes through.
        let index =
            value.serial == serial
            ? append(
                .identity, value.elementType, shape: self[value.index].shape, bits: value.bits, operandCount: 1,
                value.index)
            : appendGiven(.variable, value)
        keep(value, for: index)
        if let name { setName(name, of: index) }
        return value.on(self, index)
    }

    /// A new variable that is a single number.
    public func variable(_ value: Double, named name: String? = nil) -> Tensor { variable(Tensor(value), named: name) }
}

/// Runs `body` without recording it: what it computes are constants, through which no gradient flows.
///
/// What it reads of the tensors being differentiated are their numbers. See also ``stopGradient(_:)``, which cuts the
/// gradient of one tensor but stays on the tape.
public func withoutRecording<Result>(_ body: () throws -> Result) rethrows -> Result { try Tape.suspended(body) }

/// The serial numbers of the tapes that record at this moment, of all threads, without locks.
///
/// A serial number is a place in the table and how often that place was used before it: 10 bits and 54 bits, so that
/// numbers never come back. From the number alone follows where to look whether its tape still records.
enum OpenSerials {
    private struct Place: ~Copyable {
        /// The open serial number, 0 while free, ``claimed`` while being opened.
        let serial = Atomic<UInt64>(0)
        /// The thread whose tape it is.
        let thread = Atomic<UInt>(0)
        /// How often the place was used. Atomic like the others: changing a plain field would access the whole place, beside
        /// another thread that tries to claim it.
        let uses = Atomic<UInt64>(0)
        // A cache line each, so that threads do not slow each other down.
        let padding: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)
    }

    private static let claimed: UInt64 = 1
    private static let capacity = 1024
    nonisolated(unsafe) private static let places: UnsafeMutablePointer<Place> = {
        let places = UnsafeMutablePointer<Place>.allocate(capacity: capacity)
        for place in 0..<capacity { (places + place).initialize(to: Place()) }
        return places
    }()

    private static var thread: UInt { UInt(bitPattern: ck_current_context()) }

    /// A serial number that was never used before, open from now on.
    static func open() -> UInt64 {
        let context = ck_current_context()
        // A thread comes back to the place it used last, which is almost always free.
        let start = Int(context.pointee.slot)
        for step in 0..<capacity {
            let place = (start + step) % capacity
            guard
                places[place].serial.compareExchange(
                    expected: 0, desired: claimed, successOrdering: .acquiring, failureOrdering: .relaxed
                ).exchanged
            else { continue }
            context.pointee.slot = UInt64(place)
            let uses = places[place].uses.add(1, ordering: .relaxed).newValue
            places[place].thread.store(thread, ordering: .relaxed)
            let serial = uses << 10 | UInt64(place)
            places[place].serial.store(serial, ordering: .releasing)
            return serial
        }
        fatalError("more than \(capacity) tapes record at once")
    }

    static func close(_ serial: UInt64) { places[Int(serial & 1023)].serial.store(0, ordering: .releasing) }

    /// Whether the tape of this serial number records on another thread now. One of this thread that is only suspended
    /// does not count: its tensors may be read as constants.
    static func isOpenElsewhere(_ serial: UInt64) -> Bool {
        let place = Int(serial & 1023)
        return places[place].serial.load(ordering: .acquiring) == serial
            && places[place].thread.load(ordering: .relaxed) != thread
    }
}

extension Tensor {
    /// Whether this belongs to a tape that records on another thread.
    var isOpenElsewhere: Bool { serial != 0 && OpenSerials.isOpenElsewhere(serial) }
}

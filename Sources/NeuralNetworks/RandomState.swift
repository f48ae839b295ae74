import Autograd

/// A generator of random numbers as part of a model's state: a step of training counts it up and draws anew each time, and what is
/// drawn counts only where the step succeeds.
///
///     let noise: RandomState                              // in the model
///     noise.draw { .normal(shape: x.shape, using: &$0) }  // in what it computes
public final class RandomState: Module {
    /// What names the draws, and how many there were. Neither is trained.
    public let key, counter: Parameter

    /// Goes on where a generator stands; another part of the program is given one that is split off.
    public init(_ random: RandomGenerator) {
        key = Parameter(random.key, isTrainable: false)
        counter = Parameter(random.counter, isTrainable: false)
    }

    /// What `body` draws.
    public func draw<Result>(_ body: (inout RandomGenerator) throws -> Result) rethrows -> Result {
        var random = RandomGenerator(key: key.value, counter: counter.value)
        defer { counter.value = random.counter }
        return try body(&random)
    }
}

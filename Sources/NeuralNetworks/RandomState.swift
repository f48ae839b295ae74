import Autograd

/// A generator of random numbers as part of a model's state: a step of training counts it up and draws anew each time, and what is
/// drawn counts only where the step succeeds.
///
///     let noise: RandomState                                          // in the model
///     x + .normal(shape: x.shape, using: &noise.generator)            // in what it computes
public final class RandomState: Module {
    /// What names the draws, and how many there were. Neither is trained.
    public let key, counter: Parameter

    /// One that is split off.
    public init(using random: inout RandomGenerator) {
        let own = random.split()
        key = Parameter(own.key, isTrainable: false)
        counter = Parameter(own.counter, isTrainable: false)
    }

    /// The generator as it stands.
    public var generator: RandomGenerator {
        get { RandomGenerator(key: key.value, counter: counter.value) }
        set { (key.value, counter.value) = (newValue.key, newValue.counter) }
    }
}

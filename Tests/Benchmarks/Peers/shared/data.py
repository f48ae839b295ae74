"""The data of the works, the same as in ../../*.swift, and what must come out."""
import functools

INPUTS, EXPECTED = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
W1, B1, W2, B2 = [[0.5, -0.4], [-0.3, 0.8]], [0.1, -0.1], [[0.9, -0.7]], [0.2]
# The sum of the losses of all samples after 10,000 steps, as the formulas of ../xor.c give it; 100,000 take too long here.
STEPS, ONLINE_LOSS, BATCH_LOSS = 10_000, 6.681004e-03, 5.940149e-04

PRODUCT = [1 + (i % 7 - 3) * 1e-3 for i in range(1000)]
ROSENBROCK = [1.0 if i % 2 else -1.2 + 1e-4 * i for i in range(1000)]
# Dimensions, components, points of the mixture; its value and the length of its gradient.
D, K, N = 10, 25, 1000
MIXTURE_VALUE, MIXTURE_SLOPE = -2303.262548776428, 559.28905139619917
# The loss of the classifier after 20 steps.
CLASSIFIER_STEPS, CLASSIFIER_LOSS = 20, 1.842593


def xorshift():
    """George Marsaglia's generator."""
    state = 88172645463325252
    while True:
        state ^= state << 13 & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 7
        state ^= state << 17 & 0xFFFFFFFFFFFFFFFF
        yield state


def uniform(numbers, count, bound):
    return [(2 * ((next(numbers) >> 11) / 2**53) - 1) * bound for _ in range(count)]


def order():
    """Which sample is learned in which step: the two highest bits."""
    numbers = xorshift()
    return [next(numbers) >> 62 for _ in range(4096)]


ORDER = order()


@functools.cache
def mixture():
    """Parameters, and points one after another."""
    numbers = xorshift()
    return uniform(numbers, K * (1 + 2 * D + D * (D - 1) // 2), 0.5), uniform(numbers, N * D, 1)


@functools.cache
def classifier():
    """Weights of the hidden layer and of the output, row by row; images, and their classes."""
    numbers = xorshift()
    hidden, output = uniform(numbers, 128 * 784, 0.08), uniform(numbers, 10 * 128, 0.17)
    return hidden, output, uniform(numbers, 64 * 784, 1), [sample * 7 % 10 for sample in range(64)]


class Training:
    """The XOR network in training; `step(sample)` learns one sample, or all for None; `losses` is the sum over all."""

    def __init__(self, make, is_batch):
        self.step, self.losses = make()
        self.is_batch, self.count = is_batch, 0

    def __call__(self):
        self.step(None if self.is_batch else ORDER[self.count & 4095])
        self.count += 1

    def loss(self):
        for _ in range(STEPS):
            self()
        return self.losses()

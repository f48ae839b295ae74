"""The data of the works, the same as in ../../*.swift, and what must come out."""
import functools
import math
import pathlib

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
# The losses of the network of four wide layers before its first steps.
WIDE_LOSSES = [0.3800959, 0.3710278, 0.3642464, 0.3605075]
# Positions, letters and names of a batch of the small GPT; the losses at width 16 before steps 0, 10, 20 and 29, in float64.
POSITIONS, LETTERS, NAMES = 16, 27, 16
SMALL_LOSSES = {0: 3.3318160610709895, 10: 2.590233051044905, 20: 2.426625937686242, 29: 2.3317676052333303}
# Of the larger GPT: layers, heads, width, positions, texts of a batch, vocabulary.
GPT = dict(layers=4, heads=4, width=128, positions=64, texts=12, vocabulary=65)
# Its losses before the first steps, by JAX in float64.
GPT_LOSSES = [4.2514781888475195, 4.06894984839865, 3.874337069516958, 3.7432639684406315, 3.597537528020812]


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


def scattered(position, shape, amplitude):
    """A parameter's numbers before training, row by row: spread evenly, by the golden ratio."""
    start = position * 0.4142135623730951
    return [amplitude * ((((k + 1) * 0.6180339887498949 + start) % 1.0) - 0.5) for k in range(math.prod(shape))]


def small_shapes(width):
    square, names = (width, width), ("wte", "wpe", "wq", "wk", "wv", "wo", "fc1", "fc2", "head")
    rest = (4 * width, width), (width, 4 * width), (LETTERS, width)
    return dict(zip(names, ((LETTERS, width), (POSITIONS, width), *(square,) * 4, *rest)))


def small_start(width):
    """The parameters of the small GPT: name, shape, numbers."""
    shapes = small_shapes(width).items()
    return [(name, shape, scattered(position, shape, 0.16)) for position, (name, shape) in enumerate(shapes)]


@functools.cache
def small_batches(count=300):
    """Letters, the letters that follow, and how much each counts: lists of 16 names of 16 positions, one after another."""
    file = pathlib.Path(__file__).parents[3] / "Networks" / "names.txt"
    names = [[26, *(ord(letter) - 97 for letter in name), 26] for name in file.read_text().split()]
    batches = []
    for batch in range(count):
        letters, following, weights = [], [], []
        for place in range(NAMES):
            name = names[7919 * (batch * NAMES + place) % len(names)]
            length = min(POSITIONS, len(name) - 1)
            padding = [0] * (POSITIONS - length)
            letters += name[:length] + padding
            following += name[1 : length + 1] + padding
            weights += [1.0] * length + padding
        batches.append((letters, following, weights))
    return batches


def gpt_shapes():
    vocabulary, width = GPT["vocabulary"], GPT["width"]
    shapes = {"te": (vocabulary, width), "pe": (GPT["positions"], width)}
    for layer in range(GPT["layers"]):
        for name, outputs, inputs in (
            ("l1", width, 0), ("qkv", 3 * width, width), ("o", width, width), ("l2", width, 0),
            ("f1", 4 * width, width), ("f2", width, 4 * width),
        ):
            shapes[f"{layer}.{name}.weight"] = (outputs, inputs) if inputs else (outputs,)
            shapes[f"{layer}.{name}.bias"] = (outputs,)
    return shapes | {"ln.weight": (width,), "ln.bias": (width,), "head.weight": (vocabulary, width)}


@functools.cache
def gpt_start():
    """The parameters of the larger GPT: name, shape, numbers. Gains are 1 and biases 0."""
    start = []
    for position, (name, shape) in enumerate(gpt_shapes().items()):
        constant = [0.0 if name.endswith("bias") else 1.0] * shape[0]
        start.append((name, shape, scattered(position, shape, 0.08) if len(shape) == 2 else constant))
    return start


def gpt_tokens():
    """Texts of the batch, each with the token that follows its last, one after another."""
    return [(7919 * j + j * j) % GPT["vocabulary"] for j in range(GPT["texts"] * (GPT["positions"] + 1))]


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

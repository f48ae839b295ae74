"""W4, with the gradient derived by hand, W5 and W6 in NumPy: pip install numpy"""
from shared.data import CLASSIFIER_LOSS, CLASSIFIER_STEPS, classifier
from shared.rows import agrees, row, run, threads


def measure():
    import numpy

    def make():
        hidden, output, images, classes = classifier()
        w1 = numpy.array(hidden, numpy.float32).reshape(128, 784).T.copy()
        w2 = numpy.array(output, numpy.float32).reshape(10, 128).T.copy()
        b1, b2 = numpy.zeros(128, numpy.float32), numpy.zeros(10, numpy.float32)
        x, rate, each = numpy.array(images, numpy.float32).reshape(64, 784), numpy.float32(0.01), numpy.arange(64)

        def step():
            nonlocal w1, w2, b1, b2
            z = x @ w1 + b1
            h = numpy.maximum(z, 0)
            logits = h @ w2 + b2
            logits -= logits.max(1, keepdims=True)
            p = numpy.exp(logits)
            p /= p.sum(1, keepdims=True)
            loss = p[each, classes]
            p[each, classes] -= 1
            p /= 64
            slope = p @ w2.T
            slope *= z > 0
            w2 -= rate * (h.T @ p)
            b2 -= rate * p.sum(0)
            w1 -= rate * (x.T @ slope)
            b1 -= rate * slope.sum(0)
            return loss

        return step

    def is_right():
        step = make()
        for _ in range(CLASSIFIER_STEPS):
            step()
        return agrees(-numpy.log(step()).mean(), CLASSIFIER_LOSS, 1e-5)

    row("W4", f"mlp 784-128-10, batch 64, {threads}, numpy by hand", "us/step", make(), check=is_right)

    for letter, dtype, sizes in (("s", numpy.float32, (64, 128, 256, 512, 1024)), ("d", numpy.float64, (256, 1024))):
        for size in sizes:
            a, b = numpy.random.default_rng(1).random((2, size, size), dtype)
            result = numpy.empty_like(a)
            body = lambda: numpy.matmul(a, b, out=result)
            row("W5", f"{letter}gemm {size}, {threads}, numpy", "GFLOP/s", body, per=2 * size**3)

    x, b, c = numpy.random.default_rng(6).standard_normal((3, 1_000_000), dtype=numpy.float32)
    y, z = numpy.empty_like(x), numpy.empty_like(x)
    for name in ("exp", "tanh", "log", "sin"):
        operand = abs(x) if name == "log" else x
        body = lambda: getattr(numpy, name)(operand, out=y)
        row("W6", f"1M {name}, float32, numpy", "ps/elem", body, per=1_000_000)

    def sigmoid(x, y):
        numpy.negative(x, out=y)
        numpy.exp(y, out=y)
        numpy.add(y, 1, out=y)
        return numpy.reciprocal(y, out=y)

    def product():
        numpy.add(numpy.multiply(x, b, out=y), c, out=y)
        return y

    def both():
        numpy.multiply(numpy.tanh(product(), out=y), sigmoid(x, z), out=y)

    row("W6", "1M sigmoid, float32, numpy", "ps/elem", lambda: sigmoid(x, y), per=1_000_000)
    row("W6", "1M a * b + c, float32, numpy", "ps/elem", product, per=1_000_000)
    row("W6", "1M tanh(a * b + c) * sigmoid(a), float32, numpy", "ps/elem", both, per=1_000_000)

    for dtype in (numpy.float32, numpy.float64):
        x, exponents = numpy.random.default_rng(6).random((2, 1_000_000), dtype) * dtype(3.75) + dtype(0.25)
        y = numpy.empty_like(x)
        body = lambda: numpy.power(x, exponents, out=y)
        row("W6", f"pow, 1M {dtype.__name__}, numpy", "ps/elem", body, per=1_000_000)

run(measure)

"""W1, W2, W7 and W9 in micrograd: pip install micrograd"""
import math
import sys

from shared.data import B1, B2, BATCH_LOSS, EXPECTED, INPUTS, ONLINE_LOSS, W1, W2, Training
from shared.rows import agrees, measure_start, row, run


def measure():
    from micrograd.engine import Value

    def sigmoid(z):  # which micrograd lacks, in micrograd's own manner
        y = 1 / (1 + math.exp(-z.data))
        result = Value(y, (z,), "sigmoid")

        def backward():
            z.grad += y * (1 - y) * result.grad

        result._backward = backward
        return result

    def make():
        p = [Value(number) for number in W1[0] + W1[1] + B1 + W2[0] + B2]

        def loss(sample):
            x0, x1 = INPUTS[sample]
            h0, h1 = sigmoid(p[0] * x0 + p[1] * x1 + p[4]), sigmoid(p[2] * x0 + p[3] * x1 + p[5])
            error = sigmoid(p[6] * h0 + p[7] * h1 + p[8]) - EXPECTED[sample]
            return error * error * 0.5

        def step(sample):
            for value in p:
                value.grad = 0
            (loss(sample) if sample is not None else loss(0) + loss(1) + loss(2) + loss(3)).backward()
            for value in p:
                value.data -= 0.5 * value.grad

        return step, lambda: sum(loss(sample).data for sample in range(4))

    for work, case, is_batch, loss in (
        ("W1", "xor online step", False, ONLINE_LOSS),
        ("W2", "xor full batch step", True, BATCH_LOSS),
    ):
        body = Training(make, is_batch)
        row(work, f"{case}, micrograd", "ns/step", body, check=lambda: agrees(Training(make, is_batch).loss(), loss))

    sys.setrecursionlimit(10_000)
    x = Value(1.0001)

    def chain():
        y = x
        for _ in range(1000):
            y = y + x
        return y

    def both():
        x.grad = 0
        chain().backward()
        return x.grad

    row("W7", "scalar add, forward, micrograd", "ns/op", chain, per=1000)
    row("W7", "scalar add, forward + backward, micrograd", "ns/op", both, per=1000, check=lambda: agrees(both(), 1001))
    program = "from micrograd.engine import Value; x = Value(3.0); (x*x + 2*x).backward(); assert x.grad == 8"
    measure_start("micrograd", program, count=21)


run(measure)

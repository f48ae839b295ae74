"""The works W1, W2, W6, W7 and W9 of ../main.swift in PyTorch, micrograd and NumPy, on one thread.

    pip install torch micrograd numpy    (of torch the CPU build: --index-url https://download.pytorch.org/whl/cpu)
    python peers.py [--filter TEXT] [--json FILE]

Same network, start, order of samples and data as ../XOR.swift, and so the same losses in the end. Columns: work, case,
median of the samples, unit, min/median. A wrong result ends in exit code 1. Compare ratios that were measured in one
session on one machine.
"""
import os

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # read when torch is loaded

import argparse
import json
import math
import statistics
import subprocess
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("--filter", default="", help="only rows whose work or case contains this")
parser.add_argument("--json", help="write the rows to this file")
options = parser.parse_args()

INPUTS, EXPECTED = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
W1, B1, W2, B2 = [[0.5, -0.4], [-0.3, 0.8]], [0.1, -0.1], [[0.9, -0.7]], [0.2]
# The sum of the losses of all samples after 10,000 steps, as the formulas of xor.c give it; 100,000 take too long here.
STEPS, ONLINE_LOSS, BATCH_LOSS = 10_000, 6.681004e-03, 5.940149e-04
rows = []


def xorshift():
    """Which sample is learned in which step: the two highest bits of George Marsaglia's generator."""
    state = 88172645463325252
    for _ in range(4096):
        state ^= state << 13 & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 7
        state ^= state << 17 & 0xFFFFFFFFFFFFFFFF
        yield state >> 62


ORDER = list(xorshift())


def samples(body, count=11, seconds=0.03):
    """Seconds an execution, each sample repeated until it lasts long enough."""
    body()
    repetitions, duration = 1, 0.0
    while duration < seconds / 2:
        repetitions *= 2
        start = time.perf_counter()
        for _ in range(repetitions):
            body()
        duration = time.perf_counter() - start
    repetitions = max(1, int(repetitions * seconds / duration))
    for _ in range(count):
        start = time.perf_counter()
        for _ in range(repetitions):
            body()
        yield (time.perf_counter() - start) / repetitions


def row(work, case, unit, body, per=1, check=lambda: True, times=samples):
    if options.filter not in work and options.filter not in case:
        return
    if not check():
        sys.exit(f"WRONG: {work} {case}")
    seconds = list(times(body))
    scale = {"ns/step": 1e9, "ns/op": 1e9, "ps/elem": 1e12, "ms": 1e3}[unit] / per
    median = statistics.median(seconds)
    print(f"{work:8}{case:50}{median * scale:9.1f} {unit:10}{min(seconds) / median:.2f}", flush=True)
    rows.append(dict(work=work, case=case, value=median * scale, unit=unit, threads=1))


def agrees(number, expected, tolerance=1e-6):
    if abs(number - expected) <= tolerance * abs(expected):
        return True
    print(f"{number} instead of {expected}", file=sys.stderr)
    return False


class Training:
    """A model in training; `step(sample)` learns one sample, or all for None; `losses` is the sum over all samples."""

    def __init__(self, make, is_batch):
        self.step, self.losses = make()
        self.is_batch, self.count = is_batch, 0

    def __call__(self):
        self.step(None if self.is_batch else ORDER[self.count & 4095])
        self.count += 1

    def is_right(self):
        for _ in range(STEPS):
            self()
        return agrees(self.losses(), BATCH_LOSS if self.is_batch else ONLINE_LOSS)


def measure_xor(name, make):
    for work, case, is_batch in (("W1", "xor online step", False), ("W2", "xor full batch step", True)):
        check = Training(make, is_batch).is_right
        row(work, f"{case}, {name}", "ns/step", Training(make, is_batch), check=check)


def measure_start(name, program):
    """A process that computes a first gradient, from its start to its end."""
    def start(arguments=(sys.executable, "-c", program)):
        subprocess.run(arguments, check=True)

    def times(body):
        body()  # reads the files into the page cache
        for _ in range(21 if name == "micrograd" else 5):
            begin = time.perf_counter()
            body()
            yield time.perf_counter() - begin

    row("W9", f"process start to first gradient, {name}", "ms", start, times=times)


def measure_micrograd():
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

    measure_xor("micrograd", make)
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
    measure_start("micrograd", program)


def measure_torch():
    import torch

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    x, e = torch.tensor(INPUTS), torch.tensor(EXPECTED).reshape(4, 1)
    single = [(x[i].clone(), e[i].clone()) for i in range(4)]

    def make():
        layers = torch.nn.Linear(2, 2), torch.nn.Sigmoid(), torch.nn.Linear(2, 1), torch.nn.Sigmoid()
        model = torch.nn.Sequential(*layers)
        with torch.no_grad():
            for parameter, numbers in zip(model.parameters(), (W1, B1, W2, B2)):
                parameter.copy_(torch.tensor(numbers))
        method = torch.optim.SGD(model.parameters(), lr=0.5)

        def step(sample):
            inputs, expected = (x, e) if sample is None else single[sample]
            method.zero_grad()
            (0.5 * (model(inputs) - expected) ** 2).sum().backward()
            method.step()

        return step, lambda: (0.5 * (model(x) - e) ** 2).sum().item()

    measure_xor("torch", make)
    a = torch.tensor([[1.0001, 0.9999], [1.0002, 0.9998]], requires_grad=True)
    ones = torch.ones(2, 2)
    c, s = math.cos(0.001), math.sin(0.001)
    rotation = torch.tensor([[c, -s], [s, c]], requires_grad=True)

    def chain(operation, x=a):
        y = x
        for _ in range(1000):
            y = operation(y, x)
        return y

    def sigmoids():  # 40 chains of 25: in one of 1,000 the gradient would vanish
        total = None
        for _ in range(40):
            y = a
            for _ in range(25):
                y = torch.sigmoid(y)
            total = y if total is None else total + y
        return total

    def sigmoid_slope():
        y, slope = a.detach(), 40.0
        for _ in range(25):
            y = torch.sigmoid(y)
            slope = slope * y * (1 - y)
        return slope

    def forward():
        with torch.no_grad():
            return chain(torch.add)

    row("W7", "2x2 add, forward, torch", "ns/op", forward, per=1000)
    row("W7", "2x2 add, record, torch", "ns/op", lambda: chain(torch.add), per=1000)
    for name, count, x, make_output, slope in (
        ("add", 1000, a, lambda: chain(torch.add), 1001 * ones),
        ("multiply", 1000, a, lambda: chain(torch.mul), 1001 * a.detach() ** 1000),
        ("sigmoid", 1039, a, sigmoids, sigmoid_slope()),
        ("matmul", 1000, rotation, lambda: chain(torch.matmul, rotation), None),
    ):
        def both():
            return torch.autograd.grad(make_output(), x, ones)[0]

        def check():
            if slope is not None:
                return torch.allclose(both(), slope, rtol=1e-10, atol=0)
            # Of the 1001st power, by Euler's theorem: sum of x times slope = 1001 times the sum of the power's elements.
            return agrees((x * both()).sum().item(), 1001 * 2 * math.cos(1.001), tolerance=1e-9)

        row("W7", f"2x2 {name}, forward + backward, torch", "ns/op", both, per=count, check=check)
    x, b, c, y = (torch.randn(1_000_000, dtype=torch.float32) for _ in range(4))
    for name in ("exp", "tanh", "sigmoid", "log", "sin"):
        row("W6", f"1M {name}, float32, torch", "ps/elem", lambda: getattr(torch, name)(x, out=y), per=1_000_000)
    row("W6", "1M a * b + c, float32, torch", "ps/elem", lambda: torch.addcmul(c, x, b, out=y), per=1_000_000)
    both = lambda: torch.addcmul(c, x, b).tanh_().mul_(torch.sigmoid(x))
    row("W6", "1M tanh(a * b + c) * sigmoid(a), float32, torch", "ps/elem", both, per=1_000_000)
    program = "import torch; x = torch.tensor(3.0, requires_grad=True); (x*x + 2*x).backward(); assert x.grad == 8"
    measure_start("torch", program)


def measure_numpy():
    import numpy

    x = numpy.random.default_rng(6).standard_normal(1_000_000, dtype=numpy.float32)
    y = numpy.empty_like(x)
    for name in ("exp", "tanh", "log", "sin"):
        row("W6", f"1M {name}, float32, numpy", "ps/elem", lambda: getattr(numpy, name)(x, out=y), per=1_000_000)


for measure in (measure_micrograd, measure_torch, measure_numpy):
    try:
        measure()
    except ImportError as error:
        print(f"left out: {error}", file=sys.stderr)
if options.json:
    with open(options.json, "w") as file:
        json.dump(rows, file, indent=2)

"""W1 to W7 and W9 in PyTorch: pip install torch --index-url https://download.pytorch.org/whl/cpu"""
import math

from shared.data import (
    B1, B2, BATCH_LOSS, CLASSIFIER_LOSS, CLASSIFIER_STEPS, D, EXPECTED, INPUTS, K, MIXTURE_SLOPE, MIXTURE_VALUE, N,
    ONLINE_LOSS, ROSENBROCK, W1, W2, Training, classifier, mixture)
from shared.rows import agrees, measure_start, options, row, run, threads


def measure():
    import torch

    torch.set_num_threads(options.threads)
    torch.set_default_dtype(torch.float64)
    measure_xor(torch)
    measure_functions(torch)
    measure_classifier(torch)
    measure_arrays(torch)
    measure_small_arrays(torch)
    program = "import torch; x = torch.tensor(3.0, requires_grad=True); (x*x + 2*x).backward(); assert x.grad == 8"
    measure_start("torch", program)


def measure_xor(torch):
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

    for work, case, is_batch, loss in (
        ("W1", "xor online step", False, ONLINE_LOSS),
        ("W2", "xor full batch step", True, BATCH_LOSS),
    ):
        body = Training(make, is_batch)
        row(work, f"{case}, torch", "ns/step", body, check=lambda: agrees(Training(make, is_batch).loss(), loss))


def measure_functions(torch):
    x = torch.tensor(ROSENBROCK, requires_grad=True)

    def rosenbrock():
        a, b = x[1:] - x[:-1] ** 2, 1 - x[:-1]
        return torch.autograd.grad((100 * a * a + b * b).sum(), x)[0]

    row("W3", "gradient of Rosenbrock n = 1000, slices, torch", "us", rosenbrock)

    numbers, points = mixture()
    p, points = torch.tensor(numbers, requires_grad=True), torch.tensor(points).reshape(N, D)
    below = [(i, j) for j in range(D) for i in range(j + 1, D)]
    rows, columns = torch.tensor(below).T
    each = torch.arange(K)[:, None]

    def gaussians():
        alpha, means, roots = p[:K], p[K : K + K * D].reshape(K, D), p[K + K * D :].reshape(K, -1)
        q, lower = roots[:, :D], roots[:, D:]
        difference = points[:, None, :] - means
        matrix = torch.zeros(K, D, D).index_put((each, rows, columns), lower)
        y = torch.exp(q) * difference + torch.einsum("kij,nkj->nki", matrix, difference)
        exponents = alpha + q.sum(1) - 0.5 * (y * y).sum(2)
        prior = 0.5 * ((torch.exp(q) ** 2).sum() + (lower**2).sum())
        value = torch.logsumexp(exponents, 1).sum() - N * torch.logsumexp(alpha, 0) + prior
        return value, torch.autograd.grad(value, p)[0]

    def is_right():
        value, slope = gaussians()
        return agrees(value.item(), MIXTURE_VALUE, 1e-10) and agrees(slope.norm().item(), MIXTURE_SLOPE, 1e-10)

    row("W3", "gradient of a Gaussian mixture 10, 25, 1000, torch", "us", gaussians, check=is_right)


def measure_classifier(torch):
    def make():
        hidden, output, images, classes = classifier()
        model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)).float()
        with torch.no_grad():
            for layer, weight in ((model[0], hidden), (model[2], output)):
                layer.weight.copy_(torch.tensor(weight).reshape(layer.weight.shape))
                layer.bias.zero_()
        method = torch.optim.SGD(model.parameters(), lr=0.01)
        x, expected = torch.tensor(images, dtype=torch.float32).reshape(64, 784), torch.tensor(classes)

        def step():
            method.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), expected)
            loss.backward()
            method.step()
            return loss

        return step

    def is_right():
        step = make()
        for _ in range(CLASSIFIER_STEPS):
            step()
        return agrees(step().item(), CLASSIFIER_LOSS, 1e-5)

    row("W4", f"mlp 784-128-10, batch 64, {threads}, torch", "us/step", make(), check=is_right)


def measure_arrays(torch):
    for letter, dtype, sizes in (("s", torch.float32, (64, 128, 256, 512, 1024)), ("d", torch.float64, (256, 1024))):
        for size in sizes:
            a, b = torch.rand(2, size, size, dtype=dtype)
            result = torch.empty_like(a)
            body = lambda: torch.matmul(a, b, out=result)
            row("W5", f"{letter}gemm {size}, {threads}, torch", "GFLOP/s", body, per=2 * size**3)

    x, b, c, y = torch.randn(4, 1_000_000, dtype=torch.float32)
    for name in ("exp", "tanh", "sigmoid", "log", "sin"):
        operand = x.abs() if name == "log" else x
        body = lambda: getattr(torch, name)(operand, out=y)
        row("W6", f"1M {name}, float32, torch", "ps/elem", body, per=1_000_000)
    row("W6", "1M a * b + c, float32, torch", "ps/elem", lambda: torch.addcmul(c, x, b, out=y), per=1_000_000)
    both = lambda: torch.addcmul(c, x, b).tanh_().mul_(torch.sigmoid(x))
    row("W6", "1M tanh(a * b + c) * sigmoid(a), float32, torch", "ps/elem", both, per=1_000_000)


def measure_small_arrays(torch):
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


run(measure)

"""W1 to W10 in PyTorch: pip install torch --index-url https://download.pytorch.org/whl/cpu"""
import math

from shared.data import (
    B1, B2, BATCH_LOSS, CLASSIFIER_LOSS, CLASSIFIER_STEPS, D, EXPECTED, GPT, GPT_LOSSES, INPUTS, K, LETTERS,
    MIXTURE_SLOPE, MIXTURE_VALUE, N, NAMES, ONLINE_LOSS, POSITIONS, ROSENBROCK, SMALL_LOSSES, W1, W2, WIDE_LOSSES, Training,
    classifier, gpt_start, gpt_tokens, mixture, small_batches, small_start)
from shared.rows import agrees, measure_start, options, row, run, threads


def learn(method, loss):
    """Updates the parameters; the loss before that."""
    method.zero_grad()
    loss.backward()
    method.step()
    return loss.item()


def follows(step, losses):
    """Whether the first steps have these losses."""
    return all(agrees(step(), loss, 1e-4) for loss in losses)


def measure():
    import torch

    torch.set_num_threads(options.threads)
    torch.set_default_dtype(torch.float64)
    measure_xor(torch)
    measure_functions(torch)
    measure_classifier(torch)
    measure_wide_network(torch)
    measure_arrays(torch)
    measure_rows(torch)
    measure_eager(torch)
    measure_gpt(torch)
    measure_small_gpt(torch)
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


def measure_wide_network(torch):
    size, batch = 1024, 256
    functions = torch.nn.functional

    def spread(position, shape, bound):
        places = torch.arange(1, 1 + math.prod(shape), dtype=torch.float64) * 0.6180339887498949
        return ((places + position * 0.4142135623730951) % 1 - 0.5).mul(2 * bound).float().reshape(shape)

    def make():
        weights = [spread(n, (size, size), 0.0765).requires_grad_() for n in range(4)]
        biases = [torch.zeros(size, requires_grad=True, dtype=torch.float32) for _ in weights]
        method = torch.optim.SGD(weights + biases, lr=0.001, momentum=0.9)
        images, expected = spread(4, (batch, size), 1), spread(5, (batch, size), 1)

        def step():
            x = images
            for n, (weight, bias) in enumerate(zip(weights, biases)):
                x = functions.linear(x, weight, bias)
                x = functions.relu(x) if n < 3 else x
            loss = functions.mse_loss(x, expected)
            return learn(method, loss)

        return step

    case = f"mlp of 4 layers of 1024, batch 256, momentum, {threads}, torch"
    row("W4", case, "us/step", make(), check=lambda: follows(make(), WIDE_LOSSES))


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


def measure_rows(torch):
    for size in (8, 16, 64, 1000):
        x = torch.randn(1_000_000 // size, size, dtype=torch.float32)
        y = torch.empty_like(x)
        for name, body in (
            ("exp", lambda: torch.exp(x, out=y)), ("sum", lambda: x.sum(1)),
            ("softmax", lambda: torch.softmax(x, 1, out=y)),
            ("mean and variance", lambda: torch.var_mean(x, 1, correction=0)),
        ):
            row("W6", f"{name} over rows of {size}, 1M float32, torch", "ps/elem", body, per=1_000_000)
    for dtype in (torch.float32, torch.float64):
        x, exponents = torch.rand(2, 1_000_000, dtype=dtype) * 3.75 + 0.25
        y = torch.empty_like(x)
        body = lambda: torch.pow(x, exponents, out=y)
        row("W6", f"pow, 1M {str(dtype)[6:]}, torch", "ps/elem", body, per=1_000_000)


def measure_eager(torch):
    """Functions of new results, each in memory of its own."""
    for count, name in ((100_000, "100,000"), (1_000_000, "1M")):
        a, b, c = (torch.rand(count, dtype=torch.float32) for _ in range(3))
        rows = a.reshape(-1, 100)
        p = [x.clone().requires_grad_() for x in (a, b, c)]
        for function, body in (
            ("a * b + c", lambda: a * b + c),
            (
                "gradient of sum(tanh(a * b + c))",
                lambda: torch.autograd.grad(torch.tanh(p[0] * p[1] + p[2]).sum(), p),
            ),
            ("softmax over rows of 100", lambda: torch.softmax(rows, 1)),
        ):
            row("W6", f"eager {function}, {name} float32, {threads}, torch", "us", body)


def attention(torch, q, k, v, heads):
    """Causal attention; the operands are texts of positions of numbers, of which each head has its own."""
    q, k, v = (x.view(*x.shape[:2], heads, -1).transpose(1, 2) for x in (q, k, v))
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)


def measure_gpt(torch):
    functions = torch.nn.functional

    def make():
        p = {
            name: torch.tensor(numbers, dtype=torch.float32).reshape(shape).requires_grad_()
            for name, shape, numbers in gpt_start()}
        tokens = torch.tensor(gpt_tokens()).reshape(GPT["texts"], GPT["positions"] + 1)
        inputs, expected = tokens[:, :-1].contiguous(), tokens[:, 1:].flatten()
        method = torch.optim.AdamW(p.values(), lr=1e-3)
        linear = lambda name, x: functions.linear(x, p[name + ".weight"], p[name + ".bias"])
        norm = lambda name, x: functions.layer_norm(x, x.shape[-1:], p[name + ".weight"], p[name + ".bias"])

        def step():
            x = functions.embedding(inputs, p["te"]) + p["pe"]
            for layer in range(GPT["layers"]):
                q, k, v = linear(f"{layer}.qkv", norm(f"{layer}.l1", x)).chunk(3, 2)
                x = x + linear(f"{layer}.o", attention(torch, q, k, v, GPT["heads"]))
                x = x + linear(f"{layer}.f2", functions.gelu(linear(f"{layer}.f1", norm(f"{layer}.l2", x))))
            loss = functions.cross_entropy((norm("ln", x) @ p["head.weight"].T).flatten(0, 1), expected)
            return learn(method, loss)

        return step

    case = f"GPT of 818,176 parameters, {threads}, torch"
    row("W8", case, "us/step", make(), check=lambda: follows(make(), GPT_LOSSES))


def measure_small_gpt(torch):
    functions = torch.nn.functional
    norm = lambda x: x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-5)
    batches = [
        (
            torch.tensor(letters).reshape(NAMES, POSITIONS),
            torch.where(torch.tensor(weights) > 0, torch.tensor(following), -100),  # -100 counts for nothing
        )
        for letters, following, weights in small_batches()]

    def make(width, rate):
        start = small_start(width)
        p = [torch.tensor(numbers, dtype=torch.float32).reshape(shape).requires_grad_() for _, shape, numbers in start]
        wte, wpe, wq, wk, wv, wo, fc1, fc2, head = p
        method = torch.optim.Adam(p, lr=0.0, betas=(0.85, 0.99), fused=True)
        count = 0

        def step():
            nonlocal count
            letters, following = batches[count % len(batches)]
            method.param_groups[0]["lr"] = rate(count)
            x = norm(functions.embedding(letters, wte) + wpe)
            y = norm(x)
            x = x + attention(torch, y @ wq.T, y @ wk.T, y @ wv.T, 4) @ wo.T
            x = x + functions.relu(norm(x) @ fc1.T) @ fc2.T
            loss = functions.cross_entropy((x @ head.T).view(-1, LETTERS), following)
            count += 1
            return learn(method, loss)

        return step

    def is_right():
        step = make(16, lambda count: 0.01 * (1 - count / 1000))
        losses = [step() for _ in range(1 + max(SMALL_LOSSES))]
        return all(agrees(losses[count], expected, 1e-4) for count, expected in SMALL_LOSSES.items())

    for width in (16, 32, 64):
        body = make(width, lambda count: 1e-3)
        row("W10", f"small GPT, width {width}, torch", "us/step", body, check=is_right)


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

"""W1 to W6 and W8 to W10 in JAX, compiled: pip install jax"""
from shared.data import (
    B1, B2, BATCH_LOSS, CLASSIFIER_LOSS, CLASSIFIER_STEPS, D, EXPECTED, GPT, GPT_LOSSES, INPUTS, K, MIXTURE_SLOPE,
    MIXTURE_VALUE, N, NAMES, ONLINE_LOSS, ORDER, POSITIONS, PRODUCT, ROSENBROCK, SMALL_LOSSES, STEPS, W1, W2, classifier,
    gpt_start, gpt_tokens, mixture, small_batches, small_start)
from shared.rows import agrees, measure_start, row, run, threads


def measure():
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    measure_xor(jax, jnp)
    measure_functions(jax, jnp)
    measure_classifier(jax, jnp)
    measure_arrays(jax, jnp)
    measure_rows(jax, jnp)
    measure_gpt(jax, jnp)
    measure_small_gpt(jax, jnp)
    measure_start("jax", "import jax; assert jax.grad(lambda x: x*x + 2*x)(3.0) == 8")


def measure_xor(jax, jnp):
    """Many steps in one compiled loop."""
    x, e = jnp.array(INPUTS), jnp.array(EXPECTED)
    order = jnp.array(ORDER)
    start = jnp.array(W1[0] + W1[1] + B1 + W2[0] + B2)

    def losses(p, x, e):
        h = jax.nn.sigmoid(x @ p[:4].reshape(2, 2).T + p[4:6])
        return (0.5 * (jax.nn.sigmoid(h @ p[6:8] + p[8]) - e) ** 2).sum()

    def step(p, i):
        return p - 0.5 * jax.grad(losses)(p, x[i], e[i]), None

    online, many = jax.jit(lambda p, order: jax.lax.scan(step, p, order)[0]), jnp.resize(order, STEPS)
    row(
        "W1", "xor online step, jax scan", "ns/step", lambda: online(start, order).block_until_ready(), per=len(ORDER),
        check=lambda: agrees(losses(online(start, many), x, e), ONLINE_LOSS))

    batch = jax.jit(lambda p, n: jax.lax.fori_loop(0, n, lambda _, p: p - 0.5 * jax.grad(losses)(p, x, e), p))
    row(
        "W2", "xor full batch step, jax fori_loop", "ns/step", lambda: batch(start, len(ORDER)).block_until_ready(),
        per=len(ORDER), check=lambda: agrees(losses(batch(start, STEPS), x, e), BATCH_LOSS))


def measure_functions(jax, jnp):
    def rosenbrock(x):
        a, b = x[1:] - x[:-1] ** 2, 1 - x[:-1]
        return (100 * a * a + b * b).sum()

    for case, function, numbers in (
        ("gradient of a product of 1000 scalars", jnp.prod, PRODUCT),
        ("gradient of Rosenbrock n = 1000, slices", rosenbrock, ROSENBROCK),
    ):
        slopes, x = jax.jit(jax.grad(function)), jnp.array(numbers)
        row("W3", f"{case}, jax.jit", "us", lambda: slopes(x).block_until_ready())

    numbers, points = mixture()
    p, points = jnp.array(numbers), jnp.array(points).reshape(N, D)
    below = [(i, j) for j in range(D) for i in range(j + 1, D)]
    rows, columns = jnp.array(below).T

    def parts(p):
        roots = p[K + K * D :].reshape(K, -1)
        return p[:K], p[K : K + K * D].reshape(K, D), roots[:, :D], roots[:, D:]

    def objective(p, exponents):
        alpha, _, q, lower = parts(p)
        prior = 0.5 * ((jnp.exp(q) ** 2).sum() + (lower**2).sum())
        return jax.nn.logsumexp(exponents, axis=1).sum() - N * jax.nn.logsumexp(alpha) + prior

    def rowwise(p):
        alpha, means, q, lower = parts(p)
        difference = points[:, None, :] - means
        matrix = jnp.zeros((K, D, D)).at[:, rows, columns].set(lower)
        y = jnp.exp(q) * difference + jnp.einsum("kij,nkj->nki", matrix, difference)
        return objective(p, alpha + q.sum(1) - 0.5 * (y * y).sum(2))

    def columnwise(p):  # as ours: the points are columns, and all of the root is one matrix
        alpha, means, q, lower = parts(p)
        diagonal = jnp.arange(D)
        matrix = jnp.zeros((K, D, D)).at[:, rows, columns].set(lower).at[:, diagonal, diagonal].set(jnp.exp(q))
        y = matrix @ (points.T - means[:, :, None])
        return objective(p, ((alpha + q.sum(1))[:, None] - 0.5 * (y * y).sum(1)).T)

    for name, function in (("jax.jit", rowwise), ("jax.jit of columns", columnwise)):
        slopes = jax.jit(jax.value_and_grad(function))

        def is_right():
            value, slope = slopes(p)
            return agrees(value, MIXTURE_VALUE, 1e-10) and agrees(jnp.linalg.norm(slope), MIXTURE_SLOPE, 1e-10)

        body = lambda: jax.block_until_ready(slopes(p))
        row("W3", f"gradient of a Gaussian mixture 10, 25, 1000, {name}", "us", body, check=is_right)


def measure_classifier(jax, jnp):
    def make():
        hidden, output, images, classes = classifier()
        w1, w2 = jnp.array(hidden, jnp.float32).reshape(128, 784).T, jnp.array(output, jnp.float32).reshape(10, 128).T
        p = w1, jnp.zeros(128, jnp.float32), w2, jnp.zeros(10, jnp.float32)
        x, expected = jnp.array(images, jnp.float32).reshape(64, 784), jnp.array(classes)

        def loss(p, x, expected):
            logits = jax.nn.relu(x @ p[0] + p[1]) @ p[2] + p[3]
            return -jnp.take_along_axis(jax.nn.log_softmax(logits), expected[:, None], 1).mean()

        def update(p, x, expected):
            value, slopes = jax.value_and_grad(loss)(p, x, expected)
            return value, jax.tree.map(lambda a, slope: a - jnp.float32(0.01) * slope, p, slopes)

        compiled = jax.jit(update, donate_argnums=0)

        def step():
            nonlocal p
            value, p = compiled(p, x, expected)
            jax.block_until_ready(p)
            return value

        return step

    def is_right():
        step = make()
        for _ in range(CLASSIFIER_STEPS):
            step()
        return agrees(step(), CLASSIFIER_LOSS, 1e-5)

    row("W4", f"mlp 784-128-10, batch 64, {threads}, jax.jit", "us/step", make(), check=is_right)


def measure_arrays(jax, jnp):
    multiply = jax.jit(jnp.matmul)
    for letter, dtype, sizes in (("s", jnp.float32, (64, 128, 256, 512, 1024)), ("d", jnp.float64, (256, 1024))):
        for size in sizes:
            a, b = jax.random.uniform(jax.random.key(1), (2, size, size), dtype)
            body = lambda: multiply(a, b).block_until_ready()
            row("W5", f"{letter}gemm {size}, {threads}, jax.jit", "GFLOP/s", body, per=2 * size**3)

    a, b, c = jax.random.normal(jax.random.key(6), (3, 1_000_000), jnp.float32)
    sigmoid = jax.nn.sigmoid
    for name, function in (
        ("exp", lambda a, b, c: jnp.exp(a)), ("tanh", lambda a, b, c: jnp.tanh(a)),
        ("sigmoid", lambda a, b, c: sigmoid(a)), ("log", lambda a, b, c: jnp.log(abs(a))),
        ("sin", lambda a, b, c: jnp.sin(a)), ("a * b + c", lambda a, b, c: a * b + c),
        ("tanh(a * b + c) * sigmoid(a)", lambda a, b, c: jnp.tanh(a * b + c) * sigmoid(a)),
    ):
        compiled = jax.jit(function)
        body = lambda: compiled(a, b, c).block_until_ready()
        row("W6", f"1M {name}, float32, jax.jit", "ps/elem", body, per=1_000_000)


def measure_rows(jax, jnp):
    for size in (8, 16, 64, 1000):
        x = jax.random.normal(jax.random.key(6), (1_000_000 // size, size), jnp.float32)
        for name, function in (
            ("exp", jnp.exp), ("sum", lambda x: x.sum(1)), ("softmax", jax.nn.softmax),
            ("mean and variance", lambda x: (x.mean(1), x.var(1))),
        ):
            compiled = jax.jit(function)
            body = lambda: jax.block_until_ready(compiled(x))
            row("W6", f"{name} over rows of {size}, 1M float32, jax.jit", "ps/elem", body, per=1_000_000)
    for dtype in (jnp.float32, jnp.float64):
        x, y = jax.random.uniform(jax.random.key(6), (2, 1_000_000), dtype, 0.25, 4)
        power = jax.jit(jnp.power)
        body = lambda: power(x, y).block_until_ready()
        row("W6", f"pow, 1M {jnp.dtype(dtype)}, jax.jit", "ps/elem", body, per=1_000_000)


def attention(jax, jnp, q, k, v, heads):
    """Causal attention; the operands are texts of positions of numbers, of which each head has its own."""
    texts, positions, width = q.shape
    q, k, v = (x.reshape(texts, positions, heads, width // heads).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) * (width // heads) ** -0.5
    weights = jax.nn.softmax(jnp.where(jnp.tri(positions, dtype=bool), scores, -jnp.inf))
    return (weights @ v).transpose(0, 2, 1, 3).reshape(texts, positions, width)


def measure_gpt(jax, jnp):
    """AdamW, with what a step of it decays as PyTorch has it."""

    def make(dtype):
        p = {name: jnp.array(numbers, dtype).reshape(shape) for name, shape, numbers in gpt_start()}
        tokens = jnp.array(gpt_tokens(), jnp.int32).reshape(GPT["texts"], GPT["positions"] + 1)
        state = p, jax.tree.map(jnp.zeros_like, p), jax.tree.map(jnp.zeros_like, p), jnp.zeros((), dtype)

        def loss(p, tokens):
            linear = lambda name, x: x @ p[name + ".weight"].T + p[name + ".bias"]

            def norm(name, x):
                x = x - x.mean(-1, keepdims=True)
                x = x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5)
                return x * p[name + ".weight"] + p[name + ".bias"]

            x = p["te"][tokens[:, :-1]] + p["pe"]
            for layer in range(GPT["layers"]):
                q, k, v = jnp.split(linear(f"{layer}.qkv", norm(f"{layer}.l1", x)), 3, 2)
                x = x + linear(f"{layer}.o", attention(jax, jnp, q, k, v, GPT["heads"]))
                hidden = jax.nn.gelu(linear(f"{layer}.f1", norm(f"{layer}.l2", x)), approximate=False)
                x = x + linear(f"{layer}.f2", hidden)
            logarithms = jax.nn.log_softmax(norm("ln", x) @ p["head.weight"].T)
            return -jnp.take_along_axis(logarithms, tokens[:, 1:, None], -1).mean()

        def update(state, tokens):
            p, m, v, t = state
            value, slopes = jax.value_and_grad(loss)(p, tokens)
            t = t + 1
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, slopes)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, slopes)
            new = lambda p, m, v: (
                p * (1 - 1e-3 * 1e-2) - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8))
            return (jax.tree.map(new, p, m, v), m, v, t), value

        compiled = jax.jit(update, donate_argnums=0)

        def step():
            nonlocal state
            state, value = compiled(state, tokens)
            return value.block_until_ready()

        return step

    def is_right(dtype=jnp.float32, tolerance=1e-4):
        step = make(dtype)
        return all(agrees(step(), expected, tolerance) for expected in GPT_LOSSES)

    row("W8", f"GPT of 818,176 parameters, {threads}, jax.jit", "us/step", make(jnp.float32), check=is_right)


def measure_small_gpt(jax, jnp):
    """Steps one by one, and 300 in one compiled loop."""
    norm = lambda x: x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5)

    def loss(p, letters, following, weights):
        x = norm(p["wte"][letters] + p["wpe"])
        y = norm(x)
        x = x + attention(jax, jnp, y @ p["wq"].T, y @ p["wk"].T, y @ p["wv"].T, 4) @ p["wo"].T
        x = x + jax.nn.relu(norm(x) @ p["fc1"].T) @ p["fc2"].T
        logarithms = jax.nn.log_softmax(x @ p["head"].T)
        return -(jnp.take_along_axis(logarithms, following[..., None], -1)[..., 0] * weights).sum() / weights.sum()

    def update(state, batch, rate):
        p, m, v, t = state
        value, slopes = jax.value_and_grad(loss)(p, *batch)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.85 * m + 0.15 * g, m, slopes)
        v = jax.tree.map(lambda v, g: 0.99 * v + 0.01 * g * g, v, slopes)
        new = lambda p, m, v: p - rate * (m / (1 - 0.85**t)) / (jnp.sqrt(v / (1 - 0.99**t)) + 1e-8)
        return (jax.tree.map(new, p, m, v), m, v, t), value

    def make_state(width):
        p = {name: jnp.array(numbers, jnp.float32).reshape(shape) for name, shape, numbers in small_start(width)}
        return p, jax.tree.map(jnp.zeros_like, p), jax.tree.map(jnp.zeros_like, p), jnp.float32(0)

    table = lambda numbers, dtype: jnp.array(numbers, dtype).reshape(NAMES, POSITIONS)
    batches = [
        (table(letters, jnp.int32), table(following, jnp.int32), table(weights, jnp.float32))
        for letters, following, weights in small_batches()]
    one = jax.jit(update, donate_argnums=0)
    scan = lambda state, batches: jax.lax.scan(lambda state, batch: update(state, batch, jnp.float32(1e-3)), state, batches)
    many, stacked = jax.jit(scan), jax.tree.map(lambda *parts: jnp.stack(parts), *batches)

    def is_right():
        state, losses = make_state(16), []
        for count in range(1 + max(SMALL_LOSSES)):
            state, value = one(state, batches[count], jnp.float32(0.01 * (1 - count / 1000)))
            losses.append(value)
        return all(agrees(losses[count], expected, 1e-4) for count, expected in SMALL_LOSSES.items())

    for width in (16, 32, 64):
        state, count = make_state(width), 0

        def step():
            nonlocal state, count
            state, value = one(state, batches[count % len(batches)], jnp.float32(1e-3))
            count += 1
            return value.block_until_ready()

        row("W10", f"small GPT, width {width}, jax.jit", "us/step", step, check=is_right)
        start = make_state(width)
        body = lambda: jax.block_until_ready(many(start, stacked))
        row("W10", f"small GPT, width {width}, jax scan", "us/step", body, per=len(batches))

run(measure)

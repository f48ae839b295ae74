// A training step of the small GPT over names (W10) with the gradient derived by hand: what a framework can at best come
// close to.
//
//     cc -O3 -march=native microgpt.c -lm -o microgpt && ./microgpt [--json FILE]        in float64 with -DREAL=double
//
// One block of width 16, 32 or 64, four heads, 16 positions, RMS norms without gain, ReLU, no biases, Adam; a batch is 16
// padded names. The innermost loops run over the names of the batch: everything, attention and softmax as well, is then an
// operation on rows of 16 numbers, and vectorises as it stands. A position needs only those before it, so the network runs
// position by position, and its gradient from the last back to the first. Columns: work, case, median of 11 samples, unit,
// min/median. The losses of the first 30 steps at width 16 are checked; a wrong one ends in exit code 1.
#pragma GCC optimize("no-math-errno", "schedule-insns", "no-tree-loop-distribute-patterns")
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifndef REAL
#define REAL float
#endif
typedef REAL real;
extern float sqrtf(float) __attribute__((const));  // sets no errno, so that loops with it vectorise
extern double sqrt(double) __attribute__((const));
static inline real root(real x) { return sizeof x == 4 ? sqrtf(x) : sqrt(x); }

enum { NAMES = 16, POSITIONS = 16, HEADS = 4, LETTERS = 27, LOGITS = 28, WIDEST = 64, BATCHES = 300, STEPS = 30 };
typedef real row[NAMES];  // a number of each name of the batch
typedef struct { unsigned char letters[POSITIONS][NAMES], next[POSITIONS][NAMES]; row weights[POSITIONS]; } batch;
static batch batches[BATCHES];

// Matrices have a row for each output; but fc2, one for each input. `attention` is those of queries, keys and values. The
// last row of the head is zeros, and stays so: a product takes four rows at a time.
typedef struct { real *wte, *wpe, *attention, *wo, *fc1, *fc2, *head; } matrices;
enum { CAPACITY = (LETTERS + POSITIONS + 12 * WIDEST + LOGITS) * WIDEST };
static real parameters[CAPACITY], slopes[CAPACITY], means[CAPACITY], squares[CAPACITY];
static matrices p, g;
static int d, count, steps;

// What the forward pass leaves at a position for the backward pass.
static struct { row *inputs, *n1, *qkv, *weights, *attended, *n2, *hidden, *outputs, *logits, *scales; } f[POSITIONS];
static row memory[POSITIONS * (15 * WIDEST + HEADS * POSITIONS + LOGITS + 3)], *qkvSlopes;

static matrices split(real *m) {
    const int block = (LETTERS + POSITIONS) * d;
    return (matrices){m, m + LETTERS * d, m + block, m + block + 3 * d * d, m + block + 4 * d * d, m + block + 8 * d * d,
        m + block + 12 * d * d};
}

// c = a b, or c + a b, m rows of n numbers, 4 × 16 at a time in registers. Element (i, j) of a is at i down + j along.
static inline __attribute__((always_inline)) void product(
    int m, int k, int n, const real *a, int down, int along, const real *b, real *c, int adds) {
    for (int i = 0; i < m; i += 4, a += 4 * down, c += 4 * n)
        for (int j = 0; j < n; j += 16) {
            real sums[4][16];
            for (int l = 0; l < 16; l++)
                for (int r = 0; r < 4; r++) sums[r][l] = adds ? c[r * n + j + l] : 0;
            for (int s = 0; s < k; s++)
                for (int l = 0; l < 16; l++)
                    for (int r = 0; r < 4; r++) sums[r][l] += a[r * down + s * along] * b[s * n + j + l];
            for (int l = 0; l < 16; l++)
                for (int r = 0; r < 4; r++) c[r * n + j + l] = sums[r][l];
        }
}

// y = W x, or y + W x, m outputs of k inputs; and the same where W is stored by its columns.
static void apply(int m, int k, const real *w, const row *x, row *y, int adds) {
    product(m, k, NAMES, w, k, 1, *x, *y, adds);
}
static void applyTransposed(int m, int k, const real *w, const row *x, row *y, int adds) {
    product(m, k, NAMES, w, 1, m, *x, *y, adds);
}

// W += x yᵀ, of m rows and n columns, where y is given transposed: a row for each name.
static void collect(int m, int n, const row *x, const real *y, real *w) { product(m, NAMES, n, *x, NAMES, 1, y, w, 1); }

static const real *transpose(const row *x) {
    static real y[NAMES * WIDEST];
    for (int i = 0; i < d; i += 4)
        for (int b = 0; b < NAMES; b++)
            for (int r = 0; r < 4; r++) y[b * d + i + r] = x[i + r][b];
    return y;
}

// n = x / √(mean of x² + 1e-5); scale is what x was multiplied by.
static void norm(const row *x, row *restrict n, real *restrict scale) {
    row sum = {0};
    for (int i = 0; i < d; i++)
        for (int b = 0; b < NAMES; b++) sum[b] += x[i][b] * x[i][b];
    for (int b = 0; b < NAMES; b++) scale[b] = 1 / root(sum[b] / d + (real)1e-5);
    for (int i = 0; i < d; i++)
        for (int b = 0; b < NAMES; b++) n[i][b] = x[i][b] * scale[b];
}

// dx += scale (dn − n · mean of n dn)
static void normBackward(const row *n, const real *scale, const row *dn, row *restrict dx) {
    row mean = {0};
    for (int i = 0; i < d; i++)
        for (int b = 0; b < NAMES; b++) mean[b] += n[i][b] * dn[i][b] / d;
    for (int i = 0; i < d; i++)
        for (int b = 0; b < NAMES; b++) dx[i][b] += scale[b] * (dn[i][b] - n[i][b] * mean[b]);
}

// eˣ for x ≤ 0, within 2e-7 of it (0 below −88): 2ⁿ eʳ, where r is at most half of log 2, and eʳ its Taylor polynomial.
static inline real exponential(real x) {
    if (sizeof(real) == 8) return exp(x);
    const float n = ((float)x * 1.44269504f + 12582912) - 12582912, r = ((float)x - n * 0.693359375f) + n * 2.12194440e-4f;
    const float e = 1 + r * (1 + r * (1 / 2.f + r * (1 / 6.f + r * (1 / 24.f + r * (1 / 120.f + r * (1 / 720.f))))));
    const union { int32_t bits; float power; } u = {n > -127 ? ((int32_t)n + 127) * (1 << 23) : 0};
    return e * u.power;
}

// Replaces n rows by their softmax; gives the logarithms of the sums of their exponentials as well, if they are wanted.
static void softmax(int n, row *restrict x, real *restrict logarithms) {
    row most, sum = {0};
    for (int b = 0; b < NAMES; b++) most[b] = x[0][b];
    for (int i = 1; i < n; i++)
        for (int b = 0; b < NAMES; b++) most[b] = x[i][b] > most[b] ? x[i][b] : most[b];
    for (int i = 0; i < n; i++)
        for (int b = 0; b < NAMES; b++) sum[b] += x[i][b] = exponential(x[i][b] - most[b]);
    for (int b = 0; logarithms && b < NAMES; b++) logarithms[b] = most[b] + log(sum[b]);
    for (int b = 0; b < NAMES; b++) sum[b] = 1 / sum[b];
    for (int i = 0; i < n; i++)
        for (int b = 0; b < NAMES; b++) x[i][b] *= sum[b];
}

// One head: the softmax w of the products of query t and the keys so far, and the sum of the values with these weights.
static void attend(int t, int size, const row *q, const row *k, const row *v, row *restrict w, row *restrict out) {
    const real scale = 1 / root((real)size);
    for (int j = 0; j <= t; j++) {
        row sum = {0};
        for (int c = 0; c < size; c++)
            for (int b = 0; b < NAMES; b++) sum[b] += q[c][b] * k[3 * d * j + c][b];
        for (int b = 0; b < NAMES; b++) w[j][b] = scale * sum[b];
    }
    softmax(t + 1, w, NULL);
    for (int c = 0; c < size; c++) {
        row sum = {0};
        for (int j = 0; j <= t; j++)
            for (int b = 0; b < NAMES; b++) sum[b] += w[j][b] * v[3 * d * j + c][b];
        for (int b = 0; b < NAMES; b++) out[c][b] = sum[b];
    }
}

static void attendBackward(
    int t, int size, const row *q, const row *k, const row *v, const row *w, const row *dout, row *restrict dq,
    row *restrict dk, row *restrict dv) {
    const real scale = 1 / root((real)size);
    row dw[POSITIONS], total = {0};
    for (int j = 0; j <= t; j++) {
        row sum = {0};
        for (int c = 0; c < size; c++)
            for (int b = 0; b < NAMES; b++) {
                sum[b] += dout[c][b] * v[3 * d * j + c][b];
                dv[3 * d * j + c][b] += w[j][b] * dout[c][b];
            }
        for (int b = 0; b < NAMES; b++) dw[j][b] = sum[b], total[b] += w[j][b] * sum[b];
    }
    for (int j = 0; j <= t; j++) {
        for (int b = 0; b < NAMES; b++) dw[j][b] = scale * w[j][b] * (dw[j][b] - total[b]);
        for (int c = 0; c < size; c++)
            for (int b = 0; b < NAMES; b++) {
                dq[c][b] += dw[j][b] * k[3 * d * j + c][b];
                dk[3 * d * j + c][b] += dw[j][b] * q[c][b];
            }
    }
}

static double forward(const batch *data) {
    double loss = 0;
    for (int t = 0; t < POSITIONS; t++) {
        row x[WIDEST], logarithms, *logits = f[t].logits;
        for (int b = 0; b < NAMES; b++)
            for (int i = 0; i < d; i++) x[i][b] = p.wte[data->letters[t][b] * d + i] + p.wpe[t * d + i];
        norm(x, f[t].inputs, f[t].scales[0]);
        norm(f[t].inputs, f[t].n1, f[t].scales[1]);
        apply(3 * d, d, p.attention, f[t].n1, f[t].qkv, 0);
        for (int h = 0, size = d / HEADS; h < HEADS; h++)
            attend(t, size, f[t].qkv + h * size, f[0].qkv + d + h * size, f[0].qkv + 2 * d + h * size,
                f[t].weights + h * POSITIONS, f[t].attended + h * size);
        memcpy(x, f[t].inputs, d * sizeof *x);
        apply(d, d, p.wo, f[t].attended, x, 1);
        norm(x, f[t].n2, f[t].scales[2]);
        apply(4 * d, d, p.fc1, f[t].n2, f[t].hidden, 0);
        for (int i = 0; i < 4 * d; i++)
            for (int b = 0; b < NAMES; b++) f[t].hidden[i][b] = f[t].hidden[i][b] > 0 ? f[t].hidden[i][b] : 0;
        applyTransposed(d, 4 * d, p.fc2, f[t].hidden, x, 1);
        memcpy(f[t].outputs, x, d * sizeof *x);
        apply(LOGITS, d, p.head, x, logits, 0);
        for (int b = 0; b < NAMES; b++) loss -= data->weights[t][b] * logits[data->next[t][b]][b];
        softmax(LETTERS, logits, logarithms);
        for (int b = 0; b < NAMES; b++) {
            loss += data->weights[t][b] * logarithms[b];
            logits[data->next[t][b]][b] -= 1;
        }
        for (int i = 0; i < LETTERS; i++)
            for (int b = 0; b < NAMES; b++) logits[i][b] *= data->weights[t][b];  // the slopes of the logits
    }
    return loss;
}

static void backward(const batch *data) {
    memset(slopes, 0, count * sizeof *slopes);
    memset(qkvSlopes, 0, POSITIONS * 3 * d * sizeof *qkvSlopes);
    for (int t = POSITIONS - 1; t >= 0; t--) {
        row dx[WIDEST], dn[WIDEST], dh[4 * WIDEST], *dqkv = qkvSlopes + 3 * d * t;
        collect(LOGITS, d, f[t].logits, transpose(f[t].outputs), g.head);
        applyTransposed(d, LOGITS, p.head, f[t].logits, dx, 0);
        collect(4 * d, d, f[t].hidden, transpose(dx), g.fc2);
        apply(4 * d, d, p.fc2, dx, dh, 0);
        for (int i = 0; i < 4 * d; i++)
            for (int b = 0; b < NAMES; b++) dh[i][b] = f[t].hidden[i][b] > 0 ? dh[i][b] : 0;
        collect(4 * d, d, dh, transpose(f[t].n2), g.fc1);
        applyTransposed(d, 4 * d, p.fc1, dh, dn, 0);
        normBackward(f[t].n2, f[t].scales[2], dn, dx);
        collect(d, d, dx, transpose(f[t].attended), g.wo);
        applyTransposed(d, d, p.wo, dx, dn, 0);
        for (int h = 0, size = d / HEADS; h < HEADS; h++)
            attendBackward(t, size, f[t].qkv + h * size, f[0].qkv + d + h * size, f[0].qkv + 2 * d + h * size,
                f[t].weights + h * POSITIONS, dn + h * size, dqkv + h * size, qkvSlopes + d + h * size,
                qkvSlopes + 2 * d + h * size);
        collect(3 * d, d, dqkv, transpose(f[t].n1), g.attention);
        applyTransposed(d, 3 * d, p.attention, dqkv, dn, 0);
        normBackward(f[t].n1, f[t].scales[1], dn, dx);
        memset(dn, 0, d * sizeof *dn);
        normBackward(f[t].inputs, f[t].scales[0], dx, dn);
        const real *transposed = transpose(dn);
        for (int b = 0; b < NAMES; b++)
            for (int i = 0; i < d; i++) {
                g.wte[data->letters[t][b] * d + i] += transposed[b * d + i];
                g.wpe[t * d + i] += transposed[b * d + i];
            }
    }
}

// A step of Adam; returns the loss before it.
static double step(const batch *data, real rate) {
    const double loss = forward(data);
    backward(data);
    steps++;
    const real factor = rate / (1 - pow((real).85, steps)), correction = 1 / (1 - pow((real).99, steps));
    for (int i = 0; i < count; i++) {
        means[i] = (real).85 * means[i] + (real).15 * slopes[i];
        squares[i] = (real).99 * squares[i] + (real).01 * slopes[i] * slopes[i];
        parameters[i] -= factor * means[i] / (root(correction * squares[i]) + (real)1e-8);
    }
    return loss;
}

// Element k of matrix n of m rows: 0.16 (frac((k + 1) 0.6180339887498949 + n 0.4142135623730951) − 0.5)
static void fill(real *w, int rows, int columns, int n, int transposed) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            w[transposed ? j * rows + i : i * columns + j] =
                0.16 * (fmod((i * columns + j + 1) * 0.6180339887498949 + n * 0.4142135623730951, 1) - 0.5);
}

static void prepare(int width) {
    d = width, steps = 0, count = (LETTERS + POSITIONS + 12 * d + LOGITS) * d;
    memset(parameters, 0, sizeof parameters), memset(means, 0, sizeof means), memset(squares, 0, sizeof squares);
    p = split(parameters), g = split(slopes);
    fill(p.wte, LETTERS, d, 0, 0), fill(p.wpe, POSITIONS, d, 1, 0);
    for (int i = 0; i < 4; i++) fill(p.attention + i * d * d, d, d, 2 + i, 0);
    fill(p.fc1, 4 * d, d, 6, 0), fill(p.fc2, d, 4 * d, 7, 1), fill(p.head, LETTERS, d, 8, 0);
    row *next = memory;
    memset(memory, 0, sizeof memory);
    for (int t = 0; t < POSITIONS; t++) f[t].qkv = next, next += 3 * d;
    qkvSlopes = next, next += POSITIONS * 3 * d;
    for (int t = 0; t < POSITIONS; t++) {
        f[t].inputs = next, f[t].n1 = next += d, f[t].attended = next += d, f[t].n2 = next += d;
        f[t].outputs = next += d, f[t].hidden = next += d, f[t].weights = next += 4 * d;
        f[t].logits = next += HEADS * POSITIONS, f[t].scales = next += LOGITS, next += 3;
    }
}

static int readNames(void) {
    char path[1000] = __FILE__, (*names)[16] = malloc(10000 * sizeof *names);
    strcpy(strrchr(path, '/') ? strrchr(path, '/') + 1 : path, "../../Networks/names.txt");
    FILE *file = fopen(path, "r");
    int total = 0;
    while (file && total < 10000 && fscanf(file, "%15s", names[total]) == 1) total++;
    if (!total) return fprintf(stderr, "microgpt: cannot read %s\n", path), 1;
    fclose(file);
    for (int i = 0; i < BATCHES; i++) {
        int letters = 0;
        for (int b = 0; b < NAMES; b++) {
            const char *name = names[7919L * (i * NAMES + b) % total];
            for (int t = 0, length = strlen(name); t <= length && t < POSITIONS; t++, letters++) {
                batches[i].letters[t][b] = t == 0 ? 26 : name[t - 1] - 'a';
                batches[i].next[t][b] = t == length ? 26 : name[t] - 'a';
                batches[i].weights[t][b] = 1;
            }
        }
        for (int t = 0; t < POSITIONS; t++)
            for (int b = 0; b < NAMES; b++) batches[i].weights[t][b] /= letters;
    }
    free(names);
    return 0;
}

// The losses before each step, by JAX in float64.
static const double expected[STEPS] = {
    3.3318160610710, 3.2403057321319, 3.1825075014469, 3.1262668550970, 3.0360088575738, 2.9468311680055,
    2.9826247931797, 2.9417635234817, 2.6964915819829, 2.6818348263864, 2.5902330510449, 2.4916821708777,
    2.4762161048489, 2.5389928926014, 2.5735286568328, 2.5260597015256, 2.5352921388590, 2.5618401437303,
    2.4423253363281, 2.6104618589953, 2.4266259376862, 2.4895035913691, 2.3633954846895, 2.4170185578575,
    2.5760808393441, 2.3681760450934, 2.6687136844686, 2.4021766305325, 2.3287154203698, 2.3317676052333};

static int check(void) {
    const double tolerance = sizeof(real) == 8 ? 1e-12 : 1e-4;
    double worst = 0;
    prepare(16);
    for (int s = 0; s < STEPS; s++) {
        const double loss = step(&batches[s], 0.01 * (1 - s / 1000.0)), error = fabs(loss / expected[s] - 1);
        if (!(error <= tolerance)) return fprintf(stderr, "WRONG: W10: loss %d is %.13f, not %.13f\n", s, loss, expected[s]), 1;
        worst = error > worst ? error : worst;
    }
    if (getenv("VERBOSE")) printf("worst relative error of a loss: %.1e\n", worst);
    return 0;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(int width, FILE *json, const char *separator) {
    double samples[11];
    prepare(width);
    for (int sample = -1; sample < 11; sample++) {  // the first is for warming up
        const double t = now();
        for (int i = 0; i < BATCHES; i++) step(&batches[i], 0.001);
        if (sample >= 0) samples[sample] = (now() - t) / BATCHES * 1e6;
    }
    qsort(samples, 11, sizeof *samples, ascending);
    printf("W10     small GPT, width %d, C by hand%26.1f us/step   %.2f\n", width, samples[5], samples[0] / samples[5]);
    if (json)
        fprintf(json, "%s{\"work\": \"W10\", \"case\": \"small GPT, width %d, C by hand\", \"value\": %.6g, "
            "\"unit\": \"us/step\", \"threads\": 1}", separator, width, samples[5]);
}

int main(int argumentCount, char **arguments) {
    FILE *json = argumentCount == 3 && !strcmp(arguments[1], "--json") ? fopen(arguments[2], "w") : NULL;
    if (argumentCount > 1 && !json) return fprintf(stderr, "usage: microgpt [--json FILE]\n"), 64;
    if (readNames() || check()) return 1;
    if (json) fprintf(json, "[\n  ");
    for (int width = 16; width <= WIDEST; width *= 2) measure(width, json, width == 16 ? "" : ",\n  ");
    if (json) fprintf(json, "\n]\n"), fclose(json);
    return 0;
}

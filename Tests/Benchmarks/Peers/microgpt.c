// A training step of the small GPT over names (W10) with the gradient derived by hand: what a framework can at best come
// close to.
//
//     cc -O3 -march=native microgpt.c -lm -o microgpt && ./microgpt [--json FILE]        (-DREAL=double: in float64)
//
// One block of width 16, 32 or 64, four heads, 16 positions, RMS norms without gain, ReLU, no biases, Adam; a batch is 16
// padded names. The innermost loops run over the names: everything, attention and softmax as well, is an operation on rows
// of 16 numbers, and vectorises as it stands. A position needs only those before it, so the network runs position by
// position, and its gradient from the last back to the first. Columns: work, case, median of 11 samples, unit, min/median.
// The losses of the first 30 steps at width 16 are checked; a wrong one ends in exit code 1.

// For GCC: roots need not set errno, a row that four products take is loaded once, and small copies stay in registers.
#pragma GCC optimize("no-math-errno", "schedule-insns", "no-tree-loop-distribute-patterns")
#include <math.h>
#include <stdint.h>

#include "shared/rows.h"

#ifndef REAL
#define REAL float
#endif
typedef REAL real;
extern float sqrtf(float) __attribute__((const));
extern double sqrt(double) __attribute__((const));
static inline real root(real x) { return sizeof x == 4 ? sqrtf(x) : sqrt(x); }

#define FOR(i, count) for (int i = 0; i < (count); i++)
enum { NAMES = 16, POSITIONS = 16, HEADS = 4, LETTERS = 27, LOGITS = 28, WIDEST = 64, BATCHES = 300, STEPS = 30 };
typedef real row[NAMES];  // a number of each name
static struct { unsigned char letters[POSITIONS][NAMES], next[POSITIONS][NAMES]; row weights[POSITIONS]; } batches[BATCHES];

// Matrices have a row for each output; but fc2, one for each input. `attention` is those of queries, keys and values. The
// last row of the head is zeros, and stays so: a product takes four rows at a time.
typedef struct { real *wte, *wpe, *attention, *wo, *fc1, *fc2, *head, *end; } matrices;
enum { CAPACITY = (LETTERS + POSITIONS + 12 * WIDEST + LOGITS) * WIDEST };
static real parameters[CAPACITY], slopes[CAPACITY], means[CAPACITY], squares[CAPACITY];
static matrices p, g;
static int d, size, steps;  // the width, that of a head, and how many steps were made

// What a position leaves for those behind it and for the gradient, and the slopes of its queries, keys and values.
static struct { row *inputs, *n1, *qkv, *weights, *attended, *n2, *hidden, *outputs, *logits, *scales, *dqkv; } f[POSITIONS];
static row memory[POSITIONS * (15 * WIDEST + HEADS * POSITIONS + LOGITS + 3)];

// c = a b, or c + a b: m rows of n numbers, 4 × 16 at a time in registers. Element (i, j) of a is at i down + j along.
static inline __attribute__((always_inline)) void product(
    int m, int k, int n, const real *a, int down, int along, const real *b, real *c, int adds) {
    for (int i = 0; i < m; i += 4, a += 4 * down, c += 4 * n)
        for (int j = 0; j < n; j += 16) {
            real sums[4][16];
            FOR(l, 16) FOR(r, 4) sums[r][l] = adds ? c[r * n + j + l] : 0;
            FOR(s, k) FOR(l, 16) FOR(r, 4) sums[r][l] += a[r * down + s * along] * b[s * n + j + l];
            FOR(l, 16) FOR(r, 4) c[r * n + j + l] = sums[r][l];
        }
}

// y = W x, or y + W x, m outputs of k inputs; and the same where W is stored by its columns.
static void apply(int m, int k, const real *w, const row *x, row *y, int adds) {
    product(m, k, NAMES, w, k, 1, *x, *y, adds);
}
static void applyTransposed(int m, int k, const real *w, const row *x, row *y, int adds) {
    product(m, k, NAMES, w, 1, m, *x, *y, adds);
}

// W += x yᵀ, of m rows and d columns, where y is given transposed: a row for each name.
static void collect(int m, const row *x, const real *y, real *w) { product(m, NAMES, d, *x, NAMES, 1, y, w, 1); }

static const real *transpose(const row *x) {
    static real y[NAMES * WIDEST];
    for (int i = 0; i < d; i += 4) FOR(b, NAMES) FOR(r, 4) y[b * d + i + r] = x[i + r][b];
    return y;
}

// n = x scale, where scale is 1 / √(mean of x² + 1e-5).
static void norm(const row *x, row *restrict n, real *restrict scale) {
    row sum = {0};
    FOR(i, d) FOR(b, NAMES) sum[b] += x[i][b] * x[i][b];
    FOR(b, NAMES) scale[b] = 1 / root(sum[b] / d + (real)1e-5);
    FOR(i, d) FOR(b, NAMES) n[i][b] = x[i][b] * scale[b];
}

// dx += scale (dn − n · mean of n dn)
static void normBackward(const row *n, const real *scale, const row *dn, row *restrict dx) {
    row mean = {0};
    FOR(i, d) FOR(b, NAMES) mean[b] += n[i][b] * dn[i][b] / d;
    FOR(i, d) FOR(b, NAMES) dx[i][b] += scale[b] * (dn[i][b] - n[i][b] * mean[b]);
}

// eˣ for x ≤ 0, within 3e-7 of it (0 below −88): 2ⁿ eʳ, where r is at most half of log 2, and eʳ its Taylor polynomial.
static inline real exponential(real x) {
    if (sizeof x == 8) return exp(x);
    const float n = ((float)x * 1.44269504f + 12582912) - 12582912, r = ((float)x - n * 0.693359375f) + n * 2.12194440e-4f;
    const float e = 1 + r * (1 + r * (1 / 2.f + r * (1 / 6.f + r * (1 / 24.f + r * (1 / 120.f + r * (1 / 720.f))))));
    const union { int32_t bits; float power; } u = {n > -127 ? ((int32_t)n + 127) * (1 << 23) : 0};
    return e * u.power;
}

// Replaces n rows by their softmax; gives the logarithms of the sums of the exponentials, if they are wanted.
static void softmax(int n, row *restrict x, real *logarithms) {
    row greatest, sum = {0};
    FOR(b, NAMES) greatest[b] = x[0][b];
    FOR(i, n) FOR(b, NAMES) greatest[b] = x[i][b] > greatest[b] ? x[i][b] : greatest[b];
    FOR(i, n) FOR(b, NAMES) sum[b] += x[i][b] = exponential(x[i][b] - greatest[b]);
    for (int b = 0; logarithms && b < NAMES; b++) logarithms[b] = greatest[b] + log(sum[b]);
    FOR(i, n) FOR(b, NAMES) x[i][b] /= sum[b];
}

// One head: w is the softmax of the products of the query and the keys so far, and out the sum of the values so weighted.
static void attend(int t, int h, row *restrict w, row *restrict out) {
    const row *q = f[t].qkv + h * size;
    const real scale = 1 / root(size);
    FOR(j, t + 1) {
        const row *k = f[j].qkv + d + h * size;
        FOR(b, NAMES) w[j][b] = 0;
        FOR(c, size) FOR(b, NAMES) w[j][b] += scale * q[c][b] * k[c][b];
    }
    softmax(t + 1, w, NULL);
    FOR(c, size) FOR(b, NAMES) out[c][b] = 0;
    FOR(j, t + 1) {
        const row *v = f[j].qkv + 2 * d + h * size;
        FOR(c, size) FOR(b, NAMES) out[c][b] += w[j][b] * v[c][b];
    }
}

static void attendBackward(int t, int h, const row *w, const row *dout) {
    const row *q = f[t].qkv + h * size;
    const real scale = 1 / root(size);
    row dw[POSITIONS], total = {0}, *restrict dq = f[t].dqkv + h * size;
    FOR(j, t + 1) {
        const row *v = f[j].qkv + 2 * d + h * size;
        row *restrict dv = f[j].dqkv + 2 * d + h * size;
        FOR(b, NAMES) dw[j][b] = 0;
        FOR(c, size) FOR(b, NAMES) dw[j][b] += dout[c][b] * v[c][b], dv[c][b] += w[j][b] * dout[c][b];
        FOR(b, NAMES) total[b] += w[j][b] * dw[j][b];
    }
    FOR(j, t + 1) {
        const row *k = f[j].qkv + d + h * size;
        row *restrict dk = f[j].dqkv + d + h * size;
        FOR(b, NAMES) dw[j][b] = scale * w[j][b] * (dw[j][b] - total[b]);
        FOR(c, size) FOR(b, NAMES) dq[c][b] += dw[j][b] * k[c][b], dk[c][b] += dw[j][b] * q[c][b];
    }
}

// The part of a position in the loss; leaves the slopes of the logits in their place.
static double forward(int t, const unsigned char *letters, const unsigned char *next, const real *weights) {
    double loss = 0;
    row *x = f[t].outputs, *hidden = f[t].hidden, *logits = f[t].logits, logarithms;
    FOR(b, NAMES) FOR(i, d) x[i][b] = p.wte[letters[b] * d + i] + p.wpe[t * d + i];
    norm(x, f[t].inputs, f[t].scales[0]);
    norm(f[t].inputs, f[t].n1, f[t].scales[1]);
    apply(3 * d, d, p.attention, f[t].n1, f[t].qkv, 0);
    FOR(h, HEADS) attend(t, h, f[t].weights + h * POSITIONS, f[t].attended + h * size);
    memcpy(x, f[t].inputs, d * sizeof *x);
    apply(d, d, p.wo, f[t].attended, x, 1);
    norm(x, f[t].n2, f[t].scales[2]);
    apply(4 * d, d, p.fc1, f[t].n2, hidden, 0);
    FOR(i, 4 * d) FOR(b, NAMES) hidden[i][b] = hidden[i][b] > 0 ? hidden[i][b] : 0;
    applyTransposed(d, 4 * d, p.fc2, hidden, x, 1);
    apply(LOGITS, d, p.head, x, logits, 0);
    FOR(b, NAMES) loss -= weights[b] * logits[next[b]][b];
    softmax(LETTERS, logits, logarithms);
    FOR(b, NAMES) loss += weights[b] * logarithms[b];
    FOR(b, NAMES) logits[next[b]][b] -= 1;
    FOR(i, LETTERS) FOR(b, NAMES) logits[i][b] *= weights[b];
    return loss;
}

static void backward(int t, const unsigned char *letters) {
    row dx[WIDEST], dn[WIDEST], dh[4 * WIDEST];
    collect(LOGITS, f[t].logits, transpose(f[t].outputs), g.head);
    applyTransposed(d, LOGITS, p.head, f[t].logits, dx, 0);
    collect(4 * d, f[t].hidden, transpose(dx), g.fc2);
    apply(4 * d, d, p.fc2, dx, dh, 0);
    FOR(i, 4 * d) FOR(b, NAMES) dh[i][b] = f[t].hidden[i][b] > 0 ? dh[i][b] : 0;
    collect(4 * d, dh, transpose(f[t].n2), g.fc1);
    applyTransposed(d, 4 * d, p.fc1, dh, dn, 0);
    normBackward(f[t].n2, f[t].scales[2], dn, dx);
    collect(d, dx, transpose(f[t].attended), g.wo);
    applyTransposed(d, d, p.wo, dx, dn, 0);
    FOR(h, HEADS) attendBackward(t, h, f[t].weights + h * POSITIONS, dn + h * size);
    collect(3 * d, f[t].dqkv, transpose(f[t].n1), g.attention);
    applyTransposed(d, 3 * d, p.attention, f[t].dqkv, dn, 0);
    normBackward(f[t].n1, f[t].scales[1], dn, dx);
    memset(dn, 0, d * sizeof *dn);
    normBackward(f[t].inputs, f[t].scales[0], dx, dn);
    const real *transposed = transpose(dn);
    FOR(b, NAMES) FOR(i, d) g.wte[letters[b] * d + i] += transposed[b * d + i], g.wpe[t * d + i] += transposed[b * d + i];
}

// A step of Adam; returns the loss before it.
static double step(int batch, real rate) {
    double loss = 0;
    const int count = p.end - parameters;
    FOR(t, POSITIONS) loss += forward(t, batches[batch].letters[t], batches[batch].next[t], batches[batch].weights[t]);
    memset(slopes, 0, sizeof *slopes * count);
    FOR(t, POSITIONS) memset(f[t].dqkv, 0, 3 * d * sizeof(row));
    for (int t = POSITIONS - 1; t >= 0; t--) backward(t, batches[batch].letters[t]);
    steps++;
    const real factor = rate / (1 - pow(0.85, steps)), correction = 1 / (1 - pow(0.99, steps));
    FOR(i, count) {
        means[i] = (real)0.85 * means[i] + (real)0.15 * slopes[i];
        squares[i] = (real)0.99 * squares[i] + (real)0.01 * slopes[i] * slopes[i];
        parameters[i] -= factor * means[i] / (root(correction * squares[i]) + (real)1e-8);
    }
    return loss;
}

static matrices split(real *m) {
    real *block = m + (LETTERS + POSITIONS) * d, *head = block + 12 * d * d;
    return (matrices){m, m + LETTERS * d, block, block + 3 * d * d, block + 4 * d * d, block + 8 * d * d, head,
        head + LOGITS * d};
}

// Element k of matrix n is 0.16 (frac((k + 1) 0.6180339887498949 + n 0.4142135623730951) − 0.5).
static void fill(real *w, int rows, int columns, int n, int transposed) {
    FOR(i, rows) FOR(j, columns)
        w[transposed ? j * rows + i : i * columns + j] =
            0.16 * (fmod((i * columns + j + 1) * 0.6180339887498949 + n * 0.4142135623730951, 1) - 0.5);
}

static void prepare(int width) {
    d = width, size = width / HEADS, steps = 0, p = split(parameters), g = split(slopes);
    memset(parameters, 0, sizeof parameters), memset(means, 0, sizeof means), memset(squares, 0, sizeof squares);
    fill(p.wte, LETTERS, d, 0, 0), fill(p.wpe, POSITIONS, d, 1, 0);
    FOR(i, 4) fill(p.attention + i * d * d, d, d, 2 + i, 0);
    fill(p.fc1, 4 * d, d, 6, 0), fill(p.fc2, d, 4 * d, 7, 1), fill(p.head, LETTERS, d, 8, 0);
    row *next = memory;
    FOR(t, POSITIONS) {
        f[t].inputs = next, f[t].n1 = next += d, f[t].attended = next += d, f[t].n2 = next += d, f[t].outputs = next += d;
        f[t].qkv = next += d, f[t].dqkv = next += 3 * d, f[t].hidden = next += 3 * d, f[t].weights = next += 4 * d;
        f[t].logits = next += HEADS * POSITIONS, f[t].scales = next += LOGITS, next += 3;
    }
}

static int readNames(void) {
    static char path[4096] = __FILE__, names[10000][16];
    strcpy(strrchr(path, '/') ? strrchr(path, '/') + 1 : path, "../../Networks/names.txt");
    FILE *file = fopen(path, "r");
    int count = 0;
    while (file && count < 10000 && fscanf(file, "%15s", names[count]) == 1) count++;
    if (count == 0) return fprintf(stderr, "microgpt: cannot read %s\n", path), 1;
    FOR(i, BATCHES) {
        int letters = 0;
        FOR(b, NAMES) {
            const char *name = names[7919L * (i * NAMES + b) % count];
            const int length = strlen(name) < POSITIONS ? strlen(name) + 1 : POSITIONS;
            FOR(t, length) {
                batches[i].letters[t][b] = t == 0 ? 26 : name[t - 1] - 'a';
                batches[i].next[t][b] = name[t] ? name[t] - 'a' : 26;
                batches[i].weights[t][b] = 1;
            }
            letters += length;
        }
        FOR(t, POSITIONS) FOR(b, NAMES) batches[i].weights[t][b] /= letters;
    }
    return fclose(file);
}

// Losses before some of the first steps, by JAX in float64. Each depends on all that happened before.
static const struct { int step; double loss; } expected[] = {
    {0, 3.3318160610710}, {1, 3.2403057321319}, {10, 2.5902330510449}, {20, 2.4266259376862}, {STEPS - 1, 2.3317676052333}};

static int rows(void) {
    if (readNames()) return 1;
    prepare(16);
    double losses[STEPS];
    FOR(s, STEPS) losses[s] = step(s, 0.01 * (1 - s / 1000.0));
    FOR(i, (int)(sizeof expected / sizeof *expected)) {
        const double loss = losses[expected[i].step], error = fabs(loss / expected[i].loss - 1);
        if (!(error <= (sizeof(real) == 8 ? 1e-12 : 1e-5)))
            return fprintf(stderr, "WRONG: W10: loss %d is %.13f, not %.13f\n", expected[i].step, loss, expected[i].loss), 1;
    }
    for (int width = 16; width <= WIDEST; width *= 2) {
        double samples[SAMPLES];
        char name[64];
        prepare(width);
        for (int sample = -1; sample < SAMPLES; sample++) {  // the first warms up
            const double t = now();
            FOR(i, BATCHES) step(i, 0.001);
            if (sample >= 0) samples[sample] = (now() - t) / BATCHES * 1e6;
        }
        snprintf(name, sizeof name, "small GPT, width %d, C by hand", width);
        addRow("W10", name, samples, "us/step");
    }
    return 0;
}

int main(int count, char **arguments) { return runRows(count, arguments, rows); }

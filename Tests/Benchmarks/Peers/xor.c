// The XOR step (W1, W2) with the gradient derived by hand: what a framework can at best come close to.
//
//     cc -O2 xor.c -lm -o xor && ./xor [--json FILE]
//
// Same network, start, order of samples and data as ../XOR.swift, and so the same losses in the end. Columns: work,
// case, median of 11 samples, unit, min/median.
#include <math.h>

#include "shared/rows.h"

static const double inputs[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}}, expected[4] = {0, 1, 1, 0};
static unsigned char order[4096];
// W1 [2][2] by rows, b1 [2], W2 [2], b2
static const double start[9] = {0.5, -0.4, -0.3, 0.8, 0.1, -0.1, 0.9, -0.7, 0.2};
static double p[9];

static inline double sigmoid(double z) { return 1 / (1 + exp(-z)); }

// Adds the gradient of the loss (o − e)² / 2 of one sample to g, and returns the loss.
static inline double differentiate(int sample, double *g) {
    const double *x = inputs[sample];
    double h0 = sigmoid(p[0] * x[0] + p[1] * x[1] + p[4]), h1 = sigmoid(p[2] * x[0] + p[3] * x[1] + p[5]);
    double o = sigmoid(p[6] * h0 + p[7] * h1 + p[8]), error = o - expected[sample];
    double d = error * o * (1 - o), d0 = d * p[6] * h0 * (1 - h0), d1 = d * p[7] * h1 * (1 - h1);
    g[0] += d0 * x[0], g[1] += d0 * x[1], g[2] += d1 * x[0], g[3] += d1 * x[1], g[4] += d0, g[5] += d1;
    g[6] += d * h0, g[7] += d * h1, g[8] += d;
    return error * error / 2;
}

__attribute__((noinline)) static void online(long count) {
    for (long step = 0; step < count; step++) {
        double g[9] = {0};
        differentiate(order[step & 4095], g);
        for (int i = 0; i < 9; i++) p[i] -= 0.5 * g[i];
    }
}

__attribute__((noinline)) static void batch(long count) {
    for (long step = 0; step < count; step++) {
        double g[9] = {0};
        for (int sample = 0; sample < 4; sample++) differentiate(sample, g);
        for (int i = 0; i < 9; i++) p[i] -= 0.5 * g[i];
    }
}

// Checks the loss after 100,000 steps, then times the step.
static int row(const char *work, const char *name, void (*steps)(long), double wanted) {
    double loss = 0, unused[9] = {0};
    memcpy(p, start, sizeof p);
    steps(100000);
    for (int sample = 0; sample < 4; sample++) loss += differentiate(sample, unused);
    if (!(fabs(loss - wanted) <= 5e-7 * wanted)) {
        fprintf(stderr, "WRONG: %s %s: the loss after 1e5 steps is %.9e instead of %.6e\n", work, name, loss, wanted);
        return 1;
    }
    timeRow(work, name, steps, 1e9, "ns/step");
    return 0;
}

static int rows(void) {
    // George Marsaglia's xorshift generator; a step's sample is the number's two highest bits.
    unsigned long long state = 88172645463325252ULL;
    for (int i = 0; i < 4096; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        order[i] = state >> 62;
    }
    const int wrong = row("W1", "xor online step, C by hand", online, 2.151975e-04);
    return wrong | row("W2", "xor full batch step, C by hand", batch, 4.873209e-05);
}

int main(int count, char **arguments) { return runRows(count, arguments, rows); }

// Gradients of functions of 1,000 numbers (W3): derived by hand, and by a plain tape, the least that a framework records.
//
//     cc -O3 -march=native scalars.c -lm -o scalars && ./scalars [--json FILE]
//
// The same functions at the same place as in ../Scalars.swift. Columns: work, case, median of 11 samples, unit, min/median.
// A wrong result ends in exit code 1.
#include <math.h>

#include "shared/rows.h"

enum { N = 1000, CAPACITY = 1 << 15 };
static double x[N], slopes[N];

// By hand: each partial derivative of the product is the product of what stands before and of what stands behind.
static void productByHand(void) {
    double before = 1, behind = 1;
    for (int i = 0; i < N; i++) slopes[i] = before, before *= x[i];
    for (int i = N - 1; i >= 0; i--) slopes[i] *= behind, behind *= x[i];
}

static void rosenbrockByHand(void) {
    memset(slopes, 0, sizeof slopes);
    for (int i = 0; i + 1 < N; i++) {
        const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
        slopes[i + 1] += 200 * a;
        slopes[i] -= 400 * a * x[i] + 2 * b;
    }
}

// A tape: what each operation was applied to, and its partial derivatives. Entry 0 stands for every constant.
typedef struct { int a, b; double da, db; } entry;
typedef struct { double value; int index; } number;
static entry tape[CAPACITY];
static double adjoints[CAPACITY];
static int count;

static inline number record(double value, number a, double da, number b, double db) {
    tape[count] = (entry){a.index, b.index, da, db};
    return (number){value, count++};
}
static inline number constant(double value) { return (number){value, 0}; }
static inline number scale(double factor, number a) { return record(factor * a.value, a, factor, constant(0), 0); }
static inline number subtractFrom(double value, number a) { return record(value - a.value, a, -1, constant(0), 0); }
static inline number add(number a, number b) { return record(a.value + b.value, a, 1, b, 1); }
static inline number subtract(number a, number b) { return record(a.value - b.value, a, 1, b, -1); }
static inline number multiply(number a, number b) { return record(a.value * b.value, a, b.value, b, a.value); }

static inline number variable(int i) { return (number){x[i], 1 + i}; }

static void differentiate(number result) {
    memset(adjoints, 0, (size_t)count * sizeof *adjoints);
    adjoints[result.index] = 1;
    for (int i = count - 1; i > N; i--) {
        const double adjoint = adjoints[i];
        adjoints[tape[i].a] += adjoint * tape[i].da;
        adjoints[tape[i].b] += adjoint * tape[i].db;
    }
    memcpy(slopes, adjoints + 1, sizeof slopes);
}

static void productByTape(void) {
    count = 1 + N;
    number product = variable(0);
    for (int i = 1; i < N; i++) product = multiply(product, variable(i));
    differentiate(product);
}

static void rosenbrockByTape(void) {
    count = 1 + N;
    number total = constant(0);
    for (int i = 0; i + 1 < N; i++) {
        const number a = subtract(variable(i + 1), multiply(variable(i), variable(i)));
        const number b = subtractFrom(1, variable(i));
        total = add(total, add(multiply(scale(100, a), a), multiply(b, b)));
    }
    differentiate(total);
}

static void (*gradient)(void);
static void repeated(long count) {
    for (long i = 0; i < count; i++) gradient();
}

// Checks the slopes, then times them.
static int row(const char *name, void (*function)(void), const double *expected) {
    (gradient = function)();
    for (int i = 0; i < N; i++)
        if (!(fabs(slopes[i] - expected[i]) <= 1e-11 * fabs(expected[i])))
            return fprintf(stderr, "WRONG: W3 %s: slope %d is %.17g, not %.17g\n", name, i, slopes[i], expected[i]), 1;
    timeRow("W3", name, repeated, 1e6, "us");
    return 0;
}

static int rows(void) {
    double expected[N], product = 1;
    for (int i = 0; i < N; i++) product *= x[i] = 1 + (i % 7 - 3) * 1e-3;
    for (int i = 0; i < N; i++) expected[i] = product / x[i];
    int wrong = row("gradient of a product of 1000 scalars, C by hand", productByHand, expected);
    wrong |= row("gradient of a product of 1000 scalars, plain tape in C", productByTape, expected);
    for (int i = 0; i < N; i++) x[i] = i % 2 ? 1 : -1.2 + 1e-4 * i;
    for (int i = 0; i < N; i++) {
        const double a = i + 1 < N ? x[i + 1] - x[i] * x[i] : 0, before = i > 0 ? x[i] - x[i - 1] * x[i - 1] : 0;
        expected[i] = 200 * before - (i + 1 < N ? 400 * a * x[i] + 2 * (1 - x[i]) : 0);
    }
    wrong |= row("gradient of Rosenbrock n = 1000, C by hand", rosenbrockByHand, expected);
    wrong |= row("gradient of Rosenbrock n = 1000, scalars, plain tape in C", rosenbrockByTape, expected);
    return wrong;
}

int main(int count, char **arguments) { return runRows(count, arguments, rows); }

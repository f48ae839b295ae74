// What the peers in C share: a clock, and rows as ../../PeerRuns.swift reads them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES = 11 };
static FILE *json;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Prints a row: work, case, median of the samples, unit, min/median.
static inline void addRow(const char *work, const char *name, double samples[SAMPLES], const char *unit) {
    qsort(samples, SAMPLES, sizeof *samples, ascending);
    const double median = samples[SAMPLES / 2];
    printf("%-8s%-60s%9.2f %-10s%.2f\n", work, name, median, unit, samples[0] / median);
    if (json)
        fprintf(
            json, "%s{\"work\": \"%s\", \"case\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"threads\": 1}",
            ftell(json) > 4 ? ",\n  " : "", work, name, median, unit);
}

// Times a function that does its work `count` times, in parts of `perSecond` of a second, and prints the row.
static inline void timeRow(
    const char *work, const char *name, void (*body)(long count), double perSecond, const char *unit) {
    double samples[SAMPLES];
    long count = 1;
    for (double t = 0; t < 0.03; count *= 2) {
        t = now();
        body(count);
        t = now() - t;
    }
    for (int i = 0; i < SAMPLES; i++) {
        const double t = now();
        body(count);
        samples[i] = (now() - t) / count * perSecond;
    }
    addRow(work, name, samples, unit);
}

// Runs `rows`, which says whether a result is wrong, with the file that `--json FILE` names.
static inline int runRows(int count, char **arguments, int (*rows)(void)) {
    json = count == 3 && !strcmp(arguments[1], "--json") ? fopen(arguments[2], "w") : NULL;
    if (count > 1 && !json) return fprintf(stderr, "usage: %s [--json FILE]\n", arguments[0]), 64;
    if (json) fprintf(json, "[\n  ");
    const int wrong = rows();
    if (json) fprintf(json, "\n]\n"), fclose(json);
    return wrong;
}

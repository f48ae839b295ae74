// The kernels of one instruction set, as a table of functions.
#ifndef CKERNELS_TABLE_H
#define CKERNELS_TABLE_H

#include "Kernels.h"
#include "Scalars.h"
#include "Threads.h"

#include <stdbool.h>

#define MINIMUM(x, y) ((x) < (y) ? (x) : (y))
#define MAXIMUM(x, y) ((x) > (y) ? (x) : (y))

/// How many results of a reduction are computed at a time.
enum { CK_TILE = 64 };

/// A position along some axes.
typedef struct {
    ptrdiff_t offset, counters[CK_MOST_AXES + 1];
} ck_walk;

/// The `place`-th position along the axes from `first` to `last`, in row-major order.
static inline ck_walk ck_walk_to(ptrdiff_t place, const ck_axis *first, const ck_axis *last) {
    ck_walk walk = { 0 };
    for (const ck_axis *axis = last; axis >= first; place /= axis->length, axis--) {
        walk.counters[axis - first] = place % axis->length;
        walk.offset += place % axis->length * axis->stride;
    }
    return walk;
}

/// Moves on along the axes from `first` to `axis`, in row-major order: by as many steps as the last of them allows, at most
/// `most`.
static inline ptrdiff_t ck_step(ck_walk *walk, const ck_axis *first, const ck_axis *axis, ptrdiff_t most) {
    ptrdiff_t *counter = &walk->counters[axis - first], move = MINIMUM(most, axis->length - *counter);
    const ptrdiff_t steps = move;
    for (;; move = 1, axis--, counter--) {
        *counter += move;
        walk->offset += move * axis->stride;
        if (axis == first || *counter < axis->length) return steps;
        walk->offset -= *counter * axis->stride;
        *counter = 0;
    }
}

/// Goes on by an axis behind the `last` one, or takes it for a part of that, where one stride crosses both.
static inline ck_axis *ck_append(ck_axis *last, ptrdiff_t length, ptrdiff_t stride) {
    if (length == 1) return last;
    if (last->length != 1 && last->stride != length * stride) (++last)->length = 1;
    *last = (ck_axis){ last->length * length, stride };
    return last;
}

/// Where a part starts of so many `parts` of whole grains, of which the last one has what is left; `count` for the one behind.
static inline ptrdiff_t ck_start(ptrdiff_t part, ptrdiff_t parts, ptrdiff_t count, ptrdiff_t grain) {
    return part == parts ? count : count / grain * part / parts * grain;
}

/// One of the products that a ck_product has, or a part of it. The rows of the result lie `resultRow` apart.
typedef struct {
    ptrdiff_t rows, columns, inner;
    const void *a; ptrdiff_t aRow, aColumn;
    const void *b; ptrdiff_t bRow, bColumn;
    void *result; ptrdiff_t resultRow;
} ck_matrices;

struct ck_table {
    const char *name;
    bool fuses;  // whether matrix products round a product and a sum together
    ck_loop elementwise[CK_FUNCTION_COUNT][4];  // by function and ck_type; null where it does not take the type
    ck_loop cast[4][4];                         // by ck_type, from and to
    // By ck_type, of which only the two float types sum, compare and multiply.
    void (*reduce[CK_REDUCING_COUNT][2])(const ck_reduction *r, const void *x, void *result);
    void (*copy[4])(const ck_layout *l, ptrdiff_t first, ptrdiff_t count, const void *x, void *result);  // by ck_type
    // Words, uniform and normal numbers of 8 blocks, from the one `block` behind the first on: 128 bytes.
    void (*random[CK_NORMAL + 1][2])(const ck_draw *draw, uint64_t block, void *result);
    void (*matmul[2])(const ck_matrices *m);
    void (*const (*scalar[2])[CK_SCALAR_FORM_COUNT])(const ck_scalar_instruction *i, double *r, double last);
};

/// The table of the best instruction set that the processor has.
const struct ck_table *ck_active_table(void);

extern const struct ck_table ck_baseline;
#ifdef __x86_64__
extern const struct ck_table ck_avx2, ck_avx512;
#endif

#endif

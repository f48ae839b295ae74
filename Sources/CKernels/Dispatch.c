// The public functions: each asks the table of the best instruction set that the processor has.
#include "Table.h"

#include <stdatomic.h>
#include <string.h>

static const struct ck_table *best(void) {
#ifdef __x86_64__
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512bw"))
        return &ck_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &ck_avx2;
#endif
    return &ck_baseline;
}

/// The table in use. Threads that come here at once all choose the same constant table, so no order need be kept.
static inline const struct ck_table *table(void) {
    static _Atomic(const struct ck_table *) chosen;
    const struct ck_table *known = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (__builtin_expect(known == NULL, 0)) {
        known = best();
        atomic_store_explicit(&chosen, known, memory_order_relaxed);
    }
    return known;
}

const struct ck_table *ck_active_table(void) { return table(); }

ck_loop ck_elementwise(ck_function function, ck_type type) {
    if (function >= CK_FUNCTION_COUNT || type > CK_BOOL) return NULL;
    return table()->elementwise[function][type];
}

ck_loop ck_cast(ck_type from, ck_type to) {
    if (from > CK_BOOL || to > CK_BOOL) __builtin_trap();
    return table()->cast[from][to];
}

ck_layout ck_prepare_layout(ptrdiff_t rank, const ptrdiff_t *lengths, const ptrdiff_t *strides) {
    if (rank > CK_MOST_AXES) __builtin_trap();
    ck_layout l = { .count = 1, .axis = { { 1, 0 }, { 1, 1 } } };
    ck_axis *last = &l.axis[1];
    for (ptrdiff_t axis = 0; axis < rank; axis++) {
        last = ck_append(last, lengths[axis], strides[axis]);
        l.count *= lengths[axis];
    }
    l.axes = last - l.axis + 1;
    // The first axis is there for rows to go along; where there are others, none is needed.
    if (l.axes > 2) memmove(l.axis, l.axis + 1, (size_t)--l.axes * sizeof *l.axis);
    return l;
}

struct copy {
    ck_type type;
    const ck_layout *layout;
    const char *x;
    char *result;
};

static void copyPart(void *context, ptrdiff_t first, ptrdiff_t count) {
    const struct copy *c = context;
    ck_layout part = *c->layout;
    ck_axis *axis = &part.axis[part.axis[0].length == 1];
    const ptrdiff_t size = c->type == CK_BOOL ? 1 : c->type == CK_FLOAT32 ? 4 : 8, each = part.count / axis->length;
    axis->length = count;
    part.count = count * each;
    table()->copy[c->type](
        &part, 0, part.count, c->x + first * axis->stride * size, c->result + first * each * size);
}

void ck_copy(ck_type type, const ck_layout *layout, ptrdiff_t first, ptrdiff_t count, const void *x, void *result) {
    const double nanoseconds = 0.25 * (double)count;
    if (nanoseconds >= CK_DIVISIBLE && count == layout->count) {
        // Of neighbours, whole lines of the cache.
        const ck_axis axis = layout->axis[layout->axis[0].length == 1];
        struct copy c = { type, layout, x, result };
        ck_divide(axis.length, axis.stride == 1 ? 16 : 1, nanoseconds, copyPart, &c);
    } else if (count > 0) {
        table()->copy[type](layout, first, count, x, result);
    }
}

const void *ck_scalar_code(ck_function function, ck_type type, ck_scalar_form form) {
    if (type > CK_FLOAT32 || function >= CK_SCALAR_FUNCTION_COUNT || form >= CK_SCALAR_FORM_COUNT) __builtin_trap();
    return (const void *)table()->scalar[type][function][form];
}

void ck_run_scalars(const ck_scalar_instruction *code, double *registers) {
    ((void (*)(const ck_scalar_instruction *, double *, double))code->code)(code, registers, 0);
}

const char *ck_instruction_set(void) { return table()->name; }

bool ck_fuses(void) { return table()->fuses; }

// Sums and largest elements over any axes.
#include "Table.h"

#include <string.h>

/// Where there are fewer results, or groups of them, than these, each is divided, if it has as many chunks.
enum { MANY = 8 };

ck_reduction ck_prepare_reduction(
    ck_reducing operation, ck_type type, ptrdiff_t rank, const ptrdiff_t *lengths, const ptrdiff_t *strides,
    uint32_t reduced) {
    if (operation >= CK_REDUCING_COUNT || type > CK_FLOAT32 || rank > CK_MOST_AXES) __builtin_trap();
    ck_reduction r = { .operation = operation, .type = type };
    ptrdiff_t counts[2] = { 1, 1 };
    // So many elements that no result needs are not counted.
    for (uint32_t isReduced = 0; isReduced < 2 && counts[0] > 0; isReduced++) {
        r.kept = r.axes;
        ck_axis *last = &r.axis[r.axes];
        *last = (ck_axis){ 1, 1 };
        for (ptrdiff_t axis = 0; axis < rank; axis++) {
            if ((reduced >> axis & 1) != isReduced) continue;
            last = ck_append(last, lengths[axis], strides[axis]);
            counts[isReduced] *= lengths[axis];
        }
        r.axes = last - r.axis + 1;
    }
    r.outputs = counts[0];
    r.count = counts[1];
    return r;
}

struct work {
    const ck_reduction *r;
    const char *x;
    char *result;
};

/// Some of the results along the first axis.
static void reducePart(void *context, ptrdiff_t first, ptrdiff_t count) {
    const struct work *w = context;
    ck_reduction part = *w->r;
    const ptrdiff_t size = part.type == CK_FLOAT64 ? 8 : 4, each = part.outputs / part.axis[0].length;
    part.axis[0].length = count;
    part.outputs = count * each;
    ck_active_table()->reduce[part.operation][part.type](
        &part, w->x + first * part.axis[0].stride * size, w->result + first * each * size);
}

void ck_reduce(const ck_reduction *r, const void *x, void *result) {
    const double nanoseconds = CK_REDUCING_TIME * (double)r->count * (double)r->outputs;
    // Of neighbours, so many that what is computed twice is computed by one thread.
    const ptrdiff_t grain = r->kept > 1 ? 1 : CK_TILE / 2;
    struct work w = { r, x, result };
    if (nanoseconds == 0) memset(result, 0, (size_t)r->outputs * (r->type == CK_FLOAT64 ? 8 : 4));
    else if (nanoseconds >= CK_DIVISIBLE && (r->axis[0].length >= MANY * grain || r->count < MANY * CK_CHUNK))
        ck_divide(r->axis[0].length, grain, nanoseconds, reducePart, &w);
    else ck_active_table()->reduce[r->operation][r->type](r, x, result);
}

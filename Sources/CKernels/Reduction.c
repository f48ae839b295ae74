// Sums and largest elements over any axes.
#include "Table.h"

#include <string.h>

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

void ck_reduce(const ck_reduction *r, const void *x, void *result) {
    if (r->count > 0 && r->outputs > 0) ck_active_table()->reduce[r->operation][r->type](r, x, result);
    else memset(result, 0, (size_t)r->outputs * (r->type == CK_FLOAT64 ? 8 : 4));
}

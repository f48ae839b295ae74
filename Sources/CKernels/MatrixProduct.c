// Batches of matrix products, and large ones, divided among threads.
#include "Table.h"

/// Products, each of which is divided into slices of its rows or its columns: whole tiles, so that no slice has more of a rest
/// than the product itself.
struct work {
    const ck_product *p;
    const char *a, *b;
    char *result;
    ptrdiff_t slices, length, tile;  // how many, of how many rows or columns, and of how many a tile
    bool areRows;
};

static void multiplySlices(void *context, ptrdiff_t first, ptrdiff_t count) {
    const struct work *x = context;
    const ck_product *p = x->p;
    if (count == 0 || p->rows == 0 || p->columns == 0) return;
    void (*const multiply)(const ck_matrices *) = ck_active_table()->matmul[p->type];
    const ptrdiff_t size = p->type == CK_FLOAT64 ? 8 : 4, last = MAXIMUM(p->axes - 1, 0);
    ck_axis aAxes[CK_MOST_AXES] = { { 1, 0 } }, bAxes[CK_MOST_AXES] = { { 1, 0 } };
    for (ptrdiff_t n = 0; n < p->axes; n++) {
        aAxes[n] = (ck_axis){ p->lengths[n], p->aStrides[n] };
        bAxes[n] = (ck_axis){ p->lengths[n], p->bStrides[n] };
    }
    ptrdiff_t product = first / x->slices, slice = first % x->slices;
    ck_walk a = ck_walk_to(product, aAxes, &aAxes[last]), b = ck_walk_to(product, bAxes, &bAxes[last]);
    ck_matrices m = {
        p->rows, p->columns, p->inner, .aRow = p->aRow, .aColumn = p->aColumn, .bRow = p->bRow, .bColumn = p->bColumn,
        .resultRow = p->columns };
    for (; count > 0; count--) {
        const ptrdiff_t start = ck_start(slice, x->slices, x->length, x->tile);
        const ptrdiff_t i = x->areRows ? start : 0, j = x->areRows ? 0 : start;
        *(x->areRows ? &m.rows : &m.columns) = ck_start(slice + 1, x->slices, x->length, x->tile) - start;
        m.a = x->a + (a.offset + i * p->aRow) * size;
        m.b = x->b + (b.offset + j * p->bColumn) * size;
        m.result = x->result + ((product * p->rows + i) * p->columns + j) * size;
        multiply(&m);
        if (++slice < x->slices) continue;
        slice = 0;
        product++;
        ck_step(&a, aAxes, &aAxes[last], 1);
        ck_step(&b, bAxes, &bAxes[last], 1);
    }
}

void ck_matmul(const ck_product *p, const void *a, const void *b, void *result) {
    if (p->type > CK_FLOAT32 || p->axes > CK_MOST_AXES) __builtin_trap();
    const bool areRows = p->rows > p->columns;
    struct work x = { p, a, b, result, 1, areRows ? p->rows : p->columns, areRows ? 8 : 32, areRows };
    ptrdiff_t count = 1;
    for (ptrdiff_t axis = 0; axis < p->axes; axis++) count *= p->lengths[axis];
    // In double precision, which does not overflow; at the speed of large products.
    const double products = (double)p->rows * (double)p->columns * (double)p->inner * (double)count;
    const double nanoseconds = products * (p->type == CK_FLOAT64 ? 0.04 : 0.02);
    const ptrdiff_t threads = nanoseconds < CK_DIVISIBLE ? 1 : ck_thread_count();
    if (threads > 1 && count > 0) {
        // Two parts a thread: the last one is waited for half as long.
        const ptrdiff_t parts = (ptrdiff_t)MINIMUM(nanoseconds / (CK_DIVISIBLE / 2), 2.0 * (double)threads);
        x.slices = MAXIMUM(1, MINIMUM((parts + count - 1) / count, x.length / x.tile));
    }
    ck_divide(count * x.slices, 1, threads > 1 ? nanoseconds : 0, multiplySlices, &x);
}

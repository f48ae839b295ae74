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

/// Where an operand of a product starts, in elements.
static ptrdiff_t offset(const ck_product *p, ptrdiff_t product, const ptrdiff_t *strides) {
    ptrdiff_t offset = 0;
    for (ptrdiff_t axis = p->axes - 1; axis >= 0; axis--) {
        offset += product % p->lengths[axis] * strides[axis];
        product /= p->lengths[axis];
    }
    return offset;
}

static void multiplySlice(const struct work *x, ptrdiff_t product, ptrdiff_t slice) {
    const ck_product *p = x->p;
    const ptrdiff_t size = p->type == CK_FLOAT64 ? 8 : 4;
    const ptrdiff_t first = ck_start(slice, x->slices, x->length, x->tile);
    const ptrdiff_t count = ck_start(slice + 1, x->slices, x->length, x->tile) - first;
    const ptrdiff_t i = x->areRows ? first : 0, j = x->areRows ? 0 : first;
    ck_active_table()->matmul[p->type](
        x->areRows ? count : p->rows, x->areRows ? p->columns : count, p->inner, x->a + (offset(p, product, p->aStrides) + i * p->aRow) * size, p->aRow, p->aColumn,
        x->b + (offset(p, product, p->bStrides) + j * p->bColumn) * size, p->bRow, p->bColumn,
        x->result + ((product * p->rows + i) * p->columns + j) * size, p->columns);
}

static void multiplySlices(void *context, ptrdiff_t first, ptrdiff_t count) {
    const struct work *x = context;
    for (ptrdiff_t s = first; s < first + count; s++) multiplySlice(x, s / x->slices, s % x->slices);
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

// Batches of matrix products, and large ones, divided among threads.
#include "Table.h"
#include "include/Threads.h"

/// A batch of products, each of which is divided into slices of its rows or its columns.
struct batch {
    ck_type type;
    ptrdiff_t count, axes;
    const ptrdiff_t *lengths;
    ptrdiff_t rows, columns, inner;
    const char *a, *b;
    const ptrdiff_t *aStrides, *bStrides;
    ptrdiff_t aRow, aColumn, bRow, bColumn;
    char *result;
    ptrdiff_t parts, slices, height, width;  // of a slice
};

/// Where an operand of a product starts, in elements.
static ptrdiff_t offset(const struct batch *x, ptrdiff_t product, const ptrdiff_t *strides) {
    ptrdiff_t offset = 0;
    for (ptrdiff_t axis = x->axes - 1; axis >= 0; axis--) {
        offset += product % x->lengths[axis] * strides[axis];
        product /= x->lengths[axis];
    }
    return offset;
}

static void multiplySlice(const struct batch *x, ptrdiff_t product, ptrdiff_t slice) {
    const ptrdiff_t size = x->type == CK_FLOAT64 ? 8 : 4;
    const ptrdiff_t i = x->height < x->rows ? slice * x->height : 0, j = x->width < x->columns ? slice * x->width : 0;
    const ptrdiff_t rows = MINIMUM(x->height, x->rows - i), columns = MINIMUM(x->width, x->columns - j);
    if (rows <= 0 || columns <= 0) return;
    ck_active_table()->matmul[x->type](
        rows, columns, x->inner, x->a + (offset(x, product, x->aStrides) + i * x->aRow) * size, x->aRow, x->aColumn,
        x->b + (offset(x, product, x->bStrides) + j * x->bColumn) * size, x->bRow, x->bColumn,
        x->result + ((product * x->rows + i) * x->columns + j) * size, x->columns);
}

static void multiplyPart(void *context, ptrdiff_t part) {
    const struct batch *x = context;
    const ptrdiff_t all = x->count * x->slices;
    for (ptrdiff_t s = part * all / x->parts; s < (part + 1) * all / x->parts; s++)
        multiplySlice(x, s / x->slices, s % x->slices);
}

void ck_matmul_batch(
    ck_type type, ptrdiff_t axes, const ptrdiff_t *lengths, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner,
    const void *a, const ptrdiff_t *aStrides, ptrdiff_t aRow, ptrdiff_t aColumn, const void *b,
    const ptrdiff_t *bStrides, ptrdiff_t bRow, ptrdiff_t bColumn, void *result) {
    if (type > CK_FLOAT32) __builtin_trap();
    ptrdiff_t count = 1;
    for (ptrdiff_t axis = 0; axis < axes; axis++) count *= lengths[axis];
    struct batch x = {
        type, count, axes, lengths, rows, columns, inner, a, b, aStrides, bStrides, aRow, aColumn, bRow, bColumn, result,
        .parts = 1, .slices = 1, .height = rows, .width = columns };
    // In double precision, which does not overflow.
    const double products = (double)rows * (double)columns * (double)inner;
    if (products * (double)count >= CK_DIVISIBLE) {
        const ptrdiff_t threads = ck_thread_count();
        if (threads > 1) {
            // Two parts a thread: the last one is waited for half as long.
            x.parts = (ptrdiff_t)MINIMUM(products * (double)count / (CK_DIVISIBLE / 2), 2.0 * (double)threads);
            if (count < x.parts) x.slices = (x.parts + count - 1) / count;
            // Whole tiles, so that no slice has more of a rest than the product itself.
            if (rows > columns) x.height = ((rows + x.slices - 1) / x.slices + 7) & ~(ptrdiff_t)7;
            else x.width = ((columns + x.slices - 1) / x.slices + 31) & ~(ptrdiff_t)31;
        }
    }
    if (x.parts > 1) ck_parallel(x.parts, multiplyPart, &x);
    else multiplyPart(&x, 0);
}

// Batches of matrix products, and large ones, divided among threads.
#include "Table.h"
#include "include/Threads.h"

/// Products, each of which is divided into slices of its rows or its columns.
struct work {
    const ck_product *p;
    const char *a, *b;
    char *result;
    ptrdiff_t count, parts, slices, height, width;  // of products, parts of the work, slices of a product; sizes of a slice
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
    const ptrdiff_t i = x->height < p->rows ? slice * x->height : 0, j = x->width < p->columns ? slice * x->width : 0;
    const ptrdiff_t rows = MINIMUM(x->height, p->rows - i), columns = MINIMUM(x->width, p->columns - j);
    if (rows <= 0 || columns <= 0) return;
    ck_active_table()->matmul[p->type](
        rows, columns, p->inner, x->a + (offset(p, product, p->aStrides) + i * p->aRow) * size, p->aRow, p->aColumn,
        x->b + (offset(p, product, p->bStrides) + j * p->bColumn) * size, p->bRow, p->bColumn,
        x->result + ((product * p->rows + i) * p->columns + j) * size, p->columns);
}

static void multiplyPart(void *context, ptrdiff_t part) {
    const struct work *x = context;
    const ptrdiff_t all = x->count * x->slices;
    for (ptrdiff_t s = part * all / x->parts; s < (part + 1) * all / x->parts; s++)
        multiplySlice(x, s / x->slices, s % x->slices);
}

void ck_matmul(const ck_product *p, const void *a, const void *b, void *result) {
    if (p->type > CK_FLOAT32 || p->axes > CK_MOST_AXES) __builtin_trap();
    struct work x = { p, a, b, result, .count = 1, .parts = 1, .slices = 1, .height = p->rows, .width = p->columns };
    for (ptrdiff_t axis = 0; axis < p->axes; axis++) x.count *= p->lengths[axis];
    // In double precision, which does not overflow.
    const double products = (double)p->rows * (double)p->columns * (double)p->inner * (double)x.count;
    const ptrdiff_t threads = products < CK_DIVISIBLE ? 1 : ck_thread_count();
    if (threads > 1) {
        // Two parts a thread: the last one is waited for half as long.
        x.parts = (ptrdiff_t)MINIMUM(products / (CK_DIVISIBLE / 2), 2.0 * (double)threads);
        if (x.count < x.parts) x.slices = (x.parts + x.count - 1) / x.count;
        // Whole tiles, so that no slice has more of a rest than the product itself.
        if (p->rows > p->columns) x.height = ((p->rows + x.slices - 1) / x.slices + 7) & ~(ptrdiff_t)7;
        else x.width = ((p->columns + x.slices - 1) / x.slices + 31) & ~(ptrdiff_t)31;
    }
    if (x.parts > 1) ck_parallel(x.parts, multiplyPart, &x);
    else multiplyPart(&x, 0);
}

// The kernels of one instruction set, as a table of functions.
#ifndef CKERNELS_TABLE_H
#define CKERNELS_TABLE_H

#include "Kernels.h"
#include "Scalars.h"

#include <stdbool.h>

#define MINIMUM(x, y) ((x) < (y) ? (x) : (y))

struct ck_table {
    const char *name;
    bool fuses;  // whether matrix products round a product and a sum together
    ck_loop elementwise[CK_FUNCTION_COUNT][4];  // by function and ck_type; null where it does not take the type
    ck_loop cast[4][4];                         // by ck_type, from and to
    // By ck_type, of which only the two float types sum, compare and multiply.
    void (*sum[2])(
        ptrdiff_t outputs, ptrdiff_t outputStride, ptrdiff_t count, ptrdiff_t stride, const void *x, void *result);
    void (*max[2])(
        ptrdiff_t outputs, ptrdiff_t outputStride, ptrdiff_t count, ptrdiff_t stride, const void *x, void *result);
    void (*matmul[2])(
        ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t inner, const void *a, ptrdiff_t aRow, ptrdiff_t aColumn,
        const void *b, ptrdiff_t bRow, ptrdiff_t bColumn, void *result, ptrdiff_t resultRow);
    void (*const (*scalar)[CK_SCALAR_FORM_COUNT])(const ck_scalar_instruction *i, double *r, double last);
    void (*const *scalarLong)(const ck_scalar_instruction *i, double *r, double last);
};

/// The table of the best instruction set that the processor has.
const struct ck_table *ck_active_table(void);

/// Fewer products than these, about 20 µs of work, are not worth waking another thread for.
enum { CK_DIVISIBLE = 1 << 20 };

/// Memory for the packed parts of matrices: one piece for each thread, kept until the thread ends.
void *ck_workspace(void);
enum { CK_WORKSPACE_BYTES = 5 << 18 };

extern const struct ck_table ck_baseline;
#ifdef __x86_64__
extern const struct ck_table ck_avx2, ck_avx512;
#endif

#endif

// Loops over buffers: no shapes, no tape, no allocation (but one workspace for each thread that multiplies large
// matrices, or works on blocks of elements, kept until the thread ends).
//
// One source (Source/*.inc) is compiled once for each instruction set; the best set that the processor has is chosen
// once, on first use. Every kernel gives the same bits on every instruction set, but for the sign and payload of a NaN
// that arithmetic makes: a sum's order does not depend on the width of a vector, and no product and sum are contracted
// into one rounding. Two kinds of kernels do contract them where the set can (all but "baseline"), and so differ there
// within their bounds: matrix products, and the elementary functions (CK_EXP to CK_SOFTPLUS, and powers), of which exp is
// 1.5 times as fast for it. On one set an element has the same bits wherever it lies: alone, in a vector or behind the last one, at
// any stride.
#ifndef CKERNELS_KERNELS_H
#define CKERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Functions applied element by element, and behind them instructions for single numbers alone; see Scalars.h.
typedef enum : uint8_t {
#define FUNCTION(types, kind, number, ...) number,
#include "../Source/Functions.inc"
    CK_FUNCTION_COUNT,
    CK_SCALAR_NONZERO = CK_FUNCTION_COUNT, CK_SCALAR_FUSED_MULTIPLY_ADD, CK_SCALAR_MULTIPLY_SUBTRACT, CK_SCALAR_UPDATE,
    CK_SCALAR_SIGMOID_TAIL, CK_SCALAR_SIGMOID_OF_TAIL, CK_SCALAR_SIGMOID_PULLBACK, CK_SCALAR_AFFINE, CK_SCALAR_RETURN,
    CK_SCALAR_LOAD, CK_SCALAR_STORE, CK_SCALAR_LOAD_CONDITION, CK_SCALAR_STORE_CONDITION, CK_SCALAR_LOOP,
    CK_SCALAR_CALL_LOOP, CK_SCALAR_CALL_UNARY, CK_SCALAR_CALL_BINARY, CK_SCALAR_RUNNING_SUM, CK_SCALAR_RUNNING_PRODUCT,
    CK_SCALAR_GATHER,
    CK_SCALAR_FUNCTION_COUNT
} ck_function;

#pragma clang assume_nonnull begin

/// Element types; the numbers are those of `Tensor.ElementType`. A bool is one byte, 0 or 1.
typedef enum : uint8_t { CK_FLOAT64 = 0, CK_FLOAT32 = 1, CK_INT64 = 2, CK_BOOL = 3 } ck_type;

/// A loop that computes `count` results, which lie side by side from `result` on.
/// Operand i's elements lie `strides[i]` elements apart (0: one element, repeated). Operands are aligned to their
/// elements. `result` may be the same address as an operand of stride 1 and equal element size; otherwise nothing
/// overlaps it.
typedef void (*ck_loop)(
    ptrdiff_t count, const void *_Nonnull const *_Nonnull operands, const ptrdiff_t *strides, void *result);

/// The loop of `function` over operands of `type`; null where the function does not take that type.
ck_loop _Nullable ck_elementwise(ck_function function, ck_type type);

/// The loop that converts elements of one type to another. A float becomes an integer by truncation towards zero (NaN
/// becomes 0, what is out of range the nearest integer), a number becomes true unless it is 0, true becomes 1.
ck_loop ck_cast(ck_type from, ck_type to);

typedef struct {
    ptrdiff_t length, stride;
} ck_axis;

/// The most axes of an array.
enum { CK_MOST_AXES = 8 };

/// How the elements of an array lie, along axes of which there are as few as can be, but at least two.
typedef struct {
    ptrdiff_t axes, count;  // `count` elements in all
    ck_axis axis[CK_MOST_AXES + 1];
} ck_layout;

/// The layout of an array that has these lengths and strides along its `rank` axes.
ck_layout ck_prepare_layout(ptrdiff_t rank, const ptrdiff_t *lengths, const ptrdiff_t *strides);

/// Copies elements of x in row-major order: `count` of them from the `first` on, side by side. Nothing overlaps.
void ck_copy(
    ck_type type, const ck_layout *layout, ptrdiff_t first, ptrdiff_t count, const void *x, void *result);

/// Reductions of float64 or float32: sums, and the largest elements (NaN if one is NaN; −0 < +0).
typedef enum : uint8_t { CK_SUM, CK_MAX, CK_REDUCING_COUNT } ck_reducing;

/// The length of a chunk of a reduction.
enum { CK_CHUNK = 4096 };

/// How an array is reduced.
typedef struct {
    ck_reducing operation;
    ck_type type;
    ptrdiff_t outputs, count;  // results, and the elements that are reduced to each
    ptrdiff_t kept, axes;      // how many axes are kept, and how many there are: each kind as few as can be, at least one
    ck_axis axis[CK_MOST_AXES + 2];
} ck_reduction;

/// The reduction of an array, which has these lengths and strides along its `rank` axes, over those axes whose bits (1 << axis)
/// are set in `reduced`.
ck_reduction ck_prepare_reduction(
    ck_reducing operation, ck_type type, ptrdiff_t rank, const ptrdiff_t *lengths, const ptrdiff_t *strides,
    uint32_t reduced);

/// Reduces x. The results lie side by side, and overlap no element of x.
///
/// The order of a sum is fixed, whatever the strides. Its elements, in row-major order, form chunks of CK_CHUNK. In a chunk
/// there are 8 partial sums, the j-th element going to the (j mod 8)-th, which start at −0 (the neutral element: +0 would
/// turn a −0 into +0) and are added up as ((s0+s4)+(s2+s6))+((s1+s5)+(s3+s7)). The sum of n chunks is that of the first 2ᵏ
/// and of the others, where 2ᵏ is the greatest power of 2 less than n. What no element is reduced to is +0. float32 elements
/// are added up in double precision and rounded once.
void ck_reduce(const ck_reduction *r, const void *x, void *result);

/// What is drawn: words of 64 random bits; uniform or normal numbers, float64 or float32; whole numbers; the numbers 0, 1, 2, …
/// in random order.
typedef enum : uint8_t { CK_WORDS, CK_UNIFORM, CK_NORMAL, CK_INTEGERS, CK_PERMUTATION } ck_distribution;

/// A draw of random numbers.
///
/// They are made of blocks of Philox4x32-10, two words of 64 bits each. The counter of the n-th block has the halves
/// `position` + n and `number`. Element i is made of word i (float32: of the i-th half of a word, the low one first), so that
/// it is the same however many are drawn; normal numbers are made in pairs, of two words or halves.
typedef struct {
    ck_distribution distribution;
    uint64_t key, number, position;
    double first, second;    // the ends of uniform numbers, or the mean and the standard deviation of normal ones
    double least, greatest;  // of uniform numbers: what rounding takes out of the range becomes one of these
    int64_t lower;           // whole numbers are drawn from so many, `width`, from `lower` on
    uint64_t width;
} ck_draw;

/// Draws `count` numbers, side by side from `result` on. Standard normal ones are at most 4 units in the last place off.
void ck_random(const ck_draw *draw, ck_type type, ptrdiff_t count, void *result);

/// The products of an element of a matrix product that are added up in one chain.
enum { CK_SUM_BLOCK = 256 };

/// Matrix products of one size, as many as there are positions along `axes` leading axes, which have these lengths: with
/// each step along one, the operands start `aStrides` and `bStrides` elements further.
typedef struct {
    ck_type type;
    ptrdiff_t rows, columns, inner, aRow, aColumn, bRow, bColumn;
    ptrdiff_t axes, lengths[CK_MOST_AXES], aStrides[CK_MOST_AXES], bStrides[CK_MOST_AXES];
} ck_product;

/// Matrix products: result[i · columns + j] = Σ_k a[i · aRow + k · aColumn] · b[k · bRow + j · bColumn] for i < rows,
/// j < columns, k < inner; float64 or float32. Those of a batch lie one after another. `result` overlaps no operand.
///
/// The order of a sum is fixed, whatever sizes, strides and number of threads. Each CK_SUM_BLOCK products, in ascending k,
/// form a chain that starts at +0: s = fma(a, b, s), or s = s + a · b, rounded twice, where `ck_fuses` says no. The first
/// chain is the sum; each further one is added to it. No products: +0.
/// To first order, the error is at most (min(inner, 256) + inner / 256) · ε · Σ_k |a · b|, ε = 2⁻⁵³ or 2⁻²⁴.
void ck_matmul(const ck_product *p, const void *a, const void *b, void *result);

/// Whether matrix products round a product and the sum it is added to together, in a fused multiply-add.
bool ck_fuses(void);

/// The name of the instruction set in use: "avx512", "avx2", "neon" or "baseline".
const char *ck_instruction_set(void);

#pragma clang assume_nonnull end
#endif

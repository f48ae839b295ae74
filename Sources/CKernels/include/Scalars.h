// Straight-line code over single numbers, for programs whose arrays are too small for loops.
//
// The numbers lie in registers, an array of doubles, also those of float32. An instruction names them by their places; it begins with the address
// of the code that carries it out, which goes on with the next instruction by itself.
#ifndef CKERNELS_SCALARS_H
#define CKERNELS_SCALARS_H

#include "Kernels.h"

#pragma clang assume_nonnull begin

// An instruction computes a function (see Functions.inc) of its operands a, b and c, in float64 or float32, where conditions
// are 0 and 1, or one of these:
//
// CK_SCALAR_NONZERO              a ≠ 0
// CK_SCALAR_FUSED_MULTIPLY_ADD   a · b + c, rounded as in matrix products
// CK_SCALAR_MULTIPLY_SUBTRACT    a · b − c, with two roundings
// CK_SCALAR_UPDATE               r − a · (b · c), each rounded, where r is what the result's place holds. It hands on b, which the
//                                next such instruction is likely to need too
// CK_SCALAR_SIGMOID_TAIL         b = 1 / (1 + e^|x|), of which
// CK_SCALAR_SIGMOID_OF_TAIL      computes the sigmoid of a = x, and
// CK_SCALAR_SIGMOID_PULLBACK     a times its derivative at x
// CK_SCALAR_AFFINE               a · b + a′ · b′ + c, the products as in matrix products: one element of W x + b. a′ and b′ are a
//                                and b of the word that follows, and the last result, if one of the products has it, is a′ or b′
//
// or is one of these, which need more than one place for their description, have one form, and hand nothing on but the result of
// a call:
//
// CK_SCALAR_RETURN               the end of the code
// CK_SCALAR_LOAD                 the number a of those of the type that begin where the registers begin, to a register, and with
// CK_SCALAR_STORE                back
// CK_SCALAR_LOAD_CONDITION       the same with conditions, which are bytes
// CK_SCALAR_STORE_CONDITION
// CK_SCALAR_LOOP                 a loop of float64 over `count` results from `result` on, whose operands lie at a, b, c. One word
//                                follows: `code` is the ck_loop, `result` the count, and a, b, c are the strides, as int32
// CK_SCALAR_CALL_UNARY           a function of the number a, called through a pointer: `code` of the word that follows
// CK_SCALAR_CALL_BINARY          the same with a function of two numbers, a and b
// CK_SCALAR_CALL_LOOP            the same with a ck_loop over numbers of the type, of which there is one of each
// CK_SCALAR_RUNNING_SUM          running sums: `result` numbers of each of `a` chains, 1 to CK_SCALAR_CHAINS, none of which depends
//                                on another. One word follows for each: its first result is r[a] + r[b], each further one, side
//                                by side from `result` on, adds the number c (an int32) places after the last
// CK_SCALAR_RUNNING_PRODUCT      the same with products
// CK_SCALAR_GATHER               copies `a` numbers to places from `result` on; where they lie follows as uint32, CK_SCALAR_PLACES
//                                in each word

/// Which operand is the result of the instruction before, so that it need not be loaded again. CK_SCALAR_WIDE computes `a`
/// results side by side from `result` on, of operands whose places follow as those of CK_SCALAR_GATHER: worth it from
/// CK_SCALAR_WIDTH on.
typedef enum : uint8_t {
    CK_SCALAR_NONE, CK_SCALAR_A, CK_SCALAR_B, CK_SCALAR_C, CK_SCALAR_WIDE, CK_SCALAR_FORM_COUNT
} ck_scalar_form;

enum { CK_SCALAR_CHAINS = 4, CK_SCALAR_WIDTH = 4 };

typedef struct {
    const void *_Nullable code;
    uint32_t result, a, b, c;
} ck_scalar_instruction;

enum { CK_SCALAR_PLACES = sizeof(ck_scalar_instruction) / sizeof(uint32_t) };

/// The code of an instruction in float64 or float32; null where there is none of this form.
const void *_Nullable ck_scalar_code(ck_function function, ck_type type, ck_scalar_form form);

/// Carries out instructions up to a return.
void ck_run_scalars(const ck_scalar_instruction *code, double *registers);

#pragma clang assume_nonnull end
#endif

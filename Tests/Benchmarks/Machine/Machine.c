// Multiply-adds in registers: 16 chains, more than any processor needs to keep its units busy.
#include "Machine.h"

#define UNROLL _Pragma("clang loop unroll(full)")
#define FUSED(a, b, c) __builtin_elementwise_fma(a, b, c)
#define APART(a, b, c) ((a) * (b) + (c))
#define LOOP(name, T, bytes, features, multiplyAdd) \
    features static double name(long count) { \
        typedef T lanes __attribute__((ext_vector_type(bytes / sizeof(T)))); \
        lanes sums[16]; \
        const lanes factor = (T)0.5, term = (T)1; \
        UNROLL for (int s = 0; s < 16; s++) sums[s] = (T)s; \
        for (long k = 0; k < 2 * count; k++) \
            UNROLL for (int s = 0; s < 16; s++) sums[s] = multiplyAdd(sums[s], factor, term); \
        UNROLL for (int s = 0; s < 16; s++) { volatile T used = sums[s][0]; (void)used; } \
        return 2.0 * 32 * (double)count * (double)(bytes / sizeof(T)); \
    }
#define NONE
#ifdef __x86_64__
#define WIDE __attribute__((target("avx512f")))
#define MIDDLE __attribute__((target("avx2,fma")))
LOOP(wide64, double, 64, WIDE, FUSED)
LOOP(wide32, float, 64, WIDE, FUSED)
LOOP(middle64, double, 32, MIDDLE, FUSED)
LOOP(middle32, float, 32, MIDDLE, FUSED)
LOOP(narrow64, double, 16, NONE, APART)
LOOP(narrow32, float, 16, NONE, APART)
#define BEST(bits) \
    __builtin_cpu_supports("avx512f") ? wide##bits(count) \
    : __builtin_cpu_supports("fma")   ? middle##bits(count) \
                                      : narrow##bits(count)
#else
LOOP(narrow64, double, 16, NONE, FUSED)
LOOP(narrow32, float, 16, NONE, FUSED)
#define BEST(bits) narrow##bits(count)
#endif

double machine_multiply_add_float64(long count) { return BEST(64); }
double machine_multiply_add_float32(long count) { return BEST(32); }

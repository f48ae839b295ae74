// The kernels for x86-64 processors with AVX2.
#ifdef __x86_64__
#include <math.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define FUSED
#define TABLE ck_avx2
#define TABLE_NAME "avx2"
#include "Source/Table.inc"
#pragma clang attribute pop
#endif

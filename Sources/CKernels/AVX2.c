// The kernels for x86-64 processors with AVX2.
#ifdef __x86_64__
#include <math.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define TABLE ck_avx2
#define TABLE_NAME "avx2"
#define LANES_float64 4
#define LANES_float32 8
#define TILE_ROWS 6
#define FUSED 1
#include "Source/Table.inc"
#pragma clang attribute pop
#endif

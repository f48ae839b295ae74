// The kernels for x86-64 processors with AVX-512.
#ifdef __x86_64__
#include <math.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw"))), apply_to = function)
#define TABLE ck_avx512
#define TABLE_NAME "avx512"
#define LANES_float64 8
#define LANES_float32 16
#define TILE_ROWS 14
#define FUSED 1
#include "Source/Table.inc"
#pragma clang attribute pop
#endif

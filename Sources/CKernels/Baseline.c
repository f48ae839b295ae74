// The kernels for any processor of the architecture.
#define TABLE ck_baseline
#define LANES_float64 2
#define LANES_float32 4
#ifdef __aarch64__
#define TABLE_NAME "neon"
#define TILE_ROWS 12
#define FUSED true
#else
#define TABLE_NAME "baseline"
#define TILE_ROWS 4
#define FUSED false
#endif
#include "Source/Table.inc"

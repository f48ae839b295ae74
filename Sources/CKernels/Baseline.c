// The kernels for any processor of the architecture.
#define TABLE ck_baseline
#define LANES_float64 2
#define LANES_float32 4
#ifdef __aarch64__
#define TABLE_NAME "neon"
#define TILE_ROWS 12
#define FUSED 1
#else
#define TABLE_NAME "baseline"
#define TILE_ROWS 4
#define FUSED 0
#endif
#include "Source/Table.inc"

// The kernels for any processor of the architecture.
#define TABLE ck_baseline
#ifdef __aarch64__
#define FUSED
#define TABLE_NAME "neon"
#else
#define TABLE_NAME "baseline"
#endif
#include "Source/Table.inc"

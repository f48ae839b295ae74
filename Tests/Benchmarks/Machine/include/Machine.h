// What one processor can do at most.
#ifndef MACHINE_H
#define MACHINE_H

/// Computes `count` times 32 vectors of multiply-adds, a · b + c, with nothing read from memory, in the widest vectors
/// that the processor has, and returns how many operations that were: two for each number.
double machine_multiply_add_float64(long count);
double machine_multiply_add_float32(long count);

#endif

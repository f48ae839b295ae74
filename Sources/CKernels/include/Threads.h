// What the machine has: processors, so that work is divided among threads; and memory.
#ifndef CKERNELS_THREADS_H
#define CKERNELS_THREADS_H

#include <stddef.h>

#pragma clang assume_nonnull begin

/// How many threads the calling one may use, itself included: its own limit, or else the process's count. That is at
/// first what the environment variable AUTOGRAD_THREADS says, or else the number of processors this process may run on.
ptrdiff_t ck_thread_count(void);

/// Sets the process's count, at least 1.
void ck_set_thread_count(ptrdiff_t count);

/// Sets the calling thread's own limit, 0 for none, and returns the one before.
ptrdiff_t ck_limit_threads(ptrdiff_t count);

/// Less work, in nanoseconds, is not worth dividing.
enum { CK_DIVISIBLE = 20000 };

/// Calls body(context, first, count) for ranges that together are 0 ..< `count`: several of whole grains, the last one with what
/// is left, where all take `nanoseconds` and those are worth dividing; else one. In any order, on at most `ck_thread_count()`
/// threads, of which the calling one is always one. Returns when all are done.
///
/// Where another thread is dividing work, or `body` does so itself, the calling thread does all of it alone; so it does for a while
/// where the others turn out not to help, as when their processors are busy. Allocates nothing, except when it starts threads for
/// the first time. `body` must not fork the process.
void ck_divide(
    ptrdiff_t count, ptrdiff_t grain, double nanoseconds,
    void (*body)(void *_Nullable context, ptrdiff_t first, ptrdiff_t count), void *_Nullable context);

/// The calling thread's memory for what work needs beside operands and results, kept until the thread ends: packed parts of
/// matrices, or blocks of elements. Each kernel may write over what others left.
void *ck_workspace(void);
enum { CK_WORKSPACE_BYTES = 5 << 18 };

/// Copies bytes that another thread may change meanwhile: what was read is then to be thrown away.
void ck_copy_beside_writer(void *to, const void *from, ptrdiff_t count);

/// The bytes of physical memory that this machine has.
ptrdiff_t ck_physical_memory(void);

#pragma clang assume_nonnull end
#endif

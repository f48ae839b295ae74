// What the machine has: processors, so that work is divided among threads, which sleep while there is none; and memory.
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

/// Calls body(context, part) once for each part < parts, in any order, on at most `ck_thread_count()` threads, of which
/// the calling one is always one. Returns when all are done. Where another thread is dividing work, or `body` does so
/// itself, the calling thread does all of it alone. Allocates nothing, except when it starts threads for the first time.
/// `body` must not fork the process.
void ck_parallel(ptrdiff_t parts, void (*body)(void *_Nullable context, ptrdiff_t part), void *_Nullable context);

/// Copies bytes that another thread may change meanwhile: what was read is then to be thrown away.
void ck_copy_beside_writer(void *to, const void *from, ptrdiff_t count);

/// The bytes of physical memory that this machine has.
ptrdiff_t ck_physical_memory(void);

#pragma clang assume_nonnull end
#endif

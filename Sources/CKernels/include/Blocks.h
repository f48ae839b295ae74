// Memory for large arrays. What is given back is kept for the next array, for memory new from the system is filled with
// zeros page by page when it is first written, which takes longer than most work on it.
#ifndef CKERNELS_BLOCKS_H
#define CKERNELS_BLOCKS_H

#include <stddef.h>

#pragma clang assume_nonnull begin

/// An array of at least CK_LARGE bytes is worth a block. At most CK_KEPT bytes are kept for the whole process; none where the
/// address sanitizer watches for uses of what was given back.
enum { CK_LARGE = 1 << 16, CK_KEPT = 1 << 26 };

/// A block of at least so many bytes, CK_LARGE or more, which starts at a cache line. Without memory the process ends.
void *ck_take_block(ptrdiff_t bytes);

/// Gives back a block that was taken for so many bytes, on any thread.
void ck_give_block(void *block, ptrdiff_t bytes);

/// The bytes that are kept now.
ptrdiff_t ck_kept_bytes(void);

#pragma clang assume_nonnull end
#endif

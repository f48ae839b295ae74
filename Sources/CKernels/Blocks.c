// Blocks that are kept, in the order in which they were given back.
#include "include/Blocks.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __has_feature(address_sanitizer)
enum { MOST = 0 };
#else
enum { MOST = CK_KEPT };
#endif

static struct {
    pthread_mutex_t lock;  // guards all
    ptrdiff_t count, bytes;
    struct {
        void *memory;
        ptrdiff_t bytes;
    } blocks[CK_KEPT / CK_LARGE];
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

// Nobody else holds the lock when the process is divided, so that a child finds it free.
static void beforeFork(void) { pthread_mutex_lock(&kept.lock); }
static void afterFork(void) { pthread_mutex_unlock(&kept.lock); }
static void watchForks(void) { pthread_atfork(beforeFork, afterFork, afterFork); }

/// Sizes are eighths of powers of 2, so that arrays of nearly one size share their blocks.
static ptrdiff_t rounded(ptrdiff_t bytes) {
    const ptrdiff_t step = (ptrdiff_t)1 << (60 - __builtin_clzll((unsigned long long)bytes));
    return (bytes + step - 1) & -step;
}

/// Takes a block out.
static void *removed(ptrdiff_t place) {
    void *const memory = kept.blocks[place].memory;
    kept.bytes -= kept.blocks[place].bytes;
    kept.count--;
    memmove(kept.blocks + place, kept.blocks + place + 1, (size_t)(kept.count - place) * sizeof *kept.blocks);
    return memory;
}

/// Frees what was kept longest, until no more than so many bytes are kept. Others need not wait for the system meanwhile.
static void keepAtMost(ptrdiff_t bytes) {
    for (bool isDone = false; !isDone;) {
        pthread_mutex_lock(&kept.lock);
        isDone = kept.bytes <= bytes;
        void *const memory = isDone ? NULL : removed(0);
        pthread_mutex_unlock(&kept.lock);
        free(memory);
    }
}

void *ck_take_block(ptrdiff_t bytes) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watchForks);
    bytes = rounded(bytes);
    void *memory = NULL;
    pthread_mutex_lock(&kept.lock);
    for (ptrdiff_t place = kept.count - 1; place >= 0 && !memory; place--)
        if (kept.blocks[place].bytes == bytes) memory = removed(place);
    pthread_mutex_unlock(&kept.lock);
    if (memory || (memory = aligned_alloc(64, (size_t)bytes))) return memory;
    // Without what is kept there may be room.
    keepAtMost(0);
    if ((memory = aligned_alloc(64, (size_t)bytes))) return memory;
    fprintf(stderr, "There is no memory for an array of %td bytes.\n", bytes);
    abort();
}

void ck_give_block(void *memory, ptrdiff_t bytes) {
    bytes = rounded(bytes);
    if (bytes > MOST) return free(memory);
    keepAtMost(MOST - bytes);
    pthread_mutex_lock(&kept.lock);
    const bool fits = kept.bytes <= MOST - bytes;
    if (fits) {
        kept.blocks[kept.count].memory = memory;
        kept.blocks[kept.count++].bytes = bytes;
        kept.bytes += bytes;
    }
    pthread_mutex_unlock(&kept.lock);
    if (!fits) free(memory);  // another thread was faster
}

ptrdiff_t ck_kept_bytes(void) {
    pthread_mutex_lock(&kept.lock);
    const ptrdiff_t bytes = kept.bytes;
    pthread_mutex_unlock(&kept.lock);
    return bytes;
}

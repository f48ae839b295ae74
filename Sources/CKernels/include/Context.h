// What a thread is doing: which tape records its operations, and which scope catches its errors.
#ifndef CKERNELS_CONTEXT_H
#define CKERNELS_CONTEXT_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/// The recording state of one thread. All fields are zero while nothing records.
typedef struct {
    /// The tape that records this thread's operations.
    void *_Nullable tape;
    /// The serial number of that tape; 0 while nothing records.
    uint64_t serial;
    /// The tape that would record if what is computed now were not left out.
    void *_Nullable suspended;
    /// The innermost scope that turns errors into thrown ones.
    void *_Nullable errorScope;
    /// How many errors were caught by such scopes.
    uint64_t errors;
    /// The place in the table of open serial numbers that this thread used last.
    uint64_t slot;
    /// How many instructions this thread's last tape had.
    uint64_t instructions;
} ck_context;

// Found at a fixed distance from the thread pointer, without a call; also where code is compiled for shared libraries.
extern _Thread_local ck_context ck_thread_context __attribute__((tls_model("initial-exec")));

/// This thread's context. Inlined, so that a read costs one load.
static inline ck_context *ck_current_context(void) { return &ck_thread_context; }

#pragma clang assume_nonnull end
#endif

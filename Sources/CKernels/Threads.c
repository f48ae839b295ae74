// A pool of threads that wait for work asleep.
#define _GNU_SOURCE
#include "include/Threads.h"
#include "Table.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST_THREADS 1024

static void stop(const char *problem) {
    fprintf(stderr, "%s\n", problem);
    abort();
}

// MARK: How many

static _Atomic(ptrdiff_t) processCount;  // 0: not yet asked for
static _Thread_local ptrdiff_t limit;

static ptrdiff_t standardCount(void) {
    const char *text = getenv("AUTOGRAD_THREADS");
    if (text && *text) {
        char *end;
        const long count = strtol(text, &end, 10);
        if (*end || count < 1 || count > MOST_THREADS) stop("AUTOGRAD_THREADS must be a whole number from 1 to 1024.");
        return count;
    }
#ifdef __linux__
    cpu_set_t processors;
    if (sched_getaffinity(0, sizeof processors, &processors) == 0) return CPU_COUNT(&processors);
#endif
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : MINIMUM(online, MOST_THREADS);
}

ptrdiff_t ck_thread_count(void) {
    if (limit > 0) return limit;
    ptrdiff_t count = atomic_load_explicit(&processCount, memory_order_relaxed);
    if (count == 0) {
        ptrdiff_t unknown = 0;
        count = standardCount();
        if (!atomic_compare_exchange_strong(&processCount, &unknown, count)) count = unknown;
    }
    return count;
}

void ck_set_thread_count(ptrdiff_t count) { atomic_store(&processCount, MINIMUM(count, MOST_THREADS)); }

ptrdiff_t ck_physical_memory(void) {
    const double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    return bytes > 0 && bytes < (double)PTRDIFF_MAX ? (ptrdiff_t)bytes : PTRDIFF_MAX;
}

ptrdiff_t ck_limit_threads(ptrdiff_t count) {
    const ptrdiff_t before = limit;
    limit = MINIMUM(count, MOST_THREADS);
    return before;
}

// MARK: The pool

/// The piece of work at hand. All fields are guarded by the lock; `body` runs without it.
static struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    void (*body)(void *, ptrdiff_t);
    void *context;
    ptrdiff_t parts, taken;
    ptrdiff_t wanted;   // threads that may still join
    ptrdiff_t running;  // threads that have joined and are not done
    ptrdiff_t started;  // threads there are
    bool isBusy;
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };

/// Does parts that nobody has taken. A thread that wakes up too late finds none; nobody waits for it.
static void takeParts(void) {
    while (pool.taken < pool.parts) {
        const ptrdiff_t part = pool.taken++;
        pthread_mutex_unlock(&pool.lock);
        pool.body(pool.context, part);
        pthread_mutex_lock(&pool.lock);
    }
}

static void *help(void *unused) {
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (pool.wanted == 0) pthread_cond_wait(&pool.work, &pool.lock);
        pool.wanted--;
        pool.running++;
        takeParts();
        if (--pool.running == 0) pthread_cond_signal(&pool.done);
    }
    return unused;
}

static void beforeFork(void) { pthread_mutex_lock(&pool.lock); }
static void inParent(void) { pthread_mutex_unlock(&pool.lock); }
/// A child has only the thread that forked.
static void inChild(void) {
    pool = (struct pool) {
        .lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER };
}
static void watchForks(void) { pthread_atfork(beforeFork, inParent, inChild); }

/// Starts threads until there are `count`, or the system has no more. They leave signals to the others.
static void startThreads(ptrdiff_t count) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (pthread_t thread; pool.started < count && pthread_create(&thread, NULL, help, NULL) == 0; pool.started++)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void ck_parallel(ptrdiff_t parts, void (*body)(void *, ptrdiff_t), void *context) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const ptrdiff_t helpers = MINIMUM(ck_thread_count(), parts) - 1;
    if (helpers > 0) {
        pthread_once(&once, watchForks);
        pthread_mutex_lock(&pool.lock);
        if (!pool.isBusy) {
            if (pool.started < helpers) startThreads(helpers);
            pool.isBusy = true;
            pool.body = body;
            pool.context = context;
            pool.parts = parts;
            pool.taken = 0;
            pool.wanted = MINIMUM(helpers, pool.started);
            for (ptrdiff_t h = 0; h < pool.wanted; h++) pthread_cond_signal(&pool.work);
            takeParts();
            pool.wanted = 0;
            while (pool.running > 0) pthread_cond_wait(&pool.done, &pool.lock);
            pool.isBusy = false;
            pthread_mutex_unlock(&pool.lock);
            return;
        }
        pthread_mutex_unlock(&pool.lock);
    }
    for (ptrdiff_t part = 0; part < parts; part++) body(context, part);
}

// MARK: A thread's workspace

static _Thread_local void *workspace;
static pthread_key_t workspaceKey;

static void freeWorkspace(void *memory) {
    free(memory);
    workspace = NULL;
}
static void makeWorkspaceKey(void) { pthread_key_create(&workspaceKey, freeWorkspace); }

void *ck_workspace(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (!workspace) {
        pthread_once(&once, makeWorkspaceKey);
        workspace = aligned_alloc(4096, CK_WORKSPACE_BYTES);
        if (!workspace) stop("There is no memory for the workspace of a matrix product.");
        pthread_setspecific(workspaceKey, workspace);
    }
    return workspace;
}

// MARK: Reading beside a writer

// The caller finds out by counting, which the sanitizer does not see.
__attribute__((no_sanitize("thread"))) void ck_copy_beside_writer(void *to, const void *from, ptrdiff_t count) {
    char *target = to;
    const volatile char *source = from;
    for (; count >= 8; count -= 8, target += 8, source += 8) *(uint64_t *)target = *(const volatile uint64_t *)source;
    for (ptrdiff_t i = 0; i < count; i++) target[i] = source[i];
}

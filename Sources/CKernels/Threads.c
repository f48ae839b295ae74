// A pool of threads that wait for work, awake for a moment and then asleep.
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
#include <time.h>
#include <unistd.h>

#define MOST_THREADS 1024
#ifndef __linux__
/// Other systems do not say on which processor a thread runs.
#define sched_getcpu() -1
#endif

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

// In nanoseconds.
enum {
    AWAKE = 40000,                                         // so long a thread waits for others before it sleeps
    WORTH_WAKING = 50000,                                  // one is woken for so much work without a longer break
    MOST_GAIN = 1000000, MOST_LOSS = 50000,                // how much helpers may have gained, and lose
    SHORTEST_PAUSE = 1000000, LONGEST_PAUSE = 100000000,
    LEAST_PART = 10000,                                    // shorter parts are not worth taking
};
/// The parts of a piece of work for each thread: the last one is waited for.
enum { PARTS = 4 };
/// What a helper that has joined adds to the places there are for others, and one that takes a part to what is taken.
#define HELPS ((int64_t)1 << 32)

struct work {
    void (*body)(void *, ptrdiff_t, ptrdiff_t);
    void *context;
    ptrdiff_t count, grain, parts;
};

static void doPart(const struct work *w, ptrdiff_t part) {
    const ptrdiff_t start = ck_start(part, w->parts, w->count, w->grain);
    w->body(w->context, start, ck_start(part + 1, w->parts, w->count, w->grain) - start);
}

/// The piece of work at hand, and the threads that help. Who sets `isBusy` may change the rest.
static struct pool {
    struct work work;
    int processor;            // that of the thread which divides it
    _Atomic(int64_t) taken;   // parts: from the first on by that thread, and from the last on, HELPS each, by helpers
    _Atomic(int64_t) places;  // how many helpers may still join, and HELPS for each that has and is not done
    _Atomic(bool) isBusy, isCrowded;
    ptrdiff_t started;                    // helpers there are
    _Atomic(ptrdiff_t) asleep;            // those of them who sleep
    pthread_mutex_t lock;
    ptrdiff_t called;                     // who have been woken, but do not know yet; guarded by the lock
    pthread_cond_t call;
    double lately, gain;          // nanoseconds of work without a break, and those that helpers gained, less what they lost
    int64_t end, pause, resumed;  // when work ended last; how long the helpers were left alone last, and until when
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER, .call = PTHREAD_COND_INITIALIZER };

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

/// Waits awake until `isReached` says so: false if that takes too long, for who works here may be what one waits for.
static bool waitAwake(bool (*isReached)(void)) {
    for (const int64_t end = now() + AWAKE; now() < end;)
        for (int i = 0; i < 16; i++) {
            if (isReached()) return true;
#ifdef __x86_64__
            __builtin_ia32_pause();
#else
            __asm__ volatile("yield");
#endif
        }
    return false;
}

static bool isDone(void) { return atomic_load(&pool.places) < HELPS; }

static bool join(void) {
    int64_t places = atomic_load(&pool.places);
    while (places % HELPS > 0)
        if (atomic_compare_exchange_weak(&pool.places, &places, places - 1 + HELPS)) return true;
    return false;
}

/// Does parts that nobody has taken, and returns how many. Helpers begin at the other end: so what lies in a thread's cache is
/// likely to be what it works on the next time.
static ptrdiff_t takeParts(bool helps) {
    for (ptrdiff_t count = 0;; count++) {
        const int64_t taken = atomic_fetch_add(&pool.taken, helps ? HELPS : 1);
        if (taken % HELPS + taken / HELPS >= pool.work.parts) return count;
        doPart(&pool.work, helps ? pool.work.parts - 1 - taken / HELPS : taken % HELPS);
    }
}

static void *help(void *unused) {
    for (ck_workspace();;) {
        if (waitAwake(join)) {
            // On the processor of the thread that is to be helped, one would but take its time; awake, one is moved elsewhere.
            const bool isCrowded = pool.processor >= 0 && sched_getcpu() == pool.processor;
            if (isCrowded) atomic_store(&pool.isCrowded, true);
            else takeParts(true);
            atomic_fetch_sub(&pool.places, HELPS);
            if (isCrowded) sched_yield();
            continue;
        }
        // Nobody waits for a helper that has not joined.
        pthread_mutex_lock(&pool.lock);
        pool.asleep++;
        while (pool.called == 0) pthread_cond_wait(&pool.call, &pool.lock);
        pool.called--;
        pthread_mutex_unlock(&pool.lock);
    }
    return unused;
}

/// A child has only the thread that forked.
static void inChild(void) {
    pool = (struct pool) { .lock = PTHREAD_MUTEX_INITIALIZER, .call = PTHREAD_COND_INITIALIZER };
}
static void watchForks(void) { pthread_atfork(NULL, NULL, inChild); }

/// Starts threads until there are `count`, or the system has no more. They leave signals to the others.
static void startThreads(ptrdiff_t count) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (pthread_t thread; pool.started < count && pthread_create(&thread, NULL, help, NULL) == 0; pool.started++)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/// Lets so many helpers join, and wakes some where fewer are awake, if that is worth it.
static void offer(ptrdiff_t places) {
    atomic_store(&pool.places, places);
    const ptrdiff_t asleep = pool.asleep, missing = MINIMUM(places - (pool.started - asleep), asleep);
    if (missing <= 0 || pool.lately < WORTH_WAKING) return;
    pthread_mutex_lock(&pool.lock);
    pool.asleep -= missing;
    pool.called += missing;
    for (ptrdiff_t n = 0; n < missing; n++) pthread_cond_signal(&pool.call);
    pthread_mutex_unlock(&pool.lock);
}

/// Waits for those who have joined; nobody else may.
static void finish(void) {
    atomic_fetch_and(&pool.places, -HELPS);
    if (isDone() || waitAwake(isDone)) return;
    // One that has been interrupted may go on here.
    while (!isDone()) nanosleep(&(struct timespec) { .tv_nsec = AWAKE }, NULL);
}

/// Leaves the helpers alone for a while where they cost more than they gain, as when their processors are busy elsewhere; for
/// longer, if they did so soon after the last while.
static void judge(double gain) {
    pool.gain = MINIMUM(pool.gain + gain, MOST_GAIN);
    if (pool.gain > -MOST_LOSS) return;
    const bool isSoon = pool.pause > 0 && pool.end - pool.resumed < 8 * SHORTEST_PAUSE + pool.pause;
    pool.pause = isSoon ? MINIMUM(2 * pool.pause, LONGEST_PAUSE) : SHORTEST_PAUSE;
    pool.resumed = pool.end + pool.pause;
    pool.gain = 0;
}

/// False where helpers are left alone.
static bool share(const struct work *work, double nanoseconds, ptrdiff_t helpers) {
    const int64_t start = now();
    if (start < pool.resumed) return false;
    if (pool.started < helpers) startThreads(helpers);
    pool.lately = nanoseconds + (start - pool.end < AWAKE ? pool.lately : 0);
    pool.work = *work;
    pool.processor = sched_getcpu();
    pool.taken = 0;
    offer(MINIMUM(helpers, pool.started));
    const int64_t offered = now();
    const double own = (double)takeParts(false);
    // What this thread would have taken for all parts.
    const double alone = (double)(now() - offered) * (double)work->parts / own;
    finish();
    pool.end = now();
    if (atomic_exchange(&pool.isCrowded, false)) judge(-MOST_GAIN - MOST_LOSS);
    else if (own > 0) judge(alone - (double)(pool.end - start));
    return true;
}

void ck_divide(
    ptrdiff_t count, ptrdiff_t grain, double nanoseconds, void (*body)(void *, ptrdiff_t, ptrdiff_t), void *context) {
    struct work work = { body, context, count, grain, .parts = 1 };
    if (nanoseconds >= CK_DIVISIBLE) {
        const double most = MINIMUM(nanoseconds / LEAST_PART, PARTS * (double)ck_thread_count());
        work.parts = MAXIMUM(1, (ptrdiff_t)MINIMUM(most, (double)(count / grain)));
    }
    const ptrdiff_t helpers = MINIMUM(ck_thread_count(), work.parts) - 1;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (helpers > 0) pthread_once(&once, watchForks);
    bool isDone = false;
    if (helpers > 0 && !atomic_load(&pool.isBusy) && !atomic_exchange(&pool.isBusy, true)) {
        isDone = share(&work, nanoseconds, helpers);
        atomic_store(&pool.isBusy, false);
    }
    if (!isDone) for (ptrdiff_t part = 0; part < work.parts; part++) doPart(&work, part);
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
        if (!workspace) stop("There is no memory for the workspace of a thread.");
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

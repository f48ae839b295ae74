// Draws of random numbers: what their blocks are made of is in Source/Random.inc.
#include "Table.h"

#include <string.h>

/// A whole number below `bound`, made of a word: the high half of their product, where its low half is not among the
/// 2⁶⁴ mod `bound` that would make some numbers more likely. Else it is made of word i of another attempt of the same draw.
///
/// Source: D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019).
static uint64_t below(uint64_t bound, uint64_t word, const ck_draw *draw, ptrdiff_t i) {
    ck_draw again = *draw;
    unsigned __int128 product = (unsigned __int128)word * bound;
    while ((uint64_t)product < bound && (uint64_t)product < -bound % bound) {
        uint64_t words[16];
        again.position += (uint64_t)1 << 48;
        ck_active_table()->random[CK_WORDS][0](&again, (uint64_t)i / 2, words);
        product = (unsigned __int128)words[i % 2] * bound;
    }
    return (uint64_t)(product >> 64);
}

struct work {
    const ck_draw *draw;
    ck_type type;
    ptrdiff_t size;  // of what is drawn, in bytes
    char *result;
};

/// Some groups of 8 blocks.
static void drawGroups(void *context, ptrdiff_t first, ptrdiff_t count) {
    const struct work *w = context;
    const ck_draw *draw = w->draw;
    const ptrdiff_t end = MINIMUM(w->size, (first + count) * 128);
    _Alignas(64) char group[128];
    for (ptrdiff_t i = first * 128; i < end; i += 128) {
        const bool isWhole = end - i >= 128;
        ck_active_table()->random[draw->distribution <= CK_NORMAL ? draw->distribution : CK_WORDS][w->type == CK_FLOAT32](
            draw, (uint64_t)i / 16, isWhole ? w->result + i : group);
        if (!isWhole) memcpy(w->result + i, group, (size_t)(end - i));
    }
    if (draw->distribution != CK_INTEGERS) return;
    uint64_t *words = (uint64_t *)w->result;
    for (ptrdiff_t i = first * 16; i < end / 8; i++) words[i] = (uint64_t)draw->lower + below(draw->width, words[i], draw, i);
}

void ck_random(const ck_draw *draw, ck_type type, ptrdiff_t count, void *result) {
    const bool isReal = draw->distribution == CK_UNIFORM || draw->distribution == CK_NORMAL;
    if (draw->distribution > CK_PERMUTATION || (isReal ? type > CK_FLOAT32 : type != CK_INT64)) __builtin_trap();
    struct work w = { draw, type, count * (type == CK_FLOAT32 ? 4 : 8), result };
    ck_divide((w.size + 127) / 128, 1, (double)count, drawGroups, &w);
    if (draw->distribution != CK_PERMUTATION) return;
    uint64_t *words = result;
    // Fisher and Yates' shuffle from the inside out: each element takes the place of one before it, or its own.
    for (ptrdiff_t i = 0; i < count; i++) {
        const uint64_t other = below((uint64_t)i + 1, words[i], draw, i);
        words[i] = words[other];
        words[other] = (uint64_t)i;
    }
}

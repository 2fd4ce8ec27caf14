/* What a CPU waits for, most of it in int8. A step of the decoder: attention over the sound, and products of a few
 * rows with a layer's weights. Both read megabytes once and do little with each byte, so they have
 * to go at the memory's speed, of which torch's operations reach half. The encoder: attention of all
 * positions over all, which torch has in float32 only. The Python side is kernels.py. There is no
 * Python in here, so one library serves every version of it.
 *
 * Each kernel is there in ways for AVX-512, for AVX2, and in plain C for any processor, which is
 * written in loops of fixed length over arrays so that a compiler makes vectors of them. What is not
 * a matter of a way is inlined into each of them and so compiled for its instructions.
 */

#pragma once

#include <stdint.h>
#include <string.h>
/* PLAIN_ONLY, as on any other processor: for tests. */
#if defined(__x86_64__) && !defined(PLAIN_ONLY)
#define X86
#include <immintrin.h>
#endif

#define EXPORT __attribute__((visibility("default")))
#define INLINED static inline __attribute__((always_inline))
#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,f16c")))
#define VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,f16c")))

/* What a step reads comes from memory, in pages of 4096 bytes, behind whose end the processor does not
 * look ahead by itself. With this a vocabulary of half precision took 1.9 ms where it took 2.6. */
#define AHEAD(at) _mm_prefetch((const char *)(at) + 4096, _MM_HINT_T0)

enum way { PLAIN, WITH_AVX2, WITH_AVX512, WITH_VNNI };

/* To the nearest whole number, between -2^22 and 2^22: 1.5 · 2^23 leaves no room for the rest. */
INLINED float rounded(float x) { return (x + 12582912.0f) - 12582912.0f; }

/* 2^x for x up to 0; what is below 2^-126 is that. The series leaves out 1e-7 of it. */
INLINED float power_of_two(float x) {
    x = x < -126 ? -126 : x;
    const float whole = rounded(x), f = x - whole;
    float y = 1.5403530e-4f;
    y = y * f + 1.3333558e-3f;
    y = y * f + 9.6181291e-3f;
    y = y * f + 5.5504109e-2f;
    y = y * f + 2.4022651e-1f;
    y = y * f + 6.9314718e-1f;
    y = y * f + 1.0f;
    const int32_t exponent = ((int32_t)whole + 127) << 23;
    float power;
    memcpy(&power, &exponent, sizeof power);
    return y * power;
}

/* x · (1 + erf(x / √2)) / 2. The error function by formula 7.1.26 of Abramowitz and Stegun, which is
 * wrong by 1.5e-7 at most: https://personal.math.ubc.ca/~cbm/aands/page_299.htm */
INLINED float gelu_of(float x) {
    const float size = x < 0 ? -x : x;
    const float t = 1 / (1 + 0.3275911f * 0.70710678f * size);
    float y = 1.061405429f;
    y = y * t - 1.453152027f;
    y = y * t + 1.421413741f;
    y = y * t - 0.284496736f;
    y = y * t + 0.254829592f;
    /* Half of what is left over to 1 on the far side of 0, by e^(-x² / 2). */
    const float rest = 0.5f * y * t * power_of_two(-0.72134752f * x * x);
    return x < 0 ? x * rest : x - x * rest;
}

/* --- Work that several threads share. ------------------------------------------------------------
 *
 * torch's own OpenMP starts it: its threads are awake between two operations of torch, and others
 * would fight them for the processors. Who is free takes the next piece, so the result does not
 * depend on how many came.
 */

typedef void starter(void (*)(void *), void *, unsigned, unsigned);

struct team {
    starter *start; /* GOMP_parallel; 0: all by the caller */
    unsigned threads;
};

struct pieces {
    void (*one)(const void *, int64_t);
    const void *work;
    int64_t count, next;
};

static inline void take(void *data) {
    struct pieces *pieces = data;
    int64_t piece;
    while ((piece = __atomic_fetch_add(&pieces->next, 1, __ATOMIC_RELAXED)) < pieces->count)
        pieces->one(pieces->work, piece);
}

static inline void share(const struct team *team, void (*one)(const void *, int64_t),
                         const void *work, int64_t count) {
    struct pieces pieces = {one, work, count, 0};
    /* Always as many as torch has: libgomp ends the threads that a smaller team leaves over. */
    if (team->start && team->threads > 1 && count > 1)
        team->start(take, &pieces, team->threads, 0);
    else
        take(&pieces);
}

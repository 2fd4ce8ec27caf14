/* The encoder's attention: all positions of a window over all of them. Over half of the encoder's time
 * on a CPU is here, where torch computes in float32.
 *
 * Scores are products of eight bits, and what they give of the values is one of sixteen: shares of 13
 * bits and values of 10. Queries and keys have their mean over the window taken out first, as in
 * SageAttention2: a key's mean adds the same to all scores of a query, which changes nothing, and a
 * query's adds something to each key's scores, which is computed in float32.
 * https://arxiv.org/abs/2411.10958
 *
 * The instructions are those of AVX512-VNNI. Without them torch's operation is as fast.
 */

#include <stdlib.h>

#include "kernels.h"

#ifdef X86

#define HEAD 64
#define TILE 64    /* keys that stand together */
#define ROWS 6     /* queries that are computed together: 24 vectors of sums */
#define PIECE 48   /* queries that a thread takes at once */
#define MOST 1536  /* positions: their scores stay in the nearest cache */
#define SHARE 8191 /* of the largest score; 512 · 8191 · 511 fits into 32 bits */
#define VALUE 511
#define SUMMED 512

/* One head's, of `tiles` tiles. */
struct head {
    int8_t *keys;                      /* (tiles, 16, 64, 4): four numbers of each key side by side */
    int16_t *values;                   /* (tiles, 32, 64, 2): a number of two keys side by side */
    float *key_scales, *added;         /* (tiles · 64); `added` to a key's scores */
    int32_t *sums;                     /* (tiles · 64): 128 times the sum of a key's numbers */
    float means[HEAD];                 /* of the queries */
    float scales[HEAD], offsets[HEAD]; /* of the values */
};

struct attending {
    const float *qkv;  /* (positions, 3, heads, 64) */
    const float *bias; /* (positions), added to the scores, or 0 */
    float *out;        /* (positions, heads, 64) */
    struct head *heads_of;
    int64_t positions, heads, tiles, pieces;
};

enum part { QUERY, KEY, VALUES };

INLINED const float *row_of(const struct attending *w, int64_t at, enum part part, int64_t head) {
    return w->qkv + ((at * 3 + part) * w->heads + head) * HEAD;
}

INLINED void mean_of(const struct attending *w, enum part part, int64_t head, float *mean) {
    float sums[HEAD] = {0};
    for (int64_t at = 0; at < w->positions; at++) {
        const float *x = row_of(w, at, part, head);
        for (int d = 0; d < HEAD; d++) sums[d] += x[d];
    }
    for (int d = 0; d < HEAD; d++) mean[d] = sums[d] / (float)w->positions;
}

/* x less the mean in eight bits, and their scale. */
INLINED float eight_bits(const float *x, const float *mean, int8_t *to) {
    float left[HEAD], most[16] = {0};
    for (int d = 0; d < HEAD; d++) left[d] = x[d] - mean[d];
    for (int first = 0; first < HEAD; first += 16)
        for (int j = 0; j < 16; j++) {
            const float size = left[first + j] < 0 ? -left[first + j] : left[first + j];
            most[j] = size > most[j] ? size : most[j];
        }
    for (int j = 1; j < 16; j++) most[0] = most[j] > most[0] ? most[j] : most[0];
    const float scale = most[0] > 1e-30f ? most[0] / 127 : 1e-30f;
    const float steps = 1 / scale;
    for (int d = 0; d < HEAD; d++) to[d] = (int8_t)(int32_t)rounded(left[d] * steps);
    return scale;
}

VNNI static void pack_keys(const struct attending *w, int64_t number) {
    struct head *head = w->heads_of + number;
    const float to_power = 0.125f * 1.44269504f; /* scores are powers of two */
    float mean[HEAD];
    mean_of(w, QUERY, number, head->means);
    mean_of(w, KEY, number, mean);
    for (int64_t at = 0; at < w->tiles * TILE; at++) {
        int8_t key[HEAD] = {0};
        int8_t *to = head->keys + at / TILE * TILE * HEAD + at % TILE * 4;
        float scale = 0, added = -1e30f;
        int32_t sum = 0;
        if (at < w->positions) {
            const float *x = row_of(w, at, KEY, number);
            scale = eight_bits(x, mean, key) * to_power;
            float products[16] = {0};
            for (int first = 0; first < HEAD; first += 16)
                for (int j = 0; j < 16; j++)
                    products[j] += (x[first + j] - mean[first + j]) * head->means[first + j];
            for (int j = 1; j < 16; j++) products[0] += products[j];
            added = products[0] * to_power + (w->bias ? w->bias[at] * 1.44269504f : 0);
            for (int d = 0; d < HEAD; d++) sum += key[d];
        }
        for (int quad = 0; quad < HEAD / 4; quad++) memcpy(to + quad * TILE * 4, key + quad * 4, 4);
        head->key_scales[at] = scale;
        head->added[at] = added;
        head->sums[at] = sum * 128;
    }
}

VNNI static void pack_values(const struct attending *w, int64_t number) {
    struct head *head = w->heads_of + number;
    float low[HEAD], high[HEAD], steps[HEAD];
    memcpy(low, row_of(w, 0, VALUES, number), sizeof low);
    memcpy(high, low, sizeof high);
    for (int64_t at = 1; at < w->positions; at++) {
        const float *x = row_of(w, at, VALUES, number);
        for (int d = 0; d < HEAD; d++) {
            low[d] = x[d] < low[d] ? x[d] : low[d];
            high[d] = x[d] > high[d] ? x[d] : high[d];
        }
    }
    for (int d = 0; d < HEAD; d++) {
        const float scale = (high[d] - low[d]) / (2 * VALUE);
        head->offsets[d] = low[d] + (high[d] - low[d]) / 2;
        head->scales[d] = scale > 1e-30f ? scale : 1e-30f;
        steps[d] = 1 / head->scales[d];
    }
    for (int64_t at = 0; at < w->tiles * TILE; at += 2) {
        int16_t pair[2][HEAD] = {{0}}, *to = head->values + at * HEAD;
        for (int one = 0; one < 2 && at + one < w->positions; one++) {
            const float *x = row_of(w, at + one, VALUES, number);
            for (int d = 0; d < HEAD; d++) {
                const float y = rounded((x[d] - head->offsets[d]) * steps[d]);
                pair[one][d] = (int16_t)(int32_t)(y > VALUE ? VALUE : y < -VALUE ? -VALUE : y);
            }
        }
        for (int d = 0; d < HEAD; d++) to[2 * d] = pair[0][d], to[2 * d + 1] = pair[1][d];
    }
}

VNNI static void pack(const void *data, int64_t piece) {
    (piece % 2 ? pack_values : pack_keys)(data, piece / 2);
}

/* Into the same register, which GCC 12 does not see by itself: it copied and spilled half of the sums,
 * and a window took twice as long. */
#define DOT_BYTES(sum, a, b) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b))
#define DOT_WORDS(sum, a, b) __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b))

/* The scores of ROWS queries, whose numbers have 128 added, over all keys; the largest of each. */
INLINED VNNI void scores_of(const struct head *head, int64_t tiles, const uint8_t *q,
                            const float *scales, float *scores, float *largest) {
    __m512 most[ROWS];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) most[r] = _mm512_set1_ps(-1e30f);
    for (int64_t tile = 0; tile < tiles; tile++) {
        const int8_t *keys = head->keys + tile * TILE * HEAD;
        __m512i sums[ROWS][4];
#pragma GCC unroll 8
        for (int g = 0; g < 4; g++) {
            const __m512i extra = _mm512_loadu_si512(head->sums + tile * TILE + 16 * g);
#pragma GCC unroll 8
            for (int r = 0; r < ROWS; r++) sums[r][g] = _mm512_sub_epi32(_mm512_setzero_si512(), extra);
        }
        for (int quad = 0; quad < HEAD / 4; quad++, keys += TILE * 4) {
            const __m512i k0 = _mm512_loadu_si512(keys), k1 = _mm512_loadu_si512(keys + 64);
            const __m512i k2 = _mm512_loadu_si512(keys + 128), k3 = _mm512_loadu_si512(keys + 192);
#pragma GCC unroll 8
            for (int r = 0; r < ROWS; r++) {
                int32_t four;
                memcpy(&four, q + r * HEAD + quad * 4, sizeof four);
                const __m512i fours = _mm512_set1_epi32(four);
                DOT_BYTES(sums[r][0], fours, k0);
                DOT_BYTES(sums[r][1], fours, k1);
                DOT_BYTES(sums[r][2], fours, k2);
                DOT_BYTES(sums[r][3], fours, k3);
            }
        }
#pragma GCC unroll 8
        for (int g = 0; g < 4; g++) {
            const int64_t at = tile * TILE + 16 * g;
            const __m512 key_scales = _mm512_loadu_ps(head->key_scales + at);
            const __m512 added = _mm512_loadu_ps(head->added + at);
#pragma GCC unroll 8
            for (int r = 0; r < ROWS; r++) {
                const __m512 scale = _mm512_mul_ps(key_scales, _mm512_set1_ps(scales[r]));
                const __m512 s = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[r][g]), scale, added);
                _mm512_storeu_ps(scores + r * MOST + at, s);
                most[r] = _mm512_max_ps(most[r], s);
            }
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++) largest[r] = _mm512_reduce_max_ps(most[r]);
}

/* n scores → 2^(score - largest) in whole numbers up to SHARE, in their place; their sum. A series
 * of four powers is wrong by 4e-6. */
INLINED VNNI float shares_of(float *scores, int64_t n, float largest) {
    int16_t *to = (int16_t *)scores;
    __m512i sum = _mm512_setzero_si512();
    for (int64_t at = 0; at < n; at += 16) {
        const __m512 x = _mm512_sub_ps(_mm512_loadu_ps(scores + at), _mm512_set1_ps(largest));
        const __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        const __m512 f = _mm512_sub_ps(x, whole);
        __m512 y = _mm512_set1_ps(SHARE * 9.6181291e-3f);
        y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(SHARE * 5.5504109e-2f));
        y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(SHARE * 2.4022651e-1f));
        y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(SHARE * 6.9314718e-1f));
        y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(SHARE));
        const __m512i share = _mm512_cvtps_epi32(_mm512_scalef_ps(y, whole));
        sum = _mm512_add_epi32(sum, share);
        _mm256_storeu_si256((void *)(to + at), _mm512_cvtepi32_epi16(share));
    }
    return (float)_mm512_reduce_add_epi32(sum);
}

/* heard (ROWS × 64) = the shares · the values */
INLINED VNNI void values_of(const struct head *head, int64_t n, const float *shares, float *heard) {
    memset(heard, 0, ROWS * HEAD * sizeof(float));
    for (int64_t first = 0; first < n; first += SUMMED) {
        const int64_t end = n - first < SUMMED ? n : first + SUMMED;
        __m512i sums[ROWS][4];
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
            for (int g = 0; g < 4; g++) sums[r][g] = _mm512_setzero_si512();
        for (int64_t at = first; at < end; at += 2) {
            const int16_t *values = head->values + at * HEAD;
            const __m512i v0 = _mm512_loadu_si512(values), v1 = _mm512_loadu_si512(values + 32);
            const __m512i v2 = _mm512_loadu_si512(values + 64), v3 = _mm512_loadu_si512(values + 96);
#pragma GCC unroll 8
            for (int r = 0; r < ROWS; r++) {
                int32_t two;
                memcpy(&two, (const int16_t *)(shares + r * MOST) + at, sizeof two);
                const __m512i twos = _mm512_set1_epi32(two);
                DOT_WORDS(sums[r][0], twos, v0);
                DOT_WORDS(sums[r][1], twos, v1);
                DOT_WORDS(sums[r][2], twos, v2);
                DOT_WORDS(sums[r][3], twos, v3);
            }
        }
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
            for (int g = 0; g < 4; g++) {
                float *to = heard + r * HEAD + 16 * g;
                _mm512_storeu_ps(to, _mm512_add_ps(_mm512_loadu_ps(to), _mm512_cvtepi32_ps(sums[r][g])));
            }
    }
}

VNNI static void attend_piece(const void *data, int64_t piece) {
    const struct attending *w = data;
    const int64_t number = piece / w->pieces, first = piece % w->pieces * PIECE;
    const int64_t end = first + PIECE < w->positions ? first + PIECE : w->positions;
    const struct head *head = w->heads_of + number;
    float scores[ROWS * MOST], scales[ROWS], largest[ROWS], sums[ROWS], heard[ROWS * HEAD];
    uint8_t q[ROWS * HEAD];
    for (int64_t at = first; at < end; at += ROWS) {
        for (int r = 0; r < ROWS; r++) {
            int8_t taken[HEAD];
            /* Where queries run out the last one is computed again, and not used. */
            const int64_t row = at + r < end ? at + r : end - 1;
            scales[r] = eight_bits(row_of(w, row, QUERY, number), head->means, taken);
            for (int d = 0; d < HEAD; d++) q[r * HEAD + d] = (uint8_t)(taken[d] + 128);
        }
        scores_of(head, w->tiles, q, scales, scores, largest);
        for (int r = 0; r < ROWS; r++)
            sums[r] = shares_of(scores + r * MOST, w->tiles * TILE, largest[r]);
        values_of(head, w->tiles * TILE, scores, heard);
        for (int r = 0; r < ROWS && at + r < end; r++) {
            float *to = w->out + ((at + r) * w->heads + number) * HEAD;
            const float share = 1 / sums[r];
            for (int d = 0; d < HEAD; d++)
                to[d] = heard[r * HEAD + d] * share * head->scales[d] + head->offsets[d];
        }
    }
}

static int64_t bytes_of_head(int64_t tiles) {
    return tiles * TILE * (HEAD * (sizeof(int8_t) + sizeof(int16_t)) + 2 * sizeof(float) + sizeof(int32_t));
}

static void lay_out(struct head *head, char *memory, int64_t tiles) {
    const int64_t keys = tiles * TILE;
    head->values = (int16_t *)memory;
    head->keys = (int8_t *)(head->values + keys * HEAD);
    head->key_scales = (float *)(head->keys + keys * HEAD);
    head->added = head->key_scales + keys;
    head->sums = (int32_t *)(head->added + keys);
}

#endif

/* What the positions of a window, at most MOST of them, hear of each other: qkv (positions, 3, heads,
 * 64) → out (positions, heads, 64). 1 where there is no memory for it, else 0. For WITH_VNNI alone. */
EXPORT int attend(const float *qkv, const float *bias, float *out, int64_t positions, int64_t heads,
                  const struct team *team) {
#ifdef X86
    const int64_t tiles = (positions + TILE - 1) / TILE, bytes = bytes_of_head(tiles);
    const int64_t pieces = (positions + PIECE - 1) / PIECE;
    char *memory = malloc(heads * (sizeof(struct head) + bytes));
    if (!memory) return 1;
    struct head *heads_of = (struct head *)(memory + heads * bytes);
    for (int64_t number = 0; number < heads; number++)
        lay_out(heads_of + number, memory + number * bytes, tiles);
    const struct attending w = {qkv, bias, out, heads_of, positions, heads, tiles, pieces};
    share(team, pack, &w, 2 * heads);
    share(team, attend_piece, &w, heads * pieces);
    free(memory);
    return 0;
#else
    (void)qkv, (void)bias, (void)out, (void)positions, (void)heads, (void)team;
    return 1;
#endif
}

/* Attention over the keys and values of the sound, in int8. kernels.h says what for.
 *
 * A head's keys and values stand in tiles of 64 positions × 64 numbers of 8 bits, 64 being the size
 * of Whisper's heads: a value's numbers side by side, a key's below each other. So scores and their
 * result are one product, of a few rows with such a tile. Each of the 64 numbers has a scale, and
 * an offset: the middle of its range. A key's scale goes into the query. Its offset would add the
 * same to all scores, which changes nothing. A value's come at the end.
 */

#include "kernels.h"

#define TILE 64
#define ROWS 8 /* queries that are computed together */

/* One layer's, of all windows: keys and values (windows, heads, tiles, 64, 64), ranges (windows, 4,
 * heads, 64): scales and offsets of keys, then of values; positions (windows). */
struct sound {
    int8_t *keys, *values;
    float *ranges;
    int64_t *positions;
    int64_t heads, tiles;
};

enum range { KEY_SCALES, KEY_OFFSETS, VALUE_SCALES, VALUE_OFFSETS };

INLINED float *range_of(const struct sound *sound, int64_t window, int64_t head, enum range range) {
    return sound->ranges + ((window * 4 + range) * sound->heads + head) * TILE;
}

/* c (rows × 64) += a (rows × n of 64) · b (n × 64) */
typedef void product(int64_t rows, const float *a, int64_t n, const int8_t *b, float *c);

static void product_plain(int64_t rows, const float *a, int64_t n, const int8_t *b, float *c) {
    for (int64_t r = 0; r < rows; r++, a += TILE, c += TILE)
        for (int64_t i = 0; i < n; i++)
            for (int j = 0; j < TILE; j++) c[j] += a[i] * (float)b[i * TILE + j];
}

#ifdef X86
/* `rows` and `groups` of vectors are constants where it is inlined: all sums stay in registers, and
 * what was widened to float32 serves all rows. */
INLINED AVX2 void columns_avx2(const int rows, const int groups, const float *a, int64_t n,
                               const int8_t *b, float *c) {
    for (int first = 0; first < TILE; first += 8 * groups) {
        __m256 sums[ROWS][8];
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
            for (int g = 0; g < groups; g++)
                sums[r][g] = _mm256_loadu_ps(c + r * TILE + first + 8 * g);
        for (int64_t i = 0; i < n; i++) {
            if (!first) AHEAD(b + i * TILE); /* the next tile */
#pragma GCC unroll 8
            for (int g = 0; g < groups; g++) {
                const int8_t *at = b + i * TILE + first + 8 * g;
                __m256 x = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((void *)at)));
#pragma GCC unroll 8
                for (int r = 0; r < rows; r++)
                    sums[r][g] = _mm256_fmadd_ps(_mm256_set1_ps(a[r * TILE + i]), x, sums[r][g]);
            }
        }
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
            for (int g = 0; g < groups; g++)
                _mm256_storeu_ps(c + r * TILE + first + 8 * g, sums[r][g]);
    }
}

INLINED AVX2 void product_avx2(int64_t rows, const float *a, int64_t n, const int8_t *b, float *c) {
    switch (rows) {
    case 1: columns_avx2(1, 8, a, n, b, c); break;
    case 2: columns_avx2(2, 4, a, n, b, c); break;
    case 3: columns_avx2(3, 4, a, n, b, c); break;
    case 4: columns_avx2(4, 2, a, n, b, c); break;
    case 5: columns_avx2(5, 2, a, n, b, c); break;
    case 6: columns_avx2(6, 2, a, n, b, c); break;
    case 7: columns_avx2(7, 1, a, n, b, c); break;
    default: columns_avx2(8, 1, a, n, b, c); break;
    }
}

INLINED AVX512 void columns_avx512(const int rows, const int groups, const float *a, int64_t n,
                                   const int8_t *b, float *c) {
    for (int first = 0; first < TILE; first += 16 * groups) {
        __m512 sums[ROWS][4];
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
            for (int g = 0; g < groups; g++)
                sums[r][g] = _mm512_loadu_ps(c + r * TILE + first + 16 * g);
        for (int64_t i = 0; i < n; i++) {
            if (!first) AHEAD(b + i * TILE); /* the next tile */
#pragma GCC unroll 8
            for (int g = 0; g < groups; g++) {
                const int8_t *at = b + i * TILE + first + 16 * g;
                __m512 x = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((void *)at)));
#pragma GCC unroll 8
                for (int r = 0; r < rows; r++)
                    sums[r][g] = _mm512_fmadd_ps(_mm512_set1_ps(a[r * TILE + i]), x, sums[r][g]);
            }
        }
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
            for (int g = 0; g < groups; g++)
                _mm512_storeu_ps(c + r * TILE + first + 16 * g, sums[r][g]);
    }
}

INLINED AVX512 void product_avx512(int64_t rows, const float *a, int64_t n, const int8_t *b,
                                   float *c) {
    switch (rows) {
    case 1: columns_avx512(1, 4, a, n, b, c); break;
    case 2: columns_avx512(2, 4, a, n, b, c); break;
    case 3: columns_avx512(3, 4, a, n, b, c); break;
    case 4: columns_avx512(4, 4, a, n, b, c); break;
    case 5: columns_avx512(5, 4, a, n, b, c); break;
    case 6: columns_avx512(6, 4, a, n, b, c); break;
    case 7: columns_avx512(7, 2, a, n, b, c); break;
    default: columns_avx512(8, 2, a, n, b, c); break;
    }
}
#endif

struct listening {
    const struct sound *sound;
    const float *q;    /* (windows, rows, heads, 64) */
    const float *bias; /* added to the scores, the same for all heads, a window's `bias_step` apart; or 0 */
    float *out;        /* as q */
    int64_t rows, bias_step;
};

/* s → 2^(s - most), whose sum it gives. `most` is at least the largest. */
INLINED float powers(float *s, float most) {
    float sums[16] = {0};
    for (int j = 0; j < TILE; j++) s[j] = power_of_two(s[j] - most);
    for (int first = 0; first < TILE; first += 16)
        for (int j = 0; j < 16; j++) sums[j] += s[first + j];
    float sum = 0;
    for (int j = 0; j < 16; j++) sum += sums[j];
    return sum;
}

INLINED float largest(const float *s) {
    float most[16];
    memcpy(most, s, sizeof most);
    for (int first = 16; first < TILE; first += 16)
        for (int j = 0; j < 16; j++) most[j] = s[first + j] > most[j] ? s[first + j] : most[j];
    for (int j = 1; j < 16; j++) most[0] = most[j] > most[0] ? most[j] : most[0];
    return most[0];
}

/* One window's head, for up to ROWS queries. Tile by tile, as in FlashAttention: a largest score
 * that turns out to be larger makes what was summed up smaller. https://arxiv.org/abs/2205.14135 */
INLINED void listen_rows(const struct listening *w, int64_t pair, int64_t first, int64_t rows,
                         product *times) {
    const struct sound *sound = w->sound;
    const int64_t window = pair / sound->heads, head = pair % sound->heads;
    const int64_t positions = sound->positions[window];
    const float log2e = 1.44269504f;
    float q[ROWS * TILE], scores[ROWS * TILE], heard[ROWS * TILE] = {0};
    float most[ROWS], sums[ROWS] = {0};
    const float *scales = range_of(sound, window, head, KEY_SCALES);
    for (int64_t r = 0; r < rows; r++) {
        const float *asked = w->q + ((window * w->rows + first + r) * sound->heads + head) * TILE;
        for (int d = 0; d < TILE; d++)
            q[r * TILE + d] = asked[d] * scales[d] * (0.125f * log2e);
        most[r] = -1e30f;
    }
    for (int64_t at = 0; at < positions; at += TILE) {
        const int64_t tile = (pair * sound->tiles + at / TILE) * TILE * TILE;
        const int64_t n = positions - at < TILE ? positions - at : TILE;
        float bias[TILE] = {0};
        if (w->bias)
            for (int64_t j = 0; j < n; j++) bias[j] = w->bias[window * w->bias_step + at + j] * log2e;
        for (int64_t j = n; j < TILE; j++) bias[j] = -1e30f;
        for (int64_t r = 0; r < rows; r++) memcpy(scores + r * TILE, bias, sizeof bias);
        times(rows, q, TILE, sound->keys + tile, scores);
        for (int64_t r = 0; r < rows; r++) {
            const float larger = largest(scores + r * TILE);
            if (larger > most[r]) {
                const float smaller = power_of_two(most[r] - larger);
                for (int d = 0; d < TILE; d++) heard[r * TILE + d] *= smaller;
                sums[r] *= smaller;
                most[r] = larger;
            }
            sums[r] += powers(scores + r * TILE, most[r]);
        }
        times(rows, scores, n, sound->values + tile, heard);
    }
    scales = range_of(sound, window, head, VALUE_SCALES);
    const float *offsets = range_of(sound, window, head, VALUE_OFFSETS);
    for (int64_t r = 0; r < rows; r++) {
        float *out = w->out + ((window * w->rows + first + r) * sound->heads + head) * TILE;
        const float share = positions ? 1 / sums[r] : 0;
        for (int d = 0; d < TILE; d++)
            out[d] = positions ? heard[r * TILE + d] * share * scales[d] + offsets[d] : 0;
    }
}

INLINED void listen_pair(const void *data, int64_t pair, product *times) {
    const struct listening *w = data;
    for (int64_t first = 0; first < w->rows; first += ROWS)
        listen_rows(w, pair, first, w->rows - first < ROWS ? w->rows - first : ROWS, times);
}

static void listen_plain(const void *w, int64_t pair) { listen_pair(w, pair, product_plain); }
#ifdef X86
AVX2 static void listen_avx2(const void *w, int64_t pair) { listen_pair(w, pair, product_avx2); }
AVX512 static void listen_avx512(const void *w, int64_t pair) {
    listen_pair(w, pair, product_avx512);
}
#endif

/* What the first `windows` hear. */
EXPORT void listen(const struct sound *sound, const float *q, const float *bias, int64_t bias_step,
                   float *out, int64_t windows, int64_t rows, const struct team *team, int way) {
    const struct listening w = {sound, q, bias, out, rows, bias_step};
    void (*one)(const void *, int64_t) = listen_plain;
#ifdef X86
    if (way >= WITH_AVX2) one = way >= WITH_AVX512 ? listen_avx512 : listen_avx2;
#endif
    share(team, one, &w, windows * sound->heads);
}

struct keeping {
    const struct sound *sound;
    const float *keys, *values; /* (positions, heads, 64), positions `step` numbers apart */
    int64_t window, positions, step;
};

INLINED void keep_half(const float *x, const struct keeping *w, float *scales, float *offsets,
                       int8_t *to, const int transposed) {
    float low[TILE], high[TILE], steps[TILE];
    memcpy(low, x, sizeof low);
    memcpy(high, x, sizeof high);
    for (int64_t at = 1; at < w->positions; at++) {
        const float *now = x + at * w->step;
        for (int d = 0; d < TILE; d++) {
            low[d] = now[d] < low[d] ? now[d] : low[d];
            high[d] = now[d] > high[d] ? now[d] : high[d];
        }
    }
    for (int d = 0; d < TILE; d++) {
        const float scale = (high[d] - low[d]) / 254;
        offsets[d] = low[d] + (high[d] - low[d]) / 2;
        scales[d] = scale > 1e-30f ? scale : 1e-30f;
        steps[d] = 1 / scales[d];
    }
    for (int64_t at = 0; at < w->positions; at += TILE, to += TILE * TILE) {
        int8_t tile[TILE * TILE] = {0};
        const int64_t n = w->positions - at < TILE ? w->positions - at : TILE;
        for (int64_t p = 0; p < n; p++) {
            const float *now = x + (at + p) * w->step;
            for (int d = 0; d < TILE; d++) {
                const float y = rounded((now[d] - offsets[d]) * steps[d]);
                tile[p * TILE + d] = (int8_t)(int32_t)(y > 127 ? 127 : y < -127 ? -127 : y);
            }
        }
        if (transposed)
            for (int d = 0; d < TILE; d++)
                for (int p = 0; p < TILE; p++) to[d * TILE + p] = tile[p * TILE + d];
        else
            memcpy(to, tile, sizeof tile);
    }
}

INLINED void keep_head(const void *data, int64_t piece) {
    const struct keeping *w = data;
    const struct sound *s = w->sound;
    const int64_t head = piece / 2;
    const int64_t tile = (w->window * s->heads + head) * s->tiles * TILE * TILE;
    if (piece % 2)
        keep_half(w->values + head * TILE, w, range_of(s, w->window, head, VALUE_SCALES),
                  range_of(s, w->window, head, VALUE_OFFSETS), s->values + tile, 0);
    else
        keep_half(w->keys + head * TILE, w, range_of(s, w->window, head, KEY_SCALES),
                  range_of(s, w->window, head, KEY_OFFSETS), s->keys + tile, 1);
}

static void keep_plain(const void *w, int64_t piece) { keep_head(w, piece); }
#ifdef X86
AVX2 static void keep_avx2(const void *w, int64_t piece) { keep_head(w, piece); }
AVX512 static void keep_avx512(const void *w, int64_t piece) { keep_head(w, piece); }
#endif

/* Put a window's keys and values into its place; at least one position of them. */
EXPORT void keep_sound(const struct sound *sound, const float *keys, const float *values,
                       int64_t window, int64_t positions, int64_t step, const struct team *team,
                       int way) {
    const struct keeping w = {sound, keys, values, window, positions, step};
    void (*one)(const void *, int64_t) = keep_plain;
#ifdef X86
    if (way >= WITH_AVX2) one = way >= WITH_AVX512 ? keep_avx512 : keep_avx2;
#endif
    sound->positions[window] = positions;
    share(team, one, &w, 2 * sound->heads);
}

/* The inputs of oneDNN's int8 products, for the encoder's hundreds of rows: bytes with one scale. In
 * torch that is three operations, which read and write it all each time. kernels.h says what for.
 */

#include <stdlib.h>

#include "kernels.h"

#define PIECE 16384 /* numbers */
#define LANES 16

struct numbers {
    const float *x;
    int64_t count;
    float *ranges; /* (pieces, 2): the smallest and the largest of each, and 0 */
    uint8_t *out;
    float steps, zero, most;
};

INLINED void measure_piece(const void *data, int64_t piece) {
    const struct numbers *w = data;
    const float *x = w->x + piece * PIECE;
    const int64_t n = w->count - piece * PIECE < PIECE ? w->count - piece * PIECE : PIECE;
    float low[LANES] = {0}, high[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) {
            low[j] = x[i + j] < low[j] ? x[i + j] : low[j];
            high[j] = x[i + j] > high[j] ? x[i + j] : high[j];
        }
    for (; i < n; i++) {
        low[0] = x[i] < low[0] ? x[i] : low[0];
        high[0] = x[i] > high[0] ? x[i] : high[0];
    }
    for (int j = 1; j < LANES; j++) {
        low[0] = low[j] < low[0] ? low[j] : low[0];
        high[0] = high[j] > high[0] ? high[j] : high[0];
    }
    w->ranges[2 * piece] = low[0];
    w->ranges[2 * piece + 1] = high[0];
}

INLINED void write_piece(const void *data, int64_t piece) {
    const struct numbers *w = data;
    const int64_t first = piece * PIECE;
    const int64_t end = w->count - first < PIECE ? w->count : first + PIECE;
    for (int64_t i = first; i < end; i++) {
        const float y = rounded(w->x[i] * w->steps) + w->zero;
        w->out[i] = (uint8_t)(int32_t)(y < 0 ? 0 : y > w->most ? w->most : y);
    }
}

static void measure_plain(const void *w, int64_t piece) { measure_piece(w, piece); }
static void write_plain(const void *w, int64_t piece) { write_piece(w, piece); }
#if defined(__x86_64__)
AVX2 static void measure_avx2(const void *w, int64_t piece) { measure_piece(w, piece); }
AVX2 static void write_avx2(const void *w, int64_t piece) { write_piece(w, piece); }
AVX512 static void measure_avx512(const void *w, int64_t piece) { measure_piece(w, piece); }
AVX512 static void write_avx512(const void *w, int64_t piece) { write_piece(w, piece); }
#endif

/* out = x / scale + zero in whole numbers from 0 to `most`, so that all of x and 0 are among them.
 * 1 where there is no memory for the ranges, else 0. */
EXPORT int bytes_of(const float *x, uint8_t *out, int64_t count, int most, float *scale, int *zero,
                    const struct team *team, int way) {
    const int64_t pieces = (count + PIECE - 1) / PIECE;
    struct numbers w = {x, count, malloc((pieces + 1) * 2 * sizeof(float)), out, 0, 0, most};
    if (!w.ranges) return 1;
    void (*measure)(const void *, int64_t) = measure_plain;
    void (*write)(const void *, int64_t) = write_plain;
#if defined(__x86_64__)
    if (way >= WITH_AVX2) measure = measure_avx2, write = write_avx2;
    if (way >= WITH_AVX512) measure = measure_avx512, write = write_avx512;
#endif
    share(team, measure, &w, pieces);
    float low = 0, high = 0;
    for (int64_t piece = 0; piece < pieces; piece++) {
        low = w.ranges[2 * piece] < low ? w.ranges[2 * piece] : low;
        high = w.ranges[2 * piece + 1] > high ? w.ranges[2 * piece + 1] : high;
    }
    free(w.ranges);
    *scale = (high - low) / most > 1e-12f ? (high - low) / most : 1e-12f;
    w.steps = 1 / *scale;
    w.zero = rounded(-low / *scale);
    *zero = (int)w.zero;
    share(team, write, &w, pieces);
    return 0;
}

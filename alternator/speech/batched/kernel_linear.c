/* A linear layer with int8 weights for a few rows. kernels.h says what for.
 *
 * Each output has a scale for its weights, each row one for its inputs, both symmetric: the sums are
 * whole numbers, and the same in every way. Weights stand in blocks of 32 outputs: four inputs of
 * each side by side, then the next four of each, as vpdpbusd takes them.
 */

#include <stdlib.h>

#include "kernels.h"

#define BLOCK 32
#define ROWS 8      /* that are computed together */
#define PIECE 65536 /* bytes of weights, which many rows read again from the processor's cache */

/* `weights` (blocks, inputs / 4, 32, 4), from -127 to 127, outputs padded to whole blocks with zeros;
 * `sums`: of each output's weights, padded likewise; `bias`, which may be 0, and `scales`: one for
 * each output; `gelu`: whether GELU comes after. `inputs` is a multiple of 4. */
struct layer {
    const int8_t *weights;
    const int32_t *sums;
    const float *scales, *bias;
    int64_t inputs, outputs, gelu;
};

struct multiplying {
    const struct layer *layer;
    int8_t *x; /* (rows, inputs) */
    float *row_scales;
    float *out; /* (rows, outputs) */
    int64_t rows, blocks, blocks_of_piece;
};

/* found (rows × 32) = x (rows × inputs) · a block of weights, whose sums are `sums` */
typedef void block_product(int64_t rows, const int8_t *x, int64_t inputs, const int8_t *weights,
                           const int32_t *sums, int32_t *found);

static void block_plain(int64_t rows, const int8_t *x, int64_t inputs, const int8_t *weights,
                        const int32_t *sums, int32_t *found) {
    (void)sums;
    memset(found, 0, rows * BLOCK * sizeof(int32_t));
    for (int64_t r = 0; r < rows; r++, x += inputs, found += BLOCK)
        for (int64_t i = 0; i < inputs; i++)
            for (int o = 0; o < BLOCK; o++)
                found[o] += x[i] * weights[(i / 4 * BLOCK + o) * 4 + i % 4];
}

#ifdef X86
/* vpmaddubsw takes one side without a sign, and adds two products in 16 bits. So the weight gives its
 * sign to the input: two times 127 · 127 is just not too much. `rows` is a constant where it is
 * inlined, and at most 3, for whose sums there are registers. */
INLINED AVX2 void lines_avx2(const int rows, const int8_t *x, int64_t inputs,
                             const int8_t *weights, int32_t *found) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i some[3][4];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int g = 0; g < 4; g++) some[r][g] = _mm256_setzero_si256();
    for (int64_t i = 0; i < inputs; i += 4) {
#pragma GCC unroll 8
        for (int g = 0; g < 4; g++) {
            const __m256i w = _mm256_loadu_si256((const void *)(weights + i * BLOCK + 32 * g));
            const __m256i size = _mm256_abs_epi8(w);
            if (g % 2 == 0) AHEAD(weights + i * BLOCK + 32 * g);
#pragma GCC unroll 8
            for (int r = 0; r < rows; r++) {
                int32_t four;
                memcpy(&four, x + r * inputs + i, sizeof four);
                const __m256i fours = _mm256_sign_epi8(_mm256_set1_epi32(four), w);
                const __m256i pairs = _mm256_maddubs_epi16(size, fours);
                some[r][g] = _mm256_add_epi32(some[r][g], _mm256_madd_epi16(pairs, ones));
            }
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int g = 0; g < 4; g++)
            _mm256_storeu_si256((void *)(found + r * BLOCK + 8 * g), some[r][g]);
}

INLINED AVX2 void block_avx2(int64_t rows, const int8_t *x, int64_t inputs, const int8_t *weights,
                             const int32_t *sums, int32_t *found) {
    (void)sums;
    for (; rows > 4 || rows == 3; rows -= 3, x += 3 * inputs, found += 3 * BLOCK)
        lines_avx2(3, x, inputs, weights, found);
    for (; rows >= 2; rows -= 2, x += 2 * inputs, found += 2 * BLOCK)
        lines_avx2(2, x, inputs, weights, found);
    if (rows) lines_avx2(1, x, inputs, weights, found);
}

/* vpdpbusd takes the inputs without a sign: 128 is added to them, and the sums start without that. */
INLINED VNNI void lines_vnni(const int rows, const int8_t *x, int64_t inputs,
                             const int8_t *weights, const int32_t *sums, int32_t *found) {
    __m512i some[ROWS][2];
#pragma GCC unroll 8
    for (int g = 0; g < 2; g++) {
        const __m512i extra = _mm512_slli_epi32(_mm512_loadu_si512(sums + 16 * g), 7);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++)
            some[r][g] = _mm512_sub_epi32(_mm512_setzero_si512(), extra);
    }
    for (int64_t i = 0; i < inputs; i += 4) {
        const __m512i low = _mm512_loadu_si512(weights + i * BLOCK);
        const __m512i high = _mm512_loadu_si512(weights + i * BLOCK + 64);
        AHEAD(weights + i * BLOCK);
        AHEAD(weights + i * BLOCK + 64);
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            uint32_t four;
            memcpy(&four, x + r * inputs + i, sizeof four);
            const __m512i fours = _mm512_set1_epi32((int)(four ^ 0x80808080u));
            some[r][0] = _mm512_dpbusd_epi32(some[r][0], fours, low);
            some[r][1] = _mm512_dpbusd_epi32(some[r][1], fours, high);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int g = 0; g < 2; g++) _mm512_storeu_si512(found + r * BLOCK + 16 * g, some[r][g]);
}

INLINED VNNI void block_vnni(int64_t rows, const int8_t *x, int64_t inputs, const int8_t *weights,
                             const int32_t *sums, int32_t *found) {
    switch (rows) {
    case 1: lines_vnni(1, x, inputs, weights, sums, found); break;
    case 2: lines_vnni(2, x, inputs, weights, sums, found); break;
    case 3: lines_vnni(3, x, inputs, weights, sums, found); break;
    case 4: lines_vnni(4, x, inputs, weights, sums, found); break;
    case 5: lines_vnni(5, x, inputs, weights, sums, found); break;
    case 6: lines_vnni(6, x, inputs, weights, sums, found); break;
    case 7: lines_vnni(7, x, inputs, weights, sums, found); break;
    default: lines_vnni(8, x, inputs, weights, sums, found); break;
    }
}

#endif

INLINED void multiply_piece(const void *data, int64_t piece, block_product *product) {
    const struct multiplying *w = data;
    const struct layer *layer = w->layer;
    const int64_t inputs = layer->inputs, outputs = layer->outputs;
    const int64_t first = piece * w->blocks_of_piece, end = first + w->blocks_of_piece;
    for (int64_t row = 0; row < w->rows; row += ROWS) {
        const int64_t rows = w->rows - row < ROWS ? w->rows - row : ROWS;
        for (int64_t block = first; block < end && block < w->blocks; block++) {
            const int64_t output = block * BLOCK;
            const int64_t n = outputs - output < BLOCK ? outputs - output : BLOCK;
            int32_t found[ROWS * BLOCK];
            product(rows, w->x + row * inputs, inputs, layer->weights + output * inputs,
                    layer->sums + output, found);
            float scales[BLOCK] = {0}, bias[BLOCK] = {0}, results[BLOCK];
            memcpy(scales, layer->scales + output, n * sizeof(float));
            if (layer->bias) memcpy(bias, layer->bias + output, n * sizeof(float));
            for (int64_t r = 0; r < rows; r++) {
                const float scale = w->row_scales[row + r];
                for (int o = 0; o < BLOCK; o++)
                    results[o] = (float)found[r * BLOCK + o] * (scale * scales[o]) + bias[o];
                if (layer->gelu)
                    for (int o = 0; o < BLOCK; o++) results[o] = gelu_of(results[o]);
                memcpy(w->out + (row + r) * outputs + output, results, n * sizeof(float));
            }
        }
    }
}

/* Eight bits and a scale for each row: the largest is 127. */
INLINED void take_rows(const struct multiplying *w, const float *x) {
    const int64_t inputs = w->layer->inputs;
    for (int64_t r = 0; r < w->rows; r++, x += inputs) {
        float most[16] = {0};
        int64_t i = 0;
        for (; i + 16 <= inputs; i += 16)
            for (int j = 0; j < 16; j++) {
                const float size = x[i + j] < 0 ? -x[i + j] : x[i + j];
                most[j] = size > most[j] ? size : most[j];
            }
        for (; i < inputs; i++) {
            const float size = x[i] < 0 ? -x[i] : x[i];
            most[0] = size > most[0] ? size : most[0];
        }
        for (int j = 1; j < 16; j++) most[0] = most[j] > most[0] ? most[j] : most[0];
        const float scale = most[0] > 1e-30f ? most[0] / 127 : 1e-30f;
        const float steps = 1 / scale;
        w->row_scales[r] = scale;
        int8_t *restrict to = w->x + r * inputs;
        for (i = 0; i < inputs; i++) to[i] = (int8_t)(int32_t)rounded(x[i] * steps);
    }
}

static void take_plain(const struct multiplying *w, const float *x) { take_rows(w, x); }
static void piece_plain(const void *w, int64_t piece) { multiply_piece(w, piece, block_plain); }
#ifdef X86
AVX2 static void take_avx2(const struct multiplying *w, const float *x) { take_rows(w, x); }
AVX2 static void piece_avx2(const void *w, int64_t piece) { multiply_piece(w, piece, block_avx2); }
VNNI static void take_vnni(const struct multiplying *w, const float *x) { take_rows(w, x); }
VNNI static void piece_vnni(const void *w, int64_t piece) { multiply_piece(w, piece, block_vnni); }
#endif

/* out (rows, outputs) = x (rows, inputs) · the weights, plus the bias, and GELU. 1 where there is no
 * memory for the inputs in whole numbers, else 0. */
EXPORT int linear(const struct layer *layer, const float *x, float *out, int64_t rows,
                  const struct team *team, int way) {
    const int64_t block = layer->inputs * BLOCK;
    const int64_t blocks = (layer->outputs + BLOCK - 1) / BLOCK;
    /* A few pieces for each thread, so that none waits long for the other. */
    int64_t of_piece = blocks / (4 * (int64_t)team->threads);
    if (of_piece > PIECE / block) of_piece = PIECE / block;
    if (of_piece < 1) of_piece = 1;
    char *memory = malloc(rows * (sizeof(float) + layer->inputs));
    if (!memory) return 1;
    const struct multiplying w = {layer, (int8_t *)(memory + rows * sizeof(float)),
                                  (float *)memory, out, rows, blocks, of_piece};
    void (*take_in)(const struct multiplying *, const float *) = take_plain;
    void (*one)(const void *, int64_t) = piece_plain;
#ifdef X86
    if (way >= WITH_AVX2) take_in = take_avx2, one = piece_avx2;
    if (way >= WITH_VNNI) take_in = take_vnni, one = piece_vnni;
#endif
    take_in(&w, x);
    share(team, one, &w, (blocks + of_piece - 1) / of_piece);
    free(memory);
    return 0;
}

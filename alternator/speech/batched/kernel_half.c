/* A linear layer with weights in half precision for a few rows of float32, computed in float32: where
 * half precision holds each weight exactly, as in OpenAI's files, that is the same product for half of
 * the memory to read. kernels.h says what for. For WITH_AVX2 and better.
 */

#include "kernels.h"

#ifdef X86

#define BLOCK 32
#define ROWS 8      /* that are computed together */
#define PIECE 65536 /* bytes of weights, which many rows read again from the processor's cache */

/* `weights` (blocks, inputs, 32), outputs padded to whole blocks with zeros; `bias`, which may be 0;
 * `gelu`: whether GELU comes after. */
struct half_layer {
    const uint16_t *weights;
    const float *bias;
    int64_t inputs, outputs, gelu;
};

struct half_work {
    const struct half_layer *layer;
    const float *x; /* (rows, inputs) */
    float *out;     /* (rows, outputs) */
    int64_t rows, blocks, blocks_of_piece;
};

/* found (rows × 32) = x (rows × inputs) · a block of weights */
typedef void half_product(int64_t rows, const float *x, int64_t inputs, const uint16_t *weights,
                          float *found);

/* `rows` is a constant where it is inlined: all sums stay in registers. */
INLINED AVX2 void half_lines_avx2(const int rows, const float *x, int64_t inputs,
                                  const uint16_t *weights, float *found) {
    for (int first = 0; first < BLOCK; first += 16) {
        __m256 some[4][2];
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) some[r][0] = some[r][1] = _mm256_setzero_ps();
        for (int64_t i = 0; i < inputs; i++) {
            const uint16_t *at = weights + i * BLOCK + first;
            if (!first) AHEAD(at);
            const __m256 low = _mm256_cvtph_ps(_mm_loadu_si128((const void *)at));
            const __m256 high = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(at + 8)));
#pragma GCC unroll 8
            for (int r = 0; r < rows; r++) {
                const __m256 one = _mm256_set1_ps(x[r * inputs + i]);
                some[r][0] = _mm256_fmadd_ps(one, low, some[r][0]);
                some[r][1] = _mm256_fmadd_ps(one, high, some[r][1]);
            }
        }
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            _mm256_storeu_ps(found + r * BLOCK + first, some[r][0]);
            _mm256_storeu_ps(found + r * BLOCK + first + 8, some[r][1]);
        }
    }
}

INLINED AVX2 void half_block_avx2(int64_t rows, const float *x, int64_t inputs,
                                  const uint16_t *weights, float *found) {
    for (; rows > 4 || rows == 3; rows -= 3, x += 3 * inputs, found += 3 * BLOCK)
        half_lines_avx2(3, x, inputs, weights, found);
    if (rows == 4) half_lines_avx2(4, x, inputs, weights, found);
    if (rows == 2) half_lines_avx2(2, x, inputs, weights, found);
    if (rows == 1) half_lines_avx2(1, x, inputs, weights, found);
}

INLINED AVX512 void half_lines_avx512(const int rows, const float *x, int64_t inputs,
                                      const uint16_t *weights, float *found) {
    __m512 some[ROWS][2];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) some[r][0] = some[r][1] = _mm512_setzero_ps();
    for (int64_t i = 0; i < inputs; i++) {
        const uint16_t *at = weights + i * BLOCK;
        AHEAD(at);
        const __m512 low = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)at));
        const __m512 high = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)(at + 16)));
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            const __m512 one = _mm512_set1_ps(x[r * inputs + i]);
            some[r][0] = _mm512_fmadd_ps(one, low, some[r][0]);
            some[r][1] = _mm512_fmadd_ps(one, high, some[r][1]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
        _mm512_storeu_ps(found + r * BLOCK, some[r][0]);
        _mm512_storeu_ps(found + r * BLOCK + 16, some[r][1]);
    }
}

INLINED AVX512 void half_block_avx512(int64_t rows, const float *x, int64_t inputs,
                                      const uint16_t *weights, float *found) {
    switch (rows) {
    case 1: half_lines_avx512(1, x, inputs, weights, found); break;
    case 2: half_lines_avx512(2, x, inputs, weights, found); break;
    case 3: half_lines_avx512(3, x, inputs, weights, found); break;
    case 4: half_lines_avx512(4, x, inputs, weights, found); break;
    case 5: half_lines_avx512(5, x, inputs, weights, found); break;
    case 6: half_lines_avx512(6, x, inputs, weights, found); break;
    case 7: half_lines_avx512(7, x, inputs, weights, found); break;
    default: half_lines_avx512(8, x, inputs, weights, found); break;
    }
}

INLINED void half_piece(const void *data, int64_t piece, half_product *product) {
    const struct half_work *w = data;
    const struct half_layer *layer = w->layer;
    const int64_t inputs = layer->inputs, outputs = layer->outputs;
    const int64_t first = piece * w->blocks_of_piece, end = first + w->blocks_of_piece;
    for (int64_t row = 0; row < w->rows; row += ROWS) {
        const int64_t rows = w->rows - row < ROWS ? w->rows - row : ROWS;
        for (int64_t block = first; block < end && block < w->blocks; block++) {
            const int64_t output = block * BLOCK;
            const int64_t n = outputs - output < BLOCK ? outputs - output : BLOCK;
            float found[ROWS * BLOCK], bias[BLOCK] = {0};
            product(rows, w->x + row * inputs, inputs, layer->weights + output * inputs, found);
            if (layer->bias) memcpy(bias, layer->bias + output, n * sizeof(float));
            for (int64_t r = 0; r < rows; r++) {
                float *results = found + r * BLOCK;
                for (int o = 0; o < BLOCK; o++) results[o] += bias[o];
                if (layer->gelu)
                    for (int o = 0; o < BLOCK; o++) results[o] = gelu_of(results[o]);
                memcpy(w->out + (row + r) * outputs + output, results, n * sizeof(float));
            }
        }
    }
}

AVX2 static void half_avx2(const void *w, int64_t piece) { half_piece(w, piece, half_block_avx2); }
AVX512 static void half_avx512(const void *w, int64_t piece) {
    half_piece(w, piece, half_block_avx512);
}

/* out (rows, outputs) = x (rows, inputs) · the weights, plus the bias, and GELU. */
EXPORT void half_linear(const struct half_layer *layer, const float *x, float *out, int64_t rows,
                        const struct team *team, int way) {
    const int64_t block = layer->inputs * BLOCK * sizeof(uint16_t);
    const int64_t blocks = (layer->outputs + BLOCK - 1) / BLOCK;
    /* A few pieces for each thread, so that none waits long for the other. */
    int64_t of_piece = blocks / (4 * (int64_t)team->threads);
    if (of_piece > PIECE / block) of_piece = PIECE / block;
    if (of_piece < 1) of_piece = 1;
    const struct half_work w = {layer, x, out, rows, blocks, of_piece};
    share(team, way >= WITH_AVX512 ? half_avx512 : half_avx2, &w, (blocks + of_piece - 1) / of_piece);
}

#else

/* Never called. */
EXPORT void half_linear(void) {}

#endif

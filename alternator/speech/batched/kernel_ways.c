/* What kernels.py asks first: does the library fit it, and which ways has the processor. */

#include "kernels.h"

/* Changes with every structure and function below: a library that was built before would crash. */
EXPORT int interface(void) { return 3; }

/* The best way that the processor has; it has all ways below it as well. */
EXPORT int best_way(void) {
#ifdef X86
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("f16c"))
        return PLAIN;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return WITH_AVX2;
    return __builtin_cpu_supports("avx512vnni") ? WITH_VNNI : WITH_AVX512;
#else
    return PLAIN;
#endif
}

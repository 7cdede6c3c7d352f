#pragma once

// Plain loops, compiled once for each of these instruction sets and chosen when the program starts: one binary runs
// everywhere and uses what the processor has. Sources that use the macro are compiled with -ffp-contract=off, so that
// all paths round alike. Sanitizers start too late for the run-time choice.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define MOMENTSET_SIMD __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MOMENTSET_SIMD
#endif

/*
 * Loops that the compiler turns into vector instructions. A function marked VECTORISED is compiled
 * twice, for any processor and for those with AVX2, and the right one is chosen when the program is
 * loaded; both do the same in the same order. (Not under a sanitizer, whose own code would run
 * before it is ready.)
 */
#ifndef MEDIA_VECTOR_H
#define MEDIA_VECTOR_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && defined(__OPTIMIZE__)
#define VECTORISED __attribute__((target_clones("avx2", "default")))
#else
#define VECTORISED
#endif

#endif

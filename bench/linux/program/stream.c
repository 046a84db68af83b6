/*
 * Copy, scale, add and triad over three arrays of half a megabyte, element by element. Their size is no power of
 * two: equal elements would share an entry of every direct-mapped translation cache, which programs avoid.
 */
#include "kernel.h"

enum { ELEMENTS = 70000 };

static u64 a[ELEMENTS], b[ELEMENTS], c[ELEMENTS];

static NO_INLINE void copy(u64 *to, const u64 *from) {
  for (u64 i = 0; i < ELEMENTS; i++) to[i] = from[i];
}

static NO_INLINE void scale(u64 *to, const u64 *from, u64 factor) {
  for (u64 i = 0; i < ELEMENTS; i++) to[i] = from[i] * factor;
}

static NO_INLINE void add(u64 *to, const u64 *x, const u64 *y) {
  for (u64 i = 0; i < ELEMENTS; i++) to[i] = x[i] + y[i];
}

static NO_INLINE void triad(u64 *to, const u64 *x, const u64 *y, u64 factor) {
  for (u64 i = 0; i < ELEMENTS; i++) to[i] = x[i] + y[i] * factor;
}

u64 stream(u64 repeat) {
  u64 random = 8, sum = 0;
  for (u64 i = 0; i < ELEMENTS; i++) a[i] = next_random(&random);
  for (u64 round = 0; round < repeat; round++) {
    copy(c, a);
    scale(b, c, 3);
    add(c, a, b);
    triad(a, b, c, 5);
    sum = mix(sum, a[round % ELEMENTS]);
  }
  return sum;
}

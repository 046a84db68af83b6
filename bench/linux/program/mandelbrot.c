/* Iterations of one complex number at a time: a short loop of multiplications and one comparison. */
#include "kernel.h"

enum { WIDTH = 48, HEIGHT = 32, ITERATIONS_MAX = 200 };

static NO_INLINE u32 iterations(double cr, double ci) {
  double zr = 0, zi = 0;
  for (u32 i = 0; i < ITERATIONS_MAX; i++) {
    double rr = zr * zr, ii = zi * zi;
    if (rr + ii > 4) return i;
    zi = multiply_add(2 * zr, zi, ci);
    zr = rr - ii + cr;
  }
  return ITERATIONS_MAX;
}

u64 mandelbrot(u64 repeat) {
  u64 sum = 0;
  for (u64 round = 0; round < repeat; round++) {
    double shift = (double)(round & 63) * 0x1p-10;
    for (int y = 0; y < HEIGHT; y++) {
      u32 row = 0;
      for (int x = 0; x < WIDTH; x++) {
        row += iterations((x - 36) * (1.0 / 24) + shift, (y - HEIGHT / 2) * (1.0 / 16));
      }
      sum = mix(sum, row);
    }
  }
  return sum;
}

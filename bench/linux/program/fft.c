/* Fast Fourier transform of 2048 complex numbers, in place, forth and back. */
#include "kernel.h"

enum { LOG_SIZE = 11, SIZE = 1 << LOG_SIZE, SERIES_TERMS = 14 };

static double real[SIZE], imaginary[SIZE], cosine[SIZE / 2], sine[SIZE / 2];

/* By their power series: no library function, so the same digits everywhere. */
static void make_factors(void) {
  const double turn = 6.28318530717958647692;
  for (int i = 0; i < SIZE / 2; i++) {
    double x = turn * i / SIZE, term = 1, c = 0, s = 0;
    for (int n = 0; n < 2 * SERIES_TERMS; n += 2) {
      c += term;
      term = term * x / (n + 1);
      s += term;
      term = -(term * x) / (n + 2);
    }
    cosine[i] = c, sine[i] = s;
  }
}

static NO_INLINE void reorder(void) {
  for (u32 i = 0, j = 0; i < SIZE; i++) {
    if (i < j) {
      double kept = real[i];
      real[i] = real[j], real[j] = kept;
      kept = imaginary[i];
      imaginary[i] = imaginary[j], imaginary[j] = kept;
    }
    u32 bit = SIZE / 2;
    while (j & bit) j ^= bit, bit >>= 1;
    j |= bit;
  }
}

static NO_INLINE void transform(double direction) {
  reorder();
  for (int half = 1; half < SIZE; half *= 2) {
    int step = SIZE / 2 / half;
    for (int start = 0; start < SIZE; start += 2 * half) {
      for (int k = 0; k < half; k++) {
        int a = start + k, b = a + half;
        double wr = cosine[k * step], wi = direction * sine[k * step];
        double tr = multiply_add(wr, real[b], -(wi * imaginary[b]));
        double ti = multiply_add(wr, imaginary[b], wi * real[b]);
        real[b] = real[a] - tr, imaginary[b] = imaginary[a] - ti;
        real[a] += tr, imaginary[a] += ti;
      }
    }
  }
}

u64 fft(u64 repeat) {
  u64 random = 13, sum = 0;
  make_factors();
  for (int i = 0; i < SIZE; i++) real[i] = random_unit(&random), imaginary[i] = 0;
  for (u64 round = 0; round < repeat; round++) {
    transform(-1);
    sum = mix_double(sum, real[1 + round % (SIZE - 1)]);
    transform(1);
    for (int i = 0; i < SIZE; i++) real[i] *= 1.0 / SIZE, imaginary[i] *= 1.0 / SIZE;
    sum = mix_double(sum, real[round % SIZE]);
  }
  return sum;
}

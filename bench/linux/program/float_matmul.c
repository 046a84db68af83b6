/* Product of matrices of doubles, with a fused multiply-add for each element pair. */
#include "kernel.h"

enum { SIZE = 96 };

static double left[SIZE][SIZE], right[SIZE][SIZE], product[SIZE][SIZE];

static NO_INLINE void multiply(void) {
  for (int i = 0; i < SIZE; i++) {
    for (int j = 0; j < SIZE; j++) {
      double sum = 0;
      for (int k = 0; k < SIZE; k++) sum = multiply_add(left[i][k], right[k][j], sum);
      product[i][j] = sum;
    }
  }
}

u64 float_matmul(u64 repeat) {
  u64 random = 12, sum = 0;
  for (int i = 0; i < SIZE; i++) {
    for (int j = 0; j < SIZE; j++) left[i][j] = random_unit(&random), right[i][j] = random_unit(&random);
  }
  for (u64 round = 0; round < repeat; round++) {
    multiply();
    u64 row = round % SIZE;
    for (int j = 0; j < SIZE; j++) {
      sum = mix_double(sum, product[row][j]);
      left[row][j] = product[j][row] * (1.0 / SIZE);
    }
  }
  return sum;
}

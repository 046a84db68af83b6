/* Product of matrices of 32-bit numbers: rows with unit stride, columns with a stride of a row. */
#include "kernel.h"

enum { SIZE = 112 };

static s32 left[SIZE][SIZE], right[SIZE][SIZE], product[SIZE][SIZE];

static NO_INLINE void multiply(void) {
  for (int i = 0; i < SIZE; i++) {
    for (int j = 0; j < SIZE; j++) {
      u32 sum = 0;
      for (int k = 0; k < SIZE; k++) sum += (u32)left[i][k] * (u32)right[k][j];
      product[i][j] = (s32)sum;
    }
  }
}

u64 integer_matmul(u64 repeat) {
  u64 state = 1, sum = 0;
  for (int i = 0; i < SIZE; i++) {
    for (int j = 0; j < SIZE; j++) {
      left[i][j] = (s32)next_random(&state);
      right[i][j] = (s32)next_random(&state);
    }
  }
  for (u64 round = 0; round < repeat; round++) {
    multiply();
    u64 row = round % SIZE;
    for (int j = 0; j < SIZE; j++) {
      sum = mix(sum, (u32)product[row][j]);
      left[row][j] ^= product[j][row];
    }
  }
  return sum;
}

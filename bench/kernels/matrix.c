/* Integer matrix product read along rows and down columns, and a transposition. */
#include "guest.h"

PARAMETERS(30);

enum { SIZE = 160 };

static s64 left[SIZE][SIZE], right[SIZE][SIZE], product[SIZE][SIZE];

static NO_INLINE void multiply(void) {
  for (u64 i = 0; i < SIZE; i++) {
    for (u64 j = 0; j < SIZE; j++) {
      s64 sum = 0;
      for (u64 k = 0; k < SIZE; k++) sum += left[i][k] * right[k][j];
      product[i][j] = sum;
    }
  }
}

static NO_INLINE void transpose_into_left(void) {
  for (u64 i = 0; i < SIZE; i++) {
    for (u64 j = 0; j < SIZE; j++) left[j][i] = product[i][j] >> 9;
  }
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  for (u64 i = 0; i < SIZE; i++) {
    for (u64 j = 0; j < SIZE; j++) {
      left[i][j] = (s64)(i * 3 + j);
      right[i][j] = (s64)(i ^ j) - 17;
    }
  }
  for (u64 round = 0; round < parameters.iterations; round++) {
    multiply();
    transpose_into_left();
  }
  u64 sum = 0;
  for (u64 i = 0; i < SIZE; i++) {
    for (u64 j = 0; j < SIZE; j++) sum = sum * 31 + (u64)product[i][j];
  }
  put_result("matrix", sum);
}

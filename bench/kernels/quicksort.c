/* Recursive quicksort of random numbers: branches that no predictor knows. */
#include "guest.h"

PARAMETERS(28);

enum { COUNT = 1 << 17, INSERTION_LIMIT = 12 };

static u32 values[COUNT];

static void insertion_sort(u32 *first, u32 *last) {
  for (u32 *at = first + 1; at <= last; at++) {
    u32 value = *at, *to = at;
    while (to > first && to[-1] > value) {
      *to = to[-1];
      to--;
    }
    *to = value;
  }
}

static NO_INLINE void sort(u32 *first, u32 *last) {
  while (last - first >= INSERTION_LIMIT) {
    u32 pivot = first[(last - first) / 2];
    u32 *low = first, *high = last;
    while (low <= high) {
      while (*low < pivot) low++;
      while (*high > pivot) high--;
      if (low > high) break;
      u32 swapped = *low;
      *low++ = *high;
      *high-- = swapped;
    }
    sort(first, high);
    first = low;
  }
  insertion_sort(first, last);
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  u64 state = parameters.seed, sum = 0;
  for (u64 round = 0; round < parameters.iterations; round++) {
    for (u64 i = 0; i < COUNT; i++) values[i] = (u32)next_random(&state);
    sort(values, values + COUNT - 1);
    for (u64 i = 1; i < COUNT; i++) CHECK(values[i - 1] <= values[i]);
    sum = sum * 31 + values[COUNT / 2];
  }
  put_result("quicksort", sum);
}

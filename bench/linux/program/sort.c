/* The C library's kind of sort: any element size, comparison through a pointer, unpredictable branches. */
#include "kernel.h"

enum { ELEMENTS = 5000, SMALL = 8 };

struct record {
  u32 key, number;
};

typedef int compare_function(const void *, const void *);

static struct record records[ELEMENTS];

static void swap_bytes(u8 *a, u8 *b, u64 size) {
  for (u64 at = 0; at < size; at += sizeof(u32)) {
    u32 *x = (u32 *)(a + at), *y = (u32 *)(b + at), kept = *x;
    *x = *y;
    *y = kept;
  }
}

static void insertion_sort(u8 *base, u64 count, u64 size, compare_function *compare) {
  for (u64 i = 1; i < count; i++) {
    for (u64 j = i; j > 0 && compare(base + (j - 1) * size, base + j * size) > 0; j--) {
      swap_bytes(base + (j - 1) * size, base + j * size, size);
    }
  }
}

static void order(u8 *a, u8 *b, u64 size, compare_function *compare) {
  if (compare(a, b) > 0) swap_bytes(a, b, size);
}

/* The median of three ends up at the second element, and is the pivot. */
static void choose_pivot(u8 *base, u64 count, u64 size, compare_function *compare) {
  u8 *first = base, *second = base + size, *last = base + (count - 1) * size;
  swap_bytes(second, base + count / 2 * size, size);
  order(first, last, size, compare);
  order(second, last, size, compare);
  order(first, second, size, compare);
}

static NO_INLINE void quicksort(u8 *base, u64 count, u64 size, compare_function *compare) {
  while (count > SMALL) {
    choose_pivot(base, count, size, compare);
    u8 *pivot = base + size;
    u64 low = 1, high = count - 1;
    for (;;) {
      do low++;
      while (compare(base + low * size, pivot) < 0);
      do high--;
      while (compare(base + high * size, pivot) > 0);
      if (low > high) break;
      swap_bytes(base + low * size, base + high * size, size);
    }
    swap_bytes(pivot, base + high * size, size);
    quicksort(base, high, size, compare);
    base += (high + 1) * size;
    count -= high + 1;
  }
  insertion_sort(base, count, size, compare);
}

static int by_key(const void *a, const void *b) {
  const struct record *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return x->number < y->number ? -1 : x->number > y->number;
}

u64 sort(u64 repeat) {
  u64 random = 3, sum = 0;
  for (u64 round = 0; round < repeat; round++) {
    for (u32 i = 0; i < ELEMENTS; i++) {
      records[i] = (struct record){(u32)next_random(&random) % ELEMENTS, i};
    }
    quicksort((u8 *)records, ELEMENTS, sizeof records[0], by_key);
    for (u32 i = 0; i < ELEMENTS; i += 16) sum = mix(sum, (u64)records[i].key << 32 | records[i].number);
  }
  return sum;
}

/*
 * The statement mix of system programs that the 1984 study of Weicker describes: record assignments through
 * pointers, enumerations, short strings, small procedures, array elements, few loops.
 */
#include "kernel.h"

enum { NAME_BYTES = 31, ROWS = 50, STEPS = 400 };
enum colour { RED, GREEN, BLUE, WHITE, BLACK };

struct item {
  struct item *partner;
  enum colour colour;
  s32 amount, weight;
  char name[NAME_BYTES];
};

static struct item first, second;
static s32 vector[ROWS], grid[ROWS][ROWS];
static s32 counter;
static u8 flag, letter;

static const char one_name[NAME_BYTES] = "PROGRAM OF RECORDS, FIRST NAME";
static const char other_name[NAME_BYTES] = "PROGRAM OF RECORDS, OTHER NAME";

static NO_INLINE void copy_name(char *to, const char *from) {
  do *to++ = *from;
  while (*from++);
}

static NO_INLINE int compare_names(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a - *b;
}

static NO_INLINE enum colour next_colour(enum colour colour, s32 amount) {
  switch (colour) {
    case RED: return amount > 100 ? GREEN : BLACK;
    case GREEN: return amount & 1 ? BLUE : WHITE;
    case BLUE: return RED;
    case WHITE: return amount > 50 ? BLUE : RED;
    default: return GREEN;
  }
}

static NO_INLINE u8 differ_at(const char *a, const char *b, s32 from) {
  while (from < NAME_BYTES - 1 && a[from] == b[from]) from++;
  if (from == NAME_BYTES - 1) return 0;
  letter = (u8)a[from];
  return 1;
}

static NO_INLINE void add_up(s32 a, s32 b, s32 *sum) {
  *sum = a + 2 + b;
}

static NO_INLINE void exchange(struct item *item) {
  struct item *partner = item->partner;
  *partner = *item;
  partner->partner = item;
  partner->amount = item->amount + 5;
  partner->colour = next_colour(item->colour, partner->amount);
  if (partner->colour == BLUE || partner->colour == WHITE) {
    partner->weight = item->weight ^ 6;
    add_up(partner->amount, 10, &partner->amount);
  } else {
    *item = *partner;
    item->partner = partner;
  }
}

static NO_INLINE void fill_arrays(s32 row, s32 value) {
  s32 at = row + 5;
  vector[at] = value;
  vector[at + 1] = vector[at];
  vector[at + 30 < ROWS ? at + 30 : ROWS - 1] = at;
  for (s32 j = at; j <= at + 1; j++) grid[at][j] = at;
  grid[at][at - 1] += 1;
  grid[(at + 20) % ROWS][at] = vector[at];
  counter += 5;
}

static NO_INLINE void step(s32 number) {
  char name[NAME_BYTES];
  s32 a = 2, b = 3, c = 0;
  copy_name(name, number & 8 ? other_name : one_name);
  flag = compare_names(first.name, name) >= 0 && differ_at(first.name, name, number & 15);
  while (a < b) {
    c = 5 * a - b;
    add_up(a, b, &c);
    a++;
  }
  fill_arrays(number % 10, c);
  exchange(&first);
  for (u8 index = 'A'; index <= 'A' + (letter & 3); index++) {
    if (first.colour == next_colour((enum colour)(index % 5), number)) {
      copy_name(second.name, other_name);
      counter = number;
    }
  }
  b = b * a;
  a = b / (c | 1);
  first.weight = 7 * (b - c) - a + flag;
  first.amount = first.amount % 1000;
}

u64 dhrystone_like(u64 repeat) {
  u64 sum = 0;
  first = (struct item){&second, RED, 40, 1, "PROGRAM OF RECORDS, FIRST NAME"};
  second = (struct item){&first, GREEN, 50, 2, "PROGRAM OF RECORDS, OTHER NAME"};
  counter = 0, flag = 0, letter = 0;
  for (int i = 0; i < ROWS * ROWS; i++) grid[i / ROWS][i % ROWS] = 0, vector[i % ROWS] = 0;
  for (u64 round = 0; round < repeat; round++) {
    for (s32 i = 0; i < STEPS; i++) step(i + (s32)(round & 255));
    sum = mix(sum, (u64)(u32)counter << 32 | (u32)first.weight);
    sum = mix(sum, (u64)(u32)second.amount << 8 | (u64)(u32)vector[round % ROWS]);
    sum = mix(sum, (u64)first.colour * 8 + second.colour);
  }
  return sum;
}

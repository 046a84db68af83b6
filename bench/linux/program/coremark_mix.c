/*
 * The mix of embedded code: a linked list that is searched, sorted and reversed, a small matrix with bit
 * fields, a character state machine, and a bitwise checksum of all results.
 */
#include "kernel.h"

enum { NODES = 96, SIZE = 10, TEXT_BYTES = 600, POLYNOMIAL = 0xa001 };

struct node {
  struct node *next;
  u16 key, payload;
};

static struct node nodes[NODES];
static u16 left[SIZE][SIZE], right[SIZE][SIZE];
static u32 product[SIZE][SIZE];
static u8 text[TEXT_BYTES];

static u16 checksum(u16 crc, u32 value) {
  for (int i = 0; i < 32; i++, value >>= 1) {
    u16 bit = (crc ^ value) & 1;
    crc >>= 1;
    if (bit) crc ^= POLYNOMIAL;
  }
  return crc;
}

/* --- list ---------------------------------------------------------------------------------------- */

static struct node *make_list(u64 *random) {
  for (u64 i = 0; i < NODES; i++) {
    u64 bits = next_random(random);
    nodes[i] = (struct node){i + 1 < NODES ? &nodes[i + 1] : 0, (u16)bits & 0x7fff, (u16)(bits >> 16)};
  }
  return nodes;
}

static NO_INLINE struct node *find(struct node *list, u16 key) {
  while (list && (list->key & 0xff) != (key & 0xff)) list = list->next;
  return list;
}

static NO_INLINE struct node *reverse(struct node *list) {
  struct node *reversed = 0;
  while (list) {
    struct node *next = list->next;
    list->next = reversed;
    reversed = list;
    list = next;
  }
  return reversed;
}

typedef s32 node_order(const struct node *, const struct node *);

static s32 by_key(const struct node *a, const struct node *b) {
  return (s32)a->key - b->key;
}

static s32 by_payload(const struct node *a, const struct node *b) {
  return (s32)(a->payload >> 3 & 0xff) - (b->payload >> 3 & 0xff);
}

static struct node *merge(struct node *a, struct node *b, node_order *order) {
  struct node head, *tail = &head;
  while (a && b) {
    struct node **smaller = order(a, b) <= 0 ? &a : &b;
    tail->next = *smaller;
    tail = *smaller;
    *smaller = tail->next;
  }
  tail->next = a ? a : b;
  return head.next;
}

static NO_INLINE struct node *sort_list(struct node *list, node_order *order) {
  if (!list || !list->next) return list;
  struct node *slow = list, *fast = list->next;
  while (fast && fast->next) {
    slow = slow->next;
    fast = fast->next->next;
  }
  struct node *second = slow->next;
  slow->next = 0;
  return merge(sort_list(list, order), sort_list(second, order), order);
}

static u16 list_work(u64 *random, u16 crc) {
  struct node *list = make_list(random);
  list = sort_list(list, by_payload);
  for (u16 key = 0; key < 24; key++) {
    struct node *found = find(list, key);
    crc = checksum(crc, found ? found->payload : key);
    list = reverse(list);
  }
  list = sort_list(list, by_key);
  for (; list; list = list->next) crc ^= list->payload + list->key;
  return crc;
}

/* --- matrix -------------------------------------------------------------------------------------- */

static NO_INLINE void multiply(void) {
  for (int i = 0; i < SIZE; i++) {
    for (int j = 0; j < SIZE; j++) {
      u32 sum = 0;
      for (int k = 0; k < SIZE; k++) sum += (u32)left[i][k] * right[k][j];
      product[i][j] = sum;
    }
  }
}

static NO_INLINE u32 multiply_fields(void) {
  u32 total = 0;
  for (int i = 0; i < SIZE; i++) {
    for (int j = 0; j < SIZE; j++) {
      for (int k = 0; k < SIZE; k++) {
        u32 term = (u32)left[i][k] * right[k][j];
        total += (term >> 2 & 0xf) * (term >> 5 & 0x7f);
      }
    }
  }
  return total;
}

static u16 matrix_work(u64 *random, u16 crc) {
  for (int i = 0; i < SIZE; i++) {
    for (int j = 0; j < SIZE; j++) {
      u64 bits = next_random(random);
      left[i][j] = (u16)bits, right[i][j] = (u16)(bits >> 20);
    }
  }
  multiply();
  for (int i = 0; i < SIZE; i++) crc = checksum(crc, product[i][SIZE - 1 - i]);
  return checksum(crc, multiply_fields());
}

/* --- state machine ------------------------------------------------------------------------------- */

enum scan { START, SIGN, INTEGER, POINT, FRACTION, MARK, MARK_SIGN, EXPONENT, INVALID, STATES };

static int is_digit(u8 c) {
  return c >= '0' && c <= '9';
}

static enum scan next_state(enum scan state, u8 c) {
  if (c == ',') return START;
  switch (state) {
    case START: return is_digit(c) ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : INVALID;
    case SIGN: return is_digit(c) ? INTEGER : c == '.' ? POINT : INVALID;
    case INTEGER: return is_digit(c) ? INTEGER : c == '.' ? FRACTION : c == 'e' ? MARK : INVALID;
    case POINT: return is_digit(c) ? FRACTION : INVALID;
    case FRACTION: return is_digit(c) ? FRACTION : c == 'e' ? MARK : INVALID;
    case MARK: return c == '-' || c == '+' ? MARK_SIGN : INVALID;
    case MARK_SIGN: return is_digit(c) ? EXPONENT : INVALID;
    case EXPONENT: return is_digit(c) ? EXPONENT : INVALID;
    default: return INVALID;
  }
}

static void write_text(u64 *random) {
  static const char *const items[] = {"5012", "-87.3", "+1.5e+10", "9e-7", "x1", ".25", "3.", "e4"};
  u64 at = 0;
  while (at < TEXT_BYTES) {
    const char *item = items[next_random(random) >> 61];
    while (*item && at < TEXT_BYTES) text[at++] = (u8)*item++;
    if (at < TEXT_BYTES) text[at++] = ',';
  }
}

static NO_INLINE u16 scan_text(u16 crc) {
  u32 visits[STATES] = {0};
  enum scan state = START;
  for (u64 i = 0; i < TEXT_BYTES; i++) {
    state = next_state(state, text[i]);
    visits[state]++;
  }
  for (int i = 0; i < STATES; i++) crc = checksum(crc, visits[i]);
  return crc;
}

u64 coremark_mix(u64 repeat) {
  u64 random = 10;
  u16 crc = 0xffff;
  u64 sum = 0;
  for (u64 round = 0; round < repeat; round++) {
    crc = list_work(&random, crc);
    crc = matrix_work(&random, crc);
    write_text(&random);
    crc = scan_text(crc);
    sum = mix(sum, crc);
  }
  return sum;
}

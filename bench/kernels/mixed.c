/*
 * Small tasks of embedded code in turn: a bitwise checksum, sorting and walking a linked list, and
 * a character-by-character state machine over generated text.
 */
#include "guest.h"

PARAMETERS(10000);

enum { NODES = 128, TEXT_BYTES = 512, CRC_POLYNOMIAL = 0xa001 };

struct node {
  struct node *next;
  u16 key, payload;
};

static struct node nodes[NODES];
static u8 text[TEXT_BYTES];

static u16 checksum_byte(u16 crc, u8 byte) {
  crc ^= byte;
  for (int i = 0; i < 8; i++) crc = crc & 1 ? crc >> 1 ^ CRC_POLYNOMIAL : crc >> 1;
  return crc;
}

static u16 checksum(u16 crc, u64 value) {
  for (int i = 0; i < 8; i++) crc = checksum_byte(crc, (u8)(value >> 8 * i));
  return crc;
}

static struct node *make_list(u64 *state) {
  for (u64 i = 0; i < NODES; i++) {
    u64 random = next_random(state);
    nodes[i] = (struct node){i + 1 < NODES ? &nodes[i + 1] : 0, (u16)random, (u16)(random >> 16)};
  }
  return nodes;
}

static struct node *merge(struct node *a, struct node *b) {
  struct node head, *tail = &head;
  while (a && b) {
    struct node **smaller = a->key <= b->key ? &a : &b;
    tail->next = *smaller;
    tail = *smaller;
    *smaller = tail->next;
  }
  tail->next = a ? a : b;
  return head.next;
}

static NO_INLINE struct node *sort_list(struct node *list) {
  if (!list || !list->next) return list;
  struct node *slow = list, *fast = list->next;
  while (fast && fast->next) {
    slow = slow->next;
    fast = fast->next->next;
  }
  struct node *second = slow->next;
  slow->next = 0;
  return merge(sort_list(list), sort_list(second));
}

static NO_INLINE u16 walk_list(const struct node *list, u16 crc) {
  for (u16 last = 0; list; last = list->key, list = list->next) {
    CHECK(list->key >= last);
    crc = checksum_byte(crc, (u8)(list->payload ^ list->key));
  }
  return crc;
}

static void make_text(u64 *state) {
  static const char alphabet[] = "0123456789+-.eE,x ";
  for (u64 i = 0; i < TEXT_BYTES; i++) {
    text[i] = (u8)alphabet[(next_random(state) >> 20) % (sizeof alphabet - 1)];
  }
}

enum scan { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT_MARK, EXPONENT, INVALID, STATES };

static int is_digit(u8 c) {
  return c >= '0' && c <= '9';
}

static enum scan step(enum scan state, u8 c) {
  if (c == ',' || c == ' ') return START;
  switch (state) {
    case START: return is_digit(c) ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : INVALID;
    case SIGN: return is_digit(c) ? INTEGER : c == '.' ? POINT : INVALID;
    case INTEGER:
      if (c == '.') return FRACTION;
      return is_digit(c) ? INTEGER : c == 'e' || c == 'E' ? EXPONENT_MARK : INVALID;
    case POINT: return is_digit(c) ? FRACTION : INVALID;
    case FRACTION: return is_digit(c) ? FRACTION : c == 'e' || c == 'E' ? EXPONENT_MARK : INVALID;
    case EXPONENT_MARK: return is_digit(c) || c == '-' || c == '+' ? EXPONENT : INVALID;
    case EXPONENT: return is_digit(c) ? EXPONENT : INVALID;
    default: return INVALID;
  }
}

static NO_INLINE u16 scan_text(u16 crc) {
  u32 visits[STATES] = {0};
  enum scan state = START;
  for (u64 i = 0; i < TEXT_BYTES; i++) {
    state = step(state, text[i]);
    visits[state]++;
  }
  for (int i = 0; i < STATES; i++) crc = checksum(crc, visits[i]);
  return crc;
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  u64 state = parameters.seed;
  u16 crc = 0xffff;
  for (u64 round = 0; round < parameters.iterations; round++) {
    crc = walk_list(sort_list(make_list(&state)), crc);
    make_text(&state);
    crc = scan_text(crc);
  }
  put_result("mixed", crc);
}

/* Every AMO, both widths, with invariants that a lost or torn update breaks. */
#include "guest.h"

PARAMETERS(1000);

static u64 sum_double PER_LINE;
static u32 sum_words[2] PER_LINE;
static u64 exchange_double PER_LINE;
static u32 exchange_word PER_LINE;
static u64 flags_double PER_LINE;
static u32 flags_word PER_LINE;
static u64 toggles_double PER_LINE;
static u32 toggles_word PER_LINE;

struct extremes {
  s64 max PER_LINE;
  s64 min PER_LINE;
  u64 max_unsigned PER_LINE;
  u64 min_unsigned PER_LINE;
  s32 max_word PER_LINE;
  s32 min_word PER_LINE;
  u32 max_unsigned_word PER_LINE;
  u32 min_unsigned_word PER_LINE;
};

static const struct extremes initial = {
    .max = -0x7fffffffffffffffL - 1,
    .min = 0x7fffffffffffffffL,
    .max_unsigned = 0,
    .min_unsigned = ~0UL,
    .max_word = -0x7fffffff - 1,
    .min_word = 0x7fffffff,
    .max_unsigned_word = 0,
    .min_unsigned_word = ~0u,
};
static struct extremes shared;
static struct extremes local[MAX_HARTS];
static u64 held_double[MAX_HARTS];
static u32 held_word[MAX_HARTS];

static void add(u64 hart, u64 iterations) {
  for (u64 i = 0; i < iterations; i++) {
    AMO("amoadd.d", &sum_double, hart + 1);
    AMO("amoadd.w.aqrl", &sum_words[hart & 1], (u32)(0u - (hart + 1)));
  }
}

/* Tokens move between the cell and the harts; none may be lost or doubled. */
static void exchange(u64 hart, u64 iterations) {
  u64 token = (hart + 1) * 0x100000001UL;
  u32 token_word = (hart + 1) << 24 | (hart + 1);
  for (u64 i = 0; i < iterations; i++) {
    token = AMO("amoswap.d.aq", &exchange_double, token);
    token_word = AMO("amoswap.w.rl", &exchange_word, token_word);
  }
  held_double[hart] = token;
  held_word[hart] = token_word;
}

/* Each hart owns one bit: what it set must be there, what it cleared must be gone. */
static void own_bits(u64 hart, u64 iterations) {
  u64 bit = 1UL << (hart + 40);
  u32 bit_word = 1u << (hart + 16);
  for (u64 i = 0; i < iterations; i++) {
    CHECK(!(AMO("amoor.d", &flags_double, bit) & bit));
    CHECK(!(AMO("amoor.w", &flags_word, bit_word) & bit_word));
    CHECK(AMO("amoand.d", &flags_double, ~bit) & bit);
    CHECK(AMO("amoand.w", &flags_word, ~bit_word) & bit_word);
    u64 odd = i & 1;
    CHECK(!!(AMO("amoxor.d", &toggles_double, bit) & bit) == odd);
    CHECK(!!(AMO("amoxor.w", &toggles_word, bit_word) & bit_word) == odd);
  }
}

#define TAKE_EXTREME(operation, field, better, value)                        \
  do {                                                                       \
    __typeof__(mine->field) candidate = (value);                             \
    __typeof__(mine->field) old = AMO(operation, &shared.field, candidate);  \
    CHECK(!(mine->field better old));                                        \
    if (candidate better mine->field) mine->field = candidate;               \
    CHECK(!(mine->field better shared.field));                               \
    if (old better mine->field) mine->field = old;                           \
  } while (0)

/* The shared extreme only moves one way, and never falls behind what this hart put in. */
static void extremes(u64 hart, u64 iterations) {
  struct extremes *mine = &local[hart];
  u64 state = random_stream(hart);
  for (u64 i = 0; i < iterations; i++) {
    TAKE_EXTREME("amomax.d", max, >, (s64)next_random(&state));
    TAKE_EXTREME("amomin.d", min, <, (s64)next_random(&state));
    TAKE_EXTREME("amomaxu.d", max_unsigned, >, next_random(&state));
    TAKE_EXTREME("amominu.d", min_unsigned, <, next_random(&state));
    TAKE_EXTREME("amomax.w", max_word, >, (s32)next_random(&state));
    TAKE_EXTREME("amomin.w", min_word, <, (s32)next_random(&state));
    TAKE_EXTREME("amomaxu.w", max_unsigned_word, >, (u32)next_random(&state));
    TAKE_EXTREME("amominu.w", min_unsigned_word, <, (u32)next_random(&state));
  }
}

#define CHECK_EXTREME(field, better)                              \
  do {                                                            \
    int matched = 0;                                              \
    for (u64 hart = 0; hart < harts; hart++) {                    \
      CHECK(!(local[hart].field better shared.field));            \
      matched |= local[hart].field == shared.field;               \
    }                                                             \
    CHECK(matched);                                               \
  } while (0)

static void check_extremes(u64 harts) {
  CHECK_EXTREME(max, >);
  CHECK_EXTREME(min, <);
  CHECK_EXTREME(max_unsigned, >);
  CHECK_EXTREME(min_unsigned, <);
  CHECK_EXTREME(max_word, >);
  CHECK_EXTREME(min_word, <);
  CHECK_EXTREME(max_unsigned_word, >);
  CHECK_EXTREME(min_unsigned_word, <);
}

static void check_sums(u64 harts, u64 iterations) {
  u64 expected = 0;
  u32 expected_words[2] = {0, 0};
  for (u64 hart = 0; hart < harts; hart++) {
    expected += iterations * (hart + 1);
    expected_words[hart & 1] -= (u32)(iterations * (hart + 1));
  }
  CHECK(sum_double == expected);
  CHECK(sum_words[0] == expected_words[0]);
  CHECK(sum_words[1] == expected_words[1]);
}

static void check_tokens(u64 harts) {
  u64 sum = exchange_double;
  u64 sum_word = exchange_word;
  u64 expected = 0, expected_word = 0;
  for (u64 hart = 0; hart < harts; hart++) {
    sum += held_double[hart];
    sum_word += held_word[hart];
    expected += (hart + 1) * 0x100000001UL;
    expected_word += (u32)((hart + 1) << 24 | (hart + 1));
  }
  CHECK(sum == expected);
  CHECK(sum_word == expected_word);
}

void guest_main(u64 hart, u64 harts) {
  u64 iterations = parameters.iterations;
  u64 even = iterations & ~1UL;
  local[hart] = initial;
  if (hart == 0) shared = initial;
  barrier(harts);
  add(hart, iterations);
  exchange(hart, iterations);
  own_bits(hart, even);
  extremes(hart, iterations);
  barrier(harts);
  if (hart != 0) return;
  check_sums(harts, iterations);
  check_tokens(harts);
  check_extremes(harts);
  CHECK(flags_double == 0 && flags_word == 0);
  CHECK(toggles_double == 0 && toggles_word == 0);
  put_result("smp_amo", harts * iterations);
}

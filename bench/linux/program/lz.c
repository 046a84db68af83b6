/* A dictionary compressor of the byte-oriented kind: hash of four bytes, one candidate, copy back. */
#include "kernel.h"

enum {
  INPUT_BYTES = 32768,
  HASH_BITS = 12,
  MATCH_MIN = 4,
  MATCH_MAX = 127 + MATCH_MIN,
  LITERALS_MAX = 127,
  TAIL = 8,
  PHRASES = 64,
  PHRASE_BYTES = 24,
};

static u8 input[INPUT_BYTES], packed[2 * INPUT_BYTES], unpacked[INPUT_BYTES];
static u32 last_seen[1 << HASH_BITS];

static inline u32 four_bytes(const u8 *p) {
  return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static u8 *put_literals(u8 *out, const u8 *from, u64 count) {
  while (count) {
    u64 part = count < LITERALS_MAX ? count : LITERALS_MAX;
    *out++ = (u8)part;
    for (u64 i = 0; i < part; i++) *out++ = from[i];
    from += part;
    count -= part;
  }
  return out;
}

static u64 match_length(const u8 *old, const u8 *now, const u8 *end) {
  u64 length = 0;
  while (now + length < end && length < MATCH_MAX && old[length] == now[length]) length++;
  return length;
}

/* A token below 128 counts literals; one above, behind which stands the distance, the matched bytes. */
static NO_INLINE u64 compress(const u8 *in, u64 count, u8 *out) {
  const u8 *at = in, *literals = in, *end = in + count;
  u8 *start = out;
  for (u64 i = 0; i < COUNT(last_seen); i++) last_seen[i] = 0;
  while (at + TAIL < end) {
    u32 hash = four_bytes(at) * 2654435761u >> (32 - HASH_BITS);
    const u8 *old = in + last_seen[hash];
    last_seen[hash] = (u32)(at - in);
    u64 length = old < at && at - old < 65536 ? match_length(old, at, end) : 0;
    if (length < MATCH_MIN) {
      at++;
      continue;
    }
    out = put_literals(out, literals, (u64)(at - literals));
    *out++ = (u8)(128 + length - MATCH_MIN);
    *out++ = (u8)(at - old);
    *out++ = (u8)((at - old) >> 8);
    literals = at += length;
  }
  out = put_literals(out, literals, (u64)(end - literals));
  return (u64)(out - start);
}

static NO_INLINE u64 expand(const u8 *in, u64 count, u8 *out) {
  const u8 *end = in + count;
  u8 *start = out;
  while (in < end) {
    u64 token = *in++;
    if (token < 128) {
      while (token--) *out++ = *in++;
      continue;
    }
    const u8 *from = out - (in[0] | in[1] << 8);
    in += 2;
    for (u64 i = token - 128 + MATCH_MIN; i; i--) *out++ = *from++;
  }
  return (u64)(out - start);
}

/* Phrases in random order, with a random byte now and then: about half remains. */
static void write_input(u64 *random) {
  static u8 phrases[PHRASES][PHRASE_BYTES];
  for (u64 i = 0; i < PHRASES * PHRASE_BYTES; i++) {
    phrases[i / PHRASE_BYTES][i % PHRASE_BYTES] = (u8)('a' + next_random(random) % 26);
  }
  for (u64 at = 0; at < INPUT_BYTES;) {
    u64 bits = next_random(random), length = 4 + (bits >> 8) % (PHRASE_BYTES - 4);
    const u8 *phrase = phrases[bits % PHRASES];
    for (u64 i = 0; i < length && at < INPUT_BYTES; i++) input[at++] = phrase[i];
    if (at < INPUT_BYTES) input[at++] = (u8)(bits >> 20);
  }
}

u64 lz(u64 repeat) {
  u64 random = 9, sum = 0;
  write_input(&random);
  for (u64 round = 0; round < repeat; round++) {
    u64 size = compress(input, INPUT_BYTES, packed);
    u64 bytes = expand(packed, size, unpacked);
    sum = mix(mix(sum, size), bytes);
    for (u64 i = 0; i < INPUT_BYTES; i += 64) sum = mix(sum, unpacked[i]);
    input[next_random(&random) % INPUT_BYTES] ^= 1;
  }
  return sum;
}

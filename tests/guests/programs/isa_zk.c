/*
 * RV64 carry-less multiplication, crossbars and scalar cryptography: every instruction against a
 * bit-by-bit or byte-by-byte model. S-boxes are computed from the definition of their fields.
 */
__asm__(".option arch, +zbb, +zbc, +zbkb, +zbkx, +zknd, +zkne, +zknh, +zksed, +zksh");
#include "isa.h"

PARAMETERS(2000);

typedef u64 operation(u64 a, u64 b);

#define RR(name)                                                               \
  static NO_INLINE u64 run_##name(u64 a, u64 b) {                              \
    u64 result;                                                                \
    __asm__ volatile(#name " %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));     \
    return result;                                                             \
  }
#define R(name)                                                                \
  static NO_INLINE u64 run_##name(u64 a, u64 b) {                              \
    u64 result;                                                                \
    (void)b;                                                                   \
    __asm__ volatile(#name " %0, %1" : "=r"(result) : "r"(a));                 \
    return result;                                                             \
  }
#define RI(name, round)                                                        \
  static NO_INLINE u64 run_##name##round(u64 a, u64 b) {                       \
    u64 result;                                                                \
    (void)b;                                                                   \
    __asm__ volatile(#name " %0, %1, " #round : "=r"(result) : "r"(a));        \
    return result;                                                             \
  }
#define RRI(name, byte)                                                                   \
  static NO_INLINE u64 run_##name##byte(u64 a, u64 b) {                                   \
    u64 result;                                                                           \
    __asm__ volatile(#name " %0, %1, %2, " #byte : "=r"(result) : "r"(a), "r"(b));        \
    return result;                                                                        \
  }

RR(clmul) RR(clmulh) RR(clmulr) RR(pack) RR(packh) RR(packw) R(brev8) RR(xperm4) RR(xperm8)
RR(aes64es) RR(aes64esm) RR(aes64ds) RR(aes64dsm) R(aes64im) RR(aes64ks2)
RI(aes64ks1i, 0) RI(aes64ks1i, 1) RI(aes64ks1i, 7) RI(aes64ks1i, 8) RI(aes64ks1i, 9)
RI(aes64ks1i, 10)
R(sha256sum0) R(sha256sum1) R(sha256sig0) R(sha256sig1)
R(sha512sum0) R(sha512sum1) R(sha512sig0) R(sha512sig1) R(sm3p0) R(sm3p1)
RRI(sm4ed, 0) RRI(sm4ed, 1) RRI(sm4ed, 2) RRI(sm4ed, 3)
RRI(sm4ks, 0) RRI(sm4ks, 1) RRI(sm4ks, 2) RRI(sm4ks, 3)

static u64 bit(u64 x, u64 n) { return x >> n & 1; }
static u64 byte(u64 x, u64 n) { return x >> 8 * n & 0xff; }
static u64 sign_extend(u64 word) { return (u64)(s64)(s32)word; }
static u64 rotate32(u64 x, u64 n) { return (u32)((u32)x >> n | (u32)x << ((32 - n) & 31)); }
static u64 rotate64(u64 x, u64 n) { return x >> n | x << ((64 - n) & 63); }

/* Bit n of the carry-less product. */
static u64 product_bit(u64 a, u64 b, u64 n) {
  u64 sum = 0;
  for (u64 i = 0; i < 64; i++) {
    if (n >= i && n - i < 64) sum ^= bit(a, n - i) & bit(b, i);
  }
  return sum;
}

static u64 product_bits(u64 a, u64 b, u64 first) {
  u64 bits = 0;
  for (u64 i = 0; i < 64; i++) bits |= product_bit(a, b, first + i) << i;
  return bits;
}

static u64 model_clmul(u64 a, u64 b) { return product_bits(a, b, 0); }
static u64 model_clmulh(u64 a, u64 b) { return product_bits(a, b, 64); }
static u64 model_clmulr(u64 a, u64 b) { return product_bits(a, b, 63); }
static u64 model_pack(u64 a, u64 b) { return (u32)a | b << 32; }
static u64 model_packh(u64 a, u64 b) { return (a & 0xff) | (b & 0xff) << 8; }
static u64 model_packw(u64 a, u64 b) { return sign_extend((a & 0xffff) | b << 16); }

static u64 model_brev8(u64 a, u64 b) {
  u64 result = 0;
  (void)b;
  for (u64 i = 0; i < 64; i++) result |= bit(a, i) << (i ^ 7);
  return result;
}

static u64 crossbar(u64 a, u64 b, u64 width) {
  u64 result = 0, mask = (1UL << width) - 1;
  for (u64 place = 0; place < 64; place += width) {
    u64 index = b >> place & mask;
    if (index * width < 64) result |= (a >> index * width & mask) << place;
  }
  return result;
}

static u64 model_xperm4(u64 a, u64 b) { return crossbar(a, b, 4); }
static u64 model_xperm8(u64 a, u64 b) { return crossbar(a, b, 8); }

static u64 field_product(u64 a, u64 b, u64 polynomial) {
  u64 product = 0;
  for (u64 i = 0; i < 8; i++) product ^= bit(b, i) ? a << i : 0;
  for (u64 i = 14; i >= 8; i--) product ^= bit(product, i) ? polynomial << (i - 8) : 0;
  return product;
}

/* Row i of the map has the taps rotated by i. */
static u64 affine(u64 x, u64 taps, u64 constant) {
  u64 result = constant;
  for (u64 row = 0; row < 8; row++) {
    u64 parity = 0;
    for (u64 i = 0; i < 8; i++) parity ^= bit(taps, i) & bit(x, (i + row) & 7);
    result ^= parity << row;
  }
  return result;
}

static u8 aes_box[256], aes_inverse_box[256], sm4_box[256];

static u64 field_inverse(u64 a, u64 polynomial) {
  for (u64 b = 1; b < 256; b++) {
    if (field_product(a, b, polynomial) == 1) return b;
  }
  return 0;
}

static void make_boxes(void) {
  for (u64 x = 0; x < 256; x++) {
    aes_box[x] = (u8)affine(field_inverse(x, 0x11b), 0xf1, 0x63);
    aes_inverse_box[aes_box[x]] = (u8)x;
    sm4_box[x] = (u8)affine(field_inverse(affine(x, 0xa7, 0xd3), 0x1f5), 0xa7, 0xd3);
  }
}

/* The first half of the state after its rows were rotated by `step` columns each. */
static u64 shifted(u64 a, u64 b, u64 step, const u8 *box) {
  u64 result = 0;
  for (u64 at = 0; at < 8; at++) {
    u64 column = (at / 4 + step * (at & 3)) & 3, from = 4 * column + (at & 3);
    u64 value = from < 8 ? byte(a, from) : byte(b, from - 8);
    result |= (u64)box[value] << 8 * at;
  }
  return result;
}

static u64 mixed(u64 x, const u64 *row) {
  u64 result = 0;
  for (u64 at = 0; at < 8; at++) {
    u64 sum = 0;
    for (u64 i = 0; i < 4; i++) {
      sum ^= field_product(row[i], byte(x, (at & 4) | ((at + i) & 3)), 0x11b);
    }
    result |= sum << 8 * at;
  }
  return result;
}

static const u64 FORWARD[] = {2, 3, 1, 1}, BACKWARD[] = {14, 11, 13, 9};

static u64 model_aes64es(u64 a, u64 b) { return shifted(a, b, 1, aes_box); }
static u64 model_aes64esm(u64 a, u64 b) { return mixed(model_aes64es(a, b), FORWARD); }
static u64 model_aes64ds(u64 a, u64 b) { return shifted(a, b, 3, aes_inverse_box); }
static u64 model_aes64dsm(u64 a, u64 b) { return mixed(model_aes64ds(a, b), BACKWARD); }
static u64 model_aes64im(u64 a, u64 b) { return (void)b, mixed(a, BACKWARD); }
static u64 model_aes64ks2(u64 a, u64 b) {
  u64 low = (u32)(a >> 32 ^ b);
  return low | (low ^ b >> 32) << 32;
}

static u64 key_word(u64 a, u64 round) {
  u64 word = round == 10 ? a >> 32 : rotate32(a >> 32, 8), result = 0, constant = 1;
  for (u64 i = 0; i < 4; i++) result |= (u64)aes_box[byte(word, i)] << 8 * i;
  for (u64 i = 0; i < round; i++) constant = field_product(constant, 2, 0x11b);
  if (round != 10) result ^= constant;
  return result | result << 32;
}

#define KEY_MODEL(round)                                                       \
  static u64 model_aes64ks1i##round(u64 a, u64 b) { return (void)b, key_word(a, round); }
KEY_MODEL(0) KEY_MODEL(1) KEY_MODEL(7) KEY_MODEL(8) KEY_MODEL(9) KEY_MODEL(10)

#define WORD_MODEL(name, expression)                                           \
  static u64 model_##name(u64 a, u64 b) { return (void)b, sign_extend(expression); }
#define ROT(n) rotate32(a, n)
WORD_MODEL(sha256sum0, ROT(2) ^ ROT(13) ^ ROT(22))
WORD_MODEL(sha256sum1, ROT(6) ^ ROT(11) ^ ROT(25))
WORD_MODEL(sha256sig0, ROT(7) ^ ROT(18) ^ (u32)a >> 3)
WORD_MODEL(sha256sig1, ROT(17) ^ ROT(19) ^ (u32)a >> 10)
WORD_MODEL(sm3p0, a ^ ROT(32 - 9) ^ ROT(32 - 17))
WORD_MODEL(sm3p1, a ^ ROT(32 - 15) ^ ROT(32 - 23))

#define LONG_MODEL(name, expression)                                           \
  static u64 model_##name(u64 a, u64 b) { return (void)b, expression; }
#define ROT64(n) rotate64(a, n)
LONG_MODEL(sha512sum0, ROT64(28) ^ ROT64(34) ^ ROT64(39))
LONG_MODEL(sha512sum1, ROT64(14) ^ ROT64(18) ^ ROT64(41))
LONG_MODEL(sha512sig0, ROT64(1) ^ ROT64(8) ^ a >> 7)
LONG_MODEL(sha512sig1, ROT64(19) ^ ROT64(61) ^ a >> 6)

static u64 swapped(u64 x) {
  return byte(x, 0) << 24 | byte(x, 1) << 16 | byte(x, 2) << 8 | byte(x, 3);
}

/* The cipher's own order of bytes is the reverse of that in registers. */
static u64 sm4(u64 a, u64 b, u64 which, int is_key) {
  u64 x = swapped((u64)sm4_box[byte(b, which)] << 8 * which);
  u64 sum = is_key ? x ^ rotate32(x, 19) ^ rotate32(x, 9)
                   : x ^ rotate32(x, 30) ^ rotate32(x, 22) ^ rotate32(x, 14) ^ rotate32(x, 8);
  return sign_extend(a ^ swapped(sum));
}

#define SM4_MODEL(which)                                                       \
  static u64 model_sm4ed##which(u64 a, u64 b) { return sm4(a, b, which, 0); }  \
  static u64 model_sm4ks##which(u64 a, u64 b) { return sm4(a, b, which, 1); }
SM4_MODEL(0) SM4_MODEL(1) SM4_MODEL(2) SM4_MODEL(3)

#define ROW(name) {#name, run_##name, model_##name}
static const struct {
  const char *name;
  operation *run, *model;
} ROWS[] = {
    ROW(clmul),      ROW(clmulh),     ROW(clmulr),     ROW(pack),       ROW(packh),
    ROW(packw),      ROW(brev8),      ROW(xperm4),     ROW(xperm8),     ROW(aes64es),
    ROW(aes64esm),   ROW(aes64ds),    ROW(aes64dsm),   ROW(aes64im),    ROW(aes64ks2),
    ROW(aes64ks1i0), ROW(aes64ks1i1), ROW(aes64ks1i7), ROW(aes64ks1i8), ROW(aes64ks1i9),
    ROW(aes64ks1i10), ROW(sha256sum0), ROW(sha256sum1), ROW(sha256sig0), ROW(sha256sig1),
    ROW(sha512sum0), ROW(sha512sum1), ROW(sha512sig0), ROW(sha512sig1), ROW(sm3p0),
    ROW(sm3p1),      ROW(sm4ed0),     ROW(sm4ed1),     ROW(sm4ed2),     ROW(sm4ed3),
    ROW(sm4ks0),     ROW(sm4ks1),     ROW(sm4ks2),     ROW(sm4ks3),
};

static void check_pair(u64 a, u64 b) {
  for (u64 i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
    expect_equal(ROWS[i].name, a, b, ROWS[i].run(a, b), ROWS[i].model(a, b));
  }
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  u64 state = parameters.seed;
  make_boxes();
  for (u64 i = 0; i < EDGE_COUNT; i++) check_pair(EDGES[i], EDGES[(i * 7 + 3) % EDGE_COUNT]);
  for (u64 i = 0; i < parameters.iterations / 10; i++) {
    u64 a = next_random(&state), b = next_random(&state);
    check_pair(a, i & 1 ? b & 0x0f0f0f0f0f0f0f0fUL : b);
  }
  put_result("isa_zk", isa_checks);
}

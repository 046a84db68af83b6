/* RV64I: every integer instruction against a second way of computing it. */
#include "isa.h"

PARAMETERS(64);

static u64 bit(u64 value, u64 index) {
  return value >> index & 1;
}

static u64 sign_extend(u64 value, u64 bits) {
  u64 sign = 1UL << (bits - 1);
  value &= sign * 2 - 1;
  return value & sign ? value | ~(sign * 2 - 1) : value;
}

/* Addition by carries, one bit at a time. */
static u64 add_model(u64 a, u64 b) {
  u64 sum = 0, carry = 0;
  for (u64 i = 0; i < 64; i++) {
    u64 x = bit(a, i), y = bit(b, i);
    sum |= (x ^ y ^ carry) << i;
    carry = (x & y) | (carry & (x | y));
  }
  return sum;
}

static u64 sub_model(u64 a, u64 b) {
  return add_model(add_model(a, ~b), 1);
}

static u64 addw_model(u64 a, u64 b) {
  return sign_extend(add_model(a, b), 32);
}

static u64 subw_model(u64 a, u64 b) {
  return sign_extend(sub_model(a, b), 32);
}

static u64 and_model(u64 a, u64 b) {
  u64 result = 0;
  for (u64 i = 0; i < 64; i++) {
    if (bit(a, i) && bit(b, i)) result |= 1UL << i;
  }
  return result;
}

static u64 or_model(u64 a, u64 b) {
  return ~and_model(~a, ~b);
}

static u64 xor_model(u64 a, u64 b) {
  return sub_model(or_model(a, b), and_model(a, b));
}

/* The highest differing bit decides. */
static u64 sltu_model(u64 a, u64 b) {
  for (u64 i = 64; i-- > 0;) {
    if (bit(a, i) != bit(b, i)) return bit(b, i);
  }
  return 0;
}

static u64 slt_model(u64 a, u64 b) {
  return bit(a, 63) != bit(b, 63) ? bit(a, 63) : sltu_model(a, b);
}

/* Shifts move one place at a time. */
static u64 sll_model(u64 a, u64 b) {
  for (u64 i = b & 63; i; i--) a = add_model(a, a);
  return a;
}

static u64 shift_right(u64 a, u64 places, u64 width, u64 fill) {
  u64 result = 0;
  for (u64 i = 0; i < width; i++) {
    result |= (i + places < width ? bit(a, i + places) : fill) << i;
  }
  return result;
}

static u64 srl_model(u64 a, u64 b) {
  return shift_right(a, b & 63, 64, 0);
}

static u64 sra_model(u64 a, u64 b) {
  return shift_right(a, b & 63, 64, bit(a, 63));
}

static u64 sllw_model(u64 a, u64 b) {
  return sign_extend(sll_model(a, b & 31), 32);
}

static u64 srlw_model(u64 a, u64 b) {
  return sign_extend(shift_right(a, b & 31, 32, 0), 32);
}

static u64 sraw_model(u64 a, u64 b) {
  return sign_extend(shift_right(a, b & 31, 32, bit(a, 31)), 32);
}

RR_STUB(add)
RR_STUB(sub)
RR_STUB(addw)
RR_STUB(subw)
RR_STUB(and)
RR_STUB(or)
RR_STUB(xor)
RR_STUB(slt)
RR_STUB(sltu)
RR_STUB(sll)
RR_STUB(srl)
RR_STUB(sra)
RR_STUB(sllw)
RR_STUB(srlw)
RR_STUB(sraw)

static void register_operations(void) {
  CHECK_RR(add, add_model);
  CHECK_RR(sub, sub_model);
  CHECK_RR(addw, addw_model);
  CHECK_RR(subw, subw_model);
  CHECK_RR(and, and_model);
  CHECK_RR(or, or_model);
  CHECK_RR(xor, xor_model);
  CHECK_RR(slt, slt_model);
  CHECK_RR(sltu, sltu_model);
  CHECK_RR(sll, sll_model);
  CHECK_RR(srl, srl_model);
  CHECK_RR(sra, sra_model);
  CHECK_RR(sllw, sllw_model);
  CHECK_RR(srlw, srlw_model);
  CHECK_RR(sraw, sraw_model);
}

static void immediate_operations(void) {
  CHECK_IMMEDIATES(addi, add_model);
  CHECK_IMMEDIATES(addiw, addw_model);
  CHECK_IMMEDIATES(andi, and_model);
  CHECK_IMMEDIATES(ori, or_model);
  CHECK_IMMEDIATES(xori, xor_model);
  CHECK_IMMEDIATES(slti, slt_model);
  CHECK_IMMEDIATES(sltiu, sltu_model);
}

#define CHECK_SHIFTS(instruction, model, top)  \
  do {                                         \
    CHECK_RI(instruction, 0, model);           \
    CHECK_RI(instruction, 1, model);           \
    CHECK_RI(instruction, 7, model);           \
    CHECK_RI(instruction, 16, model);          \
    CHECK_RI(instruction, 31, model);          \
    CHECK_RI(instruction, top, model);         \
  } while (0)

static void immediate_shifts(void) {
  CHECK_SHIFTS(slli, sll_model, 63);
  CHECK_SHIFTS(srli, srl_model, 63);
  CHECK_SHIFTS(srai, sra_model, 63);
  CHECK_SHIFTS(slli, sll_model, 32);
  CHECK_SHIFTS(srli, srl_model, 32);
  CHECK_SHIFTS(srai, sra_model, 32);
  CHECK_SHIFTS(slliw, sllw_model, 30);
  CHECK_SHIFTS(srliw, srlw_model, 30);
  CHECK_SHIFTS(sraiw, sraw_model, 30);
}

/* Bit 0: taken forwards; bit 1: taken backwards. */
#define BRANCH_STUB(instruction)                       \
  static NO_INLINE u64 run_##instruction(u64 a, u64 b) { \
    u64 taken = 0;                                     \
    __asm__ volatile(                                  \
        "  " #instruction " %1, %2, 1f\n"              \
        "  j 2f\n"                                     \
        "3: ori %0, %0, 2\n"                           \
        "  j 4f\n"                                     \
        "1: ori %0, %0, 1\n"                           \
        "2: " #instruction " %1, %2, 3b\n"             \
        "4:\n"                                         \
        : "+r"(taken)                                  \
        : "r"(a), "r"(b));                             \
    return taken;                                      \
  }

static NO_INLINE void check_branch(const char *name, binary *run, binary *model) {
  for (u64 i = 0; i < EDGE_COUNT; i++) {
    for (u64 j = 0; j < EDGE_COUNT; j++) {
      u64 a = EDGES[i], b = EDGES[j];
      expect_equal(name, a, b, run(a, b), model(a, b) ? 3 : 0);
    }
  }
}

#define CHECK_BRANCH(instruction, model) check_branch(#instruction, run_##instruction, model)

BRANCH_STUB(beq)
BRANCH_STUB(bne)
BRANCH_STUB(blt)
BRANCH_STUB(bge)
BRANCH_STUB(bltu)
BRANCH_STUB(bgeu)

static u64 equal_model(u64 a, u64 b) {
  return xor_model(a, b) ? 0 : 1;
}

static u64 unequal_model(u64 a, u64 b) {
  return 1 - equal_model(a, b);
}

static u64 ge_model(u64 a, u64 b) {
  return 1 - slt_model(a, b);
}

static u64 geu_model(u64 a, u64 b) {
  return 1 - sltu_model(a, b);
}

static void branches(void) {
  CHECK_BRANCH(beq, equal_model);
  CHECK_BRANCH(bne, unequal_model);
  CHECK_BRANCH(blt, slt_model);
  CHECK_BRANCH(bge, ge_model);
  CHECK_BRANCH(bltu, sltu_model);
  CHECK_BRANCH(bgeu, geu_model);
}

static u8 bytes[64] PER_LINE;

#define LOAD_STUB(instruction)                                                          \
  static NO_INLINE u64 run_##instruction(u64 address) {                                 \
    u64 value;                                                                          \
    __asm__ volatile(#instruction " %0, -16(%1)" : "=r"(value) : "r"(address + 16) : "memory"); \
    return value;                                                                       \
  }

LOAD_STUB(lb)
LOAD_STUB(lbu)
LOAD_STUB(lh)
LOAD_STUB(lhu)
LOAD_STUB(lw)
LOAD_STUB(lwu)
LOAD_STUB(ld)

static NO_INLINE void check_load(const char *name, unary *run, u64 width, int is_signed) {
  for (u64 at = 16; at < 32; at++) {
    u64 expected = 0;
    for (u64 i = width; i-- > 0;) expected = expected << 8 | bytes[at + i];
    if (is_signed) expected = sign_extend(expected, width * 8);
    expect_equal(name, at, width, run((u64)&bytes[at]), expected);
  }
}

#define CHECK_LOAD(instruction, width, is_signed) \
  check_load(#instruction, run_##instruction, width, is_signed)

/* Unaligned addresses included: both boards' reference emulator serves them in RAM. */
static void loads(void) {
  for (u64 i = 0; i < sizeof bytes; i++) bytes[i] = (u8)(i * 37 + 0x75);
  CHECK_LOAD(lb, 1, 1);
  CHECK_LOAD(lbu, 1, 0);
  CHECK_LOAD(lh, 2, 1);
  CHECK_LOAD(lhu, 2, 0);
  CHECK_LOAD(lw, 4, 1);
  CHECK_LOAD(lwu, 4, 0);
  CHECK_LOAD(ld, 8, 0);
}

#define STORE_STUB(instruction)                                                         \
  static NO_INLINE u64 run_##instruction(u64 address, u64 value) {                      \
    __asm__ volatile(#instruction " %0, 8(%1)" ::"r"(value), "r"(address - 8) : "memory"); \
    return 0;                                                                           \
  }

STORE_STUB(sb)
STORE_STUB(sh)
STORE_STUB(sw)
STORE_STUB(sd)

static NO_INLINE void check_store(const char *name, binary *run, u64 width) {
  for (u64 at = 16; at < 32; at++) {
    for (u64 i = 0; i < sizeof bytes; i++) bytes[i] = 0xa5;
    run((u64)&bytes[at], 0x8877665544332211UL);
    for (u64 i = 0; i < sizeof bytes; i++) {
      u64 inside = i >= at && i < at + width;
      expect_equal(name, at, i, bytes[i], inside ? (i - at + 1) * 0x11 : 0xa5);
    }
  }
}

#define CHECK_STORE(instruction, width) check_store(#instruction, run_##instruction, width)

static void stores(void) {
  CHECK_STORE(sb, 1);
  CHECK_STORE(sh, 2);
  CHECK_STORE(sw, 4);
  CHECK_STORE(sd, 8);
}

static void upper_immediates(void) {
  u64 value, here;
  __asm__ volatile("lui %0, 0x7ffff" : "=r"(value));
  expect_equal("lui", 0x7ffff, 0, value, 0x7ffff000);
  __asm__ volatile("lui %0, 0x80000" : "=r"(value));
  expect_equal("lui", 0x80000, 0, value, 0xffffffff80000000);
  __asm__ volatile("lui %0, 0xfffff" : "=r"(value));
  expect_equal("lui", 0xfffff, 0, value, 0xfffffffffffff000);
  __asm__ volatile("jal %1, 1f\n 1: auipc %0, 0x12345" : "=r"(value), "=r"(here));
  expect_equal("auipc", 0x12345, 0, value - here, 0x12345000);
  __asm__ volatile("jal %1, 1f\n 1: auipc %0, 0xfffff" : "=r"(value), "=r"(here));
  expect_equal("auipc", 0xfffff, 0, here - value, 0x1000);
}

static void jumps(void) {
  u64 link, target, skipped = 0;
  __asm__ volatile(
      ".option push\n.option norvc\n"
      "  la %1, 2f\n"
      "  jalr %0, -3(%1)\n"
      "  li %2, 5\n"
      "  addi %2, %2, 1\n"
      "2:\n"
      ".option pop\n"
      : "=&r"(link), "=&r"(target), "+&r"(skipped));
  /* -3 with the low bit cleared is -4: only the `addi` runs. */
  expect_equal("jalr low bit", target, link, skipped, 1);
  skipped = 0;
  __asm__ volatile(
      ".option push\n.option norvc\n"
      "  la %0, 1f\n"
      "  jalr %0, 0(%0)\n"
      "2: li %1, 1\n"
      "1: la %2, 2b\n"
      ".option pop\n"
      : "=&r"(link), "+&r"(skipped), "=&r"(target));
  expect_equal("jalr rd=rs1 link", link, target, link, target);
  expect_equal("jalr rd=rs1", link, target, skipped, 0);
}

/* All registers at once: each holds its own value across a mix of reads and writes. */
static void all_registers(void) {
  u64 sum;
  __asm__ volatile(
      "  addi sp, sp, -32\n  sd gp, 0(sp)\n  sd tp, 8(sp)\n  sd s0, 16(sp)\n  csrw mscratch, sp\n"
      "  li x1, 1\n  li x2, 2\n  li x3, 4\n  li x4, 8\n  li x5, 16\n  li x6, 32\n  li x7, 64\n"
      "  li x8, 128\n  li x9, 256\n  li x10, 512\n  li x11, 1024\n  li x12, 1\n  slli x12, x12, 11\n"
      "  slli x13, x12, 1\n  slli x14, x13, 1\n  slli x15, x14, 1\n  slli x16, x15, 1\n"
      "  slli x17, x16, 1\n  slli x18, x17, 1\n  slli x19, x18, 1\n  slli x20, x19, 1\n"
      "  slli x21, x20, 1\n  slli x22, x21, 1\n  slli x23, x22, 1\n  slli x24, x23, 1\n"
      "  slli x25, x24, 1\n  slli x26, x25, 1\n  slli x27, x26, 1\n  slli x28, x27, 1\n"
      "  slli x29, x28, 1\n  slli x30, x29, 1\n  slli x31, x30, 1\n  li x0, 1234\n"
      "  add x31, x31, x30\n  add x31, x31, x29\n  add x31, x31, x28\n  add x31, x31, x27\n"
      "  add x31, x31, x26\n  add x31, x31, x25\n  add x31, x31, x24\n  add x31, x31, x23\n"
      "  add x31, x31, x22\n  add x31, x31, x21\n  add x31, x31, x20\n  add x31, x31, x19\n"
      "  add x31, x31, x18\n  add x31, x31, x17\n  add x31, x31, x16\n  add x31, x31, x15\n"
      "  add x31, x31, x14\n  add x31, x31, x13\n  add x31, x31, x12\n  add x31, x31, x11\n"
      "  add x31, x31, x10\n  add x31, x31, x9\n  add x31, x31, x8\n  add x31, x31, x7\n"
      "  add x31, x31, x6\n  add x31, x31, x5\n  add x31, x31, x4\n  add x31, x31, x3\n"
      "  add x31, x31, x2\n  add x31, x31, x1\n  add x31, x31, x0\n"
      "  csrr sp, mscratch\n  ld gp, 0(sp)\n  ld tp, 8(sp)\n  ld s0, 16(sp)\n  addi sp, sp, 32\n"
      "  mv %0, t6\n"
      : "=r"(sum)::"ra", "t0", "t1", "t2", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
      "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
      "memory");
  expect_equal("registers", 0, 0, sum, 0x7fffffff);
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  register_operations();
  immediate_operations();
  immediate_shifts();
  branches();
  loads();
  stores();
  upper_immediates();
  jumps();
  all_registers();
  put_result("isa_i", isa_checks);
}

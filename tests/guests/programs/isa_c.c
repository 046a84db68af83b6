/* RVC: every compressed integer instruction against its full-size form, and odd placements. */
#include "isa.h"

PARAMETERS(64);

/* Runs a compressed form and the base form on the same operands in the same registers. */
#define SAME_EFFECT(compressed, base)                                                  \
  for (u64 i = 0; i < EDGE_COUNT; i++) {                                               \
    u64 j = (i * 7 + 3) % EDGE_COUNT;                                                  \
    register u64 a __asm__("a0") = EDGES[i];                                           \
    register u64 b __asm__("a1") = EDGES[j];                                           \
    __asm__ volatile(".option push\n.option rvc\n" compressed "\n.option pop\n"        \
                     : "+r"(a), "+r"(b));                                              \
    u64 actual = a;                                                                    \
    a = EDGES[i];                                                                      \
    b = EDGES[j];                                                                      \
    __asm__ volatile(".option push\n.option norvc\n" base "\n.option pop\n"            \
                     : "+r"(a), "+r"(b));                                              \
    expect_equal(compressed, EDGES[i], EDGES[j], actual, a);                           \
  }

static NO_INLINE void arithmetic(void) {
  SAME_EFFECT("c.addi a0, 1", "addi a0, a0, 1");
  SAME_EFFECT("c.addi a0, -32", "addi a0, a0, -32");
  SAME_EFFECT("c.addi a0, 31", "addi a0, a0, 31");
  SAME_EFFECT("c.addiw a0, 0", "addiw a0, a0, 0");
  SAME_EFFECT("c.addiw a0, -1", "addiw a0, a0, -1");
  SAME_EFFECT("c.addiw a0, 21", "addiw a0, a0, 21");
  SAME_EFFECT("c.li a0, -32", "addi a0, zero, -32");
  SAME_EFFECT("c.li a0, 21", "addi a0, zero, 21");
  SAME_EFFECT("c.lui a0, 1", "lui a0, 1");
  SAME_EFFECT("c.lui a0, 0xfffe0", "lui a0, 0xfffe0");
  SAME_EFFECT("c.lui a0, 31", "lui a0, 31");
  SAME_EFFECT("c.slli a0, 1", "slli a0, a0, 1");
  SAME_EFFECT("c.slli a0, 63", "slli a0, a0, 63");
  SAME_EFFECT("c.srli a0, 32", "srli a0, a0, 32");
  SAME_EFFECT("c.srli a0, 5", "srli a0, a0, 5");
  SAME_EFFECT("c.srai a0, 63", "srai a0, a0, 63");
  SAME_EFFECT("c.srai a0, 17", "srai a0, a0, 17");
  SAME_EFFECT("c.andi a0, -17", "andi a0, a0, -17");
  SAME_EFFECT("c.andi a0, 31", "andi a0, a0, 31");
  SAME_EFFECT("c.mv a0, a1", "add a0, zero, a1");
  SAME_EFFECT("c.add a0, a1", "add a0, a0, a1");
  SAME_EFFECT("c.and a0, a1", "and a0, a0, a1");
  SAME_EFFECT("c.or a0, a1", "or a0, a0, a1");
  SAME_EFFECT("c.xor a0, a1", "xor a0, a0, a1");
  SAME_EFFECT("c.sub a0, a1", "sub a0, a0, a1");
  SAME_EFFECT("c.addw a0, a1", "addw a0, a0, a1");
  SAME_EFFECT("c.subw a0, a1", "subw a0, a0, a1");
  SAME_EFFECT("c.nop", "addi zero, zero, 0");
}

static NO_INLINE void branches(void) {
  SAME_EFFECT("c.beqz a0, 1f\n c.li a0, 7\n 1:", "beq a0, zero, 1f\n addi a0, zero, 7\n 1:");
  SAME_EFFECT("c.bnez a0, 1f\n c.li a0, 7\n 1:", "bne a0, zero, 1f\n addi a0, zero, 7\n 1:");
  SAME_EFFECT("c.j 1f\n c.li a0, 7\n 1:", "jal zero, 1f\n addi a0, zero, 7\n 1:");
}

static u64 area[64] PER_LINE;

static void fill(void) {
  for (u64 i = 0; i < 64; i++) area[i] = EDGES[i % EDGE_COUNT] ^ (i << 56) ^ i;
}

static NO_INLINE void memory(void) {
  register u64 base __asm__("a2") = (u64)area;
  register u64 value __asm__("a3");
  fill();
  __asm__ volatile("c.ld a3, 0(a2)" : "=r"(value) : "r"(base) : "memory");
  expect_equal("c.ld 0", 0, 0, value, area[0]);
  __asm__ volatile("c.ld a3, 248(a2)" : "=r"(value) : "r"(base) : "memory");
  expect_equal("c.ld 248", 0, 0, value, area[31]);
  __asm__ volatile("c.ld a3, 168(a2)" : "=r"(value) : "r"(base) : "memory");
  expect_equal("c.ld 168", 0, 0, value, area[21]);
  __asm__ volatile("c.lw a3, 124(a2)" : "=r"(value) : "r"(base) : "memory");
  expect_equal("c.lw 124", 0, 0, value, (u64)(s64)(s32)(area[15] >> 32));
  __asm__ volatile("c.lw a3, 64(a2)" : "=r"(value) : "r"(base) : "memory");
  expect_equal("c.lw 64", 0, 0, value, (u64)(s64)(s32)area[8]);
  value = 0x1122334455667788UL;
  __asm__ volatile("c.sd a3, 200(a2)\n c.sw a3, 100(a2)" ::"r"(value), "r"(base) : "memory");
  expect_equal("c.sd", 0, 0, load_relaxed(&area[25]), value);
  expect_equal("c.sw", 0, 0, load_relaxed(&area[12]) >> 32, 0x55667788);
}

/* sp stands in for the area while no C code runs. */
static NO_INLINE void stack_pointer(void) {
  register u64 base __asm__("a2") = (u64)area;
  register u64 value __asm__("a3");
  u64 saved;
  fill();
  __asm__ volatile(
      "mv %1, sp\n mv sp, a2\n c.ldsp a3, 504(sp)\n mv sp, %1"
      : "=r"(value), "=&r"(saved)
      : "r"(base)
      : "memory");
  expect_equal("c.ldsp 504", 0, 0, value, area[63]);
  __asm__ volatile(
      "mv %1, sp\n mv sp, a2\n c.lwsp a3, 252(sp)\n mv sp, %1"
      : "=r"(value), "=&r"(saved)
      : "r"(base)
      : "memory");
  expect_equal("c.lwsp 252", 0, 0, value, (u64)(s64)(s32)(area[31] >> 32));
  value = 0x99aabbccddeeff00UL;
  __asm__ volatile(
      "mv %0, sp\n mv sp, a2\n c.sdsp a3, 344(sp)\n c.swsp a3, 172(sp)\n mv sp, %0"
      : "=&r"(saved)
      : "r"(base), "r"(value)
      : "memory");
  expect_equal("c.sdsp", 0, 0, load_relaxed(&area[43]), value);
  expect_equal("c.swsp", 0, 0, load_relaxed(&area[21]) >> 32, 0xddeeff00);
  __asm__ volatile(
      "mv %1, sp\n mv sp, a2\n c.addi16sp sp, -512\n c.addi16sp sp, 496\n mv a3, sp\n mv sp, %1"
      : "=r"(value), "=&r"(saved)
      : "r"(base));
  expect_equal("c.addi16sp", 0, 0, value, base - 16);
  __asm__ volatile(
      "mv %1, sp\n mv sp, a2\n c.addi4spn a3, sp, 1020\n mv sp, %1"
      : "=r"(value), "=&r"(saved)
      : "r"(base));
  expect_equal("c.addi4spn", 0, 0, value, base + 1020);
}

static NO_INLINE void jumps(void) {
  u64 link, target, path = 0;
  __asm__ volatile(
      "  la %1, 1f\n"
      "  c.jalr %1\n"
      "2: c.li %2, 7\n"
      "1: la %1, 2b\n"
      "  mv %0, ra\n"
      : "=&r"(link), "=&r"(target), "+&r"(path)::"ra");
  expect_equal("c.jalr link", link, 0, link, target);
  expect_equal("c.jalr", link, 0, path, 0);
  __asm__ volatile(
      "  la ra, 1f\n"
      "  c.jalr ra\n"
      "2: c.li %2, 7\n"
      "1: la %1, 2b\n"
      "  mv %0, ra\n"
      : "=&r"(link), "=&r"(target), "+&r"(path)::"ra");
  expect_equal("c.jalr ra link", link, 0, link, target);
  expect_equal("c.jalr ra", link, 0, path, 0);
  __asm__ volatile(
      "  la %0, 1f\n"
      "  c.jr %0\n"
      "  c.li %1, 7\n"
      "1:\n"
      : "=&r"(target), "+&r"(path));
  expect_equal("c.jr", 0, 0, path, 0);
}

/* A four-byte instruction at an address that is two modulo four, reached both ways. */
static NO_INLINE void placement(void) {
  u64 value = 0, count = 3;
  __asm__ volatile(
      ".balign 4\n"
      "  c.nop\n"
      ".option push\n.option norvc\n"
      "1: addi %0, %0, 1000\n"
      ".option pop\n"
      "  c.addi %1, -1\n"
      "  c.bnez %1, 1b\n"
      "  c.nop\n"
      : "+r"(value), "+r"(count));
  expect_equal("half-aligned loop", 0, 0, value, 3000);
}

/* Across a page boundary: two pages supply one instruction. */
u64 straddling(u64 value);
__asm__(
    ".pushsection .straddle, \"ax\"\n"
    ".globl straddling\n"
    "straddling:\n"
    "  c.nop\n"
    "  c.nop\n"
    ".option push\n.option norvc\n"
    "  addi a0, a0, 1234\n"
    ".option pop\n"
    "  c.jr ra\n"
    ".popsection\n");

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  arithmetic();
  branches();
  memory();
  stack_pointer();
  jumps();
  placement();
  expect_equal("straddling", 0, 0, straddling(1), 1235);
  put_result("isa_c", isa_checks);
}

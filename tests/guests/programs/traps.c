/* Synchronous traps in machine mode with exact mcause, mepc and mtval; CSR access; vectoring. */
#include "guest.h"
#include "board.h"

PARAMETERS(3);

enum {
  FETCH_ACCESS = 1,
  ILLEGAL = 2,
  BREAKPOINT = 3,
  LOAD_ACCESS = 5,
  STORE_ACCESS = 7,
  ECALL_FROM_MACHINE = 11,
  MACHINE_SOFTWARE = 3,
  MSTATUS_MIE = 1 << 3,
  MSTATUS_MPIE = 1 << 7,
  MSTATUS_MPP = 3 << 11,
  MTVEC_VECTORED = 1,
};

/* Nothing answers here on either board. */
static const u64 UNMAPPED = 0x07000000UL;
static const u64 INTERRUPT = 1UL << 63;

extern void record_trap(void);

/*
 * Records the trap and returns to area.resume. mscratch is the only register a handler can free a
 * general register into, so the handler also proves that csrrw swaps.
 */
__asm__(
    ".pushsection .text\n"
    ".option push\n"
    ".option norvc\n"
    ".balign 4\n"
    "record_trap:\n"
    "  csrrw t0, mscratch, t0\n"
    "  sd t1, 40(t0)\n"
    "  csrr t1, mcause\n  sd t1, 0(t0)\n"
    "  csrr t1, mepc\n  sd t1, 8(t0)\n"
    "  csrr t1, mtval\n  sd t1, 16(t0)\n"
    "  csrr t1, mstatus\n  sd t1, 24(t0)\n"
    "  ld t1, 32(t0)\n  addi t1, t1, 1\n  sd t1, 32(t0)\n"
    "  ld t1, 48(t0)\n  csrw mepc, t1\n"
    "  ld t1, 40(t0)\n"
    "  csrrw t0, mscratch, t0\n"
    "  mret\n"
    ".balign 256\n"
    "vector_table:\n"
    "  j record_trap\n"
    "  j unexpected_vector\n"
    "  j unexpected_vector\n"
    "  j software_vector\n"
    "  j unexpected_vector\n"
    "  j unexpected_vector\n"
    "  j unexpected_vector\n"
    "  j unexpected_vector\n"
    "software_vector:\n"
    "  csrrw t0, mscratch, t0\n"
    "  sd t1, 40(t0)\n"
    "  csrr t1, mcause\n  sd t1, 0(t0)\n"
    "  csrr t1, mepc\n  sd t1, 8(t0)\n"
    "  li t1, 1\n  sd t1, 56(t0)\n"
    "  li t1, 0x02000000\n  sw zero, 0(t1)\n"
    "  ld t1, 40(t0)\n"
    "  csrrw t0, mscratch, t0\n"
    "  mret\n"
    "unexpected_vector:\n"
    "  li a0, 3\n"
    "  call finish\n"
    ".option pop\n"
    ".popsection\n");

struct handler_area {
  u64 cause, pc, value, status, count, saved, resume, vectored;
};

static volatile struct handler_area area;

/* Runs one instruction that must trap; the address of the instruction comes back in `at`. */
#define TRAPPING(instruction, at, ...)                                             \
  do {                                                                             \
    u64 resume_address;                                                            \
    __asm__ volatile(                                                              \
        ".option push\n.option norvc\n"                                            \
        "  la %1, 2f\n"                                                            \
        "  sd %1, %2\n"                                                            \
        "  la %0, 1f\n"                                                            \
        ".option pop\n"                                                            \
        "1: " instruction "\n"                                                     \
        "2:\n"                                                                     \
        : "=&r"(at), "=&r"(resume_address), "=m"(area.resume)                      \
        : __VA_ARGS__                                                              \
        : "memory");                                                               \
  } while (0)

#define CHECK_TRAP(expected_cause, expected_pc, expected_value) \
  do {                                                          \
    CHECK(area.count == ++traps_expected);                      \
    CHECK(area.cause == (expected_cause));                      \
    CHECK(area.pc == (expected_pc));                            \
    CHECK(area.value == (expected_value));                      \
    CHECK((area.status & MSTATUS_MPP) == MSTATUS_MPP);          \
    CHECK(!(area.status & MSTATUS_MIE));                        \
  } while (0)

static u64 traps_expected;

static void illegal_instructions(void) {
  u64 at;
  TRAPPING(".2byte 0x0000", at);
  CHECK_TRAP(ILLEGAL, at, 0);
  TRAPPING(".4byte 0xffffffff", at);
  CHECK_TRAP(ILLEGAL, at, 0xffffffff);
  TRAPPING(".4byte 0x0000707f", at);
  CHECK_TRAP(ILLEGAL, at, 0x0000707f);
  TRAPPING("csrw mhartid, zero", at);
  CHECK_TRAP(ILLEGAL, at, 0xf1401073);
  TRAPPING("csrr a0, 0x5c0", at, "r"(0L));
  CHECK_TRAP(ILLEGAL, at, 0x5c002573);
  TRAPPING(".2byte 0x8002", at); /* c.jr with x0 is reserved */
  CHECK_TRAP(ILLEGAL, at, 0x8002);
}

/* Extensions that the CPU model does not have by itself, and one whose float state is off. */
static void disabled_extensions(void) {
  u64 at;
  TRAPPING(".4byte 0x043100d3", at); /* fadd.h ft1,ft2,ft3 */
  CHECK_TRAP(ILLEGAL, at, 0x043100d3);
  TRAPPING(".4byte 0x00851087", at); /* flh ft1,8(a0) */
  CHECK_TRAP(ILLEGAL, at, 0x00851087);
  TRAPPING(".4byte 0x32c58533", at); /* aes64es a0,a1,a2 */
  CHECK_TRAP(ILLEGAL, at, 0x32c58533);
  TRAPPING(".4byte 0xb0c58533", at); /* sm4ed a0,a1,a2,2 */
  CHECK_TRAP(ILLEGAL, at, 0xb0c58533);
  TRAPPING(".4byte 0x28c5c533", at); /* xperm8 a0,a1,a2 */
  CHECK_TRAP(ILLEGAL, at, 0x28c5c533);
  TRAPPING(".4byte 0x85d5c573", at); /* mop.r.5 a0,a1 */
  CHECK_TRAP(ILLEGAL, at, 0x85d5c573);
  TRAPPING(".2byte 0x81c8", at); /* c.lbu a0,1(a1) */
  CHECK_TRAP(ILLEGAL, at, 0x81c8);
  TRAPPING(".2byte 0x6181", at); /* c.mop.3 */
  CHECK_TRAP(ILLEGAL, at, 0x6181);
  TRAPPING(".4byte 0x424100d3", at); /* fround.d ft1,ft2 */
  CHECK_TRAP(ILLEGAL, at, 0x424100d3);
}

static void environment(void) {
  u64 at;
  TRAPPING("ecall", at);
  CHECK_TRAP(ECALL_FROM_MACHINE, at, 0);
  TRAPPING(".4byte 0x00100073", at);
  CHECK(area.count == ++traps_expected);
  CHECK(area.cause == BREAKPOINT && area.pc == at);
  CHECK(area.value == 0 || area.value == at);
  TRAPPING("c.ebreak", at);
  CHECK(area.count == ++traps_expected);
  CHECK(area.cause == BREAKPOINT && area.pc == at);
  CHECK(area.value == 0 || area.value == at);
}

static void access_faults(void) {
  u64 at, kept = 0x1234;
  TRAPPING("ld zero, 0(%3)", at, "r"(UNMAPPED));
  CHECK_TRAP(LOAD_ACCESS, at, UNMAPPED);
  TRAPPING("lbu zero, 5(%3)", at, "r"(UNMAPPED));
  CHECK_TRAP(LOAD_ACCESS, at, UNMAPPED + 5);
  TRAPPING("sw zero, 16(%3)", at, "r"(UNMAPPED));
  CHECK_TRAP(STORE_ACCESS, at, UNMAPPED + 16);
  TRAPPING("amoadd.d zero, zero, (%3)", at, "r"(UNMAPPED));
  CHECK(area.count == ++traps_expected);
  /* The manual says store; QEMU's atomics on device addresses load first and report that. */
  CHECK(area.cause == STORE_ACCESS || area.cause == LOAD_ACCESS);
  CHECK(area.pc == at && area.value == UNMAPPED);
  /* The target register of a faulting load keeps its value. */
  __asm__ volatile(
      ".option push\n.option norvc\n"
      "  la t0, 1f\n"
      "  sd t0, %1\n"
      ".option pop\n"
      "  ld %0, 0(%2)\n"
      "1:\n"
      : "+r"(kept), "=m"(area.resume)
      : "r"(UNMAPPED)
      : "t0", "memory");
  CHECK(area.count == ++traps_expected);
  CHECK(kept == 0x1234);
}

static void fetch_fault(void) {
  u64 at;
  TRAPPING("jr %3", at, "r"(UNMAPPED));
  CHECK(at != UNMAPPED);
  CHECK_TRAP(FETCH_ACCESS, UNMAPPED, UNMAPPED);
}

static void csr_access(void) {
  u64 old;
  WRITE_CSR("mepc", 0x80000006UL);
  CHECK(READ_CSR("mepc") == 0x80000006UL);
  u64 saved = READ_CSR("mscratch");
  WRITE_CSR("mscratch", 0xf0f0UL);
  __asm__ volatile("csrrs %0, mscratch, %1" : "=r"(old) : "r"(0x0f00UL));
  CHECK(old == 0xf0f0 && READ_CSR("mscratch") == 0xfff0);
  __asm__ volatile("csrrc %0, mscratch, %1" : "=r"(old) : "r"(0x00f0UL));
  CHECK(old == 0xfff0 && READ_CSR("mscratch") == 0xff00);
  __asm__ volatile("csrrwi %0, mscratch, 21" : "=r"(old));
  CHECK(old == 0xff00 && READ_CSR("mscratch") == 21);
  __asm__ volatile("csrrsi %0, mscratch, 10" : "=r"(old));
  CHECK(old == 21 && READ_CSR("mscratch") == 31);
  __asm__ volatile("csrrci %0, mscratch, 7" : "=r"(old));
  CHECK(old == 31 && READ_CSR("mscratch") == 24);
  old = ~0UL;
  __asm__ volatile("csrrw %0, mscratch, %0" : "+r"(old));
  CHECK(old == 24 && READ_CSR("mscratch") == ~0UL);
  __asm__ volatile("csrrs zero, mscratch, zero\n csrrci zero, mscratch, 0" ::: "memory");
  CHECK(READ_CSR("mscratch") == ~0UL);
  WRITE_CSR("mscratch", saved);
  /* A read-only CSR may be read through set and clear forms that write nothing. */
  CHECK(READ_CSR("mhartid") == 0);
  CHECK(READ_CSR("misa") >> 62 == 2);
  CHECK(READ_CSR("misa") & 1UL << ('i' - 'a'));
  u64 cycles = READ_CSR("mcycle");
  while (READ_CSR("mcycle") == cycles) pause_hint();
  u64 retired = READ_CSR("minstret");
  CHECK(READ_CSR("minstret") > retired);
}

/* mret takes MIE from MPIE, and the handler ran with MIE clear. */
static void status_stack(void) {
  u64 at;
  SET_CSR("mstatus", MSTATUS_MIE);
  TRAPPING("ecall", at);
  CHECK_TRAP(ECALL_FROM_MACHINE, at, 0);
  CHECK(area.status & MSTATUS_MPIE);
  CHECK(READ_CSR("mstatus") & MSTATUS_MIE);
  CHECK(READ_CSR("mstatus") & MSTATUS_MPIE);
  CLEAR_CSR("mstatus", MSTATUS_MIE);
  TRAPPING("ecall", at);
  CHECK_TRAP(ECALL_FROM_MACHINE, at, 0);
  CHECK(!(area.status & MSTATUS_MPIE));
  CHECK(!(READ_CSR("mstatus") & MSTATUS_MIE));
}

static void vectored(void) {
  extern void vector_table(void);
  u64 at;
  WRITE_CSR("mtvec", (u64)vector_table | MTVEC_VECTORED);
  TRAPPING("ecall", at);
  CHECK_TRAP(ECALL_FROM_MACHINE, at, 0);
  WRITE_CSR("mie", 1 << MACHINE_SOFTWARE);
  area.vectored = 0;
  *(volatile u32 *)ACLINT_MSIP = 1;
  SET_CSR("mstatus", MSTATUS_MIE);
  while (!area.vectored) pause_hint();
  CLEAR_CSR("mstatus", MSTATUS_MIE);
  CHECK(area.cause == (INTERRUPT | MACHINE_SOFTWARE));
  WRITE_CSR("mie", 0);
  WRITE_CSR("mtvec", (u64)record_trap);
}

/* An interrupt masked in mie stays pending through WFI's return and is never taken. */
static void wait_for_interrupt(void) {
  u64 before = area.count;
  WRITE_CSR("mie", 1 << MACHINE_SOFTWARE);
  *(volatile u32 *)ACLINT_MSIP = 1;
  __asm__ volatile("wfi" ::: "memory");
  CHECK(READ_CSR("mip") & 1 << MACHINE_SOFTWARE);
  CHECK(area.count == before);
  *(volatile u32 *)ACLINT_MSIP = 0;
  WRITE_CSR("mie", 0);
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  WRITE_CSR("mscratch", (u64)&area);
  WRITE_CSR("mtvec", (u64)record_trap);
  CHECK(READ_CSR("mtvec") == (u64)record_trap);
  for (u64 i = 0; i < parameters.iterations; i++) {
    illegal_instructions();
    disabled_extensions();
    environment();
    access_faults();
    fetch_fault();
    csr_access();
    status_stack();
    vectored();
    wait_for_interrupt();
  }
  put_result("traps", area.count);
}

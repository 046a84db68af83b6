/*
 * What control and status registers keep of what is written, and who may use them: legal values in
 * machine mode, then every privileged instruction and a list of registers in every mode, with the
 * exact cause and the instruction's bits.
 */
#include "borrowed_mode.h"

PARAMETERS(20);

enum {
  ILLEGAL = 2,
  ECALL_FROM_USER = 8,
  SSI = 1 << 1,
  STI = 1 << 5,
  SEI = 1 << 9,
  SUPERVISOR_INTERRUPTS = SSI | STI | SEI,
  MACHINE_INTERRUPTS = 1 << 3 | 1 << 7 | 1 << 11,
  INTERRUPTS = SUPERVISOR_INTERRUPTS | MACHINE_INTERRUPTS,
  CODE_WORDS = 4,
  ECALL = 0x73,
  CSRR_A0 = 0x2573,
  CSRW_ZERO = 0x1073,
};

static const u64 ONES = ~0UL;
static const u64 STATUS_FS = 3UL << 13, STATUS_SD = 1UL << 63, STATUS_WIDTHS = 10UL << 32;
static const u64 STATUS_TVM = 1UL << 20, STATUS_TW = 1UL << 21, STATUS_TSR = 1UL << 22;
static const u64 SATP_MODE_SHIFT = 60;

static struct trap_area area;
static u32 code[CODE_WORDS] PER_LINE;
static u64 checked;

static NO_INLINE void expect_value(int line, u64 value, u64 expected) {
  checked++;
  if (value == expected) return;
  put_text("value ");
  put_hex(value);
  put_text(", not ");
  put_hex(expected);
  put_text("\n");
  fail_at(FILE_NAME, line);
}

#define expect(value, expected) expect_value(__LINE__, value, expected)

/* Writes, and gives what is kept of it under a mask. */
#define KEPT(csr, value, mask) \
  ({                           \
    WRITE_CSR(csr, value);     \
    READ_CSR(csr) & (mask);    \
  })

static void trap_registers(void) {
  u64 vector = (u64)record_trap;
  expect(KEPT("stvec", vector | 1, ONES), vector | 1);
  CHECK((KEPT("stvec", vector | 2, 3)) < 2);
  CHECK((KEPT("stvec", vector | 3, 3)) < 2);
  expect(KEPT("sepc", 0x80000006UL, ONES), 0x80000006UL);
  expect(KEPT("mepc", 0x80000002UL, ONES), 0x80000002UL);
  expect(KEPT("mscratch", (u64)&area, ONES), (u64)&area);
  expect(KEPT("sscratch", ONES, ONES), ONES);
  expect(KEPT("scause", 1UL << 63 | 5, ONES), 1UL << 63 | 5);
  expect(KEPT("mcause", 15, ONES), 15);
  expect(KEPT("stval", 0x123456789abcdefUL, ONES), 0x123456789abcdefUL);
  expect(KEPT("mtval", ONES, ONES), ONES);
}

static void status(void) {
  u64 before = READ_CSR("mstatus");
  expect(before & 15UL << 32, STATUS_WIDTHS);
  WRITE_CSR("mstatus", 0);
  expect(READ_CSR("mstatus") & (15UL << 32), STATUS_WIDTHS);
  for (u64 mode = 0; mode < 4; mode++) {
    WRITE_CSR("mstatus", MSTATUS_MPP);
    WRITE_CSR("mstatus", mode << MPP_SHIFT);
    u64 kept = (READ_CSR("mstatus") & MSTATUS_MPP) >> MPP_SHIFT;
    CHECK(mode == 2 ? kept != 2 : kept == mode);
  }
  for (u64 fs = 0; fs < 4; fs++) {
    WRITE_CSR("mstatus", fs << 13);
    expect(READ_CSR("mstatus") & (STATUS_FS | STATUS_SD), fs << 13 | (fs == 3 ? STATUS_SD : 0));
    expect(READ_CSR("sstatus") & (STATUS_FS | STATUS_SD), fs << 13 | (fs == 3 ? STATUS_SD : 0));
  }
  /* The supervisor's view: its own fields and no others. */
  u64 own = 1UL << 1 | 1UL << 5 | 1UL << 8 | STATUS_FS | MSTATUS_SUM | MSTATUS_MXR;
  WRITE_CSR("mstatus", 0);
  WRITE_CSR("sstatus", ONES);
  expect(READ_CSR("sstatus") & (own | 3UL << 32 | STATUS_SD), own | 2UL << 32 | STATUS_SD);
  u64 machine = 1UL << 3 | 1UL << 7 | MSTATUS_MPP | MSTATUS_MPRV | STATUS_TVM | STATUS_TW | STATUS_TSR;
  expect(READ_CSR("mstatus") & machine, 0);
  WRITE_CSR("sstatus", 0);
  expect(READ_CSR("mstatus") & own, 0);
  WRITE_CSR("mstatus", STATUS_TVM | STATUS_TW | STATUS_TSR);
  expect(READ_CSR("sstatus") & machine, 0);
  expect(READ_CSR("mstatus") & machine, STATUS_TVM | STATUS_TW | STATUS_TSR);
  WRITE_CSR("mstatus", before);
}

static void delegation(void) {
  u64 usual = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 8 | 1 << 9 | 1 << 12 | 1 << 13 | 1 << 15;
  expect(KEPT("medeleg", ONES, usual), usual);
  expect(KEPT("medeleg", 0, ONES), 0);
  expect(KEPT("mideleg", ONES, INTERRUPTS), SUPERVISOR_INTERRUPTS);
  expect(KEPT("mie", ONES, INTERRUPTS), INTERRUPTS);
  expect(READ_CSR("sie") & INTERRUPTS, SUPERVISOR_INTERRUPTS);
  WRITE_CSR("mideleg", SSI);
  expect(READ_CSR("sie") & INTERRUPTS, SSI);
  WRITE_CSR("sie", 0);
  expect(READ_CSR("mie") & INTERRUPTS, INTERRUPTS & ~SSI);
  WRITE_CSR("mie", 0);
  expect(KEPT("mip", ONES, SUPERVISOR_INTERRUPTS), SUPERVISOR_INTERRUPTS);
  expect(READ_CSR("mip") & 1 << 3, 0);
  expect(READ_CSR("sip") & INTERRUPTS, SSI);
  WRITE_CSR("sip", 0);
  expect(READ_CSR("mip") & SUPERVISOR_INTERRUPTS, STI | SEI);
  WRITE_CSR("mip", 0);
  expect(READ_CSR("mip") & SUPERVISOR_INTERRUPTS, 0);
  WRITE_CSR("mideleg", 0);
}

/* An address translation that does not exist changes nothing, not even the rest of the register. */
static void translation(void) {
  WRITE_CSR("satp", 0);
  for (u64 mode = 0; mode < 16; mode++) {
    WRITE_CSR("satp", 8UL << SATP_MODE_SHIFT | 0x111);
    expect(READ_CSR("satp"), 8UL << SATP_MODE_SHIFT | 0x111);
    u64 written = mode << SATP_MODE_SHIFT | (mode ? 0x222 : 0);
    WRITE_CSR("satp", written);
    u64 kept = READ_CSR("satp");
    if (mode == 0 || mode == 8 || mode == 9) expect(kept, written);
    else if (mode == 10) CHECK(kept == written || kept == (8UL << SATP_MODE_SHIFT | 0x111));
    else expect(kept, 8UL << SATP_MODE_SHIFT | 0x111);
    WRITE_CSR("satp", 0);
  }
}

static void identity(void) {
  u64 letters = 1 << ('i' - 'a') | 1 << 0 | 1 << ('c' - 'a') | 1 << ('d' - 'a') | 1 << ('f' - 'a') |
                1 << ('m' - 'a') | 1 << ('s' - 'a') | 1 << ('u' - 'a');
  u64 isa = READ_CSR("misa");
  expect(isa >> 62, 2);
  expect(isa & letters, letters);
  expect(READ_CSR("mhartid"), 0);
  (void)READ_CSR("mvendorid");
  (void)READ_CSR("marchid");
  (void)READ_CSR("mimpid");
  (void)READ_CSR("mconfigptr");
  expect(KEPT("mcounteren", 7, 7), 7);
  expect(KEPT("scounteren", 7, 7), 7);
}

static void run(enum mode mode, u32 instruction) {
  code[0] = instruction;
  code[1] = ECALL;
  fence_instructions();
  CLEAR_CSR("mstatus", MSTATUS_MPP);
  SET_CSR("mstatus", (u64)mode << MPP_SHIFT);
  enter((u64)code);
  fence_all();
}

static void expect_in(int line, enum mode mode, u32 instruction, int legal) {
  run(mode, instruction);
  volatile struct trap_area *trap = &area;
  expect_value(line, trap->cause, legal ? ECALL_FROM_USER + mode : ILLEGAL);
  if (!legal) expect_value(line, trap->value, instruction);
  expect_value(line, trap->pc, (u64)code + (legal ? 4 : 0));
}

#define EXPECT_IN(mode, instruction, legal) expect_in(__LINE__, mode, instruction, legal)

static u32 reading(u32 csr) {
  return csr << 20 | CSRR_A0;
}

static const enum mode MODES[] = {USER, SUPERVISOR, MACHINE};

/* The number says who may; writing asks for more than reading. */
static void access_rights(void) {
  static const u32 existing[] = {0x100, 0x104, 0x105, 0x106, 0x140, 0x141, 0x142, 0x143, 0x144,
                                 0x180, 0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306, 0x340,
                                 0x341, 0x342, 0x343, 0x344, 0xb00, 0xb02, 0xf11, 0xf12, 0xf13,
                                 0xf14, 0xc00, 0xc01, 0xc02, 0x3a0, 0x3a2, 0x3b0, 0x3bf};
  for (u64 i = 0; i < sizeof existing / sizeof existing[0]; i++) {
    for (u64 m = 0; m < 3; m++) {
      int high_enough = (u32)MODES[m] >= (existing[i] >> 8 & 3);
      EXPECT_IN(MODES[m], reading(existing[i]), high_enough);
      if (existing[i] >> 10 == 3) EXPECT_IN(MODES[m], existing[i] << 20 | CSRW_ZERO, 0);
    }
  }
  static const u32 absent[] = {0x000, 0x004, 0x108, 0x180 + 1, 0x30c, 0x3a1, 0x3a3, 0x3c0, 0x3ef, 0x5c0,
                               0x6ff, 0x747, 0x8ff, 0x9c0, 0xb01, 0xda0, 0xfb0, 0xfff};
  for (u64 i = 0; i < sizeof absent / sizeof absent[0]; i++) {
    for (u64 m = 0; m < 3; m++) EXPECT_IN(MODES[m], reading(absent[i]), 0);
  }
}

static void counter_rights(void) {
  for (u32 counter = 0; counter < 3; counter++) {
    for (u64 given = 0; given < 4; given++) {
      u64 bit = 1 << counter;
      WRITE_CSR("mcounteren", given & 1 ? bit : 7 & ~bit);
      WRITE_CSR("scounteren", given & 2 ? bit : 7 & ~bit);
      EXPECT_IN(USER, reading(0xc00 + counter), given == 3);
      EXPECT_IN(SUPERVISOR, reading(0xc00 + counter), given & 1);
      EXPECT_IN(MACHINE, reading(0xc00 + counter), 1);
    }
  }
  WRITE_CSR("mcounteren", 7);
  WRITE_CSR("scounteren", 7);
}

enum { MRET = 0x30200073, SRET = 0x10200073, WFI = 0x10500073, SFENCE = 0x12000073 };

static void instruction_rights(void) {
  /* Something is pending that ends a wait and interrupts nobody. */
  WRITE_CSR("mideleg", SSI);
  WRITE_CSR("mip", SSI);
  CLEAR_CSR("mstatus", 1 << 1 | 1 << 5 | 1 << 7);
  for (u64 bits = 0; bits < 8; bits++) {
    u64 trapping = (bits & 1 ? STATUS_TVM : 0) | (bits & 2 ? STATUS_TW : 0) | (bits & 4 ? STATUS_TSR : 0);
    SET_CSR("mstatus", trapping);
    WRITE_CSR("mie", SSI);
    EXPECT_IN(SUPERVISOR, SFENCE, !(bits & 1));
    EXPECT_IN(SUPERVISOR, reading(0x180), !(bits & 1));
    EXPECT_IN(SUPERVISOR, WFI, !(bits & 2));
    EXPECT_IN(SUPERVISOR, MRET, 0);
    if (bits & 4) EXPECT_IN(SUPERVISOR, SRET, 0);
    EXPECT_IN(MACHINE, SFENCE, 1);
    EXPECT_IN(MACHINE, WFI, 1);
    EXPECT_IN(MACHINE, reading(0x180), 1);
    WRITE_CSR("mie", 0); /* user mode would be interrupted */
    EXPECT_IN(USER, SFENCE, 0);
    EXPECT_IN(USER, SRET, 0);
    EXPECT_IN(USER, MRET, 0);
    if (bits & 2) EXPECT_IN(USER, WFI, 0);
    CLEAR_CSR("mstatus", trapping);
  }
  WRITE_CSR("mip", 0);
  WRITE_CSR("mie", 0);
  WRITE_CSR("mideleg", 0);
}

/* Float instructions and registers go with the field FS. */
static void float_rights(void) {
  enum { FADD_D = 0x02007053, READ_FCSR = 0x00302573 };
  for (u64 fs = 0; fs < 4; fs++) {
    CLEAR_CSR("mstatus", STATUS_FS);
    SET_CSR("mstatus", fs << 13);
    for (u64 m = 0; m < 3; m++) {
      EXPECT_IN(MODES[m], FADD_D, fs != 0);
      EXPECT_IN(MODES[m], READ_FCSR, fs != 0);
    }
  }
  CLEAR_CSR("mstatus", STATUS_FS);
}

/* A return to less than machine mode ends MPRV, and leaves MPP at the least privilege. */
static void returns(void) {
  for (u64 m = 0; m < 3; m++) {
    SET_CSR("mstatus", MSTATUS_MPRV);
    CLEAR_CSR("mstatus", MSTATUS_MPP);
    SET_CSR("mstatus", (u64)MODES[m] << MPP_SHIFT);
    u64 after;
    __asm__ volatile(
        "  la t0, 1f\n"
        "  csrw mepc, t0\n"
        "  la t0, 2f\n"
        "  csrr t1, mscratch\n"
        "  csrr t2, mstatus\n"
        "  li t2, 1 << 17\n  csrc mstatus, t2\n"
        "  sd t0, 32(t1)\n"
        "  csrs mstatus, t2\n"
        "  mret\n"
        ".balign 4\n"
        "1: ecall\n"
        ".balign 4\n"
        "2: csrr %0, mstatus\n"
        : "=r"(after)
        :
        : "t0", "t1", "t2", "memory");
    expect(after & MSTATUS_MPRV, 0);
    volatile struct trap_area *trap = &area;
    expect(trap->cause, ECALL_FROM_USER + MODES[m]);
  }
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart != 0) return;
  WRITE_CSR("mscratch", (u64)&area);
  WRITE_CSR("mtvec", (u64)record_trap);
  WRITE_CSR("medeleg", 0);
  WRITE_CSR("pmpaddr0", (1UL << 54) - 1);
  WRITE_CSR("pmpcfg0", 0x1f);
  for (u64 i = 0; i < parameters.iterations; i++) {
    CLEAR_CSR("mstatus", 1 << 3); /* returns have enabled interrupts */
    trap_registers();
    status();
    delegation();
    translation();
    identity();
    access_rights();
    counter_rights();
    instruction_rights();
    float_rights();
    returns();
  }
  put_result("privileged_csr", checked);
}

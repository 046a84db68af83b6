/*
 * Loads and stores that machine mode makes with the privilege of MPP, and the trap that they may end in.
 * mscratch points to the hart's trap area; the handler notes the trap there and goes on at `resume`, in
 * machine mode and without MPRV. A program includes this once.
 */
#ifndef BORROWED_MODE_H
#define BORROWED_MODE_H
#include "guest.h"

struct trap_area {
  u64 cause, pc, value, saved, resume;
};

static const u64 MSTATUS_MPRV = 1UL << 17, MSTATUS_SUM = 1UL << 18, MSTATUS_MXR = 1UL << 19;
static const u64 MSTATUS_MPP = 3UL << 11, MPP_SHIFT = 11;

enum mode { USER = 0, SUPERVISOR = 1, MACHINE = 3 };

extern void record_trap(void);
/* With these bits of mstatus set meanwhile: MPRV, or 0. */
u64 borrowed_load(u64 address, u64 mstatus_bits);
u64 borrowed_store(u64 address, u64 mstatus_bits, u64 value);
/* Goes on at the address, in the mode of MPP, until something traps. */
void enter(u64 address);

__asm__(
    ".pushsection .text\n"
    ".option push\n.option norvc\n"
    ".balign 4\n"
    "record_trap:\n"
    "  csrrw t0, mscratch, t0\n"
    "  sd t1, 24(t0)\n"
    "  li t1, 1 << 17\n  csrc mstatus, t1\n" /* before any store of ours could be translated */
    "  csrr t1, mcause\n  sd t1, 0(t0)\n"
    "  csrr t1, mepc\n  sd t1, 8(t0)\n"
    "  csrr t1, mtval\n  sd t1, 16(t0)\n"
    "  ld t1, 32(t0)\n  csrw mepc, t1\n"
    "  li t1, 3 << 11\n  csrs mstatus, t1\n" /* back to machine mode, whoever trapped */
    "  ld t1, 24(t0)\n"
    "  csrrw t0, mscratch, t0\n"
    "  mret\n"
    ".globl borrowed_load, borrowed_store, enter\n"
    "borrowed_load:\n"
    "  csrr t2, mscratch\n  la t1, 1f\n  sd t1, 32(t2)\n"
    "  csrs mstatus, a1\n"
    "  ld a0, 0(a0)\n"
    "  csrc mstatus, a1\n"
    "1: ret\n"
    "borrowed_store:\n"
    "  csrr t2, mscratch\n  la t1, 1f\n  sd t1, 32(t2)\n"
    "  csrs mstatus, a1\n"
    "  sd a2, 0(a0)\n"
    "  csrc mstatus, a1\n"
    "1: ret\n"
    "enter:\n"
    "  csrr t2, mscratch\n  la t1, 1f\n  sd t1, 32(t2)\n"
    "  csrw mepc, a0\n"
    "  mret\n"
    "1: ret\n"
    ".option pop\n"
    ".popsection\n");

#endif

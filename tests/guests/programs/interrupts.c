/*
 * Software interrupts passed round a ring of sleeping harts, broadcasts, and timer interrupts.
 *
 * Every wait is WFI with interrupts masked in mstatus, so a wake-up can be neither lost nor taken
 * before the hart sleeps; the interrupt is then taken in a window of two instructions.
 */
#include "guest.h"
#include "board.h"

PARAMETERS(200);

enum {
  MACHINE_SOFTWARE = 3,
  MACHINE_TIMER = 7,
  MSTATUS_MIE = 1 << 3,
  TIMER_TICKS = 500,
  TIMER_ROUNDS = 10,
};

static const u64 INTERRUPT = 1UL << 63;
static const u64 NEVER = ~0UL;

struct seen {
  u64 software PER_LINE;
  u64 timer PER_LINE;
  u64 early_timer PER_LINE;
};

static struct seen seen[MAX_HARTS];
static u64 broadcast_done PER_LINE;

extern void interrupt_entry(void);

__asm__(
    ".pushsection .text\n"
    ".balign 4\n"
    "interrupt_entry:\n"
    "  addi sp, sp, -144\n"
    "  sd ra, 0(sp)\n  sd t0, 8(sp)\n  sd t1, 16(sp)\n  sd t2, 24(sp)\n"
    "  sd a0, 32(sp)\n  sd a1, 40(sp)\n  sd a2, 48(sp)\n  sd a3, 56(sp)\n"
    "  sd a4, 64(sp)\n  sd a5, 72(sp)\n  sd a6, 80(sp)\n  sd a7, 88(sp)\n"
    "  sd t3, 96(sp)\n  sd t4, 104(sp)\n  sd t5, 112(sp)\n  sd t6, 120(sp)\n"
    "  csrr a0, mcause\n"
    "  call handle_interrupt\n"
    "  ld ra, 0(sp)\n  ld t0, 8(sp)\n  ld t1, 16(sp)\n  ld t2, 24(sp)\n"
    "  ld a0, 32(sp)\n  ld a1, 40(sp)\n  ld a2, 48(sp)\n  ld a3, 56(sp)\n"
    "  ld a4, 64(sp)\n  ld a5, 72(sp)\n  ld a6, 80(sp)\n  ld a7, 88(sp)\n"
    "  ld t3, 96(sp)\n  ld t4, 104(sp)\n  ld t5, 112(sp)\n  ld t6, 120(sp)\n"
    "  addi sp, sp, 144\n"
    "  mret\n"
    ".popsection\n");

static volatile u32 *software_pending(u64 hart) {
  return (volatile u32 *)(ACLINT_MSIP + 4 * hart);
}

static volatile u64 *timer_compare(u64 hart) {
  return (volatile u64 *)(ACLINT_MTIMECMP + 8 * hart);
}

static u64 time_now(void) {
  return *(volatile u64 *)ACLINT_MTIME;
}

void handle_interrupt(u64 cause) {
  u64 hart = READ_CSR("mhartid");
  struct seen *mine = &seen[hart];
  if (cause == (INTERRUPT | MACHINE_SOFTWARE)) {
    *software_pending(hart) = 0;
    store_relaxed(&mine->software, mine->software + 1);
  } else if (cause == (INTERRUPT | MACHINE_TIMER)) {
    if (time_now() < *timer_compare(hart)) mine->early_timer++;
    *timer_compare(hart) = NEVER;
    store_relaxed(&mine->timer, mine->timer + 1);
  } else {
    CHECK(0);
  }
  fence_all();
}

static void send_software(u64 hart) {
  fence_all();
  *software_pending(hart) = 1;
}

static void sleep_until(const u64 *counter, u64 target) {
  CLEAR_CSR("mstatus", MSTATUS_MIE);
  while (load_relaxed(counter) < target) {
    __asm__ volatile("wfi" ::: "memory");
    SET_CSR("mstatus", MSTATUS_MIE);
    CLEAR_CSR("mstatus", MSTATUS_MIE);
  }
  fence_all();
}

/* The token goes round the ring; with one hart the hart interrupts itself. */
static void ring(u64 hart, u64 harts, u64 rounds) {
  u64 start = seen[hart].software;
  u64 next = (hart + 1) % harts;
  for (u64 round = 1; round <= rounds; round++) {
    if (hart == 0) send_software(next);
    sleep_until(&seen[hart].software, start + round);
    if (hart != 0) send_software(next);
  }
}

static void broadcast(u64 hart, u64 harts, u64 rounds) {
  u64 start = seen[hart].software;
  for (u64 round = 1; round <= rounds; round++) {
    if (hart == 0) {
      for (u64 other = 1; other < harts; other++) send_software(other);
      while (load_acquire(&broadcast_done) != round * (harts - 1)) pause_hint();
    } else {
      sleep_until(&seen[hart].software, start + round);
      AMO("amoadd.d.aqrl", &broadcast_done, 1UL);
    }
  }
}

/* A software interrupt to a busy hart: taken in the middle of a loop without WFI. */
static void interrupt_busy_loop(u64 hart, u64 rounds) {
  u64 start = seen[hart].software;
  SET_CSR("mstatus", MSTATUS_MIE);
  for (u64 round = 1; round <= rounds; round++) {
    send_software(hart);
    while (load_relaxed(&seen[hart].software) != start + round) {
    }
  }
  CLEAR_CSR("mstatus", MSTATUS_MIE);
}

static void timers(u64 hart) {
  for (u64 round = 1; round <= TIMER_ROUNDS; round++) {
    *timer_compare(hart) = time_now() + TIMER_TICKS * (1 + (hart & 3));
    sleep_until(&seen[hart].timer, round);
  }
  CHECK(seen[hart].early_timer == 0);
}

/* WFI may resume with the interrupt disabled in mstatus; nothing is taken until it is enabled. */
static void pending_without_taking(u64 hart) {
  u64 before = seen[hart].software;
  CLEAR_CSR("mstatus", MSTATUS_MIE);
  send_software(hart);
  while (!(READ_CSR("mip") & 1 << MACHINE_SOFTWARE)) pause_hint();
  __asm__ volatile("wfi" ::: "memory");
  CHECK(load_relaxed(&seen[hart].software) == before);
  *software_pending(hart) = 0;
  while (READ_CSR("mip") & 1 << MACHINE_SOFTWARE) pause_hint();
  SET_CSR("mstatus", MSTATUS_MIE);
  CLEAR_CSR("mstatus", MSTATUS_MIE);
  CHECK(load_relaxed(&seen[hart].software) == before);
}

void guest_main(u64 hart, u64 harts) {
  u64 rounds = parameters.iterations;
  *timer_compare(hart) = NEVER;
  *software_pending(hart) = 0;
  WRITE_CSR("mtvec", (u64)interrupt_entry);
  WRITE_CSR("mie", 1 << MACHINE_SOFTWARE | 1 << MACHINE_TIMER);
  barrier(harts);
  pending_without_taking(hart);
  barrier(harts);
  ring(hart, harts, rounds);
  barrier(harts);
  broadcast(hart, harts, rounds);
  barrier(harts);
  interrupt_busy_loop(hart, rounds);
  timers(hart);
  barrier(harts);
  if (hart == 0) put_result("interrupts", rounds * harts);
}

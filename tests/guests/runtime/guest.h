/*
 * What every bare-metal guest program may use.
 *
 * A program defines guest_main, which runs on all active harts at once. When hart 0 returns, the
 * machine stops with success; the other harts park. A failed CHECK on any hart stops the machine
 * with failure. Nothing here relies on a C library.
 */
#ifndef GUEST_H
#define GUEST_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long s64;

enum {
  MAX_HARTS = 16,
  LINE_BYTES = 64,
};

/*
 * Patched in the ELF file by tests and benchmarks; the magic number lets them find it without a
 * symbol table. `harts` of zero means: as many as the device tree lists, or one without a tree.
 */
struct parameters {
  u64 magic;
  u64 harts;
  u64 iterations;
  u64 seed;
};

extern const volatile struct parameters parameters;

/* Gives the program its default work amount. Use exactly once per program. */
#define PARAMETERS(default_iterations)                                          \
  const volatile struct parameters parameters                                   \
      __attribute__((section(".parameters"), used)) = {                         \
          0x4d52415054464557UL, 0, (default_iterations), 0x9e3779b97f4a7c15UL}

#define PER_LINE __attribute__((aligned(LINE_BYTES)))
#define NO_INLINE __attribute__((noinline))

void guest_main(u64 hart, u64 harts);

void put_text(const char *text);
void put_decimal(u64 value);
void put_hex(u64 value);
void put_result(const char *name, u64 value);

/* All harts wait for each other; writes before it are visible after it. */
void barrier(u64 harts);

/* Writes the place to the console and stops the machine with failure. */
__attribute__((noreturn)) void fail_at(const char *file, int line);
__attribute__((noreturn)) void finish(u32 code);

#define CHECK(condition)                     \
  do {                                       \
    if (!(condition)) fail_at(FILE_NAME, __LINE__); \
  } while (0)

/* A small generator (xorshift) so that every hart can have its own repeatable stream. */
static inline u64 next_random(u64 *state) {
  u64 x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  *state = x;
  return x;
}

static inline u64 random_stream(u64 hart) {
  return parameters.seed ^ ((hart + 1) * 0x2545f4914f6cdd1dUL);
}

#define fence_all() __asm__ volatile("fence rw, rw" ::: "memory")
#define fence_writes() __asm__ volatile("fence w, w" ::: "memory")
#define fence_reads() __asm__ volatile("fence r, r" ::: "memory")
#define fence_release() __asm__ volatile("fence rw, w" ::: "memory")
#define fence_acquire() __asm__ volatile("fence r, rw" ::: "memory")
#define fence_instructions() __asm__ volatile("fence.i" ::: "memory")

/* The `pause` hint by its bits: assemblers need an extension switched on for the name. */
#define pause_hint() __asm__ volatile(".insn 0x0100000f")

static inline u64 load_relaxed(const u64 *address) {
  return *(const volatile u64 *)address;
}

static inline void store_relaxed(u64 *address, u64 value) {
  *(volatile u64 *)address = value;
}

static inline u64 load_acquire(const u64 *address) {
  u64 value = load_relaxed(address);
  fence_acquire();
  return value;
}

static inline void store_release(u64 *address, u64 value) {
  fence_release();
  store_relaxed(address, value);
}

#define AMO(operation, address, operand)                                          \
  ({                                                                              \
    __typeof__(*(address)) amo_old;                                               \
    __asm__ volatile(operation " %0, %2, %1"                                      \
                     : "=r"(amo_old), "+A"(*(address))                            \
                     : "r"(operand)                                               \
                     : "memory");                                                 \
    amo_old;                                                                      \
  })

#define READ_CSR(name)                                        \
  ({                                                          \
    u64 csr_value;                                            \
    __asm__ volatile("csrr %0, " name : "=r"(csr_value));     \
    csr_value;                                                \
  })
#define WRITE_CSR(name, value) __asm__ volatile("csrw " name ", %0" ::"r"((u64)(value)) : "memory")
#define SET_CSR(name, value) __asm__ volatile("csrs " name ", %0" ::"r"((u64)(value)) : "memory")
#define CLEAR_CSR(name, value) __asm__ volatile("csrc " name ", %0" ::"r"((u64)(value)) : "memory")

#endif

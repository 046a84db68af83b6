/*
 * What the kernels share. A kernel does its work `repeat` times on data of its own and gives a checksum
 * that depends on all of it; the same call gives the same checksum on every machine. Fused multiply-adds
 * are written out, because compilers would fuse differently per target.
 */
#ifndef KERNEL_H
#define KERNEL_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef signed int s32;
typedef signed long s64;

/* Called as written: not inlined, not specialized for constant arguments. */
#define NO_INLINE __attribute__((noipa))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct kernel {
  const char *name;
  u64 (*run)(u64 repeat);
};

/* All of them, up to an entry without a name. */
extern const struct kernel kernels[];

static inline u64 rotate(u64 value, int bits) {
  return value << bits | value >> (64 - bits);
}

/* A fixed sequence, from a state that must not be zero. */
static inline u64 next_random(u64 *state) {
  u64 x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

static inline u64 mix(u64 sum, u64 value) {
  return rotate((sum ^ value) * 0x9e3779b97f4a7c15ul, 23);
}

static inline u64 mix_double(u64 sum, double value) {
  u64 bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return mix(sum, bits);
}

static inline double multiply_add(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}

/* Equal digits on all machines: a number in [0, 1). */
static inline double random_unit(u64 *state) {
  return (double)(next_random(state) >> 11) * 0x1p-53;
}

u64 coremark_mix(u64 repeat);
u64 dhrystone_like(u64 repeat);
u64 sieve(u64 repeat);
u64 integer_matmul(u64 repeat);
u64 sha256(u64 repeat);
u64 sort(u64 repeat);
u64 strings(u64 repeat);
u64 crc32(u64 repeat);
u64 hash_chase(u64 repeat);
u64 interpreter(u64 repeat);
u64 fib(u64 repeat);
u64 divide_multiply(u64 repeat);
u64 stream(u64 repeat);
u64 lz(u64 repeat);
u64 nbody(u64 repeat);
u64 float_matmul(u64 repeat);
u64 fft(u64 repeat);
u64 mandelbrot(u64 repeat);

#endif

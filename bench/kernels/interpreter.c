/* A byte-code interpreter: one switch, one indirect jump per operation. */
#include "guest.h"

PARAMETERS(1200000);

enum operation { PUSH, ADD, SUBTRACT, MULTIPLY, XOR, DUPLICATE, SWAP, LOAD, STORE, LOOP, HALT };

/* Collatz-like mixing of two variables, counted down by a third. */
static const u8 program[] = {
    LOAD,  0,    PUSH,  3,         MULTIPLY, LOAD, 1,    ADD,   STORE, 0, /* a = 3a + b */
    LOAD,  1,    LOAD,  0,         XOR,      DUPLICATE, PUSH, 7, ADD, SWAP, SUBTRACT,
    LOAD,  1,    ADD,   STORE,     1, /* b = b + 7 with detours */
    LOOP,  0,    HALT,
};

static NO_INLINE u64 interpret(u64 count) {
  u64 stack[16], variables[2] = {1, 2};
  u64 *top = stack;
  const u8 *at = program;
  for (;;) {
    switch (*at++) {
      case PUSH: *top++ = *at++; break;
      case ADD: top--; top[-1] += top[0]; break;
      case SUBTRACT: top--; top[-1] -= top[0]; break;
      case MULTIPLY: top--; top[-1] *= top[0]; break;
      case XOR: top--; top[-1] ^= top[0]; break;
      case DUPLICATE: top[0] = top[-1]; top++; break;
      case SWAP: {
        u64 swapped = top[-1];
        top[-1] = top[-2];
        top[-2] = swapped;
        break;
      }
      case LOAD: *top++ = variables[*at++]; break;
      case STORE: variables[*at++] = *--top; break;
      case LOOP: {
        u64 target = *at++;
        if (--count) at = program + target;
        break;
      }
      default: return variables[0] * 31 + variables[1];
    }
  }
}

void guest_main(u64 hart, u64 harts) {
  (void)harts;
  if (hart == 0) put_result("interpreter", interpret(parameters.iterations));
}

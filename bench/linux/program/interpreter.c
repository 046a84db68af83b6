/* Indirect jumps: a byte-code interpreter of a stack machine runs a loop of Collatz sequences. */
#include "kernel.h"

enum operation { PUSH, LOAD, STORE, ADD, MULTIPLY, AND, SHIFT, LESS, EQUAL, JUMP, JUMP_IF_ZERO, DUP, CALL, RETURN, HALT };
enum { VARIABLES = 4, STACK = 32, STARTS = 200 };
enum variable { N, STEPS, START, LIMIT };

/* steps = 0; for (start = 1; start < limit; start++) for (n = start; n != 1; n = next(n)) steps++; */
static const u8 program[] = {
    PUSH, 0, STORE, STEPS, PUSH, 1, STORE, START,
    /* 8: outer loop */
    LOAD, START, LOAD, LIMIT, LESS, JUMP_IF_ZERO, 53,
    LOAD, START, STORE, N,
    /* 19: inner loop */
    LOAD, N, PUSH, 1, EQUAL, JUMP_IF_ZERO, 36,
    LOAD, START, PUSH, 1, ADD, STORE, START, JUMP, 8, HALT,
    /* 36: one step */
    LOAD, N, CALL, 54, STORE, N, LOAD, STEPS, PUSH, 1, ADD, STORE, STEPS, JUMP, 19, HALT, HALT,
    /* 53: the end */
    HALT,
    /* 54: next: half of an even number, three times an odd one and one */
    DUP, PUSH, 1, AND, JUMP_IF_ZERO, 67, PUSH, 3, MULTIPLY, PUSH, 1, ADD, RETURN,
    /* 67 */
    PUSH, 1, SHIFT, RETURN,
};

static u64 variables[VARIABLES];

static NO_INLINE u64 interpret(const u8 *code) {
  u64 stack[STACK], calls[STACK], executed = 0;
  u64 *top = stack;
  u64 *frame = calls;
  const u8 *at = code;
  for (;; executed++) {
    switch ((enum operation)*at++) {
      case PUSH: *top++ = *at++; break;
      case LOAD: *top++ = variables[*at++]; break;
      case STORE: variables[*at++] = *--top; break;
      case ADD: top--, top[-1] += *top; break;
      case MULTIPLY: top--, top[-1] *= *top; break;
      case AND: top--, top[-1] &= *top; break;
      case SHIFT: top--, top[-1] >>= *top; break;
      case LESS: top--, top[-1] = top[-1] < *top; break;
      case EQUAL: top--, top[-1] = top[-1] == *top; break;
      case JUMP: at = code + *at; break;
      case JUMP_IF_ZERO: at = *--top ? at + 1 : code + *at; break;
      case DUP: *top = top[-1], top++; break;
      case CALL: *frame++ = (u64)(at + 1 - code), at = code + *at; break;
      case RETURN: at = code + *--frame; break;
      case HALT: return executed;
    }
  }
}

u64 interpreter(u64 repeat) {
  u64 sum = 0;
  for (u64 round = 0; round < repeat; round++) {
    variables[LIMIT] = STARTS + (round & 15);
    sum = mix(sum, interpret(program));
    sum = mix(sum, variables[STEPS]);
  }
  return sum;
}

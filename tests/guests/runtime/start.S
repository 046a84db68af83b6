# Entry of every hart, in M-mode, a0 = hart number, a1 = device tree or zero.
# Harts beyond the active count park before they touch any shared word.

.equ MAX_HARTS, 16
.equ STACK_BYTES_LOG2, 13
.equ MSTATUS_FS_INITIAL, 1 << 13

.section .text.start, "ax"
.globl _start
_start:
  csrw mie, zero
  la t0, unexpected_trap_entry
  csrw mtvec, t0
.option push
.option norelax
  la gp, __global_pointer$
.option pop
#ifdef WITH_FLOAT
  li t0, MSTATUS_FS_INITIAL
  csrs mstatus, t0
  csrw fcsr, zero
#endif
  li t0, MAX_HARTS
  bgeu a0, t0, park
  addi t0, a0, 1
  slli t0, t0, STACK_BYTES_LOG2
  la sp, stacks
  add sp, sp, t0
  mv s0, a0
  mv a0, a1
  call active_harts
  bgeu s0, a0, park
  mv a1, a0
  mv a0, s0
  call guest_main
  bnez s0, park
  li a0, 0
  call finish

.globl park
park:
  csrw mie, zero
1:
  wfi
  j 1b

.align 2
unexpected_trap_entry:
  csrr a0, mcause
  csrr a1, mepc
  csrr a2, mtval
  call unexpected_trap

.section .bss
.balign 16
stacks:
  .skip MAX_HARTS << STACK_BYTES_LOG2

/*
 * fr_fiber_begin_: where a new stack begins. x86-64, System V. The switch itself is inline, in
 * fiber_switch.h.
 *
 * The stack holds the fiber and the function to call with it. A backtrace ends here.
 */
#if defined(__x86_64__)
    .text
    .globl fr_fiber_begin_
    .hidden fr_fiber_begin_
    .type fr_fiber_begin_, @function
    .p2align 4
fr_fiber_begin_:
    .cfi_startproc
    .cfi_undefined rip
    popq %rdi
    popq %rax
    xorl %ebp, %ebp
    callq *%rax
    ud2
    .cfi_endproc
    .size fr_fiber_begin_, . - fr_fiber_begin_
#endif
    .section .note.GNU-stack, "", %progbits

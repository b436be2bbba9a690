/*
 * fr_fiber_switch_(void **save, void *to): leave this stack, go on on the other. x86-64, System V.
 *
 * Saved are the registers that a callee must keep; all others the compiler has saved around the call. The control words
 * of SSE and x87 are left out: they would cost more than all the rest, and nobody may suspend with them changed.
 * The target is jumped to, not returned to, for the processor's return predictor remembers the stack that was left.
 *
 *     a suspended stack, from its sp upwards:  rbp rbx r12 r13 r14 r15 address
 */
#if defined(__x86_64__)
    .text
    .globl fr_fiber_switch_
    .hidden fr_fiber_switch_
    .type fr_fiber_switch_, @function
    .p2align 4
fr_fiber_switch_:
    .cfi_startproc
    pushq %r15
    pushq %r14
    pushq %r13
    pushq %r12
    pushq %rbx
    pushq %rbp
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %rbp
    popq %rbx
    popq %r12
    popq %r13
    popq %r14
    popq %r15
    popq %rcx
    jmp *%rcx
    .cfi_endproc
    .size fr_fiber_switch_, . - fr_fiber_switch_

/* Where a new stack begins: rbx is the fiber, r12 the function. A backtrace ends here. */
    .globl fr_fiber_begin_
    .hidden fr_fiber_begin_
    .type fr_fiber_begin_, @function
    .p2align 4
fr_fiber_begin_:
    .cfi_startproc
    .cfi_undefined rip
    xorl %ebp, %ebp
    movq %rbx, %rdi
    callq *%r12
    ud2
    .cfi_endproc
    .size fr_fiber_begin_, . - fr_fiber_begin_
#endif
    .section .note.GNU-stack, "", %progbits

/*
 * fr_fiber_switch_(void **save, void *to): leave this stack, go on on the other (fiber_switch.h).
 * AArch64, AAPCS64.
 *
 * Saved are the registers that a callee must keep: x19 … x30 and the lower halves of v8 … v15. The
 * control register of floating point is left out: nobody may suspend with it changed.
 *
 *     a suspended stack, from its sp upwards:  x19 … x28  x29 x30  d8 … d15
 */
#if defined(__aarch64__)
    .text
    .globl fr_fiber_switch_
    .hidden fr_fiber_switch_
    .type fr_fiber_switch_, %function
    .p2align 4
fr_fiber_switch_:
    .cfi_startproc
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    br x30
    .cfi_endproc
    .size fr_fiber_switch_, . - fr_fiber_switch_

/* Where a new stack begins: x19 is the fiber, x20 the function. A backtrace ends here. */
    .globl fr_fiber_begin_
    .hidden fr_fiber_begin_
    .type fr_fiber_begin_, %function
    .p2align 4
fr_fiber_begin_:
    .cfi_startproc
    .cfi_undefined x30
    mov x29, xzr
    mov x30, xzr
    mov x0, x19
    blr x20
    brk #1
    .cfi_endproc
    .size fr_fiber_begin_, . - fr_fiber_begin_
#endif
    .section .note.GNU-stack, "", %progbits

/*
 * Leaving one stack for another: fr_fiber_switch_(&saved, to) and fr_fiber_first_sp_(fiber, main,
 * top), which makes the `to` of a new stack. Private to fiber.c.
 *
 * The control words of floating point are not saved, though a callee would have to keep them: that
 * would cost more than all the rest, and nobody may suspend with them changed.
 */
#ifndef FR_NET_FIBER_SWITCH_H
#define FR_NET_FIBER_SWITCH_H
#include "net/net_int.h"

#include <string.h>

typedef void fr_fiber_main(fr_fiber *fiber);
void fr_fiber_begin_(void);

#if defined(__x86_64__) && !defined(FR_FIBER_UCONTEXT)

/*
 * Inline, and by jumps: a call here and a return there would put the processor's return predictor
 * out of step, for it remembers the stack that was left. Starting and ending a fiber takes 8 ns
 * so, 22 with a function.
 *
 *     a suspended stack, from its sp upwards:  address to go on at, rbx, rbp
 *
 * What else a callee must keep is listed as clobbered: the compiler saves what it uses. The 128
 * bytes below sp may be in use by the function around this.
 */
__attribute__((always_inline)) static inline void fr_fiber_switch_(void **save, void *to)
{
    __asm__ volatile("subq $128, %%rsp\n\t"
                     "pushq %%rbp\n\t"
                     "pushq %%rbx\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "movq %%rsp, (%0)\n\t"
                     "movq %1, %%rsp\n\t"
                     "popq %%rax\n\t"
                     "jmp *%%rax\n"
                     "1:\n\t"
                     "popq %%rbx\n\t"
                     "popq %%rbp\n\t"
                     "addq $128, %%rsp"
                     : "+D"(save), "+S"(to)
                     :
                     : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                       "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
                       "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15");
}

static inline void *fr_fiber_first_sp_(fr_fiber *fiber, fr_fiber_main *run, char *top)
{
    /* All three are popped: the call then finds sp a multiple of 16. */
    uintptr_t *sp = (uintptr_t *)(void *)top - 3;
    sp[0] = (uintptr_t)fr_fiber_begin_;
    sp[1] = (uintptr_t)fiber;
    sp[2] = (uintptr_t)run;
    return sp;
}

#elif defined(__aarch64__) && !defined(FR_FIBER_UCONTEXT)

void fr_fiber_switch_(void **save, void *to);

static inline void *fr_fiber_first_sp_(fr_fiber *fiber, fr_fiber_main *run, char *top)
{
    uintptr_t *sp = (uintptr_t *)(void *)top - 20;
    memset(sp, 0, 20 * sizeof *sp);
    sp[0] = (uintptr_t)fiber;            /* x19 */
    sp[1] = (uintptr_t)run;              /* x20 */
    sp[11] = (uintptr_t)fr_fiber_begin_; /* x30 */
    return sp;
}

#else /* ucontext works everywhere and makes two system calls a switch */

#include <ucontext.h>

static inline void fr_fiber_switch_(void **save, void *to)
{
    ucontext_t here;
    *save = &here;
    swapcontext(&here, to);
}

static inline void fr_fiber_begin_context_(unsigned fiber_high, unsigned fiber_low,
                                           unsigned run_high, unsigned run_low)
{
    fr_fiber *fiber = (fr_fiber *)((uintptr_t)fiber_high << 16 << 16 | fiber_low);
    ((fr_fiber_main *)((uintptr_t)run_high << 16 << 16 | run_low))(fiber);
}

static inline void *fr_fiber_first_sp_(fr_fiber *fiber, fr_fiber_main *run, char *top)
{
    enum { MARGIN = 8192 }; /* the context itself, and alignment */
    ucontext_t *context = (ucontext_t *)(void *)(top - ((sizeof(ucontext_t) + 63) & ~(size_t)63));
    getcontext(context);
    context->uc_stack.ss_sp = top - FR_FIBER_STACK_BYTES + MARGIN;
    context->uc_stack.ss_size = FR_FIBER_STACK_BYTES - 2 * MARGIN;
    context->uc_link = NULL;
    uintptr_t f = (uintptr_t)fiber, r = (uintptr_t)run;
    makecontext(context, (void (*)(void))fr_fiber_begin_context_, 4, (unsigned)(f >> 16 >> 16),
                (unsigned)f, (unsigned)(r >> 16 >> 16), (unsigned)r);
    return context;
}

#endif
#endif

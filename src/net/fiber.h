/*
 * Fibers: stackful coroutines in which handlers run, so that they read top to bottom. Assembly for
 * x86-64 and aarch64, swapcontext elsewhere; 64 KiB stacks with a guard page, pooled per loop, at
 * most FR_FIBERS_MAX a process. Sanitizers are told of every switch.
 */
#ifndef FR_NET_FIBER_H
#define FR_NET_FIBER_H
#include "net/loop.h"

typedef struct fr_fiber fr_fiber;
struct fr_zone;
enum { FR_FIBER_STACK_BYTES = 64 * 1024, FR_FIBERS_MAX = 10000 };

/* Start run(arg) on a pooled fiber. On the loop's own stack it runs at once, until it ends or
 * suspends; from within a fiber it is put into the ready list. Errors: FR_EBUSY (all fibers in
 * use), FR_ENOMEM. Loop thread. */
fr_err fr_fiber_start(fr_loop *loop, void (*run)(void *arg), void *arg);
fr_fiber *fr_fiber_current(void);
/* What the current fiber works at, for the log: its route. Asked only when a line is due, also after the fiber has ended, so
 * `of` lives as long as the app. name is NULL: `of` is an fr_str, or NULL. Without a fiber nothing happens. */
void fr_fiber_name(fr_str (*name)(const void *of), const void *of);
/* The time zone of the current fiber from now on, until it ends; without a fiber that of the thread. NULL: the process's. */
void fr_fiber_use_zone(const struct fr_zone *zone);
/* Suspend the current fiber until fr_fiber_resume, or until wait.c makes it ready: for fr_wait, which all waiting goes
 * through. */
void fr_fiber_suspend(void);
/* Loop thread of the fiber. On the loop's stack: switches at once; within a fiber: into the ready
 * list. */
void fr_fiber_resume(fr_fiber *fiber);
/* Run `run(arg)` on the loop's own (large) stack from within a fiber and come back: for library
 * calls that need deep stacks (SQLite prepare). Outside a fiber: a plain call. */
void fr_fiber_on_loop_stack(void (*run)(void *arg), void *arg);
#endif

/*
 * Signals that are not orders. What a handler starts (popen, posix_spawn) inherits what is ignored and what is blocked, and
 * would run with it: a pipeline whose reader has gone goes on for ever when SIGPIPE is ignored, and nothing can end a program
 * that blocks SIGTERM. So nothing is ignored here, and threads where handlers run block as little as the program does.
 */
#ifndef FR_NET_SIGNAL_H
#define FR_NET_SIGNAL_H

/* Writing to a peer who has gone (SIGPIPE), or past the limit on file sizes (SIGXFSZ), fails with an error from now on and ends nobody:
 * an empty handler, which exec takes back. One of the program's own stays. Any number of times; the first one before threads are
 * there and signals are held back, since it notes which ones the program blocks. */
void fr_signals_survive_writes(void);
/* This thread of ours runs functions of the program: block what that blocks, and what it handles itself. A thread's first call
 * counts. */
void fr_signals_as_the_program(void);
#endif

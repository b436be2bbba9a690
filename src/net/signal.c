/* SIGTERM and SIGINT: the first drains, a second one cuts. SIGHUP is for on_hangup. The handler sets a flag of each loop
 * and wakes it: atomics and write() only. One server of a process takes the signals. For the others see signal.h. */
#include "net/signal.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "net/net_int.h"

static _Atomic(fr_server *) server_of_signals;
static atomic_uint signals_seen, handlers_running;
static struct sigaction before_term, before_int, before_hup;
static bool has_hup; /* SIGHUP was taken */

static void on_signal(int number)
{
    atomic_fetch_add(&handlers_running, 1);
    fr_server *server = atomic_load(&server_of_signals);
    if (server && number == SIGHUP)
        fr_server_order_(server, FR_ORDER_HANGUP);
    else if (server)
        fr_server_order_(server, atomic_fetch_add(&signals_seen, 1) ? FR_ORDER_STOP | FR_ORDER_CUT
                                                                    : FR_ORDER_STOP);
    atomic_fetch_sub(&handlers_running, 1);
}

/* ---- what children inherit ---- */

static sigset_t blocked_by_program;
static pthread_once_t noted = PTHREAD_ONCE_INIT;

static void note_blocked(void)
{
    pthread_sigmask(SIG_BLOCK, NULL, &blocked_by_program);
}

static void on_failed_write(int number)
{
    (void)number; /* the call fails, and says so */
}

static bool is_the_programs(int number)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action))
        return false;
    if (action.sa_flags & SA_SIGINFO)
        return true;
    void (*handler)(int) = action.sa_handler;
    return handler != SIG_DFL && handler != SIG_IGN && handler != on_signal &&
           handler != on_failed_write;
}

void fr_signals_survive_writes(void)
{
    static const int WRITES[] = {SIGPIPE, SIGXFSZ};
    struct sigaction action = {.sa_handler = on_failed_write, .sa_flags = SA_RESTART};
    pthread_once(&noted, note_blocked);
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof WRITES / sizeof *WRITES; i++)
        if (!is_the_programs(WRITES[i]))
            (void)sigaction(WRITES[i], &action, NULL);
}

/* A fault is told to the thread that made it. */
static bool is_of_a_thread(int number)
{
    switch (number) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGABRT:
    case SIGSYS: return true;
    default: return false;
    }
}

void fr_signals_as_the_program(void)
{
    static _Thread_local bool is_done;
    if (is_done)
        return;
    is_done = true;
    sigset_t blocked = blocked_by_program;
    for (int number = 1; number < NSIG; number++)
        if (!is_of_a_thread(number) && is_the_programs(number))
            sigaddset(&blocked, number);
    pthread_sigmask(SIG_SETMASK, &blocked, NULL);
}

/* ---- orders ---- */

fr_err fr_signals_take_(fr_server *server)
{
    fr_server *none = NULL;
    if (!atomic_compare_exchange_strong(&server_of_signals, &none, server))
        return FR_EBUSY;
    atomic_store(&signals_seen, 0);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGTERM, &action, &before_term) || sigaction(SIGINT, &action, &before_int))
        return FR_EIO;
    has_hup = server->opts.on_hangup != NULL;
    if (has_hup && sigaction(SIGHUP, &action, &before_hup))
        return FR_EIO;
    sigset_t held; /* what was held back until now (cli/main.c) arrives */
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGHUP);
    pthread_sigmask(SIG_UNBLOCK, &held, NULL);
    return FR_OK;
}

void fr_signals_give_back_(void)
{
    (void)sigaction(SIGTERM, &before_term, NULL);
    (void)sigaction(SIGINT, &before_int, NULL);
    if (has_hup)
        (void)sigaction(SIGHUP, &before_hup, NULL);
    atomic_store(&server_of_signals, NULL);
    while (atomic_load(&handlers_running)) /* in another thread: it may still hold the server */
        sched_yield();
}

/* SIGTERM and SIGINT: the first drains, a second one cuts. SIGHUP is for on_hangup. The handler sets a flag of each loop
 * and wakes it: atomics and write() only. One server of a process takes the signals. */
#include <sched.h>
#include <signal.h>

#include "net/net_int.h"

static _Atomic(fr_server *) server_of_signals;
static atomic_uint signals_seen, handlers_running;
static struct sigaction before_term, before_int, before_hup;
static bool has_hup; /* it was taken */

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

/*
 * The database goes away under a running server: all who watch are told at once, what is asked is refused for as long as a
 * drain may last, so that a proxy in front of the server sees the refusals, and then the server drains.
 */
#ifndef FR_CLI_LOSS_H
#define FR_CLI_LOSS_H
#include "live/live.h"
#include "net/server.h"

typedef struct fr_loss {
    fr_live *live;
    _Atomic(fr_server *) server; /* NULL: not open yet */
    uint32_t refuse_ms;
    fr_task task;
    fr_timer timer;
} fr_loss;

/* server: open, and the one to end when db goes. false: too late, the database has gone already. */
bool fr_loss_watch(fr_loss *loss, fr_server *server, const fr_db *db);
/* The database has gone. Called once, on any thread whose end the loops wait for. */
void fr_loss_begin(fr_loss *loss);
#endif

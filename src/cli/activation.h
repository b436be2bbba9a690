/*
 * Started by systemd, or what speaks its protocol: sockets that are open already (LISTEN_FDS, sd_listen_fds(3)), and
 * telling that we serve and that we stop (NOTIFY_SOCKET, sd_notify(3)). Without the variables all of it does nothing.
 */
#ifndef FR_CLI_ACTIVATION_H
#define FR_CLI_ACTIVATION_H
#include "net/endpoint.h"

/* The sockets that are meant for this process, `max` at most; how many. The variables are taken out of the environment,
 * so that programs started by us do not think that they are meant. Before other threads start. */
int fr_activation_take(fr_endpoint *out, int max);
void fr_activation_ready(void);
void fr_activation_stopping(void *arg); /* fr_server_opts.on_drain */
#endif

/*
 * freshet/live.h: rows as JSON to a socket, in the format of the REST API. (Watching a URL needs no call: every viewset's
 * URLs are also live sockets; docs/live-protocol.md.)
 */
#ifndef FRESHET_LIVE_H
#define FRESHET_LIVE_H

#include <freshet/channels.h>
#include <freshet/db.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Send rows to a client as one text message: a JSON array, each row printed by the serializer of the viewset that the
 * rows came from (fr_list), or with all fields but the secret ones (fr_all, fr_filter).
 *
 * @param sock  accepted
 * @param rows  all of them are sent, also those that fr_rows_next has walked past
 *
 * Errors:   FR_EINVAL (not accepted), FR_ETOOBIG (the client reads too slowly), FR_ECANCELED, FR_ENOMEM
 * Owner:    the rows stay the caller's
 * Thread:   the socket's loop
 * Cost:     one pass over the rows into a buffer that the loop keeps, and one copy of it into the connection's output
 */
FR_API fr_err fr_send_rows(fr_sock *sock, const fr_rows *rows);

/**
 * The same text, for an answer put together by hand.
 *
 * @param p    fr_ctx, fr_req or fr_sock
 * @param out  NUL-terminated, in the event's arena
 *
 * Errors:   FR_ENOMEM
 */
#define fr_rows_json(p, rows, out) fr_rows_json_((p)->ctx, (rows), (out))
FR_API fr_err fr_rows_json_(fr_ctx *ctx, const fr_rows *rows, fr_str *out);

#ifdef __cplusplus
}
#endif
#endif

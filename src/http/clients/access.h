/* The access log: one line for each request that is over, in the common or the combined format of the NCSA and Apache, or as
 * JSON. */
#ifndef FR_HTTP_CLIENTS_ACCESS_H
#define FR_HTTP_CLIENTS_ACCESS_H
#include "http/clients/line_file.h"

struct fr_exchange;
struct fr_http;
struct fr_http_loop;

typedef enum fr_access_format {
    FR_ACCESS_COMMON,
    FR_ACCESS_COMBINED,
    FR_ACCESS_JSON
} fr_access_format;

/* What a line tells. Texts are as the client sent them; p NULL: not known, or none. */
typedef struct fr_access_entry {
    fr_time time;
    fr_str client, peer; /* peer: p NULL if it is the client */
    fr_str method, target;
    fr_str host, referer, user_agent;
    uint8_t minor; /* HTTP/1.minor */
    int status;
    uint64_t bytes; /* of the body */
    uint64_t us;    /* from its head until its answer was made */
} fr_access_entry;

/* One line with its line end; returns its length. Control bytes, quotes and what is no ASCII are escaped, long texts cut and
 * ended with "...". */
size_t fr_access_line(fr_access_format format, const fr_access_entry *entry,
                      char out[FR_LINE_BYTES]);

/* What an exchange keeps for its line. */
typedef struct fr_access_note {
    uint64_t began_ns; /* the head was complete; 0: not yet */
    bool is_wanted;    /* there is a log */
} fr_access_note;

/* The connection of the exchange is there. */
void fr_access_begin(struct fr_exchange *exchange);
void fr_access_note_head(struct fr_exchange *exchange);
/* The request is over. */
void fr_access_note_end(struct fr_exchange *exchange);
/* The log of a loop, if there is to be one. Errors: FR_EIO, FR_ENOMEM. */
fr_err fr_access_open(struct fr_http_loop *of, const struct fr_http *http);
void fr_access_close(struct fr_http_loop *of);
#endif

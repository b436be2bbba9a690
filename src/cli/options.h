/* The command line of a program that calls fr_main: one table makes the parser, FRESHET_* and --help. */
#ifndef FR_CLI_OPTIONS_H
#define FR_CLI_OPTIONS_H
#include <freshet/app.h>
#include "base/settings.h"
#include "net/endpoint.h"

enum {
    FR_EXIT_DONE = 0,
    FR_EXIT_FAILED = 1,
    FR_EXIT_USAGE = 2,
    FR_EXIT_CONFIG = 3,
    FR_EXIT_LISTEN = 4,
    FR_EXIT_DB = 5
};

enum { FR_ENDPOINTS_MAX = 32 };

typedef struct fr_options {
    fr_setting_list listen;
    const char *socket_mode;
    int64_t connections, connections_per_address, accepts;
    const char *db; /* NULL: none was given */
    const char *origins;
    const char *hosts; /* NULL: any */
    const char *cors_origins;
    bool cors_credentials;
    const char *secret_key_file;
    bool without_users;
    const char *password_hash;
    bool weak_passwords;
    const char *time_zone;
    int index; /* fr_route_index_who */
    int64_t workers, blocking_threads;
    int io; /* fr_io */
    int64_t drain_ms;
    int64_t header_bytes, header_line, header_fields;
    int64_t header_ms, body_ms, idle_ms, send_ms, min_rate, pipeline;
    int64_t body_bytes;
    int64_t batch_requests;
    int64_t list_bytes;
    int64_t upload_bytes, upload_memory; /* of forms with files */
    int64_t form_fields, form_files;
    const char *upload_folder;
    const char *media, *media_url; /* of FILE and IMAGE fields */
    const char *trust_proxy;       /* NULL: nobody */
    const char *access_log;        /* NULL: none; "-": standard output */
    int access_log_format;         /* fr_access_format */
    int64_t out_bytes;
    int64_t snapshot_rows;
    /* of WebSockets */
    int64_t ws_message_bytes, ws_fragments, ws_messages;
    int64_t ws_ping_ms, ws_pong_ms, ws_pings;
    bool ws_compress;
    int ws_compress_takeover; /* 0 none, 1 server, 2 client, 3 both */
    int64_t ws_compress_from, ws_compress_window, ws_compress_level, ws_compress_memory;
    int64_t gzip_level;
    int64_t gzip_from;
    int log_level;                           /* fr_level */
    int log_format;                          /* 0 text, 1 json */
    fr_endpoint endpoints[FR_ENDPOINTS_MAX]; /* of listen, and those that systemd has opened */
    int endpoint_count;
} fr_options;

/* out: from the command line, the environment and app. Returns -1 to go on, else the exit code (--help and --version are
 * answered here). */
int fr_options_read(const fr_app *app, const char *name, int argc, char **argv, fr_options *out);
/* Once the log is set up: warn of what stands in the environment and is no option. */
void fr_options_warn(void);
#endif

/* Options of fr_main; see options.h. Precedence: flag, environment, the app's own default, ours. */
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "base/str.h"
#include "cli/activation.h"
#include "net/threads.h"

static const char *const levels[] = {"error", "warn", "info", "debug", "trace", NULL};
static const char *const formats[] = {"text", "json", NULL};
static const char *const access_formats[] = {"common", "combined", "json", NULL};
static const char *const io_kinds[] = {"auto", "epoll", "io_uring", NULL}; /* as fr_io */
static const char *const index_kinds[] = {"local", "all", "none", NULL}; /* as fr_route_index_who */
static const char *const takeovers[] = {"none", "server", "client", "both", NULL};

enum { MILLISECONDS_A_DAY = 86400000, MAX_WORKERS = 256 };

static const fr_setting table[] = {
    {"listen", FR_SETTING_LIST, "ADDRESS",
     "HOST:PORT (port 0 takes any free one) or unix:PATH; several with commas, or given again",
     NULL, offsetof(fr_options, listen), NULL, 0, 0},
    {"socket-mode", FR_SETTING_STRING, "MODE", "of the file of a unix:PATH", "660",
     offsetof(fr_options, socket_mode), NULL, 0, 0},
    {"connections", FR_SETTING_INT, "N",
     "connections at once; 0 is what the limit on open files allows. More wait", "0",
     offsetof(fr_options, connections), NULL, 0, INT32_MAX},
    {"connections-per-address", FR_SETTING_INT, "N",
     "of one IPv4 address or IPv6 /64, proxies that are trusted excepted; 0 is any number. More "
     "get 503",
     "0", offsetof(fr_options, connections_per_address), NULL, 0, INT32_MAX},
    {"accepts", FR_SETTING_INT, "N", "new connections in a second; 0 is any number. More wait", "0",
     offsetof(fr_options, accepts), NULL, 0, 1000000},
    {"db", FR_SETTING_STRING, "URL",
     "database: sqlite:PATH; if there are models, sqlite:NAME.db of this program's name", NULL,
     offsetof(fr_options, db), NULL, 0, 0},
    {"workers", FR_SETTING_INT, "N", "worker threads; 0 is one a core", "0",
     offsetof(fr_options, workers), NULL, 0, MAX_WORKERS},
    {"blocking-threads", FR_SETTING_INT, "N", "threads for fr_blocking, at once; more calls wait",
     "64", offsetof(fr_options, blocking_threads), NULL, 1, FR_THREADS_MAX},
    {"io", FR_SETTING_ENUM, "WAY", "how output leaves; auto is the best there is", "auto",
     offsetof(fr_options, io), io_kinds, 0, 0},
    {"hosts", FR_SETTING_STRING, "LIST",
     "names under which it may be asked, such as example.com and .example.org; * is any", NULL,
     offsetof(fr_options, hosts), NULL, 0, 0},
    {"origins", FR_SETTING_STRING, "LIST",
     "origins of web pages that may open sockets and write, besides this host; * is any", NULL,
     offsetof(fr_options, origins), NULL, 0, 0},
    {"cors-origins", FR_SETTING_STRING, "LIST",
     "origins of web pages that may read and write here too, such as http://localhost:5173 and "
     "https://*.a.example; * is any",
     NULL, offsetof(fr_options, cors_origins), NULL, 0, 0},
    {"cors-credentials", FR_SETTING_BOOL, NULL, "and bring cookies along", NULL,
     offsetof(fr_options, cors_credentials), NULL, 0, 0},
    {"without-users", FR_SETTING_BOOL, NULL,
     "nobody is asked who he is, and everything is permitted; listens on this machine alone", NULL,
     offsetof(fr_options, without_users), NULL, 0, 0},
    {"secret-key-file", FR_SETTING_STRING, "PATH",
     "file with the secret that sessions are signed with, and older ones, one a line; see also "
     "FRESHET_SECRET_KEY",
     NULL, offsetof(fr_options, secret_key_file), NULL, 0, 0},
    {"password-hash", FR_SETTING_STRING, "NAME",
     "how new passwords are hashed: pbkdf2_sha256, argon2, scrypt, bcrypt_sha256 and Django's "
     "others",
     "pbkdf2_sha256", offsetof(fr_options, password_hash), NULL, 0, 0},
    {"weak-passwords", FR_SETTING_BOOL, NULL, "md5 and sha1 of old rows are checked, too", NULL,
     offsetof(fr_options, weak_passwords), NULL, 0, 0},
    {"time-zone", FR_SETTING_STRING, "NAME",
     "zone that dates and times are shown and understood in, by the name of the system's tzdata",
     "UTC", offsetof(fr_options, time_zone), NULL, 0, 0},
    {"index", FR_SETTING_ENUM, "WHO",
     "who is shown the routes at /, if there is nothing else: this machine, all, none", "local",
     offsetof(fr_options, index), index_kinds, 0, 0},
    {"log", FR_SETTING_ENUM, "LEVEL", "how much is logged", "info", offsetof(fr_options, log_level),
     levels, 0, 0},
    {"log-format", FR_SETTING_ENUM, "FORMAT", "of the log", "text",
     offsetof(fr_options, log_format), formats, 0, 0},
    {"header-timeout", FR_SETTING_MS, "TIME", "until the head of a request has come whole", "10s",
     offsetof(fr_options, header_ms), NULL, 1, MILLISECONDS_A_DAY},
    {"body-timeout", FR_SETTING_MS, "TIME", "in which a body must come at the least rate", "30s",
     offsetof(fr_options, body_ms), NULL, 1, MILLISECONDS_A_DAY},
    {"send-timeout", FR_SETTING_MS, "TIME", "in which an answer must be read at the least rate",
     "60s", offsetof(fr_options, send_ms), NULL, 1, MILLISECONDS_A_DAY},
    {"idle-timeout", FR_SETTING_MS, "TIME", "until the next request of a connection", "75s",
     offsetof(fr_options, idle_ms), NULL, 1, MILLISECONDS_A_DAY},
    {"min-rate", FR_SETTING_BYTES, "SIZE", "the least rate, in a second", "512B",
     offsetof(fr_options, min_rate), NULL, 1, 1LL << 30},
    {"header-bytes", FR_SETTING_BYTES, "SIZE", "largest head of a request", "64KiB",
     offsetof(fr_options, header_bytes), NULL, 256, 1LL << 20},
    {"header-line", FR_SETTING_BYTES, "SIZE", "largest request line, and largest header", "8KiB",
     offsetof(fr_options, header_line), NULL, 64, 1LL << 20},
    {"header-fields", FR_SETTING_INT, "N", "headers of one request at most", "100",
     offsetof(fr_options, header_fields), NULL, 1, 1000},
    {"pipeline", FR_SETTING_INT, "N",
     "requests of one client that are answered before others have their turn", "64",
     offsetof(fr_options, pipeline), NULL, 1, 65536},
    {"body", FR_SETTING_BYTES, "SIZE", "largest request body (2.5MiB)", NULL,
     offsetof(fr_options, body_bytes), NULL, 0, 1LL << 40},
    {"batch", FR_SETTING_INT, "N", "requests of one batch at most, where a route takes them", "100",
     offsetof(fr_options, batch_requests), NULL, 1, 10000},
    {"list", FR_SETTING_BYTES, "SIZE", "largest list without pages; what is over 1MiB goes to disk",
     "1GiB", offsetof(fr_options, list_bytes), NULL, 1, 1LL << 50},
    {"upload", FR_SETTING_BYTES, "SIZE", "largest form, where a route takes files", "64MiB",
     offsetof(fr_options, upload_bytes), NULL, 1, 1LL << 50},
    {"upload-memory", FR_SETTING_BYTES, "SIZE",
     "files of one form that are kept in memory; what is more goes to disk", "2560KiB",
     offsetof(fr_options, upload_memory), NULL, 1, 1LL << 40},
    {"upload-folder", FR_SETTING_STRING, "PATH",
     "where files of forms, and long lists, go to disk; empty is $TMPDIR or /tmp", NULL,
     offsetof(fr_options, upload_folder), NULL, 0, 0},
    {"media", FR_SETTING_STRING, "DIR", "where the files of FILE and IMAGE fields are", "media",
     offsetof(fr_options, media), NULL, 0, 0},
    {"media-url", FR_SETTING_STRING, "PATH",
     "where they are served; https://... if somebody else serves them", "/media/",
     offsetof(fr_options, media_url), NULL, 0, 0},
    {"form-fields", FR_SETTING_INT, "N", "fields of one form at most", "1000",
     offsetof(fr_options, form_fields), NULL, 1, 1000000},
    {"form-files", FR_SETTING_INT, "N", "files of one form at most", "100",
     offsetof(fr_options, form_files), NULL, 1, 1000000},
    {"trust-proxy", FR_SETTING_STRING, "LIST",
     "proxies that are believed who the client is: addresses, networks, loopback, unix", NULL,
     offsetof(fr_options, trust_proxy), NULL, 0, 0},
    {"access-log", FR_SETTING_STRING, "PATH", "a line for each request; - is standard output", NULL,
     offsetof(fr_options, access_log), NULL, 0, 0},
    {"access-log-format", FR_SETTING_ENUM, "FORMAT", "of its lines", "combined",
     offsetof(fr_options, access_log_format), access_formats, 0, 0},
    {"client-bound", FR_SETTING_BYTES, "SIZE", "bytes that wait for one slow client at most",
     "1MiB", offsetof(fr_options, out_bytes), NULL, 64 << 10, 1LL << 30},
    {"snapshot-rows", FR_SETTING_INT, "N",
     "longest list that may be watched without a page size (live.snapshot_rows)", "10000",
     offsetof(fr_options, snapshot_rows), NULL, 1, 10000000},
    {"ws-message", FR_SETTING_BYTES, "SIZE", "largest WebSocket message of a client", "1MiB",
     offsetof(fr_options, ws_message_bytes), NULL, 1, 1LL << 30},
    {"ws-fragments", FR_SETTING_INT, "N",
     "frames of one WebSocket message at most; 0: as its size allows in pieces of 64 bytes", "0",
     offsetof(fr_options, ws_fragments), NULL, 0, 1 << 30},
    {"ws-messages", FR_SETTING_INT, "N",
     "WebSocket messages of one client in a second at most; 0 is any number", "0",
     offsetof(fr_options, ws_messages), NULL, 0, UINT16_MAX},
    {"ws-ping", FR_SETTING_MS, "TIME", "a WebSocket that is quiet for so long is pinged", "20s",
     offsetof(fr_options, ws_ping_ms), NULL, 1, MILLISECONDS_A_DAY},
    {"ws-pong", FR_SETTING_MS, "TIME", "and dropped if it does not answer for so long", "30s",
     offsetof(fr_options, ws_pong_ms), NULL, 1, MILLISECONDS_A_DAY},
    {"ws-pings", FR_SETTING_INT, "N", "pings of one client in a second at most", "1000",
     offsetof(fr_options, ws_pings), NULL, 1, 1 << 30},
    {"ws-compress", FR_SETTING_BOOL, NULL,
     "compress WebSocket messages of clients that offer it; on unless --no-ws-compress", "true",
     offsetof(fr_options, ws_compress), NULL, 0, 0},
    {"ws-compress-from", FR_SETTING_BYTES, "SIZE", "shorter messages are sent as they are", "512B",
     offsetof(fr_options, ws_compress_from), NULL, 1, 1LL << 30},
    {"ws-compress-level", FR_SETTING_INT, "N", "1 is fast, 9 is small", "1",
     offsetof(fr_options, ws_compress_level), NULL, 1, 9},
    {"ws-compress-window", FR_SETTING_INT, "BITS",
     "how far back is looked: 9 is 512 bytes, 15 is 32 KiB", "12",
     offsetof(fr_options, ws_compress_window), NULL, 9, 15},
    {"ws-compress-takeover", FR_SETTING_ENUM, "WHO",
     "whose messages may refer to earlier ones, which costs memory a socket", "none",
     offsetof(fr_options, ws_compress_takeover), takeovers, 0, 0},
    {"ws-compress-memory", FR_SETTING_BYTES, "SIZE",
     "of that, for all sockets together; past it they do without", "32MiB",
     offsetof(fr_options, ws_compress_memory), NULL, 0, 1LL << 40},
    {"gzip", FR_SETTING_INT, "LEVEL",
     "compress answers for clients that take it: 1 fast ... 9 small, 0 never", "1",
     offsetof(fr_options, gzip_level), NULL, 0, 9},
    {"gzip-from", FR_SETTING_BYTES, "SIZE", "shorter answers are not compressed", "1KiB",
     offsetof(fr_options, gzip_from), NULL, 150, 1LL << 30},
    {"drain", FR_SETTING_MS, "TIME", "how long a stop waits for requests and sockets to end", "8s",
     offsetof(fr_options, drain_ms), NULL, 1, MILLISECONDS_A_DAY},
};
enum { OPTION_COUNT = sizeof table / sizeof *table };

static void print_help(const fr_app *app, const char *name)
{
    fr_buf text;
    fr_buf_init(&text);
    fr_buf_printf(&text, "%s%s%s\n\nusage: %s [options]\n\n", name, app->summary ? ": " : "",
                  app->summary ? app->summary : "", name);
    fr_settings_help(table, OPTION_COUNT, &text);
    fr_buf_lit(&text, "  --help                      this text\n"
                      "  --version                   name and version\n");
    fr_buf_printf(&text,
                  "\nDefaults of this program: --listen %s%s%s\nEach option can be set as "
                  "FRESHET_NAME too (FRESHET_LISTEN, FRESHET_LOG_FORMAT).\n",
                  app->listen, app->db ? " --db " : "", app->db ? app->db : "");
    (void)fwrite(text.p, 1, text.n, stdout);
    fr_buf_deinit(&text);
}

static int usage_error(const char *name, const char *text)
{
    fprintf(stderr, "%s: %s (try %s --help)\n", name, text, name);
    return FR_EXIT_USAGE;
}

/* ---- addresses ---- */

/* "660" as chmod takes it; 0 is none. */
static uint16_t parse_mode(const char *text)
{
    char *end;
    unsigned long mode = strtoul(text, &end, 8);
    return *end || end == text || mode > 0777 ? 0 : (uint16_t)mode;
}

static bool add_address(fr_options *out, fr_str text, uint16_t mode)
{
    fr_endpoint *at = &out->endpoints[out->endpoint_count];
    if (fr_endpoint_parse(text, at) != FR_OK)
        return false;
    at->mode = mode;
    out->endpoint_count++;
    return true;
}

/* Texts with several addresses each; returns the exit code, or -1. */
static int add_addresses(const char *name, const char *texts, uint16_t mode, fr_options *out)
{
    char error[256];
    fr_str rest = fr_str_c(texts), text;
    do {
        rest = fr_str_cut(rest, ',', &text);
        text = fr_str_trim(text);
        if (out->endpoint_count == FR_ENDPOINTS_MAX)
            return usage_error(name, "--listen: more than 32 addresses");
        if (add_address(out, text, mode))
            continue;
        snprintf(error, sizeof error,
                 "--listen \"%.100s\" is neither HOST:PORT, such as 127.0.0.1:8000 or [::1]:8000, "
                 "nor unix:PATH",
                 texts);
        return usage_error(name, error);
    } while (rest.n);
    return -1;
}

/* What was asked for, and what systemd has opened; if neither, the program's own. */
static int find_addresses(const fr_app *app, const char *name, fr_options *out)
{
    uint16_t mode = parse_mode(out->socket_mode);
    if (!mode) {
        char error[256];
        snprintf(error, sizeof error, "--socket-mode: \"%.100s\" is no file mode, such as 660",
                 out->socket_mode);
        return usage_error(name, error);
    }
    out->endpoint_count = fr_activation_take(out->endpoints, FR_ENDPOINTS_MAX);
    int code = -1;
    for (int i = 0; i < out->listen.count && code < 0; i++)
        code = add_addresses(name, out->listen.at[i], mode, out);
    if (code < 0 && !out->endpoint_count)
        code = add_addresses(name, app->listen, mode, out);
    return code;
}

int fr_options_read(const fr_app *app, const char *name, int argc, char **argv, fr_options *out)
{
    char wants = 0, *error = NULL;
    int first = argc;
    fr_err err = fr_settings_read(table, OPTION_COUNT, argc, argv, out, &wants, &first, &error);
    if (wants == 'h' || wants == 'v') {
        free(error);
        if (wants == 'h')
            print_help(app, name);
        else
            printf("%s %s\n", name, app->version);
        return FR_EXIT_DONE;
    }
    if (err) {
        int code = usage_error(name, error ? error : "the options could not be read");
        free(error);
        return code;
    }
    if (first < argc) {
        char text[256];
        snprintf(text, sizeof text, "unexpected argument \"%.100s\"", argv[first]);
        return usage_error(name, text);
    }
    if (!out->db)
        out->db = app->db;
    if (!out->origins)
        out->origins = app->origins;
    if (!out->hosts)
        out->hosts = app->hosts;
    if (!out->cors_origins && app->cors)
        out->cors_origins = app->cors->origins;
    if (out->access_log && !*out->access_log)
        out->access_log = NULL;
    if (!out->upload_folder || !*out->upload_folder)
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): read before other threads start */
        out->upload_folder = getenv("TMPDIR"); /* NULL: http's own default */
    if (!out->body_bytes)
        out->body_bytes = (int64_t)app->body_bytes;
    return find_addresses(app, name, out);
}

void fr_options_warn(void)
{
    static const char *const others[] = {"FRESHET_SECRET_KEY", NULL}; /* auth/secret.h */
    fr_settings_warn(table, OPTION_COUNT, others);
}

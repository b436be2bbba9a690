/* Puts an application together; see assembly.h. */
#include "cli/assembly.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/attempts.h"
#include "auth/password.h"
#include "auth/presence.h"
#include "auth/ticket.h"
#include "auth/users.h"
#include "base/arena.h"
#include "base/kept.h"
#include "base/str.h"
#include "cli/activation.h"
#include "cli/media.h"
#include "cli/sessions.h"
#include "cli/users.h"
#include "http/clients/line_file.h"
#include "http/clients/trust.h"
#include "http/fixed_headers.h"
#include "http/hosts.h"
#include "net/open_files.h"
#include "rest/errors.h"
#include "rest/media.h"
#include "rest/model_rules.h"
#include "rest/rest.h"
#include "rest/rules.h"
#include "rest/scans.h"
#include "rest/url.h"

enum {
    STRANGERS_MS =
        400 /* until it is seen that Django has ended a login: sockets are closed within a second */
};

static int fail(fr_assembly *a, int code, const char *text)
{
    if (text)
        snprintf(a->error, sizeof a->error, "%s", text);
    return code;
}

/* ---- WebSockets ---- */

/* For consumers; live sockets have a bound of their own on what clients may say. */
static fr_ws_opts ws_opts(const fr_options *o)
{
    return (fr_ws_opts){
        .message_bytes = (uint64_t)o->ws_message_bytes,
        .frame_bytes = (uint64_t)o->ws_message_bytes,
        .fragments = (uint32_t)o->ws_fragments,
        .messages = (uint16_t)o->ws_messages,
        .ping_ms = (uint32_t)o->ws_ping_ms,
        .pong_ms = (uint32_t)o->ws_pong_ms,
        .pings = (uint32_t)o->ws_pings,
        .deflate = {.is_on = o->ws_compress,
                    .has_our_takeover = o->ws_compress_takeover & 1,
                    .has_their_takeover = o->ws_compress_takeover & 2,
                    .window_bits = (uint8_t)o->ws_compress_window,
                    .level = (uint8_t)o->ws_compress_level,
                    .from_bytes = (uint32_t)o->ws_compress_from,
                    /* 0 is none at all here, and the default there */
                    .kept_bytes = o->ws_compress_memory ? (uint64_t)o->ws_compress_memory : 1},
    };
}

static fr_ws_opts live_ws_opts(const fr_options *o)
{
    fr_ws_opts opts = ws_opts(o);
    opts.message_bytes = opts.frame_bytes = 0;
    return opts;
}

/* ---- models ---- */

static bool has_model(const fr_assembly *a, const fr_model *model)
{
    for (size_t i = 0; i < a->models.count; i++)
        if (a->models.at[i] == model)
            return true;
    return false;
}

/* model: NULL, or one that may be there already. */
static bool add_model(fr_assembly *a, const fr_model *model)
{
    return !model || has_model(a, model) || fr_vec_push(&a->models, model);
}

/* Those within it too; as deep as a serializer may be nested. */
static bool gather_serializer(fr_assembly *a, const fr_serializer *serializer, int depth)
{
    if (!serializer || depth > FR_NESTED_MAX)
        return true;
    if (!add_model(a, serializer->model))
        return false;
    for (const fr_declared *at = serializer->declared; at && at->name; at++)
        if (!gather_serializer(a, at->nested, depth + 1) ||
            (at->link && !add_model(a, fr_viewset_model(at->link))))
            return false;
    return true;
}

static bool gather_viewset(fr_assembly *a, const fr_viewset *viewset)
{
    if (!add_model(a, fr_viewset_model(viewset)) || !gather_serializer(a, viewset->serializer, 0))
        return false;
    for (const fr_action *action = viewset->extra; action && action->path; action++)
        if (!gather_serializer(a, action->serializer, 0))
            return false;
    return true;
}

/* Behind each model those that its relations lead to: the list grows while it is walked. */
static bool follow_relations(fr_assembly *a)
{
    for (size_t i = 0; i < a->models.count; i++)
        for (uint32_t f = 0; f < a->models.at[i]->field_count; f++) {
            const fr_field *field = &a->models.at[i]->fields[f];
            if (!add_model(a, field->to) || !add_model(a, field->through))
                return false;
        }
    return true;
}

static bool gather_declared(fr_assembly *a)
{
    for (size_t i = 0; i < a->routes.list.count; i++) {
        const fr_viewset *viewset = a->routes.list.at[i].route->viewset;
        if (viewset && !gather_viewset(a, viewset))
            return false;
    }
    for (const fr_model *const *more = a->app->models; more && *more; more++)
        if (!add_model(a, *more))
            return false;
    for (const fr_model_rule *rule = a->app->rules; rule && rule->model; rule++)
        if (!add_model(a, rule->model))
            return false;
    for (const fr_hook *hook = a->app->hooks; hook && hook->model; hook++)
        if (!add_model(a, hook->model))
            return false;
    return true;
}

static int gather_models(fr_assembly *a)
{
    if (!gather_declared(a) || !follow_relations(a))
        return fail(a, FR_EXIT_FAILED, "out of memory");
    int code = fr_users_gather(a);
    if (code == FR_EXIT_DONE && !follow_relations(a))
        code = fail(a, FR_EXIT_FAILED, "out of memory");
    return code;
}

static bool has_viewset(const fr_assembly *a, const fr_model *model)
{
    for (size_t i = 0; i < a->routes.list.count; i++) {
        const fr_viewset *viewset = a->routes.list.at[i].route->viewset;
        if (viewset && fr_viewset_model(viewset) == model)
            return true;
    }
    return false;
}

static bool model_is_absent(const fr_assembly *a, const fr_model *model)
{
    for (size_t i = 0; i < a->models.count; i++)
        if (a->models.at[i] == model)
            return a->is_absent[i];
    return false;
}

static void on_commit(void *arg, const fr_commit *commits, size_t count)
{
    const fr_assembly *a = arg;
    fr_live_on_commit(a->live, commits, count);
    fr_hooks_on_commit(a->hooks, commits, count);
}

static void on_gone(void *arg)
{
    fr_assembly *a = arg;
    fr_loss_begin(&a->loss);
}

/* docs/operations.md: a model or a table that does not fit it is the application's fault. */
static int database_code(fr_err err)
{
    switch (err) {
    case FR_OK: return FR_EXIT_DONE;
    case FR_EINVAL: return FR_EXIT_CONFIG;
    case FR_ENOMEM: return FR_EXIT_FAILED;
    default: return FR_EXIT_DB;
    }
}

/* Nothing is made or changed yet: what comes next may fail, too. */
static int prepare_database(fr_assembly *a)
{
    size_t count = a->models.count;
    if (!count)
        return FR_EXIT_DONE;
    a->is_live = fr_arena_zalloc(a->arena, count * sizeof *a->is_live);
    a->is_absent = fr_arena_zalloc(a->arena, count * sizeof *a->is_absent);
    a->live = fr_live_new(&(fr_live_opts){.snapshot_rows = (uint32_t)a->options->snapshot_rows,
                                          .ws = live_ws_opts(a->options)});
    a->hooks = fr_hooks_new(a->app->hooks, 0);
    if (!a->is_live || !a->is_absent || !a->live || !a->hooks || !fr_vec_push(&a->models, NULL))
        return fail(a, FR_EXIT_FAILED, "out of memory");
    a->models.count = count;
    for (size_t i = 0; i < count; i++) {
        if (fr_model_check(a->models.at[i], a->error))
            return FR_EXIT_CONFIG;
        a->is_live[i] =
            has_viewset(a, a->models.at[i]) || fr_hooks_have(a->app->hooks, a->models.at[i]);
    }
    a->loss = (fr_loss){.live = a->live, .refuse_ms = (uint32_t)a->options->drain_ms};
    fr_db_opts opts = {.url = a->db_url,
                       .watch_ms = fr_users_get() ? STRANGERS_MS : 0,
                       .on_commit = on_commit,
                       .on_gone = on_gone,
                       .arg = a};
    fr_err err = fr_db_prepare(&opts, a->models.at, a->is_live, a->is_absent, &a->db, a->error);
    if (err == FR_OK)
        fr_users_watch(a);
    return database_code(err);
}

/* ---- routers ---- */

static fr_http_limits http_limits(const fr_options *o)
{
    return (fr_http_limits){
        .head_ms = (uint32_t)o->header_ms,
        .body_ms = (uint32_t)o->body_ms,
        .send_ms = (uint32_t)o->send_ms,
        .idle_ms = (uint32_t)o->idle_ms,
        .rate = (uint32_t)o->min_rate,
        .head_bytes = (uint32_t)o->header_bytes,
        .line_bytes = (uint32_t)o->header_line,
        .headers = (uint32_t)o->header_fields,
        .pipeline = (uint32_t)o->pipeline,
        .body_bytes = (uint64_t)o->body_bytes,
        .upload_bytes = (uint64_t)o->upload_bytes,
        .form = {.fields = (uint32_t)o->form_fields,
                 .files = (uint32_t)o->form_files,
                 .memory_bytes = (uint64_t)o->upload_memory,
                 .folder = o->upload_folder},
    };
}

static fr_err add_viewset(fr_assembly *a, const fr_flat_route *flat, fr_router *http,
                          fr_router *websocket)
{
    const fr_viewset *viewset = flat->route->viewset;
    if (model_is_absent(a, fr_viewset_model(viewset))) {
        FR_TRY(fr_url_place(viewset, flat->pattern,
                            &flat->versions)); /* what links there is served, too */
        FR_INFO("route.absent", FR_KV_S("path", flat->pattern),
                FR_KV_C("table", fr_model_table(fr_viewset_model(viewset))));
        return FR_OK;
    }
    fr_viewset_place place = {.pattern = flat->pattern,
                              .viewset = viewset,
                              .any_origin = flat->any_origin,
                              .versions = flat->versions,
                              .list_bytes = (uint64_t)a->options->list_bytes,
                              .list_folder = a->options->upload_folder,
                              .guard = flat->guard,
                              .accept_then_close = flat->route->accept_then_close};
    FR_TRY(fr_rest_routes(a->arena, http, &place, a->error));
    FR_TRY(fr_live_routes(a->live, websocket, &place, a->error));
    return fr_route_index_add(&a->index, a->arena, flat);
}

static fr_err add_consumer(fr_assembly *a, const fr_flat_route *flat, fr_router *websocket)
{
    fr_ws_target *target = fr_arena_zalloc(a->arena, sizeof *target);
    if (!target)
        return FR_ENOMEM;
    char why[256];
    const fr_consumer *consumer = flat->route->consumer;
    fr_guard_rule own = {consumer->authentication, consumer->permissions, consumer->throttles},
                  rule = fr_guard_within(&flat->guard, &own);
    target->consumer = consumer;
    target->any_origin = flat->any_origin;
    target->accept_then_close = flat->route->accept_then_close;
    fr_err err = fr_consumer_ok(target->consumer, why)
                     ? fr_consumer_origins(target->consumer, a->arena, &target->origins, why)
                     : FR_EINVAL;
    if (err == FR_OK)
        err = fr_guard_new(a->arena, &rule, &(fr_guard_place){0}, &target->guard, why);
    if (err != FR_OK) {
        snprintf(a->error, sizeof a->error, "route \"%.*s\": %s",
                 FR_FMT(fr_str_sub(flat->pattern, 0, 100)), why);
        return err;
    }
    err = fr_router_add(websocket, flat->pattern, false, target, a->error);
    if (err == FR_ECONFLICT)
        snprintf(a->error, sizeof a->error,
                 "two routes for sockets lead to \"%.*s\": the second one would never be reached "
                 "(a viewset's URLs "
                 "are live sockets, too)",
                 FR_FMT(fr_str_sub(flat->pattern, 0, 100)));
    return err;
}

static fr_err add_route(fr_assembly *a, const fr_flat_route *flat, fr_router *http,
                        fr_router *websocket)
{
    if (flat->route->viewset)
        return add_viewset(a, flat, http, websocket);
    FR_TRY(flat->is_websocket ? add_consumer(a, flat, websocket)
                              : fr_routes_add_http(a->arena, http, flat,
                                                   (uint32_t)a->options->batch_requests, a->error));
    return fr_route_index_add(&a->index, a->arena, flat);
}

static int check_access_log(fr_assembly *a)
{
    const char *path = a->options->access_log;
    if (!path || fr_line_file_check(path))
        return FR_EXIT_DONE;
    if (fr_kept_is_at(AT_FDCWD, path)) {
        snprintf(a->error, sizeof a->error, "--access-log: \"%.300s\" is a file of the database",
                 path);
        return FR_EXIT_USAGE;
    }
    snprintf(a->error, sizeof a->error, "--access-log: \"%.300s\" cannot be written: %s", path,
             strerrordesc_np(errno));
    return FR_EXIT_USAGE;
}

static bool has_raw(const fr_assembly *a)
{
    for (size_t i = 0; i < a->routes.list.count; i++)
        if (a->routes.list.at[i].route->raw)
            return true;
    return false;
}

static bool takes_uploads(const fr_assembly *a)
{
    for (size_t i = 0; i < a->routes.list.count; i++)
        if (a->routes.list.at[i].route->uploads)
            return true;
    return has_raw(a) || fr_media_is_used(a);
}

/* Looked at now, as else the first large file of a form would fail. */
static int check_upload_folder(fr_assembly *a)
{
    const char *path = a->options->upload_folder;
    struct stat about;
    if (!path || !takes_uploads(a))
        return FR_EXIT_DONE;
    int error = stat(path, &about)              ? errno
                : !S_ISDIR(about.st_mode)       ? ENOTDIR
                : access(path, W_OK | X_OK) < 0 ? errno
                                                : 0;
    if (!error)
        return FR_EXIT_DONE;
    snprintf(a->error, sizeof a->error, "--upload-folder: \"%.300s\" cannot be written: %s", path,
             strerrordesc_np(error));
    return FR_EXIT_USAGE;
}

/* Before anything is read or shown. */
static int read_zone(fr_assembly *a)
{
    char why[256];
    fr_zone_set(NULL);
    if (strcmp(a->options->time_zone, "UTC") == 0)
        return FR_EXIT_DONE;
    switch (fr_zone_open(a->options->time_zone, &a->zone, why)) {
    case FR_OK: fr_zone_set(a->zone); return FR_EXIT_DONE;
    case FR_ENOMEM: return fail(a, FR_EXIT_FAILED, "out of memory");
    default: snprintf(a->error, sizeof a->error, "--time-zone: %s", why); return FR_EXIT_USAGE;
    }
}

static int read_trust(fr_assembly *a)
{
    char why[256];
    fr_err err = fr_trust_parse(a->arena, a->options->trust_proxy, &a->http.trust, why);
    if (err == FR_EINVAL)
        snprintf(a->error, sizeof a->error, "--trust-proxy: %s", why);
    return err == FR_OK       ? FR_EXIT_DONE
           : err == FR_EINVAL ? FR_EXIT_USAGE
                              : fail(a, FR_EXIT_FAILED, "out of memory");
}

static int read_hosts(fr_assembly *a)
{
    char why[256];
    fr_err err = fr_hosts_parse(a->arena, a->options->hosts, &a->http.hosts, why);
    if (err == FR_EINVAL)
        snprintf(a->error, sizeof a->error, "--hosts: %s", why);
    return err == FR_OK       ? FR_EXIT_DONE
           : err == FR_EINVAL ? FR_EXIT_USAGE
                              : fail(a, FR_EXIT_FAILED, "out of memory");
}

static int open_gate(fr_assembly *a)
{
    fr_origin_gate_opts opts = {.origins = a->options->origins};
    if (a->app->cors)
        opts.cors = *a->app->cors;
    opts.cors.origins = a->options->cors_origins;
    opts.cors.credentials |= a->options->cors_credentials;
    fr_err err = fr_origin_gate_init(&a->gate, &opts, a->arena, a->error);
    return err == FR_OK ? FR_EXIT_DONE : err == FR_EINVAL ? FR_EXIT_USAGE : FR_EXIT_FAILED;
}

static int check_database(fr_assembly *a)
{
    char why[512];
    if (!a->models.count)
        return FR_EXIT_DONE;
    a->db_url = a->options->db;
    if (!a->db_url)
        a->db_url = fr_arena_printf(a->arena, "sqlite:%s.db", a->app->name).p;
    if (!a->db_url)
        return fail(a, FR_EXIT_FAILED, "out of memory");
    if (fr_db_url_check(a->db_url, why) == FR_OK)
        return FR_EXIT_DONE;
    snprintf(a->error, sizeof a->error, "--db: %.480s", why);
    return FR_EXIT_USAGE;
}

static int check_open_files(fr_assembly *a)
{
    return fr_open_files_check((int)a->options->workers, a->error) == FR_OK ? FR_EXIT_DONE
                                                                            : FR_EXIT_FAILED;
}

static int open_throttles(fr_assembly *a)
{
    fr_throttles_opts opts = {.rates = a->app->rates,
                              .by_forwarded = a->app->throttle_by_forwarded};
    fr_err err = fr_throttles_open(&opts, a->error);
    if (err == FR_OK)
        err = fr_tickets_open();
    if (err == FR_OK)
        err = fr_attempts_open(a->app->failed_logins, a->error);
    return err == FR_OK ? FR_EXIT_DONE : err == FR_EINVAL ? FR_EXIT_CONFIG : FR_EXIT_FAILED;
}

/* A program that was told to do without users must not be reached from elsewhere. */
static int check_users(fr_assembly *a)
{
    fr_guards_off(a->options->without_users);
    if (!a->options->without_users)
        return FR_EXIT_DONE;
    char text[FR_ENDPOINT_TEXT];
    for (int i = 0; i < a->options->endpoint_count; i++) {
        if (fr_endpoint_is_local(&a->options->endpoints[i]))
            continue;
        fr_endpoint_text(&a->options->endpoints[i], text);
        snprintf(a->error, sizeof a->error,
                 "--without-users permits everything to everybody: it listens on this machine "
                 "alone, such as "
                 "127.0.0.1:8000, and not at %.200s",
                 text);
        return FR_EXIT_USAGE;
    }
    FR_WARN("users.none",
            FR_KV_C("do", "nobody is asked who he is: everything is permitted to this machine"));
    return FR_EXIT_DONE;
}

static int read_headers(fr_assembly *a)
{
    char why[256];
    fr_err err = fr_fixed_headers_parse(a->arena, a->app->headers, &a->http.headers, why);
    if (err == FR_EINVAL)
        snprintf(a->error, sizeof a->error, "fr_app.headers: %s", why);
    return err == FR_OK       ? FR_EXIT_DONE
           : err == FR_EINVAL ? FR_EXIT_CONFIG
                              : fail(a, FR_EXIT_FAILED, "out of memory");
}

/* Values that only the layer that uses them can judge, before a database is made or anything listens. */
static int check_options(fr_assembly *a)
{
    int code = check_users(a);
    fr_errors_use_lists(a->app->errors_as_lists);
    if (code == FR_EXIT_DONE)
        code = open_throttles(a);
    if (code == FR_EXIT_DONE)
        code = check_open_files(a);
    if (code == FR_EXIT_DONE)
        code = read_zone(a);
    if (code == FR_EXIT_DONE)
        code = read_trust(a);
    if (code == FR_EXIT_DONE)
        code = read_hosts(a);
    if (code == FR_EXIT_DONE)
        code = read_headers(a);
    if (code == FR_EXIT_DONE)
        code = open_gate(a);
    if (code == FR_EXIT_DONE)
        code = fr_users_check_passwords(a);
    if (code == FR_EXIT_DONE)
        code = check_database(a);
    if (code == FR_EXIT_DONE)
        code = check_access_log(a);
    return code == FR_EXIT_DONE ? check_upload_folder(a) : code;
}

static int build_routers(fr_assembly *a)
{
    if (!fr_group_rules_ok(a->app->groups, a->error) || !fr_channels_ok(a->app->tasks, a->error))
        return fail(a, FR_EXIT_CONFIG, NULL);
    fr_err read = fr_model_rules_use(a->app->rules, a->app->strict_rules, a->error);
    if (read)
        return fail(a, FR_EXIT_CONFIG, read == FR_ENOMEM ? "out of memory" : NULL);
    fr_route_index_init(&a->index, a->app, (fr_route_index_who)a->options->index);
    fr_router *http = fr_router_new(a->arena), *websocket = fr_router_new(a->arena);
    if (!http || !websocket)
        return fail(a, FR_EXIT_FAILED, "out of memory");
    for (size_t i = 0; i < a->routes.list.count; i++) {
        const fr_flat_route *flat = &a->routes.list.at[i];
        fr_err err = add_route(a, flat, http, websocket);
        if (err)
            return fail(a, FR_EXIT_CONFIG, err == FR_ENOMEM ? "out of memory" : NULL);
    }
    if (!fr_url_are_placed(a->error))
        return FR_EXIT_CONFIG;
    int code = fr_media_open(a, http);
    if (code != FR_EXIT_DONE)
        return code;
    a->channels = fr_channels_new(&(fr_channels_opts){.router = websocket,
                                                      .others = http,
                                                      .origins = &a->gate.trusted,
                                                      .db = a->db,
                                                      .groups = a->app->groups,
                                                      .tasks = a->app->tasks,
                                                      .ws = ws_opts(a->options)});
    if (!a->channels)
        return fail(a, FR_EXIT_FAILED, "out of memory");
    a->http = (fr_http){.router = http,
                        .has_raw = has_raw(a),
                        .limits = http_limits(a->options),
                        .append_slash = true,
                        .db = a->db,
                        .gzip_level = (int)a->options->gzip_level,
                        .gzip_from = (size_t)a->options->gzip_from,
                        .upgrade = fr_channels_upgrade,
                        .upgrade_arg = a->channels,
                        .gate = fr_origin_gate_of_http(&a->gate),
                        .root = a->options->index == FR_INDEX_NONE ? NULL : &a->index.target,
                        .trust = a->http.trust,
                        .headers = a->http.headers,
                        .hosts = a->http.hosts,
                        .access = {a->options->access_log, a->options->access_log_format}};
    return FR_EXIT_DONE;
}

/* ---- all of it ---- */

/* A trusted proxy has the connections of all its clients. */
static bool is_proxy(const fr_address *address, void *arg)
{
    const fr_http *http = arg;
    return http->trust && fr_trust_has(http->trust, address);
}

/* ---- the server's life ---- */

static fr_assembly *assembly_of(void *http)
{
    return (fr_assembly *)(void *)((char *)http - offsetof(fr_assembly, http));
}

static fr_err start_app(fr_ctx *ctx, void *http)
{
    fr_assembly *a = assembly_of(http);
    ctx->db = a->db;
    fr_err err = fr_media_recover(ctx, a->models.at, a->models.count);
    if (err != FR_OK)
        FR_ERROR("media.recover", FR_KV_C("error", fr_err_name(err)),
                 FR_KV_C("do", "files without a row stay in --media until the next start"));
    if (fr_sessions_sweep(ctx) != FR_OK)
        FR_WARN("sessions.cleared", FR_KV_C("why", "no memory is left to do it at night"));
    err = a->app->started ? a->app->started(ctx) : FR_OK;
    if (err != FR_OK)
        FR_ERROR("app.started", FR_KV_C("error", fr_err_name(err)), FR_KV_S("detail", ctx->detail),
                 FR_KV_C("do", "nothing is served unless it returns FR_OK"));
    return err;
}

static fr_err stop_app(fr_ctx *ctx, void *http)
{
    fr_assembly *a = assembly_of(http);
    ctx->db = a->db;
    a->app->stopping(ctx);
    return FR_OK;
}

/* The line that people and tests wait for: the sockets listen when it is printed, and .started is through. */
static void announce(void *http)
{
    const fr_assembly *a = assembly_of(http);
    char text[FR_ENDPOINT_TEXT];
    int count;
    const fr_endpoint *endpoints = fr_server_endpoints(a->server, &count);
    printf("%s %s listening on ", a->app->name, a->app->version);
    for (int i = 0; i < count; i++) {
        fr_endpoint_text(&endpoints[i], text);
        printf("%s%s", i ? ", " : "", text);
    }
    printf("\n");
    fflush(stdout);
    fr_activation_ready();
}

/* The database's threads let handlers go on that wait for it: they end before the loops do. */
static void stop_database(void *arg)
{
    const fr_http *http = arg;
    fr_passwords_stop();
    fr_db_stop(http->db);
}

/* What the layers keep on each loop is made before the loop takes a client in. */
static fr_err start_worker(fr_loop *loop, void *arg)
{
    const fr_assembly *a =
        (const fr_assembly *)(const void *)((const char *)arg - offsetof(fr_assembly, http));
    FR_TRY(fr_http_start(loop, arg));
    FR_TRY(fr_ws_start(loop));
    FR_TRY(fr_presences_start(loop, fr_users_get() ? a->db : NULL));
    FR_TRY(fr_channels_start(loop, a->channels));
    return a->live ? fr_live_start_worker(a->live, loop) : FR_OK;
}

static int listen_at(fr_assembly *a)
{
    fr_server_opts opts = {
        .endpoints = a->options->endpoints,
        .endpoint_count = a->options->endpoint_count,
        .workers = (int)a->options->workers,
        .io = (fr_io)a->options->io,
        .drain_ms = (uint32_t)a->options->drain_ms,
        .blocking_threads = (int)a->options->blocking_threads,
        .connections_max = (int)a->options->connections,
        .address_max = (int)a->options->connections_per_address,
        .accepts_a_second = (int)a->options->accepts,
        .is_exempt = is_proxy,
        .refusal = fr_http_refusal(),
        .out_bytes = (size_t)a->options->out_bytes,
        .on_accept = fr_http_accept,
        .on_start = a->app->started || fr_users_get() || fr_media_is_used(a) ? start_app : NULL,
        .on_ready = announce,
        .on_stop = a->app->stopping ? stop_app : NULL,
        .on_drain = fr_activation_stopping,
        .on_served = stop_database,
        .on_worker_start = start_worker,
        .on_hangup = a->http.access.path ? fr_http_reopen : NULL,
        .arg = &a->http};
    fr_err err = fr_server_open(&opts, &a->server, a->error);
    if (err != FR_OK && !*a->error)
        return fail(a, FR_EXIT_FAILED, "no memory or no files are left; raise ulimit -n");
    if (err != FR_OK)
        return err == FR_EUNSUPPORTED ? FR_EXIT_FAILED : FR_EXIT_LISTEN;
    fr_channels_attach(a->channels, a->server);
    if (a->hooks)
        fr_hooks_attach(a->hooks, fr_server_loop(a->server, 0), a->db);
    return FR_EXIT_DONE;
}

/* The viewset at a route; NULL: it has none that is served. */
static const fr_viewset_rt *viewset_at(const fr_assembly *a, size_t i)
{
    const fr_viewset *viewset = a->routes.list.at[i].route->viewset;
    const fr_viewset_rt *rt = viewset ? fr_viewset_get(viewset) : NULL;
    return rt && !model_is_absent(a, rt->model) ? rt : NULL;
}

/* Advice only: what cannot be asked (a table that is not there) is left out. */
static void tell_scans(fr_assembly *a)
{
    fr_ctx ctx;
    fr_ctx_init(&ctx, a->arena, NULL);
    ctx.db = a->db;
    for (size_t i = 0; i < a->routes.list.count; i++) {
        const fr_viewset_rt *rt = viewset_at(a, i);
        if (rt)
            (void)fr_scans_tell(&ctx, a->routes.list.at[i].pattern, rt);
    }
}

/* A rule of a viewset's own says nothing of what others show of the same rows. */
static void tell_rules(const fr_assembly *a)
{
    for (size_t i = 0; i < a->routes.list.count; i++) {
        const fr_viewset_rt *ruled = viewset_at(a, i);
        for (size_t k = 0; ruled && ruled->viewset->visible && k < a->routes.list.count; k++) {
            const fr_viewset_rt *other = viewset_at(a, k);
            if (other && fr_rules_are_passed(ruled, other))
                FR_WARN("rules.beneath", FR_KV_S("path", a->routes.list.at[k].pattern),
                        FR_KV_C("model", ruled->model->name),
                        FR_KV_S("ruled", a->routes.list.at[i].pattern),
                        FR_KV_C("do",
                                "rows that .visible hides there are shown within others here: "
                                "fr_app.rules hold everywhere"));
        }
    }
}

static int start_database(fr_assembly *a)
{
    if (!a->db)
        return FR_EXIT_DONE;
    int code = database_code(fr_db_start(a->db, a->error));
    if (code == FR_EXIT_DONE)
        code = fr_users_start(a);
    if (code == FR_EXIT_DONE)
        code = check_access_log(a); /* again: now it is known which files are the database's */
    if (code == FR_EXIT_DONE && fr_live_start(a->live, a->db))
        code = fail(a, FR_EXIT_FAILED, "the matcher thread could not be started");
    if (code == FR_EXIT_DONE && !fr_loss_watch(&a->loss, a->server, a->db))
        code = fail(a, FR_EXIT_DB, "the database has gone while the server was being started");
    if (code == FR_EXIT_DONE)
        tell_scans(a);
    if (code == FR_EXIT_DONE)
        tell_rules(a);
    return code;
}

int fr_assembly_open(fr_assembly *a, const fr_app *app, size_t route_bytes,
                     const fr_options *options)
{
    *a = (fr_assembly){.app = app, .options = options, .arena = fr_arena_new(0)};
    if (!a->arena)
        return fail(a, FR_EXIT_FAILED, "out of memory");
    if (fr_routes_flatten(a->arena, app, route_bytes, &a->routes, a->error))
        return FR_EXIT_CONFIG;
    if (!fr_hooks_ok(app->hooks, a->error))
        return FR_EXIT_CONFIG;
    int code = gather_models(a);
    if (code == FR_EXIT_DONE)
        code = check_options(a);
    if (code == FR_EXIT_DONE)
        code = prepare_database(a);
    if (code == FR_EXIT_DONE)
        code = build_routers(a);
    if (code == FR_EXIT_DONE)
        code = listen_at(a);
    if (code == FR_EXIT_DONE)
        code = start_database(a);
    return code;
}

void fr_assembly_close(fr_assembly *a)
{
    fr_passwords_stop();
    fr_db_stop(a->db); /* before the loops, also if they have not run */
    fr_server_close(a->server);
    fr_db_close(a->db);
    fr_live_free(a->live);
    fr_hooks_free(a->hooks);
    fr_channels_free(a->channels);
    fr_throttles_close();
    fr_tickets_close();
    fr_origin_gate_deinit(&a->gate);
    fr_route_index_deinit(&a->index);
    fr_passwords_close();
    fr_users_end();
    fr_sessions_shut();
    fr_model_rules_end();
    fr_vec_deinit(&a->models);
    fr_vec_deinit(&a->routes.list);
    fr_arena_free(a->arena);
    fr_zone_set(NULL);
    fr_zone_free(a->zone);
}

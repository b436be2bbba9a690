/* The recipe's table, and the consumers that Daphne and Uvicorn were recorded with: echo, refusals, close codes, subprotocols,
 * scope, JSON, rooms, groups, origins. */
#include "tracker.h"

FR_MODEL_OPTS(mymodel, (.table = "realtime_mymodel", .ordering = "id", .is_foreign = true),
    (ID,       id),
    (CHAR,     name, .max_length = 100),
    (INTEGER,  value, .default_ = "0"),
    (DATETIME, created_at, .auto_now_add = true),
    (DATETIME, updated_at, .auto_now = true));

static const fr_pages hundred = {.rows = 100};
static const fr_viewset mymodels = {
    .model = &mymodel_model, .pages = &hundred, .authentication = FR_NOBODY};

const fr_route recipe_routes[] = {{"mymodel/", .viewset = &mymodels}, {0}};

/* ---- the recipe: whatever is said, the whole table is the answer; and every change of it is told ---- */

/* As Django's JSON encoder has it: milliseconds, and none if there are none. */
static fr_err to_milliseconds(fr_ctx *ctx, fr_time at, fr_str *json)
{
    fr_str text = fr_time_text(ctx->arena, at);
    bool has_fraction = text.n == sizeof "2024-03-01T13:00:00.001001Z" - 1;
    *json =
        fr_arena_printf(ctx->arena, "\"%.*sZ\"", (int)(text.n - (has_fraction ? 4 : 1)), text.p);
    return json->p ? FR_OK : FR_ENOMEM;
}
static fr_err created(fr_ctx *ctx, const void *row, fr_str *json)
{
    return to_milliseconds(ctx, ((const mymodel *)row)->created_at, json);
}
static fr_err updated(fr_ctx *ctx, const void *row, fr_str *json)
{
    return to_milliseconds(ctx, ((const mymodel *)row)->updated_at, json);
}
static const fr_serializer values = {.model = &mymodel_model,
                                     .fields = "id,name,value,created_at,updated_at",
                                     .declared = FR_DECLARED({"created_at", .compute = created},
                                                             {"updated_at", .compute = updated})};
static const fr_viewset table = {.serializer = &values};

static fr_err send_table(fr_sock *sock, fr_str text)
{
    fr_rows rows;
    (void)text;
    FR_TRY(fr_list(sock, &table, &rows));
    return fr_send_rows(sock, &rows);
}
static const fr_consumer realtime_update = {
    .receive = send_table, .groups = "mymodel_changes", .any_origin = true};

fr_err announce_mymodel(fr_ctx *ctx, fr_changed *rows)
{
    static const char *const ACTIONS[] = {
        [FR_CREATE] = "create", [FR_UPDATE] = "update", [FR_DELETE] = "delete"};
    mymodel row;
    while (fr_changed_next(rows, &row))
        FR_TRY(fr_group_send(ctx, FR_STR("mymodel_changes"),
                             fr_json_object(ctx,
                                            "{action:%s,id:%lld,data:{id:%lld,name:%S,value:%lld}}",
                                            ACTIONS[rows->op], (long long)row.id, (long long)row.id,
                                            row.name, (long long)row.value)));
    return FR_OK;
}

/* ---- echo ---- */

static fr_err echo_text(fr_sock *sock, fr_str text)
{
    return fr_send(sock, text);
}
static fr_err echo_bytes(fr_sock *sock, fr_str bytes)
{
    return fr_send_bytes(sock, bytes);
}
static const fr_consumer echo = {
    .receive = echo_text, .receive_bytes = echo_bytes, .any_origin = true};
static const fr_consumer guarded_echo = {.receive = echo_text, .receive_bytes = echo_bytes};

/* ---- refusals ---- */

static fr_err refuse(fr_sock *sock)
{
    return fr_close(sock, 0, FR_STR(""));
}
static fr_err refuse_with_code(fr_sock *sock)
{
    return fr_close(sock, 4003, FR_STR(""));
}
static fr_err deny(fr_sock *sock)
{
    return fr_fail(sock, FR_EDENIED, "not you");
}
static fr_err do_nothing(fr_sock *sock)
{
    (void)sock;
    return FR_OK;
}
static fr_err fail(fr_sock *sock)
{
    return fr_fail(sock, FR_EINTERNAL, "connect failed on purpose");
}
static const fr_consumer rejecting = {.connect = refuse},
                         rejecting_with_code = {.connect = refuse_with_code},
                         denying = {.connect = deny}, accepting = {0},
                         never_accepting = {.connect = do_nothing},
                         failing_in_connect = {.connect = fail};

/* ---- closing ---- */

static fr_err close_with(fr_sock *sock)
{
    uint16_t code = 0;
    fr_str digits = fr_sock_arg(sock, FR_STR("code"));
    for (size_t i = 0; i < digits.n; i++)
        code = (uint16_t)(code * 10 + digits.p[i] - '0');
    FR_TRY(fr_accept(sock));
    return fr_close(sock, code, FR_STR(""));
}
static fr_err fail_if_asked(fr_sock *sock, fr_str text)
{
    if (fr_str_eq(text, FR_STR("fail")))
        return fr_fail(sock, FR_EINTERNAL, "receive failed on purpose");
    return fr_send(sock, FR_STR("ok"));
}
/* Under Daphne the socket of a consumer that has stopped stays, and nothing answers. */
static fr_err stop(fr_sock *sock, fr_str text)
{
    (void)sock, (void)text;
    return FR_OK;
}
static fr_err send_then_close(fr_sock *sock, fr_str text)
{
    FR_TRY(fr_send(sock, fr_arena_printf(sock->ctx->arena, "bye:%.*s", FR_FMT(text))));
    return fr_close(sock, 4100, FR_STR(""));
}
static const fr_consumer closing = {.connect = close_with},
                         failing_in_receive = {.receive = fail_if_asked},
                         stopping = {.receive = stop},
                         sending_then_closing = {.receive = send_then_close};

/* ---- what a consumer is told ---- */

static fr_str list(fr_sock *sock, const fr_str *items, size_t count)
{
    fr_str all = FR_STR("[");
    for (size_t i = 0; i < count; i++)
        all = fr_arena_printf(sock->ctx->arena, "%.*s%s%.*s", FR_FMT(all), i ? "," : "",
                              FR_FMT(fr_json_quote(sock, items[i])));
    return fr_arena_printf(sock->ctx->arena, "%.*s]", FR_FMT(all));
}

static fr_err tell_subprotocols(fr_sock *sock)
{
    static const fr_str ours[] = {{"v2.chat", 7}, {"v1.chat", 7}};
    const fr_scope *scope = sock->scope;
    fr_str chosen = {0};
    for (size_t i = 0; i < 2 && !chosen.n; i++)
        for (size_t k = 0; k < scope->subprotocol_count; k++)
            if (fr_str_eq(scope->subprotocols[k], ours[i]))
                chosen = ours[i];
    FR_TRY(fr_accept(sock)); /* comes to the same choice */
    return fr_send(sock, fr_json_object(sock, "{offered:%J,chosen:%J}",
                                        list(sock, scope->subprotocols, scope->subprotocol_count),
                                        chosen.n ? fr_json_quote(sock, chosen) : FR_STR("null")));
}

static fr_err tell_scope(fr_sock *sock)
{
    const fr_scope *scope = sock->scope;
    fr_str custom = fr_sock_header(sock, FR_STR("x-custom"));
    FR_TRY(fr_accept(sock));
    return fr_send(
        sock,
        fr_json_object(
            sock, "{type:\"websocket\",path:%S,query:%S,kwargs:{name:%S,num:%S},args:[],custom:%J}",
            scope->path, scope->query, fr_sock_arg(sock, FR_STR("name")),
            fr_sock_arg(sock, FR_STR("num")), list(sock, &custom, custom.p ? 1 : 0)));
}
static const fr_consumer subprotocols = {.connect = tell_subprotocols,
                                         .subprotocols = "v2.chat,v1.chat"},
                         scope = {.connect = tell_scope};

/* ---- JSON ---- */

/* What is no JSON is the consumer's fault, as it does not catch it. */
static fr_err no_json(fr_sock *sock, fr_str text)
{
    return fr_fail(sock, FR_EINTERNAL, "not what is understood: %.*s", FR_FMT(text));
}

fr_err spelled(fr_sock *sock, fr_str message, fr_str name, fr_str *out)
{
    const fr_pair *pairs;
    size_t count;
    if (!fr_str_eq((fr_str){message.p, message.n > 0}, FR_STR("{")) ||
        fr_json_pairs(sock, message, &pairs, &count))
        return no_json(sock, message);
    for (size_t i = 0; i < count; i++)
        if (fr_str_eq(pairs[i].name, name))
            *out = pairs[i].value;
    return FR_OK;
}

/* Any value: it is looked at as the member of an object. */
static fr_err echo_json(fr_sock *sock, fr_str text)
{
    fr_str value, wrapped = fr_arena_printf(sock->ctx->arena, "{\"echo\":%.*s}", FR_FMT(text));
    return fr_json_member(sock, wrapped, FR_STR("echo"), &value) ? no_json(sock, text)
                                                                 : fr_send(sock, wrapped);
}
static const fr_consumer json = {.receive = echo_json};

/* ---- rooms ---- */

static fr_str room_of(fr_sock *sock)
{
    return fr_arena_printf(sock->ctx->arena, "room_%.*s",
                           FR_FMT(fr_sock_arg(sock, FR_STR("name"))));
}

static fr_err enter_room(fr_sock *sock)
{
    FR_TRY(fr_group_add(sock, room_of(sock)));
    return fr_accept(sock);
}

static fr_err say_in_room(fr_sock *sock, fr_str message)
{
    fr_str text = FR_STR("null"), command = FR_STR("null");
    FR_TRY(spelled(sock, message, FR_STR("cmd"), &command));
    FR_TRY(spelled(sock, message, FR_STR("text"), &text));
    if (fr_str_eq(command, FR_STR("\"leave\""))) {
        FR_TRY(fr_group_discard(sock, room_of(sock)));
        return fr_send(sock, FR_STR("{\"left\":true}"));
    }
    if (fr_str_eq(command, FR_STR("\"unknown_type\"")))
        return fr_group_send(sock, room_of(sock), FR_STR("no.such.handler"));
    return fr_group_send(sock, room_of(sock), fr_json_object(sock, "{text:%J}", text));
}

static fr_err heard_in_room(fr_sock *sock, fr_str group, fr_str text)
{
    (void)group;
    if (fr_str_eq(text, FR_STR("no.such.handler")))
        return fr_fail(sock, FR_EINTERNAL, "no handler for this event");
    return fr_send(sock, text);
}

static void leave_room(fr_sock *sock, uint16_t code)
{
    fr_group_discard(sock, room_of(sock));
    fr_group_send(sock, room_of(sock),
                  code == 1005 ? FR_STR("{\"left_code\":null}")
                               : fr_json_object(sock, "{left_code:%d}", code));
}
static const fr_consumer room = {.connect = enter_room,
                                 .receive = say_in_room,
                                 .group_message = heard_in_room,
                                 .disconnect = leave_room};

static fr_err say_to_all(fr_sock *sock, fr_str text)
{
    return fr_group_send(sock, FR_STR("auto"), text);
}
static fr_err fan_out(fr_sock *sock, fr_str text)
{
    return fr_group_send(sock, FR_STR("fan"), text);
}
static const fr_consumer auto_group = {.receive = say_to_all, .groups = "auto"},
                         fan = {.receive = fan_out, .groups = "fan"};

static fr_err greet(fr_sock *sock)
{
    const fr_user *asker = fr_user_of(sock);
    FR_TRY(fr_accept(sock));
    return asker ? fr_send(sock, asker->username) : fr_close(sock, 4401, FR_STR(""));
}
static const fr_consumer whoami = {.connect = greet,
                                   .authentication = FR_AUTHENTICATORS(&fr_session_auth)};

/* ---- sessions: read and written, logged in and out ---- */

static fr_err use_session(fr_sock *sock, fr_str message)
{
    fr_str what = {0}, value = FR_STR("null");
    FR_TRY(spelled(sock, message, FR_STR("do"), &what));
    FR_TRY(spelled(sock, message, FR_STR("value"), &value));
    if (fr_str_eq(what, FR_STR("\"put\""))) {
        FR_TRY(fr_session_set(sock, FR_STR("box"), value));
        return fr_send(sock, FR_STR("{\"put\":true}"));
    }
    if (fr_str_eq(what, FR_STR("\"get\""))) {
        FR_TRY(fr_session_get(sock, FR_STR("box"), &value));
        return fr_send(sock, fr_json_object(sock, "{box:%J}", value.p ? value : FR_STR("null")));
    }
    if (fr_str_eq(what, FR_STR("\"login\""))) {
        const fr_user *named;
        FR_TRY(fr_json_member(sock, message, FR_STR("name"), &value));
        FR_TRY(fr_user_named(sock, value, &named));
        FR_TRY(fr_login(sock, named));
    } else if (fr_str_eq(what, FR_STR("\"logout\""))) {
        FR_TRY(fr_logout(sock));
    }
    const fr_user *asker = fr_user_of(sock);
    fr_str name = asker ? asker->username : FR_STR("");
    bool is_who = fr_str_eq(what, FR_STR("\"who\""));
    return fr_send(sock, is_who ? fr_json_object(sock, "{user:%S,scope:%S}", name, name)
                                : fr_json_object(sock, "{user:%S}", name));
}
static const fr_consumer session_box = {.receive = use_session,
                                        .authentication = FR_AUTHENTICATORS(&fr_session_auth)};

/* ---- ?token=... names the user, as many projects do it ---- */

static fr_err find_by_query(fr_asker *who, const fr_authenticator *self)
{
    const fr_user *found;
    (void)self;
    FR_TRY(fr_user_with_token(who, fr_asker_query(who, FR_STR("token")), &found));
    if (found && found->is_active)
        fr_asker_is(who, found);
    return FR_OK;
}
static const fr_authenticator by_query = {.name = "TokenMiddleware", .find = find_by_query};

static fr_err say_hello(fr_sock *sock)
{
    FR_TRY(fr_accept(sock));
    return fr_send(
        sock, fr_arena_printf(sock->ctx->arena, "hello %.*s", FR_FMT(fr_user_of(sock)->username)));
}
static const fr_consumer must_be_known = {.connect = say_hello,
                                          .authentication = FR_AUTHENTICATORS(&by_query),
                                          .permissions = FR_PERMISSIONS(&fr_is_authenticated)};

const fr_route realtime_sockets[] = {
    {"ws/desk/sessionbox/", .consumer = &session_box},
    {"ws/desk/token/", .consumer = &must_be_known},
    {"ws/realtime-update/", .consumer = &realtime_update},
    {"ws/echo/", .consumer = &echo},
    {"ws/sync-echo/", .consumer = &echo},
    {"ws/reject/", .consumer = &rejecting},
    {"ws/reject-code/", .consumer = &rejecting_with_code},
    {"ws/deny-exception/", .consumer = &denying},
    {"ws/accept-exception/", .consumer = &accepting},
    {"ws/never-accepts/", .consumer = &never_accepting},
    {"ws/fails-in-connect/", .consumer = &failing_in_connect},
    {"ws/fails-in-receive/", .consumer = &failing_in_receive},
    {"ws/stops/", .consumer = &stopping},
    {"ws/close/<int:code>/", .consumer = &closing},
    {"ws/send-then-close/", .consumer = &sending_then_closing},
    {"ws/subprotocol/", .consumer = &subprotocols},
    {"ws/scope/<name>/<int:num>/", .consumer = &scope},
    {"ws/json/", .consumer = &json},
    {"ws/sync-json/", .consumer = &json},
    {"ws/room/<name>/", .consumer = &room},
    {"ws/auto-group/", .consumer = &auto_group},
    {"ws/fan/", .consumer = &fan},
    {"guarded/ws/whoami/", .consumer = &whoami},
    {"guarded/ws/echo/", .consumer = &guarded_echo},
    {0},
};

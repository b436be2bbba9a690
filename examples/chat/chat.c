/*
 * Chat: rooms by name, everybody in a room hears what is said there.
 *
 *   ws /ws/chat/<room>/?name=Ada
 *     → {"text":"hello"}
 *     ← {"from":"Ada","text":"hello"}     to all in the room
 *     ← {"from":"Ada","joined":true}      and "left"
 *   GET /    a page to do it with
 */
#include <freshet.h>

#include <string.h>

enum { NAME_BYTES = 64, ROOM_BYTES = 64, TEXT_BYTES = 2000 };

typedef struct person {
    char name[NAME_BYTES];
    size_t n;
} person;

/* The name in quotes, as it stands in messages. */
static fr_str quoted_name(fr_sock *sock)
{
    const person *p = sock->state;
    return fr_json_quote(sock, ((fr_str){p->name, p->n}));
}

static fr_str group_of(fr_sock *sock)
{
    return fr_arena_printf(sock->ctx->arena, "chat.%.*s",
                           FR_FMT(fr_sock_arg(sock, FR_STR("room"))));
}

static fr_err tell(fr_sock *sock, const char *what)
{
    fr_str text = fr_arena_printf(sock->ctx->arena, "{\"from\":%.*s,\"%s\":true}",
                                  FR_FMT(quoted_name(sock)), what);
    return fr_group_send(sock, group_of(sock), text);
}

static fr_err joined(fr_sock *sock)
{
    person *p = sock->state;
    fr_str name = fr_sock_query(sock, FR_STR("name"));
    if (!name.n)
        name = FR_STR("somebody");
    if (name.n > NAME_BYTES || fr_sock_arg(sock, FR_STR("room")).n > ROOM_BYTES)
        return fr_close(sock, 0, (fr_str){0});
    memcpy(p->name, name.p, name.n);
    p->n = name.n;
    FR_TRY(fr_accept(sock));
    FR_TRY(fr_group_add(sock, group_of(sock)));
    return tell(sock, "joined");
}

static fr_err said(fr_sock *sock, fr_str message)
{
    fr_str text;
    FR_TRY(fr_json_member(sock, message, FR_STR("text"), &text));
    if (text.n > TEXT_BYTES)
        return fr_fail(sock, FR_ETOOBIG, "At most %d bytes at a time.", TEXT_BYTES);
    return fr_group_send(sock, group_of(sock),
                         fr_arena_printf(sock->ctx->arena, "{\"from\":%.*s,\"text\":%.*s}",
                                         FR_FMT(quoted_name(sock)),
                                         FR_FMT(fr_json_quote(sock, text))));
}

static void left(fr_sock *sock, uint16_t code)
{
    (void)code;
    tell(sock, "left"); /* nobody may be there any more */
}

static const fr_consumer chat = {
    .connect = joined, .receive = said, .disconnect = left, .state_bytes = sizeof(person)};

extern const char page_html[]; /* page.html, put in by the build */

int main(int argc, char **argv)
{
    return fr_main(argc, argv,
                   &(fr_app){
                       .name = "chat",
                       .summary = "chat rooms",
                       .http = FR_ROUTES({"", .page = page_html}),
                       .websocket = FR_ROUTES({"ws/chat/<slug:room>/", .consumer = &chat}),
                   });
}

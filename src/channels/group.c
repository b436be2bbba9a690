/*
 * Groups on one loop. Members are of two kinds:
 *
 *   served by the fan    accepted sockets whose consumer has no group_message: the frame goes out as it is, with no
 *                        handler, no fiber and no mailbox
 *   listeners            those with a group_message, and those that are not accepted yet: by the mailbox
 */
#include "channels/channels_int.h"

#include <string.h>

struct fr_group {
    fr_channels_loop *of;
    fr_audience *audience;     /* has the name */
    fr_fan *fan;               /* owned; NULL until it serves a member */
    const fr_group_rule *rule; /* NULL: none */
    FR_VEC(fr_membership *) listeners;
    size_t members; /* of both kinds, and of sockets that have ended but not been told yet */
};

bool fr_group_name_ok(fr_str group)
{
    if (group.n < 1 || group.n > 99)
        return false;
    for (size_t i = 0; i < group.n; i++) {
        char c = group.p[i];
        bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alnum && c != '.' && c != '_' && c != '-')
            return false;
    }
    return true;
}

static fr_err bad_name(fr_ctx *ctx)
{
    return fr_fail(ctx, FR_EINVAL,
                   "A group's name is 1 to 99 of the characters A-Z a-z 0-9 . _ and -.");
}

/* ---- memberships ---- */

static fr_membership *membership_of(fr_member *member)
{
    return (fr_membership *)(void *)member;
}

static fr_group *group_of(const fr_membership *m)
{
    return m->member.is_in ? fr_fan_arg(m->member.fan) : m->member.of;
}

static fr_seat *seat_of(const fr_membership *m)
{
    return (fr_seat *)(void *)((char *)fr_member_ws(&m->member) - offsetof(fr_seat, ws));
}

static fr_membership *first_of(fr_seat *seat)
{
    return seat->group.member.of ? &seat->group : seat->group.next;
}

/* ---- members that cannot keep up ---- */

static void on_behind(fr_member *member, void *arg)
{
    (void)arg;
    fr_seat_overrun_(seat_of(membership_of(member)), "reads too slowly");
}

/* A message was lost, since the loop was too busy or memory was out: none of the members here got it. */
static void close_all(fr_group *group)
{
    static const char WHY[] = "the server is overloaded";
    for (size_t i = group->fan ? fr_fan_count(group->fan) : 0; i-- > 0;)
        if (i < fr_fan_count(group->fan))
            fr_seat_overrun_(seat_of(membership_of(fr_fan_at(group->fan, i))), WHY);
    for (size_t i = group->listeners.count; i-- > 0;)
        fr_seat_overrun_(seat_of(group->listeners.at[i]), WHY);
}

void fr_group_close_lost_(fr_channels_loop *all)
{
    size_t pos = 0;
    for (fr_group *group; (group = fr_map_next(&all->groups, &pos, NULL));)
        if (fr_audience_take_lost_(group->audience, all->post))
            close_all(group);
}

/* ---- a group comes and goes ---- */

static void group_free(fr_group *group)
{
    fr_channels_loop *all = group->of;
    fr_map_remove(&all->groups, fr_audience_name(group->audience));
    fr_audience_leave_(group->audience, all->post);
    fr_fan_free(group->fan);
    fr_vec_deinit(&group->listeners);
    fr_free(group);
}

static fr_group *group_new(fr_channels_loop *all, fr_str name)
{
    fr_group *group = fr_zalloc(sizeof *group);
    if (!group)
        return NULL;
    group->of = all;
    group->rule = fr_group_rule_(all->of->groups, name);
    if (fr_audience_enter_(name, all->post, &group->audience)) {
        fr_free(group);
        return NULL;
    }
    if (fr_map_set(&all->groups, fr_audience_name(group->audience), group) == FR_OK)
        return group;
    fr_audience_leave_(group->audience, all->post);
    fr_free(group);
    return NULL;
}

void fr_groups_free_(fr_channels_loop *all)
{
    fr_map_deinit(&all->groups);
}

/* ---- joining ---- */

static fr_fan *make_fan(fr_group *group)
{
    const fr_group_rule *rule = group->rule;
    fr_fan *fan = fr_fan_new(group->of->loop, on_behind, group);
    if (!fan || !rule)
        return fan;
    fr_fan_opts opts = {.window_ms = rule->flush_ms, .is_newest_per_key = rule->newest_per_key};
    if (fr_fan_set(fan, &opts) == FR_OK)
        return fan;
    fr_fan_free(fan);
    return NULL;
}

static fr_err serve(fr_membership *m)
{
    fr_group *group = group_of(m);
    if (!group->fan)
        group->fan = make_fan(group);
    return group->fan ? fr_fan_join(group->fan, &m->member) : FR_ENOMEM;
}

static fr_err listen(fr_membership *m)
{
    fr_group *group = group_of(m);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): the items are pointers */
    if (!fr_vec_push(&group->listeners, m))
        return FR_ENOMEM;
    m->member.mark = true;
    m->member.index = (uint32_t)group->listeners.count - 1;
    return FR_OK;
}

static void stop_listening(fr_membership *m)
{
    fr_group *group = group_of(m);
    uint32_t index = m->member.index;
    if (!m->member.mark)
        return;
    fr_vec_swap_remove(&group->listeners, index);
    if (index < group->listeners.count)
        group->listeners.at[index]->member.index = index;
    m->member.mark = false;
}

/* The first membership of a seat stands in it. NULL when memory is out. */
static fr_membership *membership_new(fr_seat *seat, fr_group *group)
{
    fr_membership *m = &seat->group;
    if (m->member.of) {
        fr_far_membership *far = fr_slabs_alloc(&group->of->slabs, sizeof *far);
        if (!far)
            return NULL;
        far->ws = &seat->ws;
        m = &far->it;
        m->next = seat->group.next;
        seat->group.next = m;
    }
    fr_member_init(&m->member, &seat->ws);
    m->member.of = group;
    return m;
}

/* m is of no group any more; its memory goes, unless it is the one in the seat. */
static void membership_free(fr_seat *seat, fr_membership *m, fr_channels_loop *all)
{
    if (m == &seat->group) {
        m->member.of = NULL;
        return;
    }
    fr_membership **at = &seat->group.next;
    while (*at != m)
        at = &(*at)->next;
    *at = m->next;
    fr_slabs_free(&all->slabs, (char *)m - offsetof(fr_far_membership, it),
                  sizeof(fr_far_membership));
}

static fr_err add(fr_seat *seat, fr_group *group)
{
    fr_membership *m = membership_new(seat, group);
    if (!m)
        return FR_ENOMEM;
    fr_err err = fr_seat_ws(seat) && !seat->consumer->group_message ? serve(m) : listen(m);
    if (err)
        membership_free(seat, m, group->of);
    else
        group->members++;
    return err;
}

fr_err fr_group_add(fr_sock *sock, fr_str name)
{
    fr_seat *seat = fr_seat_of(sock);
    if (!fr_group_name_ok(name))
        return bad_name(sock->ctx);
    if (seat->is_over)
        return FR_ECANCELED;
    fr_channels_loop *all = fr_channels_loop_get_(sock->ctx->loop);
    fr_group *group = fr_map_get(&all->groups, name);
    size_t count = 0;
    for (const fr_membership *m = first_of(seat); m; m = m->next, count++)
        if (group_of(m) == group)
            return FR_OK;
    if (count >= FR_GROUPS_MAX)
        return fr_fail(sock, FR_EBUSY, "A socket is in %d groups at most.", FR_GROUPS_MAX);
    if (!group && !(group = group_new(all, name)))
        return FR_ENOMEM;
    fr_err err = add(seat, group);
    if (!group->members)
        group_free(group);
    return err;
}

/* ---- leaving ---- */

static void remove_one(fr_seat *seat, fr_membership *m)
{
    fr_group *group = group_of(m);
    stop_listening(m);
    fr_fan_leave(&m->member);
    membership_free(seat, m, group->of);
    if (--group->members == 0)
        group_free(group);
}

fr_err fr_group_discard(fr_sock *sock, fr_str name)
{
    fr_seat *seat = fr_seat_of(sock);
    if (!fr_group_name_ok(name))
        return bad_name(sock->ctx);
    for (fr_membership *m = first_of(seat); m; m = m->next)
        if (fr_str_eq(fr_audience_name(group_of(m)->audience), name)) {
            fr_fan_send_now(&m->member); /* the seat was a member when this was sent */
            remove_one(seat, m);
            break;
        }
    return FR_OK;
}

void fr_groups_leave_(fr_seat *seat)
{
    for (fr_membership *m; (m = first_of(seat));)
        remove_one(seat, m);
}

void fr_groups_lose_socket_(fr_seat *seat)
{
    for (fr_membership *m = first_of(seat); m; m = m->next) {
        fr_group *group = group_of(m);
        stop_listening(m);
        fr_fan_leave(&m->member);
        m->member.of = group;
    }
}

/* ---- the handshake is done ---- */

/* What came during the handshake is sent now, in order; from now on the fan serves. */
static fr_err send_mail(fr_seat *seat)
{
    fr_err err = FR_OK;
    for (fr_mail *mail; (mail = fr_mail_take_(seat)); fr_mail_free_(mail))
        if (!err)
            err = fr_ws_send(&seat->ws, true, fr_ws_frame_payload(mail->block));
    return err;
}

fr_err fr_groups_accept_(fr_seat *seat)
{
    if (seat->consumer->group_message)
        return FR_OK;
    FR_TRY(send_mail(seat));
    for (fr_membership *m = first_of(seat); m; m = m->next) {
        stop_listening(m);
        FR_TRY(serve(m));
    }
    return FR_OK;
}

void fr_groups_send_now_(fr_seat *seat)
{
    for (fr_membership *m = first_of(seat); m; m = m->next)
        fr_fan_send_now(&m->member);
}

void fr_groups_send_all_(fr_seat *seat)
{
    fr_groups_send_now_(seat);
    for (fr_membership *m = first_of(seat); m; m = m->next)
        fr_fan_send_backlog(&m->member);
}

void fr_groups_drained_(fr_seat *seat)
{
    for (fr_membership *m = first_of(seat); m; m = m->next)
        fr_fan_drained(&m->member);
}

/* ---- sending ---- */

static void deliver(fr_group *group, fr_block *block)
{
    if (group->fan && fr_fan_publish(group->fan, block, 0)) {
        close_all(group);
        return;
    }
    fr_str name = fr_audience_name(group->audience);
    bool is_newest = group->rule && group->rule->newest_per_key;
    for (size_t i = group->listeners.count;
         i-- > 0;) { /* from the end: one that is closed gives its place away */
        fr_seat *seat = seat_of(group->listeners.at[i]);
        if (fr_seat_ws(seat) && !fr_ws_is_open(&seat->ws))
            continue;
        if (!fr_mail_put_group_(seat, name, block, is_newest))
            fr_seat_overrun_(seat, "too many group messages wait");
        else if (!seat->is_busy)
            fr_seat_ready_(seat);
    }
}

void fr_group_deliver_(fr_channels_loop *all, fr_str name, fr_block *block)
{
    fr_group *group = fr_map_get(&all->groups, name);
    if (group)
        deliver(group, block);
}

/* Without members anywhere nothing is encoded. */
static fr_err send_checked(fr_ctx *ctx, fr_str name, fr_str key, fr_str text)
{
    fr_channels_loop *all = ctx->loop ? fr_channels_loop_get_(ctx->loop) : NULL;
    const fr_post *own = all ? all->post : NULL;
    fr_group *group = all ? fr_map_get(&all->groups, name) : NULL;
    fr_audience *audience = group ? group->audience : NULL;
    bool is_elsewhere = fr_audience_is_elsewhere_(audience, name, own);
    if (!group && !is_elsewhere)
        return FR_OK;
    fr_block *frame = fr_ws_frame_keyed(true, text, key);
    if (!frame)
        return FR_ENOMEM;
    if (is_elsewhere)
        fr_audience_send_(audience, name, own, frame);
    if (group)
        deliver(group, frame);
    fr_block_unref(frame);
    return FR_OK;
}

static fr_err send(fr_ctx *ctx, fr_str name, fr_str key, fr_str text)
{
    if (!fr_group_name_ok(name))
        return bad_name(ctx);
    if (!fr_utf8_valid(text))
        return fr_fail(ctx, FR_EINVAL, "A group message is UTF-8.");
    if (text.n > FR_GROUP_TEXT_BYTES)
        return fr_fail(ctx, FR_ETOOBIG, "A group message has %d bytes at most.",
                       FR_GROUP_TEXT_BYTES);
    return send_checked(ctx, name, key, text);
}

fr_err fr_group_send_(fr_ctx *ctx, fr_str name, fr_str text)
{
    return send(ctx, name, (fr_str){0}, text);
}

fr_err fr_group_send_keyed_(fr_ctx *ctx, fr_str name, fr_str key, fr_str text)
{
    if (key.n < 1 || key.n > FR_GROUP_KEY_BYTES)
        return fr_fail(ctx, FR_EINVAL, "A key has 1 to %d bytes.", FR_GROUP_KEY_BYTES);
    return send(ctx, name, key, text);
}

/* The WebSocket side of an application, and what a loop keeps for it. */
#include "channels/channels.h"

#include "channels/channels_int.h"

fr_channels *fr_channels_new(const fr_channels_opts *opts)
{
    fr_channels *channels = fr_malloc(sizeof *channels);
    fr_named *named = channels ? fr_named_new(opts->tasks) : NULL;
    if (!named) {
        fr_free(channels);
        return NULL;
    }
    fr_presences_end_by(FR_PRESENT_CONSUMER, fr_seat_expire_);
    *channels = (fr_channels){.router = opts->router,
                              .others = opts->others,
                              .origins = opts->origins,
                              .db = opts->db,
                              .server = opts->server,
                              .ws = opts->ws,
                              .groups = opts->groups,
                              .named = named};
    return channels;
}

void fr_channels_attach(fr_channels *channels, struct fr_server *server)
{
    channels->server = server;
    fr_named_attach(channels->named, server, channels->db);
}

void fr_channels_free(fr_channels *channels)
{
    if (channels)
        fr_named_free(channels->named);
    fr_free(channels);
}

/* ---- of one loop ---- */

static void retry(fr_timer *timer)
{
    fr_channels_loop *all =
        (fr_channels_loop *)(void *)((char *)timer - offsetof(fr_channels_loop, retry));
    fr_loop_in_slices(all->loop, &all->deliver);
}

/* The loop ends: its sockets have been closed, and there are no passes any more in which their disconnect could run. */
static void free_loop(void *value)
{
    fr_channels_loop *all = value;
    fr_timer_cancel(all->loop, &all->retry);
    for (fr_seat *first = NULL; all->ready_first && all->ready_first != first;) {
        first = all->ready_first;
        fr_deliver_ready_(&all->deliver);
    }
    fr_timer_cancel(all->loop, &all->retry);
    fr_events_free_(all);
    fr_groups_free_(all);
    fr_map_deinit(&all->routes);
    if (!all->slabs.items) /* else handlers were left: what they stand on stays */
        fr_slabs_deinit(&all->slabs);
    fr_post_close_(all->post);
    fr_free(all);
}

fr_err fr_channels_start(fr_loop *loop, const fr_channels *channels)
{
    fr_post *post = fr_post_open_(loop);
    fr_channels_loop *all = post ? fr_zalloc(sizeof *all) : NULL;
    if (!all) {
        if (post)
            fr_post_close_(post);
        return FR_ENOMEM;
    }
    all->loop = loop;
    all->of = channels;
    all->post = post;
    all->deliver.run = fr_deliver_ready_;
    all->retry.run = retry;
    fr_map_init(&all->groups);
    fr_map_init(&all->routes);
    fr_slabs_init(&all->slabs);
    fr_loop_slot_set(loop, FR_SLOT_CHANNELS, all, free_loop);
    return FR_OK;
}

/*
 * Audiences: names, the loops that have members, and messages from loop to loop.
 *
 * A message to another loop is a task of its own with the group's name in it, so it needs nothing of the sender's. If
 * FR_LOOP_TASKS_MAX tasks wait there, or memory is out, the message is lost; then the audience is marked for that loop, and
 * a task that every loop has for this purpose, and which is never refused, closes the group's members there with 1013.
 */
#include "channels/audience.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "channels/channels_int.h"

static struct {
    pthread_mutex_t lock;
    fr_map audiences; /* by name */
    fr_post *posts[FR_LOOPS_MAX];
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- loops ---- */

static void run_lost(fr_task *task)
{
    fr_post *post = (fr_post *)(void *)((char *)task - offsetof(fr_post, lost));
    atomic_store(&post->is_lost_posted,
                 false); /* before looking: what is marked from now on posts again */
    fr_group_close_lost_(fr_channels_loop_get_(fr_loop_current()));
}

static fr_post *find_free(void)
{
    for (int slot = 0; slot < FR_LOOPS_MAX; slot++) {
        fr_post *post = shared.posts[slot];
        if (post && atomic_load(&post->loop))
            continue;
        if (!post && (post = fr_zalloc(sizeof *post))) {
            post->lost.run = run_lost;
            post->slot = slot;
            shared.posts[slot] = post;
        }
        return post;
    }
    return NULL;
}

fr_post *fr_post_open_(fr_loop *loop)
{
    pthread_mutex_lock(&shared.lock);
    fr_post *post = find_free();
    if (post)
        atomic_store(&post->loop, loop);
    pthread_mutex_unlock(&shared.lock);
    return post;
}

void fr_post_close_(fr_post *post)
{
    pthread_mutex_lock(&shared.lock);
    atomic_store(&post->loop, NULL);
    pthread_mutex_unlock(&shared.lock);
}

/* ---- members come and go ---- */

static uint64_t bit(int slot)
{
    return (uint64_t)1 << (slot & 63);
}

static fr_audience *audience_new(fr_str name)
{
    fr_audience *audience = fr_zalloc(sizeof *audience + name.n + 1);
    if (!audience)
        return NULL;
    audience->n = (uint32_t)name.n;
    memcpy(audience->name, name.p, name.n);
    if (fr_map_set(&shared.audiences, fr_audience_name(audience), audience) == FR_OK)
        return audience;
    fr_free(audience);
    return NULL;
}

fr_err fr_audience_enter_(fr_str name, const fr_post *post, fr_audience **out)
{
    pthread_mutex_lock(&shared.lock);
    fr_audience *audience = fr_map_get(&shared.audiences, name);
    if (!audience)
        audience = audience_new(name);
    if (audience) {
        audience->loops++;
        atomic_fetch_or(&audience->at[post->slot / 64], bit(post->slot));
    }
    pthread_mutex_unlock(&shared.lock);
    if (!audience)
        return FR_ENOMEM;
    *out = audience;
    return FR_OK;
}

void fr_audience_leave_(fr_audience *audience, const fr_post *post)
{
    pthread_mutex_lock(&shared.lock);
    atomic_fetch_and(&audience->at[post->slot / 64], ~bit(post->slot));
    atomic_fetch_and(&audience->lost[post->slot / 64], ~bit(post->slot));
    if (--audience->loops == 0) {
        fr_map_remove(&shared.audiences, fr_audience_name(audience));
        if (shared.audiences.count == 0)
            fr_map_deinit(&shared.audiences);
        fr_free(audience);
    }
    pthread_mutex_unlock(&shared.lock);
}

bool fr_audience_take_lost_(fr_audience *audience, const fr_post *post)
{
    return atomic_fetch_and(&audience->lost[post->slot / 64], ~bit(post->slot)) & bit(post->slot);
}

/* ---- sending ---- */

typedef struct letter {
    fr_task task;
    fr_block *block; /* owned reference */
    size_t n;
    char name[];
} letter;

static void run_letter(fr_task *task)
{
    letter *l = (letter *)(void *)task;
    fr_group_deliver_(fr_channels_loop_get_(fr_loop_current()), (fr_str){l->name, l->n}, l->block);
    fr_block_unref(l->block);
    fr_free(l);
}

static void mark_lost(fr_audience *audience, fr_post *post, fr_loop *loop)
{
    atomic_fetch_or(&audience->lost[post->slot / 64], bit(post->slot));
    if (!atomic_exchange(&post->is_lost_posted, true))
        fr_loop_post(loop, &post->lost);
}

static void send_to(fr_audience *audience, fr_post *post, fr_block *block)
{
    fr_loop *loop = atomic_load(&post->loop);
    if (!loop)
        return; /* the loop ends: its members are closed */
    letter *l = fr_malloc(sizeof *l + audience->n);
    if (l) {
        *l = (letter){.task.run = run_letter, .block = fr_block_ref(block), .n = audience->n};
        memcpy(l->name, audience->name, audience->n);
        if (fr_loop_try_post(loop, &l->task))
            return;
        fr_block_unref(block);
        fr_free(l);
    }
    mark_lost(audience, post, loop);
}

/* Of 64 loops, those with members, but not our own. */
static uint64_t others_at(const fr_audience *audience, int word, const fr_post *own)
{
    uint64_t at = atomic_load(&audience->at[word]);
    return own && own->slot / 64 == word ? at & ~bit(own->slot) : at;
}

static bool is_elsewhere(const fr_audience *audience, const fr_post *own)
{
    uint64_t at = 0;
    for (int word = 0; word < FR_LOOP_WORDS; word++)
        at |= others_at(audience, word, own);
    return at != 0;
}

bool fr_audience_is_elsewhere_(const fr_audience *audience, fr_str name, const fr_post *own)
{
    if (audience)
        return is_elsewhere(audience, own);
    pthread_mutex_lock(&shared.lock);
    audience = fr_map_get(&shared.audiences, name);
    bool is_heard = audience && is_elsewhere(audience, own);
    pthread_mutex_unlock(&shared.lock);
    return is_heard;
}

static void send_to_others(fr_audience *audience, const fr_post *own, fr_block *block)
{
    for (int word = 0; word < FR_LOOP_WORDS; word++)
        for (uint64_t at = others_at(audience, word, own); at; at &= at - 1)
            send_to(audience, shared.posts[word * 64 + __builtin_ctzll(at)], block);
}

void fr_audience_send_(fr_audience *audience, fr_str name, const fr_post *own, fr_block *block)
{
    if (audience) {
        send_to_others(audience, own, block);
        return;
    }
    pthread_mutex_lock(&shared.lock);
    audience = fr_map_get(&shared.audiences, name);
    if (audience)
        send_to_others(audience, own, block);
    pthread_mutex_unlock(&shared.lock);
}

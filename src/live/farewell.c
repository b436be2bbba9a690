/* The end of all that is watched, by word of the application: each watcher is told why before the server drains. */
#include "live/live_int.h"

void fr_live_end(fr_live *live, const fr_live_farewell *farewell)
{
    pthread_mutex_lock(&live->shared.lock);
    live->shared.farewell = *farewell;
    live->shared.queue.has_farewell = true;
    fr_live_wake(live);
    pthread_mutex_unlock(&live->shared.lock);
}

/* Behind all frames that came before. */
static void tell_all(fr_worker *worker, fr_note *note)
{
    (void)note;
    const fr_live_farewell *farewell = &worker->live->shared.farewell;
    for (size_t i = worker->own.topics.count; i-- > 0;) /* downwards: one without watchers may go */
        fr_topic_fail(worker->own.topics.at[i], farewell->err, farewell->detail);
}

void fr_live_say_farewell(fr_worker *known)
{
    for (fr_worker *worker = known; worker; worker = worker->matcher.next_known) {
        worker->inbox.farewell_note.run = tell_all;
        fr_inbox_put(worker, &worker->inbox.farewell_note);
    }
}

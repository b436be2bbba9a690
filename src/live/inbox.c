/*
 * From the matcher to one worker: first in, first out. The matcher pushes onto a stack with one
 * compare-and-swap; the worker takes the whole stack at once and turns it round. Only a push onto
 * an empty stack posts a task to the loop, so a burst costs one. (The loop's own task queue would
 * keep the order as well; but what is left in it when a loop ends is not ours to free, and its
 * bound counts tasks, not bytes.)
 *
 * A gap needs no memory: its number is raised and one note, which is either in the inbox or not,
 * tells the worker to look. The number may be read a little early, when its frames stand further
 * back; no harm is done, as a gap asks for a snapshot at or after its number and that commit is in
 * the database. The number is never read late: it is raised before the note is put, and the note is
 * taken out before the number is read.
 */
#include "live/live_int.h"

#include "base/alloc.h"

static void run_frames(fr_worker *worker, fr_note *note)
{
    fr_frames *frames = (fr_frames *)(void *)note;
    atomic_fetch_sub_explicit(&worker->inbox.waiting_bytes, frames->bytes, memory_order_relaxed);
    for (size_t i = 0; i < frames->count; i++) {
        if (frames->at[i].block)
            fr_topic_frame(frames->at[i].topic, frames->number, frames->at[i].block);
        else
            fr_topic_gap(frames->at[i].topic, frames->number);
    }
    fr_frames_free(frames);
}

fr_frames *fr_frames_new(size_t count)
{
    fr_frames *frames = fr_malloc(sizeof *frames + count * sizeof *frames->at);
    if (frames)
        *frames = (fr_frames){.note = {.run = run_frames}, .count = count};
    return frames;
}

void fr_frames_free(fr_frames *frames)
{
    for (size_t i = 0; i < frames->count; i++)
        fr_block_unref(frames->at[i].block);
    fr_free(frames);
}

/* Everything put so far, oldest first. */
static fr_note *take(fr_worker *worker)
{
    fr_note *newest = atomic_exchange_explicit(&worker->inbox.newest, NULL, memory_order_acq_rel),
            *oldest = NULL;
    while (newest) {
        fr_note *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static void run_inbox(fr_task *task)
{
    fr_worker *worker = (fr_worker *)(void *)((char *)task - offsetof(fr_worker, inbox.wake));
    fr_note *note = take(worker);
    while (note) {
        fr_note *next = note->next;
        note->run(worker, note);
        note = next;
    }
}

static void run_gap(fr_worker *worker, fr_note *note)
{
    (void)note;
    atomic_store(&worker->inbox.gap_is_posted, false);
    uint64_t number = atomic_load(&worker->inbox.gap);
    for (size_t i = 0; i < worker->own.topics.count; i++)
        fr_topic_gap(worker->own.topics.at[i], number);
}

void fr_inbox_init(fr_worker *worker)
{
    worker->inbox.wake.run = run_inbox;
    worker->inbox.gap_note.run = run_gap;
}

void fr_inbox_put(fr_worker *worker, fr_note *note)
{
    fr_note *head = atomic_load_explicit(&worker->inbox.newest, memory_order_relaxed);
    do {
        note->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&worker->inbox.newest, &head, note,
                                                    memory_order_acq_rel, memory_order_relaxed));
    /* head NULL: run_inbox has emptied the stack, so the task is not in the loop's queue any more
     * (acquire and release are both needed for that). */
    if (!head)
        fr_loop_post(worker->loop, &worker->inbox.wake);
}

void fr_inbox_put_gap(fr_worker *worker, uint64_t number)
{
    atomic_store(&worker->inbox.gap, number);
    if (!atomic_exchange(&worker->inbox.gap_is_posted, true))
        fr_inbox_put(worker, &worker->inbox.gap_note);
}

void fr_inbox_drop(fr_worker *worker)
{
    for (fr_note *note = take(worker), *next; note; note = next) {
        next = note->next;
        if (note->run == run_frames)
            fr_frames_free((fr_frames *)(void *)note);
    }
}

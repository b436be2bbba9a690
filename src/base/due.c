/* See due.h. */
#include "base/due.h"

#include <pthread.h>
#include <string.h>

#include "base/str.h"

enum { CAUSES_MAX = 256 /* 8 KiB */, OF_EVENT_MAX = 16, QUIET_MS = 60000 };

typedef struct cause {
    uint64_t event, hash;    /* of its name; of both */
    uint64_t quiet_until_ms; /* 0: free */
    uint64_t untold;         /* times that no line was written */
} cause;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static cause causes[CAUSES_MAX]; /* under lock */

/* The cause itself; else a place whose quiet is over, for the new one. NULL: there is none, or its event has its share. */
static cause *find(uint64_t event, uint64_t hash, uint64_t now_ms)
{
    cause *free_one = NULL;
    int of_event = 0;
    for (cause *one = causes; one < causes + CAUSES_MAX; one++) {
        if (one->hash == hash && one->quiet_until_ms)
            return one;
        if (one->quiet_until_ms <= now_ms)
            free_one = one;
        else
            of_event += one->event == event;
    }
    if (!free_one || of_event >= OF_EVENT_MAX)
        return NULL;
    *free_one = (cause){.event = event, .hash = hash};
    return free_one;
}

bool fr_log_is_due(const char *name, fr_str text, uint64_t now_ms, uint64_t *times)
{
    uint64_t event = fr_str_hash(fr_str_c(name), 0), hash = fr_str_hash(text, event);
    pthread_mutex_lock(&lock);
    cause *one = find(event, hash, now_ms);
    bool is_due = one && one->quiet_until_ms <= now_ms;
    if (one)
        one->untold++;
    if (is_due) {
        if (times)
            *times = one->untold;
        one->untold = 0;
        one->quiet_until_ms = now_ms + QUIET_MS;
    }
    pthread_mutex_unlock(&lock);
    return is_due;
}

void fr_log_due_reset(void)
{
    pthread_mutex_lock(&lock);
    memset(causes, 0, sizeof causes);
    pthread_mutex_unlock(&lock);
}

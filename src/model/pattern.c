/*
 * Compiled patterns by the address of their text, for the texts stand in descriptions. A chain that only grows at its head may
 * be walked without a lock; a program has a few.
 */
#include "model/pattern.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/str.h"

typedef struct compiled {
    const char *pattern; /* borrowed */
    fr_regex *regex;     /* owned */
    struct compiled *next;
} compiled;

static _Atomic(compiled *) first;
static pthread_mutex_t adding = PTHREAD_MUTEX_INITIALIZER;

static const fr_regex *find(const char *pattern)
{
    for (const compiled *c = atomic_load_explicit(&first, memory_order_acquire); c; c = c->next)
        if (c->pattern == pattern)
            return c->regex;
    return NULL;
}

/* Under the lock. */
static fr_err add(const char *pattern, char error[256])
{
    compiled *c = fr_zalloc(sizeof *c);
    if (!c)
        return FR_ENOMEM;
    fr_err err = fr_regex_new(fr_str_c(pattern), FR_REGEX_WHOLE, &c->regex, error);
    if (err != FR_OK) {
        fr_free(c);
        return err;
    }
    c->pattern = pattern;
    c->next = atomic_load_explicit(&first, memory_order_relaxed);
    atomic_store_explicit(&first, c, memory_order_release);
    return FR_OK;
}

fr_err fr_pattern_get(const char *pattern, const fr_regex **out, char error[256])
{
    *out = find(pattern);
    if (*out)
        return FR_OK;
    pthread_mutex_lock(&adding);
    *out = find(pattern);
    fr_err err = *out ? FR_OK : add(pattern, error);
    pthread_mutex_unlock(&adding);
    *out = find(pattern);
    return err;
}

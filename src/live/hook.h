/* What cli asks of hooks: functions of the application that are told of commits (freshet/live.h). */
#ifndef FR_LIVE_HOOK_H
#define FR_LIVE_HOOK_H
#include <freshet/live.h>

#include "db/db.h"
#include "net/loop.h"

typedef struct fr_hooks fr_hooks;

/* Whether each has a model and a function; else why not. */
bool fr_hooks_ok(const fr_hook *table, char error[256]);
/* Whether a model has a hook, and so is to be logged. table: NULL is none. */
bool fr_hooks_have(const fr_hook *table, const fr_model *model);
/* table: borrowed; NULL is none. bytes_max: of commits that wait; 0 = 64 MiB. NULL when memory is out. */
fr_hooks *fr_hooks_new(const fr_hook *table, size_t bytes_max);
/* They run on this loop, with this database. Before the first commit. */
void fr_hooks_attach(fr_hooks *hooks, fr_loop *loop, fr_db *db);
/* The writer's thread; does not wait. */
void fr_hooks_on_commit(fr_hooks *hooks, const fr_commit *commits, size_t count);
/* When the loop and the writer run no more. What nobody was told is logged. NULL is fine. */
void fr_hooks_free(fr_hooks *hooks);
#endif

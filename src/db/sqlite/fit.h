/*
 * A model against the table that is there: names, keys, unique columns, types by affinity, NOT NULL, references. Each
 * difference is told in words, with what would mend it.
 */
#ifndef FR_DB_SQLITE_FIT_H
#define FR_DB_SQLITE_FIT_H
#include "db/sqlite/table.h"

typedef enum fr_misfit_grade {
    FR_MISFIT_NOTED, /* served; something is not as the model says */
    FR_MISFIT_UNSAFE, /* could be served, and would let in what the model excludes: no server starts so */
    FR_MISFIT_BROKEN /* there is no serving this */
} fr_misfit_grade;

typedef struct fr_misfit {
    fr_misfit_grade grade;
    fr_str words; /* "column name may be NULL, and field name of model author may not" */
    fr_str mend;  /* a statement, or what else to do */
} fr_misfit;

/* Each difference goes to `found`, which borrows it. Errors: FR_ENOMEM. */
fr_err fr_fit_check(const fr_table *table, const fr_table_info *info,
                    void (*found)(void *arg, const fr_misfit *misfit), void *arg);
#endif

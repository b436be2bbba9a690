/*
 * Settings: one table of options makes the command-line parser, FRESHET_* environment reading and
 * --help. Precedence: flag > environment > default.
 */
#ifndef FR_BASE_SETTINGS_H
#define FR_BASE_SETTINGS_H
#include "base/buf.h"

typedef enum fr_setting_type {
    FR_SETTING_BOOL,
    FR_SETTING_INT,
    FR_SETTING_STRING,
    FR_SETTING_LIST, /* may be given several times; a stronger source replaces a weaker one's */
    FR_SETTING_BYTES,
    FR_SETTING_MS,
    FR_SETTING_ENUM
} fr_setting_type;

enum { FR_SETTING_LIST_MAX = 16 };
typedef struct fr_setting_list {
    const char *at[FR_SETTING_LIST_MAX];
    int count;
    int source; /* private */
} fr_setting_list;

typedef struct fr_setting {
    const char *flag; /* "max-body": --max-body X, --max-body=X, FRESHET_MAX_BODY */
    fr_setting_type type;
    const char *arg; /* "HOST:PORT", for help; NULL for BOOL */
    const char *help;
    const char *default_;       /* text, parsed like input; NULL = zero */
    size_t offset;              /* in the caller's struct, of a bool, an int64_t, a const char *
                                   (STRING), an fr_setting_list (LIST) or an int (ENUM: index of
                                   the choice) */
    const char *const *choices; /* ENUM: NULL-terminated */
    int64_t min, max;           /* INT, BYTES, MS; 0,0 = any */
} fr_setting;

/* Fill `out` from defaults, environment and argv. Strings are borrowed from argv, environment and
 * table. Bytes take B, KiB, MiB, GiB (and kB, MB, GB); durations ms, s, m, h; a number without unit
 * is refused where units are needed, but for 0. A bool is --quiet, --quiet=no or --no-quiet.
 *
 * Errors: FR_EINVAL, with one line for the user in *error (malloc, caller frees; NULL if memory is
 * out): unknown flag (nearest named), missing or bad value.
 *
 * --help (-h) and --version (-V) are the caller's: *wants is 'h', 'v' or 0. Flags may stand
 * anywhere; argv is reordered so that the positional arguments come last, in their order, and
 * *first_arg is the index of the first one (argc if there is none). After "--" all
 * is positional. */
fr_err fr_settings_read(const fr_setting *table, size_t count, int argc, char **argv, void *out,
                        char *wants, int *first_arg, char **error);
/* Log a warning for each variable of the environment that begins as ours and is none, with the one that may be meant: what it
 * says has no effect. others: variables that are no options, such as secrets; ends with NULL. */
void fr_settings_warn(const fr_setting *table, size_t count, const char *const *others);
void fr_settings_help(const fr_setting *table, size_t count, fr_buf *out);
#endif

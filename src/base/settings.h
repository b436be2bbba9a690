/*
 * Settings: one table of options makes the command-line parser, FRESHET_* environment reading and --help.
 * Precedence: flag > environment > default.
 */
#ifndef FR_BASE_SETTINGS_H
#define FR_BASE_SETTINGS_H
#include "base/buf.h"

typedef enum fr_setting_type { FR_SETTING_BOOL, FR_SETTING_INT, FR_SETTING_STRING, FR_SETTING_BYTES, FR_SETTING_MS, FR_SETTING_ENUM } fr_setting_type;

typedef struct fr_setting {
    const char *flag;       /* "listen": --listen X, --listen=X, FRESHET_LISTEN */
    fr_setting_type type;
    const char *arg;        /* "HOST:PORT", for help; NULL for BOOL */
    const char *help;
    const char *default_;   /* text, parsed like input; NULL = zero */
    size_t offset;          /* in the caller's struct: bool, int64_t, or const char * (STRING), int (ENUM: index) */
    const char *const *choices; /* ENUM: NULL-terminated */
    int64_t min, max;       /* INT, BYTES, MS; 0,0 = any */
} fr_setting;

/* Fill `out` from defaults, environment, argv. Strings are borrowed from argv/environment/table.
 * Bytes take KiB/MiB/GiB (and kB/MB); durations ms/s/m/h; a number without unit is refused where units are needed.
 * Errors: FR_EINVAL, with one line for the user in *error (malloc, caller frees): unknown flag (nearest named), missing
 * or bad value. --help and --version are the caller's: they are reported as found in *wants ('h', 'v' or 0).
 * Positional arguments stay in argv order: *first_arg is the index of the first one (argc if none). */
fr_err fr_settings_read(const fr_setting *table, size_t count, int argc, char **argv, void *out, char *wants, int *first_arg, char **error);
void fr_settings_help(const fr_setting *table, size_t count, fr_buf *out);
#endif

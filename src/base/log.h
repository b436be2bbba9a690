/* Log set-up: level, text or JSON lines, where to. The write path takes one write(2) a line; any
 * thread. */
#ifndef FR_BASE_LOG_H
#define FR_BASE_LOG_H
#include <freshet/base.h>
typedef struct fr_log_opts {
    fr_level level;
    bool is_json;
    int fd; /* 0 = stderr */
} fr_log_opts;
void fr_log_init(const fr_log_opts *opts);
bool fr_level_parse(fr_str s, fr_level *out); /* error warn info debug trace */
/* Set (or clear with n = 0) the request id that lines of this thread carry; borrowed
 * until cleared. */
void fr_log_request_id(fr_str id);
#endif

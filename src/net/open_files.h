/* How many files a process may have open (RLIMIT_NOFILE), and what of them is for connections. */
#ifndef FR_NET_OPEN_FILES_H
#define FR_NET_OPEN_FILES_H
#include <freshet/base.h>

/* Raise the limit as far as the administrator allows: the soft one is for programs that use select(). Returns it. */
int fr_open_files_raise(void);
/* May so many workers start (0 = one a core)? Errors: FR_EIO with one line for the user, who is told the number. */
fr_err fr_open_files_check(int workers, char error[256]);
/* Of the limit, for connections: the rest is for what workers and the database open. */
int fr_open_files_for_connections(int workers);
/* One worker a core of those that this process may use. */
int fr_workers_usual(void);
enum { FR_WORKERS_MAX = 256 };
#endif

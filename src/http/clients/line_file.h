/*
 * Lines for a file, of one loop: gathered, and written together when there are many or a moment has passed. The loop never
 * waits for whoever reads them: a pipe takes what it has room for, and what a full pipe or disk does not take is kept up to
 * a bound. Beyond it lines are lost, counted, and told of in the log once a minute.
 *
 * Several processes and loops may write to the same file: each write ends with a line, and is one that the system does not
 * take apart (O_APPEND; to a pipe at most PIPE_BUF bytes).
 */
#ifndef FR_HTTP_CLIENTS_LINE_FILE_H
#define FR_HTTP_CLIENTS_LINE_FILE_H
#include "base/buf.h"
#include "net/loop.h"

enum { FR_LINE_BYTES = 4096, FR_LINES_KEPT_BYTES = 256 * 1024 };

typedef struct fr_line_file {
    fr_loop *loop; /* NULL: not open */
    const char *path;
    int fd;
    bool is_stream; /* a pipe, a socket, a terminal: not a file on disk */
    bool is_socket;
    fr_buf lines;  /* owned; whole lines, the first of which may have been written in part */
    uint64_t lost; /* lines since the log was told */
    int error;     /* of the last write; 0: it went well */
    uint64_t quiet_until_ms;
    fr_timer timer;
    fr_pass_hook hook;
} fr_line_file;

/* path: borrowed; "-" is standard output. Made if it is not there, for the owner and his group. Errors: FR_EIO, errno says
 * why. */
fr_err fr_line_file_open(fr_line_file *file, fr_loop *loop, const char *path);
/* Write what can be written, and close. Fine when not open. */
void fr_line_file_close(fr_line_file *file);
/* Open the path anew, after somebody has moved the file. If that fails the old one goes on, and the log says why. */
void fr_line_file_reopen(fr_line_file *file);
/* One line, with its line end: at most FR_LINE_BYTES. Copied. */
void fr_line_file_put(fr_line_file *file, fr_str line);
/* Whether a file of this path can be written to; it is made. errno says why not. */
bool fr_line_file_check(const char *path);
#endif

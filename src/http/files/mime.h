/* Content types of file names, by their ending. */
#ifndef FR_HTTP_FILES_MIME_H
#define FR_HTTP_FILES_MIME_H
#include <freshet/base.h>

/* application/octet-stream for an ending that is not known, and without one. */
fr_str fr_mime_type(fr_str file_name);
#endif

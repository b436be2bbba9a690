/* The folder of FILE and IMAGE fields among the routes: --media at --media-url. */
#ifndef FR_CLI_MEDIA_H
#define FR_CLI_MEDIA_H
#include "cli/assembly.h"

/* Whether a model of the application has such a field. */
bool fr_media_is_used(const fr_assembly *a);
/* Make the folder and serve it, if so. Returns an exit code; a->error says why. */
int fr_media_open(fr_assembly *a, fr_router *http);
#endif

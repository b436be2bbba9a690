/* Files of a body: what a FILE or IMAGE field takes, and how it becomes the name that its column holds. */
#ifndef FR_REST_FILES_H
#define FR_REST_FILES_H
#include "rest/call.h"
#include "rest/field_int.h"

/* Whether a body may have files for this model. */
bool fr_files_are_taken(const fr_model *model);
/* Look at the file of r->data, and note it in r->input->files for fr_files_save. Errors: FR_REFUSED, FR_FAILED. */
fr_outcome fr_files_check(fr_reading *r, fr_value *out);
/* The body was good: its files get their names, and the columns that tell the size of a picture their values. A name that cannot be
 * made is answered by 400. Errors: as fr_media_save. May suspend. */
fr_err fr_files_save(fr_call *call);
#endif

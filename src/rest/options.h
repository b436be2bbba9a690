/* The answer to OPTIONS: name, description, and what a body may hold. */
#ifndef FR_REST_OPTIONS_H
#define FR_REST_OPTIONS_H
#include "base/buf.h"
#include "rest/viewset.h"

struct fr_extra;

/* Append the metadata object. method: "POST", "PUT", or NULL: none may be sent here. */
void fr_options_put(const fr_viewset_rt *rt, bool is_detail, const char *method, fr_buf *out);
/* The same of an extra action, or with plan NULL of a plain handler, whose fields nobody knows. */
void fr_options_put_extra(const fr_plan *plan, const struct fr_extra *extra, bool takes_post,
                          bool takes_put, fr_buf *out);
/* The same of a batch's URL. */
void fr_options_put_batch(fr_buf *out);
/* Pieces of the metadata of one field: its type; the start of its object; "label" from its name; choices or limits. */
fr_str fr_options_type(const fr_field *field);
void fr_options_put_start(fr_str type, bool is_required, bool is_read_only, fr_buf *out);
void fr_options_put_name_label(fr_str name, fr_buf *out);
void fr_options_put_limits(const fr_model *model, const fr_field *field, fr_buf *out);
#endif

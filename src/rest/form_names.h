/* Lists and objects in the names of a form, as DRF reads them: several of one name, "lines[0]sku", "lines[0].sku". */
#ifndef FR_REST_FORM_NAMES_H
#define FR_REST_FORM_NAMES_H
#include "base/json.h"

/* All values of a name, or those of name[0], name[1] …, as a list; an empty one if there is none. Errors: FR_ENOMEM. */
fr_err fr_form_values(fr_arena *arena, const fr_json *form, fr_str name, fr_json *out);
/* The objects whose members are name[0]member …, in the order of their numbers. *found: there is one. Errors: FR_ENOMEM. */
fr_err fr_form_rows(fr_arena *arena, const fr_json *form, fr_str name, fr_json *out, bool *found);
#endif

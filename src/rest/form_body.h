/*
 * The body of a form as the tree that JSON would have made, as far as a form can say it: each value is a text or a file,
 * and of a name that comes several times fr_json_get gives the last. What a form cannot say (false, null, nothing) is for
 * the fields to conclude.
 */
#ifndef FR_REST_FORM_BODY_H
#define FR_REST_FORM_BODY_H
#include "base/json.h"
#include "http/forms/form.h"

/* Errors: FR_ENOMEM. */
fr_err fr_form_body_tree(fr_arena *arena, const fr_form *form, fr_json *out);

/* What a form says by its names, as DRF's utils.html has it. All values of one name, in order: ids=1&ids=2. */
fr_err fr_form_values(fr_arena *arena, const fr_json *form, fr_str name, fr_json *out);
/* The rows of a list, in the order of their numbers: lines[0]sku=A, of plain values tags[0]=a. out->count 0: none. */
fr_err fr_form_rows(fr_arena *arena, const fr_json *form, fr_str name, fr_json *out);
/* The members of an object: address.street=…. out->count 0: none. Errors of all three: FR_ENOMEM. */
fr_err fr_form_members(fr_arena *arena, const fr_json *form, fr_str name, fr_json *out);

/* A value that is a file: its text is the file's name, its count one more than its place among the form's files. The type is one that no value of JSON has. */
static inline bool fr_is_file(const fr_json *value)
{
    return value->type == FR_JSON_END;
}
#endif

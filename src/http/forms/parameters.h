/*
 * Parameters of a field value, as Python's email package reads them for Django: Content-Type's boundary, Content-Disposition's
 * name and filename.
 *
 *     value *( ";" name "=" text )
 *
 * A semicolon between quotes ends nothing. Text that stands wholly in quotes, or in "<>", is taken without them; in quotes '\'
 * escapes only '"' and itself: some browsers send whole Windows paths.
 */
#ifndef FR_HTTP_FORMS_PARAMETERS_H
#define FR_HTTP_FORMS_PARAMETERS_H
#include <freshet/http.h>

typedef struct fr_parameters {
    fr_arena *arena;
    fr_str rest;
    fr_err err; /* why there is no next one: FR_OK: it was the last; FR_ENOMEM */
} fr_parameters;

/* Returns what stands before the parameters. */
fr_str fr_parameters_init(fr_parameters *parameters, fr_arena *arena, fr_str field_value);
/* The next one: its name as sent, its value without quotes and escapes. */
bool fr_parameters_next(fr_parameters *parameters, fr_pair *out);
#endif

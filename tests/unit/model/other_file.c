#include "note.h"

/* Of the same size as that of test_model.c: a sanitizer would tell of another one. */
FR_MODEL(torn,
    (ID,   id),
    (CHAR, title, .max_length = 20));

const fr_model *note_model_of_the_other_file(void)
{
    return &note_model;
}

#include "note.h"

const fr_model *note_model_of_the_other_file(void)
{
    return &note_model;
}

/* See declaration.h. Constructors of the program's files leave word, before main and one after the other. */
#include "model/declaration.h"

#include <string.h>

static fr_model_declaration *newest;

void fr_model_declare_(fr_model_declaration *declaration)
{
    declaration->next = newest;
    newest = declaration;
}

bool fr_model_is_torn(const fr_model *model, const fr_model_declaration **one,
                      const fr_model_declaration **other)
{
    const fr_model_declaration *first = NULL;
    for (const fr_model_declaration *at = newest; at; at = at->next) {
        if (at->model != model)
            continue;
        if (first &&
            (at->struct_bytes != first->struct_bytes || strcmp(at->text, first->text) != 0)) {
            *one = at;
            *other = first;
            return true;
        }
        first = first ? first : at;
    }
    return false;
}

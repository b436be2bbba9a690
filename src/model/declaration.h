/*
 * Where models are declared. What FR_MODEL makes is weak, so that a header with it may be used by many files; and so the linker
 * would put two models of one name together, silently, with the structs of two. Each file therefore leaves word of what it
 * declares.
 */
#ifndef FR_MODEL_DECLARATION_H
#define FR_MODEL_DECLARATION_H
#include <freshet/model.h>

/* The first two declarations of this model that are not alike. false: there are none. */
bool fr_model_is_torn(const fr_model *model, const fr_model_declaration **one,
                      const fr_model_declaration **other);
#endif

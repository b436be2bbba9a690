/* A field of a model as one serializer has it: DRF's extra_kwargs. */
#ifndef FR_REST_WITH_H
#define FR_REST_WITH_H
#include "rest/plan_int.h"

/* The field of the scope's model, or a copy with what .with and its kin say. Errors: FR_EINVAL with one line, FR_ENOMEM. */
fr_err fr_with_field(const fr_vantage *s, uint16_t field, const fr_declared *declared,
                     const fr_field **out);
/* Whether a body has to name it. base: as the model has it; declared may be NULL. */
bool fr_with_is_required(const fr_field *base, const fr_declared *declared);
#endif

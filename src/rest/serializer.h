/*
 * A serializer: which fields an object shows, in which order, with everything that can be spelled beforehand spelled.
 * Order as in DRF: the key, the plain fields as declared, then the foreign keys; or as the viewset's .fields says.
 */
#ifndef FR_REST_SERIALIZER_H
#define FR_REST_SERIALIZER_H
#include "base/buf.h"
#include "model/fieldset.h"
#include "model/model.h"

typedef struct fr_serializer_item {
    uint16_t field; /* index in the model */
    fr_str prefix;  /* {"id":  or  ,"title":  */
} fr_serializer_item;

typedef struct fr_serializer {
    const fr_model *model;
    uint32_t count;
    uint32_t fingerprint; /* of names, order and the model's shape: part of a view's fingerprint */
    fr_fieldset shown;    /* in the answer */
    fr_serializer_item *items; /* count, in the arena */
} fr_serializer;

/* fields: "id,title", or NULL for all but the secret ones. Texts are put into arena, which must outlive it.
 * Errors: FR_EINVAL with one line in error (unknown, repeated or secret field), FR_ENOMEM. */
fr_err fr_serializer_init(fr_serializer *serializer, const fr_model *model, const char *fields,
                          fr_arena *arena, char error[256]);

/* Append one object. values: field_count stored values in the model's order. Any thread. */
void fr_serializer_row(const fr_serializer *serializer, const fr_value *values, fr_buf *out);
#endif

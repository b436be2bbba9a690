/*
 * The kinds of field: one row each. What a kind is, which member of a struct and which column hold it, and its ways to and
 * from the stored form. Others ask the row instead of telling kinds apart; what DRF does with a kind is in rest/kinds.c.
 */
#ifndef FR_MODEL_KIND_H
#define FR_MODEL_KIND_H
#include "model/column.h"
#include "model/validate.h"

/* What the values of a kind are. */
typedef enum fr_class {
    FR_CLASS_INTEGER,
    FR_CLASS_BOOLEAN,
    FR_CLASS_FLOAT,
    FR_CLASS_DECIMAL,
    FR_CLASS_TEXT,   /* that people write: it can be searched, and it can be blank */
    FR_CLASS_MOMENT, /* "now" is one of them */
    FR_CLASS_DURATION,
    FR_CLASS_UUID,
    FR_CLASS_JSON,
    FR_CLASS_REFERENCE, /* the key of another model's row */
    FR_CLASS_KEYS,      /* rows of a table between: no column, and NULL in each row of values */
    FR_CLASS_BYTES,
    FR_CLASS_FILE /* a path; '' is no file */
} fr_class;

typedef struct fr_kind_row {
    const char *name; /* "CHAR" */
    fr_class class_;
    uint16_t
        member_bytes; /* of the member of a struct; a reference has that of the key it leads to */
    uint8_t bits;     /* of an integer, if the model is strict; 0: 64 */
    bool is_positive; /* no number below 0 */
    bool is_unique;   /* whatever the field says */
    uint16_t max_length; /* unless the field says another; 0: none */
    bool can_be_key;
    fr_err (*from_text)(const fr_field *field, fr_str text, fr_arena *arena, fr_value *out);
    fr_err (*from_member)(const fr_field *field, const void *member, fr_arena *arena,
                          fr_value *out);
    fr_err (*to_member)(const fr_field *field, fr_value v, fr_arena *arena, void *member);
    void (*json)(const fr_field *field, fr_value v, fr_buf *out);
    void (*check)(const fr_model *model, const fr_field *field, fr_value v,
                  fr_faults *faults); /* NULL: any value will do */
    /* v against what `limit` says: below 0, 0, above 0. NULL: there is no order. */
    int (*compare)(fr_value v, fr_str limit);
    bool (*now)(fr_time now, fr_arena *arena, fr_value *out); /* that moment; NULL: of no moments */
    const char *invalid; /* what is said of input that is no value of it */
    /* Of the column, on SQLite as Django makes it: */
    const char *column;    /* type; NULL: as the key it leads to says */
    const char *reference; /* type of a column that refers to it; NULL: the same */
    const char *least;     /* as SQL: what rows have that were there before the column */
    const char *rule;      /* a CHECK, the column in place of each @; NULL: none */
    uint8_t
        kept_by; /* bits 1 << fr_affinity: leave stored values, or what is read of them, as they are */
} fr_kind_row;

extern const fr_kind_row fr_kinds[FR_KIND_COUNT_];

static inline const fr_kind_row *fr_kind_of(const fr_field *field)
{
    return &fr_kinds[field->kind];
}

static inline fr_class fr_class_of(const fr_field *field)
{
    return fr_kind_of(field)->class_;
}

static inline bool fr_field_is_reference(const fr_field *field)
{
    return fr_class_of(field) == FR_CLASS_REFERENCE;
}

/* Whether the field leads to another model: a reference, or keys of a table between. */
static inline bool fr_field_is_relation(const fr_field *field)
{
    return fr_class_of(field) == FR_CLASS_REFERENCE || fr_class_of(field) == FR_CLASS_KEYS;
}

static inline bool fr_field_has_column(const fr_field *field)
{
    return fr_class_of(field) != FR_CLASS_KEYS;
}

/* Whether the values of a field are texts that people write. */
static inline bool fr_field_is_text(const fr_field *field)
{
    return fr_class_of(field) == FR_CLASS_TEXT;
}

/* Of the member of a struct. field: a reference leads to a key. */
size_t fr_field_member_bytes(const fr_field *field);
#endif

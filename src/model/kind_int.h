/* What the rows of kind.c are made of: a function for each way of a class. Nothing outside of model includes this. */
#ifndef FR_MODEL_KIND_INT_H
#define FR_MODEL_KIND_INT_H
#include "model/validate.h"

/* convert.c */
#define FR_FROM_TEXT_(class)                                                                       \
    fr_err fr_##class##_from_text_(const fr_field *field, fr_str text, fr_arena *arena,            \
                                   fr_value *out)
#define FR_FROM_MEMBER_(class)                                                                     \
    fr_err fr_##class##_from_member_(const fr_field *field, const void *member, fr_arena *arena,   \
                                     fr_value *out)
#define FR_TO_MEMBER_(class)                                                                       \
    fr_err fr_##class##_to_member_(const fr_field *field, fr_value v, fr_arena *arena, void *member)
/* value_json.c */
#define FR_TO_JSON_(class) void fr_##class##_json_(const fr_field *field, fr_value v, fr_buf *out)
/* convert.c: the moment `now` as the kind stores it; false when memory is out */
#define FR_NOW_(kind) bool fr_##kind##_now_(fr_time now, fr_arena *arena, fr_value *out)
/* validate.c */
#define FR_CHECK_(what)                                                                            \
    void fr_check_##what##_(const fr_model *model, const fr_field *field, fr_value v,              \
                            fr_faults *faults)

#define FR_CLASS_WAYS_(class)                                                                      \
    FR_FROM_TEXT_(class);                                                                          \
    FR_FROM_MEMBER_(class);                                                                        \
    FR_TO_MEMBER_(class);                                                                          \
    FR_TO_JSON_(class)

FR_CLASS_WAYS_(integer);
FR_CLASS_WAYS_(boolean);
FR_CLASS_WAYS_(float);
FR_CLASS_WAYS_(decimal);
FR_CLASS_WAYS_(text);
FR_CLASS_WAYS_(date);
FR_CLASS_WAYS_(time);
FR_CLASS_WAYS_(datetime);
FR_CLASS_WAYS_(duration);
FR_CLASS_WAYS_(uuid);
FR_CLASS_WAYS_(json);
FR_CLASS_WAYS_(reference);
FR_CLASS_WAYS_(keys);
FR_CLASS_WAYS_(bytes);
FR_CLASS_WAYS_(file);

/* A value against a limit that is text of its kind: below 0, 0, above 0. */
#define FR_COMPARE_(class) int fr_##class##_compare_(fr_value v, fr_str limit)

FR_COMPARE_(integer);
FR_COMPARE_(float);
FR_COMPARE_(decimal);
FR_COMPARE_(date);
FR_COMPARE_(time);
FR_COMPARE_(datetime);
FR_COMPARE_(duration);

FR_NOW_(date);
FR_NOW_(time);
FR_NOW_(datetime);

FR_CHECK_(integer);
FR_CHECK_(float);
FR_CHECK_(decimal);
FR_CHECK_(text);
FR_CHECK_(email);
FR_CHECK_(url);
FR_CHECK_(slug);
FR_CHECK_(ip);
#endif

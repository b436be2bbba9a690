/*
 * freshet/model_macros.h: the machinery of FR_MODEL; freshet/model.h includes it.
 *
 * A model is a list of tuples, (KIND, name) or (KIND, name, .option = …). Each pass below walks that list once and makes
 * one of the things that FR_MODEL defines: the field indexes, the struct's members, the field table. The tuples are
 * opened with an empty argument behind them, so that one without options is legal ISO C at the user's line (traps C1).
 */
#ifndef FRESHET_MODEL_MACROS_H
#define FRESHET_MODEL_MACROS_H

#include <freshet/model.h>

/**
 * Define a model: FR_MODEL(note, (ID, id), (CHAR, title, .max_length = 200), …), at most FR_MODEL_FIELDS_MAX fields.
 *
 * Makes the struct `note` (first member `row`, then one member a field; fr_kind says the types), the numbers
 * `note_field_id`, `note_field_title`, …, the table `note_fields` and the description `note_model`. All of it is weak:
 * it may stand in a header that many files use. Options are the members of fr_field behind `offset`.
 *
 * In C++20 options stand in the order of fr_field's members; older C++ sees the declarations only, and some C or C++20
 * file of the program has to include the same header.
 */
#define FR_MODEL(model, ...) FR_MODEL_OPTS(model, (), __VA_ARGS__)

/**
 * The same with options of the model, in the order of fr_model's members:
 * FR_MODEL_OPTS(note, (.table = "app_note", .ordering = "-id", .is_foreign = true), (ID, id), …)
 */
#define FR_MODEL_OPTS(model, options, ...)                                                         \
    FR_MODEL_DECLARE_(model, FR_EACH_(FR_MODEL_INDEX_, model, __VA_ARGS__),                        \
                      FR_EACH_(FR_MODEL_MARK_, model, __VA_ARGS__),                                \
                      FR_EACH_(FR_MODEL_MEMBER_, model, __VA_ARGS__))                              \
    FR_MODEL_DEFINE_(model, FR_EACH_(FR_MODEL_FIELD_, model, __VA_ARGS__), FR_UNWRAP_ options)

/* The number of a field from its name, by the size of a member of a struct that never exists. */
#define FR_FIELD_INDEX_(p, field) (sizeof((p)->fields_->field) - 1)
#define FR_FIELD_BIT_(p, field) ((uint64_t)1 << FR_FIELD_INDEX_(p, field))

/* All of these take a pointer to a model struct, which they evaluate several times, and the name of a field. */

/** Whether the field is NULL. */
#define FR_IS_NULL(p, field) (((p)->row.null & FR_FIELD_BIT_(p, field)) != 0)
/** Whether the field was given: read from the database, named in a PATCH, or set by FR_SET. */
#define FR_IS_SET(p, field) (((p)->row.set & FR_FIELD_BIT_(p, field)) != 0)
/** Give the field this value: FR_SET(&n, title, FR_STR("x")). */
#define FR_SET(p, field, ...)                                                                      \
    ((p)->row.null &= ~FR_FIELD_BIT_(p, field), (p)->row.set |= FR_FIELD_BIT_(p, field),           \
     (void)((p)->field = (__VA_ARGS__)))
/** Make the field NULL. (As a word without parentheses FR_SET_NULL is an ON DELETE rule.) */
#define FR_SET_NULL(p, field)                                                                      \
    ((void)((p)->row.null |= FR_FIELD_BIT_(p, field)),                                             \
     (void)((p)->row.set |= FR_FIELD_BIT_(p, field)))
/** Make the field as if no value had ever been given. */
#define FR_UNSET(p, field)                                                                         \
    ((void)((p)->row.null &= ~FR_FIELD_BIT_(p, field)),                                            \
     (void)((p)->row.set &= ~FR_FIELD_BIT_(p, field)))

/* ---- what one tuple becomes ---- */

#define FR_TYPE_ID_ int64_t
#define FR_TYPE_BOOLEAN_ bool
#define FR_TYPE_CHAR_ fr_str
#define FR_TYPE_TEXT_ fr_str
#define FR_TYPE_INTEGER_ int64_t
#define FR_TYPE_BIGINT_ int64_t
#define FR_TYPE_FLOAT_ double
#define FR_TYPE_DECIMAL_ fr_str
#define FR_TYPE_DATE_ fr_date
#define FR_TYPE_TIME_ fr_span
#define FR_TYPE_DATETIME_ fr_time
#define FR_TYPE_DURATION_ fr_span
#define FR_TYPE_UUID_ fr_uuid
#define FR_TYPE_JSON_ fr_str
#define FR_TYPE_EMAIL_ fr_str
#define FR_TYPE_URL_ fr_str
#define FR_TYPE_SLUG_ fr_str
#define FR_TYPE_IP_ fr_str
#define FR_TYPE_FOREIGN_KEY_ int64_t

#define FR_MODEL_INDEX_(model, field) FR_CALL_(FR_MODEL_INDEX_OF_, model, FR_UNWRAP_ field, )
#define FR_MODEL_INDEX_OF_(model, kind_, name_, ...) model##_field_##name_,

#define FR_MODEL_MARK_(model, field) FR_CALL_(FR_MODEL_MARK_OF_, model, FR_UNWRAP_ field, )
#define FR_MODEL_MARK_OF_(model, kind_, name_, ...) char name_[model##_field_##name_ + 1];

#define FR_MODEL_MEMBER_(model, field) FR_CALL_(FR_MODEL_MEMBER_OF_, model, FR_UNWRAP_ field, )
#define FR_MODEL_MEMBER_OF_(model, kind_, name_, ...) FR_TYPE_##kind_##_ name_;

#define FR_MODEL_FIELD_(model, field) FR_CALL_(FR_MODEL_FIELD_OF_, model, FR_UNWRAP_ field, )
#define FR_MODEL_FIELD_OF_(model, kind_, name_, ...)                                               \
    {.name = #name_,                                                                               \
     .kind = FR_KIND_##kind_,                                                                      \
     .offset = (uint32_t)offsetof(model, name_),                                                   \
     __VA_ARGS__},

/* ---- what all of them become ---- */

#ifdef __cplusplus
#define FR_EXTERN_ extern "C"
#else
#define FR_EXTERN_ extern
#endif

/* NOLINTBEGIN(bugprone-macro-parentheses): the name of a type cannot stand in parentheses */
#define FR_MODEL_DECLARE_(model, indexes, marks, members)                                          \
    enum { indexes model##_field_count };                                                          \
    struct model##_fields_ {                                                                       \
        marks                                                                                      \
    };                                                                                             \
    typedef struct model {                                                                         \
        union {                                                                                    \
            fr_row row;                                                                            \
            const struct model##_fields_ *fields_; /* never set; see FR_FIELD_INDEX_ */            \
        };                                                                                         \
        members                                                                                    \
    } model;                                                                                       \
    FR_EXTERN_ const fr_field model##_fields[model##_field_count];                                 \
    FR_EXTERN_ const fr_model model##_model
/* NOLINTEND(bugprone-macro-parentheses) */

#if !defined(__cplusplus)
#define FR_MODEL_DEFINE_(model, fields_list, ...)                                                  \
    ;                                                                                              \
    __attribute__((weak)) const fr_field model##_fields[model##_field_count] = {fields_list};      \
    __attribute__((weak)) const fr_model model##_model = {.name = #model,                          \
                                                          .fields = model##_fields,                \
                                                          .field_count = model##_field_count,      \
                                                          .struct_bytes = (uint32_t)sizeof(model), \
                                                          __VA_ARGS__}
#elif __cplusplus >= 202002L
/* C++ wants designators in order, and the options come first there. */
constexpr fr_model fr_model_fill_(fr_model model, const char *name, const fr_field *fields,
                                  uint32_t count, uint32_t bytes)
{
    model.name = name;
    model.fields = fields;
    model.field_count = count;
    model.struct_bytes = bytes;
    return model;
}
#define FR_MODEL_DEFINE_(model, fields_list, ...)                                                  \
    ;                                                                                              \
    _Pragma("GCC diagnostic push")                                                                 \
        _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"") FR_EXTERN_              \
        __attribute__((weak)) const fr_field model##_fields[model##_field_count] = {fields_list};  \
    FR_EXTERN_ __attribute__((weak)) const fr_model model##_model =                                \
        fr_model_fill_(fr_model{__VA_ARGS__}, #model, model##_fields, model##_field_count,         \
                       (uint32_t)sizeof(model));                                                   \
    _Pragma("GCC diagnostic pop") static_assert(sizeof(model) > 0, "")
#else
#define FR_MODEL_DEFINE_(model, fields_list, ...)
#endif

/* ---- walking a list ---- */

#define FR_UNWRAP_(...) __VA_ARGS__
#define FR_CALL_(macro, ...) macro(__VA_ARGS__)
#define FR_JOIN_NOW_(a, b, c) a##b##c
#define FR_JOIN_(a, b, c) FR_JOIN_NOW_(a, b, c)

#define FR_EACH_(call, model, ...)                                                                 \
    FR_JOIN_(FR_EACH_, FR_COUNT_(__VA_ARGS__), _)(call, model, __VA_ARGS__)
#define FR_COUNT_(...)                                                                             \
    FR_COUNT_AT_(__VA_ARGS__, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48,  \
                 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28,   \
                 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7,  \
                 6, 5, 4, 3, 2, 1, 0)
#define FR_COUNT_AT_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17,   \
                     a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32,    \
                     a33, a34, a35, a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46, a47,    \
                     a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, a58, a59, a60, a61, a62,    \
                     a63, a64, count, ...)                                                         \
    count
#define FR_EACH_1_(call, model, field) call(model, field)
#define FR_EACH_2_(call, model, field, ...) call(model, field) FR_EACH_1_(call, model, __VA_ARGS__)
#define FR_EACH_3_(call, model, field, ...) call(model, field) FR_EACH_2_(call, model, __VA_ARGS__)
#define FR_EACH_4_(call, model, field, ...) call(model, field) FR_EACH_3_(call, model, __VA_ARGS__)
#define FR_EACH_5_(call, model, field, ...) call(model, field) FR_EACH_4_(call, model, __VA_ARGS__)
#define FR_EACH_6_(call, model, field, ...) call(model, field) FR_EACH_5_(call, model, __VA_ARGS__)
#define FR_EACH_7_(call, model, field, ...) call(model, field) FR_EACH_6_(call, model, __VA_ARGS__)
#define FR_EACH_8_(call, model, field, ...) call(model, field) FR_EACH_7_(call, model, __VA_ARGS__)
#define FR_EACH_9_(call, model, field, ...) call(model, field) FR_EACH_8_(call, model, __VA_ARGS__)
#define FR_EACH_10_(call, model, field, ...) call(model, field) FR_EACH_9_(call, model, __VA_ARGS__)
#define FR_EACH_11_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_10_(call, model, __VA_ARGS__)
#define FR_EACH_12_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_11_(call, model, __VA_ARGS__)
#define FR_EACH_13_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_12_(call, model, __VA_ARGS__)
#define FR_EACH_14_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_13_(call, model, __VA_ARGS__)
#define FR_EACH_15_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_14_(call, model, __VA_ARGS__)
#define FR_EACH_16_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_15_(call, model, __VA_ARGS__)
#define FR_EACH_17_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_16_(call, model, __VA_ARGS__)
#define FR_EACH_18_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_17_(call, model, __VA_ARGS__)
#define FR_EACH_19_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_18_(call, model, __VA_ARGS__)
#define FR_EACH_20_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_19_(call, model, __VA_ARGS__)
#define FR_EACH_21_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_20_(call, model, __VA_ARGS__)
#define FR_EACH_22_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_21_(call, model, __VA_ARGS__)
#define FR_EACH_23_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_22_(call, model, __VA_ARGS__)
#define FR_EACH_24_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_23_(call, model, __VA_ARGS__)
#define FR_EACH_25_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_24_(call, model, __VA_ARGS__)
#define FR_EACH_26_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_25_(call, model, __VA_ARGS__)
#define FR_EACH_27_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_26_(call, model, __VA_ARGS__)
#define FR_EACH_28_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_27_(call, model, __VA_ARGS__)
#define FR_EACH_29_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_28_(call, model, __VA_ARGS__)
#define FR_EACH_30_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_29_(call, model, __VA_ARGS__)
#define FR_EACH_31_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_30_(call, model, __VA_ARGS__)
#define FR_EACH_32_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_31_(call, model, __VA_ARGS__)
#define FR_EACH_33_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_32_(call, model, __VA_ARGS__)
#define FR_EACH_34_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_33_(call, model, __VA_ARGS__)
#define FR_EACH_35_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_34_(call, model, __VA_ARGS__)
#define FR_EACH_36_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_35_(call, model, __VA_ARGS__)
#define FR_EACH_37_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_36_(call, model, __VA_ARGS__)
#define FR_EACH_38_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_37_(call, model, __VA_ARGS__)
#define FR_EACH_39_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_38_(call, model, __VA_ARGS__)
#define FR_EACH_40_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_39_(call, model, __VA_ARGS__)
#define FR_EACH_41_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_40_(call, model, __VA_ARGS__)
#define FR_EACH_42_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_41_(call, model, __VA_ARGS__)
#define FR_EACH_43_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_42_(call, model, __VA_ARGS__)
#define FR_EACH_44_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_43_(call, model, __VA_ARGS__)
#define FR_EACH_45_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_44_(call, model, __VA_ARGS__)
#define FR_EACH_46_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_45_(call, model, __VA_ARGS__)
#define FR_EACH_47_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_46_(call, model, __VA_ARGS__)
#define FR_EACH_48_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_47_(call, model, __VA_ARGS__)
#define FR_EACH_49_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_48_(call, model, __VA_ARGS__)
#define FR_EACH_50_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_49_(call, model, __VA_ARGS__)
#define FR_EACH_51_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_50_(call, model, __VA_ARGS__)
#define FR_EACH_52_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_51_(call, model, __VA_ARGS__)
#define FR_EACH_53_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_52_(call, model, __VA_ARGS__)
#define FR_EACH_54_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_53_(call, model, __VA_ARGS__)
#define FR_EACH_55_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_54_(call, model, __VA_ARGS__)
#define FR_EACH_56_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_55_(call, model, __VA_ARGS__)
#define FR_EACH_57_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_56_(call, model, __VA_ARGS__)
#define FR_EACH_58_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_57_(call, model, __VA_ARGS__)
#define FR_EACH_59_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_58_(call, model, __VA_ARGS__)
#define FR_EACH_60_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_59_(call, model, __VA_ARGS__)
#define FR_EACH_61_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_60_(call, model, __VA_ARGS__)
#define FR_EACH_62_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_61_(call, model, __VA_ARGS__)
#define FR_EACH_63_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_62_(call, model, __VA_ARGS__)
#define FR_EACH_64_(call, model, field, ...)                                                       \
    call(model, field) FR_EACH_63_(call, model, __VA_ARGS__)

#endif

/*
 * freshet/model_macros.h: the machinery of FR_MODEL; freshet/model.h includes it.
 *
 * A model is a list of tuples, (KIND, name) or (KIND, name, .option = …). Each pass below walks that list once and makes
 * one of the things that FR_MODEL defines: the field indexes, the struct's members, the field table. The tuples are
 * opened with an empty argument behind them, so that one without options is legal ISO C at the user's line (traps C1).
 */
#ifndef FRESHET_MODEL_MACROS_H
#define FRESHET_MODEL_MACROS_H
/* So that a compiler names the user's line and not each macro on the way to it: 9 lines of GCC's instead of 39. */
#pragma GCC system_header

#include <freshet/model.h>

/**
 * Define a model: FR_MODEL(note, (ID, id), (CHAR, title, .max_length = 200), …), at most FR_STRUCT_FIELDS_MAX fields.
 *
 * Makes the struct `note` (first member `row`, then one member a field; fr_kind says the types), the numbers
 * `note_field_id`, `note_field_title`, …, the table `note_fields` and the description `note_model`. All of it is weak:
 * it may stand in a header that many files use. Two files that declare one model each in its own way do not start. Options are the members of fr_field behind `offset`; .name is what the
 * field is called where its member cannot be, as in (CHAR, char_, .name = "char").
 *
 * A reference names the other model, which stands further up: (FOREIGN_KEY(note), note). Its member has the type of that
 * model's key, `note_key`: the type of its first field, which is the key.
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
    FR_MODEL_KEY_(model, __VA_ARGS__, )                                                            \
    FR_MODEL_DECLARE_(model, FR_EACH_(FR_MODEL_INDEX_, model, __VA_ARGS__),                        \
                      FR_EACH_(FR_MODEL_MARK_, model, __VA_ARGS__),                                \
                      FR_OPTIONS_(FR_SILENT_, FR_COMPLAIN_, options)                               \
                          FR_EACH_(FR_MODEL_MEMBER_, model, __VA_ARGS__))                          \
    FR_MODEL_LEAVE_WORD_(model, #options " " #__VA_ARGS__)                                         \
    FR_MODEL_DEFINE_(model, FR_EACH_(FR_MODEL_FIELD_, model, __VA_ARGS__),                         \
                     FR_OPTIONS_(FR_UNWRAP_, FR_SILENT_, options))

/**
 * Say that a model is defined further down, with a first field of this kind, so that others can refer to it already:
 * FR_MODEL_AHEAD(project, UUID); FR_MODEL(ticket, (ID, id), (FOREIGN_KEY(project), project));
 */
#define FR_MODEL_AHEAD(model, kind_)                                                               \
    typedef FR_TYPE_##kind_ model##_key;                                                           \
    FR_DECLARED_ const fr_model model##_model

/** What FR_MODEL makes, declared only: the model is defined once elsewhere, with the same fields. */
#define FR_MODEL_DECLARED(model, ...)                                                              \
    FR_MODEL_KEY_(model, __VA_ARGS__, )                                                            \
    FR_MODEL_DECLARE_(model, FR_EACH_(FR_MODEL_INDEX_, model, __VA_ARGS__),                        \
                      FR_EACH_(FR_MODEL_MARK_, model, __VA_ARGS__),                                \
                      FR_EACH_(FR_MODEL_MEMBER_, model, __VA_ARGS__))

/* The number of a field from its name, by the size of a member of a struct that never exists. What is above 63 in it comes
 * from the length of its name, and makes the whole struct's size another for another model. */
#define FR_FIELD_INDEX_(p, field) (sizeof((p)->fields_->field) % 64)
/* By which a struct is known to be one of a model, since void * knows nothing: its size, and that of its marks. */
#define FR_ROW_MARK_(p) ((uint64_t)sizeof *(p) << 32 | (uint32_t)sizeof *(p)->fields_)
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

#define FR_TYPE_ID int64_t
#define FR_TYPE_BOOLEAN bool
#define FR_TYPE_CHAR fr_str
#define FR_TYPE_TEXT fr_str
#define FR_TYPE_INTEGER int64_t
#define FR_TYPE_BIGINT int64_t
#define FR_TYPE_SMALLINT int64_t
#define FR_TYPE_POSITIVE int64_t
#define FR_TYPE_POSITIVE_SMALL int64_t
#define FR_TYPE_POSITIVE_BIG int64_t
#define FR_TYPE_FLOAT double
#define FR_TYPE_DECIMAL fr_str
#define FR_TYPE_DATE fr_date
#define FR_TYPE_TIME fr_span
#define FR_TYPE_DATETIME fr_time
#define FR_TYPE_DURATION fr_span
#define FR_TYPE_UUID fr_uuid
#define FR_TYPE_JSON fr_str
#define FR_TYPE_EMAIL fr_str
#define FR_TYPE_URL fr_str
#define FR_TYPE_SLUG fr_str
#define FR_TYPE_IP fr_str
#define FR_TYPE_FOREIGN_KEY(to_) to_##_key
#define FR_TYPE_ONE_TO_ONE(to_) to_##_key
#define FR_TYPE_MANY_TO_MANY(to_) fr_keys
#define FR_TYPE_BINARY fr_str
#define FR_TYPE_FILE fr_str
#define FR_TYPE_IMAGE fr_str

/* Where the kind of (FOREIGN_KEY(note), …) is given, .to is given with it. */
#ifdef __cplusplus
#define FR_TO_ ,
#else
#define FR_TO_ , .to =
#endif
#define FR_KIND_FOREIGN_KEY(to_) FR_KIND_FOREIGN_KEY FR_TO_ &to_##_model
#define FR_KIND_ONE_TO_ONE(to_) FR_KIND_ONE_TO_ONE FR_TO_ &to_##_model
#define FR_KIND_MANY_TO_MANY(to_) FR_KIND_MANY_TO_MANY FR_TO_ &to_##_model

#define FR_MODEL_KEY_(model, first, ...) FR_FIELD_(FR_MODEL_KEY_OF_, FR_SILENT_, model, first)
#define FR_MODEL_KEY_OF_(model, kind_, name_, ...) typedef FR_TYPE_##kind_ model##_key;

#define FR_MODEL_INDEX_(model, field) FR_FIELD_(FR_MODEL_INDEX_OF_, FR_SILENT_, model, field)
#define FR_MODEL_INDEX_OF_(model, kind_, name_, ...) model##_field_##name_,

#define FR_MODEL_MARK_(model, field) FR_FIELD_(FR_MODEL_MARK_OF_, FR_SILENT_, model, field)
#define FR_MODEL_MARK_OF_(model, kind_, name_, ...)                                                \
    char name_[model##_field_##name_ + 64 * sizeof(#name_) * (1 + 2 * model##_field_##name_)];

#define FR_MODEL_MEMBER_(model, field) FR_FIELD_(FR_MODEL_MEMBER_OF_, FR_COMPLAIN_, model, field)
#define FR_MODEL_MEMBER_OF_(model, kind_, name_, ...) FR_TYPE_##kind_ name_;

#define FR_MODEL_FIELD_(model, field) FR_FIELD_(FR_MODEL_FIELD_OF_, FR_SILENT_, model, field)
#ifdef __cplusplus
#define FR_MODEL_FIELD_OF_(model, kind_, name_, ...)                                               \
    fr_field_fill_(fr_field{__VA_ARGS__}, #name_, (uint32_t)offsetof(model, name_),                \
                   FR_KIND_##kind_),
#else
#define FR_MODEL_FIELD_OF_(model, kind_, name_, ...)                                               \
    {.name = #name_,                                                                               \
     .offset = (uint32_t)offsetof(model, name_),                                                   \
     .kind = FR_KIND_##kind_,                                                                      \
     __VA_ARGS__},
#endif

/* What is no tuple is left out by all passes, and complained of by one: a single error in words, and not one of each pass. */
#define FR_FIELD_(call, wrong, model, field)                                                       \
    FR_PASTE_(FR_FIELD_, FR_IS_TUPLE_(field), FR_HAS_MORE_(field), _)(call, wrong, model, field)
#define FR_FIELD_10_(call, wrong, model, field)                                                    \
    FR_CALL_(FR_NAMED_, call, wrong, model, FR_UNWRAP_ field, )
#define FR_NAMED_(call, wrong, model, kind_, name_, ...)                                           \
    FR_JOIN_(FR_NAMED_, FR_SECOND_(FR_NO_NAME_##name_, 0, ), _)                                    \
    (call, wrong, model, kind_, name_, __VA_ARGS__)
#define FR_NO_NAME_ , 1,
#define FR_NAMED_0_(call, wrong, ...) call(__VA_ARGS__)
#define FR_NAMED_1_(call, wrong, ...)                                                              \
    wrong("FR_MODEL: a field has no name; it has one in (CHAR, title)")
#define FR_FIELD_00_(call, wrong, model, field)                                                    \
    wrong("FR_MODEL: each field stands in parentheses, as in (CHAR, title), and none is empty")
#define FR_FIELD_11_(call, wrong, model, field)                                                    \
    wrong("FR_MODEL: a comma is missing between two fields")
#define FR_SILENT_(...)
#ifdef __cplusplus
#define FR_COMPLAIN_(text) static_assert(false, text);
#else
#define FR_COMPLAIN_(text) _Static_assert(0, text);
#endif

/* The options of a model, which are a tuple too. */
#define FR_OPTIONS_(right, wrong, options)                                                         \
    FR_JOIN_(FR_OPTIONS_, FR_IS_TUPLE_(options), _)(right, wrong, options)
#define FR_OPTIONS_1_(right, wrong, options) right options
#define FR_OPTIONS_0_(right, wrong, options)                                                       \
    wrong("FR_MODEL_OPTS: the options stand in parentheses, as in (.ordering = \"-id\")")

/* 1 if x begins with parentheses, else 0; and whether further ones follow behind them. */
#define FR_IS_TUPLE_(x) FR_IS_TUPLE_NOW_(x)
#define FR_IS_TUPLE_NOW_(x) FR_SECOND_(FR_TUPLE_PROBE_ x, 0, )
#define FR_TUPLE_PROBE_(...) , 1,
#define FR_HAS_MORE_(x) FR_IS_TUPLE_(FR_DROP_ x)
#define FR_DROP_(...)
#define FR_SECOND_(...) FR_SECOND_NOW_(__VA_ARGS__, )
#define FR_SECOND_NOW_(first, second, ...) second

/* ---- what all of them become ---- */

#ifdef __cplusplus
#define FR_EXTERN_ extern "C"
#else
#define FR_EXTERN_ extern
#endif
/* C++20 refers to a model before it comes to the definition, which is weak. */
#if defined(__cplusplus) && __cplusplus >= 202002L
#define FR_DECLARED_ FR_EXTERN_ __attribute__((weak))
#else
#define FR_DECLARED_ FR_EXTERN_
#endif

/* NOLINTBEGIN(bugprone-macro-parentheses): the name of a type cannot stand in parentheses */
#define FR_MODEL_DECLARE_(model, indexes, marks, members)                                          \
    enum { indexes model##_field_count };                                                          \
    struct model##_fields_ {                                                                       \
        marks char model_[sizeof(#model) << 16];                                                   \
    };                                                                                             \
    typedef struct model {                                                                         \
        union {                                                                                    \
            fr_row row;                                                                            \
            const struct model##_fields_ *fields_; /* never set; see FR_FIELD_INDEX_ */            \
        };                                                                                         \
        members                                                                                    \
    } model;                                                                                       \
    FR_EXTERN_ const fr_field model##_fields[model##_field_count];                                 \
    FR_DECLARED_ const fr_model model##_model
/* NOLINTEND(bugprone-macro-parentheses) */

#if !defined(__cplusplus) || __cplusplus >= 202002L
#define FR_MODEL_LEAVE_WORD_(model, text)                                                          \
    ;                                                                                              \
    static fr_model_declaration model##_declaration_ = {&model##_model, text, __FILE__,            \
                                                        sizeof(model), 0};                         \
    __attribute__((constructor)) static void model##_declare_(void)                                \
    {                                                                                              \
        fr_model_declare_(&model##_declaration_);                                                  \
    }
#else
#define FR_MODEL_LEAVE_WORD_(model, text)
#endif

#if !defined(__cplusplus)
/* An option .name takes the place of the member's; that is meant. */
#define FR_MODEL_DEFINE_(model, fields_list, ...)                                                  \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverride-init\"")           \
        __attribute__((weak)) const fr_field model##_fields[model##_field_count] = {fields_list};  \
    _Pragma("GCC diagnostic pop") __attribute__((weak))                                            \
    const fr_model model##_model = {.name = #model,                                                \
                                    .fields = model##_fields,                                      \
                                    .field_count = model##_field_count,                            \
                                    .struct_bytes = (uint32_t)sizeof(model),                       \
                                    .struct_mark = FR_ROW_MARK_((model *)0),                       \
                                    __VA_ARGS__}
#elif __cplusplus >= 202002L
/* C++ wants designators in order, and the options come first there. */
constexpr fr_field fr_field_fill_(fr_field field, const char *name, uint32_t offset, fr_kind kind,
                                  const fr_model *to = nullptr)
{
    field.name = field.name ? field.name : name;
    field.offset = offset;
    field.kind = kind;
    field.to = to ? to : field.to;
    return field;
}
constexpr fr_model fr_model_fill_(fr_model model, const char *name, const fr_field *fields,
                                  uint32_t count, uint32_t bytes, uint64_t mark)
{
    model.name = name;
    model.fields = fields;
    model.field_count = count;
    model.struct_bytes = bytes;
    model.struct_mark = mark;
    return model;
}
#define FR_MODEL_DEFINE_(model, fields_list, ...)                                                  \
    _Pragma("GCC diagnostic push")                                                                 \
        _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"") FR_EXTERN_              \
        __attribute__((weak)) const fr_field model##_fields[model##_field_count] = {fields_list};  \
    FR_EXTERN_ __attribute__((weak)) const fr_model model##_model =                                \
        fr_model_fill_(fr_model{__VA_ARGS__}, #model, model##_fields, model##_field_count,         \
                       (uint32_t)sizeof(model), FR_ROW_MARK_((model *)nullptr));                   \
    _Pragma("GCC diagnostic pop") static_assert(sizeof(model) > 0, "")
#else
#define FR_MODEL_DEFINE_(model, fields_list, ...)
#endif

/* ---- walking a list ---- */

#define FR_UNWRAP_(...) __VA_ARGS__
#define FR_CALL_(macro, ...) macro(__VA_ARGS__)
#define FR_JOIN_NOW_(a, b, c) a##b##c
#define FR_JOIN_(a, b, c) FR_JOIN_NOW_(a, b, c)
#define FR_PASTE_NOW_(a, b, c, d) a##b##c##d
#define FR_PASTE_(a, b, c, d) FR_PASTE_NOW_(a, b, c, d)

#define FR_EACH_(call, model, ...)                                                                 \
    FR_JOIN_(FR_EACH_, FR_COUNT_(__VA_ARGS__), _)(call, model, __VA_ARGS__)
#define FR_COUNT_(...)                                                                             \
    FR_COUNT_AT_(__VA_ARGS__, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,    \
                 MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY,     \
                 MANY, MANY, MANY, MANY, MANY, MANY, MANY, MANY, 64, 63, 62, 61, 60, 59, 58, 57,   \
                 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37,   \
                 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17,   \
                 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define FR_COUNT_AT_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17,   \
                     a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32,    \
                     a33, a34, a35, a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46, a47,    \
                     a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, a58, a59, a60, a61, a62,    \
                     a63, a64, a65, a66, a67, a68, a69, a70, a71, a72, a73, a74, a75, a76, a77,    \
                     a78, a79, a80, a81, a82, a83, a84, a85, a86, a87, a88, a89, a90, a91, a92,    \
                     a93, a94, a95, a96, count, ...)                                               \
    count
#define FR_EACH_MANY_(call, model, ...) call##MANY_
#define FR_MODEL_INDEX_MANY_
#define FR_MODEL_MARK_MANY_
#define FR_MODEL_MEMBER_MANY_ FR_COMPLAIN_("FR_MODEL: a C struct has 64 fields at most")
#define FR_MODEL_FIELD_MANY_
/* Eight at a time, so that a compiler has few steps to tell of. */
#define FR_EACH_1_(call, m, a) call(m, a)
#define FR_EACH_2_(call, m, a, b) call(m, a) call(m, b)
#define FR_EACH_3_(call, m, a, b, c) call(m, a) call(m, b) call(m, c)
#define FR_EACH_4_(call, m, a, b, c, d) call(m, a) call(m, b) call(m, c) call(m, d)
#define FR_EACH_5_(call, m, a, b, c, d, e) call(m, a) call(m, b) call(m, c) call(m, d) call(m, e)
#define FR_EACH_6_(call, m, a, b, c, d, e, f)                                                      \
    call(m, a) call(m, b) call(m, c) call(m, d) call(m, e) call(m, f)
#define FR_EACH_7_(call, m, a, b, c, d, e, f, g)                                                   \
    call(m, a) call(m, b) call(m, c) call(m, d) call(m, e) call(m, f) call(m, g)
#define FR_EACH_8_(call, m, a, b, c, d, e, f, g, h)                                                \
    call(m, a) call(m, b) call(m, c) call(m, d) call(m, e) call(m, f) call(m, g) call(m, h)
#define FR_EACH_9_(call, m, a, b, c, d, e, f, g, h, ...)                                           \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_1_(call, m, __VA_ARGS__)
#define FR_EACH_10_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_2_(call, m, __VA_ARGS__)
#define FR_EACH_11_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_3_(call, m, __VA_ARGS__)
#define FR_EACH_12_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_4_(call, m, __VA_ARGS__)
#define FR_EACH_13_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_5_(call, m, __VA_ARGS__)
#define FR_EACH_14_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_6_(call, m, __VA_ARGS__)
#define FR_EACH_15_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_7_(call, m, __VA_ARGS__)
#define FR_EACH_16_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_8_(call, m, __VA_ARGS__)
#define FR_EACH_17_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_9_(call, m, __VA_ARGS__)
#define FR_EACH_18_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_10_(call, m, __VA_ARGS__)
#define FR_EACH_19_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_11_(call, m, __VA_ARGS__)
#define FR_EACH_20_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_12_(call, m, __VA_ARGS__)
#define FR_EACH_21_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_13_(call, m, __VA_ARGS__)
#define FR_EACH_22_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_14_(call, m, __VA_ARGS__)
#define FR_EACH_23_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_15_(call, m, __VA_ARGS__)
#define FR_EACH_24_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_16_(call, m, __VA_ARGS__)
#define FR_EACH_25_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_17_(call, m, __VA_ARGS__)
#define FR_EACH_26_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_18_(call, m, __VA_ARGS__)
#define FR_EACH_27_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_19_(call, m, __VA_ARGS__)
#define FR_EACH_28_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_20_(call, m, __VA_ARGS__)
#define FR_EACH_29_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_21_(call, m, __VA_ARGS__)
#define FR_EACH_30_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_22_(call, m, __VA_ARGS__)
#define FR_EACH_31_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_23_(call, m, __VA_ARGS__)
#define FR_EACH_32_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_24_(call, m, __VA_ARGS__)
#define FR_EACH_33_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_25_(call, m, __VA_ARGS__)
#define FR_EACH_34_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_26_(call, m, __VA_ARGS__)
#define FR_EACH_35_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_27_(call, m, __VA_ARGS__)
#define FR_EACH_36_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_28_(call, m, __VA_ARGS__)
#define FR_EACH_37_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_29_(call, m, __VA_ARGS__)
#define FR_EACH_38_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_30_(call, m, __VA_ARGS__)
#define FR_EACH_39_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_31_(call, m, __VA_ARGS__)
#define FR_EACH_40_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_32_(call, m, __VA_ARGS__)
#define FR_EACH_41_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_33_(call, m, __VA_ARGS__)
#define FR_EACH_42_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_34_(call, m, __VA_ARGS__)
#define FR_EACH_43_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_35_(call, m, __VA_ARGS__)
#define FR_EACH_44_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_36_(call, m, __VA_ARGS__)
#define FR_EACH_45_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_37_(call, m, __VA_ARGS__)
#define FR_EACH_46_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_38_(call, m, __VA_ARGS__)
#define FR_EACH_47_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_39_(call, m, __VA_ARGS__)
#define FR_EACH_48_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_40_(call, m, __VA_ARGS__)
#define FR_EACH_49_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_41_(call, m, __VA_ARGS__)
#define FR_EACH_50_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_42_(call, m, __VA_ARGS__)
#define FR_EACH_51_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_43_(call, m, __VA_ARGS__)
#define FR_EACH_52_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_44_(call, m, __VA_ARGS__)
#define FR_EACH_53_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_45_(call, m, __VA_ARGS__)
#define FR_EACH_54_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_46_(call, m, __VA_ARGS__)
#define FR_EACH_55_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_47_(call, m, __VA_ARGS__)
#define FR_EACH_56_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_48_(call, m, __VA_ARGS__)
#define FR_EACH_57_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_49_(call, m, __VA_ARGS__)
#define FR_EACH_58_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_50_(call, m, __VA_ARGS__)
#define FR_EACH_59_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_51_(call, m, __VA_ARGS__)
#define FR_EACH_60_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_52_(call, m, __VA_ARGS__)
#define FR_EACH_61_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_53_(call, m, __VA_ARGS__)
#define FR_EACH_62_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_54_(call, m, __VA_ARGS__)
#define FR_EACH_63_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_55_(call, m, __VA_ARGS__)
#define FR_EACH_64_(call, m, a, b, c, d, e, f, g, h, ...)                                          \
    FR_EACH_8_(call, m, a, b, c, d, e, f, g, h) FR_EACH_56_(call, m, __VA_ARGS__)

#endif

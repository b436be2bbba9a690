/* See row_rule.h. NOT is carried down to the tests while the text is read, so that what is unknown may count as no row. */
#include "model/row_rule.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/slip.h"
#include "base/str.h"
#include "model/kind.h"

enum { PARTS_MAX = 64, IN_MAX = 256, ERROR_ROOM = 256 };

/* ---- words ---- */

typedef enum word_kind {
    WORD_END,
    WORD_NAME, /* names with dots, and the words of the language */
    WORD_WHO,  /* $user.email */
    WORD_TEXT, /* without its quotes */
    WORD_NUMBER,
    WORD_SIGN
} word_kind;

typedef struct parse {
    fr_arena *arena;
    fr_refs *refs;
    const fr_model *users;
    fr_row_rule *rule;
    char *error;
    fr_str text, rest; /* the whole; what is behind the word */
    size_t at;         /* where the word begins */
    word_kind kind;
    fr_str word;
    int depth, some_depth;
} parse;

static fr_err wrong(const parse *p, const char *what)
{
    if (p->kind == WORD_END)
        snprintf(p->error, ERROR_ROOM, "%.150s, at the end of the rule", what);
    else
        snprintf(p->error, ERROR_ROOM, "%.150s, at \"%.*s\"", what,
                 (int)(p->text.n - p->at < 40 ? p->text.n - p->at : 40), p->text.p + p->at);
    return FR_EINVAL;
}

static bool is_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
           (c >= '0' && c <= '9');
}

static size_t name_bytes(fr_str s, size_t from)
{
    size_t n = from;
    while (n < s.n && is_of_name(s.p[n]))
        n++;
    return n;
}

/* A sign of the language, or 0. */
static size_t sign_bytes(fr_str s)
{
    bool is_before_equals = s.p[0] == '!' || s.p[0] == '<' || s.p[0] == '>';
    if (is_before_equals && s.n > 1 && s.p[1] == '=')
        return 2;
    return s.p[0] && strchr("<>=(),", s.p[0]) ? 1 : 0;
}

static void take(parse *p, word_kind kind, size_t n)
{
    p->kind = kind;
    p->word = fr_str_sub(p->rest, 0, n);
    p->rest = fr_str_from(p->rest, n);
}

/* "say \"hello\"": what stands behind a backslash is itself. */
static fr_err take_text(parse *p)
{
    size_t n = 0, i = 1;
    char *out = fr_arena_alloc(p->arena, p->rest.n + 1);
    if (!out)
        return FR_ENOMEM;
    for (; i < p->rest.n && p->rest.p[i] != '"'; i++) {
        i += p->rest.p[i] == '\\' && i + 1 < p->rest.n;
        out[n++] = p->rest.p[i];
    }
    if (i >= p->rest.n)
        return wrong(p, "a text has no '\"' at its end");
    take(p, WORD_TEXT, i + 1);
    p->word = (fr_str){out, n};
    return FR_OK;
}

static fr_err next(parse *p)
{
    p->rest = fr_str_trim(p->rest);
    p->at = p->text.n - p->rest.n;
    if (!p->rest.n) {
        take(p, WORD_END, 0);
        return FR_OK;
    }
    char c = p->rest.p[0];
    size_t sign = sign_bytes(p->rest);
    p->kind = WORD_SIGN; /* for what is wrong here */
    if (c == '"')
        return take_text(p);
    if (sign)
        take(p, WORD_SIGN, sign);
    else if (c == '$')
        take(p, WORD_WHO, name_bytes(p->rest, 1));
    else if (c == '-' || (c >= '0' && c <= '9'))
        take(p, WORD_NUMBER, name_bytes(p->rest, 1));
    else if (is_of_name(c))
        take(p, WORD_NAME, name_bytes(p->rest, 0));
    else
        return wrong(p, "nothing begins with this character");
    return FR_OK;
}

static bool is_word(const parse *p, word_kind kind, const char *word)
{
    return p->kind == kind && fr_str_eq(p->word, fr_str_c(word));
}

/* Go on if the word is this one. */
static fr_err skip(parse *p, word_kind kind, const char *word, bool *was)
{
    *was = is_word(p, kind, word);
    return *was ? next(p) : FR_OK;
}

static fr_err expect(parse *p, const char *sign, const char *what)
{
    bool was;
    FR_TRY(skip(p, WORD_SIGN, sign, &was));
    return was ? FR_OK : wrong(p, what);
}

/* ---- trees ---- */

static fr_err made(const fr_pred *pred, const fr_pred **out)
{
    *out = pred;
    return pred ? FR_OK : FR_ENOMEM;
}

/* pred: of its own. What a rule says is read whatever else may be seen. */
static fr_err made_as(const parse *p, fr_pred *pred, bool is_negated, const fr_pred **out)
{
    if (pred)
        pred->is_raw = true;
    return made(pred && is_negated ? fr_pred_not(p->arena, pred) : pred, out);
}

static fr_err always(const parse *p, bool is_true, const fr_pred **out)
{
    return made(is_true ? fr_pred_all(p->arena, NULL, 0) : fr_pred_any(p->arena, NULL, 0), out);
}

static bool is_same_ask(const fr_rule_ask *a, const fr_rule_ask *b)
{
    return a->kind == b->kind && a->field == b->field && a->lookup == b->lookup &&
           fr_value_eq(a->value, b->value) && fr_str_eq(a->text, b->text);
}

/* The number of its parameter. */
static fr_err add_ask(parse *p, fr_rule_ask ask, uint8_t *out)
{
    fr_row_rule *rule = p->rule;
    size_t i = 0;
    while (i < rule->ask_count && !is_same_ask(&rule->asks[i], &ask))
        i++;
    if (i == FR_RULE_ASKS_MAX)
        return wrong(p, "a rule asks at most 64 things of the user");
    if (i == rule->ask_count)
        rule->asks[rule->ask_count++] = ask;
    *out = (uint8_t)i;
    return FR_OK;
}

static fr_err given(parse *p, fr_rule_ask ask, bool is_negated, const fr_pred **out)
{
    uint8_t number;
    FR_TRY(add_ask(p, ask, &number));
    return made_as(p, fr_pred_given(p->arena, number), is_negated, out);
}

/* ---- what stands at the left: a field of the row, or of the user ---- */

typedef struct left {
    const fr_field *field; /* whose values it is compared with */
    fr_field made;         /* of a transform */
    uint16_t ref;          /* of the row */
    bool is_user;          /* else: of the user's row, ask.field */
    fr_rule_ask ask;
} left;

/* A sign as a lookup; != is the contrary of =. */
static bool lookup_of(const parse *p, fr_lookup *out, bool *is_negated)
{
    static const struct {
        const char *sign;
        fr_lookup lookup;
    } SIGNS[] = {{"=", FR_LOOKUP_EXACT}, {"!=", FR_LOOKUP_EXACT}, {"<", FR_LOOKUP_LT},
                 {"<=", FR_LOOKUP_LTE},  {">", FR_LOOKUP_GT},     {">=", FR_LOOKUP_GTE}};
    for (size_t i = 0; i < sizeof SIGNS / sizeof *SIGNS; i++)
        if (is_word(p, WORD_SIGN, SIGNS[i].sign)) {
            *out = SIGNS[i].lookup;
            *is_negated ^= SIGNS[i].sign[0] == '!';
            return true;
        }
    return false;
}

static fr_err null_test(parse *p, const left *l, bool is_null, bool is_negated, const fr_pred **out)
{
    fr_value value = FR_VALUE_I(is_null);
    if (!l->is_user)
        return made_as(p, fr_pred_term(p->arena, l->ref, FR_LOOKUP_ISNULL, value), is_negated, out);
    fr_rule_ask ask = l->ask;
    ask.lookup = FR_LOOKUP_ISNULL;
    ask.value = value;
    return given(p, ask, is_negated, out);
}

static fr_err literal(const parse *p, const left *l, fr_value *out)
{
    bool is_boolean = is_word(p, WORD_NAME, "true") || is_word(p, WORD_NAME, "false");
    bool is_text = p->kind == WORD_TEXT, is_number = p->kind == WORD_NUMBER;
    if (!is_boolean && !is_text && !is_number)
        return wrong(p, "a value is missing: a \"text\", a number, true, false, $user, $user.FIELD "
                        "or $now");
    if (is_boolean != (fr_class_of(l->field) == FR_CLASS_BOOLEAN))
        return wrong(p, is_boolean ? "only a BOOLEAN is true or false" : "this is true or false");
    fr_err err = fr_value_from_text(l->field, p->word, p->arena, out);
    if (err != FR_EINVAL)
        return err ? err : fr_value_dup(p->arena, *out, out) ? FR_OK : FR_ENOMEM;
    char what[ERROR_ROOM];
    snprintf(what, sizeof what, "this is no value of %.64s",
             l->field->name ? l->field->name : "it");
    return wrong(p, what);
}

static bool is_alike(const fr_field *a, const fr_field *b)
{
    return fr_class_of(fr_field_origin(a)) == fr_class_of(fr_field_origin(b));
}

static fr_err find_user_field(const parse *p, fr_str name, uint16_t *out)
{
    fr_slip slip = fr_slip_of(name);
    int field = fr_model_field_index(p->users, name);
    if (field >= 0 && fr_field_has_column(&p->users->fields[field])) {
        *out = (uint16_t)field;
        return FR_OK;
    }
    for (uint32_t i = 0; i < p->users->field_count; i++)
        fr_slip_try(&slip, p->users->fields[i].name);
    char what[ERROR_ROOM];
    snprintf(what, sizeof what, "a user has no field %.*s%s%s%s", (int)(name.n < 40 ? name.n : 40),
             name.p, slip.nearest ? "; did you mean " : "", slip.nearest ? slip.nearest : "",
             slip.nearest ? "?" : "");
    return wrong(p, what);
}

/* $user, $user.FIELD, $now, of values like those of the left. */
static fr_err ask_of(const parse *p, const left *l, fr_rule_ask *out)
{
    const fr_field *like = fr_model_key(p->users);
    *out = (fr_rule_ask){.kind = FR_RULE_ASK_USER};
    if (fr_str_eq(p->word, FR_STR("$now"))) {
        bool is_date = l->field->kind == FR_KIND_DATE;
        out->kind = is_date ? FR_RULE_ASK_TODAY : FR_RULE_ASK_NOW;
        return is_date || l->field->kind == FR_KIND_DATETIME
                   ? FR_OK
                   : wrong(p, "$now is compared with a DATETIME or a DATE");
    }
    if (fr_str_starts(p->word, FR_STR("$user."))) {
        out->kind = FR_RULE_ASK_FIELD;
        FR_TRY(find_user_field(p, fr_str_from(p->word, 6), &out->field));
        like = &p->users->fields[out->field];
    } else if (!fr_str_eq(p->word, FR_STR("$user"))) {
        return wrong(p, "who asks is $user, $user.FIELD, $user.groups or $perm(\"app.code\")");
    }
    return is_alike(like, l->field) ? FR_OK : wrong(p, "these two hold unlike kinds of values");
}

static fr_err compare(parse *p, const left *l, fr_lookup lookup, bool is_negated,
                      const fr_pred **out)
{
    fr_rule_ask ask = l->ask;
    uint8_t number;
    if (is_word(p, WORD_NAME, "null")) {
        if (lookup != FR_LOOKUP_EXACT)
            return wrong(p, "null is neither less nor greater than anything");
        FR_TRY(next(p));
        return null_test(p, l, true, is_negated, out);
    }
    if (p->kind == WORD_WHO && l->is_user)
        return wrong(p, "a field of the user is compared with a text, a number, true or false");
    if (p->kind == WORD_WHO) {
        FR_TRY(ask_of(p, l, &ask));
        FR_TRY(add_ask(p, ask, &number));
        FR_TRY(next(p));
        return made_as(p, fr_pred_later(p->arena, l->ref, lookup, number), is_negated, out);
    }
    FR_TRY(literal(p, l, &ask.value));
    FR_TRY(next(p));
    if (!l->is_user)
        return made_as(p, fr_pred_term(p->arena, l->ref, lookup, ask.value), is_negated, out);
    ask.lookup = lookup;
    return given(p, ask, is_negated, out);
}

static fr_err in_groups(parse *p, const left *l, bool is_negated, const fr_pred **out)
{
    uint8_t number;
    fr_class of = fr_class_of(fr_field_origin(l->field));
    if (of != FR_CLASS_INTEGER)
        return wrong(p, "$user.groups are keys of groups; of their names say \"name\" in "
                        "$user.groups");
    FR_TRY(add_ask(p, (fr_rule_ask){.kind = FR_RULE_ASK_GROUPS}, &number));
    FR_TRY(next(p));
    return made_as(p, fr_pred_later(p->arena, l->ref, FR_LOOKUP_IN, number), is_negated, out);
}

static fr_err in(parse *p, const left *l, bool is_negated, const fr_pred **out)
{
    fr_value values[IN_MAX];
    size_t count = 0;
    bool goes_on = true;
    if (l->is_user)
        return wrong(p, "of a field of the user say = of each value, with or between");
    if (is_word(p, WORD_WHO, "$user.groups"))
        return in_groups(p, l, is_negated, out);
    FR_TRY(expect(p, "(", "behind in stands a list: (\"open\", \"done\"), or $user.groups"));
    while (goes_on) {
        if (count == IN_MAX)
            return wrong(p, "a list has at most 256 values");
        FR_TRY(literal(p, l, &values[count++]));
        FR_TRY(next(p));
        FR_TRY(skip(p, WORD_SIGN, ",", &goes_on));
    }
    FR_TRY(expect(p, ")", "a list ends with )"));
    return made_as(p, fr_pred_in(p->arena, l->ref, values, count), is_negated, out);
}

/* What is said of the left. Nothing: that it is true. */
static fr_err test(parse *p, const left *l, bool is_negated, const fr_pred **out)
{
    bool was, is_not;
    fr_lookup lookup;
    if (lookup_of(p, &lookup, &is_negated)) {
        FR_TRY(next(p));
        return compare(p, l, lookup, is_negated, out);
    }
    FR_TRY(skip(p, WORD_NAME, "in", &was));
    if (was)
        return in(p, l, is_negated, out);
    FR_TRY(skip(p, WORD_NAME, "is", &was));
    if (was) {
        FR_TRY(skip(p, WORD_NAME, "not", &is_not));
        FR_TRY(skip(p, WORD_NAME, "null", &was));
        return was ? null_test(p, l, !is_not, is_negated, out)
                   : wrong(p, "behind is stands null, or not null");
    }
    if (fr_class_of(l->field) != FR_CLASS_BOOLEAN)
        return wrong(p, "only a BOOLEAN may stand alone: =, !=, <, <=, >, >=, in or is is missing");
    if (!l->is_user)
        return made_as(p, fr_pred_term(p->arena, l->ref, FR_LOOKUP_EXACT, FR_VALUE_I(1)),
                       is_negated, out);
    fr_rule_ask ask = l->ask;
    ask.value = FR_VALUE_I(1);
    return given(p, ask, is_negated, out);
}

/* ---- tests ---- */

static fr_err of_row(parse *p, bool is_negated, const fr_pred **out)
{
    left l = {0};
    fr_ref ref;
    char error[ERROR_ROOM];
    fr_err err = fr_ref_parse_source(p->refs->model, p->word, p->arena, &ref, error);
    if (err == FR_EINVAL)
        return wrong(p, error);
    FR_TRY(err);
    l.made = (fr_field){.name = fr_ref_field(&ref)->name, .kind = fr_ref_kind(&ref)};
    l.field = ref.transform == FR_TRANSFORM_NONE ? fr_ref_field(&ref) : &l.made;
    if (fr_class_of(l.field) == FR_CLASS_JSON)
        return wrong(p, "JSON is compared with nothing here");
    FR_TRY(fr_refs_add(p->refs, &ref, &l.ref));
    FR_TRY(next(p));
    return test(p, &l, is_negated, out);
}

/* $user alone, = null, != null, is null, is not null. */
static fr_err of_somebody(parse *p, bool is_negated, const fr_pred **out)
{
    bool was, is_not = true, is_is;
    fr_rule_ask ask = {.kind = FR_RULE_ASK_KNOWN};
    FR_TRY(skip(p, WORD_NAME, "is", &is_is));
    if (is_is)
        FR_TRY(skip(p, WORD_NAME, "not", &is_not));
    bool is_same = is_word(p, WORD_SIGN, "=");
    if (!is_is && (is_same || is_word(p, WORD_SIGN, "!="))) {
        is_not = !is_same;
        is_is = true;
        FR_TRY(next(p));
    }
    if (is_is) {
        FR_TRY(skip(p, WORD_NAME, "null", &was));
        if (!was)
            return wrong(p, "$user at the left is null, or not null");
    }
    return given(p, ask, is_not == is_negated, out);
}

static fr_err of_perm(parse *p, bool is_negated, const fr_pred **out)
{
    FR_TRY(expect(p, "(", "behind $perm stands (\"app.code\")"));
    fr_rule_ask ask = {.kind = FR_RULE_ASK_PERM, .text = p->word};
    if (p->kind != WORD_TEXT || fr_str_find_char(p->word, '.') == SIZE_MAX)
        return wrong(p, "a permission is a text: \"app.code\"");
    FR_TRY(next(p));
    FR_TRY(expect(p, ")", "behind the permission stands )"));
    return given(p, ask, is_negated, out);
}

static fr_err of_user(parse *p, bool is_negated, const fr_pred **out)
{
    bool was;
    left l = {.is_user = true, .ask = {.kind = FR_RULE_ASK_TEST}};
    FR_TRY(skip(p, WORD_WHO, "$user", &was));
    if (was)
        return of_somebody(p, is_negated, out);
    FR_TRY(skip(p, WORD_WHO, "$perm", &was));
    if (was)
        return of_perm(p, is_negated, out);
    if (!fr_str_starts(p->word, FR_STR("$user.")))
        return wrong(p, "at the left stands a field, $user, $user.FIELD or $perm(\"app.code\")");
    FR_TRY(find_user_field(p, fr_str_from(p->word, 6), &l.ask.field));
    l.field = &p->users->fields[l.ask.field];
    FR_TRY(next(p));
    return test(p, &l, is_negated, out);
}

/* "editors" in $user.groups */
static fr_err of_group(parse *p, bool is_negated, const fr_pred **out)
{
    bool was;
    fr_rule_ask ask = {.kind = FR_RULE_ASK_GROUP, .text = p->word};
    FR_TRY(next(p));
    FR_TRY(skip(p, WORD_NAME, "in", &was));
    if (was)
        FR_TRY(skip(p, WORD_WHO, "$user.groups", &was));
    return was ? given(p, ask, is_negated, out)
               : wrong(p, "a text at the left is the name of a group: \"name\" in $user.groups");
}

/* ---- and, or, not ---- */

static fr_err read_rule(parse *p, bool is_negated, const fr_pred **out);

/* "some" is a word of the language in front of a path, else the name of a field. */
static fr_err skip_some(parse *p, bool *was)
{
    static const char *const BEHIND[] = {"is", "in", "and", "or"};
    parse before = *p;
    FR_TRY(skip(p, WORD_NAME, "some", was));
    *was = *was && p->kind == WORD_NAME;
    for (size_t i = 0; i < sizeof BEHIND / sizeof *BEHIND; i++)
        *was = *was && !is_word(p, WORD_NAME, BEHIND[i]);
    if (!*was)
        *p = before;
    return FR_OK;
}

/* What is said within the parentheses is said of the rows at the end of the path. */
static fr_err of_some(parse *p, bool is_negated, const fr_pred **out)
{
    fr_ref ref;
    uint16_t number;
    char error[ERROR_ROOM];
    const fr_pred *part;
    fr_refs *outer = p->refs, *refs = fr_arena_alloc(p->arena, sizeof *refs);
    if (!refs)
        return FR_ENOMEM;
    if (++p->some_depth > FR_RULE_SOME_MAX)
        return wrong(p, "some stands at most 4 deep within itself");
    fr_err err = fr_ref_parse_relations(outer->model, p->word, p->arena, &ref, error);
    if (err == FR_EINVAL)
        return wrong(p, error);
    FR_TRY(err);
    FR_TRY(fr_refs_add(outer, &ref, &number));
    FR_TRY(next(p));
    FR_TRY(expect(p, "(", "behind the path of some stands ("));
    fr_refs_init(refs, fr_ref_end(&ref), p->arena);
    p->refs = refs;
    FR_TRY(read_rule(p, false, &part));
    p->refs = outer;
    p->some_depth--;
    FR_TRY(expect(p, ")", "a ) is missing"));
    return made_as(p, fr_pred_some(p->arena, number, refs, part), is_negated, out);
}

static fr_err read_inner(parse *p, bool is_negated, const fr_pred **out)
{
    FR_TRY(read_rule(p, is_negated, out));
    return expect(p, ")", "a ) is missing");
}

static fr_err read_one(parse *p, bool is_negated, const fr_pred **out)
{
    bool was, is_false;
    do {
        FR_TRY(skip(p, WORD_NAME, "not", &was));
        is_negated ^= was;
    } while (was);
    FR_TRY(skip(p, WORD_SIGN, "(", &was));
    if (was)
        return read_inner(p, is_negated, out);
    FR_TRY(skip(p, WORD_NAME, "true", &was));
    FR_TRY(skip(p, WORD_NAME, "false", &is_false));
    if (was || is_false)
        return always(p, was != is_negated, out);
    FR_TRY(skip_some(p, &was));
    if (was)
        return of_some(p, is_negated, out);
    switch (p->kind) {
    case WORD_NAME: return of_row(p, is_negated, out);
    case WORD_WHO: return of_user(p, is_negated, out);
    case WORD_TEXT: return of_group(p, is_negated, out);
    default: return wrong(p, "a test is missing");
    }
}

typedef fr_err part_reader(parse *p, bool is_negated, const fr_pred **out);

/* Parts with a word between them. is_all: every one has to be true. */
static fr_err read_parts(parse *p, const char *between, part_reader *read, bool is_all,
                         bool is_negated, const fr_pred **out)
{
    const fr_pred *parts[PARTS_MAX] = {NULL};
    size_t count = 0;
    bool goes_on = true;
    while (goes_on) {
        if (count == PARTS_MAX)
            return wrong(p, "too many parts stand beside each other; use parentheses");
        FR_TRY(read(p, is_negated, &parts[count++]));
        FR_TRY(skip(p, WORD_NAME, between, &goes_on));
    }
    if (count == 1)
        return made(parts[0], out);
    return made(is_all != is_negated ? fr_pred_all(p->arena, parts, count)
                                     : fr_pred_any(p->arena, parts, count),
                out);
}

static fr_err read_both(parse *p, bool is_negated, const fr_pred **out)
{
    return read_parts(p, "and", read_one, true, is_negated, out);
}

static fr_err read_rule(parse *p, bool is_negated, const fr_pred **out)
{
    if (++p->depth > FR_RULE_DEPTH_MAX)
        return wrong(p, "a rule is at most 32 parentheses deep");
    FR_TRY(read_parts(p, "or", read_both, false, is_negated, out));
    p->depth--;
    return FR_OK;
}

fr_err fr_row_rule_parse(fr_str text, const fr_model *users, fr_refs *refs, fr_arena *arena,
                         fr_row_rule *out, char error[ERROR_ROOM])
{
    text = fr_str_trim(text);
    parse p = {.arena = arena,
               .refs = refs,
               .users = users,
               .rule = out,
               .error = error,
               .text = text,
               .rest = text};
    *out = (fr_row_rule){0};
    FR_TRY(next(&p));
    FR_TRY(read_rule(&p, false, &out->where));
    return p.kind == WORD_END ? FR_OK : wrong(&p, "and or or is missing");
}

bool fr_rule_ask_test(const fr_rule_ask *ask, fr_value value, fr_value *out)
{
    bool is_null = value.type == FR_VALUE_NULL;
    int c = fr_value_cmp(value, ask->value);
    *out = FR_VALUE_I(ask->lookup == FR_LOOKUP_ISNULL ? is_null == (ask->value.as.i != 0)
                      : ask->lookup == FR_LOOKUP_LT   ? c < 0
                      : ask->lookup == FR_LOOKUP_LTE  ? c <= 0
                      : ask->lookup == FR_LOOKUP_GT   ? c > 0
                      : ask->lookup == FR_LOOKUP_GTE  ? c >= 0
                                                      : c == 0);
    return ask->lookup == FR_LOOKUP_ISNULL || !is_null;
}

/*
 * The evaluator against the database: random rows of all five storage classes in columns of every affinity and collation,
 * each lookup of them, and trees of those. What the database finds, the program must find; what it finds for NOT, the
 * program must deny; of all else it must know nothing.
 *
 * FR_SEED replays a run, FR_EVAL_TIMES makes it so many times as long: 10 are a million comparisons.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/zone.h"
#include "chance.h"
#include "db/db_test.h"
#include "live/eval.h"
#include "model/pred.h"

FR_MODEL(eval_cell,
    (ID,       id),
    (TEXT,     none, .null = true),
    (TEXT,     text, .null = true),
    (TEXT,     nocase, .null = true),
    (TEXT,     rtrim, .null = true),
    (DECIMAL,  numeric, .null = true, .max_digits = 20, .decimal_places = 2),
    (DECIMAL,  folded, .null = true, .max_digits = 20, .decimal_places = 2),
    (INTEGER,  whole, .null = true),
    (FLOAT,    real, .null = true),
    (DATETIME, moment, .null = true),
    (DATE,     day, .null = true),
    (TIME,     clock, .null = true),
    (JSON,     extra, .null = true),
    (CHAR,     hidden, .max_length = 10, .null = true, .secret = true));

static const char *const TABLE =
    "CREATE TABLE eval_cell(id INTEGER PRIMARY KEY, none, text TEXT, nocase varchar(9) COLLATE "
    "NOCASE, rtrim clob COLLATE RTRIM, numeric decimal, folded NUMERIC COLLATE NOCASE, whole "
    "integer, real double, moment datetime, day date, clock time, extra text, hidden text)";

enum { ROWS = 200, FIELDS = 14, FIRST = 1, LAST = 11, EXTRA = 12, HIDDEN = 13 };

static const fr_model *const eval_models[] = {&eval_cell_model, NULL};

typedef struct cells {
    fr_test_db t;
    fr_value at[ROWS][FIELDS];
    size_t count;
    fr_column columns[FIELDS];
    uint64_t chance;
    size_t compared, refused;
} cells;

/* ---- values ---- */

static const int64_t INTS[] = {0,
                               1,
                               -1,
                               2,
                               5,
                               7,
                               12,
                               2020,
                               2021,
                               INT64_C(9007199254740992),
                               INT64_C(9007199254740993),
                               INT64_C(-9007199254740993),
                               INT64_MAX,
                               INT64_MIN,
                               INT64_C(4503599627370497)};
static const double REALS[] = {0,
                               -0.0,
                               1,
                               7,
                               7.5,
                               0.1,
                               0.30000000000000004,
                               1e15,
                               1e20,
                               -1e300,
                               9007199254740992.0,
                               9223372036854775808.0,
                               2020,
                               12,
                               5,
                               1.0 / 0.0,
                               -1.0 / 0.0,
                               4503599627370497.5};
static const fr_str TEXTS[] = {
    {"", 0},
    {"a", 1},
    {"A", 1},
    {"abc", 3},
    {"ABC", 3},
    {"aBc ", 4},
    {"abc  ", 5},
    {"ab", 2},
    {"b", 1},
    {" ", 1},
    {"7", 1},
    {"007", 3},
    {" 7", 2},
    {"7 ", 2},
    {"7.0", 3},
    {"7.5", 3},
    {"7e0", 3},
    {"+7", 2},
    {"-7", 2},
    {"1e", 2},
    {"0.1", 3},
    {".5", 2},
    {"5.", 2},
    {".", 1},
    {"-", 1},
    {"0x7", 3},
    {"9007199254740993", 16},
    {"9223372036854775808", 19},
    {"9223372036854775807", 19},
    {"1.50", 4},
    {"10.05", 5},
    {"0.30000000000000004", 19},
    {"inf", 3},
    {"%", 1},
    {"_", 1},
    {"\\", 1},
    {"a%c", 3},
    {"a_c", 3},
    {"a\\c", 3},
    {"\xc3\xa9", 2},
    {"\xc3\x89", 2},
    {"x\xc3\xa9y", 4},
    {"\xe9", 1},
    {"\xc2\x80", 2},
    {"\x80", 1},
    {"\xff", 1},
    {"\xef\xbf\xbd", 3},
    {"\xc3", 1},
    {"\xc3"
     "a",
     2},
    {"\xed\xa0\x80", 3},
    {"\xf0\x9f\x98\x80", 4},
    {"a\0b", 3},
    {"a\0c", 3},
    {"A\0bc", 4},
    {"\0", 1},
    {"[", 1},
    {"Z", 1},
    {"z", 1},
    {"@", 1},
    {"2020-01-01", 10},
    {"2020-12-31", 10},
    {"2021-01-01", 10},
    {"2021-01-03", 10},
    {"2024-02-29", 10},
    {"2020-1-1", 8},
    {"2020-13-01", 10},
    {"2020-01-01 00:00:00", 19},
    {"2020-12-31 23:30:00", 19},
    {"2020-12-31 23:59:59.999999", 26},
    {"2021-01-01 00:00:00", 19},
    {"2021-03-28 01:30:00", 19},
    {"2020-06-15 12:30:45.5", 21},
    {"2020-06-15T12:30:45Z", 20},
    {"2020-06-15 12:30:45+02:00", 25},
    {"0001-01-01 00:00:00", 19},
    {"9999-12-31 23:59:59", 19},
    {"12:30:45", 8},
    {"12:30", 5},
    {"00:00:00", 8},
    {"23:59:59.999999", 15},
    {"12:30:45.000001", 15},
    {"25:00", 5},
};

#define PICK(c, list) (list)[chance_below(&(c)->chance, sizeof(list) / sizeof *(list))]

/* A text of few letters, so that pieces of it are found in others. */
static fr_str random_text(cells *c)
{
    static const char LETTERS[] = {'a', 'b',  'A',    'B',    ' ',  '7', '.', '%',
                                   '_', '\\', '\xc3', '\xa9', '\0', '-', 'e'};
    char text[6];
    size_t n = chance_below(&c->chance, sizeof text);
    for (size_t i = 0; i < n; i++)
        text[i] = PICK(c, LETTERS);
    return fr_str_dup(c->t.arena, (fr_str){text, n});
}

static fr_str text_value(cells *c)
{
    char digits[40];
    switch (chance_below(&c->chance, 4)) {
    case 0: return random_text(c);
    case 1:
        snprintf(digits, sizeof digits, "%d.%02d", (int)chance_below(&c->chance, 30),
                 (int)chance_below(&c->chance, 100));
        return fr_str_dup(c->t.arena, fr_str_c(digits));
    default: return PICK(c, TEXTS);
    }
}

static fr_value random_value(cells *c)
{
    switch (chance_below(&c->chance, 10)) {
    case 0: return (fr_value){.type = FR_VALUE_NULL};
    case 1:
    case 2: return FR_VALUE_I(PICK(c, INTS));
    case 3: return FR_VALUE_I((int64_t)chance_below(&c->chance, 40) - 5);
    case 4: return FR_VALUE_R(PICK(c, REALS));
    case 5: return FR_VALUE_R((double)chance_below(&c->chance, 400) / 8 - 3);
    case 6: return (fr_value){.type = FR_VALUE_BLOB, .as.s = text_value(c)};
    default: return FR_VALUE_S(text_value(c));
    }
}

/* One that stands in the column of some row, often. */
static fr_value asked_value(cells *c, uint16_t field)
{
    return chance_below(&c->chance, 3) ? c->at[chance_below(&c->chance, ROWS)][field]
                                       : random_value(c);
}

/* ---- rows ---- */

static void insert_rows(cells *c)
{
    sqlite3 *h;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open_v2(c->t.url + 7, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(h,
                                        "INSERT INTO eval_cell VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    sqlite3_exec(h, "BEGIN", NULL, NULL, NULL);
    for (int row = 0; row < ROWS; row++) {
        for (int i = FIRST; i < FIELDS; i++) {
            fr_value v = random_value(c);
            switch (v.type) {
            case FR_VALUE_NULL: sqlite3_bind_null(stmt, i + 1); break;
            case FR_VALUE_INT: sqlite3_bind_int64(stmt, i + 1, v.as.i); break;
            case FR_VALUE_REAL: sqlite3_bind_double(stmt, i + 1, v.as.r); break;
            case FR_VALUE_TEXT:
                sqlite3_bind_text(stmt, i + 1, v.as.s.n ? v.as.s.p : "", (int)v.as.s.n,
                                  SQLITE_TRANSIENT);
                break;
            case FR_VALUE_BLOB:
                sqlite3_bind_blob(stmt, i + 1, v.as.s.p, (int)v.as.s.n, SQLITE_TRANSIENT);
                break;
            }
        }
        assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    sqlite3_exec(h, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(h);
}

static fr_err keep(void *arg, const fr_value *values)
{
    cells *c = arg;
    for (int i = 0; i < FIELDS; i++)
        assert_true(fr_value_dup(c->t.arena, values[i], &c->at[c->count][i]));
    c->count++;
    return FR_OK;
}

static void open_cells(cells *c)
{
    const char *seed = getenv("FR_SEED");
    memset(c, 0, sizeof *c);
    c->chance = seed ? strtoull(seed, NULL, 10) : 11;
    test_folder(&c->t);
    test_stranger(&c->t, TABLE);
    test_open(&c->t, NULL, eval_models, NULL);
    insert_rows(c);
    fr_query all = {.model = &eval_cell_model};
    assert_int_equal(fr_db_select(&c->t.ctx, &all, &(fr_reader_sink){NULL, keep, c}, NULL), FR_OK);
    assert_int_equal(c->count, ROWS);
    for (int i = 0; i < FIELDS; i++)
        c->columns[i] = fr_db_column(c->t.db, &eval_cell_model, (uint16_t)i);
}

/* ---- what both say ---- */

static fr_err mark(void *arg, const fr_value *values)
{
    bool *is_found = arg;
    is_found[values[0].as.i - 1] = true;
    return FR_OK;
}

static void select_rows(cells *c, const fr_query *query, bool found[ROWS])
{
    memset(found, 0, ROWS * sizeof *found);
    fr_err err = fr_db_select(&c->t.ctx, query, &(fr_reader_sink){NULL, mark, found}, NULL);
    assert_int_equal(err, FR_OK);
}

static fr_err compile(cells *c, const fr_query *query, const fr_eval **out, char why[FR_EVAL_WHY])
{
    fr_query normal = *query;
    assert_int_equal(fr_pred_normal(c->t.arena, &normal), FR_OK);
    fr_eval_source source = {.query = &normal,
                             .columns = c->columns,
                             .zone = fr_zone_here(),
                             .likes_blobs = fr_db_likes_blobs(c->t.db)};
    return fr_eval_compile(&source, c->t.arena, out, why);
}

static void put_value(char *out, size_t room, fr_value v)
{
    switch (v.type) {
    case FR_VALUE_NULL: snprintf(out, room, "NULL"); break;
    case FR_VALUE_INT: snprintf(out, room, "%lld", (long long)v.as.i); break;
    case FR_VALUE_REAL: snprintf(out, room, "%.17g", v.as.r); break;
    default: {
        size_t n = (size_t)snprintf(out, room, v.type == FR_VALUE_BLOB ? "x'" : "'");
        for (size_t i = 0; i < v.as.s.n && n + 8 < room; i++)
            n += (size_t)snprintf(out + n, room - n, "%02x", (uint8_t)v.as.s.p[i]);
        snprintf(out + n, room - n, "'");
    }
    }
}

static void complain(const cells *c, const fr_query *query, int row, fr_truth expected,
                     fr_truth got)
{
    const fr_pred *term = query->where;
    while (term->op != FR_PRED_TERM && term->part_count)
        term = term->parts[0];
    char stored[80], asked[80] = "-";
    const fr_field *field = fr_query_field(query, term->ref);
    int number = fr_model_field_index(&eval_cell_model, fr_str_c(field->name));
    put_value(stored, sizeof stored, c->at[row][number]);
    if (term->value_count)
        put_value(asked, sizeof asked, term->values[0]);
    fail_msg("%s (reference %d) is %s, %s %s (%zu values): %d, not %d", field->name, term->ref,
             stored, fr_lookup_row_of(term->lookup)->name, asked, term->value_count, got, expected);
}

/* The query's predicate, of all rows. false: it was refused. */
static bool compare(cells *c, const fr_query *query)
{
    const fr_eval *eval;
    char why[FR_EVAL_WHY];
    bool is_true[ROWS], is_false[ROWS];
    fr_err err = compile(c, query, &eval, why);
    if (err == FR_EUNSUPPORTED) {
        assert_true(why[0]);
        c->refused++;
        return false;
    }
    assert_int_equal(err, FR_OK);
    fr_query contrary = *query;
    contrary.where = fr_pred_not(c->t.arena, query->where);
    select_rows(c, query, is_true);
    select_rows(c, &contrary, is_false);
    for (int row = 0; row < ROWS; row++) {
        fr_truth expected = is_true[row] ? FR_TRUE : is_false[row] ? FR_FALSE : FR_UNKNOWN;
        fr_truth got = fr_eval_run(eval, c->at[row]);
        if (got != expected)
            complain(c, query, row, expected, got);
    }
    c->compared += ROWS;
    return true;
}

/* ---- predicates ---- */

static const fr_lookup LOOKUPS[] = {
    FR_LOOKUP_EXACT,       FR_LOOKUP_IEXACT,   FR_LOOKUP_LT,        FR_LOOKUP_LTE,
    FR_LOOKUP_GT,          FR_LOOKUP_GTE,      FR_LOOKUP_IN,        FR_LOOKUP_RANGE,
    FR_LOOKUP_ISNULL,      FR_LOOKUP_CONTAINS, FR_LOOKUP_ICONTAINS, FR_LOOKUP_STARTSWITH,
    FR_LOOKUP_ISTARTSWITH, FR_LOOKUP_ENDSWITH, FR_LOOKUP_IENDSWITH,
};
enum { PLAIN_LOOKUPS = 9, ALL_LOOKUPS = sizeof LOOKUPS / sizeof *LOOKUPS };

static const fr_pred *term_of(cells *c, uint16_t ref, uint16_t field, fr_lookup lookup,
                              bool is_part)
{
    fr_value values[6];
    size_t count = lookup == FR_LOOKUP_IN      ? chance_below(&c->chance, 6)
                   : lookup == FR_LOOKUP_RANGE ? 2
                                               : 1;
    for (size_t i = 0; i < count; i++)
        values[i] = is_part && chance_below(&c->chance, 2)
                        ? FR_VALUE_I((int64_t)chance_below(&c->chance, 60))
                        : asked_value(c, field);
    if (lookup == FR_LOOKUP_ISNULL)
        values[0] = FR_VALUE_I((int64_t)chance_below(&c->chance, 2));
    bool is_text = fr_lookup_row_of(lookup)->form == FR_FORM_PATTERN;
    if (is_text && values[0].type != FR_VALUE_TEXT)
        values[0] = FR_VALUE_S(text_value(c));
    if (is_text && values[0].as.s.n > 2 && chance_below(&c->chance, 2)) { /* a piece of it */
        size_t start = chance_below(&c->chance, 2);
        values[0].as.s =
            fr_str_sub(values[0].as.s, start,
                       1 + chance_below(&c->chance, (unsigned)(values[0].as.s.n - start)));
    }
    const fr_pred *term = fr_pred_many(c->t.arena, ref, lookup, values, count);
    assert_non_null(term);
    return term;
}

static const fr_pred *random_term(cells *c)
{
    uint16_t field = (uint16_t)(FIRST + chance_below(&c->chance, LAST - FIRST + 1));
    bool may_be_like = c->columns[field].affinity == FR_AFFINITY_TEXT;
    return term_of(c, field, field,
                   LOOKUPS[chance_below(&c->chance, may_be_like ? ALL_LOOKUPS : PLAIN_LOOKUPS)],
                   false);
}

static const fr_pred *random_tree(cells *c, int depth)
{
    const fr_pred *parts[3];
    size_t count = chance_below(&c->chance, 4);
    if (!depth || !chance_below(&c->chance, 4))
        return random_term(c);
    if (!chance_below(&c->chance, 4))
        return fr_pred_not(c->t.arena, random_tree(c, depth - 1));
    for (size_t i = 0; i < count; i++)
        parts[i] = random_tree(c, depth - 1);
    return chance_below(&c->chance, 2) ? fr_pred_all(c->t.arena, parts, count)
                                       : fr_pred_any(c->t.arena, parts, count);
}

/* Each pair as often as the others; in the long form a million values. */
static size_t rounds(size_t quick)
{
    const char *times = getenv("FR_EVAL_TIMES");
    return quick * (times ? strtoull(times, NULL, 10) : 1);
}

/* ---- tests ---- */

static void each_lookup_of_each_column_finds_what_the_database_finds(void **state)
{
    (void)state;
    static cells c;
    open_cells(&c);
    size_t asked = 0;
    for (size_t round = 0; round < rounds(4); round++)
        for (int field = FIRST; field <= LAST; field++)
            for (size_t i = 0; i < ALL_LOOKUPS; i++, asked++) {
                const fr_pred *term =
                    term_of(&c, (uint16_t)field, (uint16_t)field, LOOKUPS[i], false);
                fr_query query = {.model = &eval_cell_model, .where = term};
                bool is_like = fr_lookup_row_of(LOOKUPS[i])->form == FR_FORM_PATTERN &&
                               term->values[0].type != FR_VALUE_NULL;
                bool is_done = compare(&c, &query);
                assert_false(is_like && is_done && c.columns[field].affinity != FR_AFFINITY_TEXT);
            }
    /* LIKE of columns that may hold numbers, and values whose last digit is not certain: half of the rest is judged. */
    assert_true(c.refused * 2 < asked);
    test_close(&c.t);
}

static void trees_keep_to_the_logic_of_three_values(void **state)
{
    (void)state;
    static cells c;
    open_cells(&c);
    size_t asked = 0;
    for (; asked < rounds(150); asked++) {
        fr_query query = {.model = &eval_cell_model, .where = random_tree(&c, 4)};
        assert_non_null(query.where);
        compare(&c, &query);
    }
    assert_true(c.refused * 2 < asked);
    test_close(&c.t);
}

/* Of moments in two zones: one with summer time. */
static void parts_of_moments_are_the_databases(void **state)
{
    (void)state;
    static cells c;
    static const uint16_t OF[] = {9, 10, 11};
    const fr_zone *zones[] = {NULL, NULL};
    char error[256];
    assert_int_equal(fr_zone_named(FR_STR("Europe/Berlin"), &zones[1], error), FR_OK);
    open_cells(&c);
    for (size_t round = 0; round < rounds(2); round++) {
        fr_zone_use(zones[round % 2]);
        for (size_t i = 0; i < 3; i++)
            for (unsigned part = FR_TRANSFORM_DATE; part <= FR_TRANSFORM_SECOND; part++) {
                fr_transform found;
                const char *name = fr_transform_name((fr_transform)part);
                const fr_field *field = &eval_cell_model.fields[OF[i]];
                if (!fr_transform_find(fr_str_c(name), field->kind, &found))
                    continue;
                fr_ref ref = {
                    .model = &eval_cell_model, .field = OF[i], .transform = (uint8_t)part};
                fr_refs refs;
                uint16_t number;
                fr_refs_init(&refs, &eval_cell_model, c.t.arena);
                assert_int_equal(fr_refs_add(&refs, &ref, &number), FR_OK);
                for (size_t l = 0; l < PLAIN_LOOKUPS; l++) {
                    if (LOOKUPS[l] == FR_LOOKUP_IEXACT)
                        continue;
                    fr_query query = {.model = &eval_cell_model,
                                      .refs = &refs,
                                      .where = term_of(&c, number, OF[i], LOOKUPS[l], true)};
                    compare(&c, &query);
                }
            }
    }
    fr_zone_use(NULL);
    test_close(&c.t);
}

/* ---- what is not made into a program ---- */

static void refuses(cells *c, const fr_refs *refs, const fr_pred *where, const char *why)
{
    const fr_eval *eval;
    char said[FR_EVAL_WHY];
    fr_query query = {.model = &eval_cell_model, .refs = refs, .where = where};
    assert_int_equal(compile(c, &query, &eval, said), FR_EUNSUPPORTED);
    assert_string_equal(said, why);
}

static void what_is_not_proved_is_refused_in_words(void **state)
{
    (void)state;
    static cells c;
    open_cells(&c);
    fr_arena *arena = c.t.arena;
    fr_value text = FR_VALUE_S(FR_STR("a"));
    refuses(&c, NULL, fr_pred_term(arena, 2, FR_LOOKUP_REGEX, text),
            "text__regex: only the database answers it");
    refuses(&c, NULL, fr_pred_term(arena, EXTRA, FR_LOOKUP_HAS_KEY, text),
            "extra__has_key: only the database answers it");
    refuses(&c, NULL, fr_pred_term(arena, 5, FR_LOOKUP_ICONTAINS, text),
            "numeric__icontains: its column may hold numbers");
    refuses(&c, NULL, fr_pred_term(arena, HIDDEN, FR_LOOKUP_EXACT, text),
            "hidden: secret, so its values are in no change");
    refuses(&c, NULL, fr_pred_term(arena, 2, FR_LOOKUP_EXACT, FR_VALUE_R(0.1)),
            "text__exact: the last digit of its value is the database's to say");
    refuses(&c, NULL, fr_pred_later(arena, 2, FR_LOOKUP_EXACT, 0),
            "text__exact: its value is not known yet");
    fr_refs refs;
    fr_ref within = {.model = &eval_cell_model,
                     .field = EXTRA,
                     .transform = FR_TRANSFORM_KEY,
                     .path = FR_STR("$.\"a\"")};
    uint16_t number;
    fr_refs_init(&refs, &eval_cell_model, arena);
    assert_int_equal(fr_refs_add(&refs, &within, &number), FR_OK);
    refuses(&c, &refs, fr_pred_term(arena, number, FR_LOOKUP_EXACT, text),
            "extra: a value within JSON");
    fr_ref hour = {.model = &eval_cell_model, .field = 9, .transform = FR_TRANSFORM_HOUR};
    assert_int_equal(fr_refs_add(&refs, &hour, &number), FR_OK);
    refuses(&c, &refs, fr_pred_term(arena, number, FR_LOOKUP_ICONTAINS, text),
            "moment__hour__icontains: only the database answers it");
    c.columns[2].collation = FR_COLLATION_OTHER;
    refuses(&c, NULL, fr_pred_term(arena, 2, FR_LOOKUP_EXACT, text),
            "text__exact: its column is compared by a collation of another program");
    test_close(&c.t);
}

/* A program is one piece of memory: it works where it is copied to. */
static void a_program_may_be_copied(void **state)
{
    (void)state;
    static cells c;
    open_cells(&c);
    const fr_eval *eval;
    char why[FR_EVAL_WHY];
    fr_value values[] = {
        FR_VALUE_S(FR_STR("abc")), FR_VALUE_S(FR_STR("b")), {.type = FR_VALUE_NULL}};
    fr_query query = {.model = &eval_cell_model, .where = fr_pred_in(c.t.arena, 2, values, 3)};
    assert_int_equal(compile(&c, &query, &eval, why), FR_OK);
    void *copy = malloc(fr_eval_bytes(eval));
    assert_non_null(copy);
    memcpy(copy, eval, fr_eval_bytes(eval));
    fr_arena_reset(c.t.arena);
    fr_value row[FIELDS] = {[2] = FR_VALUE_S(FR_STR("abc"))};
    assert_true(fr_eval_holds(copy, row));
    row[2] = FR_VALUE_S(FR_STR("ABC"));
    assert_int_equal(fr_eval_run(copy, row), FR_UNKNOWN);
    assert_false(fr_eval_holds(copy, NULL));
    free(copy);
    test_close(&c.t);
}

/* How the library was built decides it; the database of these tests says which way it is. */
static void a_blob_is_a_text_to_like_where_the_database_says_so(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_value row[FIELDS] = {[2] = {.type = FR_VALUE_BLOB, .as.s = FR_STR("ABC")}};
    fr_query query = {.model = &eval_cell_model,
                      .where =
                          fr_pred_term(arena, 2, FR_LOOKUP_STARTSWITH, FR_VALUE_S(FR_STR("ab")))};
    static const fr_column columns[FIELDS] = {[2] = {FR_AFFINITY_TEXT, FR_COLLATION_BINARY}};
    for (int likes_blobs = 0; likes_blobs < 2; likes_blobs++) {
        const fr_eval *eval;
        char why[FR_EVAL_WHY];
        fr_eval_source source = {.query = &query, .columns = columns, .likes_blobs = likes_blobs};
        assert_int_equal(fr_eval_compile(&source, arena, &eval, why), FR_OK);
        assert_int_equal(fr_eval_run(eval, row), likes_blobs ? FR_TRUE : FR_FALSE);
    }
    fr_arena_free(arena);
}

static void a_query_without_a_predicate_holds_for_all(void **state)
{
    (void)state;
    const fr_eval *eval;
    char why[FR_EVAL_WHY];
    fr_arena *arena = fr_arena_new(0);
    fr_query query = {.model = &eval_cell_model};
    fr_value row[FIELDS] = {{0}};
    assert_int_equal(fr_eval_compile(&(fr_eval_source){.query = &query}, arena, &eval, why), FR_OK);
    assert_true(fr_eval_holds(eval, row));
    fr_arena_free(arena);
}

FR_TESTS(eval, FR_TEST(each_lookup_of_each_column_finds_what_the_database_finds),
         FR_TEST(trees_keep_to_the_logic_of_three_values),
         FR_TEST(parts_of_moments_are_the_databases),
         FR_TEST(what_is_not_proved_is_refused_in_words), FR_TEST(a_program_may_be_copied),
         FR_TEST(a_blob_is_a_text_to_like_where_the_database_says_so),
         FR_TEST(a_query_without_a_predicate_holds_for_all))

/* How columns compare: in C as in SQLite, for each affinity and collation. */
#include "db_test.h"
#include "model/column.h"

FR_MODEL(cell,
    (ID,   id),
    (TEXT, c, .null = true));

static const fr_model *const models[] = {&cell_model, NULL};

/* What people and programs put into columns: numbers of all spellings, texts that differ only where collations do. */
static const char *const literals[] = {"NULL",
                                       "0",
                                       "7",
                                       "-7",
                                       "7.0",
                                       "7.5",
                                       "-0.0",
                                       "1e20",
                                       "9007199254740993",
                                       "9007199254740992.0",
                                       "9223372036854775807",
                                       "-9223372036854775808",
                                       "9223372036854775808.0",
                                       "''",
                                       "'7'",
                                       "'007'",
                                       "' 7'",
                                       "'7.0'",
                                       "'7e0'",
                                       "'abc'",
                                       "'ABC'",
                                       "'aBc '",
                                       "'abc  '",
                                       "'ab'",
                                       "'abcd'",
                                       "'\xc3\xa9'",
                                       "'\xc3\x89'",
                                       "'['",
                                       "'Z'",
                                       "'a'",
                                       "'_'",
                                       "' '",
                                       "x''",
                                       "x'616263'",
                                       "x'00'",
                                       "CAST(x'61620063' AS TEXT)",
                                       "CAST(x'4142006363' AS TEXT)",
                                       "CAST(x'4142006464' AS TEXT)",
                                       "CAST(x'610020' AS TEXT)"};
enum { LITERALS = sizeof literals / sizeof *literals };

typedef struct cells {
    fr_value at[LITERALS];
    size_t count;
    fr_arena *arena;
} cells;

static fr_err keep(void *arg, const fr_value *values)
{
    cells *all = arg;
    assert_true(fr_value_dup(all->arena, values[1], &all->at[all->count++]));
    return FR_OK;
}

static void open_with(fr_test_db *t, const char *type)
{
    char sql[160];
    test_folder(t);
    snprintf(sql, sizeof sql, "CREATE TABLE cell(id INTEGER PRIMARY KEY, c %s)", type);
    test_stranger(t, sql);
    test_open(t, NULL, models, NULL);
    for (size_t i = 0; i < LITERALS; i++) {
        snprintf(sql, sizeof sql, "INSERT INTO cell(c) VALUES(%s)", literals[i]);
        assert_int_equal(fr_db_exec_for_test(&t->ctx, sql, false), FR_OK);
    }
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static bool are_same_bytes(fr_column column, fr_value a, fr_value b)
{
    fr_buf one, other;
    fr_buf_init(&one);
    fr_buf_init(&other);
    fr_column_put(column, a, &one);
    fr_column_put(column, b, &other);
    bool are_same = fr_str_eq(fr_buf_str(&one), fr_buf_str(&other));
    fr_buf_deinit(&one);
    fr_buf_deinit(&other);
    return are_same;
}

/* Each pair of rows, by their ids: what SQLite says of x.c and y.c. */
static void compare(fr_test_db *t, const char *type, fr_column column, const cells *all)
{
    sqlite3 *h;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open_v2(t->url + 7, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(h,
                                        "SELECT x.id - 1, y.id - 1, (x.c > y.c) - (x.c < y.c)"
                                        " FROM cell AS x, cell AS y"
                                        " WHERE x.c IS NOT NULL AND y.c IS NOT NULL",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    size_t pairs = 0;
    for (; sqlite3_step(stmt) == SQLITE_ROW; pairs++) {
        int x = sqlite3_column_int(stmt, 0), y = sqlite3_column_int(stmt, 1);
        int expected = sqlite3_column_int(stmt, 2);
        if (sign(fr_column_cmp(column, all->at[x], all->at[y])) != expected ||
            are_same_bytes(column, all->at[x], all->at[y]) != (expected == 0))
            fail_msg("%s: %s against %s is not %d", type, literals[x], literals[y], expected);
    }
    assert_int_equal(pairs, (LITERALS - 1) * (LITERALS - 1));
    sqlite3_finalize(stmt);
    sqlite3_close(h);
}

static void columns_compare_as_in_sqlite(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        fr_affinity affinity;
        fr_collation collation;
    } cases[] = {{"", FR_AFFINITY_BLOB, FR_COLLATION_BINARY},
                 {"blob", FR_AFFINITY_BLOB, FR_COLLATION_BINARY},
                 {"text", FR_AFFINITY_TEXT, FR_COLLATION_BINARY},
                 {"varchar(20) COLLATE NOCASE", FR_AFFINITY_TEXT, FR_COLLATION_NOCASE},
                 {"clob COLLATE rtrim", FR_AFFINITY_TEXT, FR_COLLATION_RTRIM},
                 {"decimal(9, 2)", FR_AFFINITY_NUMERIC, FR_COLLATION_BINARY},
                 {"bool COLLATE NOCASE", FR_AFFINITY_NUMERIC, FR_COLLATION_NOCASE},
                 {"any", FR_AFFINITY_NUMERIC, FR_COLLATION_BINARY},
                 {"integer unsigned", FR_AFFINITY_INTEGER, FR_COLLATION_BINARY},
                 {"floating point", FR_AFFINITY_INTEGER, FR_COLLATION_BINARY},
                 {"double precision", FR_AFFINITY_REAL, FR_COLLATION_BINARY}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fr_test_db t;
        cells all = {0};
        open_with(&t, cases[i].type);
        fr_column column = fr_db_column(t.db, &cell_model, 1);
        assert_int_equal(column.affinity, cases[i].affinity);
        assert_int_equal(column.collation, cases[i].collation);
        fr_query q = {.model = &cell_model};
        all.arena = t.arena;
        assert_int_equal(fr_db_select(&t.ctx, &q, &(fr_reader_sink){NULL, keep, &all}, NULL),
                         FR_OK);
        assert_int_equal(all.count, LITERALS);
        compare(&t, cases[i].type, column, &all);
        test_close(&t);
    }
}

static void a_strict_table_has_a_type_for_anything(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_stranger(&t, "CREATE TABLE cell(id INTEGER PRIMARY KEY, c ANY) STRICT");
    test_open(&t, NULL, models, NULL);
    assert_int_equal(fr_db_column(t.db, &cell_model, 1).affinity, FR_AFFINITY_BLOB);
    test_close(&t);
}

FR_TESTS(column, FR_TEST(columns_compare_as_in_sqlite),
         FR_TEST(a_strict_table_has_a_type_for_anything))

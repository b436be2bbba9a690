/* Pages in descending order of an indexed field: whatever way they are read, they are in the exact order. */
#include "db/sqlite/page.h"
#include "db/sqlite/sql.h"
#include "db_test.h"

FR_MODEL(ranked,
    (ID,      id),
    (TEXT,    rank, .index = true, .null = true),
    (INTEGER, other));

static const fr_model *const models[] = {&ranked_model, NULL};

enum { ROWS = 60 };

typedef struct got {
    int64_t ids[ROWS];
    size_t count, begins;
} got;

static void begin(void *arg)
{
    got *g = arg;
    g->count = 0;
    g->begins++;
}

static fr_err row(void *arg, const fr_value *values)
{
    got *g = arg;
    g->ids[g->count++] = values[0].as.i;
    return FR_OK;
}

static void fill(fr_test_db *t, const char *rank)
{
    char sql[400];
    snprintf(sql, sizeof sql,
             "DELETE FROM ranked; INSERT INTO ranked(id, rank, other) WITH RECURSIVE n(i) AS "
             "(SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %d)"
             " SELECT i, %s, i %% 3 FROM n",
             ROWS, rank);
    assert_int_equal(fr_db_exec_for_test(&t->ctx, sql, false), FR_OK);
}

static void forget_ties(fr_test_db *t)
{
    fr_sqlite *conn = (fr_sqlite *)fr_sqlite_db_of(t->db)->idle_readers; /* its first member */
    for (fr_stmt *stmt = conn ? conn->newest : NULL; stmt; stmt = stmt->older)
        stmt->tied = 0;
}

/* All pages of every size against one sorted by another way: no index can serve +rank. */
static void compare(fr_test_db *t)
{
    int64_t exact[ROWS];
    sqlite3 *h;
    sqlite3_stmt *stmt;
    size_t n = 0;
    assert_int_equal(sqlite3_open_v2(t->url + 7, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(h, "SELECT id FROM ranked ORDER BY +rank DESC, id", -1, &stmt, NULL),
        SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        exact[n++] = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(h);
    assert_int_equal(n, ROWS);
    for (int64_t limit = 0; limit < ROWS + 2; limit += limit < 5 ? 1 : 9)
        for (int64_t offset = 0; offset < ROWS + 2; offset++) {
            got g = {0};
            fr_query q = {.model = &ranked_model, .limit = limit, .offset = offset};
            forget_ties(t);
            assert_int_equal(fr_query_order(&q, FR_STR("-rank")), FR_OK);
            assert_int_equal(fr_db_select(&t->ctx, &q, &(fr_reader_sink){begin, row, &g}, NULL),
                             FR_OK);
            size_t expected = offset >= ROWS ? 0 : (size_t)(ROWS - offset);
            if (limit && expected > (size_t)limit)
                expected = (size_t)limit;
            assert_int_equal(g.count, expected);
            for (size_t i = 0; i < g.count; i++)
                if (g.ids[i] != exact[(size_t)offset + i])
                    fail_msg("limit %lld offset %lld row %zu", (long long)limit, (long long)offset,
                             i);
        }
}

static void every_page_is_in_the_exact_order(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, models, NULL);
    static const char *const ranks[] = {"printf('%03d', i * 7 % 60)",
                                        "printf('%03d', i / 2)",
                                        "i % 5",
                                        "NULL",
                                        "CASE WHEN i % 9 THEN printf('%03d', i) END",
                                        "printf('%.*c%03d', 200, 'x', i)",
                                        "printf('%03d', i / 30)"};
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        fill(&t, ranks[i]);
        compare(&t);
        test_shut(&t); /* a new connection has no memory of ties */
        test_open(&t, NULL, models, NULL);
    }
    test_close(&t);
}

/* Equal is what the column takes for equal: of `r1` and `R1` the row with the lower key comes first, both ways. */
static void pages_over_a_column_that_folds_letters_are_in_the_exact_order(void **state)
{
    (void)state;
    static const struct {
        const char *collation, *rank;
    } cases[] = {{"NOCASE", "CASE WHEN i % 2 THEN 'r' ELSE 'R' END || i % 15"},
                 {"RTRIM", "printf('%d%.*c', i % 20, i % 3, ' ')"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fr_test_db t;
        char sql[256];
        test_folder(&t);
        snprintf(sql, sizeof sql,
                 "CREATE TABLE ranked(id INTEGER PRIMARY KEY, rank TEXT COLLATE %s, other INT);"
                 "CREATE INDEX by_rank ON ranked(rank)",
                 cases[i].collation);
        test_stranger(&t, sql);
        test_open(&t, NULL, models, NULL);
        fill(&t, cases[i].rank);
        compare(&t);
        test_close(&t);
    }
}

static void a_page_without_ties_is_read_once(void **state)
{
    (void)state;
    fr_test_db t;
    got g = {0};
    fr_query q = {.model = &ranked_model, .limit = 5, .offset = 5};
    test_folder(&t);
    test_open(&t, NULL, models, NULL);
    fill(&t, "printf('%03d', i)");
    assert_int_equal(fr_query_order(&q, FR_STR("-rank")), FR_OK);
    assert_int_equal(fr_db_select(&t.ctx, &q, &(fr_reader_sink){begin, row, &g}, NULL), FR_OK);
    assert_int_equal(g.begins, 1);
    fill(&t, "'same'");
    g.begins = 0;
    assert_int_equal(fr_db_select(&t.ctx, &q, &(fr_reader_sink){begin, row, &g}, NULL), FR_OK);
    assert_int_equal(g.begins, 2);
    assert_int_equal(fr_db_select(&t.ctx, &q, &(fr_reader_sink){begin, row, &g}, NULL), FR_OK);
    assert_int_equal(g.begins, 3); /* the shape is remembered */
    test_close(&t);
}

static void other_orders_are_left_alone(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, models, NULL);
    static const struct {
        const char *ordering;
        bool is_mirrored;
    } cases[] = {{"-rank", true},   {"rank", false},        {"-id", false},
                 {"-other", false}, {"-rank,other", false}, {"-rank,-id", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fr_query q = {.model = &ranked_model}, mirror;
        fr_read read = {.table = &t.db->tables[0], .query = &q};
        assert_int_equal(fr_query_order(&q, fr_str_c(cases[i].ordering)), FR_OK);
        assert_int_equal(fr_page_mirror(&read, &mirror), cases[i].is_mirrored);
    }
    test_close(&t);
}

FR_MODEL_OPTS(graded, (.indexes = FR_INDEXES({.fields = "-rank"})),
    (ID,      id),
    (TEXT,    rank),
    (INTEGER, other));

/* An index in the direction of the ordering has its keys ascending: nothing is to be sorted, and nothing looked at twice. */
static void an_index_in_the_direction_of_the_ordering_serves_it_whole(void **state)
{
    (void)state;
    static const fr_model *const graded_models[] = {&graded_model, NULL};
    fr_test_db t;
    sqlite3 *h;
    sqlite3_stmt *stmt;
    test_folder(&t);
    test_open(&t, NULL, graded_models, NULL);
    fr_query q = {.model = &graded_model, .limit = 5}, mirror;
    fr_read read = {.table = &t.db->tables[0], .query = &q};
    assert_int_equal(fr_query_order(&q, FR_STR("-rank")), FR_OK);
    assert_false(fr_page_mirror(&read, &mirror));
    fr_buf sql;
    fr_buf_init(&sql);
    fr_buf_lit(&sql, "EXPLAIN QUERY PLAN ");
    assert_int_equal(fr_sql_query(&sql, FR_SQL_SELECT, read.table, &q), SQLITE_OK);
    fr_str text = fr_buf_str(&sql);
    assert_int_equal(sqlite3_open_v2(t.url + 7, &h, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(h, text.p, (int)text.n, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    const char *how = (const char *)sqlite3_column_text(stmt, 3);
    assert_non_null(strstr(how, "USING INDEX"));
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    sqlite3_close(h);
    fr_buf_deinit(&sql);
    test_close(&t);
}

FR_TESTS(page, FR_TEST(every_page_is_in_the_exact_order),
         FR_TEST(pages_over_a_column_that_folds_letters_are_in_the_exact_order),
         FR_TEST(a_page_without_ties_is_read_once), FR_TEST(other_orders_are_left_alone),
         FR_TEST(an_index_in_the_direction_of_the_ordering_serves_it_whole))

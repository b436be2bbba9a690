/* Queries over relations: joins, EXISTS, transforms, every lookup, on a database. */
#include "db_test.h"

#include "base/alloc.h"
#include "base/str.h"
#include "base/zone.h"
#include "model/pred.h"

FR_MODEL_OPTS(crew, (.ordering = "name"), (ID, id), (CHAR, name, .max_length = 10));
FR_MODEL(person, (ID, id), (CHAR, name, .max_length = 10),
         (FOREIGN_KEY(crew), crew, .null = true, .related = "people",
          .on_delete = FR_CASCADE));
FR_MODEL(tag, (ID, id), (CHAR, slug, .max_length = 10));
FR_MODEL(job, (ID, id), (CHAR, title, .max_length = 40),
         (FOREIGN_KEY(person), owner, .null = true, .related = "tasks"),
         (FOREIGN_KEY(person), lead, .related = "led"), (DATETIME, due, .null = true),
         (DATE, day, .null = true), (TIME, clock, .null = true), (JSON, extra, .null = true),
         (INTEGER, weight, .default_ = "0", .index = true),
         (MANY_TO_MANY(tag), tags, .related = "jobs"));
FR_MODEL(tagging, (ID, id), (FOREIGN_KEY(job), job, .related = "taggings"),
         (FOREIGN_KEY(tag), tag, .related = "taggings", .null = true));

static fr_test_db t;
static fr_refs refs;

static const char ROWS[] =
    "INSERT INTO crew VALUES (1,'red'),(2,'blue');"
    "INSERT INTO person VALUES (1,'ann',1),(2,'bob',2),(3,'cid',NULL);"
    "INSERT INTO job VALUES"
    "(1,'Alpha',1,2,'2024-01-01 00:00:00','2024-12-30','10:20:30','{\"a\": {\"b\": [1, 2]}, \"s\": "
    "\"x\"}',3),"
    "(2,'beta%',2,1,'2023-12-31 23:59:59.999999','2023-01-01',NULL,'{\"a\": true, \"n\": null}',2),"
    "(3,'gamma_1',NULL,3,'2024-07-14 12:30:45','2024-07-14','23:59:59.5','[1, {\"k\": 5}]',1),"
    "(4,'delta',3,3,NULL,NULL,NULL,NULL,0);"
    "INSERT INTO tag VALUES (1,'bug'),(2,'new');"
    "INSERT INTO job_tags(job_id, tag_id) VALUES (1,1),(1,2),(2,1);"
    "INSERT INTO tagging VALUES (1,1,1),(2,1,2),(3,2,1),(4,3,NULL);";

static void begin(void)
{
    static const fr_model *const models[] = {&crew_model, &person_model,  &job_model,
                                             &tag_model,  &tagging_model, NULL};
    test_folder(&t);
    test_open(&t, NULL, models, NULL);
    assert_int_equal(fr_db_exec_for_test(&t.ctx, ROWS, false), FR_OK);
    fr_refs_init(&refs, &job_model, t.arena);
}

static void finish(void)
{
    test_close(&t);
}

static uint16_t number_of(const char *path)
{
    char error[256];
    fr_ref ref;
    uint16_t number = 0;
    if (fr_ref_parse_source(&job_model, fr_str_c(path), t.arena, &ref, error) != FR_OK &&
        fr_ref_parse(&job_model, fr_str_c(path), t.arena, &ref, error) != FR_OK)
        fail_msg("%s: %s", path, error);
    assert_int_equal(fr_refs_add(&refs, &ref, &number), FR_OK);
    return number;
}

static const fr_pred *many(const char *text, const fr_value *values, size_t count)
{
    char error[256];
    fr_ref ref = {0};
    fr_lookup lookup = FR_LOOKUP_EXACT;
    uint16_t number = 0;
    if (fr_term_parse(&job_model, fr_str_c(text), t.arena, &ref, &lookup, error) != FR_OK)
        fail_msg("%s: %s", text, error);
    assert_int_equal(fr_refs_add(&refs, &ref, &number), FR_OK);
    return fr_pred_many(t.arena, number, lookup, values, count);
}

static const fr_pred *term(const char *text, fr_value value)
{
    return many(text, &value, 1);
}

#define S(text) FR_VALUE_S(FR_STR(text))

static fr_query query_of(const fr_pred *where)
{
    return (fr_query){.model = &job_model, .refs = &refs, .where = where};
}

typedef struct seen {
    char keys[64];
    char extra[256];
    uint16_t extra_count;
} seen;

static void forget(void *arg)
{
    *((seen *)arg)->keys = *((seen *)arg)->extra = 0;
}

static fr_err see(void *arg, const fr_value *values)
{
    seen *s = arg;
    size_t n = strlen(s->keys);
    snprintf(s->keys + n, sizeof s->keys - n, "%s%lld", n ? "," : "", (long long)values[0].as.i);
    for (uint16_t i = 0; i < s->extra_count; i++) {
        fr_value v = values[job_field_count + i];
        n = strlen(s->extra);
        if (v.type == FR_VALUE_TEXT)
            snprintf(s->extra + n, sizeof s->extra - n, "%.*s ", FR_FMT(v.as.s));
        else if (v.type == FR_VALUE_NULL)
            snprintf(s->extra + n, sizeof s->extra - n, "- ");
        else
            snprintf(s->extra + n, sizeof s->extra - n, "%lld ", (long long)v.as.i);
    }
    return FR_OK;
}

static seen rows_of(const fr_query *query)
{
    seen s = {.extra_count = query->extra_count};
    int64_t count = 0;
    bool any = false;
    fr_reader_sink sink = {.begin = forget, .row = see, .arg = &s};
    fr_err err = fr_db_select(&t.ctx, query, &sink, NULL);
    if (err != FR_OK)
        fail_msg("%.*s", FR_FMT(t.ctx.detail));
    assert_int_equal(fr_db_count(&t.ctx, query, &count), FR_OK);
    assert_int_equal(fr_db_any(&t.ctx, query, &any), FR_OK);
    if (!query->limit) {
        size_t keys = *s.keys ? 1 : 0;
        for (const char *p = s.keys; *p; p++)
            keys += *p == ',';
        assert_int_equal(count, keys);
        assert_int_equal(any, keys > 0);
    }
    return s;
}

#define finds(pred, expected)                                                                      \
    do {                                                                                           \
        fr_query q_ = query_of(pred);                                                              \
        seen s_ = rows_of(&q_);                                                                    \
        if (strcmp(s_.keys, expected) != 0)                                                        \
            fail_msg("found %s, expected %s", s_.keys, expected);                                  \
    } while (0)

static void text_is(fr_sql_kind kind, const fr_query *query, const char *expected)
{
    fr_buf out;
    fr_buf_init(&out);
    assert_int_equal(fr_sql_query(&out, kind, fr_db_table(t.db, &job_model), query), SQLITE_OK);
    fr_buf_put_char(&out, 0);
    assert_string_equal(out.p, expected);
    fr_buf_deinit(&out);
}

static void equal_paths_share_a_join_which_is_outer_where_a_row_may_miss(void **state)
{
    (void)state;
    begin();
    uint16_t extra[] = {number_of("owner.name"), number_of("owner.crew.name"),
                        number_of("lead.name")};
    fr_query q = query_of(NULL);
    q.extra = extra;
    q.extra_count = 3;
    seen s = rows_of(&q);
    assert_string_equal(s.keys, "1,2,3,4");
    assert_string_equal(s.extra, "ann red bob bob blue ann - - cid cid - cid ");
    q.orders[0] = (fr_order){extra[1], true};
    q.order_count = 1;
    text_is(FR_SQL_SELECT, &q,
            "SELECT t0.\"id\",t0.\"title\",t0.\"owner_id\",t0.\"lead_id\",t0.\"due\",t0.\"day\","
            "t0.\"clock\",t0.\"extra\",t0.\"weight\",NULL,t1.\"name\",t2.\"name\",t3.\"name\""
            " FROM \"job\" AS t0"
            " LEFT OUTER JOIN \"person\" AS t1 ON t1.\"id\" = t0.\"owner_id\""
            " LEFT OUTER JOIN \"crew\" AS t2 ON t2.\"id\" = t1.\"crew_id\""
            " INNER JOIN \"person\" AS t3 ON t3.\"id\" = t0.\"lead_id\""
            " ORDER BY t2.\"name\" DESC,t0.\"id\"");
    s = rows_of(&q);
    assert_string_equal(s.keys, "1,2,3,4");
    text_is(FR_SQL_COUNT, &q, "SELECT COUNT(*) FROM \"job\"");
    finish();
}

static void a_join_is_inner_where_the_predicate_asks_for_its_row(void **state)
{
    (void)state;
    begin();
    fr_query q = query_of(term("owner__name", S("ann")));
    text_is(FR_SQL_COUNT, &q,
            "SELECT COUNT(*) FROM \"job\" AS t0 INNER JOIN \"person\" AS t1 ON t1.\"id\" = "
            "t0.\"owner_id\" WHERE t1.\"name\" = ?");
    q = query_of(term("owner__name__isnull", FR_VALUE_I(1)));
    text_is(FR_SQL_COUNT, &q,
            "SELECT COUNT(*) FROM \"job\" AS t0 LEFT OUTER JOIN \"person\" AS t1 ON t1.\"id\" = "
            "t0.\"owner_id\" WHERE t1.\"name\" IS NULL");
    const fr_pred *either[] = {term("owner__name", S("ann")), term("title", S("delta"))};
    q = query_of(fr_pred_any(t.arena, either, 2));
    text_is(FR_SQL_COUNT, &q,
            "SELECT COUNT(*) FROM \"job\" AS t0 LEFT OUTER JOIN \"person\" AS t1 ON t1.\"id\" = "
            "t0.\"owner_id\" WHERE (t1.\"name\" = ? OR t0.\"title\" = ?)");
    finds(either[0], "1");
    finds(fr_pred_any(t.arena, either, 2), "1,4");
    finds(fr_pred_not(t.arena, either[0]), "2,4");
    finds(term("owner__name__isnull", FR_VALUE_I(1)), "3");
    finds(term("owner__crew__name__isnull", FR_VALUE_I(1)), "3,4");
    finish();
}

static void a_path_over_many_rows_doubles_none(void **state)
{
    (void)state;
    begin();
    fr_query q = query_of(term("taggings__tag__slug__in", S("bug")));
    text_is(FR_SQL_COUNT, &q,
            "SELECT COUNT(*) FROM \"job\" AS t0 WHERE EXISTS (SELECT 1 FROM \"tagging\" AS t1 "
            "INNER JOIN \"tag\" AS t2 ON t2.\"id\" = t1.\"tag_id\" WHERE t1.\"job_id\" = t0.\"id\" "
            "AND t2.\"slug\" IN (?))");
    const fr_value both[] = {S("bug"), S("new")};
    finds(many("taggings__tag__slug__in", both, 2), "1,2");
    finds(term("taggings__tag", FR_VALUE_I(2)), "1");
    finds(fr_pred_not(t.arena, term("taggings__tag__slug", S("bug"))), "3,4");
    finds(term("taggings__isnull", FR_VALUE_I(1)), "4");
    finds(term("taggings__isnull", FR_VALUE_I(0)), "1,2,3");
    finds(term("taggings__tag__isnull", FR_VALUE_I(1)), "3,4"); /* none at all, or one without */
    finds(term("taggings__tag__slug__isnull", FR_VALUE_I(1)), "3,4");
    finds(term("owner__crew__people__name", S("bob")), "2");
    const fr_pred *two[] = {term("taggings__tag__slug", S("bug")), term("owner__name", S("ann"))};
    finds(fr_pred_all(t.arena, two, 2), "1");
    finish();
}

static void a_many_to_many_field_is_a_path_over_the_table_between(void **state)
{
    (void)state;
    begin();
    fr_query q = query_of(term("tags", FR_VALUE_I(2)));
    text_is(FR_SQL_COUNT, &q,
            "SELECT COUNT(*) FROM \"job\" AS t0 WHERE EXISTS (SELECT 1 FROM \"job_tags\" AS t1 "
            "WHERE t1.\"job_id\" = t0.\"id\" AND t1.\"tag_id\" = ?)");
    finds(term("tags", FR_VALUE_I(2)), "1");
    finds(term("tags__slug", S("bug")), "1,2");
    finds(term("tags__slug__startswith", S("b")), "1,2");
    finds(term("tags__isnull", FR_VALUE_I(1)), "3,4");
    finds(term("tags__jobs__title", S("beta%")), "1,2");
    finds(fr_pred_not(t.arena, term("tags", FR_VALUE_I(2))), "2,3,4");
    uint16_t extra[] = {number_of("tags.count"), number_of("owner.name")};
    q = query_of(NULL);
    q.extra = extra;
    q.extra_count = 2; /* with a join all columns say whose they are, but the field has none */
    assert_string_equal(rows_of(&q).extra, "2 ann 1 bob 0 - 0 cid ");
    finish();
}

static void a_write_looks_whether_its_row_may_be_written(void **state)
{
    (void)state;
    begin();
    fr_value values[job_field_count] = {[job_field_weight] = FR_VALUE_I(9)};
    fr_write write = {.model = &job_model,
                      .op = FR_WRITE_UPDATE,
                      .key = FR_VALUE_I(1),
                      .values = values,
                      .where = term("owner__crew__name", S("red")),
                      .refs = &refs};
    fr_fieldset_add(&write.set, job_field_weight);
    assert_int_equal(fr_db_write(&t.ctx, &write), FR_OK);
    write.key = FR_VALUE_I(2);
    assert_int_equal(fr_db_write(&t.ctx, &write), FR_ENOTFOUND);
    write.op = FR_WRITE_DELETE;
    assert_int_equal(fr_db_write(&t.ctx, &write), FR_ENOTFOUND);
    assert_int_equal(test_number(&t, "SELECT weight FROM job WHERE id = 2"), 2);
    assert_int_equal(test_number(&t, "SELECT weight FROM job WHERE id = 1"), 9);
    write.key = FR_VALUE_I(99);
    assert_int_equal(fr_db_write(&t.ctx, &write), FR_ENOTFOUND);
    write.where = term("title__regex", S("("));
    write.key = FR_VALUE_I(1);
    assert_int_equal(fr_db_write(&t.ctx, &write), FR_EINVAL);
    write.where = term("taggings__isnull", FR_VALUE_I(1));
    write.key = FR_VALUE_I(4);
    assert_int_equal(fr_db_write(&t.ctx, &write), FR_OK);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM job"), 3);
    finish();
}

static void related_rows_are_counted_in_the_same_statement(void **state)
{
    (void)state;
    begin();
    uint16_t extra[] = {number_of("taggings.count"), number_of("owner.tasks.count")};
    fr_query q = query_of(NULL);
    q.extra = extra;
    q.extra_count = 2;
    seen s = rows_of(&q);
    assert_string_equal(s.extra, "2 1 1 1 1 0 0 1 ");
    q.orders[0] = (fr_order){extra[0], true};
    q.order_count = 1;
    s = rows_of(&q);
    assert_string_equal(s.keys, "1,2,3,4");
    q.extra_count = 0;
    q.where = fr_pred_term(t.arena, extra[0], FR_LOOKUP_GTE, FR_VALUE_I(1));
    assert_string_equal(rows_of(&q).keys, "1,2,3");
    finish();
}

static void texts_are_found_as_django_finds_them_on_sqlite(void **state)
{
    (void)state;
    begin();
    finds(term("title__iexact", S("ALPHA")), "1");
    finds(term("title__iexact", S("alph_")), "");
    finds(term("title__contains", S("A_")), "3");
    finds(term("title__contains", S("%")), "2");
    finds(term("title__startswith", S("al")), "1");
    finds(term("title__istartswith", S("DEL")), "4");
    finds(term("title__endswith", S("TA")), "4");
    finds(term("title__iendswith", S("ta%")), "2");
    finds(term("title__regex", S("^[a-z]+_\\d$")), "3");
    finds(term("title__regex", S("lph")), "1");
    finds(term("title__regex", S("ALPH")), "");
    finds(term("title__iregex", S("ALPH|GAM")), "1,3");
    finds(term("weight__icontains", FR_VALUE_I(3)), "1");
    const fr_value range[] = {FR_VALUE_I(1), FR_VALUE_I(2)};
    finds(many("weight__range", range, 2), "2,3");
    finds(many("weight__in", NULL, 0), "");
    finish();
}

static void a_bad_or_costly_regular_expression_is_the_client_s_fault(void **state)
{
    (void)state;
    begin();
    fr_query q = query_of(term("title__regex", S("(")));
    seen s = {.extra_count = 0};
    fr_reader_sink sink = {.begin = forget, .row = see, .arg = &s};
    assert_int_equal(fr_db_select(&t.ctx, &q, &sink, NULL), FR_EINVAL);
    assert_str(t.ctx.detail, "missing closing parenthesis at position 1");
    assert_int_equal(
        fr_db_exec_for_test(&t.ctx,
                            "UPDATE job SET title = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' "
                            "WHERE id = 1",
                            false),
        FR_OK);
    q = query_of(term("title__regex", S("^(a|a)*$")));
    assert_int_equal(fr_db_select(&t.ctx, &q, &sink, NULL), FR_EINVAL);
    assert_str(t.ctx.detail, "the regular expression takes too much");
    finds(term("title__regex", S("^beta")), "2");
    char *letters = fr_arena_zalloc(t.arena, 60000);
    memset(letters, 'x', 60000);
    q = query_of(term("title__icontains", FR_VALUE_S(((fr_str){letters, 60000}))));
    assert_int_equal(fr_db_select(&t.ctx, &q, &sink, NULL), FR_ETOOBIG);
    finish();
}

static void moments_have_parts(void **state)
{
    (void)state;
    begin();
    finds(term("due__year", FR_VALUE_I(2024)), "1,3");
    finds(term("due__year", FR_VALUE_I(2023)), "2");
    finds(term("due__year__gt", FR_VALUE_I(2023)), "1,3");
    finds(term("due__year__gte", FR_VALUE_I(2023)), "1,2,3");
    finds(term("due__year__lt", FR_VALUE_I(2024)), "2");
    finds(term("due__year__lte", FR_VALUE_I(2023)), "2");
    finds(term("due__year__lt", FR_VALUE_I(99999)), "1,2,3");
    finds(term("due__year__gt", FR_VALUE_I(-5)), "1,2,3");
    finds(term("due__year", FR_VALUE_I(99999)), "");
    finds(term("due__year__in", FR_VALUE_I(2024)), "1,3");
    finds(term("day__year", FR_VALUE_I(2024)), "1,3");
    finds(term("day__iso_year", FR_VALUE_I(2025)), "1"); /* 30 December 2024 is a Monday */
    finds(term("day__iso_year", FR_VALUE_I(2022)), "2"); /* 1 January 2023 a Sunday */
    finds(term("day__iso_year__in", FR_VALUE_I(2022)), "2");
    finds(term("day__week", FR_VALUE_I(1)), "1");
    finds(term("day__week", FR_VALUE_I(52)), "2");
    finds(term("day__week_day", FR_VALUE_I(1)), "2,3");
    finds(term("day__iso_week_day", FR_VALUE_I(7)), "2,3");
    finds(term("day__quarter", FR_VALUE_I(3)), "3");
    finds(term("due__month", FR_VALUE_I(12)), "2");
    finds(term("due__day__lt", FR_VALUE_I(15)), "1,3");
    finds(term("due__hour", FR_VALUE_I(12)), "3");
    finds(term("due__minute", FR_VALUE_I(30)), "3");
    finds(term("due__second", FR_VALUE_I(59)), "2");
    finds(term("clock__second", FR_VALUE_I(59)), "3");
    finds(term("clock__hour__in", FR_VALUE_I(10)), "1");
    finds(term("due__date", S("2024-07-14")), "3");
    finds(term("due__date__lt", S("2024-01-01")), "2");
    finds(term("due__time__gte", S("12:30:45")), "2,3");
    finds(term("due__date__isnull", FR_VALUE_I(1)), "4");
    fr_query q = query_of(term("due__year", FR_VALUE_I(2024)));
    text_is(FR_SQL_COUNT, &q, "SELECT COUNT(*) FROM \"job\" WHERE \"due\" BETWEEN ? AND ?");
    finish();
}

static void dates_and_years_are_by_the_clock_of_the_zone_here(void **state)
{
    (void)state;
    char error[256];
    const fr_zone *zone;
    begin();
    finds(term("due__year", FR_VALUE_I(2024)), "1,3");
    assert_int_equal(fr_zone_named(FR_STR("Europe/Berlin"), &zone, error), FR_OK);
    fr_zone_use(zone);
    finds(term("due__year", FR_VALUE_I(2024)), "1,2,3");
    finds(term("due__year__lt", FR_VALUE_I(2024)), "");
    finds(term("due__year__in", FR_VALUE_I(2023)), "");
    finds(term("due__date", S("2024-01-01")), "1,2");
    finds(term("due__hour", FR_VALUE_I(14)), "3"); /* summer */
    finds(term("due__hour", FR_VALUE_I(1)), "1");  /* winter */
    finds(term("due__time__lt", S("01:00:00")), "2");
    finds(term("day__year", FR_VALUE_I(2024)), "1,3"); /* a date has no zone */
    finds(term("clock__hour", FR_VALUE_I(10)), "1");
    assert_int_equal(fr_db_exec_for_test(&t.ctx,
                                         "UPDATE job SET due = '2023-12-31 22:59:59.999999' "
                                         "WHERE id = 1; UPDATE job SET due = "
                                         "'2024-12-31 23:00:00' WHERE id = 2",
                                         false),
                     FR_OK);
    finds(term("due__year", FR_VALUE_I(2024)), "3");
    finds(term("due__year__gt", FR_VALUE_I(2024)), "2");
    finds(term("due__year__lte", FR_VALUE_I(2023)), "1");
    fr_zone_use(NULL);
    finish();
}

static void values_within_json_are_found(void **state)
{
    (void)state;
    begin();
    finds(term("extra__a__b__0", S("1")), "1");
    finds(term("extra__a__b__-1", S("2")), "1");
    finds(term("extra__s", S("\"x\"")), "1");
    finds(term("extra__a", S("true")), "2");
    finds(term("extra__n", S("null")), "2");
    finds(term("extra__n__isnull", FR_VALUE_I(0)), "2");
    finds(term("extra__n__isnull", FR_VALUE_I(1)), "1,3,4");
    finds(term("extra__1__k__gte", S("5")), "3");
    finds(term("extra__1__k__lt", S("5")), "");
    finds(term("extra__a__b", S("[1,2]")), "1");
    finds(term("extra__s__icontains", S("X")), "1");
    finds(term("extra__s__in", S("\"x\"")), "1");
    finds(term("extra__has_key", S("a")), "1,2");
    const fr_value keys[] = {S("a"), S("n")};
    finds(many("extra__has_keys", keys, 2), "2");
    finds(many("extra__has_any_keys", keys, 2), "1,2");
    finds(term("extra__a__has_key", S("b")), "1");
    finds(term("extra__it's", S("1")), ""); /* a quote in a path is quoted */
    finish();
}

static void one_row_of_a_query_is_read_by_its_key(void **state)
{
    (void)state;
    begin();
    seen s = {.extra_count = 1};
    uint16_t extra[] = {number_of("owner.name")};
    fr_reader_sink sink = {.begin = forget, .row = see, .arg = &s};
    fr_query q = query_of(term("taggings__tag__slug", S("bug")));
    q.extra = extra;
    q.extra_count = 1;
    forget(&s);
    assert_int_equal(fr_db_select_one(&t.ctx, &q, FR_VALUE_I(2), &sink, NULL), FR_OK);
    assert_string_equal(s.extra, "bob ");
    assert_int_equal(fr_db_select_one(&t.ctx, &q, FR_VALUE_I(3), &sink, NULL), FR_ENOTFOUND);
    assert_int_equal(fr_db_select_one(&t.ctx, &q, (fr_value){0}, &sink, NULL), FR_ENOTFOUND);
    q = query_of(NULL);
    s.extra_count = 0;
    assert_int_equal(fr_db_select_one(&t.ctx, &q, FR_VALUE_I(3), &sink, NULL), FR_OK);
    assert_string_equal(s.keys, "3");
    finish();
}

static void a_descending_page_carries_extra_columns_and_ties(void **state)
{
    (void)state;
    begin();
    uint16_t extra[] = {number_of("lead.name")};
    fr_query q = query_of(NULL);
    q.extra = extra;
    q.extra_count = 1;
    q.orders[0] = (fr_order){job_field_weight, true};
    q.order_count = 1;
    q.limit = 3;
    seen s = rows_of(&q);
    assert_string_equal(s.keys, "1,2,3");
    assert_string_equal(s.extra, "bob ann cid ");
    assert_int_equal(fr_db_exec_for_test(&t.ctx, "UPDATE job SET weight = 7", false), FR_OK);
    q.offset = 1;
    s = rows_of(&q);
    assert_string_equal(s.keys, "2,3,4");
    finish();
}

static void a_table_that_was_dropped_is_missed_on_the_way_too(void **state)
{
    (void)state;
    begin();
    fr_query q = query_of(term("owner__crew__name", S("red")));
    seen s = {.extra_count = 0};
    fr_reader_sink sink = {.begin = forget, .row = see, .arg = &s};
    atomic_store(&fr_db_table(t.db, &crew_model)->state, FR_TABLE_ABSENT);
    assert_int_equal(fr_db_select(&t.ctx, &q, &sink, NULL), FR_ESCHEMA);
    q = query_of(term("owner__name", S("ann")));
    assert_int_equal(fr_db_select(&t.ctx, &q, &sink, NULL), FR_OK);
    finish();
}

/* A new shape each time, so that its text is made and not found. */
static fr_err filter(size_t n, size_t *count)
{
    fr_rows rows = {0};
    char text[400];
    int length = snprintf(text, sizeof text,
                          "owner__name__in=ann,bob&extra__k%zu__isnull=true&title__iregex=A&"
                          "extra__has_any_keys=a,s&title__icontains=a&due__year__gte=2023&"
                          "tags__slug__startswith=b&ordering=-owner__crew__name,lead__name",
                          n);
    fr_err err = fr_filter(&t.ctx, &job_model, ((fr_str){text, (size_t)length}), &rows);
    *count = rows.count;
    return err;
}

static void every_allocation_of_a_query_over_relations_may_fail(void **state)
{
    (void)state;
    size_t count, n = 1, failures = 0;
    begin();
    for (size_t left = 0; !left; n++) {
        fr_arena_free(t.arena);
        test_ctx(&t);
        fr_test_fail_alloc(n);
        fr_err err = filter(n, &count);
        left = fr_test_fail_alloc(0);
        failures += err == FR_ENOMEM;
        if ((err != FR_OK || count != 2) && err != FR_ENOMEM)
            fail_msg("allocation %zu: %s, %zu rows", n, fr_err_name(err), count);
        assert_true(n < 2000);
    }
    assert_true(failures > 8);
    finish();
}

static unsigned seed = 5;

static unsigned draw(unsigned below)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 16 & 0x7fff) % below;
}

static const fr_pred *random_tree(int depth)
{
    static const struct {
        const char *text;
        fr_value value;
    } TERMS[] = {
        {"owner__name", {FR_VALUE_TEXT, {.s = {"ann", 3}}}},
        {"owner__name__isnull", {FR_VALUE_INT, {.i = 1}}},
        {"owner__crew__name__isnull", {FR_VALUE_INT, {.i = 0}}},
        {"lead__crew__name__lt", {FR_VALUE_TEXT, {.s = {"pink", 4}}}},
        {"taggings__tag__slug", {FR_VALUE_TEXT, {.s = {"bug", 3}}}},
        {"taggings__tag__isnull", {FR_VALUE_INT, {.i = 1}}},
        {"due__year", {FR_VALUE_INT, {.i = 2024}}},
        {"due__lt", {FR_VALUE_TEXT, {.s = {"2024-01-02", 10}}}},
        {"due", {FR_VALUE_NULL, {.i = 0}}},
        {"extra__a", {FR_VALUE_TEXT, {.s = {"true", 4}}}},
        {"weight__in", {FR_VALUE_INT, {.i = 2}}},
        {"clock__hour__gte", {FR_VALUE_INT, {.i = 20}}},
    };
    const fr_pred *parts[3];
    size_t count = draw(4), which = draw(sizeof TERMS / sizeof *TERMS);
    unsigned what = depth > 3 ? 0 : draw(4);
    if (what == 0)
        return term(TERMS[which].text, TERMS[which].value);
    if (what == 1)
        return fr_pred_not(t.arena, random_tree(depth + 1));
    for (size_t i = 0; i < count; i++)
        parts[i] = random_tree(depth + 1);
    return what == 2 ? fr_pred_all(t.arena, parts, count) : fr_pred_any(t.arena, parts, count);
}

/* Joins that are inner or outer by the predicate, NULLs, and the laws of the normal form, all at once. */
static void the_normal_form_finds_the_same_rows(void **state)
{
    (void)state;
    size_t found = 0, hidden = 0;
    begin();
    for (int i = 0; i < 2000; i++) {
        fr_query q = query_of(random_tree(0)), normal = q;
        assert_int_equal(fr_pred_normal(t.arena, &normal), FR_OK);
        seen is = rows_of(&q), should = rows_of(&normal);
        if (strcmp(is.keys, should.keys) != 0)
            fail_msg("tree %d: found %s, in its normal form %s", i, is.keys, should.keys);
        found += *is.keys != 0;
        hidden += strlen(is.keys) < 7;
    }
    assert_true(found > 500 && hidden > 500);
    finish();
}

/* Each part of a tree alone says which rows it finds; what AND and OR make of them is known. */
static void a_tree_finds_what_its_parts_find(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 1000; i++) {
        const fr_pred *parts[] = {random_tree(1), random_tree(1)};
        fr_query a = query_of(parts[0]), b = query_of(parts[1]);
        fr_query both = query_of(fr_pred_all(t.arena, parts, 2)),
                 either = query_of(fr_pred_any(t.arena, parts, 2));
        seen of_a = rows_of(&a), of_b = rows_of(&b), of_both = rows_of(&both),
             of_either = rows_of(&either);
        for (char key = '1'; key <= '4'; key++) {
            bool in_a = strchr(of_a.keys, key), in_b = strchr(of_b.keys, key);
            assert_int_equal(strchr(of_both.keys, key) != NULL, in_a && in_b);
            assert_int_equal(strchr(of_either.keys, key) != NULL, in_a || in_b);
        }
    }
    finish();
}

FR_TESTS(paths, FR_TEST(every_allocation_of_a_query_over_relations_may_fail),
         FR_TEST(the_normal_form_finds_the_same_rows), FR_TEST(a_tree_finds_what_its_parts_find),
         FR_TEST(equal_paths_share_a_join_which_is_outer_where_a_row_may_miss),
         FR_TEST(a_join_is_inner_where_the_predicate_asks_for_its_row),
         FR_TEST(a_path_over_many_rows_doubles_none),
         FR_TEST(a_many_to_many_field_is_a_path_over_the_table_between),
         FR_TEST(a_write_looks_whether_its_row_may_be_written),
         FR_TEST(related_rows_are_counted_in_the_same_statement),
         FR_TEST(texts_are_found_as_django_finds_them_on_sqlite),
         FR_TEST(a_bad_or_costly_regular_expression_is_the_client_s_fault),
         FR_TEST(moments_have_parts), FR_TEST(dates_and_years_are_by_the_clock_of_the_zone_here),
         FR_TEST(values_within_json_are_found), FR_TEST(one_row_of_a_query_is_read_by_its_key),
         FR_TEST(a_descending_page_carries_extra_columns_and_ties),
         FR_TEST(a_table_that_was_dropped_is_missed_on_the_way_too))

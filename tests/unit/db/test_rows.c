#include "db_test.h"

#include <math.h>

#include "base/due.h"
#include "logged.h"

static void a_row_is_created_read_changed_and_deleted(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);

    book b = {0};
    FR_SET(&b, title, FR_STR("Emma"));
    assert_int_equal(fr_create(&t.ctx, &book_model, &b), FR_OK);
    assert_int_equal(b.id, 1);
    assert_true(b.price == 1.0);
    assert_false(b.done);
    assert_true(FR_IS_NULL(&b, author));
    assert_true(b.updated > 0);

    book read = {0};
    assert_int_equal(fr_get(&t.ctx, &book_model, 1, &read), FR_OK);
    assert_str(read.title, "Emma");

    book change = {.id = 1};
    FR_SET(&change, done, true);
    assert_int_equal(fr_update(&t.ctx, &book_model, &change), FR_OK);
    assert_true(change.done);
    assert_str(change.title, "Emma");

    change.updated = 1; /* of a struct that was read whole */
    assert_int_equal(fr_update(&t.ctx, &book_model, &change), FR_OK);
    assert_true(change.updated > 1);

    fr_rows rows;
    assert_int_equal(fr_filter(&t.ctx, &book_model,
                               FR_STR("done=true&title__icontains=MM&ordering=-id&limit=20"),
                               &rows),
                     FR_OK);
    assert_int_equal(rows.count, 1);
    assert_true(fr_rows_next(&rows, &read));
    assert_false(fr_rows_next(&rows, &read));

    assert_int_equal(fr_delete(&t.ctx, &book_model, 1), FR_OK);
    assert_int_equal(fr_delete(&t.ctx, &book_model, 1), FR_ENOTFOUND);
    assert_int_equal(fr_get(&t.ctx, &book_model, 1, &read), FR_ENOTFOUND);
    assert_int_equal(fr_update(&t.ctx, &book_model, &change), FR_ENOTFOUND);
    test_close(&t);
}

static void a_literal_gives_what_it_names(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    book b = {.title = FR_STR("Emma"), .done = true};
    assert_int_equal(fr_create(&t.ctx, &book_model, &b), FR_OK);
    assert_true(b.done);
    assert_true(b.price == 1.0); /* the default, as 0 was not said */
    book empty = {.id = 7};
    assert_int_equal(fr_create_unchecked(&t.ctx, &book_model, &empty), FR_OK);
    assert_int_equal(empty.id, 7);
    assert_str(empty.title, "");
    b.price = 2.5;
    assert_int_equal(fr_update(&t.ctx, &book_model, &b),
                     FR_OK); /* read from the database: all its fields are set */
    assert_int_equal(fr_get(&t.ctx, &book_model, b.id, &b), FR_OK);
    assert_true(b.price == 2.5);
    test_close(&t);
}

/* Like an author, but for its name. */
FR_MODEL(twin,
    (ID,   id),
    (CHAR, name, .max_length = 50));

static size_t count_rows(fr_test_db *t)
{
    fr_rows rows;
    assert_int_equal(fr_all(&t->ctx, &book_model, &rows), FR_OK);
    return rows.count;
}

static fr_str repeated(fr_test_db *t, char c, size_t n)
{
    char *text = fr_arena_alloc(t->arena, n);
    memset(text, c, n);
    return (fr_str){text, n};
}

static void writes_from_c_are_checked_as_the_serializer_does(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    book b = {.title = repeated(&t, 'x', 150)}, fine = {.title = FR_STR("Emma")};
    assert_int_equal(fr_create(&t.ctx, &book_model, &b), FR_EINVAL);
    assert_str(t.ctx.detail, "title: Ensure this field has no more than 100 characters.");
    b = (book){.title = FR_STR(" "), .price = (double)NAN};
    assert_int_equal(fr_create(&t.ctx, &book_model, &b), FR_EINVAL);
    assert_str(t.ctx.detail,
               "title: This field may not be blank. price: A valid number is required.");
    b = (book){.title = FR_STR("\xff")};
    assert_int_equal(fr_create(&t.ctx, &book_model, &b), FR_EINVAL);
    assert_str(t.ctx.detail, "title: Not a valid string.");
    FR_SET_NULL(&b, title);
    assert_int_equal(fr_create(&t.ctx, &book_model, &b), FR_EINVAL);
    assert_str(t.ctx.detail, "title: This field may not be null.");
    assert_int_equal(count_rows(&t), 0);

    assert_int_equal(fr_create(&t.ctx, &book_model, &fine), FR_OK);
    fine.row.set = 0;
    FR_SET(&fine, title, repeated(&t, 'y', 101));
    assert_int_equal(fr_update(&t.ctx, &book_model, &fine), FR_EINVAL);
    assert_str(t.ctx.detail, "title: Ensure this field has no more than 100 characters.");
    assert_int_equal(fr_update_unchecked(&t.ctx, &book_model, &fine), FR_OK);
    fine.row.set = 0; /* what is there is not judged, only what is written */
    FR_SET(&fine, price, 2);
    assert_int_equal(fr_update(&t.ctx, &book_model, &fine), FR_OK);
    test_close(&t);
}

static void a_struct_of_another_model_is_told(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    author jane = {.name = FR_STR("Jane")};
    fr_rows rows;
    assert_int_equal(fr_create(&t.ctx, &book_model, &jane), FR_EINTERNAL);
    assert_str(t.ctx.detail, "fr_create: the struct is one of model author, not of book.");
    assert_int_equal(fr_update(&t.ctx, &book_model, &jane), FR_EINTERNAL);
    assert_str(t.ctx.detail, "fr_update: the struct is one of model author, not of book.");
    assert_int_equal(fr_get(&t.ctx, &book_model, 1, &jane), FR_EINTERNAL);
    assert_str(t.ctx.detail, "fr_get: the struct is one of model author, not of book.");
    twin same = {.name = FR_STR("as large as an author")};
    assert_int_equal(sizeof same, sizeof jane);
    assert_int_equal(fr_create(&t.ctx, &author_model, &same), FR_EINTERNAL);
    assert_str(t.ctx.detail,
               "fr_create: the struct has 40 bytes and is none of model author, which has 40.");
    assert_int_equal(fr_create(&t.ctx, &author_model, &jane), FR_OK);
    assert_int_equal(fr_all(&t.ctx, &author_model, &rows), FR_OK);
    book b;
    log_begin();
    fr_log_due_reset();
    assert_false(fr_rows_next(&rows, &b));
    assert_int_equal(log_count("ERROR rows.struct model=author"), 1);
    log_end();
    assert_true(fr_rows_next(&rows, &jane));
    test_close(&t);
}

static size_t count_of(fr_test_db *t, const char *filter)
{
    fr_rows rows;
    fr_err err = fr_filter(&t->ctx, &book_model, fr_str_c(filter), &rows);
    if (err != FR_OK)
        fail_msg("%s: %.*s", filter, FR_FMT(t->ctx.detail));
    int64_t count;
    bool exists;
    assert_int_equal(fr_count(&t->ctx, &book_model, fr_str_c(filter), &count), FR_OK);
    assert_int_equal(fr_exists(&t->ctx, &book_model, fr_str_c(filter), &exists), FR_OK);
    if (!strstr(filter, "limit=") && !strstr(filter, "offset="))
        assert_int_equal(count, rows.count);
    assert_true(count >= (int64_t)rows.count);
    assert_int_equal(exists, count > 0);
    return rows.count;
}

static const char *refusal_of(fr_test_db *t, const char *filter, fr_err expected)
{
    fr_rows rows;
    int64_t count;
    bool exists;
    assert_int_equal(fr_count(&t->ctx, &book_model, fr_str_c(filter), &count), expected);
    assert_int_equal(fr_exists(&t->ctx, &book_model, fr_str_c(filter), &exists), expected);
    assert_int_equal(fr_filter(&t->ctx, &book_model, fr_str_c(filter), &rows), expected);
    return fr_arena_printf(t->arena, "%.*s", FR_FMT(t->ctx.detail)).p;
}

/* 500, and a line in the log: the client has not written the filter. */
static void a_filter_that_names_what_is_not_there_is_the_programs_fault(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    assert_string_equal(refusal_of(&t, "titel=red", FR_EINTERNAL),
                        "fr_filter: book has no field titel; did you mean title?");
    assert_string_equal(refusal_of(&t, "manufacturer=red", FR_EINTERNAL),
                        "fr_filter: book has no field manufacturer.");
    assert_string_equal(refusal_of(&t, "title__contain=red", FR_EINTERNAL),
                        "fr_filter: contain is no lookup; did you mean contains?");
    assert_string_equal(refusal_of(&t, "ordering=manufacturer", FR_EINTERNAL),
                        "fr_filter: book cannot be ordered by manufacturer.");
    test_close(&t);
}

static void filters_are_those_of_the_url(void **state)
{
    (void)state;
    fr_test_db t;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    assert_int_equal(fr_db_exec_for_test(
                         &t.ctx,
                         "INSERT INTO author VALUES(1, 'Jane'), (2, 'Ann');"
                         "INSERT INTO book VALUES(1, 'Emma', 1, 3, 0, NULL, '2024-01-01 10:00:00'),"
                         " (2, '100% _a\\b', 2, 2.5, 1, NULL, '2024-02-01 10:00:00'), (3, 'emma "
                         "II', NULL, 9, 1, 'n', '2024-03-01 10:00:00')",
                         false),
                     FR_OK);
    assert_int_equal(count_of(&t, ""), 3);
    assert_int_equal(count_of(&t, "done=true"), 2);
    assert_int_equal(count_of(&t, "title=Emma"), 1);
    assert_int_equal(count_of(&t, "title__contains=emma"), 2); /* SQLite's LIKE folds */
    assert_int_equal(count_of(&t, "title__istartswith=EMMA"), 2);
    assert_int_equal(count_of(&t, "title__contains=0%25+_a%5Cb"), 1); /* taken literally */
    assert_int_equal(count_of(&t, "title__contains=%25"), 1);
    assert_int_equal(count_of(&t, "author=1"), 1);
    assert_int_equal(count_of(&t, "author_id__in=1,2,7"), 2);
    assert_int_equal(count_of(&t, "author__isnull=true"), 1);
    assert_int_equal(count_of(&t, "price__gte=3&price__lt=9"), 1);
    assert_int_equal(count_of(&t, "updated__gt=2024-01-15T00:00:00Z"), 2);
    assert_int_equal(count_of(&t, "pk__lte=2&done=1"), 1);
    assert_int_equal(count_of(&t, "author__name=Jane"), 1);
    assert_int_equal(count_of(&t, "author__name__iendswith=N"), 1);
    assert_int_equal(count_of(&t, "updated__month=2"), 1);
    assert_int_equal(count_of(&t, "updated__date=2024-03-01&author__isnull=1"), 1);
    assert_int_equal(count_of(&t, "updated__year__range=2024,2025"), 3);
    assert_int_equal(count_of(&t, "title__regex=%5EE"), 1);
    assert_int_equal(count_of(&t, "price__range=2,3"), 2);
    assert_string_equal(refusal_of(&t, "price__range=2", FR_EINVAL),
                        "price__range has two values, parted by a comma.");
    assert_string_equal(refusal_of(&t, "title__regex=(", FR_EINVAL),
                        "The value of title__regex is not valid: missing closing parenthesis at "
                        "position 1.");
    assert_int_equal(count_of(&t, "limit=2"), 2);
    assert_int_equal(count_of(&t, "offset=2"), 1);
    assert_string_equal(refusal_of(&t, "id=x", FR_EINVAL), "The value of id is not valid.");
    assert_string_equal(refusal_of(&t, "limit=-1", FR_EINVAL), "The value of limit is not valid.");
    assert_string_equal(refusal_of(&t, "title=%zz", FR_EINVAL),
                        "The filter has a bad percent escape.");
    fr_rows rows;
    book b;
    assert_int_equal(fr_filter(&t.ctx, &book_model, FR_STR("ordering=-price"), &rows), FR_OK);
    assert_true(fr_rows_next(&rows, &b));
    assert_int_equal(b.id, 3);
    assert_int_equal(fr_filter(&t.ctx, &book_model, FR_STR("ordering=-author__name"), &rows),
                     FR_OK);
    assert_true(fr_rows_next(&rows, &b));
    assert_int_equal(b.id, 1);
    rows = (fr_rows){0};
    assert_int_equal(fr_filter(&t.ctx, &author_model, FR_STR("book__done=true"), &rows), FR_OK);
    assert_int_equal(rows.count, 1); /* the other side of book.author */
    test_close(&t);
}

static void all_has_a_limit(void **state)
{
    (void)state;
    fr_test_db t;
    fr_rows rows;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    assert_int_equal(
        fr_db_exec_for_test(&t.ctx,
                            "INSERT INTO author(name) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                            "SELECT i + 1 FROM n LIMIT 10000) SELECT i FROM n",
                            false),
        FR_OK);
    assert_int_equal(fr_all(&t.ctx, &author_model, &rows), FR_OK);
    assert_int_equal(rows.count, FR_ALL_ROWS);
    author a = {0};
    FR_SET(&a, name, FR_STR("one more"));
    assert_int_equal(fr_create(&t.ctx, &author_model, &a), FR_OK);
    assert_int_equal(fr_all(&t.ctx, &author_model, &rows), FR_ETOOBIG);
    int64_t count;
    assert_int_equal(fr_count(&t.ctx, &author_model, FR_STR(""), &count), FR_OK);
    assert_int_equal(count, FR_ALL_ROWS + 1);
    test_close(&t);
}

static const char django[] =
    "CREATE TABLE \"app_thing\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, \"name\" "
    "varchar(20) NOT NULL, \"flag\" bool NOT NULL,"
    " \"price\" decimal NOT NULL, \"at\" datetime NULL, \"key\" char(32) NOT NULL UNIQUE, \"took\" "
    "bigint NULL, \"extra\" text NULL);"
    "INSERT INTO app_thing VALUES(1, 'a', 1, '1.50', '2020-01-02 01:04:05.678000', "
    "'0123456789abcdef0123456789abcdef', 93784500000, NULL)";

FR_MODEL(shared,
    (ID,       id),
    (CHAR,     name, .max_length = 20),
    (BOOLEAN,  flag),
    (DECIMAL,  price, .max_digits = 6, .decimal_places = 2),
    (DATETIME, at, .null = true),
    (UUID,     key, .default_ = "random"),
    (DURATION, took, .null = true));

static void a_table_of_django_is_served(void **state)
{
    (void)state;
    fr_test_db t;
    fr_model model = shared_model;
    model.table = "app_thing";
    model.is_foreign = true;
    test_folder(&t);
    test_stranger(&t, django);
    test_open(&t, NULL, (const fr_model *[]){&model, NULL}, test_live);
    shared s = {0};
    assert_int_equal(fr_get(&t.ctx, &model, 1, &s), FR_OK);
    assert_true(s.flag);
    assert_str(s.price, "1.50");
    assert_int_equal(s.at, 1577927045678000);
    assert_int_equal(s.key.bytes[0], 0x01);
    assert_int_equal(s.took, 93784500000);
    shared n = {0};
    FR_SET(&n, name, FR_STR("b"));
    FR_SET(&n, flag, false);
    FR_SET(&n, price, FR_STR("2.00"));
    FR_SET(&n, at, 1577927045000000);
    assert_int_equal(fr_create(&t.ctx, &model, &n), FR_OK);
    assert_int_equal(
        test_number(&t,
                    "SELECT count(*) FROM app_thing WHERE at = '2020-01-02 01:04:05' AND flag = 0"
                    " AND typeof(price) = 'integer' AND length(key) = 32 AND key = lower(key) AND "
                    "took IS NULL"),
        1);
    test_close(&t);
}

FR_TESTS(rows, FR_TEST(a_row_is_created_read_changed_and_deleted),
         FR_TEST(a_literal_gives_what_it_names),
         FR_TEST(writes_from_c_are_checked_as_the_serializer_does),
         FR_TEST(a_struct_of_another_model_is_told), FR_TEST(filters_are_those_of_the_url),
         FR_TEST(a_filter_that_names_what_is_not_there_is_the_programs_fault),
         FR_TEST(all_has_a_limit), FR_TEST(a_table_of_django_is_served))

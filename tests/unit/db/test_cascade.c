/* ON DELETE, carried out by the program as Django does. */
#include "db_test.h"

FR_MODEL(team,
    (ID,   id),
    (CHAR, name, .max_length = 20));

FR_MODEL(member,
    (ID,          id),
    (FOREIGN_KEY(team), team, .on_delete = FR_CASCADE),
    (FOREIGN_KEY(member), boss, .on_delete = FR_CASCADE, .null = true));

FR_MODEL(badge,
    (ID,          id),
    (FOREIGN_KEY(member), member, .on_delete = FR_CASCADE));

FR_MODEL(desk,
    (ID,          id),
    (FOREIGN_KEY(member), member, .on_delete = FR_SET_NULL, .null = true));

FR_MODEL(prize,
    (ID,          id),
    (FOREIGN_KEY(team), team, .on_delete = FR_PROTECT));

static const fr_model *const models[] = {&team_model, &member_model, &badge_model,
                                         &desk_model, &prize_model,  NULL};
static const bool live[] = {true, true, true, true, true};

static size_t changes;
static void on_commit(void *arg, const fr_commit *commits, size_t count)
{
    (void)arg;
    for (size_t i = 0; i < count; i++)
        changes += commits[i].change_count;
}

static void open_teams(fr_test_db *t)
{
    test_folder(t);
    test_open(t, &(fr_db_opts){.on_commit = on_commit}, models, live);
    fr_err err = fr_db_exec_for_test(
        &t->ctx,
        "INSERT INTO team VALUES(1, 'red'), (2, 'blue');"
        "INSERT INTO member VALUES(1, 1, NULL), (2, 1, 1), (3, 2, 2), (4, 2, NULL);"
        "UPDATE member SET boss_id = 3 WHERE id = 1;" /* 1, 2 and 3 are each other's boss */
        "INSERT INTO badge VALUES(1, 1), (2, 3), (3, 4); INSERT INTO desk VALUES(1, 2), (2, 4);",
        false);
    if (err != FR_OK)
        fail_msg("%.*s", FR_FMT(t->ctx.detail));
    changes = 0;
}

static void what_points_there_goes_too_round_in_circles(void **state)
{
    (void)state;
    fr_test_db t;
    open_teams(&t);
    assert_int_equal(fr_delete(&t.ctx, &team_model, 1), FR_OK);
    assert_int_equal(test_number(&t, "SELECT group_concat(id) = '4' FROM member"),
                     1); /* 3, of the other team, had boss 2 */
    assert_int_equal(test_number(&t, "SELECT group_concat(id) = '3' FROM badge"), 1);
    assert_int_equal(
        test_number(&t, "SELECT count(*) FROM desk WHERE member_id IS NULL AND id = 1"), 1);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_int_equal(changes, 1 + 3 + 2 + 1);
    test_close(&t);
}

static void a_protected_row_stops_everything(void **state)
{
    (void)state;
    fr_test_db t;
    open_teams(&t);
    assert_int_equal(fr_db_exec_for_test(&t.ctx, "INSERT INTO prize VALUES(1, 1)", false), FR_OK);
    changes = 0;
    fr_write w = {.model = &team_model, .op = FR_WRITE_DELETE, .key = FR_VALUE_I(1)};
    assert_int_equal(fr_db_write(&t.ctx, &w), FR_ECONFLICT);
    assert_int_equal(w.constraint, FR_CONSTRAINT_FOREIGN_KEY);
    assert_str(t.ctx.detail, "This team cannot be deleted: a prize refers to it.");
    assert_int_equal(changes, 0);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM member"), 4);
    assert_int_equal(fr_delete(&t.ctx, &team_model, 2), FR_OK);
    assert_int_equal(fr_delete(&t.ctx, &team_model, 2), FR_ENOTFOUND);
    test_close(&t);
}

/* Two stops that lead to each other, deleted by another spelling of the key than the one that leads back. */
static void a_key_in_another_spelling_is_found_once(void **state)
{
    (void)state;
    static fr_model stop;
    static const fr_field fields[] = {
        {.name = "name", .kind = FR_KIND_CHAR, .primary_key = true, .max_length = 9},
        {.name = "next", .kind = FR_KIND_FOREIGN_KEY, .to = &stop}};
    static const fr_model *const stops[] = {&stop, NULL};
    stop = (fr_model){.name = "stop", .fields = fields, .field_count = 2};
    fr_test_db t;
    test_folder(&t);
    test_stranger(&t,
                  "CREATE TABLE stop(name TEXT COLLATE NOCASE PRIMARY KEY NOT NULL, next_id TEXT "
                  "COLLATE NOCASE NOT NULL REFERENCES stop(name) DEFERRABLE INITIALLY DEFERRED);"
                  "INSERT INTO stop VALUES('here', 'There'), ('there', 'Here')");
    test_open(&t, NULL, stops, NULL);
    fr_write write = {.model = &stop, .op = FR_WRITE_DELETE, .key = FR_VALUE_S(FR_STR("HERE"))};
    assert_int_equal(fr_db_write(&t.ctx, &write), FR_OK);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM stop"), 0);
    assert_int_equal(fr_db_write(&t.ctx, &write), FR_ENOTFOUND);
    test_close(&t);
}

FR_MODEL(area,
    (ID, id));
FR_MODEL(artist,
    (ID, id),
    (FOREIGN_KEY(area), area));
FR_MODEL(album,
    (ID, id),
    (FOREIGN_KEY(artist), artist));
FR_MODEL(song,
    (ID, id),
    (FOREIGN_KEY(artist), artist),
    (FOREIGN_KEY(album), album, .on_delete = FR_RESTRICT));
FR_MODEL(review,
    (ID, id),
    (FOREIGN_KEY(album), album, .default_ = "9", .on_delete = FR_SET_DEFAULT));
FR_MODEL(cover,
    (ID, id),
    (FOREIGN_KEY(album), album, .on_delete = FR_DB_CASCADE));
FR_MODEL(poster,
    (ID, id),
    (FOREIGN_KEY(cover), cover, .null = true, .on_delete = FR_DB_SET_NULL));
FR_MODEL(sleeve,
    (ID, id),
    (FOREIGN_KEY(album), album, .default_ = "9", .on_delete = FR_DB_SET_DEFAULT));

static const fr_model *const music[] = {&area_model,   &artist_model, &album_model,
                                        &song_model,   &review_model, &cover_model,
                                        &poster_model, &sleeve_model, NULL};
static const bool all_live[] = {true, true, true, true, true, true, true, true};

static void open_music(fr_test_db *t)
{
    test_folder(t);
    test_open(t, &(fr_db_opts){.on_commit = on_commit}, music, all_live);
    fr_err err = fr_db_exec_for_test(
        &t->ctx,
        "INSERT INTO area VALUES(1); INSERT INTO artist VALUES(1, 1), (2, 1);"
        "INSERT INTO album VALUES(1, 1), (2, 2), (9, 2);"
        "INSERT INTO song VALUES(1, 1, 1), (2, 1, 2);"
        "INSERT INTO review VALUES(1, 1), (2, 2); INSERT INTO cover VALUES(1, 1), (2, 2);"
        "INSERT INTO poster VALUES(1, 1), (2, 2); INSERT INTO sleeve VALUES(1, 1), (2, 2)",
        false);
    if (err != FR_OK)
        fail_msg("%.*s", FR_FMT(t->ctx.detail));
    changes = 0;
}

static void a_restricted_row_stops_everything_unless_it_goes_itself(void **state)
{
    (void)state;
    fr_test_db t;
    open_music(&t);
    assert_int_equal(fr_delete(&t.ctx, &album_model, 1), FR_ECONFLICT);
    assert_str(t.ctx.detail, "This album cannot be deleted: a song refers to it.");
    assert_int_equal(fr_delete(&t.ctx, &artist_model, 2), FR_ECONFLICT); /* song 2 is of artist 1 */
    assert_int_equal(changes, 0);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM song"), 2);
    assert_int_equal(fr_delete(&t.ctx, &artist_model, 1), FR_OK); /* both songs go, album 1 too */
    assert_int_equal(test_number(&t, "SELECT count(*) FROM song"), 0);
    assert_int_equal(test_number(&t, "SELECT group_concat(id) = '2,9' FROM album"), 1);
    test_close(&t);
}

static void what_is_set_to_its_default_refers_to_that_row_from_then_on(void **state)
{
    (void)state;
    fr_test_db t;
    open_music(&t);
    assert_int_equal(fr_delete(&t.ctx, &artist_model, 1), FR_OK);
    assert_int_equal(test_number(&t, "SELECT album_id FROM review WHERE id = 1"), 9);
    assert_int_equal(test_number(&t, "SELECT album_id FROM review WHERE id = 2"), 2);
    assert_int_equal(fr_delete(&t.ctx, &album_model, 9),
                     FR_ECONFLICT); /* it would refer to nothing */
    assert_int_equal(test_number(&t, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    test_close(&t);
}

static void what_the_database_does_by_itself_is_told_as_well(void **state)
{
    (void)state;
    fr_test_db t;
    open_music(&t);
    assert_int_equal(
        test_number(&t, "SELECT sql LIKE '% REFERENCES \"album\" (\"id\") ON DELETE CASCADE "
                        "DEFERRABLE INITIALLY DEFERRED)' FROM sqlite_schema WHERE name = 'cover'"),
        1);
    assert_int_equal(fr_delete(&t.ctx, &artist_model, 1), FR_OK);
    assert_int_equal(test_number(&t, "SELECT group_concat(id) = '2' FROM cover"), 1);
    assert_int_equal(
        test_number(&t, "SELECT count(*) FROM poster WHERE cover_id IS NULL AND id = 1"), 1);
    assert_int_equal(changes, 1 + 1 + 2 + 1 + 1 + 1 +
                                  1); /* artist, album, songs; review, cover, poster, sleeve */
    test_close(&t);
}

static void what_the_database_sets_to_its_default_refers_to_that_row(void **state)
{
    (void)state;
    fr_test_db t;
    open_music(&t);
    assert_int_equal(
        test_number(&t, "SELECT sql LIKE '%\"album_id\" bigint DEFAULT 9 NOT NULL REFERENCES "
                        "\"album\" (\"id\") ON DELETE SET DEFAULT DEFERRABLE INITIALLY "
                        "DEFERRED)' FROM sqlite_schema WHERE name = 'sleeve'"),
        1);
    assert_int_equal(fr_delete(&t.ctx, &artist_model, 1), FR_OK);
    assert_int_equal(test_number(&t, "SELECT group_concat(album_id) = '9,2' FROM sleeve"), 1);
    assert_int_equal(test_number(&t, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    test_close(&t);
}

FR_TESTS(cascade, FR_TEST(a_restricted_row_stops_everything_unless_it_goes_itself),
         FR_TEST(what_is_set_to_its_default_refers_to_that_row_from_then_on),
         FR_TEST(what_the_database_does_by_itself_is_told_as_well),
         FR_TEST(what_the_database_sets_to_its_default_refers_to_that_row),
         FR_TEST(a_key_in_another_spelling_is_found_once),
         FR_TEST(what_points_there_goes_too_round_in_circles),
         FR_TEST(a_protected_row_stops_everything))

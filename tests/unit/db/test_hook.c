/*
 * The hook's images against the table itself (traps A3, A4): every commit's changes are applied to a copy of the rows,
 * each old image must be what the copy holds, and afterwards the copy must be what SELECT says.
 */
#include "db_test.h"

/* ---- tables of somebody else, with all that makes images hard ---- */

static const char script[] =
    "CREATE TABLE odd(id INTEGER PRIMARY KEY, price REAL, a TEXT, v AS (a || '!') VIRTUAL, num "
    "NUMERIC,"
    " s AS (price * 2) STORED, u INT UNIQUE);"
    "CREATE TABLE blind(a TEXT, v AS (a || '!') VIRTUAL, id INTEGER PRIMARY KEY, u INT);"
    "CREATE TABLE grown(id INTEGER PRIMARY KEY, a TEXT);"
    "INSERT INTO grown(a) VALUES('x'), ('y'), ('z'), (NULL);"
    "ALTER TABLE grown ADD COLUMN d INT NOT NULL DEFAULT 7;"
    "ALTER TABLE grown ADD COLUMN r REAL NOT NULL DEFAULT 3;"
    "ALTER TABLE grown ADD COLUMN t TEXT NOT NULL DEFAULT 12;"
    "CREATE TABLE rowless(b INT, v AS (b + 1) VIRTUAL, r REAL, k TEXT PRIMARY KEY NOT NULL, u INT "
    "UNIQUE) WITHOUT ROWID;"
    "CREATE TABLE bill(id INTEGER PRIMARY KEY, net INT, rate INT, total AS (net * (100 + rate) / "
    "100));"
    "CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
    "CREATE TABLE child(id INTEGER PRIMARY KEY, p INT REFERENCES parent(id) ON DELETE CASCADE ON "
    "UPDATE CASCADE,"
    " q INT REFERENCES parent(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, n INT CHECK (n "
    "< 90));"
    "CREATE TABLE audit(id INTEGER PRIMARY KEY, what TEXT);"
    "CREATE TRIGGER told AFTER UPDATE ON parent BEGIN INSERT INTO audit(what) VALUES(old.name || "
    "'>' || new.name); END;"
    "CREATE TRIGGER never BEFORE INSERT ON child WHEN new.n = 13 BEGIN SELECT RAISE(IGNORE); END;"
    "CREATE TRIGGER kept AFTER INSERT ON child WHEN new.n = 17 BEGIN SELECT RAISE(FAIL, "
    "'seventeen'); END;";

#define FIELD(n, k, ...)                                                                           \
    {                                                                                              \
        .name = n, .kind = FR_KIND_##k, .column = n, __VA_ARGS__                                   \
    }
static const fr_field odd_fields[] = {FIELD("u", INTEGER, .null = true),
                                      FIELD("a", TEXT, .null = true),
                                      FIELD("v", TEXT, .null = true),
                                      FIELD("s", FLOAT, .null = true),
                                      FIELD("id", ID),
                                      FIELD("num", FLOAT, .null = true),
                                      FIELD("price", FLOAT, .null = true)};
static const fr_field grown_fields[] = {FIELD("id", ID), FIELD("a", TEXT, .null = true),
                                        FIELD("d", INTEGER), FIELD("t", TEXT), FIELD("r", FLOAT)};
static const fr_field rowless_fields[] = {
    FIELD("r", FLOAT, .null = true), FIELD("k", CHAR, .primary_key = true, .max_length = 9),
    FIELD("v", INTEGER, .null = true), FIELD("b", INTEGER, .null = true),
    FIELD("u", INTEGER, .null = true)};
static const fr_field bill_fields[] = {FIELD("total", INTEGER, .null = true), FIELD("id", ID)};
static const fr_field parent_fields[] = {FIELD("id", ID), FIELD("name", TEXT, .null = true)};
static const fr_field child_fields[] = {FIELD("id", ID), FIELD("p", INTEGER, .null = true),
                                        FIELD("q", INTEGER, .null = true),
                                        FIELD("n", INTEGER, .null = true)};
static const fr_field blind_fields[] = {FIELD("id", ID), FIELD("a", TEXT, .null = true),
                                        FIELD("u", INTEGER, .null = true)};
static const fr_field audit_fields[] = {FIELD("id", ID), FIELD("what", TEXT, .null = true)};
#define MODEL(n)                                                                                   \
    {                                                                                              \
        .name = #n, .fields = n##_fields, .field_count = sizeof n##_fields / sizeof *n##_fields,   \
        .is_foreign = true                                                                         \
    }
enum { TABLES = 8, ROWS = 400 };
static const fr_model models_[TABLES] = {MODEL(odd),   MODEL(grown), MODEL(rowless), MODEL(parent),
                                         MODEL(child), MODEL(audit), MODEL(blind),   MODEL(bill)};
static const fr_model *const models[TABLES + 1] = {&models_[0], &models_[1], &models_[2],
                                                   &models_[3], &models_[4], &models_[5],
                                                   &models_[6], &models_[7]};
static const bool live[TABLES] = {true, true, true, true, true, true, true, true};

/* ---- the copy ---- */

typedef struct copy {
    fr_test_db db;
    fr_arena *arena;
    struct {
        fr_value *rows[ROWS];
        size_t count;
    } tables[TABLES];
    fr_fieldset unseen[TABLES];
    uint64_t number;
    size_t changes, floods;
    char fault[256];
} copy;

static int table_of(const fr_model *model)
{
    return (int)(model - models_);
}

static fr_value *keep(copy *c, int t, const fr_value *values)
{
    size_t n = models_[t].field_count;
    fr_value *row = fr_arena_alloc(c->arena, n * sizeof *row);
    for (size_t i = 0; i < n; i++)
        fr_value_dup(c->arena, values[i], &row[i]);
    return row;
}

static size_t find(const copy *c, int t, fr_value key)
{
    size_t i = 0, k = (size_t)fr_model_key_index(&models_[t]);
    while (i < c->tables[t].count && !fr_value_eq(c->tables[t].rows[i][k], key))
        i++;
    return i;
}

/* But for `unseen`: an old image lacks what the hook does not see. */
static bool same(int t, const fr_value *image, const fr_value *row, const fr_fieldset *unseen)
{
    for (uint32_t i = 0; i < models_[t].field_count; i++)
        if (!fr_fieldset_has(unseen, i) && !fr_value_eq(image[i], row[i]))
            return false;
    return true;
}

static void fault(copy *c, const fr_change *change, const char *what)
{
    if (!*c->fault)
        snprintf(c->fault, sizeof c->fault, "%s of %s, key %lld: %s",
                 change->op == FR_CREATE   ? "create"
                 : change->op == FR_UPDATE ? "update"
                                           : "delete",
                 change->model->name,
                 change->key.type == FR_VALUE_INT ? (long long)change->key.as.i : -1, what);
}

static void apply(copy *c, const fr_change *change)
{
    int t = table_of(change->model);
    size_t at = find(c, t, change->key), count = c->tables[t].count;
    c->changes++;
    if ((change->op == FR_CREATE) != (at == count))
        fault(c, change, at == count ? "no such row" : "the row is there");
    else if ((change->op == FR_CREATE) != !change->old ||
             (change->op == FR_DELETE) != !change->new_)
        fault(c, change, "an image too many or too few");
    else if (change->old && !same(t, change->old, c->tables[t].rows[at], &c->unseen[t]))
        fault(c, change, "another old image");
    else if (change->op == FR_DELETE)
        c->tables[t].rows[at] = c->tables[t].rows[--c->tables[t].count];
    else if (at < ROWS) {
        c->tables[t].rows[at] = keep(c, t, change->new_);
        c->tables[t].count = at == count ? count + 1 : count;
    }
}

static fr_err add_row(void *arg, const fr_value *values)
{
    struct {
        copy *c;
        int t;
    } *a = arg;
    if (a->c->tables[a->t].count < ROWS)
        a->c->tables[a->t].rows[a->c->tables[a->t].count++] = keep(a->c, a->t, values);
    return FR_OK;
}

static void reload(copy *c, int t)
{
    fr_query query = {.model = &models_[t]};
    struct {
        copy *c;
        int t;
    } a = {c, t};
    c->tables[t].count = 0;
    assert_int_equal(
        fr_db_select(&c->db.ctx, &query, &(fr_reader_sink){.row = add_row, .arg = &a}, NULL),
        FR_OK);
}

static bool is_flooded[TABLES];

static void on_commit(void *arg, const fr_commit *commits, size_t count)
{
    copy *c = arg;
    for (size_t i = 0; i < count; i++) {
        if (commits[i].place.number != ++c->number && !*c->fault)
            snprintf(c->fault, sizeof c->fault, "number %llu",
                     (unsigned long long)commits[i].place.number);
        for (size_t k = 0; k < commits[i].change_count; k++)
            apply(c, &commits[i].changes[k]);
        for (size_t k = 0; k < commits[i].flood_count; k++)
            is_flooded[table_of(commits[i].flooded[k])] = true;
        c->floods += commits[i].flood_count;
    }
}

typedef struct check {
    copy *c;
    int t;
    size_t count;
} check;

static fr_err check_row(void *arg, const fr_value *values)
{
    check *k = arg;
    size_t at = find(k->c, k->t, values[fr_model_key_index(&models_[k->t])]);
    k->count++;
    if (at == k->c->tables[k->t].count ||
        !same(k->t, k->c->tables[k->t].rows[at], values, &(fr_fieldset){{0}}))
        snprintf(k->c->fault, sizeof k->c->fault, "a row of %s differs", models_[k->t].name);
    return FR_OK;
}

static void compare(copy *c, const char *sql)
{
    for (int t = 0; t < TABLES; t++) {
        if (is_flooded[t]) {
            is_flooded[t] = false;
            reload(c, t);
        }
        check k = {c, t, 0};
        fr_query query = {.model = &models_[t]};
        assert_int_equal(
            fr_db_select(&c->db.ctx, &query, &(fr_reader_sink){.row = check_row, .arg = &k}, NULL),
            FR_OK);
        if (k.count != c->tables[t].count && !*c->fault)
            snprintf(c->fault, sizeof c->fault, "%s has %zu rows, the copy %zu", models_[t].name,
                     k.count, c->tables[t].count);
    }
    if (*c->fault)
        fail_msg("%s\nafter %s", c->fault, sql);
}

static void open_copy(copy *c)
{
    memset(c, 0, sizeof *c);
    memset(is_flooded, 0, sizeof is_flooded);
    test_folder(&c->db);
    test_stranger(&c->db, script);
    test_open(&c->db, &(fr_db_opts){.on_commit = on_commit, .arg = c}, models, live);
    c->arena = fr_arena_new(0);
    for (int t = 0; t < TABLES; t++) {
        c->unseen[t] = c->db.db->tables[t].unseen;
        reload(c, t);
    }
}

static void close_copy(copy *c)
{
    fr_arena_free(c->arena);
    test_close(&c->db);
}

static void run(copy *c, const char *sql)
{
    fr_err err = fr_db_exec_for_test(&c->db.ctx, sql, true);
    if (err != FR_OK && err != FR_ECONFLICT && err != FR_ETIMEOUT) /* nothing of it is kept */
        fail_msg("%s: %.*s", sql, FR_FMT(c->db.ctx.detail));
    compare(c, sql);
}

/* ---- the cases of the traps by name ---- */

static void new_images_have_the_virtual_columns_that_the_hook_does_not_see(void **state)
{
    (void)state;
    static copy c;
    open_copy(&c);
    assert_int_equal(c.unseen[0].word[0], 1 << 2);
    assert_true(fr_fieldset_is_empty(&c.unseen[1]));
    assert_int_equal(c.unseen[2].word[0], 1 << 2);
    run(&c, "INSERT INTO odd(id, a, u) VALUES(1, 'a', 5); UPDATE odd SET a = 'b'");
    run(&c,
        "INSERT INTO rowless(k, b) VALUES('K', 1), ('L', NULL); UPDATE rowless SET k = 'M' WHERE "
        "k = 'L'");
    assert_string_equal(c.tables[0].rows[0][2].as.s.p, "b!");
    assert_int_equal(c.tables[2].rows[0][2].as.i, 2);
    close_copy(&c);
}

/* The image is the same before and after; the row is not. */
static void a_virtual_column_of_what_is_not_in_the_model_is_told(void **state)
{
    (void)state;
    static copy c;
    open_copy(&c);
    run(&c, "INSERT INTO bill(id, net, rate) VALUES(1, 100, 20), (2, 200, 20)");
    size_t before = c.changes;
    run(&c, "UPDATE bill SET rate = 10 WHERE id = 1"); /* compared with the table by run */
    assert_int_equal(c.changes, before + 1);
    close_copy(&c);
}

static void old_images_of_added_columns_show_their_default(void **state)
{
    (void)state;
    static copy c;
    open_copy(&c);
    run(&c, "UPDATE grown SET a = 'new'");
    run(&c, "UPDATE grown SET d = NULL WHERE id = 1");
    run(&c, "DELETE FROM grown");
    assert_int_equal(c.changes, 8);
    close_copy(&c);
}

static void reals_generated_columns_and_keys_are_as_stored(void **state)
{
    (void)state;
    static copy c;
    open_copy(&c);
    run(&c, "INSERT INTO odd(a, price, num, u) VALUES('a', 1, '1.50', 5), ('b', 2.5, 'x', 6)");
    run(&c, "UPDATE odd SET price = 3 WHERE u = 5");
    run(&c, "UPDATE odd SET id = 77 WHERE u = 5");
    run(&c, "REPLACE INTO odd(id, u) VALUES(77, 6)"); /* takes away two rows */
    run(&c, "INSERT INTO rowless(b, r, k) VALUES(1, 3, 'K')");
    run(&c, "UPDATE rowless SET b = 2, r = 4");
    run(&c, "UPDATE rowless SET k = 'L'");
    run(&c, "DELETE FROM rowless");
    assert_int_equal(c.tables[0].count, 1);
    close_copy(&c);
}

static void what_did_not_stand_leaves_no_image(void **state)
{
    (void)state;
    static copy c;
    open_copy(&c);
    run(&c, "INSERT INTO odd(u) VALUES(1), (2), (3)");
    run(&c,
        "INSERT INTO odd(u) VALUES(7), (8), (1); INSERT INTO odd(u) VALUES(9)"); /* the first fails as a whole */
    run(&c, "INSERT OR IGNORE INTO odd(u) VALUES(1), (20)");
    run(&c, "UPDATE odd SET u = u"); /* fires, changes nothing */
    assert_int_equal(c.changes, 5);
    run(&c,
        "INSERT INTO odd(id, u) VALUES(50, 60); DELETE FROM odd WHERE id = 50"); /* came and went */
    assert_int_equal(c.changes, 5);
    run(&c, "INSERT INTO odd(id, u) VALUES(50, 60); UPDATE odd SET id = 51 WHERE id = 50; UPDATE "
            "odd SET u = 61 WHERE id = 51");
    assert_int_equal(c.changes, 6); /* one create of 51 */
    run(&c, "DELETE FROM odd");     /* the shortcut is off */
    assert_int_equal(c.changes, 12);
    close_copy(&c);
}

static void cascades_triggers_and_their_refusals_are_told(void **state)
{
    (void)state;
    static copy c;
    open_copy(&c);
    run(&c, "INSERT INTO parent VALUES(1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO child VALUES(1, 1, "
            "1, 0), (2, 1, 2, 0), (3, 2, 1, 0)");
    run(&c, "UPDATE parent SET name = 'z' WHERE id = 1");
    assert_int_equal(c.tables[5].count, 1);
    run(&c, "UPDATE parent SET id = 9 WHERE id = 2");
    run(&c, "INSERT INTO child VALUES(4, 1, 1, 13)"); /* ignored by a trigger */
    run(&c, "DELETE FROM parent WHERE id = 1"); /* updates first, then deletes: one change a row */
    assert_int_equal(c.tables[4].count, 1);
    close_copy(&c);
}

static void a_table_whose_columns_the_hook_mixes_up_is_in_flood(void **state)
{
    (void)state;
    static copy c;
    open_copy(&c);
    run(&c, "INSERT INTO blind(id, a, u) VALUES(1, 'a', 5)");
    run(&c, "UPDATE blind SET u = 6");
    assert_int_equal(c.changes, 0);
    assert_int_equal(c.floods, 2);
    close_copy(&c);
}

/* ---- 10,000 random statements ---- */

typedef struct dice {
    uint64_t state;
} dice;

static unsigned roll(dice *d, unsigned sides)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(d->state >> 33) % sides;
}

static const char *value(dice *d, char out[32])
{
    static const char *const odd_values[] = {
        "NULL", "'text'", "'3'",  "'1.50'",           "2.5",
        "3.0",  "-0.0",   "1e20", "9007199254740993", "x'00ff'"};
    if (roll(d, 3) == 0)
        snprintf(out, 32, "%s", odd_values[roll(d, 10)]);
    else
        snprintf(out, 32, "%u", roll(d, 20));
    return out;
}

static void statement(dice *d, char *out, size_t size)
{
    static const char *const how[] = {"INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE", "INSERT"};
    static const char *const change[] = {"UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE",
                                         "UPDATE"};
    char a[32], b[32], e[32];
    unsigned id = roll(d, 12), other = roll(d, 12), third = roll(d, 12);
    const char *v = value(d, a), *w = value(d, b), *x = value(d, e);
    switch (roll(d, 20)) {
    case 0:
        snprintf(out, size, "%s INTO odd(id, a, price, num, u) VALUES(%u, %s, %s, %s, %u)",
                 how[roll(d, 4)], id, v, w, x, other);
        break;
    case 1:
        snprintf(out, size,
                 "%s INTO odd(a, price, u) VALUES(%s, %s, %u), (%s, 1, %u), (NULL, NULL, %u)",
                 how[roll(d, 4)], v, w, id, x, other, third);
        break;
    case 2:
        snprintf(out, size,
                 "INSERT INTO odd(id, u, num) VALUES(%u, %u, %s) ON CONFLICT(u) DO UPDATE SET a = "
                 "%s, num = excluded.num",
                 id, other, v, w);
        break;
    case 3:
        snprintf(out, size, "%s odd SET price = %s, num = %s WHERE id %% 3 = %u",
                 change[roll(d, 4)], v, w, id % 3);
        break;
    case 4:
        snprintf(out, size, "%s odd SET id = %u, u = %u WHERE id = %u", change[roll(d, 4)], other,
                 third, id);
        break;
    case 5: snprintf(out, size, "DELETE FROM odd WHERE u > %u", roll(d, 15)); break;
    case 6:
        snprintf(out, size, "%s INTO grown(id, a, d, r, t) VALUES(%u, %s, %s, %s, %s)",
                 how[roll(d, 4)], id, v, w, x, roll(d, 2) ? "'t'" : "NULL");
        break;
    case 7:
        snprintf(out, size, "%s grown SET a = %s, r = %u WHERE id = %u", change[roll(d, 4)], v,
                 other, id);
        break;
    case 8:
        snprintf(out, size, "%s grown SET id = id + %u", change[roll(d, 4)], 1 + roll(d, 3));
        break;
    case 9:
        snprintf(out, size, "%s INTO rowless(k, b, r, u) VALUES('k%u', %u, %s, %u)",
                 how[roll(d, 4)], id, other, v, third);
        break;
    case 10:
        snprintf(out, size, "%s rowless SET k = 'k%u', r = %s WHERE k = 'k%u'", change[roll(d, 4)],
                 other, v, id);
        break;
    case 11:
        snprintf(
            out, size,
            "INSERT INTO rowless(k, b, u) VALUES('k%u', 1, %u) ON CONFLICT DO UPDATE SET b = b + 1",
            id, other);
        break;
    case 12:
        snprintf(out, size, roll(d, 4) ? "DELETE FROM rowless WHERE b < %u" : "DELETE FROM rowless",
                 id);
        break;
    case 13:
        snprintf(out, size, "%s INTO parent VALUES(%u, 'n%u'), (%u, 'n%u')", how[roll(d, 4)], id,
                 other, third, roll(d, 12));
        break;
    case 14:
        snprintf(out, size, "%s parent SET id = %u WHERE id = %u", change[roll(d, 4)], other, id);
        break;
    case 15:
        snprintf(out, size, "%s parent SET name = 'n%u' WHERE id <= %u", change[roll(d, 4)], other,
                 id);
        break;
    case 16: snprintf(out, size, "DELETE FROM parent WHERE id = %u", id); break;
    case 17:
        snprintf(out, size, "%s INTO child VALUES(%u, %u, %u, %u)", how[roll(d, 4)], id, other,
                 third, roll(d, 16));
        break;
    case 18:
        snprintf(out, size, "INSERT INTO child SELECT id + %u, p, q, n + %u FROM child", id,
                 roll(d, 60));
        break;
    default:
        snprintf(out, size, "DELETE FROM %s WHERE id %% 4 = %u", roll(d, 2) ? "child" : "audit",
                 id % 4);
    }
}

/* A member of 1 to 5 statements, some in a part that fails. */
typedef struct plan {
    dice *d;
    char text[4096];
    unsigned seed;
    bool fails;
} plan;

static fr_err part(fr_ctx *ctx, void *arg)
{
    plan *p = arg;
    char sql[512];
    statement(p->d, sql, sizeof sql);
    strncat(p->text, sql, sizeof p->text - strlen(p->text) - 1);
    strncat(p->text, "; ", sizeof p->text - strlen(p->text) - 1);
    fr_err err = fr_db_exec_for_test(ctx, sql, roll(p->d, 2));
    return roll(p->d, 5) ? err : FR_EINVAL;
}

static fr_err member(fr_ctx *ctx, void *arg)
{
    plan *p = arg;
    *p->text = 0;
    for (unsigned n = 1 + roll(p->d, 5); n-- > 0;)
        if (roll(p->d, 3)) {
            char sql[512];
            statement(p->d, sql, sizeof sql);
            strncat(p->text, sql, sizeof p->text - strlen(p->text) - 1);
            strncat(p->text, "; ", sizeof p->text - strlen(p->text) - 1);
            (void)!fr_db_exec_for_test(ctx, sql, true);
        } else {
            (void)!fr_atomic(ctx, part, p);
        }
    return p->fails ? FR_EINVAL : FR_OK;
}

static void ten_thousand_random_statements_agree_with_the_tables(void **state)
{
    (void)state;
    static copy c;
    static plan p;
    const char *seed = getenv("FR_TEST_SEED"); /* replays a run */
    dice d = {seed ? strtoull(seed, NULL, 10) : 20240607};
    open_copy(&c);
    p.d = &d;
    for (int i = 0; i < 3400; i++) {
        p.fails = roll(&d, 12) == 0;
        fr_err err = fr_atomic(&c.db.ctx, member, &p);
        bool is_refused = err == FR_ECONFLICT || err == FR_ETIMEOUT; /* nothing of it is kept */
        if (err != FR_OK && !is_refused && !(p.fails && err == FR_EINVAL))
            fail_msg("%s: %s %.*s", p.text, fr_err_name(err), FR_FMT(c.db.ctx.detail));
        compare(&c, p.text);
        fr_arena_reset(c.db.arena);
        if (i % 500 == 499) { /* the copy's arena grows with each image: begin anew */
            fr_arena_reset(c.arena);
            for (int t = 0; t < TABLES; t++)
                reload(&c, t);
        }
    }
    assert_true(c.changes > 10000);
    assert_int_equal(c.floods, 0);
    close_copy(&c);
}

/* ---- rows that a write tells ---- */

static fr_value any_value(dice *d)
{
    static const fr_value odd_values[] = {
        {.type = FR_VALUE_NULL},
        {.type = FR_VALUE_TEXT, .as.s = {"text", 4}},
        {.type = FR_VALUE_TEXT, .as.s = {"3", 1}},
        {.type = FR_VALUE_TEXT, .as.s = {"1.50", 4}},
        {.type = FR_VALUE_REAL, .as.r = 2.5},
        {.type = FR_VALUE_REAL, .as.r = 3},
        {.type = FR_VALUE_INT, .as.i = INT64_C(9007199254740993)},
        {.type = FR_VALUE_BLOB, .as.s = {"\0\xff", 2}},
    };
    return roll(d, 2) ? odd_values[roll(d, sizeof odd_values / sizeof *odd_values)]
                      : FR_VALUE_I(roll(d, 20));
}

typedef struct telling {
    const fr_write *write;
    bool is_there;
} telling;

static fr_err compare_told(void *arg, const fr_value *values)
{
    telling *t = arg;
    t->is_there = true;
    for (uint32_t i = 0; i < t->write->model->field_count; i++)
        if (t->write->row[i].type != values[i].type || !fr_value_eq(t->write->row[i], values[i]))
            fail_msg("%s.%s is told otherwise", t->write->model->name,
                     t->write->model->fields[i].name);
    return FR_OK;
}

static void a_write_tells_the_row_as_it_is_stored(void **state)
{
    (void)state;
    static copy c;
    dice d = {20240608};
    int compared[TABLES] = {0};
    open_copy(&c);
    for (int i = 0; i < 6000; i++) {
        int t = (int)roll(&d, TABLES);
        fr_value values[8];
        fr_write write = {.model = &models_[t],
                          .op = roll(&d, 2) ? FR_WRITE_INSERT : FR_WRITE_UPDATE,
                          .key = any_value(&d),
                          .values = values};
        for (uint32_t f = 0; f < models_[t].field_count; f++) {
            values[f] = any_value(&d);
            if (roll(&d, 3))
                fr_fieldset_add(&write.set, f);
        }
        if (fr_db_write(&c.db.ctx, &write) == FR_OK && write.row) {
            telling told = {&write, false};
            fr_value key = write.row[fr_model_key_index(&models_[t])];
            assert_int_equal(fr_db_select_key(&c.db.ctx, &models_[t], key,
                                              &(fr_reader_sink){.row = compare_told, .arg = &told},
                                              NULL),
                             FR_OK);
            assert_true(told.is_there);
            compared[t]++;
        }
        fr_arena_reset(c.db.arena);
    }
    for (int t = 0; t < TABLES; t++)
        if (compared[t] < 30)
            fail_msg("%s: %d rows only", models_[t].name, compared[t]);
    close_copy(&c);
}

static void the_library_shows_rows_as_the_map_expects(void **state)
{
    (void)state;
    char error[512];
    assert_int_equal(fr_hook_check(error), FR_OK);
}

FR_TESTS(hook, FR_TEST(the_library_shows_rows_as_the_map_expects),
         FR_TEST(new_images_have_the_virtual_columns_that_the_hook_does_not_see),
         FR_TEST(a_virtual_column_of_what_is_not_in_the_model_is_told),
         FR_TEST(old_images_of_added_columns_show_their_default),
         FR_TEST(reals_generated_columns_and_keys_are_as_stored),
         FR_TEST(what_did_not_stand_leaves_no_image),
         FR_TEST(cascades_triggers_and_their_refusals_are_told),
         FR_TEST(a_table_whose_columns_the_hook_mixes_up_is_in_flood),
         FR_TEST(a_write_tells_the_row_as_it_is_stored),
         FR_TEST(ten_thousand_random_statements_agree_with_the_tables))

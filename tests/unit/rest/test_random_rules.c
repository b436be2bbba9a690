/* Random rules of all models in whole requests: lists and their counts, details, nested rows, filters, relations in bodies,
 * updates and deletes have what a plain evaluator says may be seen, and may be written. */
#include <sqlite3.h>

#include "../rule_world.h"
#include "auth/users.h"
#include "base/arena.h"
#include "rest/model_rules.h"
#include "world.h"

enum {
    ROUNDS = 40,
    PER_WORLD = 10
}; /* FRESHET_RULES: another number of rounds, of five rules each */

static world w;
static fr_arena *app;
static rule visible[MODELS], writable;

static const fr_serializer only_id = {.model = &jot_model, .fields = "id"};
static const fr_serializer who_out = {.model = &hand_model, .fields = "id"};
static const fr_serializer whole = {
    .model = &stint_model,
    .fields = "id,badges,notes,n,who",
    .declared = FR_DECLARED({"notes", .nested = &only_id}, {"n", .source = "notes.count"},
                            {"who", .source = "owner", .nested = &who_out})};
static const fr_pages PAGES = {.rows = 100};
static const fr_viewset of_model[MODELS] = {
    [SQUAD] = {.model = &troop_model, .ordering = "id", .pages = &PAGES},
    [MATE] = {.model = &hand_model, .ordering = "id", .pages = &PAGES},
    [RIBBON] = {.model = &sash_model, .ordering = "id", .pages = &PAGES},
    [CHORE] = {.serializer = &whole,
               .ordering = "id",
               .pages = &PAGES,
               .filter = "owner__name,badges__slug,notes__badge__slug__isnull"},
    [NOTE] = {.model = &jot_model, .ordering = "id", .pages = &PAGES}};

/* As another program would. */
static sqlite3 *beside;
static void run(const char *sql)
{
    char *error = NULL;
    if (sqlite3_exec(beside, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
}

static void begin(void)
{
    static const fr_model *models[32] = {&troop_model, &hand_model, &sash_model, &stint_model,
                                         &jot_model};
    char error[512] = "", path[96];
    const fr_model *const *users;
    size_t count = 5;
    app = fr_arena_new(0);
    if (fr_users_use(&(fr_users_opts){.user = &hand_model, .app = "app"}, app, &users, error))
        fail_msg("%s", error);
    for (; *users; users++)
        if (*users != &hand_model)
            models[count++] = *users;
    models[count] = NULL;
    fr_viewsets_forget_for_test();
    world_open_with(&w, models, NULL);
    snprintf(path, sizeof path, "%s/test.db", w.folder);
    assert_int_equal(sqlite3_open(path, &beside), SQLITE_OK);
    draw_rows();
    run("BEGIN");
    insert_rows(run);
    run("COMMIT");
}

static void finish(void)
{
    sqlite3_close(beside);
    fr_model_rules_end();
    fr_viewsets_forget_for_test();
    world_close(&w);
    fr_users_end();
    fr_arena_free(app);
}

static void fail_here(const char *what, int model, int row)
{
    fail_msg("%s, row %d of %d, user %d: %.*s\nrules: %s | %s | %s | %s | %s\nwritable: %s", what,
             row, model, user, FR_FMT(fr_buf_str(&w.body)), rule_of[0] ? visible[0].text : "",
             rule_of[1] ? visible[1].text : "", rule_of[2] ? visible[2].text : "",
             rule_of[3] ? visible[3].text : "", rule_of[4] ? visible[4].text : "", writable.text);
}

static int ask_row(int model, const char *method, int row, const char *body)
{
    char path[32];
    snprintf(path, sizeof path, "/x/%d/", row);
    return ask(&w, &of_model[model], method, path, body);
}

static bool is_there(int model, int row)
{
    return !is_gone[model][row] && is_seen(model, row);
}

/* The count, and the keys of the rows: a stint's object is checked as a whole elsewhere. */
static void check_list(int model, const char *path, bool (*expected)(int model, int row))
{
    char text[64];
    int count = 0;
    assert_int_equal(ask(&w, &of_model[model], "GET", path, NULL), 200);
    fr_str body = fr_buf_str(&w.body);
    for (int row = 1; row <= ROWS[model]; row++) {
        snprintf(text, sizeof text, model == CHORE ? "{\"id\":%d,\"badges\"" : "{\"id\":%d,", row);
        bool is_shown = fr_str_find(body, fr_str_c(text)) != SIZE_MAX;
        if (is_shown != expected(model, row))
            fail_here(path, model, row);
        count += is_shown;
    }
    snprintf(text, sizeof text, "{\"count\":%d,", count);
    if (!fr_str_starts(body, fr_str_c(text)))
        fail_here("count", model, 0);
}

static void put(char *out, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsprintf(out + strlen(out), format, list);
    va_end(list);
}

static void check_chore(int row)
{
    char text[512] = "";
    int notes = 0, owner = value_of[CHORE][row][4];
    put(text, "{\"id\":%d,\"badges\":[", row);
    for (int k = 1, n = 0; k <= ROWS[RIBBON]; k++)
        if (has_badge[row][k] && is_seen(RIBBON, k))
            put(text, n++ ? ",%d" : "%d", k);
    put(text, "],\"notes\":[");
    for (int k = 1; k <= ROWS[NOTE]; k++)
        if (value_of[NOTE][k][0] == row && is_there(NOTE, k))
            put(text, notes++ ? ",{\"id\":%d}" : "{\"id\":%d}", k);
    put(text, "],\"n\":%d,\"who\":", notes);
    put(text, owner != NOTHING && is_seen(MATE, owner) ? "{\"id\":%d}}" : "null}", owner);
    if (!fr_str_eq(fr_buf_str(&w.body), fr_str_c(text)))
        fail_here(text, CHORE, row);
}

static void check_details(int model)
{
    for (int row = 1; row <= ROWS[model]; row++) {
        int status = ask_row(model, "GET", row, NULL);
        if (status != (is_there(model, row) ? 200 : 404))
            fail_here("detail", model, row);
        if (model == CHORE && status == 200)
            check_chore(row);
    }
}

/* ---- filters over relations ---- */

static node asked;

static bool is_asked_for(int model, int row)
{
    return is_there(model, row) && judge(&asked, row, false, false, true);
}

static void check_filters(void)
{
    const way *owner = &WAYS[CHORE][0], *badges = &WAYS[CHORE][1], *notes = &WAYS[CHORE][2],
              *badge = &WAYS[NOTE][1];
    asked = (node){.op = PATH, .test = EQ, .value = draw(3)};
    char url[64];
    asked.at = (walked){.model = CHORE, .end = MATE, .steps = {owner}, .count = 1};
    snprintf(url, sizeof url, "/x/?owner__name=%s", WORDS[asked.value]);
    check_list(CHORE, url, is_asked_for);
    asked.at = (walked){.model = CHORE, .end = RIBBON, .steps = {badges}, .count = 1};
    snprintf(url, sizeof url, "/x/?badges__slug=%s", WORDS[asked.value]);
    check_list(CHORE, url, is_asked_for);
    asked.test = IS_NULL;
    asked.at = (walked){.model = CHORE, .end = RIBBON, .steps = {notes, badge}, .count = 2};
    check_list(CHORE, "/x/?notes__badge__slug__isnull=true", is_asked_for);
}

/* ---- writes ---- */

static void check_write(void)
{
    char body[64];
    int note = 1 + draw(ROWS[NOTE]), of = 1 + draw(ROWS[CHORE]), badge = 1 + draw(ROWS[RIBBON]);
    bool is_change = draw(4);
    bool may_write = is_there(NOTE, note) && holds(&writable, note);
    bool is_good = is_seen(CHORE, of) && is_seen(RIBBON, badge);
    snprintf(body, sizeof body, "{\"stint\": %d, \"badge\": %d}", of, badge);
    int status = ask_row(NOTE, is_change ? "PATCH" : "DELETE", note, is_change ? body : NULL);
    int expected = !is_there(NOTE, note)   ? 404
                   : is_change && !is_good ? 400
                   : !may_write            ? 403
                   : is_change             ? 200
                                           : 204;
    if (status != expected)
        fail_here(is_change ? "update" : "delete", NOTE, note);
    if (status == 204)
        is_gone[NOTE][note] = true;
    if (status != 200)
        return;
    value_of[NOTE][note][0] = of;
    value_of[NOTE][note][1] = badge;
}

static void one_round(void)
{
    static fr_model_rule rules[MODELS + 1];
    char error[256];
    for (int m = 0; m < MODELS; m++) {
        draw_rule(&visible[m], m, 3);
        rule_of[m] = draw(3) ? &visible[m] : NULL;
        rules[m] =
            (fr_model_rule){.model = MODEL_OF[m], .visible = rule_of[m] ? visible[m].text : NULL};
    }
    draw_rule(&writable, NOTE, 2);
    rules[NOTE].writable = writable.text;
    if (fr_model_rules_use(rules, false, error))
        fail_msg("%s", error);
    fr_viewsets_forget_for_test();
    draw_user();
    w.user = user;
    for (int m = 0; m < MODELS; m++) {
        check_list(m, "/x/", is_there);
        check_details(m);
    }
    check_filters();
    for (int i = 0; i < 4; i++)
        check_write();
}

static void requests_have_what_random_rules_let_be_seen(void **state)
{
    (void)state;
    const char *count = getenv("FRESHET_RULES");
    int rounds = count ? atoi(count) : ROUNDS;
    for (int i = 0; i < rounds; i++) {
        if (i % PER_WORLD == 0) {
            seed = (unsigned)i + 1;
            begin();
        }
        one_round();
        if (i % PER_WORLD == PER_WORLD - 1 || i + 1 == rounds)
            finish();
    }
    memset(rule_of, 0, sizeof rule_of);
}

FR_TESTS(random_rules, FR_TEST(requests_have_what_random_rules_let_be_seen))

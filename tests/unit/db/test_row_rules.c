/* Rules of rows against a plain evaluator: random rules over random rows of six tables, asked by random users. */
#include "db_test.h"

#include "base/str.h"
#include "model/row_rule.h"

FR_MODEL(squad, (ID, id), (CHAR, name, .max_length = 10, .null = true));
FR_MODEL(mate, (ID, id), (CHAR, name, .max_length = 10), (BOOLEAN, boss, .null = true),
         (FOREIGN_KEY(squad), squad, .null = true, .related = "mates"));
FR_MODEL(ribbon, (ID, id), (CHAR, slug, .max_length = 10, .null = true));
FR_MODEL(chore, (ID, id), (CHAR, title, .max_length = 10, .null = true),
         (INTEGER, weight, .null = true), (BOOLEAN, done, .null = true), (DATE, day, .null = true),
         (FOREIGN_KEY(mate), owner, .null = true, .related = "chores"),
         (MANY_TO_MANY(ribbon), badges, .related = "chores"));
FR_MODEL(note_of, (ID, id), (FOREIGN_KEY(chore), chore, .related = "notes"),
         (FOREIGN_KEY(ribbon), badge, .null = true, .related = "notes"));

enum { SQUADS = 3, MATES = 5, BADGES = 4, CHORES = 12, NOTES = 10, NOTHING = -1 };
#ifdef __SANITIZE_THREAD__
enum { RULES = 500 }; /* which asks nothing new of threads, and takes long */
#else
enum { RULES = 10000 };
#endif

/* The same rows as in the database. Texts and days are numbers of WORDS and DAYS; keys count from 1, row 0 is none. */
static const char *const WORDS[] = {"ann", "Ann", "bob", "o'x", "\\\"", "zed"};
static const char *const DAYS[] = {"2020-01-01", "2024-05-05", "2030-12-31"};
enum { WORD_COUNT = 6, TODAY = 1 };

static struct {
    int squad_name[SQUADS + 1], mate_name[MATES + 1], mate_boss[MATES + 1], mate_squad[MATES + 1];
    int badge_slug[BADGES + 1], title[CHORES + 1], weight[CHORES + 1], done[CHORES + 1];
    int day[CHORES + 1], owner[CHORES + 1];
    bool has_badge[CHORES + 1][BADGES + 1];
    int note_chore[NOTES + 1], note_badge[NOTES + 1];
    int user; /* 0: nobody */
    bool is_in[SQUADS + 1], may[2];
} w;

static fr_test_db t;
static fr_refs refs;
static unsigned seed;

static int draw(int below)
{
    seed = seed * 1103515245u + 12345u;
    return (int)((seed >> 16 & 0x7fff) % (unsigned)below);
}

static int maybe(int value)
{
    return draw(4) ? value : NOTHING;
}

/* ---- rows ---- */

static void put_int(char *out, size_t room, int value)
{
    if (value == NOTHING)
        snprintf(out, room, "NULL");
    else
        snprintf(out, room, "%d", value);
}

static void put_text(char *out, size_t room, const char *text)
{
    size_t n = 0;
    out[n++] = '\'';
    for (; *text && n + 4 < room; text++) {
        out[n++] = *text;
        if (*text == '\'')
            out[n++] = '\'';
    }
    out[n++] = '\'';
    out[n] = 0;
}

static void put_word(char out[32], int word)
{
    if (word == NOTHING)
        snprintf(out, 32, "NULL");
    else
        put_text(out, 32, WORDS[word]);
}

static void run(const char *format, ...)
{
    char sql[512];
    va_list list;
    va_start(list, format);
    vsnprintf(sql, sizeof sql, format, list);
    va_end(list);
    if (fr_db_exec_for_test(&t.ctx, sql, false) != FR_OK)
        fail_msg("%s", sql);
}

static void insert_people(void)
{
    char a[32], b[32], c[32];
    for (int i = 1; i <= SQUADS; i++) {
        put_word(a, w.squad_name[i] = maybe(draw(WORD_COUNT)));
        run("INSERT INTO squad(id,name) VALUES(%d,%s)", i, a);
    }
    for (int i = 1; i <= MATES; i++) {
        put_word(a, w.mate_name[i] = draw(WORD_COUNT));
        put_int(b, sizeof b, w.mate_boss[i] = maybe(draw(2)));
        put_int(c, sizeof c, w.mate_squad[i] = maybe(1 + draw(SQUADS)));
        run("INSERT INTO mate(id,name,boss,squad_id) VALUES(%d,%s,%s,%s)", i, a, b, c);
    }
    for (int i = 1; i <= BADGES; i++) {
        put_word(a, w.badge_slug[i] = maybe(draw(WORD_COUNT)));
        run("INSERT INTO ribbon(id,slug) VALUES(%d,%s)", i, a);
    }
}

static void insert_chores(void)
{
    char a[32], b[32], c[32], d[32], e[32];
    for (int i = 1; i <= CHORES; i++) {
        put_word(a, w.title[i] = maybe(draw(WORD_COUNT)));
        put_int(b, sizeof b, w.weight[i] = maybe(draw(4)));
        put_int(c, sizeof c, w.done[i] = maybe(draw(2)));
        put_int(e, sizeof e, w.owner[i] = maybe(1 + draw(MATES)));
        w.day[i] = maybe(draw(3));
        if (w.day[i] == NOTHING)
            snprintf(d, sizeof d, "NULL");
        else
            put_text(d, sizeof d, DAYS[w.day[i]]);
        run("INSERT INTO chore(id,title,weight,done,day,owner_id) VALUES(%d,%s,%s,%s,%s,%s)", i, a,
            b, c, d, e);
        for (int k = 1; k <= BADGES; k++)
            if ((w.has_badge[i][k] = !draw(4)))
                run("INSERT INTO chore_badges(chore_id,ribbon_id) VALUES(%d,%d)", i, k);
    }
    for (int i = 1; i <= NOTES; i++) {
        w.note_chore[i] = 1 + draw(CHORES);
        put_int(a, sizeof a, w.note_badge[i] = maybe(1 + draw(BADGES)));
        run("INSERT INTO note_of(id,chore_id,badge_id) VALUES(%d,%d,%s)", i, w.note_chore[i], a);
    }
}

static void begin(void)
{
    static const fr_model *const models[] = {&squad_model, &mate_model,    &ribbon_model,
                                             &chore_model, &note_of_model, NULL};
    test_folder(&t);
    test_open(&t, NULL, models, NULL);
    insert_people();
    insert_chores();
    fr_refs_init(&refs, &chore_model, t.arena);
}

static void draw_user(void)
{
    w.user = draw(MATES + 1);
    for (int i = 1; i <= SQUADS; i++)
        w.is_in[i] = w.user && draw(2);
    for (int i = 0; i < 2; i++)
        w.may[i] = w.user && draw(2);
}

/* ---- paths: the values at their ends, seen from a chore ---- */

typedef enum sort { NUMBER, WORD, DAY, TRUTH, MATE, SQUAD, BADGE } sort;

typedef struct ends {
    int at[64];
    int count;
    bool is_many;
} ends;

static void add(ends *e, int value)
{
    e->at[e->count++] = value;
}

static int squad_of(int row)
{
    return w.owner[row] == NOTHING ? NOTHING : w.mate_squad[w.owner[row]];
}

static const struct {
    const char *path;
    sort of;
    bool is_many;
} PATHS[] = {{"title", WORD, false},
             {"weight", NUMBER, false},
             {"done", TRUTH, false},
             {"day", DAY, false},
             {"owner", MATE, false},
             {"owner.name", WORD, false},
             {"owner.boss", TRUTH, false},
             {"owner.squad", SQUAD, false},
             {"owner.squad.name", WORD, false},
             {"badges", BADGE, true},
             {"badges.slug", WORD, true},
             {"notes.badge", BADGE, true},
             {"notes.badge.slug", WORD, true},
             {"owner.chores.title", WORD, true},
             {"badges.count", NUMBER, false}};
enum { PATH_COUNT = sizeof PATHS / sizeof *PATHS };

static void many_ends(int path, int row, ends *e)
{
    for (int k = 1; path <= 10 && k <= BADGES; k++)
        if (w.has_badge[row][k])
            add(e, path == 9 ? k : w.badge_slug[k]);
    for (int k = 1; (path == 11 || path == 12) && k <= NOTES; k++) {
        int of = w.note_badge[k];
        if (w.note_chore[k] == row)
            add(e, path == 11 || of == NOTHING ? of : w.badge_slug[of]);
    }
    for (int k = 1; path == 13 && k <= CHORES; k++)
        if (w.owner[row] != NOTHING && w.owner[k] == w.owner[row])
            add(e, w.title[k]);
}

static int one_end(int path, int row)
{
    int owner = w.owner[row], in = squad_of(row), count = 0;
    for (int k = 1; k <= BADGES; k++)
        count += w.has_badge[row][k];
    switch (path) {
    case 0: return w.title[row];
    case 1: return w.weight[row];
    case 2: return w.done[row];
    case 3: return w.day[row];
    case 4: return owner;
    case 5: return owner == NOTHING ? NOTHING : w.mate_name[owner];
    case 6: return owner == NOTHING ? NOTHING : w.mate_boss[owner];
    case 7: return in;
    case 8: return in == NOTHING ? NOTHING : w.squad_name[in];
    default: return count;
    }
}

static ends ends_of(int path, int row)
{
    ends e = {.is_many = PATHS[path].is_many};
    if (e.is_many)
        many_ends(path, row, &e);
    else
        add(&e, one_end(path, row));
    return e;
}

/* ---- rules: as text, and as what they mean ---- */

typedef enum truth { NO, YES, UNKNOWN } truth;

static truth not_(truth a)
{
    return a == UNKNOWN ? UNKNOWN : a == YES ? NO : YES;
}

typedef struct node {
    enum { AND, OR, NOT, PATH, USER } op;
    struct node *a, *b;
    int path; /* PATH. USER: which condition */
    enum { EQ, NE, LT, LTE, GT, GTE, IN, IN_GROUPS, IS_NULL, NOT_NULL, ALONE } test;
    int value, other; /* IN: two of them */
    bool is_by_user;  /* the value is one of the user's, or of now */
} node;

static node nodes[256];
static int node_count;
static char text[8192];
static size_t length;

static void say(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    length += (size_t)vsnprintf(text + length, sizeof text - length, format, list);
    va_end(list);
    assert_true(length < sizeof text);
}

static void say_word(int word)
{
    say("\"");
    for (const char *p = WORDS[word]; *p; p++)
        say(*p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
    say("\"");
}

static int draw_value(sort of)
{
    return of == WORD    ? draw(WORD_COUNT)
           : of == DAY   ? draw(3)
           : of == TRUTH ? draw(2)
           : of == MATE  ? 1 + draw(MATES)
           : of == SQUAD ? 1 + draw(SQUADS)
           : of == BADGE ? 1 + draw(BADGES)
                         : draw(4);
}

static void say_value(sort of, int value)
{
    if (of == WORD)
        say_word(value);
    else if (of == DAY)
        say("\"%s\"", DAYS[value]);
    else if (of == TRUTH)
        say(value ? "true" : "false");
    else
        say("%d", value);
}

static const char *const SIGNS[] = {"=", "!=", "<", "<=", ">", ">="};

static int user_value(sort of)
{
    if (of == DAY)
        return TODAY;
    if (!w.user)
        return NOTHING;
    return of == MATE ? w.user : of == SQUAD ? w.mate_squad[w.user] : w.mate_name[w.user];
}

static void draw_comparison(node *n, sort of)
{
    n->test = of == TRUTH ? (unsigned)draw(2) : (unsigned)draw(6);
    say(" %s ", SIGNS[n->test]);
    n->is_by_user = (of == MATE || of == SQUAD || of == WORD || of == DAY) && draw(2);
    if (n->is_by_user)
        say(of == MATE ? "$user" : of == SQUAD ? "$user.squad" : of == DAY ? "$now" : "$user.name");
    else
        say_value(of, n->value = draw_value(of));
}

static void draw_test(node *n)
{
    n->op = PATH;
    n->path = draw(PATH_COUNT);
    sort of = PATHS[n->path].of;
    say("%s", PATHS[n->path].path);
    int which = draw(6);
    if (which == 0) {
        n->test = draw(2) ? IS_NULL : NOT_NULL;
        say(n->test == IS_NULL ? " is null" : " is not null");
    } else if (which == 1 && of != TRUTH) {
        n->test = IN;
        say(" in (");
        say_value(of, n->value = draw_value(of));
        say(", ");
        say_value(of, n->other = draw_value(of));
        say(")");
    } else if (which == 2 && of == TRUTH) {
        n->test = ALONE;
    } else if (which == 2 && of == NUMBER) {
        n->test = IN_GROUPS;
        say(" in $user.groups");
    } else {
        draw_comparison(n, of);
    }
}

static void draw_condition(node *n)
{
    n->op = USER;
    n->path = draw(8);
    n->value = n->path == 5 ? draw(WORD_COUNT) : n->path == 6 ? draw(2) : 1 + draw(SQUADS);
    switch (n->path) {
    case 0: say("$user = null"); return;
    case 1: say("$user is not null"); return;
    case 2: say("$user"); return;
    case 3: say("$user.boss"); return;
    case 4: say("$user.squad is null"); return;
    case 5:
        say("$user.name = ");
        say_word(n->value);
        return;
    case 6: say("$perm(\"a.%d\")", n->value); return;
    default: say("\"g%d\" in $user.groups", n->value); return;
    }
}

static node *draw_rule(int depth)
{
    node *n = &nodes[node_count++];
    *n = (node){0};
    int which = draw(depth ? 8 : 4);
    if (which == 0) {
        draw_condition(n);
    } else if (which < 4) {
        draw_test(n);
    } else if (which == 4) {
        n->op = NOT;
        say("not (");
        n->a = draw_rule(depth - 1);
        say(")");
    } else {
        n->op = which < 6 ? AND : OR;
        say("(");
        n->a = draw_rule(depth - 1);
        say(n->op == AND ? " and " : " or ");
        n->b = draw_rule(depth - 1);
        say(")");
    }
    return n;
}

/* ---- what they mean ---- */

static int order(sort of, int a, int b)
{
    return of == WORD ? strcmp(WORDS[a], WORDS[b]) : a - b;
}

static truth compare_one(const node *n, int value, int with)
{
    if (value == NOTHING)
        return UNKNOWN;
    int c = order(PATHS[n->path].of, value, with);
    bool is = n->test == EQ || n->test == NE ? c == 0
              : n->test == LT                ? c < 0
              : n->test == LTE               ? c <= 0
              : n->test == GT                ? c > 0
              : n->test == GTE               ? c >= 0
              : n->test == IN                ? c == 0 || !order(PATHS[n->path].of, value, n->other)
              : n->test == ALONE             ? value
                                             : value <= SQUADS && value > 0 && w.is_in[value];
    return is ? YES : NO;
}

static truth null_test(const node *n, const ends *e)
{
    bool any_null = e->is_many && !e->count, any_value = false;
    for (int i = 0; i < e->count; i++) {
        any_null |= e->at[i] == NOTHING;
        any_value |= e->at[i] != NOTHING;
    }
    return (n->test == IS_NULL ? any_null : any_value) ? YES : NO;
}

static bool is_in_any(void)
{
    bool any = false;
    for (int i = 1; i <= SQUADS; i++)
        any |= w.is_in[i];
    return any;
}

static truth path_test(const node *n, int row)
{
    ends e = ends_of(n->path, row);
    if (n->test == IS_NULL || n->test == NOT_NULL)
        return null_test(n, &e);
    int with = n->is_by_user ? user_value(PATHS[n->path].of) : n->value;
    if ((n->is_by_user && with == NOTHING) || (n->test == IN_GROUPS && !w.user))
        return UNKNOWN;
    truth found = NO;
    if (n->test == IN_GROUPS && !is_in_any())
        return NO; /* as SQL has it: not even NULL is in an empty list */
    for (int i = 0; i < e.count && found != YES; i++) {
        truth one = compare_one(n, e.at[i], with);
        if (!e.is_many)
            found = one;
        else if (one == YES)
            found = YES;
    }
    return n->test == NE ? not_(found) : found;
}

static truth of_field(int value, bool is)
{
    return !w.user || value == NOTHING ? UNKNOWN : is ? YES : NO;
}

static truth condition(const node *n)
{
    int boss = w.user ? w.mate_boss[w.user] : NOTHING, name = w.user ? w.mate_name[w.user] : 0;
    switch (n->path) {
    case 0: return w.user ? NO : YES;
    case 1:
    case 2: return w.user ? YES : NO;
    case 3: return of_field(boss, boss == 1);
    case 4: return !w.user || w.mate_squad[w.user] == NOTHING ? YES : NO;
    case 5: return of_field(name, name == n->value);
    case 6: return w.may[n->value] ? YES : NO;
    default: return w.is_in[n->value] ? YES : NO;
    }
}

static truth judge(const node *n, int row)
{
    truth a, b;
    switch (n->op) {
    case PATH: return path_test(n, row);
    case USER: return condition(n);
    case NOT: return not_(judge(n->a, row));
    default: break;
    }
    a = judge(n->a, row);
    b = judge(n->b, row);
    truth wins = n->op == AND ? NO : YES;
    return a == wins || b == wins ? wins : a == UNKNOWN || b == UNKNOWN ? UNKNOWN : not_(wins);
}

/* ---- the same by the database ---- */

static fr_value field_of_user(uint16_t field)
{
    fr_value null = {.type = FR_VALUE_NULL};
    if (!w.user)
        return null;
    int value = field == mate_field_boss    ? w.mate_boss[w.user]
                : field == mate_field_squad ? w.mate_squad[w.user]
                                            : 0;
    return field == mate_field_name ? FR_VALUE_S(fr_str_c(WORDS[w.mate_name[w.user]]))
           : value == NOTHING       ? null
                                    : FR_VALUE_I(value);
}

static fr_param answer(const fr_rule_ask *ask, fr_value room[SQUADS + 1])
{
    fr_param one = {room, 1};
    int group = ask->kind == FR_RULE_ASK_GROUP ? ask->text.p[1] - '0' : 0;
    switch (ask->kind) {
    case FR_RULE_ASK_USER:
        room[0] = w.user ? FR_VALUE_I(w.user) : (fr_value){.type = FR_VALUE_NULL};
        break;
    case FR_RULE_ASK_FIELD: room[0] = field_of_user(ask->field); break;
    case FR_RULE_ASK_NOW:
    case FR_RULE_ASK_TODAY: room[0] = FR_VALUE_S(fr_str_c(DAYS[TODAY])); break;
    case FR_RULE_ASK_KNOWN: room[0] = FR_VALUE_I(w.user != 0); break;
    case FR_RULE_ASK_TEST:
        return fr_rule_ask_test(ask, field_of_user(ask->field), room) ? one : (fr_param){0};
    case FR_RULE_ASK_GROUP: room[0] = FR_VALUE_I(w.is_in[group]); break;
    case FR_RULE_ASK_PERM: room[0] = FR_VALUE_I(w.may[ask->text.p[2] - '0']); break;
    case FR_RULE_ASK_GROUPS:
        one.count = 0;
        for (int i = 1; i <= SQUADS; i++)
            if (w.is_in[i])
                room[one.count++] = FR_VALUE_I(i);
        return w.user ? one : (fr_param){0};
    }
    return one;
}

static void forget(void *arg)
{
    memset(arg, 0, CHORES + 1);
}

static fr_err see(void *arg, const fr_value *values)
{
    bool *seen = arg;
    assert_false(seen[values[0].as.i]); /* no row twice */
    seen[values[0].as.i] = true;
    return FR_OK;
}

static fr_err see_one(void *arg, const fr_value *values)
{
    (void)values;
    *(bool *)arg = true;
    return FR_OK;
}

static void begin_one(void *arg)
{
    *(bool *)arg = false;
}

static void ask_database(const fr_pred *where, bool seen[CHORES + 1])
{
    fr_query query = {.model = &chore_model, .refs = &refs, .where = where};
    fr_reader_sink sink = {forget, see, seen}, one = {begin_one, see_one, NULL};
    int64_t count = 0, found = 0;
    forget(seen);
    if (fr_db_select(&t.ctx, &query, &sink, NULL) != FR_OK)
        fail_msg("%s: %.*s", text, FR_FMT(t.ctx.detail));
    assert_int_equal(fr_db_count(&t.ctx, &query, &count), FR_OK);
    for (int i = 1; i <= CHORES; i++) {
        bool is_there = false;
        one.arg = &is_there;
        fr_err err = fr_db_select_one(&t.ctx, &query, FR_VALUE_I(i), &one, NULL);
        assert_true(err == FR_OK || err == FR_ENOTFOUND);
        assert_int_equal(is_there, seen[i]);
        found += seen[i];
    }
    assert_int_equal(count, found);
}

static void one_rule(void)
{
    fr_row_rule rule;
    char error[256];
    fr_value room[FR_RULE_ASKS_MAX][SQUADS + 1];
    fr_param params[FR_RULE_ASKS_MAX];
    bool seen[CHORES + 1];
    node_count = 0;
    length = 0;
    const node *meaning = draw_rule(5);
    fr_arena *arena = fr_arena_new(0);
    if (fr_row_rule_parse(fr_str_c(text), &mate_model, &refs, arena, &rule, error) != FR_OK)
        fail_msg("%s: %s", text, error);
    for (int times = 0; times < 2; times++) { /* bound anew to somebody else */
        draw_user();
        for (size_t i = 0; i < rule.ask_count; i++)
            params[i] = answer(&rule.asks[i], room[i]);
        const fr_pred *where = fr_pred_bind(arena, rule.where, params, rule.ask_count);
        assert_non_null(where);
        ask_database(where, seen);
        for (int i = 1; i <= CHORES; i++)
            if (seen[i] != (judge(meaning, i) == YES))
                fail_msg("chore %d, user %d: %s", i, w.user, text);
    }
    fr_arena_free(arena);
}

static void random_rules_mean_the_same_in_the_database(void **state)
{
    (void)state;
    for (unsigned start = 1; start <= 10; start++) {
        seed = start;
        begin();
        for (int i = 0; i < RULES / 10; i++)
            one_rule();
        test_close(&t);
    }
}

FR_TESTS(row_rules, FR_TEST(random_rules_mean_the_same_in_the_database))

/*
 * Random rules over random rows of five models that refer to each other, and what they mean, told by a plain evaluator that
 * knows nothing of SQL. Used by the tests of the database's queries and by those of whole requests.
 */
#ifndef FR_TEST_RULE_WORLD_H
#define FR_TEST_RULE_WORLD_H
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <freshet/model.h>

#include "base/str.h"
#include "model/row_rule.h"
#include "unit.h"

FR_MODEL(troop, (ID, id), (CHAR, name, .max_length = 10, .null = true));
FR_MODEL(hand, (ID, id), (CHAR, name, .max_length = 10), (BOOLEAN, boss, .null = true),
         (FOREIGN_KEY(troop), troop, .null = true, .related = "hands"),
         (CHAR, email, .max_length = 10, .unique = true),
         (CHAR, password, .max_length = 128, .default_ = "!", .secret = true),
         (BOOLEAN, is_active, .default_ = "true", .secret = true));
FR_MODEL(sash, (ID, id), (CHAR, slug, .max_length = 10, .null = true));
FR_MODEL(stint, (ID, id), (CHAR, title, .max_length = 10, .null = true),
         (INTEGER, weight, .null = true), (BOOLEAN, done, .null = true), (DATE, day, .null = true),
         (FOREIGN_KEY(hand), owner, .null = true, .related = "stints"),
         (MANY_TO_MANY(sash), badges, .related = "stints", .blank = true));
FR_MODEL(jot, (ID, id), (FOREIGN_KEY(stint), stint, .related = "notes"),
         (FOREIGN_KEY(sash), badge, .null = true, .related = "notes"));

enum { SQUAD, MATE, RIBBON, CHORE, NOTE, MODELS };
enum { ROWS_MAX = 12, NOTHING = -1, TODAY = 1, WORD_COUNT = 6, GROUPS = 3, FIELDS_MAX = 6 };
static const fr_model *const MODEL_OF[] = {&troop_model, &hand_model, &sash_model, &stint_model,
                                           &jot_model};
static const int ROWS[] = {3, 5, 4, 12, 10};

/* Texts and days are numbers of WORDS and DAYS; keys count from 1, row 0 is none. */
static const char *const WORDS[] = {"ann", "Ann", "bob", "o'x", "\\\"", "zed"};
static const char *const DAYS[] = {"2020-01-01", "2024-05-05", "2030-12-31"};

typedef enum sort { KEY, NUMBER, WORD, DAY, TRUTH } sort;

typedef struct column {
    const char *name;
    sort of;
    int to; /* KEY: of which model */
    bool is_needed;
} column;

static const column COLUMNS[MODELS][FIELDS_MAX] = {
    [SQUAD] = {{"name", WORD, 0, false}},
    [MATE] = {{"name", WORD, 0, true}, {"boss", TRUTH, 0, false}, {"troop", KEY, SQUAD, false}},
    [RIBBON] = {{"slug", WORD, 0, false}},
    [CHORE] = {{"title", WORD, 0, false},
               {"weight", NUMBER, 0, false},
               {"done", TRUTH, 0, false},
               {"day", DAY, 0, false},
               {"owner", KEY, MATE, false}},
    [NOTE] = {{"stint", KEY, CHORE, true}, {"badge", KEY, RIBBON, false}}};

/* Ways from a model: by a column of its own, by one of the others, or by the table between. */
typedef struct way {
    const char *name;
    int to;
    enum { HERE, THERE, BETWEEN } by;
    int column;
} way;
static const way WAYS[MODELS][3] = {
    [SQUAD] = {{"hands", MATE, THERE, 2}},
    [MATE] = {{"troop", SQUAD, HERE, 2}, {"stints", CHORE, THERE, 4}},
    [RIBBON] = {{"stints", CHORE, BETWEEN, 0}, {"notes", NOTE, THERE, 1}},
    [CHORE] = {{"owner", MATE, HERE, 4}, {"badges", RIBBON, BETWEEN, 0}, {"notes", NOTE, THERE, 0}},
    [NOTE] = {{"stint", CHORE, HERE, 0}, {"badge", RIBBON, HERE, 1}}};

static int value_of[MODELS][ROWS_MAX + 1][FIELDS_MAX];
static bool has_badge[ROWS_MAX + 1][ROWS_MAX + 1]; /* stint, sash */
static bool is_gone[MODELS][ROWS_MAX + 1];
static int user; /* a hand; 0: nobody */
static bool is_in[GROUPS + 1], may[2];
static bool has_groups; /* rules ask for groups, permissions and the day, too */
static unsigned seed;

static int draw(int below)
{
    seed = seed * 1103515245u + 12345u;
    return (int)((seed >> 16 & 0x7fff) % (unsigned)below);
}

/* ---- rows ---- */

static int draw_value(const column *c)
{
    return c->of == KEY     ? 1 + draw(ROWS[c->to])
           : c->of == WORD  ? draw(WORD_COUNT)
           : c->of == DAY   ? draw(3)
           : c->of == TRUTH ? draw(2)
                            : draw(4);
}

static void draw_rows(void)
{
    memset(is_gone, 0, sizeof is_gone);
    for (int m = 0; m < MODELS; m++)
        for (int row = 1; row <= ROWS[m]; row++)
            for (int f = 0; f < FIELDS_MAX && COLUMNS[m][f].name; f++)
                value_of[m][row][f] =
                    COLUMNS[m][f].is_needed || draw(4) ? draw_value(&COLUMNS[m][f]) : NOTHING;
    for (int i = 1; i <= ROWS[CHORE]; i++)
        for (int k = 1; k <= ROWS[RIBBON]; k++)
            has_badge[i][k] = !draw(4);
}

static size_t put_sql(char *out, const column *c, int value)
{
    size_t n = 0;
    if (value == NOTHING)
        return (size_t)sprintf(out, "NULL");
    if (c->of == DAY)
        return (size_t)sprintf(out, "'%s'", DAYS[value]);
    if (c->of != WORD)
        return (size_t)sprintf(out, "%d", value);
    out[n++] = '\'';
    for (const char *p = WORDS[value]; *p; p++) {
        out[n++] = *p;
        if (*p == '\'')
            out[n++] = '\'';
    }
    out[n++] = '\'';
    return n;
}

/* One statement for each row. */
static void insert_rows(void (*run)(const char *sql))
{
    char sql[512];
    for (int m = 0; m < MODELS; m++)
        for (int row = 1; row <= ROWS[m]; row++) {
            size_t n = (size_t)sprintf(sql, "INSERT INTO %s(id", MODEL_OF[m]->name);
            for (int f = 0; f < FIELDS_MAX && COLUMNS[m][f].name; f++)
                n += (size_t)sprintf(sql + n, ",%s%s", COLUMNS[m][f].name,
                                     COLUMNS[m][f].of == KEY ? "_id" : "");
            n += (size_t)sprintf(sql + n, "%s) VALUES(%d",
                                 m == MATE ? ",email,password,is_active" : "", row);
            for (int f = 0; f < FIELDS_MAX && COLUMNS[m][f].name; f++) {
                sql[n++] = ',';
                n += put_sql(sql + n, &COLUMNS[m][f], value_of[m][row][f]);
            }
            sprintf(sql + n, m == MATE ? ",'%d','!',1)" : ")", row);
            run(sql);
        }
    for (int i = 1; i <= ROWS[CHORE]; i++)
        for (int k = 1; k <= ROWS[RIBBON]; k++)
            if (has_badge[i][k]) {
                sprintf(sql, "INSERT INTO stint_badges(stint_id,sash_id) VALUES(%d,%d)", i, k);
                run(sql);
            }
}

static void draw_user(void)
{
    user = draw(ROWS[MATE] + 1);
    for (int i = 1; i <= GROUPS; i++)
        is_in[i] = has_groups && user && draw(2);
    for (int i = 0; i < 2; i++)
        may[i] = has_groups && user && draw(2);
}

/* ---- rules: as text, and as what they mean ---- */

enum { STEPS_MAX = 3 };
typedef struct walked {
    int model, end; /* where it begins; where its steps end */
    const way *steps[STEPS_MAX];
    int count;
    int column; /* at the end; -1: its key; -2: how many there are */
} walked;
enum { AT_KEY = -1, AT_COUNT = -2 };

typedef struct node {
    enum { AND, OR, NOT, PATH, SOME, USER } op;
    struct node *a, *b;
    walked at; /* PATH, SOME */
    int which; /* USER: which condition */
    enum { EQ, NE, LT, LTE, GT, GTE, IN, IN_GROUPS, IS_NULL, NOT_NULL, ALONE } test;
    int value, other; /* IN: two of them */
    bool is_by_user;  /* the value is one of the user's, or of now */
} node;

typedef struct rule {
    node nodes[256];
    int node_count;
    char text[16384];
    size_t length;
    const node *meaning;
    int model;
} rule;

static void say(rule *r, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    r->length += (size_t)vsnprintf(r->text + r->length, sizeof r->text - r->length, format, list);
    va_end(list);
    assert_true(r->length < sizeof r->text);
}

static void say_word(rule *r, int word)
{
    say(r, "\"");
    for (const char *p = WORDS[word]; *p; p++)
        say(r, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
    say(r, "\"");
}

static bool is_many(const walked *p)
{
    for (int i = 0; i < p->count; i++)
        if (p->steps[i]->by != HERE)
            return true;
    return false;
}

/* What is compared at the end of a path. */
static column column_at(const walked *p)
{
    return p->column == AT_COUNT ? (column){NULL, NUMBER, 0, true}
           : p->column == AT_KEY ? (column){NULL, KEY, p->end, false}
                                 : COLUMNS[p->end][p->column];
}

static void draw_steps(walked *p, int model, int least)
{
    *p = (walked){.model = model, .end = model};
    int count = least + draw(STEPS_MAX + 1 - least);
    for (int i = 0; i < count; i++) {
        int ways = 0;
        while (ways < 3 && WAYS[p->end][ways].name)
            ways++;
        const way *w = &WAYS[p->end][draw(ways)];
        p->steps[p->count++] = w;
        p->end = w->to;
    }
}

static void say_steps(rule *r, const walked *p)
{
    for (int i = 0; i < p->count; i++)
        say(r, "%s%s", i ? "." : "", p->steps[i]->name);
}

/* A field of plain values, the key of a relation, or a number of rows. */
static void draw_path(rule *r, walked *p, int model)
{
    int plain = 0, count = 0;
    draw_steps(p, model, model == NOTE ? 1 : 0);
    while (count < FIELDS_MAX && COLUMNS[p->end][count].name)
        plain += COLUMNS[p->end][count++].of != KEY;
    bool may_count = p->count && p->steps[p->count - 1]->by != HERE && !draw(5);
    bool is_key = p->count && (!plain || !draw(4));
    if (!is_key && !plain) {
        draw_path(r, p, model);
        return;
    }
    p->column = may_count ? AT_COUNT : is_key ? AT_KEY : draw(plain); /* plain ones stand first */
    if (p->end == NOTE && p->column >= 0)
        p->column = AT_KEY;
    say_steps(r, p);
    if (p->column == AT_COUNT)
        say(r, ".count");
    else if (p->column >= 0)
        say(r, "%s%s", p->count ? "." : "", COLUMNS[p->end][p->column].name);
}

static void say_value(rule *r, sort of, int value)
{
    if (of == WORD)
        say_word(r, value);
    else if (of == DAY)
        say(r, "\"%s\"", DAYS[value]);
    else if (of == TRUTH)
        say(r, value ? "true" : "false");
    else
        say(r, "%d", value);
}

static const char *const SIGNS[] = {"=", "!=", "<", "<=", ">", ">="};

static int user_value(const column *c)
{
    if (c->of == DAY)
        return TODAY;
    if (!user)
        return NOTHING;
    return c->of == WORD ? value_of[MATE][user][0] : c->to == MATE ? user : value_of[MATE][user][2];
}

static void draw_comparison(rule *r, node *n, const column *c)
{
    bool may_ask = c->of == WORD || (c->of == DAY && has_groups) || (c->of == KEY && c->to <= MATE);
    n->test = c->of == TRUTH ? (unsigned)draw(2) : (unsigned)draw(6);
    say(r, " %s ", SIGNS[n->test]);
    n->is_by_user = may_ask && draw(2);
    if (n->is_by_user)
        say(r, c->of == DAY    ? "$now"
               : c->of == WORD ? "$user.name"
               : c->to == MATE ? "$user"
                               : "$user.troop");
    else
        say_value(r, c->of, n->value = draw_value(c));
}

static void draw_test(rule *r, node *n, int model)
{
    n->op = PATH;
    draw_path(r, &n->at, model);
    column c = column_at(&n->at);
    int which = draw(6);
    if (which == 0) {
        n->test = draw(2) ? IS_NULL : NOT_NULL;
        say(r, n->test == IS_NULL ? " is null" : " is not null");
    } else if (which == 1 && c.of != TRUTH) {
        n->test = IN;
        say(r, " in (");
        say_value(r, c.of, n->value = draw_value(&c));
        say(r, ", ");
        say_value(r, c.of, n->other = draw_value(&c));
        say(r, ")");
    } else if (which == 2 && c.of == TRUTH) {
        n->test = ALONE;
    } else if (which == 2 && c.of == NUMBER && has_groups) {
        n->test = IN_GROUPS;
        say(r, " in $user.groups");
    } else {
        draw_comparison(r, n, &c);
    }
}

static void draw_condition(rule *r, node *n)
{
    n->op = USER;
    n->which = draw(has_groups ? 8 : 6);
    n->value = n->which == 5 ? draw(WORD_COUNT) : n->which == 6 ? draw(2) : 1 + draw(GROUPS);
    switch (n->which) {
    case 0: say(r, "$user = null"); return;
    case 1: say(r, "$user is not null"); return;
    case 2: say(r, "$user"); return;
    case 3: say(r, "$user.boss"); return;
    case 4: say(r, "$user.troop is null"); return;
    case 5:
        say(r, "$user.name = ");
        say_word(r, n->value);
        return;
    case 6: say(r, "$perm(\"a.%d\")", n->value); return;
    default: say(r, "\"g%d\" in $user.groups", n->value); return;
    }
}

static node *draw_node(rule *r, int model, int depth)
{
    node *n = &r->nodes[r->node_count++];
    *n = (node){0};
    int which = draw(depth ? 10 : 4);
    if (which == 0) {
        draw_condition(r, n);
    } else if (which < 4) {
        draw_test(r, n, model);
    } else if (which == 4) {
        n->op = NOT;
        say(r, "not (");
        n->a = draw_node(r, model, depth - 1);
        say(r, ")");
    } else if (which < 7) {
        n->op = SOME;
        draw_steps(&n->at, model, 1);
        say(r, "some ");
        say_steps(r, &n->at);
        say(r, " (");
        n->a = draw_node(r, n->at.end, depth > 3 ? 3 : depth - 1);
        say(r, ")");
    } else {
        n->op = which < 9 ? AND : OR;
        say(r, "(");
        n->a = draw_node(r, model, depth - 1);
        say(r, n->op == AND ? " and " : " or ");
        n->b = draw_node(r, model, depth - 1);
        say(r, ")");
    }
    return n;
}

/* Of rows of a model. */
static void draw_rule(rule *r, int model, int depth)
{
    r->node_count = 0;
    r->length = 0;
    r->model = model;
    r->meaning = draw_node(r, model, depth);
}

/* ---- what may be seen ---- */

/* The rules of models; NULL: all of their rows. */
static const rule *rule_of[MODELS];
static bool holds(const rule *r, int row);

static bool is_seen(int model, int row)
{
    return !rule_of[model] || holds(rule_of[model], row);
}

/* ---- what they mean ---- */

typedef struct ends {
    int at[4096];
    int count;
} ends;

static void add(ends *e, int value)
{
    assert_true(e->count < 4096);
    e->at[e->count++] = value;
}

static bool is_related(int model, const way *w, int row, int other)
{
    if (is_gone[w->to][other])
        return false;
    if (w->by == HERE)
        return value_of[model][row][w->column] == other;
    if (w->by == THERE)
        return value_of[w->to][other][w->column] == row;
    return model == CHORE ? has_badge[row][other] : has_badge[other][row];
}

/* Behind a step to several a row counts as reached only if the one that it needs next may be seen, too. */
static bool is_reached(const walked *p, int step, int row, bool is_veiled)
{
    const way *here = p->steps[step], *next = step + 1 < p->count ? p->steps[step + 1] : NULL;
    if (!is_veiled)
        return true;
    if (!is_seen(here->to, row))
        return false;
    if (!is_many(p) || !next || next->by != HERE)
        return true;
    bool is_key = step + 2 == p->count && p->column == AT_KEY;
    int key = value_of[here->to][row][next->column];
    if (!COLUMNS[here->to][next->column].is_needed && !is_key)
        return true;
    return key == NOTHING || is_seen(next->to, key);
}

/* The rows at the end of a path: NOTHING for each place where there is none. */
static void walk(const walked *p, int row, bool is_veiled, ends *out)
{
    ends *now = malloc(sizeof *now), *then = malloc(sizeof *then);
    *now = (ends){.at = {row}, .count = 1};
    int model = p->model;
    for (int s = 0; s < p->count; s++) {
        const way *w = p->steps[s];
        /* a key at the end stands in the row before it */
        bool is_column = s + 1 == p->count && w->by == HERE && p->column == AT_KEY;
        then->count = 0;
        for (int i = 0; i < now->count; i++) {
            int found = 0;
            for (int other = 1; now->at[i] != NOTHING && other <= ROWS[w->to]; other++)
                if (is_related(model, w, now->at[i], other) &&
                    (is_column || is_reached(p, s, other, is_veiled))) {
                    add(then, other);
                    found++;
                }
            if (!found)
                add(then, NOTHING);
        }
        ends *swap = now;
        now = then;
        then = swap;
        model = w->to;
    }
    *out = *now;
    free(now);
    free(then);
}

static void ends_of(const walked *p, int row, bool is_veiled, ends *e)
{
    walk(p, row, is_veiled, e);
    int count = 0;
    for (int i = 0; i < e->count; i++) {
        count += e->at[i] != NOTHING;
        if (p->column >= 0 && e->at[i] != NOTHING)
            e->at[i] = value_of[p->end][e->at[i]][p->column];
    }
    if (p->column == AT_COUNT) {
        e->count = 1;
        e->at[0] = count;
    }
}

typedef enum truth {
    NO,
    YES,
    UNKNOWN,
    UNASKED
} truth; /* UNASKED: of somebody who is not known, or who has none */

static bool compare_one(const node *n, const column *c, int value, int with)
{
    int d =
        c->of == WORD ? strcmp(WORDS[value], WORDS[n->test > GTE ? n->value : with]) : value - with;
    switch (n->test) {
    case EQ:
    case NE: return d == 0;
    case LT: return d < 0;
    case LTE: return d <= 0;
    case GT: return d > 0;
    case GTE: return d >= 0;
    case IN:
        return c->of == WORD ? !strcmp(WORDS[value], WORDS[n->value]) ||
                                   !strcmp(WORDS[value], WORDS[n->other])
                             : value == n->value || value == n->other;
    case ALONE: return value;
    default: return value <= GROUPS && value > 0 && is_in[value];
    }
}

static truth test_path(const node *n, int row, bool is_veiled)
{
    static ends e;
    column c = column_at(&n->at);
    bool is_one = !is_many(&n->at) || n->at.column == AT_COUNT, any_group = false;
    ends_of(&n->at, row, is_veiled, &e);
    if (n->test == IS_NULL || n->test == NOT_NULL) {
        bool any[2] = {false};
        for (int i = 0; i < e.count; i++)
            any[e.at[i] != NOTHING] = true;
        return any[n->test == NOT_NULL] ? YES : NO;
    }
    int with = n->is_by_user ? user_value(&c) : n->value;
    if ((n->is_by_user && with == NOTHING) || (n->test == IN_GROUPS && !user))
        return UNASKED;
    for (int i = 1; i <= GROUPS; i++)
        any_group |= is_in[i];
    if (n->test == IN_GROUPS && !any_group)
        return NO; /* as SQL has it: not even NULL is in an empty list */
    bool found = false, is_null = false;
    for (int i = 0; i < e.count; i++) {
        is_null |= e.at[i] == NOTHING;
        found |= e.at[i] != NOTHING && compare_one(n, &c, e.at[i], with);
    }
    if (is_one && is_null)
        return UNKNOWN;
    return found != (n->test == NE) ? YES : NO;
}

static truth of_field(int value, bool is)
{
    return !user || value == NOTHING ? UNASKED : is ? YES : NO;
}

static truth condition(const node *n)
{
    int boss = user ? value_of[MATE][user][1] : NOTHING, name = user ? value_of[MATE][user][0] : 0;
    switch (n->which) {
    case 0: return user ? NO : YES;
    case 1:
    case 2: return user ? YES : NO;
    case 3: return of_field(boss, boss == 1);
    case 4: return !user || value_of[MATE][user][2] == NOTHING ? YES : NO;
    case 5: return of_field(name, user && !strcmp(WORDS[name], WORDS[n->value]));
    case 6: return may[n->value] ? YES : NO;
    default: return is_in[n->value] ? YES : NO;
    }
}

/* Whether a node, or is_not its contrary, holds: what is unknown never does; but of somebody who is not known what is_unasked says. */
static bool judge(const node *n, int row, bool is_not, bool is_unasked, bool is_veiled)
{
    static ends stack[8];
    static int depth;
    truth t;
    switch (n->op) {
    case NOT: return judge(n->a, row, !is_not, is_unasked, is_veiled);
    case AND:
    case OR: {
        bool a = judge(n->a, row, is_not, is_unasked, is_veiled);
        bool b = judge(n->b, row, is_not, is_unasked, is_veiled);
        return (n->op == AND) != is_not ? a && b : a || b;
    }
    case SOME: {
        ends *e = &stack[depth++];
        bool found = false;
        walk(&n->at, row, false, e);
        for (int i = 0; i < e->count && !found; i++)
            found = e->at[i] != NOTHING &&
                    judge(n->a, e->at[i], false, is_not ? !is_unasked : is_unasked, false);
        depth--;
        return found != is_not;
    }
    case PATH: t = test_path(n, row, is_veiled); break;
    default: t = condition(n); break;
    }
    return t == UNASKED ? is_unasked : t == (is_not ? NO : YES);
}

/* As a rule, which says itself what may be seen; or as a filter, which goes by the rules of models. */
static bool holds(const rule *r, int row)
{
    return judge(r->meaning, row, false, false, false);
}

static inline bool is_found(const rule *r, int row)
{
    return judge(r->meaning, row, false, false, true);
}
#endif

/*
 * Reading settings: first the defaults, then the environment, then the flags, each over what was
 * there. Everything that is known of an option stands in its row; this file only walks rows.
 */
#include "base/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/slip.h"
#include "base/str.h"

/* ---- values ---- */

typedef struct unit {
    const char *name;
    int64_t factor;
} unit;

static const unit BYTE_UNITS[] = {{"B", 1},           {"kB", 1000},     {"MB", 1000000},
                                  {"GB", 1000000000}, {"KiB", 1 << 10}, {"MiB", 1 << 20},
                                  {"GiB", 1 << 30},   {NULL, 0}};
static const unit TIME_UNITS[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};

/* What is wrong with a value; NULL if nothing is. */
typedef const char *fault;

static size_t digits_at(fr_str text, size_t from)
{
    size_t n = from;
    while (n < text.n && text.p[n] >= '0' && text.p[n] <= '9')
        n++;
    return n - from;
}

/* The thousandths of ".5" or ".125"; *length is that of the text, 0 if there is no fraction. -1: more than three digits. */
static int thousandths(fr_str text, size_t *length)
{
    *length = 0;
    if (text.n < 2 || text.p[0] != '.')
        return 0;
    size_t digits = digits_at(text, 1);
    if (digits > 3)
        return -1;
    int sum = 0;
    for (size_t i = 0; i < 3; i++)
        sum = sum * 10 + (i < digits ? text.p[1 + i] - '0' : 0);
    *length = digits ? 1 + digits : 0;
    return sum;
}

static fault parse_with_unit(fr_str text, const unit *units, const char *example, int64_t *out)
{
    size_t digits = digits_at(text, 0), behind;
    int part = thousandths(fr_str_from(text, digits), &behind);
    int64_t n;
    fr_str name = fr_str_trim(fr_str_from(text, digits + behind));
    if (!digits || part < 0)
        return example;
    if (!fr_str_i64(fr_str_sub(text, 0, digits), &n))
        return "is too large";
    if (name.n == 0 && n == 0 && !behind) { /* nothing is nothing in every unit */
        *out = 0;
        return NULL;
    }
    for (const unit *u = units; u->name; u++)
        if (fr_str_eq_nocase(name, fr_str_c(u->name)))
            return __builtin_mul_overflow(n, u->factor, out) ||
                           __builtin_add_overflow(*out, part * u->factor / 1000, out)
                       ? "is too large"
                       : NULL;
    return example;
}

/* A word that means no stands before the one that means yes. */
static fault parse_bool(fr_str text, bool *out)
{
    static const char *const WORDS[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (fr_str_eq_nocase(text, fr_str_c(WORDS[i]))) {
            *out = i % 2;
            return NULL;
        }
    }
    return "is neither yes nor no";
}

static fault parse_number(const fr_setting *row, fr_str text, int64_t *out)
{
    switch (row->type) {
    case FR_SETTING_BYTES:
        return parse_with_unit(text, BYTE_UNITS, "is no size with its unit, such as 64KiB", out);
    case FR_SETTING_MS:
        return parse_with_unit(text, TIME_UNITS, "is no duration with its unit, such as 30s", out);
    default: return fr_str_i64(text, out) ? NULL : "is no whole number";
    }
}

static fault store_number(const fr_setting *row, fr_str text, char *at)
{
    int64_t v;
    fault wrong = parse_number(row, text, &v);
    if (wrong)
        return wrong;
    if ((row->min || row->max) && v < row->min)
        return "is too small";
    if ((row->min || row->max) && v > row->max)
        return "is too large";
    memcpy(at, &v, sizeof v);
    return NULL;
}

static fault store_enum(const fr_setting *row, fr_str text, char *at)
{
    for (int i = 0; row->choices[i]; i++) {
        if (fr_str_eq_nocase(text, fr_str_c(row->choices[i]))) {
            memcpy(at, &i, sizeof i);
            return NULL;
        }
    }
    return "is not one of the choices";
}

/* Where a value comes from; later ones are stronger. */
enum { FROM_DEFAULTS, FROM_ENVIRONMENT, FROM_FLAGS };

static fault store_in_list(const char *text, int source, fr_setting_list *list)
{
    if (list->source != source)
        *list = (fr_setting_list){.source = source};
    if (list->count == FR_SETTING_LIST_MAX)
        return "is one too many";
    list->at[list->count++] = text;
    return NULL;
}

/* Parse one value into its place in the caller's struct. */
static fault store(const fr_setting *row, const char *text, int source, void *out)
{
    char *at = (char *)out + row->offset;
    switch (row->type) {
    case FR_SETTING_STRING: memcpy(at, &text, sizeof text); return NULL;
    case FR_SETTING_LIST: return store_in_list(text, source, (fr_setting_list *)(void *)at);
    case FR_SETTING_ENUM: return store_enum(row, fr_str_c(text), at);
    case FR_SETTING_BOOL: {
        bool v;
        fault wrong = parse_bool(fr_str_c(text), &v);
        if (!wrong)
            memcpy(at, &v, sizeof v);
        return wrong;
    }
    default: return store_number(row, fr_str_c(text), at);
    }
}

/* ---- messages ---- */

/* The text of `line` as a string of the heap; NULL if memory is out. */
static char *take_text(fr_buf *line)
{
    fr_buf_put_char(line, '\0');
    if (fr_buf_check(line) == FR_OK)
        return line->p;
    fr_buf_deinit(line);
    return NULL;
}

static void put_choices(const fr_setting *row, fr_buf *out)
{
    for (int i = 0; row->choices[i]; i++) {
        fr_buf_put(out, i ? FR_STR(", ") : FR_STR(""));
        fr_buf_put(out, fr_str_c(row->choices[i]));
    }
}

/* In a range's text a size or duration is written with the largest unit that divides it. */
static void put_amount(const fr_setting *row, int64_t v, fr_buf *out)
{
    const unit *units = row->type == FR_SETTING_BYTES ? BYTE_UNITS : TIME_UNITS;
    const unit *best = row->type == FR_SETTING_INT ? NULL : units;
    for (const unit *u = units; best && u->name; u++)
        if (v && v % u->factor == 0 && u->factor > best->factor)
            best = u;
    fr_buf_put_i64(out, best ? v / best->factor : v);
    if (best)
        fr_buf_put(out, fr_str_c(best->name));
}

static fr_err bad_value(const fr_setting *row, const char *source, const char *text, fault wrong,
                        char **error)
{
    fr_buf line = {0};
    fr_buf_printf(&line, "%s: \"%s\" %s", source, text, wrong);
    if (row->type == FR_SETTING_ENUM) {
        fr_buf_lit(&line, ": ");
        put_choices(row, &line);
    } else if (row->min || row->max) {
        fr_buf_lit(&line, " (");
        put_amount(row, row->min, &line);
        fr_buf_lit(&line, " to ");
        put_amount(row, row->max, &line);
        fr_buf_lit(&line, ")");
    }
    *error = take_text(&line);
    return FR_EINVAL;
}

static const char *nearest_flag(const fr_setting *table, size_t count, fr_str name)
{
    fr_slip slip = fr_slip_of(name);
    for (size_t i = 0; i < count; i++)
        fr_slip_try(&slip, table[i].flag);
    return slip.nearest;
}

static fr_err unknown_flag(const fr_setting *table, size_t count, const char *dashes, fr_str name,
                           char **error)
{
    const char *nearest = nearest_flag(table, count, name);
    fr_buf line = {0};
    fr_buf_printf(&line, "%s%.*s: there is no such option", dashes, FR_FMT(name));
    if (nearest)
        fr_buf_printf(&line, "; did you mean --%s?", nearest);
    *error = take_text(&line);
    return FR_EINVAL;
}

/* ---- sources ---- */

static fr_err read_defaults(const fr_setting *table, size_t count, void *out, char **error)
{
    for (size_t i = 0; i < count; i++) {
        fault wrong =
            table[i].default_ ? store(&table[i], table[i].default_, FROM_DEFAULTS, out) : NULL;
        if (wrong)
            return bad_value(&table[i], table[i].flag, table[i].default_, wrong, error);
    }
    return FR_OK;
}

enum { ENV_NAME_BYTES = 64 };
static const char PREFIX[] = "FRESHET_";

/* "max-body" is FRESHET_MAX_BODY. */
static bool env_name(const char *flag, char out[ENV_NAME_BYTES])
{
    size_t n = strlen(flag), prefix = sizeof PREFIX - 1;
    if (prefix + n >= ENV_NAME_BYTES)
        return false;
    memcpy(out, PREFIX, prefix);
    for (size_t i = 0; i <= n; i++) { /* with the NUL */
        char c = flag[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        out[prefix + i] = (char)(c == '-' || c == '.' ? '_' : c);
    }
    return true;
}

static fr_err read_environment(const fr_setting *table, size_t count, void *out, char **error)
{
    char name[ENV_NAME_BYTES];
    for (size_t i = 0; i < count; i++) {
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): read before other threads start */
        const char *text = env_name(table[i].flag, name) ? getenv(name) : NULL;
        fault wrong = text ? store(&table[i], text, FROM_ENVIRONMENT, out) : NULL;
        if (wrong)
            return bad_value(&table[i], name, text, wrong, error);
    }
    return FR_OK;
}

/* The other way round. */
static fr_str flag_of(fr_str name, char out[ENV_NAME_BYTES])
{
    size_t n = name.n < ENV_NAME_BYTES ? name.n : ENV_NAME_BYTES - 1;
    for (size_t i = 0; i < n; i++) {
        char c = name.p[i];
        out[i] = (char)(c == '_' ? '-' : c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    return (fr_str){out, n};
}

static bool is_of_table(const fr_setting *table, size_t count, fr_str name)
{
    char known[ENV_NAME_BYTES];
    for (size_t i = 0; i < count; i++)
        if (env_name(table[i].flag, known) && fr_str_eq(fr_str_c(known), name))
            return true;
    return false;
}

static bool is_among(const char *const *names, fr_str name)
{
    while (*names && !fr_str_eq(fr_str_c(*names), name))
        names++;
    return *names != NULL;
}

void fr_settings_warn(const fr_setting *table, size_t count, const char *const *others)
{
    char flag[ENV_NAME_BYTES], meant[ENV_NAME_BYTES];
    for (char **at = environ; at && *at; at++) {
        fr_str name;
        (void)fr_str_cut(fr_str_c(*at), '=', &name);
        if (!fr_str_starts(name, FR_STR(PREFIX)) || is_of_table(table, count, name) ||
            is_among(others, name))
            continue;
        const char *nearest =
            nearest_flag(table, count, flag_of(fr_str_from(name, sizeof PREFIX - 1), flag));
        if (nearest && env_name(nearest, meant))
            FR_WARN("settings.unknown", FR_KV_S("variable", name), FR_KV_C("nearest", meant));
        else
            FR_WARN("settings.unknown", FR_KV_S("variable", name));
    }
}

static const fr_setting *find_row(const fr_setting *table, size_t count, fr_str name)
{
    for (size_t i = 0; i < count; i++)
        if (fr_str_eq(name, fr_str_c(table[i].flag)))
            return &table[i];
    return NULL;
}

typedef struct args {
    const fr_setting *table;
    size_t count;
    int argc;
    char **argv;
    void *out;
    char *wants;
    char **error;
} args;

/* "--name", "--name=value" or "--name value"; a bool takes no next argument, and "--no-name" clears
 * it. *used is how many arguments it was. */
static fr_err read_flag(const args *a, int at, int *used)
{
    fr_str name, value = fr_str_cut(fr_str_c(a->argv[at] + 2), '=', &name);
    bool has_value = name.n < strlen(a->argv[at] + 2);
    const char *text = has_value ? value.p : NULL;
    const fr_setting *row = find_row(a->table, a->count, name);
    *used = 1;
    if (!row && !has_value && fr_str_starts(name, FR_STR("no-"))) {
        row = find_row(a->table, a->count, fr_str_from(name, 3));
        if (row && row->type != FR_SETTING_BOOL)
            row = NULL;
        text = "false";
    }
    if (!row)
        return unknown_flag(a->table, a->count, "--", name, a->error);
    if (!text && row->type == FR_SETTING_BOOL) {
        text = "true";
    } else if (!text) {
        if (at + 1 == a->argc) {
            fr_buf line = {0};
            fr_buf_printf(&line, "--%s: its value (%s) is missing", row->flag,
                          row->arg ? row->arg : "…");
            *a->error = take_text(&line);
            return FR_EINVAL;
        }
        text = a->argv[at + 1];
        *used = 2;
    }
    fault wrong = store(row, text, FROM_FLAGS, a->out);
    if (!wrong)
        return FR_OK;
    char source[ENV_NAME_BYTES] = "--";
    size_t n = strnlen(row->flag, sizeof source - 3);
    memcpy(source + 2, row->flag, n);
    source[2 + n] = '\0';
    return bad_value(row, source, text, wrong, a->error);
}

static char wanted(const char *arg)
{
    if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
        return 'h';
    return strcmp(arg, "--version") == 0 || strcmp(arg, "-V") == 0 ? 'v' : '\0';
}

/* Move argv[at .. at + n) before the positional arguments, which begin at `to`. */
static void move_forward(char **argv, int to, int at, int n)
{
    for (int i = 0; i < n; i++) {
        char *moved = argv[at + i];
        memmove(&argv[to + i + 1], &argv[to + i], (size_t)(at - to) * sizeof *argv);
        argv[to + i] = moved;
    }
}

static fr_err read_arguments(const args *a, int *first_arg)
{
    int first = 1; /* where the positional ones begin, among those looked at */
    for (int at = 1; at < a->argc;) {
        const char *arg = a->argv[at];
        int used = 1;
        char wants = wanted(arg);
        if (strcmp(arg, "--") == 0) { /* all that follows is positional */
            move_forward(a->argv, first++, at, 1);
            break;
        }
        if (wants) {
            *a->wants = wants;
        } else if (arg[0] == '-' && arg[1] == '-') {
            FR_TRY(read_flag(a, at, &used));
        } else if (arg[0] == '-' && arg[1]) { /* "-" alone is standard input, and positional */
            return unknown_flag(a->table, a->count, "-", fr_str_c(arg + 1), a->error);
        } else {
            at++;
            continue;
        }
        move_forward(a->argv, first, at, used);
        first += used;
        at += used;
    }
    *first_arg = first;
    return FR_OK;
}

fr_err fr_settings_read(const fr_setting *table, size_t count, int argc, char **argv, void *out,
                        char *wants, int *first_arg, char **error)
{
    args a = {table, count, argc, argv, out, wants, error};
    *wants = '\0';
    *error = NULL;
    FR_TRY(read_defaults(table, count, out, error));
    FR_TRY(read_environment(table, count, out, error));
    return read_arguments(&a, first_arg);
}

/* ---- help ---- */

enum { HELP_COLUMN = 30, HELP_WIDTH = 80 };

static void put_spaces(fr_buf *out, size_t n)
{
    while (n--)
        fr_buf_put_char(out, ' ');
}

/* Words from HELP_COLUMN on, in as many lines as they need. */
static void put_wrapped(fr_buf *out, fr_str text, size_t *column)
{
    while (text.n) {
        fr_str word;
        text = fr_str_cut(text, ' ', &word);
        if (*column > HELP_COLUMN && *column + 1 + word.n > HELP_WIDTH) {
            fr_buf_put_char(out, '\n');
            put_spaces(out, HELP_COLUMN);
            *column = HELP_COLUMN;
        } else if (*column > HELP_COLUMN) {
            fr_buf_put_char(out, ' ');
            ++*column;
        }
        fr_buf_put(out, word);
        *column += word.n;
    }
}

static void put_row(const fr_setting *row, fr_buf *out)
{
    size_t start = out->n;
    fr_buf_lit(out, "  --");
    fr_buf_put(out, fr_str_c(row->flag));
    if (row->arg) {
        fr_buf_put_char(out, ' ');
        fr_buf_put(out, fr_str_c(row->arg));
    }
    size_t column = out->n - start;
    if (column + 2 > HELP_COLUMN) {
        fr_buf_put_char(out, '\n');
        column = 0;
    }
    put_spaces(out, HELP_COLUMN - column);
    column = HELP_COLUMN;
    put_wrapped(out, fr_str_c(row->help), &column);
    if (row->type == FR_SETTING_ENUM) {
        fr_buf choices = {0};
        fr_buf_lit(&choices, "(");
        put_choices(row, &choices);
        fr_buf_lit(&choices, ")");
        put_wrapped(out, fr_buf_str(&choices), &column);
        out->has_failed |= choices.has_failed;
        fr_buf_deinit(&choices);
    }
    if (row->default_ && *row->default_ && row->type != FR_SETTING_BOOL) {
        put_wrapped(out, FR_STR("[default:"), &column);
        put_wrapped(out, fr_str_c(row->default_), &column);
        fr_buf_put_char(out, ']');
    }
    fr_buf_put_char(out, '\n');
}

void fr_settings_help(const fr_setting *table, size_t count, fr_buf *out)
{
    for (size_t i = 0; i < count; i++)
        put_row(&table[i], out);
}

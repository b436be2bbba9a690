/*
 * See time_format.h. The C library's strftime writes what Python's hands on to it; %f, %z, %:z and %Y are Python's own. Reading
 * is Python's _strptime, whose format is a regular expression: each directive has the lengths that it may take, the longest
 * first, and the first way through the whole format counts.
 */
#include "base/time_format.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "base/time.h"
#include "base/time_int.h"

enum { DIRECTIVES_MAX = 16, LETTERS = 'z' + 1 };

fr_civil fr_civil_of(int64_t local_us)
{
    fr_civil c = {0};
    int64_t clock = (local_us % FR_DAY_US + FR_DAY_US) % FR_DAY_US;
    fr_date_split((fr_date)((local_us - clock) / FR_DAY_US), &c.year, &c.month, &c.day);
    int seconds = (int)(clock / FR_SECOND_US);
    c.hour = seconds / 3600;
    c.minute = seconds / 60 % 60;
    c.second = seconds % 60;
    c.micros = (int)(clock % FR_SECOND_US);
    return c;
}

bool fr_civil_us(const fr_civil *c, int64_t *local_us)
{
    fr_date date;
    if (c->hour > 23 || c->minute > 59 || c->second > 59 ||
        !fr_date_civil(c->year, c->month, c->day, &date))
        return false;
    *local_us =
        date * FR_DAY_US + (c->hour * 3600 + c->minute * 60 + c->second) * FR_SECOND_US + c->micros;
    return true;
}

/* ---- formats ---- */

/* Cut the directive at the start of *format, which begins with '%': "%d", "%-d", "%:z". Returns its letter; '\0': there is none. */
static char cut_directive(fr_str *format, fr_str *whole)
{
    size_t n = 1;
    while (n < format->n && n < 3 && strchr("-_0^#:", format->p[n]) && format->p[n])
        n++;
    char letter = n < format->n ? format->p[n] : '\0';
    *whole = fr_str_sub(*format, 0, n + 1);
    *format = fr_str_from(*format, n + 1);
    return letter;
}

static bool is_written(char letter, fr_str whole)
{
    bool has_colon = fr_str_find_char(whole, ':') != SIZE_MAX;
    return letter && strchr(has_colon ? "z" : "aAbBcCdDeFfgGhHIjklmMnpPrRStTuUVwWxXyYz%", letter);
}

static bool is_read_letter(char letter, fr_str whole)
{
    return letter && whole.n == 2 && strchr("aAbBdfHIjmMpSwyYz%", letter);
}

bool fr_time_format_check(fr_str format, bool is_read)
{
    bool seen[LETTERS] = {false};
    int count = 0;
    while (format.n) {
        fr_str whole;
        if (format.p[0] != '%') {
            format = fr_str_from(format, 1);
            continue;
        }
        char letter = cut_directive(&format, &whole);
        if (!(is_read ? is_read_letter(letter, whole) : is_written(letter, whole)))
            return false;
        if (is_read && letter != '%' && seen[(unsigned char)letter])
            return false;
        seen[(unsigned char)letter] = true;
        if (++count > DIRECTIVES_MAX)
            return false;
    }
    return count > 0;
}

/* ---- writing ---- */

static struct tm tm_of(const fr_civil *c)
{
    fr_date date = 0, first = 0;
    (void)(fr_date_civil(c->year, c->month, c->day, &date) && fr_date_civil(c->year, 1, 1, &first));
    return (struct tm){.tm_year = c->year - 1900,
                       .tm_mon = c->month - 1,
                       .tm_mday = c->day,
                       .tm_hour = c->hour,
                       .tm_min = c->minute,
                       .tm_sec = c->second,
                       .tm_wday = (int)((date % 7 + 11) % 7), /* 1970-01-01 was a Thursday */
                       .tm_yday = (int)(date - first)};
}

/* "+0100", "+01:00"; seconds and their parts where there are any. */
static void put_offset(fr_buf *out, const fr_civil *c, bool has_colon)
{
    const char *colon = has_colon ? ":" : "";
    if (!c->has_offset)
        return;
    int64_t us = c->offset_us < 0 ? -c->offset_us : c->offset_us, s = us / FR_SECOND_US;
    fr_buf_printf(out, "%c%02d%s%02d", c->offset_us < 0 ? '-' : '+', (int)(s / 3600), colon,
                  (int)(s / 60 % 60));
    if (us % (60 * FR_SECOND_US))
        fr_buf_printf(out, "%s%02d", colon, (int)(s % 60));
    if (us % FR_SECOND_US)
        fr_buf_printf(out, ".%06d", (int)(us % FR_SECOND_US));
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the directive is the application's */
static void put_directive(fr_buf *out, fr_str whole, const fr_civil *c, const struct tm *tm)
{
    char spec[8] = "", text[64];
    char letter = whole.p[whole.n - 1];
    if (letter == 'z') {
        put_offset(out, c, whole.n > 2);
    } else if (letter == 'f') {
        fr_buf_printf(out, "%06d", c->micros);
    } else if (letter == 'Y' && whole.n == 2) {
        fr_buf_printf(out, "%04d", c->year);
    } else {
        memcpy(spec, whole.p, whole.n); /* one directive of those that is_written knows */
        fr_buf_put(out, (fr_str){text, strftime(text, sizeof text, spec, tm)});
    }
}
#pragma GCC diagnostic pop

void fr_time_format_put(fr_buf *out, fr_str format, const fr_civil *civil)
{
    struct tm tm = tm_of(civil);
    while (format.n) {
        size_t plain = fr_str_find_char(format, '%');
        fr_str whole;
        plain = plain == SIZE_MAX ? format.n : plain;
        fr_buf_put(out, fr_str_sub(format, 0, plain));
        format = fr_str_from(format, plain);
        if (!format.n)
            return;
        cut_directive(&format, &whole);
        put_directive(out, whole, civil, &tm);
    }
}

/* ---- reading ---- */

static const char *const MONTHS[] = {"january",   "february", "march",    "april",
                                     "may",       "june",     "july",     "august",
                                     "september", "october",  "november", "december"};
static const char *const DAYS[] = {"monday", "tuesday",  "wednesday", "thursday",
                                   "friday", "saturday", "sunday"};
static const char *const HALVES[] = {"am", "pm"};

/* What the directives have read, by their letters; -1: nothing. */
typedef struct readings {
    int64_t of[LETTERS];
} readings;

/* The directives that are numbers: so many digits at most, and what they may be. */
typedef struct number_rule {
    char letter;
    uint8_t digits_min, digits;
    int16_t least, most;
} number_rule;

static const number_rule NUMBERS[] = {{'d', 1, 2, 1, 31},  {'H', 1, 2, 0, 23}, {'I', 1, 2, 1, 12},
                                      {'j', 1, 3, 1, 366}, {'m', 1, 2, 1, 12}, {'M', 1, 2, 0, 59},
                                      {'S', 1, 2, 0, 61},  {'w', 1, 1, 0, 6},  {'y', 2, 2, 0, 99},
                                      {'Y', 4, 4, 0, 9999}};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* n digits at the start of s. */
static bool number_of(fr_str s, size_t n, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (i >= s.n || !is_digit(s.p[i]))
            return false;
        *out = *out * 10 + (s.p[i] - '0');
    }
    return true;
}

/* The bytes of s that one of the names begins with; 0: none does. is_short: by three letters. */
static size_t name_of(fr_str s, const char *const *names, int count, bool is_short, int64_t *out)
{
    for (int i = 0; i < count; i++) {
        size_t n = is_short ? 3 : strlen(names[i]);
        if (fr_str_eq_nocase(fr_str_sub(s, 0, n), (fr_str){names[i], n})) {
            *out = i + 1;
            return n;
        }
    }
    return 0;
}

/* "+01:00", "-0530", "+00:53:28", "Z": as microseconds. with_seconds: as many of its parts as there are. */
static size_t offset_of(fr_str s, bool with_seconds, int64_t *out)
{
    int64_t hours, minutes, seconds = 0;
    size_t at = 3;
    *out = 0;
    if (s.n && s.p[0] == 'Z')
        return with_seconds;
    if (!s.n || (s.p[0] != '+' && s.p[0] != '-') || !number_of(fr_str_from(s, 1), 2, &hours))
        return 0;
    at += at < s.n && s.p[at] == ':';
    if (!number_of(fr_str_from(s, at), 2, &minutes) || minutes > 59)
        return 0;
    at += 2;
    if (with_seconds) {
        size_t colon = at < s.n && s.p[at] == ':';
        if (!number_of(fr_str_from(s, at + colon), 2, &seconds) || seconds > 59)
            return 0;
        at += colon + 2;
    }
    int64_t us = (hours * 3600 + minutes * 60 + seconds) * FR_SECOND_US;
    *out = s.p[0] == '-' ? -us : us;
    return at;
}

/* The lengths that a directive may take at the start of s are tried one by one: the bytes of the `turn`th, and what it says;
 * 0: that one is none. false: there is no such turn. */
static bool try_directive(char letter, fr_str s, int turn, size_t *n, int64_t *out)
{
    *n = 0;
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        const number_rule *rule = &NUMBERS[i];
        if (rule->letter != letter)
            continue;
        size_t digits = (size_t)(rule->digits - turn);
        bool is_blank = turn > rule->digits - rule->digits_min; /* " 5" of a day */
        if (is_blank && (letter != 'd' || turn > rule->digits))
            return false;
        if (is_blank)
            *n = s.n && s.p[0] == ' ' && number_of(fr_str_from(s, 1), 1, out) && *out ? 2 : 0;
        else if (number_of(s, digits, out) && *out >= rule->least && *out <= rule->most)
            *n = digits;
        return true;
    }
    switch (letter) {
    case 'f':
        *n = turn < 6 && number_of(s, (size_t)(6 - turn), out) ? (size_t)(6 - turn) : 0;
        for (int k = 0; k < turn && *n; k++)
            *out *= 10;
        return turn < 6;
    case 'a': *n = name_of(s, DAYS, 7, true, out); break;
    case 'A': *n = name_of(s, DAYS, 7, false, out); break;
    case 'b': *n = name_of(s, MONTHS, 12, true, out); break;
    case 'B': *n = name_of(s, MONTHS, 12, false, out); break;
    case 'p': *n = name_of(s, HALVES, 2, false, out); break;
    case 'z': *n = offset_of(s, turn == 0, out); return turn < 2;
    default: *n = s.n && s.p[0] == '%' ? 1 : 0; break;
    }
    return turn == 0;
}

/* The bytes of white space at the start; 0: there is none. */
static size_t blanks(fr_str s)
{
    size_t pos = 0, end = 0;
    while (pos < s.n && fr_utf8_is_space(fr_utf8_next(s, &pos)))
        end = pos;
    return end;
}

/* Whether the start of text is what format says; *rest is what stands behind it. As deep as the format has directives. */
static bool match(fr_str text, fr_str format, readings *out, fr_str *rest)
{
    fr_str whole;
    while (format.n && format.p[0] != '%') {
        size_t asked = blanks(format), given = asked ? blanks(text) : 1;
        bool is_there =
            given && (asked || fr_str_eq_nocase(fr_str_sub(text, 0, 1), fr_str_sub(format, 0, 1)));
        if (!is_there || !text.n)
            return false;
        format = fr_str_from(format, asked ? asked : 1);
        text = fr_str_from(text, given);
    }
    *rest = text;
    if (!format.n)
        return true;
    char letter = cut_directive(&format, &whole);
    size_t n;
    int64_t said = 0;
    for (int turn = 0; try_directive(letter, text, turn, &n, &said); turn++) {
        if (n && match(fr_str_from(text, n), format, out, rest)) {
            out->of[(unsigned char)letter] = said;
            return true;
        }
    }
    return false;
}

static int year_of(const readings *r)
{
    if (r->of['Y'] >= 0)
        return (int)r->of['Y'];
    int64_t y = r->of['y'];
    return (int)(y < 0 ? 1900 : y < 69 ? 2000 + y : 1900 + y);
}

static int hour_of(const readings *r)
{
    if (r->of['H'] >= 0)
        return (int)r->of['H'];
    int hour = (int)(r->of['I'] < 0 ? 0 : r->of['I'] % 12);
    return hour + (r->of['I'] >= 0 && r->of['p'] == 2 ? 12 : 0);
}

static int first_of(const readings *r, char a, char b, char c, int otherwise)
{
    int64_t said = r->of[(unsigned char)a] >= 0   ? r->of[(unsigned char)a]
                   : r->of[(unsigned char)b] >= 0 ? r->of[(unsigned char)b]
                                                  : r->of[(unsigned char)c];
    return said >= 0 ? (int)said : otherwise;
}

bool fr_time_format_read(fr_str text, fr_str format, fr_civil *out)
{
    const int64_t no_offset = INT64_MIN;
    readings r;
    fr_str rest;
    for (int i = 0; i < LETTERS; i++)
        r.of[i] = -1;
    r.of['z'] = no_offset;
    if (!match(text, format, &r, &rest) || rest.n)
        return false;
    *out = (fr_civil){.year = year_of(&r),
                      .month = first_of(&r, 'm', 'b', 'B', 1),
                      .day = first_of(&r, 'd', 'd', 'd', 1),
                      .hour = hour_of(&r),
                      .minute = first_of(&r, 'M', 'M', 'M', 0),
                      .second = first_of(&r, 'S', 'S', 'S', 0),
                      .micros = first_of(&r, 'f', 'f', 'f', 0),
                      .has_offset = r.of['z'] != no_offset};
    out->offset_us = out->has_offset ? r.of['z'] : 0;
    int64_t first_day, local_us;
    if (r.of['j'] > 0) { /* the day of the year says month and day */
        out->month = out->day = 1;
        if (!fr_civil_us(out, &first_day))
            return false;
        fr_civil day = fr_civil_of(first_day + (r.of['j'] - 1) * FR_DAY_US);
        out->year = day.year;
        out->month = day.month;
        out->day = day.day;
    }
    return llabs((long long)out->offset_us) < FR_DAY_US && fr_civil_us(out, &local_us);
}

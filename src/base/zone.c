/*
 * The file is RFC 8536's: the second block has transitions as 64-bit seconds, and behind it stands the rule for all years
 * that follow, as POSIX writes it: CET-1CEST,M3.5.0,M10.5.0/3.
 */
#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"

enum { FILE_BYTES_MAX = 256 << 10, HEAD_BYTES = 44, DAY_S = 86400, NAME_MAX_BYTES = 64 };

/* Files begin at -2^59, which is before all; past that sums could overflow. */
static const int64_t SECONDS_MAX = INT64_C(1) << 60;

/* When a rule's half year begins: Mm.w.d, Jn (without 29 February) or n. */
typedef struct change {
    char kind; /* 'M', 'J', 'n' */
    int month, week, day;
    int32_t clock; /* seconds of that day, may be negative or past it */
} change;

typedef struct rule {
    bool is_there, has_summer;
    int32_t standard, summer; /* offsets */
    change begin, end;        /* of summer, by the clock that goes then */
} rule;

struct fr_zone {
    size_t count;
    int64_t *at;      /* owned, behind this struct: seconds, ascending */
    int32_t *offsets; /* owned, likewise: from then on */
    int32_t before;   /* all of them */
    rule rule;        /* after them */
};

/* ---- reading the file's blocks ---- */

static int64_t number(const char *p, size_t bytes)
{
    uint64_t v = (unsigned char)p[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | (unsigned char)p[i];
    return (int64_t)v;
}

typedef struct block {
    const char *times, *indexes, *types;
    size_t time_count, type_count, bytes; /* with its head */
} block;

/* time_bytes: 4 in the first block, 8 in the second. */
static bool read_block(fr_str s, size_t time_bytes, block *out)
{
    if (s.n < HEAD_BYTES || memcmp(s.p, "TZif", 4) != 0)
        return false;
    size_t counts[6], *c = counts; /* isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt */
    for (int i = 0; i < 6; i++) {
        int64_t n = number(s.p + 20 + (ptrdiff_t)4 * i, 4);
        if (n < 0 || n > FILE_BYTES_MAX)
            return false;
        counts[i] = (size_t)n;
    }
    out->time_count = c[3];
    out->type_count = c[4];
    out->times = s.p + HEAD_BYTES;
    out->indexes = out->times + c[3] * time_bytes;
    out->types = out->indexes + c[3];
    out->bytes = HEAD_BYTES + c[3] * (time_bytes + 1) + c[4] * 6 + c[5] + c[2] * (time_bytes + 4) +
                 c[1] + c[0];
    return out->bytes <= s.n && c[4] > 0;
}

/* ---- the rule ---- */

static bool take_char(fr_str *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = fr_str_from(*s, 1);
    return true;
}

static bool take_number(fr_str *s, int most, int *out)
{
    size_t n = 0;
    *out = 0;
    while (n < s->n && n < 3 && s->p[n] >= '0' && s->p[n] <= '9')
        *out = *out * 10 + (s->p[n++] - '0');
    *s = fr_str_from(*s, n);
    return n > 0 && *out <= most;
}

/* [+-]h[:mm[:ss]] */
static bool take_clock(fr_str *s, int32_t *out)
{
    int h, m = 0, sec = 0;
    bool is_negative = take_char(s, '-');
    if (!is_negative)
        take_char(s, '+');
    if (!take_number(s, 167, &h) || (take_char(s, ':') && !take_number(s, 59, &m)) ||
        (take_char(s, ':') && !take_number(s, 59, &sec)))
        return false;
    *out = (h * 3600 + m * 60 + sec) * (is_negative ? -1 : 1);
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* CEST, or <+03> */
static bool take_name(fr_str *s)
{
    size_t n = 0;
    if (take_char(s, '<')) {
        fr_str name;
        size_t before = s->n;
        *s = fr_str_cut(*s, '>', &name);
        return name.n + 1 <= before && name.n > 0;
    }
    while (n < s->n && is_letter(s->p[n]))
        n++;
    *s = fr_str_from(*s, n);
    return n > 0;
}

static bool take_change(fr_str *s, change *out)
{
    *out = (change){.clock = 2 * 3600};
    if (!take_char(s, ','))
        return false;
    if (take_char(s, 'M')) {
        out->kind = 'M';
        if (!take_number(s, 12, &out->month) || !take_char(s, '.') ||
            !take_number(s, 5, &out->week) || !take_char(s, '.') || !take_number(s, 6, &out->day) ||
            !out->month || !out->week)
            return false;
    } else {
        out->kind = take_char(s, 'J') ? 'J' : 'n';
        if (!take_number(s, 365, &out->day) || (out->kind == 'J' && !out->day))
            return false;
    }
    return !take_char(s, '/') || take_clock(s, &out->clock);
}

static bool parse_rule(fr_str s, rule *out)
{
    int32_t west;
    *out = (rule){0};
    if (!s.n)
        return true;
    if (!take_name(&s) || !take_clock(&s, &west))
        return false;
    out->is_there = true;
    out->standard = -west;
    if (!s.n)
        return true;
    out->has_summer = true;
    out->summer = out->standard + 3600;
    if (!take_name(&s))
        return false;
    if (s.n && s.p[0] != ',') {
        if (!take_clock(&s, &west))
            return false;
        out->summer = -west;
    }
    return take_change(&s, &out->begin) && take_change(&s, &out->end) && !s.n;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* By the local clock, in seconds. */
static int64_t moment_of(const change *c, int year)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    fr_date day = 0;
    if (c->kind == 'M') {
        fr_date_civil(year, c->month, 1, &day);
        int last = DAYS[c->month - 1] + (c->month == 2 && is_leap(year));
        int first = (c->day - (int)((day + 4) % 7 + 7) % 7 + 7) % 7; /* day 0 was a Thursday */
        int at = first + (c->week - 1) * 7;
        day += at >= last ? at - 7 : at;
    } else {
        fr_date_civil(year, 1, 1, &day);
        day += c->kind == 'J' ? c->day - 1 + (c->day > 59 && is_leap(year)) : c->day;
    }
    return day * (int64_t)DAY_S + c->clock;
}

/* A year of which there are dates. */
static int year_of(int64_t seconds)
{
    int year, month, day;
    int64_t days = seconds / DAY_S - (seconds % DAY_S < 0);
    if (days < -719162)
        return 1;
    if (days > 2932896)
        return 9999;
    fr_date_split((fr_date)days, &year, &month, &day);
    return year;
}

static int32_t rule_at(const rule *r, int64_t now, int64_t begin, int64_t end)
{
    bool is_summer = begin < end ? begin <= now && now < end : !(end <= now && now < begin);
    return is_summer ? r->summer : r->standard;
}

static int32_t rule_of_utc(const rule *r, int64_t utc)
{
    int year = year_of(utc + r->standard);
    if (!r->has_summer)
        return r->standard;
    return rule_at(r, utc, moment_of(&r->begin, year) - r->standard,
                   moment_of(&r->end, year) - r->summer);
}

/* The half year with the smaller offset begins at the end of the gap, and ends at the end of the fold. */
static int32_t rule_of_local(const rule *r, int64_t local)
{
    int year = year_of(local);
    int32_t ahead = r->summer - r->standard;
    if (!r->has_summer)
        return r->standard;
    return rule_at(r, local, moment_of(&r->begin, year) + (ahead > 0 ? ahead : 0),
                   moment_of(&r->end, year) - (ahead < 0 ? ahead : 0));
}

/* ---- zones ---- */

static int32_t type_offset(const block *b, size_t type)
{
    return (int32_t)number(b->types + type * 6, 4);
}

/* Before the first transition the first standard time is meant. */
static int32_t first_offset(const block *b)
{
    for (size_t i = 0; i < b->type_count; i++)
        if (!b->types[i * 6 + 4])
            return type_offset(b, i);
    return type_offset(b, 0);
}

static bool fill(fr_zone *zone, const block *b)
{
    zone->at = (int64_t *)(zone + 1);
    zone->offsets = (int32_t *)(zone->at + b->time_count);
    zone->count = b->time_count;
    zone->before = first_offset(b);
    for (size_t i = 0; i < b->time_count; i++) {
        unsigned type = (unsigned char)b->indexes[i];
        if (type >= b->type_count)
            return false;
        zone->at[i] = number(b->times + i * 8, 8);
        zone->offsets[i] = type_offset(b, type);
        bool is_in_order = !i || zone->at[i] > zone->at[i - 1];
        if (!is_in_order || zone->at[i] > SECONDS_MAX || zone->at[i] < -SECONDS_MAX)
            return false;
    }
    return true;
}

fr_err fr_zone_parse(fr_str bytes, fr_zone **out)
{
    block first, b;
    fr_str rest, line;
    if (!read_block(bytes, 4, &first) || bytes.p[4] < '2')
        return FR_EINVAL;
    rest = fr_str_from(bytes, first.bytes);
    if (!read_block(rest, 8, &b))
        return FR_EINVAL;
    rest = fr_str_from(rest, b.bytes);
    fr_zone *zone = fr_zalloc(sizeof *zone + b.time_count * (sizeof(int64_t) + sizeof(int32_t)));
    if (!zone)
        return FR_ENOMEM;
    bool is_ok = fill(zone, &b) && take_char(&rest, '\n');
    fr_str_cut(rest, '\n', &line);
    if (is_ok && parse_rule(line, &zone->rule)) {
        *out = zone;
        return FR_OK;
    }
    fr_free(zone);
    return FR_EINVAL;
}

void fr_zone_free(fr_zone *zone)
{
    fr_free(zone);
}

/* How many transitions are at or before a second of UTC; of the local clock with is_local. */
static size_t passed(const fr_zone *zone, int64_t second, bool is_local)
{
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int32_t before = middle ? zone->offsets[middle - 1] : zone->before;
        int32_t most = before > zone->offsets[middle] ? before : zone->offsets[middle];
        int64_t at = zone->at[middle] + (is_local ? most : 0);
        if (at <= second)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_at(const fr_zone *zone, int64_t second, bool is_local)
{
    size_t count = passed(zone, second, is_local);
    if (count == zone->count && zone->rule.is_there)
        return is_local ? rule_of_local(&zone->rule, second) : rule_of_utc(&zone->rule, second);
    return count ? zone->offsets[count - 1] : zone->before;
}

static int64_t seconds(fr_time t)
{
    return t / 1000000 - (t % 1000000 < 0);
}

int32_t fr_zone_offset(const fr_zone *zone, fr_time utc)
{
    return zone ? offset_at(zone, seconds(utc), false) : 0;
}

fr_time fr_zone_utc(const fr_zone *zone, fr_time local)
{
    return zone ? local - offset_at(zone, seconds(local), true) * INT64_C(1000000) : local;
}

/* ---- opening ---- */

/* "America/Argentina/Ushuaia", "Etc/GMT+1": nothing that leads out of the folder. */
static bool is_name(const char *name)
{
    size_t n = strlen(name);
    if (!n || n > NAME_MAX_BYTES || strstr(name, "..") || name[0] == '/')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_letter(name[i]) && !(name[i] >= '0' && name[i] <= '9') && !strchr("_+-/", name[i]))
            return false;
    return true;
}

static ssize_t read_file(int fd, char *out)
{
    size_t n = 0;
    ssize_t got;
    while (n < FILE_BYTES_MAX && (got = read(fd, out + n, FILE_BYTES_MAX - n)) != 0) {
        if (got < 0 && errno != EINTR)
            return -1;
        n += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)n;
}

static fr_err open_file(const char *path, const char *name, fr_zone **out, char error[256])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        snprintf(error, 256,
                 "there is no time zone \"%.64s\" (%s): names are those of tzdata, such as "
                 "Europe/Berlin or UTC",
                 name, strerrordesc_np(errno));
        return FR_EINVAL;
    }
    char *bytes = fr_malloc(FILE_BYTES_MAX);
    ssize_t n = bytes ? read_file(fd, bytes) : 0;
    fr_err err = !bytes  ? FR_ENOMEM
                 : n < 0 ? FR_EIO
                         : fr_zone_parse((fr_str){bytes, (size_t)n}, out);
    if (err != FR_OK)
        snprintf(error, 256, "time zone \"%.64s\": %s", name,
                 err == FR_EINVAL ? "its file in tzdata is not one of a zone" : fr_err_name(err));
    fr_free(bytes);
    close(fd);
    return err;
}

fr_err fr_zone_open(const char *name, fr_zone **out, char error[256])
{
    char path[NAME_MAX_BYTES + 64];
    if (!is_name(name)) {
        snprintf(error, 256, "\"%.64s\" is no name of a time zone, as Europe/Berlin or UTC is",
                 name);
        return FR_EINVAL;
    }
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    return open_file(path, name, out, error);
}

/* ---- which one ---- */

static _Atomic(const fr_zone *) of_program;
static _Thread_local const fr_zone *used;

void fr_zone_set(const fr_zone *zone)
{
    atomic_store_explicit(&of_program, zone, memory_order_release);
}

void fr_zone_use(const fr_zone *zone)
{
    used = zone;
}

const fr_zone *fr_zone_here(void)
{
    return used ? used : atomic_load_explicit(&of_program, memory_order_acquire);
}

size_t fr_zone_iso(fr_time t, char *out)
{
    int32_t offset = fr_zone_offset(fr_zone_here(), t);
    bool is_shown = fr_time_is_shown(t + offset * INT64_C(1000000));
    return fr_time_iso_at(t, is_shown ? offset : 0, out);
}

fr_str fr_time_text(fr_arena *arena, fr_time at)
{
    char text[FR_TIME_TEXT];
    return fr_str_dup(arena, (fr_str){text, fr_time_is_shown(at) ? fr_zone_iso(at, text) : 0});
}

/* ---- by name ---- */

typedef struct named {
    fr_zone *zone;
    char name[NAME_MAX_BYTES + 1];
} named;

static struct {
    pthread_mutex_t lock;
    fr_map by_name; /* → named; as many as tzdata has, some 600 */
} opened = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Under the lock. */
static fr_err open_named(const char *name, const fr_zone **out, char error[256])
{
    named *entry = fr_zalloc(sizeof *entry);
    fr_err err = entry ? fr_zone_open(name, &entry->zone, error) : FR_ENOMEM;
    if (err == FR_OK) {
        memcpy(entry->name, name, strlen(name));
        err = fr_map_set(&opened.by_name, fr_str_c(entry->name), entry);
    }
    if (err == FR_OK) {
        *out = entry->zone;
        return FR_OK;
    }
    if (entry)
        fr_zone_free(entry->zone);
    fr_free(entry);
    return err;
}

fr_err fr_zone_named(fr_str name, const fr_zone **out, char error[256])
{
    char text[NAME_MAX_BYTES + 1] = "";
    if (name.n <= NAME_MAX_BYTES && name.n && fr_str_find_char(name, '\0') == SIZE_MAX)
        memcpy(text, name.p, name.n); /* else it is none, and told so */
    pthread_mutex_lock(&opened.lock);
    named *entry = fr_map_get(&opened.by_name, fr_str_c(text));
    fr_err err = FR_OK;
    if (entry)
        *out = entry->zone;
    else
        err = open_named(text, out, error);
    pthread_mutex_unlock(&opened.lock);
    return err;
}

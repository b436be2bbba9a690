/* Borrowed strings: searching, cutting, numbers, UTF-8. All pure; safe from any thread. */
#ifndef FR_BASE_STR_H
#define FR_BASE_STR_H
#include <freshet/base.h>

#include <stdarg.h>

/* Of ASCII; the C library's follow the locale. */
static inline char fr_char_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}
static inline char fr_char_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
}

bool fr_str_starts(fr_str s, fr_str prefix);
bool fr_str_ends(fr_str s, fr_str suffix);
int fr_str_cmp(fr_str a, fr_str b);                  /* bytes, as memcmp; shorter first */
size_t fr_str_find(fr_str s, fr_str needle);         /* index, or SIZE_MAX */
size_t fr_str_find_char(fr_str s, char c);           /* index, or SIZE_MAX */
fr_str fr_str_from(fr_str s, size_t start);          /* tail; empty when past the end */
fr_str fr_str_sub(fr_str s, size_t start, size_t n); /* clamped */
fr_str fr_str_trim(fr_str s);                        /* ASCII space, tab, CR, LF at both ends */
bool fr_str_is_ascii(fr_str s);
/* Cut at the first `sep`: head gets what is before, returns what is after; without sep head gets
 * all. */
fr_str fr_str_cut(fr_str s, char sep, fr_str *head);
/* The same at the first ';' that is not between quotes, as Python's email package cuts the value of a header. */
fr_str fr_str_cut_parameter(fr_str s, fr_str *head);
bool fr_str_u64(fr_str s, uint64_t *out);        /* all digits, no sign, checked overflow */
bool fr_str_i64(fr_str s, int64_t *out);         /* optional '-' or '+' */
bool fr_str_double(fr_str s, double *out);       /* whole string, C locale */
uint64_t fr_str_hash(fr_str s, uint64_t seed);   /* not for hostile keys without a random seed */
uint64_t fr_u64_hash(uint64_t v, uint64_t seed); /* likewise */
/* printf into text, cut at room - 1 bytes, and there before a character of UTF-8 that would not be whole. */
fr_str fr_str_vformat(char *text, size_t room, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));
bool fr_utf8_valid(fr_str s);
/* Streaming UTF-8: state starts at 0; after all chunks a state != 0 means a cut sequence. false =
 * invalid now. */
bool fr_utf8_step(uint32_t *state, fr_str chunk);
/* Decode one code point at *pos (valid UTF-8), advance. */
uint32_t fr_utf8_next(fr_str s, size_t *pos);
size_t fr_utf8_put(uint32_t code_point, char out[4]); /* bytes written */
size_t fr_utf8_count(fr_str s);                       /* code points */
/* The text with each part that is no UTF-8 as U+FFFD, cut as Python's "replace" does; s itself if it is valid, else in
 * arena. p is NULL when memory is out. */
fr_str fr_utf8_repair(fr_arena *arena, fr_str s);
/* The same with each byte of these parts percent-encoded. */
fr_str fr_utf8_escape(fr_arena *arena, fr_str s);
/* Bytes of Latin-1 as UTF-8: what Python takes headers for. p is NULL when memory is out. */
fr_str fr_utf8_from_latin1(fr_arena *arena, fr_str s);
int fr_utf8_digit(uint32_t code_point);     /* the value of a decimal digit of any script, or -1 */
bool fr_utf8_is_space(uint32_t code_point); /* as Unicode and Python have it */
/* The bytes of the white space that s begins with; 0: none. Any bytes. */
size_t fr_utf8_space_at(fr_str s);
/* Without the white space (of Unicode) at both ends, as Python's strip(). Any bytes. */
fr_str fr_utf8_strip(fr_str s);
/* Percent-decoding. plus_is_space for query strings. false = bad escape. Result borrowed from arena
 * or s. */
bool fr_url_decode(fr_arena *arena, fr_str s, bool plus_is_space, fr_str *out);
#endif

/* See charset.h. ASCII, Latin-1, UTF-16 and UTF-32 are read here; the tables of the rest are those of the C library, and what it has
 * none of is in charset_tables.c. */
#include "rest/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "rest/charset_tables.h"
#include "rest/negotiation.h"

typedef enum family {
    UTF8,
    UTF8_SIG,
    ASCII,
    LATIN1,
    UTF16,
    UTF32,
    BY_TABLE,
    BY_ICONV,
    OF_BYTES /* no charset */
} family;

typedef enum order {
    BY_MARK,
    LITTLE,
    BIG
} order; /* BY_MARK: a byte order mark says, and has to be there */

struct fr_charset {
    const char *names; /* Python's, without what parts words, small; blanks between them */
    family family;
    order order;
    const char *iconv;     /* BY_ICONV */
    const char *codec;     /* as Python names it when it complains; NULL: charmap */
    const char *reason;    /* of BY_ICONV with a codec, where Python has another than of most */
    const uint16_t *table; /* BY_TABLE: what the bytes from 0x80 on are */
};

#define CODE_PAGE(number)                                                                          \
    {                                                                                              \
        "cp" number " windows" number " " number, BY_ICONV, BY_MARK, .iconv = "CP" number          \
    }
#define DOS(number)                                                                                \
    {                                                                                              \
        "cp" number " ibm" number " " number, BY_ICONV, BY_MARK, .iconv = "CP" number              \
    }
#define ISO(part, more)                                                                            \
    {                                                                                              \
        "iso8859" part " " more, BY_ICONV, BY_MARK, .iconv = "ISO-8859-" part                      \
    }

#define TABLE(name, table_)                                                                        \
    {                                                                                              \
        name, BY_TABLE, BY_MARK, .table = fr_charset_##table_                                      \
    }

static const fr_charset CHARSETS[] = {
    {"utf8 u8 utf utf8ucs2 utf8ucs4 cp65001", UTF8, BY_MARK, .codec = "utf-8"},
    {"utf8sig", UTF8_SIG, BY_MARK, .codec = "utf-8"},
    {"ascii usascii us 646 cp367 ibm367 csascii iso646us ansix341968 ansix341986 isoir6 "
     "iso646irv1991",
     ASCII, BY_MARK, .codec = "ascii"},
    {"latin1 iso88591 iso8859 8859 cp819 ibm819 l1 latin csisolatin1 iso885911987 isoir100", LATIN1,
     BY_MARK, .codec = "latin-1"},
    {"utf16 u16", UTF16, BY_MARK, .codec = "utf-16"},
    {"utf16le unicodelittleunmarked", UTF16, LITTLE, .codec = "utf-16-le"},
    {"utf16be unicodebigunmarked", UTF16, BIG, .codec = "utf-16-be"},
    {"utf32 u32", UTF32, BY_MARK, .codec = "utf-32"},
    {"utf32le", UTF32, LITTLE, .codec = "utf-32-le"},
    {"utf32be", UTF32, BIG, .codec = "utf-32-be"},
    {"utf7 u7 unicode11utf7", BY_ICONV, BY_MARK, .iconv = "UTF-7", .codec = "utf7",
     .reason = "unexpected special character"},
    {"idna", ASCII, BY_MARK, .codec = "idna"},
    CODE_PAGE("1250"),
    CODE_PAGE("1251"),
    CODE_PAGE("1252"),
    CODE_PAGE("1253"),
    CODE_PAGE("1254"),
    CODE_PAGE("1255"),
    CODE_PAGE("1256"),
    CODE_PAGE("1257"),
    CODE_PAGE("1258"),
    ISO("2", "latin2 l2 csisolatin2"),
    ISO("3", "latin3 l3 csisolatin3"),
    ISO("4", "latin4 l4 csisolatin4"),
    ISO("5", "cyrillic csisolatincyrillic"),
    ISO("6", "arabic csisolatinarabic"),
    ISO("7", "greek greek8 csisolatingreek"),
    ISO("8", "hebrew csisolatinhebrew"),
    ISO("9", "latin5 l5 csisolatin5"),
    ISO("10", "latin6 l6 csisolatin6"),
    ISO("11", "thai"),
    ISO("13", "latin7 l7"),
    ISO("14", "latin8 l8"),
    ISO("15", "latin9 l9"),
    ISO("16", "latin10 l10"),
    {"koi8r cskoi8r", BY_ICONV, BY_MARK, .iconv = "KOI8-R"},
    {"koi8u", BY_ICONV, BY_MARK, .iconv = "KOI8-U"},
    {"tis620 tis62025290", BY_ICONV, BY_MARK, .iconv = "TIS-620"},
    {"macroman macintosh", BY_ICONV, BY_MARK, .iconv = "MACINTOSH"},
    DOS("037"),
    DOS("273"),
    DOS("424"),
    DOS("437"),
    DOS("500"),
    DOS("737"),
    DOS("775"),
    DOS("850"),
    DOS("852"),
    DOS("855"),
    DOS("857"),
    DOS("858"),
    DOS("860"),
    DOS("861"),
    DOS("862"),
    DOS("863"),
    DOS("864"),
    DOS("865"),
    DOS("866"),
    DOS("869"),
    DOS("874"),
    DOS("1026"),
    DOS("1125"),
    DOS("1140"),
    {"koi8t", BY_ICONV, BY_MARK, .iconv = "KOI8-T"},
    {"kz1048 rk1048 strk10482002", BY_ICONV, BY_MARK, .iconv = "RK1048"},
    {"ptcp154 csptcp154 pt154 cp154 cyrillicasian", BY_ICONV, BY_MARK, .iconv = "PT154"},
    {"hproman8 roman8 r8 cshproman8 cp1051 ibm1051", BY_ICONV, BY_MARK, .iconv = "HP-ROMAN8"},
    {"maclatin2 maccentraleurope maccenteuro", BY_ICONV, BY_MARK, .iconv = "MAC-CENTRALEUROPE"},
    {"maccyrillic", BY_ICONV, BY_MARK, .iconv = "MAC-CYRILLIC"},
    TABLE("macarabic", mac_arabic),
    TABLE("maccroatian", mac_croatian),
    TABLE("macfarsi", mac_farsi),
    TABLE("macgreek", mac_greek),
    TABLE("maciceland", mac_iceland),
    TABLE("macromanian", mac_romanian),
    TABLE("macturkish", mac_turkish),
    TABLE("cp720", cp720),
    TABLE("cp856", cp856),
    TABLE("cp1006", cp1006),
    TABLE("palmos", palmos),
    {"johab cp1361 ms1361", BY_ICONV, BY_MARK, .iconv = "JOHAB", .codec = "johab"},
    {"shiftjis csshiftjis sjis", BY_ICONV, BY_MARK, .iconv = "SHIFT_JIS", .codec = "shift_jis"},
    {"cp932 932 ms932 mskanji windows31j", BY_ICONV, BY_MARK, .iconv = "CP932", .codec = "cp932"},
    {"shiftjisx0213 sjisx0213 shiftjis2004 sjis2004", BY_ICONV, BY_MARK, .iconv = "SHIFT_JISX0213",
     .codec = "shift_jisx0213"},
    {"eucjisx0213 eucjis2004 jisx0213", BY_ICONV, BY_MARK, .iconv = "EUC-JISX0213",
     .codec = "euc_jisx0213"},
    {"iso2022jp1", BY_ICONV, BY_MARK, .iconv = "ISO-2022-JP-2", .codec = "iso2022_jp_1"},
    {"iso2022jp3", BY_ICONV, BY_MARK, .iconv = "ISO-2022-JP-3", .codec = "iso2022_jp_3"},
    {"iso2022jp2004", BY_ICONV, BY_MARK, .iconv = "ISO-2022-JP-3", .codec = "iso2022_jp_2004"},
    {"iso2022jp2", BY_ICONV, BY_MARK, .iconv = "ISO-2022-JP-2", .codec = "iso2022_jp_2"},
    {"iso2022kr csiso2022kr", BY_ICONV, BY_MARK, .iconv = "ISO-2022-KR", .codec = "iso2022_kr"},
    {"cp950 950 ms950", BY_ICONV, BY_MARK, .iconv = "CP950", .codec = "cp950"},
    {"eucjp ujis", BY_ICONV, BY_MARK, .iconv = "EUC-JP", .codec = "euc_jp"},
    {"iso2022jp csiso2022jp", BY_ICONV, BY_MARK, .iconv = "ISO-2022-JP", .codec = "iso2022_jp"},
    {"gb2312 chinese csiso58gb231280 euccn eucgb2312cn gb231280", BY_ICONV, BY_MARK,
     .iconv = "EUC-CN", .codec = "gb2312"},
    {"gbk 936 cp936 ms936", BY_ICONV, BY_MARK, .iconv = "GBK", .codec = "gbk"},
    {"gb18030 gb180302000", BY_ICONV, BY_MARK, .iconv = "GB18030", .codec = "gb18030"},
    {"big5 big5tw csbig5", BY_ICONV, BY_MARK, .iconv = "BIG5", .codec = "big5"},
    {"big5hkscs hkscs", BY_ICONV, BY_MARK, .iconv = "BIG5-HKSCS", .codec = "big5hkscs"},
    {"euckr korean ksc5601 ksc56011987 ksx1001", BY_ICONV, BY_MARK, .iconv = "EUC-KR",
     .codec = "euc_kr"},
    {"cp949 949 ms949 uhc", BY_ICONV, BY_MARK, .iconv = "CP949", .codec = "cp949"},
    {"bz2 bz2codec base64 base64codec hex hexcodec quopri quopricodec quotedprintable uu uucodec "
     "zip zlib zlibcodec rot13 undefined",
     OF_BYTES, BY_MARK, .codec = NULL},
};

/* ---- names ---- */

/* "ISO_8859-15" → "iso885915": as far as Python's normalize_encoding and its aliases go. 0: no name of ours. */
static size_t plain_name(fr_str name, char *out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9'))
            continue;
        if (n == room)
            return 0;
        out[n++] = is_letter ? (char)(c | 0x20) : c;
    }
    return n;
}

static const fr_charset *find(fr_str name)
{
    char plain[32];
    fr_str wanted = {plain, plain_name(name, plain, sizeof plain)};
    for (size_t i = 0; wanted.n && i < sizeof CHARSETS / sizeof *CHARSETS; i++) {
        fr_str rest = fr_str_c(CHARSETS[i].names), one;
        while (rest.n) {
            rest = fr_str_cut(rest, ' ', &one);
            if (fr_str_eq(one, wanted))
                return &CHARSETS[i];
        }
    }
    return &CHARSETS[0];
}

fr_err fr_charset_of(fr_str content_type, const fr_charset **out, fr_str *name)
{
    *name = fr_media_parameter(fr_media_read(content_type).parameters, FR_STR("charset"));
    *out = find(*name);
    return (*out)->family == OF_BYTES ? FR_EUNSUPPORTED : FR_OK;
}

/* ---- complaints ---- */

typedef struct decoding {
    fr_arena *arena;
    const fr_charset *charset;
    fr_str bytes;
    bool replaces; /* what is no text becomes U+FFFD */
    fr_buf out;    /* owned */
    fr_str why;
} decoding;

/* count: the bytes at `at` that are at fault. false: the text ends here. */
static bool complain(decoding *d, const char *codec, size_t at, size_t count, const char *reason)
{
    if (d->replaces) {
        fr_buf_lit(&d->out, "\xef\xbf\xbd");
        return true;
    }
    if (count == 1)
        d->why =
            fr_arena_printf(d->arena, "'%s' codec can't decode byte 0x%02x in position %zu: %s",
                            codec, (uint8_t)d->bytes.p[at], at, reason);
    else
        d->why = fr_arena_printf(d->arena, "'%s' codec can't decode bytes in position %zu-%zu: %s",
                                 codec, at, at + count - 1, reason);
    return false;
}

static void put(decoding *d, uint32_t code_point)
{
    char text[4];
    fr_buf_put(&d->out, (fr_str){text, fr_utf8_put(code_point, text)});
}

/* ---- what is read here ---- */

static void decode_by_table(decoding *d)
{
    for (size_t i = 0; i < d->bytes.n; i++) {
        uint8_t c = (uint8_t)d->bytes.p[i];
        uint32_t point = c < 0x80 ? c : d->charset->table[c - 0x80];
        if (point || !c)
            put(d, point);
        else if (!complain(d, "charmap", i, 1, "character maps to <undefined>"))
            return;
    }
}

static void decode_bytes(decoding *d)
{
    for (size_t i = 0; i < d->bytes.n; i++) {
        uint8_t c = (uint8_t)d->bytes.p[i];
        if (c < 0x80 || d->charset->family == LATIN1)
            put(d, c);
        else if (!complain(d, d->charset->codec, i, 1, "ordinal not in range(128)"))
            return;
    }
}

static uint32_t unit_at(fr_str s, size_t i, size_t width, bool is_big)
{
    uint32_t unit = 0;
    for (size_t k = 0; k < width; k++)
        unit |= (uint32_t)(uint8_t)s.p[i + k] << 8 * (is_big ? width - 1 - k : k);
    return unit;
}

/* Which order a mark tells, and how long it is. false: there is none, and it was needed. */
static bool read_mark(decoding *d, size_t width, bool *is_big, size_t *start)
{
    *is_big = d->charset->order == BIG;
    *start = 0;
    if (d->charset->order != BY_MARK || d->bytes.n < width)
        return true;
    *is_big = unit_at(d->bytes, 0, width, true) == 0xfeff;
    *start = width;
    if (*is_big || unit_at(d->bytes, 0, width, false) == 0xfeff)
        return true;
    *start = 0;
    if (d->replaces)
        return true;
    if (width == 4 && unit_at(d->bytes, 0, 4, false) > 0x10ffff)
        return complain(d, "utf-32-le", 0, 4, "code point not in range(0x110000)");
    return complain(d, d->charset->codec, 0, width, "Stream does not start with BOM");
}

/* What is left of a character at the end is left out, as Python's stream readers do, or is no text. */
static void cut_off(decoding *d, size_t at)
{
    if (d->replaces && at < d->bytes.n)
        fr_buf_lit(&d->out, "\xef\xbf\xbd");
}

static void decode_utf16(decoding *d)
{
    bool is_big;
    size_t i, n = d->bytes.n & ~(size_t)1;
    if (!read_mark(d, 2, &is_big, &i))
        return;
    const char *codec = is_big ? "utf-16-be" : "utf-16-le";
    while (i < n) {
        uint32_t unit = unit_at(d->bytes, i, 2, is_big), low = 0;
        bool is_high = unit >= 0xd800 && unit < 0xdc00;
        if (is_high && i + 4 > n)
            break;
        if (is_high)
            low = unit_at(d->bytes, i + 2, 2, is_big);
        if (is_high && low >= 0xdc00 && low < 0xe000) {
            put(d, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            i += 4;
            continue;
        }
        if (unit < 0xd800 || unit >= 0xe000)
            put(d, unit);
        else if (!complain(d, codec, i, 2,
                           is_high ? "illegal UTF-16 surrogate" : "illegal encoding"))
            return;
        i += 2;
    }
    cut_off(d, i);
}

static void decode_utf32(decoding *d)
{
    bool is_big;
    size_t i, n = d->bytes.n & ~(size_t)3;
    if (!read_mark(d, 4, &is_big, &i))
        return;
    const char *codec = is_big ? "utf-32-be" : "utf-32-le";
    for (; i < n; i += 4) {
        uint32_t unit = unit_at(d->bytes, i, 4, is_big);
        const char *reason = unit > 0x10ffff ? "code point not in range(0x110000)"
                             : unit >= 0xd800 && unit < 0xe000
                                 ? "code point in surrogate code point range(0xd800, 0xe000)"
                                 : NULL;
        if (!reason)
            put(d, unit);
        else if (!complain(d, codec, i, 4, reason))
            return;
    }
    cut_off(d, i);
}

/* ---- what the C library reads ---- */

/* One step: false when it ends here. */
static bool convert(decoding *d, iconv_t into, char **in, size_t *left)
{
    enum { A_CHUNK = 8192 };
    if (!fr_buf_reserve(&d->out, A_CHUNK))
        return false;
    char *out = d->out.p + d->out.n;
    size_t room = A_CHUNK;
    size_t result = iconv(into, in, left, &out, &room);
    d->out.n += A_CHUNK - room;
    if (result != (size_t)-1)
        return false;
    if (errno == E2BIG)
        return true;
    if (errno != EILSEQ) {
        cut_off(d, d->bytes.n - *left);
        return false;
    }
    const char *codec = d->charset->codec;
    size_t at = d->bytes.n - *left;
    if (!complain(d, codec ? codec : "charmap", at, 1,
                  d->charset->reason ? d->charset->reason
                  : codec            ? "illegal multibyte sequence"
                                     : "character maps to <undefined>"))
        return false;
    (*in)++;
    (*left)--;
    return *left > 0;
}

static void decode_by_iconv(decoding *d)
{
    iconv_t into = iconv_open("UTF-8", d->charset->iconv);
    if (into == (iconv_t)-1) {
        d->why = FR_STR("this server has no table of the charset");
        return;
    }
    char *in = (char *)(uintptr_t)d->bytes.p;
    size_t left = d->bytes.n;
    while (convert(d, into, &in, &left))
        ;
    iconv_close(into);
}

/* ---- all of them ---- */

static fr_err decode(decoding *d, fr_str *text)
{
    fr_buf_init(&d->out);
    switch (d->charset->family) {
    case ASCII:
    case LATIN1: decode_bytes(d); break;
    case UTF16: decode_utf16(d); break;
    case UTF32: decode_utf32(d); break;
    case BY_TABLE: decode_by_table(d); break;
    default: decode_by_iconv(d); break;
    }
    fr_err err = fr_buf_check(&d->out);
    if (err == FR_OK && d->why.p)
        err = FR_EINVAL;
    if (err == FR_OK) {
        *text = fr_str_dup(d->arena, fr_buf_str(&d->out));
        err = text->p ? FR_OK : FR_ENOMEM;
    }
    fr_buf_deinit(&d->out);
    return err;
}

/* Without the beginning of a character that the end has cut off. */
static fr_str without_cut(fr_str s)
{
    for (size_t n = 1; n <= 3 && n <= s.n; n++) {
        uint8_t c = (uint8_t)s.p[s.n - n];
        uint32_t state = 0;
        if ((c & 0xc0) == 0x80)
            continue;
        bool is_cut = c >= 0xc0 && fr_utf8_step(&state, fr_str_from(s, s.n - n)) && state != 0;
        return is_cut ? fr_str_sub(s, 0, s.n - n) : s;
    }
    return s;
}

typedef struct job {
    const fr_charset *charset;
    fr_str bytes, text, why;
    fr_str *texts; /* of decode_texts */
    size_t count;
} job;

/* The first use of a table reads it from disk, and needs more stack than a fiber has. */
static fr_err run(fr_ctx *ctx, fr_err (*function)(fr_ctx *, void *), job *j)
{
    return j->charset->family == BY_ICONV ? fr_blocking(ctx, function, j) : function(ctx, j);
}

static fr_err decode_whole(fr_ctx *ctx, void *arg)
{
    static const fr_str MARK = {"\xef\xbb\xbf", 3};
    job *j = arg;
    if (j->charset->family == UTF8 || j->charset->family == UTF8_SIG) {
        bool has_mark = j->charset->family == UTF8_SIG && fr_str_starts(j->bytes, MARK);
        j->text = without_cut(has_mark ? fr_str_from(j->bytes, MARK.n) : j->bytes);
        return FR_OK;
    }
    decoding d = {.arena = ctx->arena, .charset = j->charset, .bytes = j->bytes};
    fr_err err = decode(&d, &j->text);
    j->why = d.why;
    return err;
}

fr_err fr_charset_decode(fr_ctx *ctx, const fr_charset *charset, fr_str bytes, fr_str *text,
                         fr_str *why)
{
    job j = {.charset = charset, .bytes = bytes};
    fr_err err = run(ctx, decode_whole, &j);
    *text = j.text;
    *why = j.why;
    return err;
}

/* ---- forms ---- */

static int hex_digit(fr_str s, size_t i)
{
    char c = i < s.n ? s.p[i] : 0, letter = (char)(c | 0x20);
    return c >= '0' && c <= '9' ? c - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The bytes of the percent signs that s begins with; *used: how much of s they are. */
static fr_str escaped(fr_str s, char *bytes, size_t *used)
{
    size_t n = 0, i = 0;
    while (i < s.n && s.p[i] == '%' && hex_digit(s, i + 1) >= 0 && hex_digit(s, i + 2) >= 0) {
        bytes[n++] = (char)(hex_digit(s, i + 1) << 4 | hex_digit(s, i + 2));
        i += 3;
    }
    *used = i;
    return (fr_str){bytes, n};
}

/* The escapes of a text in charset as escapes of UTF-8. */
static fr_err recode_escapes(fr_arena *arena, const fr_charset *charset, fr_str text, fr_buf *out)
{
    char *bytes = fr_arena_alloc(arena, text.n / 3 + 1);
    if (!bytes)
        return FR_ENOMEM;
    for (size_t i = 0, used; i < text.n; i += used) {
        fr_str run_of = escaped(fr_str_from(text, i), bytes, &used), decoded;
        decoding d = {.arena = arena, .charset = charset, .bytes = run_of, .replaces = true};
        if (!used) {
            fr_buf_put_char(out, text.p[i]);
            used = 1;
            continue;
        }
        FR_TRY(decode(&d, &decoded));
        for (size_t k = 0; k < decoded.n; k++)
            fr_buf_printf(out, "%%%02X", (unsigned)(uint8_t)decoded.p[k]);
    }
    return fr_buf_check(out);
}

static fr_err decode_form(fr_ctx *ctx, void *arg)
{
    job *j = arg;
    fr_buf recoded;
    bool is_utf8 = fr_charset_is_utf8(j->charset);
    fr_err err = is_utf8 && !fr_utf8_valid(j->bytes) ? FR_EINVAL : decode_whole(ctx, j);
    if (err == FR_EINVAL) { /* Django's second try */
        job again = {.charset = find(FR_STR("latin1")), .bytes = j->bytes};
        err = decode_whole(ctx, &again);
        j->text = again.text;
    }
    if (err || is_utf8)
        return err;
    fr_buf_init(&recoded);
    err = recode_escapes(ctx->arena, j->charset, j->text, &recoded);
    if (err == FR_OK) {
        j->text = fr_str_dup(ctx->arena, fr_buf_str(&recoded));
        err = j->text.p ? FR_OK : FR_ENOMEM;
    }
    fr_buf_deinit(&recoded);
    return err;
}

bool fr_charset_is_utf8(const fr_charset *charset)
{
    return charset->family == UTF8 || charset->family == UTF8_SIG;
}

static fr_err decode_texts(fr_ctx *ctx, void *arg)
{
    job *j = arg;
    for (size_t i = 0; i < j->count; i++) {
        decoding d = {
            .arena = ctx->arena, .charset = j->charset, .bytes = j->texts[i], .replaces = true};
        FR_TRY(decode(&d, &j->texts[i]));
    }
    return FR_OK;
}

fr_err fr_charset_decode_texts(fr_ctx *ctx, const fr_charset *charset, fr_str *texts, size_t count)
{
    job j = {.charset = charset, .texts = texts, .count = count};
    return run(ctx, decode_texts, &j);
}

fr_err fr_charset_decode_form(fr_ctx *ctx, const fr_charset *charset, fr_str body, fr_str *out)
{
    job j = {.charset = charset, .bytes = body};
    fr_err err = run(ctx, decode_form, &j);
    *out = j.text;
    return err;
}

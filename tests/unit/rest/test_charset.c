/* Bodies in other charsets, with the words of Python's codecs for those that are none. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "rest/charset.h"
#include "unit.h"

#define BYTES(literal)                                                                             \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static const struct {
    const char *charset; /* NULL: none is named */
    fr_str bytes;
    const char *text, *why;
} CASES[] = {
    {NULL, BYTES("caf\xc3\xa9"), "caf\xc3\xa9", NULL},
    {"utf-8", BYTES("caf\xc3"), "caf", NULL}, /* what the end cuts off is left out */
    {"UTF8", BYTES("\xe2\x82"), "", NULL},
    {"nobody knows", BYTES("caf\xc3\xa9"), "caf\xc3\xa9", NULL},
    {"utf-8-sig", BYTES("\xef\xbb\xbf{}"), "{}", NULL},
    {"latin-1", BYTES("caf\xe9"), "caf\xc3\xa9", NULL},
    {"ISO_8859-1", BYTES("\x80\xff"), "\xc2\x80\xc3\xbf", NULL},
    {"ascii", BYTES("caf\xe9"), NULL,
     "'ascii' codec can't decode byte 0xe9 in position 3: ordinal not in range(128)"},
    {"iso-8859-15", BYTES("\xa4"), "\xe2\x82\xac", NULL},
    {"windows-1251", BYTES("\xc4\xe0"), "\xd0\x94\xd0\xb0", NULL},
    {"cp1252", BYTES("a\x80"), "a\xe2\x82\xac", NULL},
    {"cp1252", BYTES("{\x81"), NULL,
     "'charmap' codec can't decode byte 0x81 in position 1: character maps to <undefined>"},
    {"shift_jis", BYTES("\x83\x41"), "\xe3\x82\xa2", NULL},
    {"Shift-JIS", BYTES("{\x81 "), NULL,
     "'shift_jis' codec can't decode byte 0x81 in position 1: illegal multibyte sequence"},
    {"mac_greek", BYTES("{\xe1"), "{\xce\xb1", NULL}, /* tables of our own */
    {"mac-iceland", BYTES("\xa0"), "\xc3\x9d", NULL},
    {"cp720", BYTES("\x98"), "\xd8\xa1", NULL},
    {"cp1006", BYTES("\xff"), "\xef\xb9\xbd", NULL},
    {"palmos", BYTES("\x80"), "\xe2\x82\xac", NULL},
    {"cp856", BYTES("a\x9b"), NULL,
     "'charmap' codec can't decode byte 0x9b in position 1: character maps to <undefined>"},
    {"johab", BYTES("\x88\x61"), "\xea\xb0\x80", NULL},
    {"iso2022_jp_1", BYTES("\x1b$BF|\x1b(B"), "\xe6\x97\xa5", NULL},
    {"utf-16", BYTES("\xff\xfe{\0\xe9\0"), "{\xc3\xa9", NULL},
    {"utf-16", BYTES("\xfe\xff\0{\xd8\x3d\xde\0"), "{\xf0\x9f\x98\x80", NULL},
    {"utf-16", BYTES("{"), "", NULL},
    {"utf-16", BYTES("{}"), NULL,
     "'utf-16' codec can't decode bytes in position 0-1: Stream does not start with BOM"},
    {"utf-16", BYTES("\xff\xfe{\0\0\xd8\"\0"), NULL,
     "'utf-16-le' codec can't decode bytes in position 4-5: illegal UTF-16 surrogate"},
    {"utf-16", BYTES("\xff\xfe{\0\0\xdc\"\0"), NULL,
     "'utf-16-le' codec can't decode bytes in position 4-5: illegal encoding"},
    {"utf-16", BYTES("\xff\xfe{\0\0\xd8"), "{", NULL},
    {"utf-16-be", BYTES("\0{"), "{", NULL},
    {"utf-32", BYTES("\xff\xfe\0\0{\0\0\0"), "{", NULL},
    {"utf-32", BYTES("{\0\0\0"), NULL,
     "'utf-32' codec can't decode bytes in position 0-3: Stream does not start with BOM"},
    {"utf-32", BYTES("{\"c\""), NULL,
     "'utf-32-le' codec can't decode bytes in position 0-3: code point not in range(0x110000)"},
    {"utf-32-le", BYTES("\0\xd8\0\0"), NULL,
     "'utf-32-le' codec can't decode bytes in position 0-3: code point in surrogate code point "
     "range(0xd800, 0xe000)"},
};

static const fr_charset *charset_of(fr_arena *arena, const char *name)
{
    const fr_charset *charset = NULL;
    fr_str shown, type = name ? fr_arena_printf(arena, "application/json; charset=\"%s\"", name)
                              : FR_STR("application/json");
    assert_int_equal(fr_charset_of(type, &charset, &shown), FR_OK);
    return charset;
}

static void bodies_are_read_as_pythons_codecs_read_them(void **state)
{
    (void)state;
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx = {.arena = arena};
    ctx.ctx = &ctx;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        fr_str text = {0}, why = {0};
        fr_err err = fr_charset_decode(&ctx, charset_of(arena, CASES[i].charset), CASES[i].bytes,
                                       &text, &why);
        fr_str got = CASES[i].text ? text : why;
        const char *wanted = CASES[i].text ? CASES[i].text : CASES[i].why;
        if (err != (CASES[i].text ? FR_OK : FR_EINVAL) || !fr_str_eq(got, fr_str_c(wanted)))
            fail_msg("case %zu, %s: %.*s, and not %s", i, CASES[i].charset, FR_FMT(got), wanted);
    }
    fr_arena_free(arena);
}

static void codecs_of_bytes_are_no_charsets(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"bz2_codec",        "bz2",      "zlib",  "zip",
                                        "base64",           "hex",      "rot13", "uu",
                                        "quoted-printable", "undefined"};
    fr_arena *arena = fr_arena_new(0);
    const fr_charset *charset;
    fr_str name;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        fr_str type = fr_arena_printf(arena, "application/json; charset=%s", NAMES[i]);
        assert_int_equal(fr_charset_of(type, &charset, &name), FR_EUNSUPPORTED);
        assert_true(fr_str_eq(name, fr_str_c(NAMES[i])));
    }
    fr_arena_free(arena);
}

static void escapes_of_a_form_are_of_its_charset(void **state)
{
    (void)state;
    static const struct {
        const char *charset, *body, *text;
    } FORMS[] = {
        {NULL, "c=caf%E9", "c=caf%E9"}, /* is judged where it is decoded */
        {NULL, "c=caf\xe9", "c=caf\xc3\xa9"},
        {"latin-1", "c=caf%E9&%zz=%", "c=caf%C3%A9&%zz=%"},
        {"cp1252", "c=%80%81+%", "c=%E2%82%AC%EF%BF%BD+%"},
        {"ascii", "c=%41%E9", "c=%41%EF%BF%BD"},
    };
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx = {.arena = arena};
    ctx.ctx = &ctx;
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        fr_str text = {0};
        assert_int_equal(fr_charset_decode_form(&ctx, charset_of(arena, FORMS[i].charset),
                                                fr_str_c(FORMS[i].body), &text),
                         FR_OK);
        if (!fr_str_eq(text, fr_str_c(FORMS[i].text)))
            fail_msg("%s: %.*s", FORMS[i].body, FR_FMT(text));
    }
    fr_arena_free(arena);
}

FR_TESTS(charset, FR_TEST(bodies_are_read_as_pythons_codecs_read_them),
         FR_TEST(codecs_of_bytes_are_no_charsets), FR_TEST(escapes_of_a_form_are_of_its_charset))

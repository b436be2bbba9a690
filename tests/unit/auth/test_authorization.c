/* The Authorization header, as DRF's authenticators read it. */
#include "unit.h"

#include <string.h>

#include "auth/asker.h"
#include "auth/authorization.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct asked {
    fr_ctx ctx;
    fr_pair header;
    fr_req req;
    fr_asker_of of;
} asked;

static fr_err read(asked *a, const char *header, fr_str *out)
{
    memset(a, 0, sizeof *a);
    a->ctx = (fr_ctx){.ctx = &a->ctx, .arena = fr_arena_new(0)};
    a->header = (fr_pair){FR_STR("authorization"), fr_str_c(header)};
    a->req = (fr_req){.ctx = &a->ctx, .headers = &a->header, .header_count = 1};
    return fr_authorization_read(fr_asker_begin(&a->of, &a->req, NULL), "Token", "token", "Token",
                                 out);
}

static void its_scheme_is_of_any_case_and_others_say_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *header, *shown, *detail; /* NULL: none */
    } ROWS[] = {
        {"Token abc", "abc", NULL},
        {"tOKEN abc", "abc", NULL},
        {"  Token \t abc  ", "abc", NULL},
        {"Token\vabc", "abc", NULL},
        {"Bearer abc", NULL, NULL},
        {"Tokenabc", NULL, NULL},
        {"", NULL, NULL},
        {"   ", NULL, NULL},
        {"Token", NULL, "Invalid token header. No credentials provided."},
        {"Token ", NULL, "Invalid token header. No credentials provided."},
        {"Token a b", NULL, "Invalid token header. Token string should not contain spaces."},
        {"token a b c", NULL, "Invalid token header. Token string should not contain spaces."},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        asked a;
        fr_str shown;
        fr_err err = read(&a, ROWS[i].header, &shown);
        assert_int_equal(err, ROWS[i].detail ? FR_EAUTH : FR_OK);
        assert_int_equal(shown.p != NULL, ROWS[i].shown != NULL);
        if (ROWS[i].shown)
            assert_str(shown, ROWS[i].shown);
        if (ROWS[i].detail)
            assert_str(a.ctx.detail, ROWS[i].detail);
        fr_arena_free(a.ctx.arena);
    }
}

/* What base64.b64decode of Python 3.13 makes of these; NULL: it raises. */
static void base64_is_read_as_python_reads_it(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
    } ROWS[] = {
        {"YWxpY2U6cHc=", "alice:pw"},
        {"YWxpY2U6cHc", NULL},
        {"YWxp", "ali"},
        {"YWxpYw==", "alic"},
        {"YWxpYw=", NULL},
        {"YWxpYw", NULL},
        {"Y", NULL},
        {"YW", NULL},
        {"", ""},
        {"====", ""},
        {"=", ""},
        {"Y=W=x=p", "al"},
        {"YW==xp", "a"},
        {"YWxp\nYw==", "alic"},
        {"!Y-W_x*p", "ali"},
        {"YWxpYw==YWxp", "alic"},
        {"YWxpY2U6cHc=trailing", "alice:pw"},
        {"YWxpY2U6cHc==", "alice:pw"},
    };
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        fr_str out;
        assert_int_equal(fr_authorization_base64(arena, fr_str_c(ROWS[i].text), &out), FR_OK);
        if (!ROWS[i].bytes != !out.p)
            fail_msg("\"%s\" is%s base64", ROWS[i].text, out.p ? "" : " no");
        if (out.p)
            assert_str(out, ROWS[i].bytes);
    }
    fr_arena_free(arena);
}

FR_TESTS(authorization, FR_TEST(its_scheme_is_of_any_case_and_others_say_nothing),
         FR_TEST(base64_is_read_as_python_reads_it))

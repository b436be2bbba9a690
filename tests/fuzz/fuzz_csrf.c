/* CSRF: a request made of lines (origin, referer, cookie, header, form, host). What is let through shows the secret of its cookie. */
#include <string.h>

#include "auth/csrf.h"
#include "base/arena.h"
#include "base/str.h"
#include "check.h"

static fr_str form_is(void *arg)
{
    return *(fr_str *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char TRUSTED[] = "https://trusted.example,https://*.wild.example";
    fr_str rest = {(const char *)data, size}, lines[6], form;
    char error[256], one[FR_CSRF_SECRET], other[FR_CSRF_SECRET];
    fr_csrf_origins trusted;
    fr_csrf_verdict verdict;
    fr_arena *arena = fr_arena_new(0);
    for (size_t i = 0; i < 6; i++) {
        rest = fr_str_cut(rest, '\n', &lines[i]);
        if (lines[i].n == 1 && lines[i].p[0] == '-')
            lines[i] = (fr_str){0};
    }
    check(fr_csrf_origins_read(&trusted, arena, TRUSTED, error) == FR_OK);
    form = lines[4];
    fr_csrf_asked asked = {.method = FR_STR("POST"),
                           .is_secure = size % 2,
                           .origin = lines[0],
                           .referer = lines[1],
                           .cookie = lines[2],
                           .header = lines[3],
                           .header_name = "X-Csrftoken",
                           .form = form_is,
                           .arg = &form,
                           .trusted = &trusted,
                           .host = lines[5]};
    check(fr_csrf_check(arena, &asked, &verdict) == FR_OK);
    check(verdict.is_good == (verdict.reason.p == NULL));
    if (verdict.is_good) {
        check(fr_csrf_unmask(asked.cookie, one));
        check(fr_csrf_unmask(form.n ? form : asked.header, other));
        check(memcmp(one, other, sizeof one) == 0);
    }
    char *text = fr_arena_alloc(arena, size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    (void)fr_csrf_origins_read(&trusted, arena, text, error);
    fr_arena_free(arena);
    return 0;
}

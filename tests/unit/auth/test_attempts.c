/* Logins that failed. */
#include "unit.h"

#include <string.h>

#include "auth/asker.h"
#include "auth/attempts.h"
#include "auth/throttle.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct asked {
    fr_ctx ctx;
    fr_pair header;
    fr_req req;
    fr_asker_of of;
} asked;

/* Somebody at this address, told by X-Forwarded-For. */
static fr_asker *at(asked *a, fr_arena *arena, const char *address)
{
    memset(a, 0, sizeof *a);
    a->ctx = (fr_ctx){.ctx = &a->ctx, .arena = arena};
    a->header = (fr_pair){FR_STR("x-forwarded-for"), fr_str_c(address)};
    a->req = (fr_req){.ctx = &a->ctx, .headers = &a->header, .header_count = 1};
    return fr_asker_begin(&a->of, &a->req, NULL);
}

static void so_many_of_a_name_and_from_an_address(void **state)
{
    (void)state;
    char error[256];
    asked a, b;
    fr_arena *arena = fr_arena_new(0);
    assert_int_equal(fr_throttles_open(&(fr_throttles_opts){.by_forwarded = true}, error), FR_OK);
    assert_int_equal(fr_attempts_open("3/min", error), FR_OK);
    fr_asker *one = at(&a, arena, "192.0.2.1"), *two = at(&b, arena, "192.0.2.2");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fr_attempt_may(one, FR_STR("ann")), FR_OK);
        fr_attempt_failed(one, FR_STR("ann"));
    }
    assert_int_equal(fr_attempt_may(one, FR_STR("ann")), FR_ETHROTTLED);
    assert_in_range(one->private_->wait_s, 1, 60);
    assert_int_equal(fr_attempt_may(one, FR_STR("bob")), FR_ETHROTTLED); /* the address */
    assert_int_equal(fr_attempt_may(two, FR_STR("ann")), FR_ETHROTTLED); /* the name */
    assert_int_equal(fr_attempt_may(two, FR_STR("bob")), FR_OK);
    fr_throttles_close();
    fr_arena_free(arena);
}

static void without_a_bound_as_many_as_they_like(void **state)
{
    (void)state;
    char error[256] = "";
    asked a;
    fr_arena *arena = fr_arena_new(0);
    assert_int_equal(fr_attempts_open("often", error), FR_EINVAL);
    assert_non_null(strstr(error, "often"));
    assert_int_equal(fr_throttles_open(&(fr_throttles_opts){0}, error), FR_OK);
    assert_int_equal(fr_attempts_open("", error), FR_OK);
    for (int i = 0; i < 50; i++)
        fr_attempt_failed(at(&a, arena, "192.0.2.1"), FR_STR("ann"));
    assert_int_equal(fr_attempt_may(at(&a, arena, "192.0.2.1"), FR_STR("ann")), FR_OK);
    fr_throttles_close();
    fr_arena_free(arena);
}

FR_TESTS(attempts, FR_TEST(so_many_of_a_name_and_from_an_address),
         FR_TEST(without_a_bound_as_many_as_they_like))

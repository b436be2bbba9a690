/*
 * Any text in the fields by which a client chooses what it gets: Range, Accept-Encoding, conditions, dates. The first byte of
 * the input says how many bytes the file has, the rest is the value. What comes out must hold together: ranges lie inside
 * the file and apart, a date that is read is the same when it is written and read again, what is refused is not chosen.
 */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/time.h"
#include "check.h"
#include "http/coding.h"
#include "http/files/conditions.h"
#include "http/files/range.h"
#include "http/token.h"

static void read_ranges(fr_str value, uint64_t bytes)
{
    fr_range ranges[FR_RANGES_MAX];
    uint32_t count;
    fr_ranges_result result = fr_ranges_read(value, bytes, ranges, &count);
    if (result == FR_RANGES_IGNORED)
        return;
    check(count <= FR_RANGES_MAX && (count > 0) == (result == FR_RANGES_GIVEN));
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        check(ranges[i].n > 0 && ranges[i].start < bytes);
        check(ranges[i].n <= bytes - ranges[i].start);
        sum += ranges[i].n;
    }
    check(sum <= bytes); /* they do not overlap */
}

static void read_codings(fr_str value)
{
    static const unsigned ALL = (1u << FR_CODINGS) - 1;
    fr_pair headers[] = {{FR_STR("accept-encoding"), value}};
    fr_codings codings = fr_codings_read(headers, 1);
    fr_coding best = fr_codings_choose(&codings, ALL);
    for (int i = 0; i < FR_CODINGS; i++)
        check(codings.weight[i] <= 1000 && codings.weight[i] <= codings.weight[best]);
    check(best == FR_CODING_IDENTITY || codings.weight[best] > 0);
    check(best == FR_CODING_IDENTITY || fr_coding_name(best).n > 0);
    check(fr_codings_choose(&codings, 0) == FR_CODING_IDENTITY);
}

static void read_date(fr_str value)
{
    fr_time date, again;
    char text[FR_TIME_TEXT];
    if (!fr_time_parse_http(value, &date))
        return;
    fr_str written = {text, fr_time_http(date, text)};
    check(fr_time_parse_http(written, &again) && again == date);
}

/* Each field alone and with another; the tag that there is may stand in the value. */
static void judge(fr_str value)
{
    static const char *const NAMES[] = {"if-match", "if-none-match", "if-modified-since",
                                        "if-unmodified-since", "if-range"};
    static const char *const METHODS[] = {"GET", "PUT"};
    fr_validators have = {.etag = FR_STR("\"v\""), .modified_s = 784111777, .has_modified = true};
    fr_ctx ctx = {.arena = fr_arena_new(0)}; /* lines of one name are joined there */
    check(ctx.arena != NULL);
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++) {
            fr_pair headers[] = {{fr_str_c(NAMES[i]), value},
                                 {fr_str_c(NAMES[j]), FR_STR("\"v\"")}};
            fr_req req = {.ctx = &ctx,
                          .method = fr_str_c(METHODS[j & 1]),
                          .headers = headers,
                          .header_count = 2};
            fr_condition condition = fr_conditions_judge(&req, &have);
            check(condition != FR_CONDITION_UNCHANGED || fr_str_eq(req.method, FR_STR("GET")));
            (void)fr_if_range_holds(&req, &have);
        }
    fr_req none = {.ctx = &ctx, .method = FR_STR("GET")};
    check(fr_conditions_judge(&none, &have) == FR_CONDITION_GO_ON &&
          fr_if_range_holds(&none, &have));
    fr_arena_free(ctx.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096)
        return 0;
    uint64_t bytes = data[0] == 255 ? UINT64_MAX / 2 : data[0];
    fr_str value = {(const char *)data + 1, size - 1};
    (void)fr_is_field_value(value);
    read_ranges(value, bytes);
    read_codings(value);
    read_date(value);
    judge(value);
    return 0;
}

/* Any bytes as a file of tzdata: what is taken has a clock for every moment, and goes on for ever. */
#include "base/time.h"
#include "base/zone.h"
#include "check.h"

static void ask(const fr_zone *zone, int64_t second)
{
    fr_time t = second * 1000000;
    int32_t offset = fr_zone_offset(zone, t);
    check(fr_zone_local(zone, t) - t == offset * INT64_C(1000000));
    (void)fr_zone_utc(zone, t);
    if (fr_time_is_shown(t) && fr_time_is_shown(fr_zone_local(zone, t))) {
        char text[FR_TIME_TEXT];
        check(fr_time_iso_at(t, offset % 86400, text) <= FR_TIME_TEXT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t YEAR_S = 31556952;
    fr_zone *zone;
    if (fr_zone_parse((fr_str){(const char *)data, size}, &zone) != FR_OK)
        return 0;
    for (int64_t year = -2000; year < 8030; year += 37)
        for (int64_t part = 0; part < 4; part++)
            ask(zone, year * YEAR_S + part * YEAR_S / 4 + year % 86400);
    fr_zone_free(zone);
    return 0;
}

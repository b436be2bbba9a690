/* Time zones of the system's tzdata. The cases are what Python's zoneinfo says. */
#include "base/zone.h"

#include <string.h>

#include "base/alloc.h"
#include "base/str.h"
#include "unit.h"

static const struct {
    const char *name;
    int64_t second; /* as UTC, and as what the clock shows */
    int32_t offset;
    int64_t utc; /* when the clock shows it */
} CASES[] = {
    {"Europe/Berlin", 2852625044LL, 7200, 2852617844LL},
    {"Europe/Berlin", 13590600555LL, 7200, 13590593355LL},
    {"Europe/Berlin", 13569909810LL, 3600, 13569906210LL},
    {"Europe/Berlin", 932268975LL, 7200, 932261775LL},
    {"Europe/Berlin", -2021798569LL, 3600, -2021802169LL},
    {"Europe/Berlin", 1900634919LL, 3600, 1900631319LL},
    {"Europe/Berlin", 2858904055LL, 7200, 2858896855LL},
    {"Europe/Berlin", -2041350545LL, 3600, -2041354145LL},
    {"Europe/Berlin", 326874896LL, 7200, 326867696LL},
    {"Europe/Berlin", 13596356652LL, 3600, 13596353052LL},
    {"Europe/Berlin", 1903865170LL, 7200, 1903857970LL},
    {"Europe/Berlin", 326197192LL, 7200, 326189992LL},
    {"America/New_York", 2863885425LL, -14400, 2863899825LL},
    {"America/New_York", 1707565939LL, -18000, 1707583939LL},
    {"America/New_York", 2144122230LL, -18000, 2144140230LL},
    {"America/New_York", 316226842LL, -18000, 316244842LL},
    {"America/New_York", 1894973004LL, -18000, 1894991004LL},
    {"America/New_York", 2841356711LL, -18000, 2841374711LL},
    {"America/New_York", 2848291192LL, -14400, 2848305592LL},
    {"America/New_York", 2128852653LL, -14400, 2128867053LL},
    {"America/New_York", 1312483669LL, -14400, 1312498069LL},
    {"America/New_York", 1714655113LL, -14400, 1714669513LL},
    {"America/New_York", 1726833489LL, -14400, 1726847889LL},
    {"America/New_York", 1716483919LL, -14400, 1716498319LL},
    {"Australia/Lord_Howe", 13583397065LL, 37800, 13583359265LL},
    {"Australia/Lord_Howe", 13576717170LL, 39600, 13576677570LL},
    {"Australia/Lord_Howe", 344572714LL, 36000, 344536714LL},
    {"Australia/Lord_Howe", 1894145902LL, 39600, 1894106302LL},
    {"Australia/Lord_Howe", 1313932143LL, 37800, 1313894343LL},
    {"Australia/Lord_Howe", 13571680913LL, 39600, 13571641313LL},
    {"Australia/Lord_Howe", 922298920LL, 39600, 922259320LL},
    {"Australia/Lord_Howe", 1896614589LL, 39600, 1896574989LL},
    {"Australia/Lord_Howe", -2034790201LL, 36000, -2034826201LL},
    {"Australia/Lord_Howe", 2846759504LL, 39600, 2846719904LL},
    {"Australia/Lord_Howe", 1723195825LL, 37800, 1723158025LL},
    {"Australia/Lord_Howe", 319309900LL, 36000, 319273900LL},
    {"Europe/Dublin", 2127868277LL, 3600, 2127864677LL},
    {"Europe/Dublin", 2169303784LL, 3600, 2169300184LL},
    {"Europe/Dublin", 1734642168LL, 0, 1734642168LL},
    {"Europe/Dublin", 1308436937LL, 3600, 1308433337LL},
    {"Europe/Dublin", 2126904318LL, 3600, 2126900718LL},
    {"Europe/Dublin", 1730919240LL, 0, 1730919240LL},
    {"Europe/Dublin", 2137479642LL, 3600, 2137476042LL},
    {"Europe/Dublin", 1312994503LL, 3600, 1312990903LL},
    {"Europe/Dublin", 1717964567LL, 3600, 1717960967LL},
    {"Europe/Dublin", 1908770155LL, 3600, 1908766555LL},
    {"Europe/Dublin", 2128349373LL, 3600, 2128345773LL},
    {"Europe/Dublin", 325684794LL, 3600, 325681194LL},
    {"Asia/Kolkata", 2126659602LL, 19800, 2126639802LL},
    {"Asia/Kolkata", 1900262022LL, 19800, 1900242222LL},
    {"Asia/Kolkata", 1905529795LL, 19800, 1905509995LL},
    {"Asia/Kolkata", 13581907930LL, 19800, 13581888130LL},
    {"Asia/Kolkata", 2860258274LL, 19800, 2860238474LL},
    {"Asia/Kolkata", 13576456950LL, 19800, 13576437150LL},
    {"Asia/Kolkata", 920347640LL, 19800, 920327840LL},
    {"Asia/Kolkata", 334515746LL, 19800, 334495946LL},
    {"Asia/Kolkata", 2128541944LL, 19800, 2128522144LL},
    {"Asia/Kolkata", 2848690643LL, 19800, 2848670843LL},
    {"Asia/Kolkata", -2037107134LL, 19270, -2037126404LL},
    {"Asia/Kolkata", -883982218LL, 23400, -884005618LL},
    {"America/St_Johns", 2170293514LL, -9000, 2170302514LL},
    {"America/St_Johns", 2160552172LL, -9000, 2160561172LL},
    {"America/St_Johns", 332448094LL, -9000, 332457094LL},
    {"America/St_Johns", 1722836304LL, -9000, 1722845304LL},
    {"America/St_Johns", 2859079085LL, -9000, 2859088085LL},
    {"America/St_Johns", 1730462780LL, -9000, 1730471780LL},
    {"America/St_Johns", 2865298840LL, -9000, 2865307840LL},
    {"America/St_Johns", 2857036471LL, -9000, 2857045471LL},
    {"America/St_Johns", 1314102294LL, -9000, 1314111294LL},
    {"America/St_Johns", 340879639LL, -9000, 340888639LL},
    {"America/St_Johns", 2125873219LL, -9000, 2125882219LL},
    {"America/St_Johns", 2125148467LL, -9000, 2125157467LL},
    {"Africa/Casablanca", 13594375082LL, 3600, 13594371482LL},
    {"Africa/Casablanca", 331313675LL, 0, 331313675LL},
    {"Africa/Casablanca", 1302916531LL, 3600, 1302912931LL},
    {"Africa/Casablanca", 1300958311LL, 0, 1300958311LL},
    {"Africa/Casablanca", 2860001738LL, 3600, 2859998138LL},
    {"Africa/Casablanca", -913059642LL, 3600, -913063242LL},
    {"Africa/Casablanca", 2175707926LL, 3600, 2175704326LL},
    {"Africa/Casablanca", 2147167423LL, 3600, 2147163823LL},
    {"Africa/Casablanca", 2845412195LL, 0, 2845412195LL},
    {"Africa/Casablanca", 2140983252LL, 0, 2140983252LL},
    {"Africa/Casablanca", -2033461284LL, -1820, -2033459464LL},
    {"Africa/Casablanca", 13597158625LL, 3600, 13597155025LL},
    {"Pacific/Apia", 13598962193LL, 46800, 13598915393LL},
    {"Pacific/Apia", -902531711LL, -41400, -902490311LL},
    {"Pacific/Apia", 1917895770LL, 46800, 1917848970LL},
    {"Pacific/Apia", 1299426275LL, -36000, 1299462275LL},
    {"Pacific/Apia", 2128912057LL, 46800, 2128865257LL},
    {"Pacific/Apia", 2146173257LL, 46800, 2146126457LL},
    {"Pacific/Apia", -910654694LL, -41400, -910613294LL},
    {"Pacific/Apia", 1897252263LL, 46800, 1897205463LL},
    {"Pacific/Apia", -911794688LL, -41400, -911753288LL},
    {"Pacific/Apia", -885910442LL, -41400, -885869042LL},
    {"Pacific/Apia", 2119979486LL, 46800, 2119932686LL},
    {"Pacific/Apia", 319874555LL, -39600, 319914155LL},
    {"Etc/GMT+5", -887763343LL, -18000, -887745343LL},
    {"Etc/GMT+5", -2026066355LL, -18000, -2026048355LL},
    {"Etc/GMT+5", 2845371920LL, -18000, 2845389920LL},
    {"Etc/GMT+5", 13594490561LL, -18000, 13594508561LL},
    {"Etc/GMT+5", 1704493089LL, -18000, 1704511089LL},
    {"Etc/GMT+5", 2868365938LL, -18000, 2868383938LL},
    {"Etc/GMT+5", 2168579764LL, -18000, 2168597764LL},
    {"Etc/GMT+5", 2154418388LL, -18000, 2154436388LL},
    {"Etc/GMT+5", 929489051LL, -18000, 929507051LL},
    {"Etc/GMT+5", 344550065LL, -18000, 344568065LL},
    {"Etc/GMT+5", 2866589707LL, -18000, 2866607707LL},
    {"Etc/GMT+5", 2170740296LL, -18000, 2170758296LL},
    {"UTC", 2133575433LL, 0, 2133575433LL},
    {"UTC", -2028196566LL, 0, -2028196566LL},
    {"UTC", 333100027LL, 0, 333100027LL},
    {"UTC", -887565076LL, 0, -887565076LL},
    {"UTC", 2856842301LL, 0, 2856842301LL},
    {"UTC", 2870079848LL, 0, 2870079848LL},
    {"UTC", 1731270474LL, 0, 1731270474LL},
    {"UTC", 1725302173LL, 0, 1725302173LL},
    {"UTC", 331441322LL, 0, 331441322LL},
    {"UTC", 323919116LL, 0, 323919116LL},
    {"UTC", 2142759627LL, 0, 2142759627LL},
    {"UTC", 2126438429LL, 0, 2126438429LL},
    {"Asia/Kathmandu", 2117594470LL, 20700, 2117573770LL},
    {"Asia/Kathmandu", -899723044LL, 19800, -899742844LL},
    {"Asia/Kathmandu", 2120976437LL, 20700, 2120955737LL},
    {"Asia/Kathmandu", 327826950LL, 19800, 327807150LL},
    {"Asia/Kathmandu", -2036061597LL, 20476, -2036082073LL},
    {"Asia/Kathmandu", -2023689951LL, 20476, -2023710427LL},
    {"Asia/Kathmandu", -887985017LL, 19800, -888004817LL},
    {"Asia/Kathmandu", 944442765LL, 20700, 944422065LL},
    {"Asia/Kathmandu", -2026954461LL, 20476, -2026974937LL},
    {"Asia/Kathmandu", 1923340751LL, 20700, 1923320051LL},
    {"Asia/Kathmandu", 2128214805LL, 20700, 2128194105LL},
    {"Asia/Kathmandu", 2121577903LL, 20700, 2121557203LL},
    {"America/Santiago", 916946866LL, -10800, 916957666LL},
    {"America/Santiago", 1295054929LL, -10800, 1295065729LL},
    {"America/Santiago", 13585626155LL, -14400, 13585640555LL},
    {"America/Santiago", 2170467904LL, -10800, 2170478704LL},
    {"America/Santiago", 933692623LL, -14400, 933707023LL},
    {"America/Santiago", 941556350LL, -10800, 941567150LL},
    {"America/Santiago", -2050482701LL, -16965, -2050465736LL},
    {"America/Santiago", 13569574304LL, -10800, 13569585104LL},
    {"America/Santiago", 2173242854LL, -10800, 2173253654LL},
    {"America/Santiago", -899931266LL, -14400, -899916866LL},
    {"America/Santiago", 339462819LL, -14400, 339477219LL},
    {"America/Santiago", -2031395313LL, -16965, -2031378348LL},
    {"Asia/Gaza", 2857320526LL, 10800, 2857309726LL},
    {"Asia/Gaza", -2038899728LL, 7200, -2038906928LL},
    {"Asia/Gaza", 936418770LL, 10800, 936407970LL},
    {"Asia/Gaza", -902489992LL, 10800, -902500792LL},
    {"Asia/Gaza", 336842144LL, 10800, 336831344LL},
    {"Asia/Gaza", -897878683LL, 10800, -897889483LL},
    {"Asia/Gaza", -2030979375LL, 7200, -2030986575LL},
    {"Asia/Gaza", 926478266LL, 10800, 926467466LL},
    {"Asia/Gaza", 1721926857LL, 10800, 1721916057LL},
    {"Asia/Gaza", 1322195761LL, 7200, 1322188561LL},
    {"Asia/Gaza", 2121806510LL, 7200, 2121799310LL},
    {"Asia/Gaza", -2022197563LL, 7200, -2022204763LL},
    {"Europe/Berlin", 1711850399LL, 7200, 1711846799LL},
    {"Europe/Berlin", 1711852200LL, 7200, 1711848600LL},
    {"Europe/Berlin", 1711854000LL, 7200, 1711846800LL},
    {"Europe/Berlin", 1729996200LL, 3600, 1729989000LL},
    {"Europe/Berlin", 1729998000LL, 3600, 1729994400LL},
    {"Europe/Berlin", 2531961000LL, 7200, 2531957400LL},
    {"Europe/Berlin", 2550709800LL, 3600, 2550702600LL},
    {"Europe/Berlin", 2550711600LL, 3600, 2550708000LL},
};

static fr_zone *opened(const char *name)
{
    char error[256];
    fr_zone *zone = NULL;
    if (fr_zone_open(name, &zone, error) != FR_OK)
        fail_msg("%s", error);
    return zone;
}

static void clocks_are_what_zoneinfo_says(void **state)
{
    (void)state;
    fr_zone *zone = NULL;
    const char *name = "";
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        if (strcmp(name, CASES[i].name) != 0) {
            fr_zone_free(zone);
            zone = opened(name = CASES[i].name);
        }
        fr_time t = CASES[i].second * 1000000 + 5;
        int32_t offset = fr_zone_offset(zone, t);
        int64_t utc = (fr_zone_utc(zone, t) - 5) / 1000000;
        if (offset != CASES[i].offset || utc != CASES[i].utc)
            fail_msg("%s at %lld: %d and %lld, expected %d and %lld", name,
                     (long long)CASES[i].second, offset, (long long)utc, CASES[i].offset,
                     (long long)CASES[i].utc);
    }
    fr_zone_free(zone);
}

static void a_name_is_opened_once(void **state)
{
    (void)state;
    char error[256];
    const fr_zone *one = NULL, *two = NULL;
    assert_int_equal(fr_zone_named(FR_STR("Asia/Tokyo"), &one, error), FR_OK);
    assert_int_equal(fr_zone_named(FR_STR("Asia/Tokyo"), &two, error), FR_OK);
    assert_ptr_equal(one, two);
    assert_int_equal(fr_zone_named(FR_STR("Asia/Tokyo\0"), &two, error), FR_EINVAL);
    assert_int_equal(fr_zone_named((fr_str){NULL, 0}, &two, error), FR_EINVAL);
}

static void without_a_zone_it_is_utc(void **state)
{
    (void)state;
    assert_int_equal(fr_zone_offset(NULL, 12345), 0);
    assert_true(fr_zone_utc(NULL, 12345) == 12345 && fr_zone_local(NULL, -5) == -5);
    fr_zone *berlin = opened("Europe/Berlin");
    assert_true(fr_zone_local(berlin, 0) == INT64_C(3600000000));
    /* the ends of what can be said */
    assert_int_equal(fr_zone_offset(berlin, INT64_MAX / 2), 3600);
    assert_true(fr_zone_offset(berlin, INT64_MIN / 2) != 0);
    fr_zone_free(berlin);
}

static void a_name_that_is_none_is_told(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
        "", "Europe/Berlim", "../../etc/passwd", "/etc/passwd", "Europe", "tzdata.zi", "a b"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char error[256] = "";
        fr_zone *zone = NULL;
        assert_int_not_equal(fr_zone_open(NAMES[i], &zone, error), FR_OK);
        assert_true(*error && !zone);
    }
}

static void bytes_that_are_no_zone_are_refused(void **state)
{
    (void)state;
    char bytes[200] = "TZif2";
    fr_zone *zone = NULL;
    assert_int_equal(fr_zone_parse((fr_str){NULL, 0}, &zone), FR_EINVAL);
    for (size_t n = 0; n < sizeof bytes; n++)
        assert_int_equal(fr_zone_parse((fr_str){bytes, n}, &zone), FR_EINVAL);
    memset(bytes + 20, 0xff, 24);
    assert_int_equal(fr_zone_parse((fr_str){bytes, sizeof bytes}, &zone), FR_EINVAL);
}

static void every_allocation_of_a_zone_may_fail(void **state)
{
    (void)state;
    size_t failures = 0;
    FR_TEST_EACH_ALLOC_FAILS()
    {
        char error[256];
        fr_zone *zone = NULL;
        fr_err err = fr_zone_open("Europe/Berlin", &zone, error);
        assert_true(err == FR_OK || (err == FR_ENOMEM && !zone));
        failures += err == FR_ENOMEM;
        fr_zone_free(zone);
    }
    assert_int_equal(failures, 2);
}

FR_TESTS(zone, FR_TEST(clocks_are_what_zoneinfo_says), FR_TEST(a_name_is_opened_once),
         FR_TEST(without_a_zone_it_is_utc), FR_TEST(a_name_that_is_none_is_told),
         FR_TEST(bytes_that_are_no_zone_are_refused), FR_TEST(every_allocation_of_a_zone_may_fail))

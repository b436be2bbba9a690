/*
 * Fields that say how they are read and printed: formats, zones, numbers. The cases are what Django REST framework 3.18
 * answers of the serializer that tests/compat/reference calls its lab, and of a few fields more.
 */
#include "rest/shape.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/str.h"
#include "rest/plan.h"
#include "rest/print.h"
#include "shape_bench.h"
#include "world.h"

static const fr_serializer contact = {
    .declared = FR_DECLARED({"name", FR_INPUT(TEXT)}, {"mail", .optional = true, FR_INPUT(EMAIL)})};
static const fr_serializer lab = {
    .declared = FR_DECLARED(
        {"level", .optional = true,
         FR_INPUT(TEXT, .null = true,
                  .choices = FR_CHOICES(FR_NUMBER(1, "One"), FR_NUMBER(2, "Two"), {"x", "Ex"}))},
        {"code", .optional = true, FR_INPUT(CHAR, .pattern = "[a-z]{3}[0-9]")},
        {"handle", .optional = true, FR_INPUT(SLUG, .unicode = true)},
        {"price", .optional = true,
         FR_INPUT(DECIMAL, .max_digits = 6, .decimal_places = 2, .as_number = true)},
        {"tidy", .optional = true,
         FR_INPUT(DECIMAL, .max_digits = 8, .decimal_places = 3, .normalized = true)},
        {"free", .optional = true, FR_INPUT(DECIMAL)},
        {"cents", .optional = true, FR_INPUT(DECIMAL, .decimal_places = 2, .normalized = true)},
        {"capped", .optional = true,
         FR_INPUT(DECIMAL, .max_digits = 5, .decimal_places = 2, .min_value = 1, .max_value = 100)},
        {"when", .optional = true,
         FR_INPUT(DATETIME, .format = "%d.%m.%Y %H:%M",
                  .input_formats = "%d.%m.%Y %H:%M;iso-8601")},
        {"berlin", .optional = true, FR_INPUT(DATETIME, .zone = "Europe/Berlin")},
        {"meeting", .optional = true,
         FR_INPUT(DATETIME, .zone = "Europe/Berlin", .format = "%A %d %B %I:%M %p %z",
                  .input_formats = "%Y/%m/%d %H:%M %z;%d %b %Y")},
        {"day", .optional = true,
         FR_INPUT(DATE, .format = "%d %b %Y", .input_formats = "%d/%m/%Y")},
        {"clock", .optional = true, FR_INPUT(TIME, .format = "%H:%M")},
        {"half", .optional = true, FR_INPUT(TIME, .input_formats = "%I:%M %p")},
        {"wait", .optional = true, FR_INPUT(DURATION, .format = "iso-8601")},
        {"pause", .optional = true,
         FR_INPUT(DURATION, .minimum = "0:01:00", .maximum = "1 00:00:00")},
        {"uid", .optional = true, FR_INPUT(UUID, .format = "hex")},
        {"number", .optional = true, FR_INPUT(UUID, .format = "int")},
        {"urn", .optional = true, FR_INPUT(UUID, .format = "urn")},
        {"ipv4", .optional = true, FR_INPUT(IP, .protocol = "IPv4")},
        {"ipv6", .optional = true, FR_INPUT(IP, .protocol = "IPv6")},
        {"raw", .optional = true, FR_INPUT(TEXT, .untrimmed = true, .blank = true)},
        {"short", .optional = true, FR_INPUT(CHAR, .min_length = 2, .max_length = 4)},
        {"contacts", .optional = true, .shape = FR_LIST, .nested = &contact, .not_empty = true,
         .max_items = 2})};

/* answer: without the null of a level that was not sent. */
static const struct {
    const char *body, *answer;
} CASES[] = {
    {"{\"price\":\"2\"}", "{\"price\":2.0}"},
    {"{\"price\":\"-0\"}", "{\"price\":-0.0}"},
    {"{\"price\":\"-0.00\"}", "{\"price\":-0.0}"},
    {"{\"price\":\"1e-1\"}", "{\"price\":0.1}"},
    {"{\"price\":\"0.10\"}", "{\"price\":0.1}"},
    {"{\"price\":5}", "{\"price\":5.0}"},
    {"{\"price\":5.5}", "{\"price\":5.5}"},
    {"{\"price\":\"9999.99\"}", "{\"price\":9999.99}"},
    {"{\"price\":\"99999\"}",
     "{\"price\":[\"Ensure that there are no more than 4 digits before the decimal point.\"]}"},
    {"{\"price\":\"\"}", "{\"price\":[\"A valid number is required.\"]}"},
    {"{\"price\":null}", "{\"price\":[\"This field may not be null.\"]}"},
    {"{\"price\":\"1_0\"}", "{\"price\":10.0}"},
    {"{\"price\":\" 3 \"}", "{\"price\":3.0}"},
    {"{\"price\":\"1e400\"}",
     "{\"price\":[\"Ensure that there are no more than 6 digits in total.\"]}"},
    {"{\"price\":-1}", "{\"price\":-1.0}"},
    {"{\"tidy\":\"1.500\"}", "{\"tidy\":\"1.5\"}"},
    {"{\"tidy\":\"100\"}", "{\"tidy\":\"100\"}"},
    {"{\"tidy\":\"0\"}", "{\"tidy\":\"0\"}"},
    {"{\"tidy\":\"-0.0\"}", "{\"tidy\":\"-0\"}"},
    {"{\"tidy\":\"1e3\"}", "{\"tidy\":\"1000\"}"},
    {"{\"tidy\":\"1e4\"}", "{\"tidy\":\"10000\"}"},
    {"{\"tidy\":\"12.340\"}", "{\"tidy\":\"12.34\"}"},
    {"{\"tidy\":\"99999.999\"}", "{\"tidy\":\"99999.999\"}"},
    {"{\"tidy\":\"1e5\"}",
     "{\"tidy\":[\"Ensure that there are no more than 5 digits before the decimal point.\"]}"},
    {"{\"tidy\":\"1E-3\"}", "{\"tidy\":\"0.001\"}"},
    {"{\"free\":\"1\"}", "{\"free\":\"1\"}"},
    {"{\"free\":\"1.50\"}", "{\"free\":\"1.50\"}"},
    {"{\"free\":\"1E+3\"}", "{\"free\":\"1000\"}"},
    {"{\"free\":\"-0\"}", "{\"free\":\"-0\"}"},
    {"{\"free\":\"0e3\"}", "{\"free\":\"0\"}"},
    {"{\"free\":\"0.00\"}", "{\"free\":\"0.00\"}"},
    {"{\"free\":\"1e-5\"}", "{\"free\":\"0.00001\"}"},
    {"{\"free\":\"0E-3\"}", "{\"free\":\"0.000\"}"},
    {"{\"free\":\"123.456e2\"}", "{\"free\":\"12345.6\"}"},
    {"{\"free\":\"1e999\"}",
     "{\"free\":"
     "\"1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000\"}"},
    {"{\"free\":\"1e-999\"}",
     "{\"free\":\"0."
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000001\"}"},
    {"{\"free\":\"x\"}", "{\"free\":[\"A valid number is required.\"]}"},
    {"{\"free\":\"Infinity\"}", "{\"free\":[\"A valid number is required.\"]}"},
    {"{\"free\":12345678901234567890123}", "{\"free\":\"12345678901234567890123\"}"},
    {"{\"free\":\"000.10\"}", "{\"free\":\"0.10\"}"},
    {"{\"free\":\"-1.5e-3\"}", "{\"free\":\"-0.0015\"}"},
    {"{\"free\":\"1e0\"}", "{\"free\":\"1\"}"},
    {"{\"free\":\".5\"}", "{\"free\":\"0.5\"}"},
    {"{\"free\":\"5.\"}", "{\"free\":\"5\"}"},
    {"{\"capped\":\"1\"}", "{\"capped\":\"1.00\"}"},
    {"{\"capped\":\"0.999\"}",
     "{\"capped\":[\"Ensure that there are no more than 2 decimal places.\"]}"},
    {"{\"capped\":\"100.00\"}", "{\"capped\":\"100.00\"}"},
    {"{\"capped\":\"100.001\"}",
     "{\"capped\":[\"Ensure that there are no more than 5 digits in total.\"]}"},
    {"{\"capped\":50}", "{\"capped\":\"50.00\"}"},
    {"{\"when\":\"05.01.2024 10:11\"}", "{\"when\":\"05.01.2024 10:11\"}"},
    {"{\"when\":\"5.1.2024 1:2\"}", "{\"when\":\"05.01.2024 01:02\"}"},
    {"{\"when\":\"2024-01-05T10:11:12Z\"}", "{\"when\":\"05.01.2024 10:11\"}"},
    {"{\"when\":\"2024-01-05\"}", "{\"when\":\"05.01.2024 00:00\"}"},
    {"{\"when\":\"05.01.2024\"}",
     "{\"when\":[\"Datetime has wrong format. Use one of these formats instead: DD.MM.YYYY hh:mm, "
     "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].\"]}"},
    {"{\"when\":\"31.02.2024 10:00\"}",
     "{\"when\":[\"Datetime has wrong format. Use one of these formats instead: DD.MM.YYYY hh:mm, "
     "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].\"]}"},
    {"{\"when\":5}", "{\"when\":[\"Datetime has wrong format. Use one of these formats instead: "
                     "DD.MM.YYYY hh:mm, YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].\"]}"},
    {"{\"when\":\"05.01.2024  10:11\"}", "{\"when\":\"05.01.2024 10:11\"}"},
    {"{\"when\":\" 05.01.2024 10:11\"}",
     "{\"when\":[\"Datetime has wrong format. Use one of these formats instead: DD.MM.YYYY hh:mm, "
     "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].\"]}"},
    {"{\"when\":\"05.01.2024 10:11 \"}",
     "{\"when\":[\"Datetime has wrong format. Use one of these formats instead: DD.MM.YYYY hh:mm, "
     "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].\"]}"},
    {"{\"when\":\"2024-07-05T23:59:59.999+02:00\"}", "{\"when\":\"05.07.2024 21:59\"}"},
    {"{\"when\":\"9999-12-31T23:59:59Z\"}", "{\"when\":\"31.12.9999 23:59\"}"},
    {"{\"when\":null}", "{\"when\":[\"This field may not be null.\"]}"},
    {"{\"when\":\"\"}", "{\"when\":[\"Datetime has wrong format. Use one of these formats instead: "
                        "DD.MM.YYYY hh:mm, YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].\"]}"},
    {"{\"day\":\"05/01/2024\"}", "{\"day\":\"05 Jan 2024\"}"},
    {"{\"day\":\"5/1/2024\"}", "{\"day\":\"05 Jan 2024\"}"},
    {"{\"day\":\"2024-01-05\"}",
     "{\"day\":[\"Date has wrong format. Use one of these formats instead: DD/MM/YYYY.\"]}"},
    {"{\"day\":\"05/01/24\"}",
     "{\"day\":[\"Date has wrong format. Use one of these formats instead: DD/MM/YYYY.\"]}"},
    {"{\"day\":\"30/02/2024\"}",
     "{\"day\":[\"Date has wrong format. Use one of these formats instead: DD/MM/YYYY.\"]}"},
    {"{\"day\":\"01/01/9999\"}", "{\"day\":\"01 Jan 9999\"}"},
    {"{\"day\":20240105}",
     "{\"day\":[\"Date has wrong format. Use one of these formats instead: DD/MM/YYYY.\"]}"},
    {"{\"day\":\"\\u0661/1/2024\"}",
     "{\"day\":[\"Date has wrong format. Use one of these formats instead: DD/MM/YYYY.\"]}"},
    {"{\"day\":\"29/02/2024\"}", "{\"day\":\"29 Feb 2024\"}"},
    {"{\"day\":\"\"}",
     "{\"day\":[\"Date has wrong format. Use one of these formats instead: DD/MM/YYYY.\"]}"},
    {"{\"clock\":\"10:11\"}", "{\"clock\":\"10:11\"}"},
    {"{\"clock\":\"10:11:12\"}", "{\"clock\":\"10:11\"}"},
    {"{\"clock\":\"10:11:12.5\"}", "{\"clock\":\"10:11\"}"},
    {"{\"clock\":\"24:00\"}", "{\"clock\":[\"Time has wrong format. Use one of these formats "
                              "instead: hh:mm[:ss[.uuuuuu]].\"]}"},
    {"{\"clock\":\"T10:11\"}", "{\"clock\":\"10:11\"}"},
    {"{\"clock\":\"1011\"}", "{\"clock\":\"10:11\"}"},
    {"{\"clock\":\"x\"}", "{\"clock\":[\"Time has wrong format. Use one of these formats instead: "
                          "hh:mm[:ss[.uuuuuu]].\"]}"},
    {"{\"clock\":10}", "{\"clock\":[\"Time has wrong format. Use one of these formats instead: "
                       "hh:mm[:ss[.uuuuuu]].\"]}"},
    {"{\"wait\":\"1\"}", "{\"wait\":\"P0DT00H00M01S\"}"},
    {"{\"wait\":\"P1D\"}", "{\"wait\":\"P1DT00H00M00S\"}"},
    {"{\"wait\":\"1 02:03:04\"}", "{\"wait\":\"P1DT02H03M04S\"}"},
    {"{\"wait\":\"-1\"}", "{\"wait\":\"-P0DT00H00M01S\"}"},
    {"{\"wait\":\"-0.5\"}", "{\"wait\":\"-P0DT00H00M00.500000S\"}"},
    {"{\"wait\":\"3 days 1.5\"}", "{\"wait\":[\"Duration has wrong format. Use one of these "
                                  "formats instead: [DD] [HH:[MM:]]ss[.uuuuuu].\"]}"},
    {"{\"wait\":\"P3DT4H5M6.7S\"}", "{\"wait\":\"P3DT04H05M06.700000S\"}"},
    {"{\"wait\":90}", "{\"wait\":\"P0DT00H01M30S\"}"},
    {"{\"wait\":0}", "{\"wait\":\"P0DT00H00M00S\"}"},
    {"{\"wait\":\"-P1D\"}", "{\"wait\":\"-P1DT00H00M00S\"}"},
    {"{\"wait\":\"1:2:3.4\"}", "{\"wait\":\"P0DT01H02M03.400000S\"}"},
    {"{\"wait\":\"1 week\"}", "{\"wait\":[\"Duration has wrong format. Use one of these formats "
                              "instead: [DD] [HH:[MM:]]ss[.uuuuuu].\"]}"},
    {"{\"pause\":\"0:00:59\"}",
     "{\"pause\":[\"Ensure this value is greater than or equal to 0:01:00.\"]}"},
    {"{\"pause\":\"0:01:00\"}", "{\"pause\":\"00:01:00\"}"},
    {"{\"pause\":\"1 00:00:00\"}", "{\"pause\":\"1 00:00:00\"}"},
    {"{\"pause\":\"1 00:00:01\"}",
     "{\"pause\":[\"Ensure this value is less than or equal to 1 day, 0:00:00.\"]}"},
    {"{\"pause\":\"2 days\"}",
     "{\"pause\":[\"Ensure this value is less than or equal to 1 day, 0:00:00.\"]}"},
    {"{\"pause\":\"-1 day\"}",
     "{\"pause\":[\"Ensure this value is greater than or equal to 0:01:00.\"]}"},
    {"{\"pause\":\"59.999999\"}",
     "{\"pause\":[\"Ensure this value is greater than or equal to 0:01:00.\"]}"},
    {"{\"pause\":\"x\"}", "{\"pause\":[\"Duration has wrong format. Use one of these formats "
                          "instead: [DD] [HH:[MM:]]ss[.uuuuuu].\"]}"},
    {"{\"uid\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"}",
     "{\"uid\":\"6ba7b8109dad11d180b400c04fd430c8\"}"},
    {"{\"uid\":12}", "{\"uid\":\"0000000000000000000000000000000c\"}"},
    {"{\"uid\":0}", "{\"uid\":\"00000000000000000000000000000000\"}"},
    {"{\"uid\":\"x\"}", "{\"uid\":[\"Must be a valid UUID.\"]}"},
    {"{\"uid\":null}", "{\"uid\":[\"This field may not be null.\"]}"},
    {"{\"uid\":1.0}", "{\"uid\":[\"Must be a valid UUID.\"]}"},
    {"{\"uid\":[1]}", "{\"uid\":[\"Must be a valid UUID.\"]}"},
    {"{\"handle\":\"abc\"}", "{\"handle\":\"abc\"}"},
    {"{\"handle\":\"ab c\"}", "{\"handle\":[\"Enter a valid \\\"slug\\\" consisting of Unicode "
                              "letters, numbers, underscores, or hyphens.\"]}"},
    {"{\"handle\":\"\\u00e9-\\u00fc_9\"}", "{\"handle\":\"é-ü_9\"}"},
    {"{\"handle\":\"\\u65e5\\u672c\"}", "{\"handle\":\"日本\"}"},
    {"{\"handle\":\"a.b\"}", "{\"handle\":[\"Enter a valid \\\"slug\\\" consisting of Unicode "
                             "letters, numbers, underscores, or hyphens.\"]}"},
    {"{\"handle\":\"\"}", "{\"handle\":[\"This field may not be blank.\"]}"},
    {"{\"handle\":"
     "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxx\"}",
     "{\"handle\":"
     "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxx\"}"},
    {"{\"handle\":\"\\u00b2\"}", "{\"handle\":\"²\"}"},
    {"{\"handle\":\"\\u00bd\"}", "{\"handle\":\"½\"}"},
    {"{\"handle\":\"\\u2167\"}", "{\"handle\":\"Ⅷ\"}"},
    {"{\"handle\":\"a\\u0301\"}", "{\"handle\":[\"Enter a valid \\\"slug\\\" consisting of Unicode "
                                  "letters, numbers, underscores, or hyphens.\"]}"},
    {"{\"handle\":\"\\u0663\"}", "{\"handle\":\"٣\"}"},
    {"{\"handle\":\" a \"}", "{\"handle\":\"a\"}"},
    {"{\"handle\":\"_\"}", "{\"handle\":\"_\"}"},
    {"{\"handle\":\"-\"}", "{\"handle\":\"-\"}"},
    {"{\"handle\":\"\\u0345\"}", "{\"handle\":[\"Enter a valid \\\"slug\\\" consisting of Unicode "
                                 "letters, numbers, underscores, or hyphens.\"]}"},
    {"{\"handle\":\"\\ud83d\\ude00\"}", "{\"handle\":[\"Enter a valid \\\"slug\\\" consisting of "
                                        "Unicode letters, numbers, underscores, or hyphens.\"]}"},
    {"{\"handle\":5}", "{\"handle\":\"5\"}"},
    {"{\"handle\":\"a\\nb\"}", "{\"handle\":[\"Enter a valid \\\"slug\\\" consisting of Unicode "
                               "letters, numbers, underscores, or hyphens.\"]}"},
    {"{\"handle\":\"a\\n\"}", "{\"handle\":\"a\"}"},
    {"{\"handle\":\"\\u00aa\"}", "{\"handle\":\"ª\"}"},
    {"{\"handle\":\"\\u200d\"}", "{\"handle\":[\"Enter a valid \\\"slug\\\" consisting of Unicode "
                                 "letters, numbers, underscores, or hyphens.\"]}"},
    {"{\"raw\":\"\"}", "{\"raw\":\"\"}"},
    {"{\"raw\":\" \"}", "{\"raw\":\" \"}"},
    {"{\"raw\":\" a \"}", "{\"raw\":\" a \"}"},
    {"{\"raw\":5}", "{\"raw\":\"5\"}"},
    {"{\"raw\":\"\\ta\\n\"}", "{\"raw\":\"\\ta\\n\"}"},
    {"{\"raw\":null}", "{\"raw\":[\"This field may not be null.\"]}"},
    {"{\"raw\":1.5}", "{\"raw\":\"1.5\"}"},
    {"{\"short\":\"a\"}", "{\"short\":[\"Ensure this field has at least 2 characters.\"]}"},
    {"{\"short\":\"ab\"}", "{\"short\":\"ab\"}"},
    {"{\"short\":\"abcde\"}", "{\"short\":[\"Ensure this field has no more than 4 characters.\"]}"},
    {"{\"short\":\" ab \"}", "{\"short\":\"ab\"}"},
    {"{\"short\":\" a \"}", "{\"short\":[\"Ensure this field has at least 2 characters.\"]}"},
    {"{\"code\":\"abc1\"}", "{\"code\":\"abc1\"}"},
    {"{\"code\":\"abc\"}", "{\"code\":[\"This value does not match the required pattern.\"]}"},
    {"{\"code\":\"abc12\"}", "{\"code\":[\"This value does not match the required pattern.\"]}"},
    {"{\"code\":\"abc1\\n\"}", "{\"code\":\"abc1\"}"},
    {"{\"code\":\" abc1 \"}", "{\"code\":\"abc1\"}"},
    {"{\"code\":12}", "{\"code\":[\"This value does not match the required pattern.\"]}"},
    {"{\"code\":\"\"}", "{\"code\":[\"This field may not be blank.\"]}"},
    {"{\"level\":1}", "{\"level\":1}"},
    {"{\"level\":\"1\"}", "{\"level\":1}"},
    {"{\"level\":\"2\"}", "{\"level\":2}"},
    {"{\"level\":2}", "{\"level\":2}"},
    {"{\"level\":\"x\"}", "{\"level\":\"x\"}"},
    {"{\"level\":\"X\"}", "{\"level\":[\"\\\"X\\\" is not a valid choice.\"]}"},
    {"{\"level\":null}", "{\"level\":null}"},
    {"{\"level\":3}", "{\"level\":[\"\\\"3\\\" is not a valid choice.\"]}"},
    {"{\"level\":1.0}", "{\"level\":[\"\\\"1.0\\\" is not a valid choice.\"]}"},
    {"{\"level\":true}", "{\"level\":[\"\\\"True\\\" is not a valid choice.\"]}"},
    {"{\"level\":\"\"}", "{\"level\":[\"\\\"\\\" is not a valid choice.\"]}"},
    {"{\"berlin\":\"2024-03-31T02:30:00\"}", "{\"berlin\":\"2024-03-31T02:30:00+01:00\"}"},
    {"{\"berlin\":\"2024-10-27T02:30:00\"}", "{\"berlin\":\"2024-10-27T02:30:00+02:00\"}"},
    {"{\"berlin\":\"1890-01-01T00:00:00\"}", "{\"berlin\":\"1890-01-01T00:00:00+00:53:28\"}"},
    {"{\"berlin\":\"2024-03-31T02:30:00Z\"}", "{\"berlin\":\"2024-03-31T04:30:00+02:00\"}"},
    {"{\"berlin\":\"2100-07-01T00:00:00\"}", "{\"berlin\":\"2100-07-01T00:00:00+02:00\"}"},
    {"{\"berlin\":\"0001-01-01T00:53:28\"}", "{\"berlin\":\"0001-01-01T00:53:28+00:53:28\"}"},
    {"{\"berlin\":\"9999-12-31T23:59:59\"}", "{\"berlin\":\"9999-12-31T23:59:59+01:00\"}"},
    {"{\"berlin\":\"9999-12-31T23:59:59+01:00\"}", "{\"berlin\":\"9999-12-31T23:59:59+01:00\"}"},
    {"{\"ipv4\":\"192.0.2.1\"}", "{\"ipv4\":\"192.0.2.1\"}"},
    {"{\"ipv4\":\" 192.0.2.1 \"}", "{\"ipv4\":\"192.0.2.1\"}"},
    {"{\"ipv4\":\"::1\"}", "{\"ipv4\":[\"Enter a valid IPv4 address.\"]}"},
    {"{\"ipv4\":\"1.2.3\"}", "{\"ipv4\":[\"Enter a valid IPv4 address.\"]}"},
    {"{\"ipv4\":\"\"}", "{\"ipv4\":[\"This field may not be blank.\"]}"},
    {"{\"ipv4\":\" \"}", "{\"ipv4\":[\"This field may not be blank.\"]}"},
    {"{\"ipv6\":\"::1\"}", "{\"ipv6\":\"::1\"}"},
    {"{\"ipv6\":\"1.2.3.4\"}", "{\"ipv6\":[\"Enter a valid IPv6 address.\"]}"},
    {"{\"ipv6\":\"::ffff:1.2.3.4\"}", "{\"ipv6\":\"::ffff:1.2.3.4\"}"},
    {"{\"ipv6\":\" ::1 \"}", "{\"ipv6\":[\"Enter a valid IPv4 or IPv6 address.\"]}"},
    {"{\"ipv6\":\"1::2::3\"}", "{\"ipv6\":[\"Enter a valid IPv4 or IPv6 address.\"]}"},
    {"{\"contacts\":[]}",
     "{\"contacts\":{\"non_field_errors\":[\"This list may not be empty.\"]}}"},
    {"{\"contacts\":[{\"name\":\"a\"}]}", "{\"contacts\":[{\"name\":\"a\"}]}"},
    {"{\"contacts\":[{\"name\":\"a\"},{},{\"name\":\"b\"}]}",
     "{\"contacts\":{\"non_field_errors\":[\"Ensure this field has no more than 2 elements.\"]}}"},
    {"{\"contacts\":[{\"name\":\"a\",\"mail\":\"x\"}]}",
     "{\"contacts\":{\"0\":{\"mail\":[\"Enter a valid email address.\"]}}}"},
    {"{\"contacts\":[{\"name\":\"a\"},{\"name\":\"a\"},{\"name\":\"a\"}]}",
     "{\"contacts\":{\"non_field_errors\":[\"Ensure this field has no more than 2 elements.\"]}}"},
    {"{\"number\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"}",
     "{\"number\":143098242404177361603877621312831893704}"},
    {"{\"number\":0}", "{\"number\":0}"},
    {"{\"number\":340282366920938463463374607431768211455}",
     "{\"number\":340282366920938463463374607431768211455}"},
    {"{\"urn\":\"6ba7b810-9dad-11d1-80b4-00c04fd430c8\"}",
     "{\"urn\":\"urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8\"}"},
    {"{\"meeting\":\"2024/01/05 10:11 +0000\"}",
     "{\"meeting\":\"Friday 05 January 11:11 AM +0100\"}"},
    {"{\"meeting\":\"05 Jul 2024\"}", "{\"meeting\":\"Friday 05 July 12:00 AM +0200\"}"},
    {"{\"meeting\":\"5 jul 2024\"}", "{\"meeting\":\"Friday 05 July 12:00 AM +0200\"}"},
    {"{\"meeting\":\"2024-01-05\"}",
     "{\"meeting\":[\"Datetime has wrong format. Use one of these formats instead: YYYY/MM/DD "
     "hh:mm [+HHMM|-HHMM], DD [Jan-Dec] YYYY.\"]}"},
    {"{\"meeting\":\"2024/3/31 2:30 +0100\"}", "{\"meeting\":\"Sunday 31 March 03:30 AM +0200\"}"},
    {"{\"cents\":\"1.50\"}", "{\"cents\":\"1.5\"}"},
    {"{\"cents\":\"123456789012345678.90\"}", "{\"cents\":\"123456789012345678.9\"}"},
    {"{\"cents\":\"1.234\"}",
     "{\"cents\":[\"Ensure that there are no more than 2 decimal places.\"]}"},
    {"{\"cents\":\"-0.00\"}", "{\"cents\":\"-0\"}"},
    {"{\"half\":\"1:05 pm\"}", "{\"half\":\"13:05:00\"}"},
    {"{\"half\":\"13:05\"}",
     "{\"half\":[\"Time has wrong format. Use one of these formats instead: hh:mm [AM|PM].\"]}"},
    {"{\"half\":\"12:00 AM\"}", "{\"half\":\"00:00:00\"}"},
    /* Where Python would write more digits than anybody reads, or fails. */
    {"{\"free\":\"1e1001\"}", "{\"free\":[\"A valid number is required.\"]}"},
    {"{\"berlin\":\"0001-01-01T00:00:00\"}", "{\"berlin\":[\"Datetime value out of range.\"]}"},
    {"{\"day\":\"1/1/0001\"}", "{\"day\":\"01 Jan 0001\"}"},
};

/* What was understood, or the errors. */
static fr_err understand(bench *b, const char *text)
{
    return bench_understand(b, &lab, (fr_shape_opts){.is_partial = true}, text);
}

/* What the answer says beside `"level":null`, which stands for what was not sent. */
static fr_str without_level(fr_arena *arena, fr_str s, const char *body)
{
    const fr_str level = FR_STR("{\"level\":null,");
    bool is_asked = strstr(body, "\"level\"") != NULL;
    return fr_str_starts(s, level) && !is_asked
               ? fr_arena_printf(arena, "{%.*s", FR_FMT(fr_str_from(s, level.n)))
               : s;
}

static void each_value_is_read_and_printed_as_drf_does(void **state)
{
    (void)state;
    char error[256] = "";
    bench b;
    bench_init(&b);
    assert_int_equal(fr_shape_check(&lab, error), FR_OK);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(understand(&b, CASES[i].body), FR_OK);
        fr_str said = without_level(b.arena, fr_buf_str(&b.out), CASES[i].body);
        if (!fr_str_eq(said, fr_str_c(CASES[i].answer)))
            fail_msg("%s: %.*s, not %s", CASES[i].body, FR_FMT(said), CASES[i].answer);
    }
    bench_deinit(&b);
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i += 3) {
        bool has_failed = true;
        for (size_t n = 1; n < 300 && has_failed; n++) {
            bench b;
            bench_init(&b);
            fr_test_fail_alloc(n);
            fr_err err = understand(&b, CASES[i].body);
            has_failed = fr_test_fail_alloc(0) == 0;
            assert_true(err == FR_OK || (has_failed && err == FR_ENOMEM));
            bench_deinit(&b);
        }
        assert_false(has_failed);
    }
}

/* ---- forms ---- */

static const fr_field NUMBER = {.kind = FR_KIND_INTEGER};
static const fr_declared numbers = {.shape = FR_LIST, .input = &NUMBER};
static const fr_serializer form_in = {
    .declared = FR_DECLARED({"word", .optional = true, FR_INPUT(CHAR)}, {"title", FR_INPUT(CHAR)},
                            {"level", .optional = true, FR_INPUT(INTEGER, .null = true)},
                            {"options", .optional = true, .shape = FR_DICT, .input = &NUMBER},
                            {"any", .optional = true, .shape = FR_DICT, .not_empty = true},
                            {"data", .optional = true, FR_INPUT(JSON)},
                            {"matrix", .optional = true, .shape = FR_LIST, .each = &numbers})};

/* name, value, name, value …; what DRF makes of it */
static const struct {
    const char *pairs[5], *answer;
} FORMS[] = {
    {{"title", "a", "word", ""}, "{\"title\":\"a\",\"level\":null}"},
    {{"title", ""}, "{\"title\":[\"This field may not be blank.\"]}"},
    {{"title", "a", "level", ""}, "{\"title\":\"a\",\"level\":null}"},
    {{"title", "a", "options", "x"}, "{\"title\":\"a\",\"level\":null,\"options\":{}}"},
    {{"title", "a", "options.b", "2"}, "{\"title\":\"a\",\"level\":null,\"options\":{\"b\":2}}"},
    {{"title", "a", "data", "null"}, "{\"title\":\"a\",\"level\":null,\"data\":null}"},
    {{"title", "a", "any", ""}, "{\"any\":[\"This dictionary may not be empty.\"]}"},
    {{"title", "a", "matrix[0][1]", "5"}, "{\"title\":\"a\",\"level\":null,\"matrix\":[[5]]}"},
    {{"title", "a", "matrix[0]name", "5"}, "{\"title\":\"a\",\"level\":null,\"matrix\":[[]]}"},
};

static void a_form_says_what_it_can(void **state)
{
    (void)state;
    bench b;
    bench_init(&b);
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        fr_json items[2];
        fr_str keys[2];
        fr_json form = {.type = FR_JSON_OBJECT, .items = items, .keys = keys};
        fr_errors errors;
        for (const char *const *p = FORMS[i].pairs; *p; p += 2) {
            keys[form.count] = fr_str_c(p[0]);
            items[form.count++] = (fr_json){.type = FR_JSON_STRING, .text = fr_str_c(p[1])};
        }
        fr_errors_init(&errors, b.arena);
        fr_buf_clear(&b.out);
        assert_int_equal(fr_shape_read(&b.ctx, &form_in, &form, (fr_shape_opts){.is_form = true},
                                       &errors, &b.out),
                         FR_OK);
        if (fr_errors_any(&errors)) {
            fr_buf_clear(&b.out);
            fr_errors_put(&errors, &b.out);
        }
        assert_str(fr_buf_str(&b.out), FORMS[i].answer);
    }
    bench_deinit(&b);
}

static void what_a_field_cannot_say_is_told(void **state)
{
    (void)state;
    static const struct {
        fr_field field;
        const char *error;
    } WRONG[] = {
        {{.kind = FR_KIND_DATE, .format = "%Q"}, ".format is none of its kind"},
        {{.kind = FR_KIND_UUID, .format = "%d"}, ".format is none of its kind"},
        {{.kind = FR_KIND_DURATION, .format = "hex"}, ".format is none of its kind"},
        {{.kind = FR_KIND_TEXT, .format = "iso-8601"}, ".format is none of its kind"},
        {{.kind = FR_KIND_DATE, .input_formats = "%d %d"},
         ".input_formats are none of its kind, or have a directive twice"},
        {{.kind = FR_KIND_UUID, .input_formats = "iso-8601"},
         ".input_formats are none of its kind, or have a directive twice"},
        {{.kind = FR_KIND_FLOAT, .as_number = true},
         "only DECIMAL has .as_number, .normalized and .rounding"},
        {{.kind = FR_KIND_TEXT, .unicode = true}, "only SLUG has .unicode"},
        {{.kind = FR_KIND_DATE, .untrimmed = true}, "only texts have .untrimmed"},
        {{.kind = FR_KIND_DATE, .zone = "UTC"}, "only DATETIME has .zone"},
        {{.kind = FR_KIND_DATETIME, .zone = "Nowhere"}, "there is no time zone \"Nowhere\""},
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        char error[256] = "";
        const fr_serializer one = {.declared = FR_DECLARED({"a", .input = &WRONG[i].field})};
        assert_int_equal(fr_shape_check(&one, error), FR_EINVAL);
        assert_true(fr_str_starts(fr_str_c(error), FR_STR("declared: \"a\": ")));
        assert_non_null(strstr(error, WRONG[i].error));
    }
}

/* ---- columns of a model ---- */

FR_MODEL(visit, (ID, id), (DATETIME, at, .zone = "Asia/Tokyo", .format = "%d.%m.%Y %H:%M %z"),
         (DECIMAL, price, .max_digits = 6, .decimal_places = 2, .as_number = true),
         (CHAR, size, .max_length = 2, .choices = FR_CHOICES(FR_NUMBER(1, "One"), {"x", "Ex"})),
         (UUID, token, .format = "hex"), (DURATION, stay, .format = "iso-8601"));

static void put(fr_plan *plan, const fr_value *values, fr_buf *out)
{
    fr_print print = {0};
    fr_buf_clear(out);
    fr_plan_put(plan, &print, values, out);
}

static void columns_are_printed_as_they_say(void **state)
{
    (void)state;
    char error[256] = "";
    fr_arena *arena = fr_arena_new(0);
    fr_plan plan, plain;
    fr_buf out;
    fr_field fields[6];
    fr_model twin = visit_model;
    fr_value values[] = {FR_VALUE_I(1),
                         FR_VALUE_S(FR_STR("2024-01-05 20:30:00")),
                         FR_VALUE_R(1.5),
                         FR_VALUE_S(FR_STR("1")),
                         FR_VALUE_S(FR_STR("6ba7b8109dad11d180b400c04fd430c8")),
                         FR_VALUE_I(-90000000)};
    fr_buf_init(&out);
    assert_int_equal(fr_plan_init(&plan, &visit_model, NULL, arena, error), FR_OK);
    put(&plan, values, &out);
    assert_str(fr_buf_str(&out),
               "{\"id\":1,\"at\":\"06.01.2024 05:30 +0900\",\"price\":1.5,\"size\":1,\"token\":"
               "\"6ba7b8109dad11d180b400c04fd430c8\",\"stay\":\"-P0DT00H01M30S\"}");
    values[3] = FR_VALUE_S(FR_STR("x"));
    values[1] = values[2] = (fr_value){.type = FR_VALUE_NULL};
    put(&plan, values, &out);
    assert_true(fr_str_starts(fr_buf_str(&out),
                              FR_STR("{\"id\":1,\"at\":null,\"price\":null,\"size\":\"x\",")));
    /* What is printed otherwise is another view for those who watch it. */
    memcpy(fields, visit_model.fields, sizeof fields);
    fields[1].format = NULL;
    twin.fields = fields;
    assert_int_equal(fr_plan_init(&plain, &twin, NULL, arena, error), FR_OK);
    assert_int_not_equal(plan.fingerprint, plain.fingerprint);
    fr_buf_deinit(&out);
    fr_arena_free(arena);
}

FR_TESTS(spelling, FR_TEST(each_value_is_read_and_printed_as_drf_does),
         FR_TEST(each_allocation_may_fail), FR_TEST(a_form_says_what_it_can),
         FR_TEST(what_a_field_cannot_say_is_told), FR_TEST(columns_are_printed_as_they_say))

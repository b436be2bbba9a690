"""What is asked of both: (group, method, target, headers, body). Each group starts from the same rows."""
import json
import random
from urllib.parse import quote

JSON = [["Content-Type", "application/json"]]
FORM = [["Content-Type", "application/x-www-form-urlencoded"]]
MULTI = [["Content-Type", "multipart/form-data; boundary=XbX"]]

# Given to every kind of field, as JSON text.
ANY = ['null', 'true', 'false', '0', '1', '-1', '7', '1.5', '1.0', '-0', '-0.0', '1e2', '1e400', '123456789012345678901234567890',
       '""', '" "', '"\\u00a0"', '"abc"', '"0"', '"1"', '"true"', '"null"', '"None"', '[]', '[1]', '["a"]', '{}', '{"a":1}', '"a\\u0000b"',
       '"\\u0000"', '"\\ud800"', '"\\ufeff"', '"\u00e4\U0001f600"', '"%s"' % ("9" * 25), '"%s"' % ("x" * 300), '"<b>&"']
INTEGERS = ['5', '"5"', '" 5 "', '"+5"', '"-5"', '"5.0"', '"5.00 "', '"5.5"', '5.0', '5.5', '"05"', '"1_000"', '"1__0"', '"_1"', '"1_"', '"\u0665"',
            '"\uff15"', '"5e0"', '5e0', '1e-1', '"0x10"', '2147483647', '2147483648', '-2147483648', '-2147483649', '9223372036854775807',
            '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '"9223372036854775808"', '"%s"' % ("1" * 1000),
            '"%s"' % ("1" * 1001), '1e30', '1e308', '"NaN"', '"inf"', '"5.0.0"', '"0.00.0"', '"5\\n"', '"\\t5"', '"5\\u2003"', '"--5"', '"5 5"']
FLOATS = ['"1.5"', '" 1.5 "', '"1e5"', '"1E5"', '1e5', '1e16', '1e15', '1e-5', '1e-4', '0.1', '123456789.123456789', '"nan"', '"NaN"', '"inf"', '"-inf"',
          '"Infinity"', '"-Infinity"', '"infinity"', '1e309', '-1e309', '"1e400"', '"1_0.5"', '"1._5"', '"1."', '".5"', '"."', '"\u0661.\u0665"', '"0x1p3"',
          '"1,5"', '5e-324', '1e-400', '1.7976931348623157e308', '"%s"' % ("1" * 400), '1' * 400, '"1d"', '"1 5"', '2.50', '100', '"+1.5"', '"1e+5"']
DECIMALS = ['"1.5"', '1.5', '"1.500"', '"1.5000"', '"1.2345"', '12345', '123456', '"12345.678"', '"12345.6789"', '"123456.78"', '"0.0001"', '"1e3"', '"1E+3"',
            '"1e-3"', '"1e-4"', '1e3', '"-1.5"', '"+1.5"', '"-0"', '"0"', '"00001.5"', '"1_0.5"', '"_1"', '"1_"', '"\u0661.\u0665"', '"NaN"', '"sNaN"', '"Infinity"',
            '"-inf"', '"1."', '".5"', '"."', '"1,5"', '" 1.5 "', '"1.5\\n"', '"1e99999"', '"1e-99999"', '"1e999999999999999999999"', '99999.999', '99999.9999',
            '0.1', '1e16', '1e-7', '"%s"' % ("1" * 1000), '"%s"' % ("1" * 1001), '"1.5.5"', '"abc"', '2.50', '2.5000000000000001']
DATES = ['2020-01-02', '2020-1-2', '2020-01-02\\n', '2020-01-02 ', ' 2020-01-02', '20200102', '2020-W01-4', '2020W014', '2020-W01', '2020W01', '2020-W53-1', '2019-W53-1',
         '2020-W00-1', '2020-W54-1', '2020-W01-8', '2020-W01-0', '2020-w01-1', '2020-002', '2020002', '2020-02-30', '2020-13-01', '2020-00-10', '2020-01-00', '0000-01-01', '0001-01-01',
         '9999-12-31', '10000-01-01', '999-01-01', '+2020-01-02', '-2020-01-02', '2020/01/02', '02-01-2020', '2020-01-02T00:00:00', '2020-01-02T00:00', '2020-01-02Z',
         '\u0662\u0660\u0662\u0660-01-02', '2020-\u0660\u0661-02', '2020\u221201\u221202', '2020-01', '2020', '2020-01-2', '2020-1-02', '2020-0102', '202001-02', '2020-02-29', '2019-02-29',
         '1900-02-29', '2020-011-02', '2020-01-022', 'Jan 2 2020', 'today', 'now', '0001-W01-1', '9999-W52-5', '9999-W53-7', '2020-12-31', '2020-W53-5', '2026-W01-1', '2020-01-02\\u0000']
TIMES = ['03:04', '03:04:05', '3:4', '3:4:5', '03:04:05.1', '03:04:05.123456', '03:04:05.1234567', '03:04:05.123456789012', '03:04:05.1234567890123', '03:04:05,5', '03:04:05.', '03:04.5', '030405', '0304',
         '03', '3', '030405.5', '030405,123456', '0304.5', 'T03:04', 'T0304', 'T03', 'T3:04', 't03:04', '24:00', '24:00:00', '23:59:60', '23:60', '23:59:59.9999999', '03:04Z', '03:04:05Z', '03:04:05z', '03:04+01:00',
         '03:04:05+01', '03:04:05+0100', '03:04:05-01:00', '03:04:05+01:00:30', '03:04:05+01:00:30.5', '03:04:05+24:00', '03:04:05+23:59', '03:04:05 +01:00', '03:04 ', ' 03:04', '03:04\\n', '3:04 PM', '03:04 AM', '03:04junk', '03:0',
         '0:0', '00:00', '03-04', '03:04:', ':04', '03:', '030', '03040', '03:0405', '0304:05', '\u0660\u0663:04', '03:04:05.\u0661', '03:04:05:06', '-03:04', '+03:04', '3.5', '03:04:05..5', '03:04:05.5Z', 'T', '', '03:04:05+', '03:04:05-00:00', '03:04:05+00:00:00.000001']
MOMENTS = ['2020-01-02T03:04:05Z', '2020-01-02T03:04', '2020-01-02 03:04:05', '2020-01-02', '20200102', '2020-W01-4', '2020-01-02T03', '2020-01-02T0304', '2020-01-02T030405', '20200102T030405Z', '20200102T030405.5Z',
           '2020-W01-4T03:04:05Z', '2020W014T030405', '2020-01-02t03:04:05z', '2020-01-02_03:04:05Z', '2020-01-02x03:04', '2020-01-02  03:04', '2020-01-02T03:04:05.Z', '2020-01-02T03:04:05.1234567Z', '2020-01-02T03:04:05,5Z',
           '2020-01-02T03:04:05+02:00', '2020-01-02T03:04:05+0200', '2020-01-02T03:04:05+02', '2020-01-02T03:04:05 +02:00', '2020-01-02T03:04:05+02:30:15', '2020-01-02T03:04:05+02:30:15.5', '2020-01-02T03:04:05-00:00', '2020-01-02T03:04:05+24:00', '2020-01-02T03:04:05+23:59',
           '2020-01-02T0304Z', '2020-1-2T3:4', '2020-1-2 3:4:5', '2020-01-02T24:00:00', '2020-01-02T24:00', '2020-01-02T23:59:60', '2020-01-02T23:60', '2020-02-30T00:00', '2020-13-01T00:00', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00+01:00', '0001-01-01T00:00:00-01:00',
           '9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59-01:00', '9999-12-31T23:59:59+01:00', '2020-01-02T', 'T03:04', '2020-01-02Z', '2020-01-02+01:00', '2020-01-02T03:04:05Z ', ' 2020-01-02T03:04:05Z', '2020-01-02T03:04:05Z\\n', '2020-01-02T03:04:05Z0', '2020-01-02T03:04:05z', '2020-01-02 03:04:05z',
           '2020-W01', '2020-W01T03:04', '2020-01-02T03:04+02:00 ', '2020-01-02T03:04 +0200', '2020-01-02 03:04 +02', '01/02/2020 03:04', '2020-01-02T3:04', '2020-01-02T03:4', '2020-01-02T03:04:5', '2020-01-02T03:04:05+2', '2020-01-02T03:04:05+2:00', '2020-01-02T03:04:05.123456789012Z',
           '2020-01-02T03:04:05.1234567890123Z', '\u0662\u0660\u0662\u0660-01-02T03:04', '2020-01-02T\u0660\u0663:04', '2020-01-02\u00e903:04', '2020-01-02\U0001f60003:04', '2020-01-02T03:04:05+\u0660\u0662:00', 'now', '1', '2020-1-2', '2020-01-02T03:04:05+02:0', '2020-01-02T03:04:05ZZ', '2020-01-02T03:04:05-23:59:59', '2020-01-02T03:04:05UTC', '2020-01-02-03:04']
DURATIONS = ['1', '1.5', '1,5', '01', '60', '3600', '1:02', '1:02:03', '1:02:03.5', '1:02:03.1234567', '1:02:03.1234567890123', '1 2:03:04', '1 day 2:03:04', '1 day, 2:03:04', '2 days, 2:03:04', '2 days 2:03:04', '1 days', '1 day', '1day', '-1', '-1:02', '-1 2:03', '1 -2:03', '1 -2:03:04', '-1 day +2:03:04',
             '-1 day -2:03:04', '1 day, -2:03', 'P1D', 'P1W', 'P1W2D', 'P1DT2H', 'PT2H3M4S', 'PT1.5H', 'PT1,5H', 'P1.5D', 'P1.5W', '-P1D', '+P1D', '--P1D', 'P', 'PT', 'P1DT', '-P', 'P1Y', 'P1M', 'PT1M', 'P-1D', 'p1d', 'PT0.0000001S', 'PT1.0000005S', 'PT1.123456S', 'P1DT2.5H3.5M4.5S', 'PT1S1S', 'P1D2H', '999999999 00:00:00', '999999999 23:59:59',
             '1000000000 00:00:00', '-999999999 00:00:00', '-1000000000 00:00:00', 'P1000000000D', 'P999999999999999999999D', 'PT99999999999999999999H', '106751991 00:00:00', '106751992 00:00:00', '99999999999999999999', '1e5', ' 1', '1 ', '1\\n', 'abc', '1:2:3:4', ':1', '1:', '1::2', '1.', '.5', '1:60', '1:60:60', '25:00:00', '\u0661', '1:\u0660\u0662', '', ' ', '3 days 04:05:06', '3 days 4:05:06', '3 days 04:5:06', '3 days +04:05:06', '3 days04:05:06', '04:05:06.5', '1 d', 'P1WT1H', 'P1W1', 'PW', '1 2', '1 2 3', '-0', 'P0D', '0', 'P1D ', 'P 1D', 'PT1H1', 'P1:D']
UUIDS = ['6f1b1c1e-1b1c-4d1e-8f1a-1b2c3d4e5f60', '6F1B1C1E-1B1C-4D1E-8F1A-1B2C3D4E5F60', '6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60', '{6f1b1c1e-1b1c-4d1e-8f1a-1b2c3d4e5f60}', 'urn:uuid:6f1b1c1e-1b1c-4d1e-8f1a-1b2c3d4e5f60', 'uuid:6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60', '\uff16f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60',
         '+f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60', '-6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60', '6f1b_c1e1b1c4d1e8f1a1b2c3d4e5f60', '_f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60', '6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f6_', ' 6f1b1c1e-1b1c-4d1e-8f1a-1b2c3d4e5f60', '6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f6 ', '6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f6', '6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f600', 'gf1b1c1e1b1c4d1e8f1a1b2c3d4e5f60',
         '6-f-1-b1c1e1b1c4d1e8f1a1b2c3d4e5f60', '0x1b1c1e1b1c4d1e8f1a1b2c3d4e5f60', '}6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60{', '0', 'urn:6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60', 'URN:UUID:6f1b1c1e1b1c4d1e8f1a1b2c3d4e5f60', '6f1b__1e1b1c4d1e8f1a1b2c3d4e5f60', '+0b1c1e1b1c4d1e8f1a1b2c3d4e5f60_']
EMAILS = ['a@b.io', 'A@B.io', 'a@b', 'a@localhost', 'a b@c.io', '"a b"@c.io', 'a@b.1c', 'a@b.museum1', 'a@b.c', 'a@b.cd', 'a@[1.2.3.4]', 'a@[::1]', 'a@1.2.3.4', 'a@b..io', '.a@b.io', 'a.@b.io', 'a..b@c.io', 'a@-b.io', 'a@b-.io', 'a@b.i-o', 'a@b.-io', 'a@b.io.', 'a@@b.io', '@b.io', 'a@', 'a', 'a+b@c.io', "a'b@c.io", 'a@\u00e4.de', '\u00e4@b.io', 'a@xn--4ca.de', ' a@b.io ', 'a@b.io\\n', 'a@b_c.io', '%s@b.io' % ('a' * 64), '%s@b.io' % ('a' * 65), 'a@%s.io' % ('b' * 63), 'a@%s.io' % ('b' * 64), 'a@%s' % '.'.join(['b' * 60] * 4) + '.io', 'a@b.%s' % ('c' * 63), 'a@b.%s' % ('c' * 64), '%s@%s.io' % ('a' * 250, 'b' * 60), 'a@b.xn--p1ai', 'a@b.9', 'a@b.io\\u0000', '"\\\\"@b.io', 'a@b\\tc.io']
URLS = ['http://a.io', 'https://a.io/', 'HTTP://A.IO', 'ftp://a.io', 'ftps://a.io', 'ws://a.io', 'a.io', '//a.io', 'http:a.io', 'http://', 'http://a', 'http://localhost', 'http://localhost:8000/x', 'http://a.io:80', 'http://a.io:1', 'http://a.io:0', 'http://a.io:65535', 'http://a.io:99999', 'http://a.io:100000', 'http://a.io:', 'http://a.io:x', 'http://a.io?x=1', 'http://a.io#x', 'http://a.io/?x=<>&y', 'http://u:p@a.io', 'http://u@a.io', 'http://u:p:q@a.io', 'http://1.2.3.4', 'http://256.2.3.4', 'http://1.2.3', 'http://[::1]', 'http://[::1]:80/', 'http://[1.2.3.4]', 'http://[x]', 'http://::1', 'http://[::1', 'http://a..io', 'http://-a.io', 'http://a-.io', 'http://a.i', 'http://a.io1', 'http://a.1io', 'http://a.xn--p1ai', 'http://\u00e4.de', 'http://a.\u0440\u0444', 'http://a.io/\u00e4', 'http://a b.io', 'http://a.io/a b', ' http://a.io ', 'http://a.io\\n', 'http://a.io\\n/x', 'http://a_b.io', 'http://%s.io' % ('a' * 63), 'http://%s.io' % ('a' * 64), 'http://a.io/%s' % ('x' * 190), 'http://a.io/%s' % ('x' * 180), 'http://a.io.', 'http://a.io./', 'javascript:alert(1)', 'http://a.io/\\u0000', 'http://a.io\\t', 'http:///a.io', 'http://a.io//b', 'mailto:a@b.io', 'http://.io', 'http://0.0.0.0', 'http://01.2.3.4']
SLUGS = ['a', 'a-b_C9', 'a b', 'a.b', '\u00e4', '-', '_', '', ' a ', 'a\\n', 'a/b', 'x' * 50, 'x' * 51, '\u0661', 'a\\u0000']
IPS = ['1.2.3.4', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.04', ' 1.2.3.4 ', '::1', '::', ':::', '1::1::1', '2001:DB8::1', '2001:0db8:0:0:0:0:0:1', '::ffff:1.2.3.4', '::1.2.3.4', 'fe80::1%eth0', 'fe80::1%', '[::1]', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', 'g::1', 'localhost', '1.2.3.4/8', '0.0.0.0', '255.255.255.255', '1.2.3.4\\n', '::FFFF:0102:0304', '\u0661.2.3.4', '1:2:3:4:5:6:1.2.3.4', '1.2.3.4:80', '0::0:0', '0:0:0:0:0:ffff:0:1', '1.2.3.+4', '1.2.3.4 5', '0x1.2.3.4']
TEXTS = ['a', ' a ', '\\ta\\n', '\u00a0a\u00a0', 'x' * 20, 'x' * 21, ' ' + 'x' * 20 + ' ', '\u00e4' * 20, '\U0001f600' * 20, '\U0001f600' * 21, 'a\\nb', 'a\\u2028b', 'a\\u0000', '\\u0085a', '\\u200ba', '\\u001fa', '\\"', '\\\\', '\\u00e9', 'e\\u0301', '\\ud83d\\ude00', '\\ud800a', '/', '\\/', '\\u007f', '<script>', 'None', 'nan']
BOOLEANS = ['"t"', '"T"', '"y"', '"Y"', '"yes"', '"Yes"', '"YES"', '"yEs"', '"TRUE"', '"True"', '"tRUE"', '"on"', '"On"', '"ON"', '"1"', '"f"', '"F"', '"n"', '"N"', '"no"', '"No"', '"NO"', '"false"', '"False"', '"FALSE"', '"off"', '"Off"', '"OFF"', '"oFF"', '"0"', '"null"', '"Null"', '"NULL"', '"nULL"', '"none"', '" true"', '"true "', '2', '0.0', '1.0', '"1.0"', '"\u0661"', '"yes\\n"']
CHOICES = ['"a"', '"b"', '"c c"', '"c"', '"A"', '" a"', '"Aa"', '"a\\u0000"', '"aaaaaaaaaa"']
NUMBERS = ['1', '2', '30', '3', '"1"', '" 1"', '"1.0"', '1.0', '"01"', '"+1"', '"\u0661"', '"One"', '"30"']
JSONS = ['1', '"x"', '{"b":1,"a":2}', '{"a":1,"a":2}', '[1,[2,[3]]]', '1.10', '1e5', '1E400', '-1e400', '[1e400]', '{"a":{"b":[1e999]}}', '"\\u0000"', '{"\\u0000":1}', '"\\u2028"', '"\u00e4"', '{"\u00e4":"\U0001f600"}', '123456789012345678901234567890', '0.1', '1.0', '100000000000000000000.5', '"\\ud800"', '{"a":"\\udfff"}', 'true', '[null]', '{"":""}', '[' * 60 + ']' * 60, '1e16', '-0.0', '-0', '{"a b":"c\\nd"}']
KEYS = ['1', '2', '3', '4', '99', '"1"', '" 1 "', '"+1"', '"01"', '"1_0"', '"1.0"', '1.0', '1.5', '1.9', '"x"', '"\u0661"', '-1', '0', '9223372036854775807', '9223372036854775808', '1e30', '1e400', '"9223372036854775808"', '"\\u0000"', '[]', '{"id":1}', '[1]', '"One"']


def quoted(texts):
    return ['"%s"' % text for text in texts]


FIELDS = {
    "b": BOOLEANS, "c": quoted(TEXTS), "x": quoted(TEXTS[:12]), "i": INTEGERS, "g": INTEGERS, "f": FLOATS, "d": DECIMALS, "day": quoted(DATES), "t": quoted(TIMES),
    "dt": quoted(MOMENTS), "du": quoted(DURATIONS) + ['1', '-5', '1.5', '0', 'true'], "u": quoted(UUIDS) + ['0', '1', '340282366920938463463374607431768211455', '340282366920938463463374607431768211456', '-1', '1.0'],
    "j": JSONS, "e": quoted(EMAILS), "w": quoted(URLS), "s": quoted(SLUGS), "ip": quoted(IPS), "ch": CHOICES, "ci": NUMBERS, "label": KEYS}


def fields():
    for name, values in FIELDS.items():
        for value in dict.fromkeys(ANY + values):
            yield "opt-" + name, "POST", "/api/opt/", JSON, ('{"%s":%s}' % (name, value)).encode("utf-8", "surrogatepass")
    for value in ANY:
        body = "{%s}" % ",".join('"%s":%s' % (name, value) for name in FIELDS)
        yield "req-all", "POST", "/api/req/", JSON, body.encode()
        yield "def-all", "POST", "/api/def/", JSON, body.encode()
    for name in FIELDS:  # one that must not be null, alone in a PATCH
        for value in ('null', '""', '" "', '[]', 'true'):
            yield "req-patch", "PATCH", "/api/req/1/", JSON, ('{"%s":%s}' % (name, value)).encode()
            yield "def-patch", "PATCH", "/api/def/1/", JSON, ('{"%s":%s}' % (name, value)).encode()


BODIES = ['', ' ', '{}', '[]', 'null', 'true', '1', '"a"', '{', '}', '[', '[1,2', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a":1 ,}', '{"a":1, \n}', '{,}', '[1,]', '[1, ]', '[,]', '[1,,2]', '{"a":1 "b":2}', "{'a':1}", '{a:1}', '{"a":01}', '{"a":+1}', '{"a":.5}', '{"a":1.}', '{"a":1e}',
          '{"a":-}', '{"a":NaN}', '{"a":Infinity}', '{"a":-Infinity}', '{"a":nul}', '{"a":tru}', '{"a":"x}', '{"a":"\\x"}', '{"a":"\\u12"}', '{"a":"\\u12g4"}', '{"a":"\t"}', '{"a":"\n"}', '{"a":1}x', '{"a":1}\n', '{"a":1}{"b":2}', '{"a":/*c*/1}', '\ufeff{}', '{"a":"\x7f"}', '\x00', '{"a":\x001}', '{"c":"one","c":"two"}', '{"C":"x"}', '{"id":99,"c":"x"}',
          '{"c":"\\ud83d"}', '{"a":%s}' % ('1' * 4300), '{"a":%s}' % ('1' * 4301), '{"a":-%s}' % ('1' * 4301), '{"a":[%s]}' % ('1' * 5000), '{"i":%s}' % ('1' * 4301), '{"f":%s.5}' % ('1' * 4301), '[' * 100 + ']' * 100, '{"unknown":1}', '{"pk":5}', '{"c":"x","unknown":{"a":[]}}', '{"a":1,,}', '{"a":1;}', '[1 2]', '{"a" 1}', '{"a"::1}', '\n\n{"a":\n x}', '{"ä":x}', 'x' * 50, '{"a":1,"b"}', '{1:2}', '{"a":"b"', '""', '  {}  ', '\r\n{}', '\x0b{}', '\xa0{}', '{"a": "\\ud800\\u0041"}', '[{}]', '[{"c":"x"}]']
TYPES = ['application/json', 'application/json; charset=utf-8', 'application/json; charset=UTF8', 'application/json;charset="utf-8"', 'application/json; charset=latin-1', 'application/json; charset=iso-8859-15', 'application/json; charset=ascii', 'application/json; charset=utf-16', 'application/json; charset=utf-16-le', 'application/json; charset=utf-32', 'application/json; charset=cp1252',
         'application/json; charset=windows-1251', 'application/json; charset=nope', 'application/json; charset=', 'application/json; charset=bz2_codec', 'application/json; charset=base64', 'application/json; charset=hex', 'application/json; charset=rot13', 'application/json; charset=utf-7', 'application/json; charset=utf-8-sig', 'application/json; charset=idna', 'application/json; charset=punycode', 'application/json; charset=shift_jis', 'application/json; charset=gb18030', 'application/json; charset=koi8-r', 'application/json; charset=unicode_escape', 'application/json; charset=undefined', 'application/json; charset=zlib', 'application/json; charset=\u00e9',
         'APPLICATION/JSON', ' application/json', 'application/json ; x=y', 'application/json; indent=4', 'application/*', '*/*', '*', 'application/json, text/html', 'application/vnd.api+json', 'text/json', 'text/plain', 'application/jsonx', 'application', '', '/', ';', 'application/json;', 'multipart/form-data', 'application/x-www-form-urlencoded; charset=utf-8', 'application/x-www-form-urlencoded; charset=latin-1', 'application/x-www-form-urlencoded; charset=utf-16', 'application/x-www-form-urlencoded; charset=nope', 'application/octet-stream', 'multipart/mixed; boundary=x', 'multipart/form-data; boundary=', 'multipart/form-data; boundary="a b"', 'multipart/form-data; charset=latin-1; boundary=XbX']
LATIN = '{"c":"caf\u00e9"}'


def bodies():
    for body in BODIES:
        raw = body.encode("utf-8", "surrogatepass")
        yield "bodies", "POST", "/api/opt/", JSON, raw
        yield "bodies-put", "PUT", "/api/req/1/", JSON, raw
    for raw in (b'{"c":"caf\xe9"}', b'{"c":"\xff"}', b'\xff', b'{"c":"\xe2\x82"}', b'{"c":"\xed\xa0\x80"}', b'{"c":"\xc0\x80"}', b'{"c":"\xf5\x80\x80\x80"}', b'\xff\xfe{\x00}\x00', b'\xfe\xff\x00{\x00}', '{"c":"é"}'.encode("utf-16"), '{"c":"é"}'.encode("utf-32"), b'{"c":"\xe9', b'\xef\xbb\xbf{}'):
        yield "bodies-bytes", "POST", "/api/opt/", JSON, raw
    for kind in TYPES:
        header = [["Content-Type", kind]]
        for raw in (b'{"c":"ok"}', LATIN.encode("utf-8"), LATIN.encode("latin-1"), LATIN.encode("utf-16"), LATIN.encode("utf-32"), b""):
            yield "content-types", "POST", "/api/opt/", header, raw
    yield "content-types", "POST", "/api/opt/", [], b'{"c":"ok"}'
    yield "content-types", "GET", "/api/label/1/", [["Content-Type", "text/nope"]], b""
    yield "content-types", "DELETE", "/api/label/3/", [["Content-Type", "text/nope"]], b"junk"


FORMS = ['', 'c=a', 'c=a&c=b', 'c=%ff', 'c=caf%E9', 'c=caf%C3%A9', 'c=caf\u00e9', 'c=a+b%20c&c', 'c', 'c=', '=x&&c=1', 'c=a;x=b', 'c[0]=x', 'c[a]=x', 'c.d=x', 'j=null', 'j=%7B%22a%22%3A1%7D', 'j=1', 'j=x', 'j=', 'b=on', 'b=true', 'b=', 'b=null', 'b=x', 'i=', 'i=5', 'i=x', 'g=', 'f=1.5', 'f=', 'd=', 'd=1.5', 'day=', 'day=2020-01-02', 't=', 'dt=', 'du=', 'du=P1D', 'u=', 'e=', 'w=', 's=', 'ip=', 'ch=',
         'ci=', 'ch=a', 'ci=1', 'ci=x', 'label=', 'label=1', 'label=x', 'label=1&label=2', 'c=%00', 'c=%u00e9', 'c=%', 'c=%4', 'c=%zz', 'c=%F0%9F%98%80', 'c%3D=x', '%63=x', 'c=a%26b', 'c=a=b', '&', '=', 'c=x&', '&c=x', 'c =x', ' c=x', 'c=x ', 'c=%0A', 'C=x', 'c=%D8%A0&i=%D9%A5', 'c=' + 'x' * 25, 'j=[1e400]', 'b=1&b=0', 'day=20200102', 'x=%0D%0A', 'c=x#y', 'c=x?y', 'du=1:02', 'j=NaN', 'c=\x00', 'j="%5Cud800"']  # the last: what it stores no page of DRF can show
PART = 'Content-Disposition: form-data; name="c"'


def parts(*parts, end="--XbX--\r\n"):
    return "".join("--XbX\r\n%s\r\n\r\n%s\r\n" % part for part in parts) + end


MULTIPARTS = [
    '--XbX--\r\n', '--XbX\r\nnope', 'junk', '', '\r\n', parts((PART, "hi")), parts((PART, "hi"), (PART, "there")), parts((PART, "")), parts(('Content-Disposition: form-data; name=c', "x")), parts((PART + '\r\nContent-Type: text/plain; charset=latin-1', "caf\u00e9")),
    parts((PART + '; filename="a.txt"', "hi")), parts((PART + '; filename=""', "hi")), parts(('Content-Disposition: form-data; name="i"; filename="12"', "x")), parts(('Content-Disposition: form-data', "x")), parts(('Content-Type: text/plain', "x")), parts(('content-disposition: FORM-DATA; NAME="c"', "x")), parts(('Content-Disposition: attachment; name="c"', "x")),
    parts((PART, "hi"), end=""), parts((PART, "hi"), end="--XbX"), parts((PART, "hi"), end="--XbX--"), "preamble\r\n" + parts((PART, "hi")) + "epilogue", parts((PART, "a\r\nb")), parts((PART, "--XbX")), parts(('Content-Disposition: form-data; name="c[0]"', "x")), parts(('Content-Disposition: form-data; name="j"', '{"a":[1]}')), parts(('Content-Disposition: form-data; name="b"', "")),
    parts(('Content-Disposition: form-data; name="b"', "on"), ('Content-Disposition: form-data; name="i"', "7"), ('Content-Disposition: form-data; name="label"', "2")), parts(('Content-Disposition: form-data; name=""', "x")), parts(('Content-Disposition: form-data; name="\u00e4"', "x")), parts(("Content-Disposition: form-data; name*=UTF-8''c", "x")), parts((PART, "\u00e9")), parts((PART + "\r\nX: y", "hi")), "--XbX\n%s\n\nhi\n--XbX--\n" % PART,
    parts((PART + '\r\nContent-Transfer-Encoding: base64', "aGk=")), parts((PART + '\r\nContent-Transfer-Encoding: 8bit', "hi")), parts((PART + '\r\nContent-Transfer-Encoding: quoted-printable', "=41")), parts((PART + '\r\nContent-Transfer-Encoding: base64', "a")), parts((PART, "x\x00y")),
    PART + "\r\n\r\nhi\r\n--XbX--", "--XbX--\r\n" + PART + "\r\n\r\nhi", parts((PART, "a--XbX\r\n\r\nb")), "--XbX%s\r\n\r\nhi\r\n--XbX--" % PART, "--XbX\r\n%s\r\n\r\nhi\r--XbX--" % PART, "--XbX\r\n%s\r\n\r\nhi\n--XbX--" % PART, "--XbX\r\n%s\r\n\r\nhi--XbX--" % PART,
    parts((PART + "\r\nX: " + "y" * 900, "hi")), parts((PART + "\r\nX: " + "y" * 1000, "hi")), "p" * 2000 + "\r\n" + parts((PART, "hi")), parts((PART, "hi")) + "e" * 2000, parts((PART + "\r\n" + PART.replace('"c"', '"x"'), "hi")), parts((PART + '; filename="a.txt"\r\n' + PART, "hi")), parts(("broken\r\n" + PART, "hi")), parts((PART + "\nX: y", "hi")),
    parts(("Content-Disposition : form-data; name=c", "x")), parts((" " + PART, "x")), parts((PART + "; name=x", "hi")), parts(('Content-Disposition: form-data; name="c', "x")), parts(('Content-Disposition: form-data; name="c"x', "x")), parts(("Content-Disposition: form-data; name=<c>", "x")), parts(('Content-Disposition: form-data; name="\\c"', "x")), parts(('Content-Disposition: form-data; name=" c "', "x")), parts(("Content-Disposition: form-data; name*0=c", "x")),
    parts(("Content-Disposition: form-data; name*=utf-8''%63", "x")), parts(("Content-Disposition: form-data; name*=nope''c", "x")), parts((PART + '; filename="."', "hi")), parts((PART + '; filename=" "', "hi")), parts((PART + '; filename="a/"', "hi")), parts((PART, "hi"), ("Content-Disposition: form-data; name=i", "5"), end=""), parts((PART + '; filename="a"', "hi"), end=""), parts((PART + '; filename="a"', "hi"), end="--XbX"),
    "".join("--XbX\r\n\r\n%d" % i for i in range(60)) + "\r\n" + parts((PART, "hi")), parts((PART, "one"), (PART, "two"), end="") + "--XbX" * 30]
# the name of a file where a value of another kind is wanted
FILES = [("i", "12"), ("i", "x"), ("g", "-5.0"), ("f", "1.5"), ("d", "1.5"), ("d", "x"), ("b", "true"), ("c", "x"), ("x", "x"), ("day", "2020-01-02"), ("t", "03:04"), ("dt", "2020-01-02"), ("du", "1:02"), ("du", "x"), ("u", UUIDS[0]), ("j", "[1]"), ("j", "x"), ("e", "a@b.io"), ("s", "a"), ("ip", "1.2.3.4"), ("ch", "a"), ("ch", "z"), ("ci", "1"), ("ci", "4"), ("label", "1")]
CHARSETS = ["utf-8", "latin-1", "utf-16", "ascii", "cp1252", "nope", "bz2_codec", '"latin-1"', "koi8-r", "utf-16-le"]
BOUNDARIES = ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=""', 'multipart/form-data; boundary="XbX"', 'multipart/form-data; boundary=XbX; charset=utf-8', 'multipart/form-data; boundary=\u00e4', 'multipart/form-data; boundary=%s' % ('b' * 200), 'multipart/form-data; boundary=%s' % ('b' * 201), 'multipart/form-data; boundary="X bX"', 'multipart/form-data;boundary=XbX', 'Multipart/Form-Data; Boundary=XbX', 'multipart/form-data; boundary=XbX ', 'multipart/form-data; boundary=X,bX', 'multipart/form-data; boundary=XbX; boundary=YbY', 'multipart/form-data; boundary=YbY; boundary=XbX', 'multipart/form-data; boundary="XbX', 'multipart/form-data; boundary=<XbX>', 'multipart/form-data; x="a;b"; boundary=XbX', 'multipart/form-data; boundary=XbX; x=' + 'y' * 210, 'multipart/form-data; boundary=XbX; x=' + 'y' * 212]


def forms():
    for form in FORMS:
        raw = form.encode("utf-8")
        yield "forms", "POST", "/api/opt/", FORM, raw
        yield "forms-req", "PATCH", "/api/req/1/", FORM, raw
    for form in FORMS[:30]:
        yield "forms-def", "POST", "/api/def/", FORM, form.encode("utf-8")
    yield "forms", "POST", "/api/req/", FORM, "&".join(name + "=" for name in FIELDS).encode()
    yield "forms", "PUT", "/api/req/1/", FORM, b""
    yield "forms", "POST", "/api/opt/", FORM, "&".join("a%d=1" % i for i in range(1000)).encode()
    yield "forms", "POST", "/api/opt/", FORM, "&".join("a%d=1" % i for i in range(1001)).encode()
    yield "forms", "POST", "/api/opt/", FORM, b"c=caf\xe9"
    for form in MULTIPARTS:
        yield "multipart", "POST", "/api/opt/", MULTI, form.encode("utf-8")
    for name, file in FILES:
        yield "multipart-files", "POST", "/api/opt/", MULTI, parts(('Content-Disposition: form-data; name="%s"; filename="%s"' % (name, file), "hi")).encode()
    for charset in CHARSETS:
        kind = [["Content-Type", "multipart/form-data; boundary=XbX; charset=" + charset]]
        for text in ("hi", "caf\u00e9"):
            yield "multipart-charset", "POST", "/api/opt/", kind, parts((PART, text)).encode("utf-8")
            yield "multipart-charset", "POST", "/api/opt/", kind, parts((PART, text)).encode("latin-1")
            yield "multipart-charset", "POST", "/api/opt/", MULTI, parts((PART + "\r\nContent-Type: text/plain; charset=" + charset, text)).encode("latin-1")
        yield "multipart-charset", "POST", "/api/opt/", kind, parts(('Content-Disposition: form-data; name="\u00e9"', "x"), (PART, "hi")).encode("utf-8")
    for kind in BOUNDARIES:
        yield "boundaries", "POST", "/api/opt/", [["Content-Type", kind]], parts((PART, "hi")).encode()


KEYS_OF_PATHS = ['1', '2', '999', '0', '-1', '01', '+1', '%201', '1%20', '1_0', '%D9%A1', '1.0', '1.5', 'abc', '1e1', '%00', '1%00', '%ff', '9223372036854775807', '9223372036854775808', '99999999999999999999999', 'a%2Fb', '.', '..', '1.json', '1.xml', '1.JSON', 'None', 'null', '1;2', '1,2', '%0A1', '%EF%BC%91', '--1', '1%0A', '0x1', '%E2%88%921', '1' * 100, '%', '%zz', '1%', '%4', '%c3%28', '%ed%a0%80', '1%20OR%201=1', "1'", '1%22']
ACCEPTS = ['*/*', 'application/json', 'APPLICATION/JSON', 'application/*', 'text/html', 'text/html, */*', 'text/html, application/json;q=0', 'application/json;q=0', 'application/xml', '*/json', '*/xml', '', ',', ' ', 'text', '*', 'application/json; indent=4', 'application/json; indent=0', 'application/json; indent=99', 'application/json; indent=x', 'application/json; indent=-1', 'application/json; indent="2"', 'application/json;indent=2;q=0.5', 'application/json; charset=utf-8', 'application/json; version=1', 'application/json; nope=1',
           'application/json;', 'application/json;;', 'application/json; =', 'application/json/x', 'application/', '/json', 'application /json', 'application/ json', 'application/json, application/json; indent=2', 'application/*; indent=2', '*/*; indent=2', 'application/json; indent=1, application/json; indent=3', 'text/html;q=1, application/json', 'a/b, c/d, application/json', 'application/json; indent=\u0664', 'application/json; indent= 4', 'application/json; Indent=4', "application/json; indent='4'", 'application/json; indent=4.0', 'application/json; indent=',
           ', application/json', 'text/html,', 'application/problem+json', 'application/json+x', 'x' * 256, 'x' * 257 + ', application/json', ', '.join(['a/b'] * 63 + ['application/json']), ', '.join(['a/b'] * 64 + ['application/json']), ', '.join(['a/b'] * 65 + ['application/json']), 'a/b' + ' ' * 8150 + ', application/json', ' ' * 8200 + 'application/json', 'application/json' + ' ' * 300, 'application/json; x=%s' % ('y' * 300), 'text/*', 'text/html; level=1, application/json; indent=2', '"application/json"', 'application/json; indent=4; indent=2', 'application/json\t; indent=3', ',' * 100 + 'application/json', ', '.join([' '] * 70 + ['application/json']), 'application/json; indent=<3>', 'application/json; x="a;indent=4"; indent=2', 'application/json; x="a', 'application/json=x; indent=2', 'application/json; indent="1', 'application/json; indent=\u00a04', 'application/json; =4; indent=2', '*/*; q="1"; indent=2', 'application/json; Q=0', '*; indent=2', 'application/*; x=1, */*; indent=2']
# Values of all sorts, the same at each run.
ACCEPTS += (lambda pick: [''.join(pick.choice(['application', 'json', 'text', 'html', '*', '/', '/', ';', ';', ',', ' ', '=', '"', 'indent', 'q', '2', '0.5', '\\', '<', '>', 'charset', 'x']) for _ in range(pick.randint(1, 14))) for _ in range(60)])(random.Random(7))
FORMATS = ['json', '', 'xml', 'JSON', 'html', 'api', 'json&format=xml', 'xml&format=json', 'json%20', '%00', 'js%6Fn']


def urls():
    for key in KEYS_OF_PATHS:
        for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
            yield "keys-%s" % method.lower(), method, "/api/label/%s/" % key, JSON if method in ("PUT", "PATCH") else [], b'{"name":"x"}' if method in ("PUT", "PATCH") else b""
        yield "keys-text", "GET", "/api/code/%s/" % key, [], b""
    for key in ("a", "b-1", "a.b", "A", "a%20b", "%C3%A4", "a%2Eb", "x" * 30, "a+b", "a%2Bb", "a~b", "a'b", "a%27b", "%22", "a%00"):
        for method in ("GET", "DELETE", "OPTIONS"):
            yield "codes-%s" % method.lower(), method, "/api/code/%s/" % key, [], b""
    for accept in ACCEPTS:
        for method, path, body in (("GET", "/api/label/1/", b""), ("POST", "/api/label/", b"{"), ("OPTIONS", "/api/code/", b"")):
            yield "accept", method, path, [["Accept", accept]] + (JSON if body else []), body
    for value in FORMATS:
        for path in ("/api/label/", "/api/label/1/", "/api/label/999/", "/api/item/"):
            yield "format", "GET", path + "?format=" + value, [], b""
    for path in ("/api/label", "/api/label/1", "/api/label.json", "/api/label.json/", "/api/label.xml", "/api/label/1.json", "/api/label/1.json/", "/api/label/1.xml", "/api/label.JSON", "/api/label.json?format=xml", "/api//label/", "/api/label//", "/nope/", "/", "/api", "/api/", "/api/.json", "/api/x", "/api/label.", "/api/label/.json", "/api/label/1.2.json", "/api/label/?format=json&format=json"):
        for method in ("GET", "POST", "OPTIONS", "DELETE"):
            yield "paths", method, path, JSON if method == "POST" else [], b'{"name":"p"}' if method == "POST" else b""
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO", "get", "LINK"):
        for path in ("/api/label/", "/api/label/2/", "/api/label/999/", "/api/item/"):
            yield "methods", method, path, JSON if method in ("POST", "PUT", "PATCH") else [], b"{}" if method in ("POST", "PUT", "PATCH") else b""
    for path in ("label", "opt", "req", "def", "item", "code"):
        yield "options", "OPTIONS", "/api/%s/" % path, [], b""
        yield "options", "OPTIONS", "/api/%s/%s/" % (path, "a" if path == "code" else "1"), [], b""
    for name in ("u", "http://a.io/\u00e9", "http://a.io/ x", "http://a.io/%zz", "http://a.io/\u2192", "http://a.io/\u00e9\u2192", "http://a.io/" + "\u4e2d" * 9, "http://a.io/?a=b c", "http://a.io/\u0080"):
        yield "location", "POST", "/api/item/", JSON, json.dumps({"name": "u", "url": name}).encode()


def pages():
    for page in ("", "1", "2", "3", "4", "0", "-1", "last", "Last", "first", "abc", "1.0", "1e0", "%201", "+1", "01", "%D9%A2", "1_0", "99999999999999999999", "%00", "null", "2&page=1", "1&page="):
        yield "pages", "GET", "/api/item/?page=" + page, [], b""
    for size in ("", "1", "3", "8", "9", "100", "0", "-1", "x", "1.5", "%D9%A3", "+2", "2&page=2", "3&page=last", "99999999999999999999", "2&n=1", "2&ordering=-n", "1&page=99"):
        yield "page-sizes", "GET", "/api/item/?page_size=" + size, [], b""
    for order in ("n", "-n", "name", "-name", "id", "pk", "nope", "n,-name", "-n,-name", "", ",", "--n", "n,n", "+n", " n", "n,nope", "label", "n;name", "N"):
        yield "ordering", "GET", "/api/item/?page_size=8&ordering=" + quote(order), [], b""


def filters():
    plain = [json.loads(value) for value in ANY if value.startswith('"') and "\\u" not in value and len(value) < 50]
    special = {
        "b": ["true", "True", "TRUE", "false", "False", "1", "0", "yes", "null", "t"], "c": ["\u00c4b_c%", "hello", "%", "_", " x ", "", "x,y"], "i": ["3", "-1", "3.0", "3.5", "1e1", "\u0663", "1e60", "-1e60", "99999999999999999999", "nan", "inf", "+3", " 3 ", "3,5", "1_0"],
        "f": ["1.5", "1e400", "nan", "-inf", "2", "1,5"], "d": ["2.5", "2.500", "1e-60", "1e60", "2,5"], "day": DATES[:12] + ["Jan 2 2020", "Jan 2, 2020", "2 Jan 2020", "2 Jan, 2020", "January 2 2020", "January 2, 2020", "2 January 2020", "2 January, 2020", "25 October 2006", "01/02/2020", "01/02/20", "1/2/2020", "jan 2 2020", "JANUARY 2 2020", "Jan. 2 2020", "Jan 32 2020", "2020-01-02 ", " 2020-01-02", "13/02/2020", "01/02/68", "01/02/69"],
        "t": ["03:04", "03:04:00", "3:4", "03:04:00.5", "030400", "03:04Z", " 03:04 ", "24:00", "03", "T03:04", "3:04 PM"],
        "dt": ["2020-01-02T03:04:05Z", "2020-01-02 03:04:05", "2020-01-02", "01/02/2020 03:04", "01/02/20 03:04:05", "01/02/2020", "2020-01-02T03", "20200102T030405", "2020-W01-4T03:04:05Z", "2020-01-02T03:04:05+02:00", " 2020-01-02 ", "2020-01-02T03:04:05 +02:00", "x", "Jan 2 2020 03:04"],
        "du": ["1 00:00:00", "P1D", "86400", "-1 00:00:00", "P1W", "x", "1 day", "99999999999999999999"], "u": UUIDS[:10], "e": ["a@b.io", "A@B.io", "x"], "s": ["slug", "a b"], "ch": ["a", "c c", "z", "", "A"], "ci": ["1", "30", "3", "x", "1.0"],
        "label": ["1", "2", "99", "x", "", "0", "-1", "99999999999999999999", "\u0661", " 1", "1.0", "%00", "null"], "x": ["l", "L", "%"], "g": ["4", "1e60", "99999999999999999999", "4.0"]}
    lookups = {"c": ["icontains", "startswith", "in", "isnull"], "x": ["contains"], "i": ["lt", "gte", "in", "range"], "f": ["lt"], "d": ["gte"], "day": ["gte"], "t": ["lt"], "dt": ["gte"], "du": ["gte"], "ch": ["in"], "label": ["isnull", "in"]}
    for name, values in special.items():
        for value in dict.fromkeys(values + plain[:6]):
            for lookup in [""] + (["__" + lookups[name][0]] if name in lookups else []):
                yield "filter-" + name, "GET", "/api/opt/?%s%s=%s" % (name, lookup, quote(value)), [], b""
    for value in ("1", "0", "true", "True", "false", "FALSE", "yes", "", "x", "2", "null"):
        for name in ("c__isnull", "label__isnull"):
            yield "filter-isnull", "GET", "/api/opt/?%s=%s" % (name, value), [], b""
    for value in ("3,5", "3", ",", "3,", ",3", "3,,5", "", " 3 , 5 ", "x", "3,x", "3,99999999999999999999", "a,b", "1,2", "%00", "3;5"):
        for name in ("i__in", "c__in", "ch__in", "label__in", "i__range"):
            yield "filter-lists", "GET", "/api/opt/?%s=%s" % (name, quote(value, safe="%,;")), [], b""
    for query in ("i=3&i=5", "i=3&c=x", "nope=1", "i__nope=1", "i=", "i", "i=3&b=true", "c__icontains=%C3%A4", "c__icontains=%00", "i=%00", "ordering=-i", "ordering=d,-i&i__gte=0", "I=3", "i%5F%5Fgte=3", "i__gte=3&i__lt=10"):
        yield "filter-queries", "GET", "/api/opt/?" + query, [], b""
    for method, target, body in (("GET", "/api/item/2/?n=99", b""), ("GET", "/api/item/2/?n=x", b""), ("DELETE", "/api/item/2/?name__icontains=zzz", b""), ("PATCH", "/api/item/2/?n=99", b'{"n":1}'), ("PUT", "/api/item/2/?n=99", b'{"name":"q"}'), ("OPTIONS", "/api/item/2/?n=99", b""), ("GET", "/api/item/2/?n=1", b""), ("DELETE", "/api/item/2/?n=x", b""), ("GET", "/api/item/2/?ordering=nope&page=9", b"")):
        yield "filter-details", method, target, JSON if body else [], body
    for method, target, body in (("DELETE", "/api/label/3/", b""), ("DELETE", "/api/label/3/", b""), ("GET", "/api/label/3/", b""), ("POST", "/api/label/", b'{"name":"One"}'), ("POST", "/api/label/", b'{"name":"New"}'), ("PATCH", "/api/label/2/", b'{"name":"Two"}'), ("PATCH", "/api/label/2/", b'{"name":"One"}'), ("PUT", "/api/label/2/", b'{}'), ("POST", "/api/code/", b'{"code":"a"}'), ("POST", "/api/code/", b'{"code":"new"}'), ("PATCH", "/api/code/a/", b'{"code":"z","name":"n"}'), ("PUT", "/api/code/b-1/", b'{"code":"b-1","name":"put"}'), ("PUT", "/api/code/b-1/", b'{"name":"put"}'), ("DELETE", "/api/code/a/", b""), ("GET", "/api/code/", b"")):
        yield "writes", method, target, JSON if body else [], body


INJECTIONS = ["1 OR 1=1", "1' OR '1'='1", "'; DROP TABLE kinds_opt; --", '1" OR "1"="1', "1) OR (1=1", "%", "_", "\\", "1; SELECT 1", "0x31", "CHAR(49)", "NULL", "1/**/OR/**/1", "\u2019 OR 1=1", "a' COLLATE NOCASE --", "-1 UNION SELECT 1", "\x00' OR 1=1"]
NAMES = ["i", "c__icontains", "c__in", "i__in", "i__range", "label", "label__in", "d", "day__gte", "dt", "u", "du", "ch", "ordering"]
REACHES = ["label__name", "label__name__icontains", "label__items__name", "label__opts__i", "label__id", "opts", "id", "pk", "j", "j__a", "c__regex", "c__iregex", "i__lt__gt", "label__pk", "ordering=label__name", "ordering=-label__items__n", "ordering=?", "ordering=j__a", "_order_by", "c__icontains;", "c' OR 1=1 --", "i)OR(1=1", "i--", 'c"', "rowid", "label__name__contains=One&i"]


def attacks():
    for value in INJECTIONS:
        for name in NAMES:
            yield "bad-values", "GET", "/api/opt/?%s=%s" % (name, quote(value)), [], b""
        for name in ("page", "page_size", "n", "name__icontains", "ordering", "format"):
            yield "bad-values", "GET", "/api/item/?%s=%s" % (name, quote(value)), [], b""
        yield "bad-values", "GET", "/api/code/%s/" % quote(value, safe=""), [], b""
        yield "bad-values", "GET", "/api/label/%s/" % quote(value, safe=""), [], b""
        for name in ("c", "i", "f", "d", "du", "u", "ch", "ci", "label", "g"):
            yield "bad-values", "PATCH", "/api/opt/1/", JSON, json.dumps({name: value}).encode()
        yield "bad-values", "PATCH", "/api/opt/1/", JSON, json.dumps({value: 1, "i": 3}).encode()
    for number in ("9" * 4000, "-" + "9" * 4000, "0." + "9" * 4000):
        for name in ("i", "i__in", "label", "d", "f", "ordering", "du", "c"):
            yield "bad-values", "GET", "/api/opt/?%s=%s" % (name, number), [], b""
        yield "bad-values", "GET", "/api/item/?page=" + number, [], b""
        yield "bad-values", "GET", "/api/label/%s/" % number[:1000], [], b""
    for name in REACHES:  # names that no filter declares: over relations, into JSON, as SQL
        for value in ("1", "One", "\x00"):
            yield "bad-names", "GET", "/api/opt/?%s=%s" % (quote(name, safe="=&"), quote(value)), [], b""
    for digits in (19, 20, 309, 4300, 4301, 10000):
        for name in ("i", "g", "f", "d", "ci", "label", "du", "u"):
            for number in ("9" * digits, "-" + "9" * digits, "0." + "9" * digits, "1e" + "9" * 5)[:2 if digits > 4301 else 4]:
                yield "bad-numbers", "PATCH", "/api/opt/1/", JSON, ('{"%s":%s}' % (name, number)).encode()
    for depth in (127, 128):
        for left, right in (("[", "]"), ('{"a":', "}")):
            yield "bad-depth", "PATCH", "/api/opt/1/", JSON, ('{"j":%s1%s}' % (left * (depth - 1), right * (depth - 1))).encode()
            yield "bad-depth", "PATCH", "/api/opt/1/", JSON, ('{"c":%s1%s}' % (left * (depth - 1), right * (depth - 1))).encode()
    for name in ("id", "pk", "_state", "label_id", "label__name", "opts", "items", "__class__", "objects"):  # mass assignment
        for value in ("7", '"x"', "{}", "null"):
            yield "bad-assignment", "PATCH", "/api/item/2/", JSON, ('{"%s":%s,"n":4}' % (name, value)).encode()
            yield "bad-assignment", "POST", "/api/label/", JSON, ('{"%s":%s}' % (name, value)).encode()


def volatile(record):
    """What differs from run to run, by its kind."""
    is_new = record["method"] == "POST" and record["status"] == 201 and '"id":' in record["response_body"]
    return {"/id": "number"} if is_new else {}  # what one refuses and the other takes shifts all that follow


PARTS = (fields, bodies, forms, urls, pages, filters, attacks)

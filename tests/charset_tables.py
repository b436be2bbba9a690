#!/usr/bin/env python3
"""src/rest/charset_tables.c: the upper halves of code pages that Python has and the C library has not, as Python decodes them.

    tests/charset_tables.py           whether the file is what Python says
    tests/charset_tables.py --write   make it
"""
import os
import sys

FILE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src", "rest", "charset_tables.c")
CODECS = ["cp1006", "cp720", "cp856", "mac_arabic", "mac_croatian", "mac_farsi", "mac_greek", "mac_iceland", "mac_romanian", "mac_turkish", "palmos"]


def upper_half(codec):
    """Code points of the bytes from 0x80 on; 0: none."""
    for byte in range(128):
        assert bytes([byte]).decode(codec) == chr(byte), (codec, byte)
    points = [ord(bytes([byte]).decode(codec, "replace")) for byte in range(128, 256)]
    return [0 if point == 0xFFFD else point for point in points]


def text():
    parts = ["/* Made by tests/charset_tables.py, as Python's codecs decode: see charset_tables.h. */\n"
             '#include "rest/charset_tables.h"\n\n/* clang-format off */\n']
    for codec in CODECS:
        points = upper_half(codec)
        rows = [", ".join("0x%04x" % point for point in points[at:at + 12]) for at in range(0, 128, 12)]
        parts.append("const uint16_t fr_charset_%s[128] = {\n    %s};\n" % (codec, ",\n    ".join(rows)))
    return "".join(parts)


if __name__ == "__main__":
    if "--write" in sys.argv:
        with open(FILE, "w", encoding="ascii") as out:
            out.write(text())
    else:
        with open(FILE, encoding="ascii") as there:
            if there.read() != text():
                sys.exit("src/rest/charset_tables.c is not what this Python says: tests/charset_tables.py --write")

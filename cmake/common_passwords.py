#!/usr/bin/env python3
"""Writes src/auth/common_passwords.h from lists of passwords, one a line, gzipped or not, that are named as arguments: of each
password, in small letters, the first 32 bits of its SHA-256; in order, each as its distance from the one before. The lists
themselves stay where they are (docs/decisions.md says why)."""
import gzip
import hashlib
import os
import sys

OUT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src", "auth", "common_passwords.h")
WIDTH = 96


def words(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return {line.strip().lower() for line in data.decode().splitlines() if line.strip()}


def digest(word):
    return int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")


def gaps(numbers):
    before = 0
    for number in sorted(numbers):
        yield number - before
        before = number


def main():
    everything = set().union(*(words(path) for path in sys.argv[1:]))
    lines, line = [], ""
    for gap in gaps({digest(word) for word in everything}):
        text = "%d," % gap
        if len(line) + 1 + len(text) > WIDTH:
            lines.append(line)
            line = ""
        line += (" " if line else "") + text
    lines.append(line)
    with open(OUT, "w") as out:
        out.write("/* Made by cmake/common_passwords.py: the first 32 bits of the SHA-256 of each of %d common passwords, as distances. */\n"
                  "#ifndef FR_AUTH_COMMON_PASSWORDS_H\n#define FR_AUTH_COMMON_PASSWORDS_H\n#include <stdint.h>\n\n"
                  "/* clang-format off */\nstatic const uint32_t FR_COMMON_PASSWORDS[] = {\n" % len(everything))
        out.write("\n".join("    " + line for line in lines))
        out.write("};\n/* clang-format on */\n#endif\n")


if __name__ == "__main__":
    main()

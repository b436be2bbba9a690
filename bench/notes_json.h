/* A JSON array of notes, of exactly so many bytes: what compression is measured with, alike in generator and floor. */
#ifndef BENCH_NOTES_JSON_H
#define BENCH_NOTES_JSON_H
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void notes_json(char *out, size_t size)
{
    static const char *const about[] = {"milk", "the meeting", "a bicycle", "weather in Rome"};
    size_t n = 0;
    for (uint32_t i = 0; n < size; i++) {
        char note[256];
        uint32_t r = (i + 1) * 2654435761u;
        int length =
            snprintf(note, sizeof note,
                     "%c{\"id\":%u,\"title\":\"Note %u about %s\",\"done\":%s,"
                     "\"updated_at\":\"2026-11-%02uT%02u:%02u:%02u.%06uZ\"}",
                     i ? ',' : '[', i, r % 100000, about[r >> 30], r & 64 ? "true" : "false",
                     1 + r % 28, r % 24, r / 7 % 60, r / 11 % 60, r % 1000000);
        size_t take = size - n < (size_t)length ? size - n : (size_t)length;
        memcpy(out + n, note, take);
        n += take;
    }
    if (size)
        out[size - 1] = ']';
}
#endif

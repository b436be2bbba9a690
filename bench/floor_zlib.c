/*
 * floor_zlib: what a compressed echo costs if only zlib's work is done: inflate one message, deflate the same, with the
 * parameters that freshet takes for it.
 *
 *     floor_zlib SIZE [LEVEL [WINDOW [takeover]]]     1024 1 12
 *
 * Without takeover both streams begin anew with each message. Prints nanoseconds of CPU per message, the best of five.
 */
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

#include "notes_json.h"

enum { ROUNDS = 5, ROUND_NS = 300 * 1000 * 1000 };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t pack(z_stream *z, const char *text, size_t n, unsigned char *out, size_t room)
{
    z->next_in = (Bytef *)(uintptr_t)text;
    z->avail_in = (uInt)n;
    z->next_out = out;
    z->avail_out = (uInt)room;
    if (deflate(z, Z_SYNC_FLUSH) != Z_OK)
        exit(1);
    return room - z->avail_out;
}

static void unpack(z_stream *z, unsigned char *bytes, size_t n, char *out, size_t room)
{
    z->next_in = bytes;
    z->avail_in = (uInt)n;
    z->next_out = (Bytef *)out;
    z->avail_out = (uInt)room;
    if (inflate(z, Z_SYNC_FLUSH) != Z_OK)
        exit(1);
}

/* The smallest window that reaches over the message, as src/ws/deflate.c has it. */
static int bits_for(size_t n, int most)
{
    int bits = 9;
    while (bits < most && ((size_t)1 << bits) < n + 262)
        bits++;
    return bits;
}

int main(int argc, char **argv)
{
    size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) : 1024, room = size + size / 8 + 64;
    int level = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1;
    int window = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 12;
    int is_taken_over = argc > 4 && !strcmp(argv[4], "takeover");
    int bits = is_taken_over ? window : bits_for(size, window);
    char *text = malloc(size + 1), *plain = malloc(size + 1);
    unsigned char *sent = malloc(room), *packed = malloc(room);
    z_stream client = {0}, in = {0}, out = {0};
    if (!text || !plain || !sent || !packed || !size ||
        deflateInit2(&client, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        inflateInit2(&in, -15) != Z_OK ||
        deflateInit2(&out, level, Z_DEFLATED, -bits, bits - 7, Z_DEFAULT_STRATEGY) != Z_OK)
        return 1;
    notes_json(text, size);
    size_t sent_bytes = pack(&client, text, size, sent, room), packed_bytes = 0;
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double began = now_ns(), took = 0;
        long count = 0;
        for (; took < ROUND_NS; took = now_ns() - began)
            for (int i = 0; i < 100; i++, count++) {
                if (!is_taken_over) {
                    inflateReset(&in);
                    deflateReset(&out);
                }
                unpack(&in, sent, sent_bytes, plain, size + 1);
                packed_bytes = pack(&out, plain, size, packed, room);
            }
        if (took / (double)count < best)
            best = took / (double)count;
    }
    printf("size=%zu level=%d window=%d takeover=%s in=%zu out=%zu ns_per=%.0f\n", size, level,
           bits, is_taken_over ? "yes" : "no", sent_bytes - 4, packed_bytes - 4, best);
    deflateEnd(&client);
    deflateEnd(&out);
    inflateEnd(&in);
    free(text);
    free(plain);
    free(sent);
    free(packed);
    return 0;
}

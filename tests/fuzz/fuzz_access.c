/*
 * Any texts in a line of the access log: the input is its fields, with a line feed between them, and first a byte for the
 * format. The line must be one line of printable text with the fields where they belong; as JSON it must be read back.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "check.h"
#include "http/clients/access.h"

/* A field in quotes from *rest on, which it leaves behind. */
static void skip_quoted(fr_str *rest)
{
    check(rest->n && rest->p[0] == '"');
    size_t i = 1;
    while (i < rest->n && rest->p[i] != '"')
        i += rest->p[i] == '\\' ? 2 : 1;
    check(i < rest->n);
    *rest = fr_str_from(*rest, i + 1);
}

static void skip(fr_str *rest, const char *text)
{
    check(fr_str_starts(*rest, fr_str_c(text)));
    *rest = fr_str_from(*rest, strlen(text));
}

static void check_plain(fr_str line, bool is_combined)
{
    for (size_t i = 0; i < line.n; i++)
        check(line.p[i] >= ' ' && line.p[i] <= '~');
    size_t at = fr_str_find(line, FR_STR(" - - [01/Jan/1970:00:00:00 +0000] "));
    check(at != SIZE_MAX);
    fr_str rest = fr_str_from(line, at);
    skip(&rest, " - - [01/Jan/1970:00:00:00 +0000] ");
    skip_quoted(&rest);
    skip(&rest, " 200 7");
    for (int i = 0; i < 2 && is_combined; i++) {
        skip(&rest, " ");
        skip_quoted(&rest);
    }
    check(rest.n == 0);
}

static void check_field(const fr_json *json, const char *name, fr_str sent)
{
    const fr_json *field = fr_json_get(json, fr_str_c(name));
    check(!field == !sent.p);
    if (!field || !fr_utf8_valid(sent) || fr_str_ends(field->text, FR_STR("...")))
        return;
    check(fr_str_eq(field->text, sent));
}

static void check_json(fr_str line, const fr_access_entry *entry)
{
    fr_json json;
    fr_arena *arena = fr_arena_new(0);
    check(fr_utf8_valid(line));
    for (size_t i = 0; i < line.n; i++)
        check((uint8_t)line.p[i] >= ' ' && line.p[i] != 0x7f);
    check(fr_json_parse(arena, line, &json, NULL) == FR_OK && json.type == FR_JSON_OBJECT);
    check_field(&json, "client", entry->client);
    check_field(&json, "peer", entry->peer);
    check_field(&json, "method", entry->method);
    check_field(&json, "target", entry->target);
    check_field(&json, "host", entry->host);
    check_field(&json, "referer", entry->referer);
    check_field(&json, "user_agent", entry->user_agent);
    fr_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    fr_str fields[7] = {{0}}, rest = {(const char *)data + 1, size - 1};
    for (size_t i = 0; i < 7 && rest.n; i++)
        rest = fr_str_cut(rest, '\n', &fields[i]);
    if (fr_str_find_char(fields[0], ' ') !=
        SIZE_MAX) /* of an address, or a name as forwarded.h has it */
        fields[0] = (fr_str){0};
    fr_access_entry entry = {.client = fields[0],
                             .peer = fields[1],
                             .method = fields[2],
                             .target = fields[3],
                             .host = fields[4],
                             .referer = fields[5],
                             .user_agent = fields[6],
                             .status = 200,
                             .bytes = 7};
    fr_access_format format = (fr_access_format)(data[0] % 3);
    char *out = malloc(FR_LINE_BYTES); /* of its own size, so that a byte behind it is seen */
    size_t n = fr_access_line(format, &entry, out);
    check(n <= FR_LINE_BYTES && out[n - 1] == '\n');
    fr_str line = {out, n - 1};
    if (format == FR_ACCESS_JSON)
        check_json(line, &entry);
    else
        check_plain(line, format == FR_ACCESS_COMBINED);
    free(out);
    return 0;
}

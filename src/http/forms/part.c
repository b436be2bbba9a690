/*
 * See part.h. As Django does: a file is what has a file name that is not empty; a part without a name, or whose file name
 * comes to nothing, is left out.
 */
#include "http/forms/part.h"

#include <string.h>

#include "base/str.h"
#include "http/forms/parameters.h"
#include "http/url.h"

/* ---- file names ---- */

/* Characters that a name does not show, or that turn its direction: "gpj.exe" would look like "exe.jpg". */
static bool is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb);
}

static fr_str last_part(fr_str path)
{
    for (size_t i = path.n; i > 0; i--)
        if (path.p[i - 1] == '/' || path.p[i - 1] == '\\')
            return fr_str_from(path, i);
    return path;
}

/* No more than `bytes` of s, without cutting a character. */
static fr_str cut(fr_str s, size_t bytes)
{
    if (s.n <= bytes)
        return s;
    while (bytes && ((uint8_t)s.p[bytes] & 0xc0) == 0x80)
        bytes--;
    return fr_str_sub(s, 0, bytes);
}

/* Too long: the stem gives way, the extension stays if it is a usual one. */
static size_t shorten(char *name, size_t n)
{
    enum { EXTENSION_BYTES = 32 };
    if (n <= FR_FILE_NAME_BYTES)
        return n;
    size_t dot = n;
    while (dot > n - EXTENSION_BYTES && name[dot - 1] != '.')
        dot--;
    size_t extension = name[dot - 1] == '.' ? n - dot + 1 : 0;
    size_t stem = cut((fr_str){name, n - extension}, FR_FILE_NAME_BYTES - extension).n;
    memmove(name + stem, name + n - extension, extension);
    return stem + extension;
}

fr_str fr_file_name_clean(fr_arena *arena, fr_str name)
{
    name = fr_utf8_repair(arena, last_part(name));
    char *to = name.p ? fr_arena_alloc(arena, name.n + 1) : NULL;
    if (!to)
        return (fr_str){0};
    size_t n = 0;
    for (size_t i = 0; i < name.n;) {
        size_t start = i;
        if (is_hidden(fr_utf8_next(name, &i)))
            continue;
        memcpy(to + n, name.p + start, i - start);
        n += i - start;
    }
    fr_str clean = fr_str_trim((fr_str){to, shorten(to, n)});
    bool is_folder = fr_str_eq(clean, FR_STR(".")) || fr_str_eq(clean, FR_STR(".."));
    return is_folder ? FR_STR("") : clean;
}

/* ---- the head ---- */

typedef struct reading {
    fr_arena *arena;
    fr_part *part;
    fr_str file_name; /* as sent; p NULL: none */
    const char *why;
} reading;

/* "UTF-8''na%C3%AFve.txt" (RFC 8187). Other charsets count as absent: n is 0 then. p NULL: memory is out. */
static fr_str extended(fr_arena *arena, fr_str value)
{
    fr_str charset, language;
    fr_str text = fr_str_cut(fr_str_cut(value, '\'', &charset), '\'', &language);
    if (!fr_str_eq_nocase(charset, FR_STR("utf-8")))
        return FR_STR("");
    fr_str bytes = fr_unquote(arena, text, false);
    return bytes.p ? fr_utf8_repair(arena, bytes) : bytes;
}

/* What a Content-Disposition says of one parameter; p NULL: nothing. The extended one wins. */
static fr_err read_parameter(fr_arena *arena, fr_str disposition, const char *name, fr_str *out)
{
    fr_parameters parameters;
    fr_pair one;
    bool is_extended = false;
    *out = (fr_str){0};
    fr_parameters_init(&parameters, arena, disposition);
    while (fr_parameters_next(&parameters, &one)) {
        bool has_star = fr_str_ends(one.name, FR_STR("*"));
        one.name.n -= has_star;
        if (!fr_str_eq_nocase(one.name, fr_str_c(name)) || (is_extended && !has_star))
            continue;
        fr_str value = has_star ? extended(arena, one.value) : one.value;
        if (!value.p)
            return FR_ENOMEM;
        if (has_star && !value.n)
            continue;
        is_extended |= has_star;
        *out = value;
    }
    return parameters.err;
}

/* "form-data", or whatever: Django does not look. */
static fr_err read_disposition(reading *r, fr_str value)
{
    fr_str name;
    FR_TRY(read_parameter(r->arena, value, "filename", &r->file_name));
    FR_TRY(read_parameter(r->arena, value, "name", &name));
    r->part->name = name.n ? fr_str_dup(r->arena, fr_str_trim(name)) : FR_STR("");
    return r->part->name.p ? FR_OK : FR_ENOMEM;
}

static fr_err read_content_type(reading *r, fr_str value)
{
    r->part->content_type = fr_str_dup(r->arena, value);
    return r->part->content_type.p ? FR_OK : FR_ENOMEM;
}

/* RFC 7578 section 4.7 has it given up, and no browser ever sent it: decoding would make other bytes of what was checked. Django
 * takes no notice of the others. */
static fr_err read_transfer_encoding(reading *r, fr_str value)
{
    fr_parameters parameters;
    if (!fr_str_eq_nocase(fr_parameters_init(&parameters, r->arena, value), FR_STR("base64")))
        return FR_OK;
    r->why = "A part has a Content-Transfer-Encoding.";
    return FR_EINVAL;
}

/* A line that is none of a header says nothing. The last of several of one name counts. */
static fr_err read_line(reading *r, fr_str line)
{
    fr_str name, value = fr_str_cut(line, ':', &name);
    if (name.n == line.n || !fr_utf8_valid(line))
        return FR_OK;
    while (name.n && name.p[name.n - 1] == ' ')
        name.n--;
    value = fr_str_trim(value);
    if (fr_str_eq_nocase(name, FR_STR("content-disposition")))
        return read_disposition(r, value);
    if (fr_str_eq_nocase(name, FR_STR("content-type")))
        return read_content_type(r, value);
    if (fr_str_eq_nocase(name, FR_STR("content-transfer-encoding")))
        return read_transfer_encoding(r, value);
    return FR_OK;
}

static fr_err make_file(reading *r)
{
    fr_part *part = r->part;
    part->is_file = true;
    part->file_name = fr_file_name_clean(r->arena, r->file_name);
    if (!part->file_name.p)
        return FR_ENOMEM;
    if (!part->file_name.n)
        part->name = FR_STR("");
    if (!part->content_type.n)
        part->content_type = FR_STR("application/octet-stream");
    return FR_OK;
}

/* The line that head begins with, without its CRLF, which is cut off; a bare CR or LF ends no line. */
static fr_str next_line(fr_str *head)
{
    size_t end = fr_str_find(*head, FR_STR("\r\n"));
    fr_str line = fr_str_sub(*head, 0, end);
    *head = end == SIZE_MAX ? FR_STR("") : fr_str_from(*head, end + 2);
    return line;
}

fr_err fr_part_read(fr_arena *arena, fr_str head, fr_part *out, const char **why)
{
    *out = (fr_part){.name = FR_STR(""), .content_type = FR_STR("")};
    reading r = {.arena = arena, .part = out};
    fr_err err = FR_OK;
    while (head.n && err == FR_OK)
        err = read_line(&r, next_line(&head));
    if (err == FR_OK && r.file_name.n)
        err = make_file(&r);
    *why = r.why;
    return err;
}

fr_err fr_disposition_read(fr_arena *arena, fr_str value, fr_str *file_name)
{
    return read_parameter(arena, value, "filename", file_name);
}

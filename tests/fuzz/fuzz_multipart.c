/*
 * Any form: the input is a byte that seeds the sizes of pieces, a Content-Type up to the first line feed, and a body. The
 * form must be the same in one piece and in pieces, in memory and on disk; what stands in it must keep what form.h and
 * part.h promise; the bytes of any file come back as they were sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "check.h"
#include "http/forms/form.h"
#include "http/forms/part.h"

enum { INPUT_MAX = 1 << 14, FIELDS = 5, FILES = 3, FIELD_BYTES = 2048 };

/* Every eighth input has all its files on disk. */
static fr_form_limits limits_of(uint32_t seed)
{
    const char *folder = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";
    return (fr_form_limits){.fields = FIELDS,
                            .files = FILES,
                            .field_bytes = FIELD_BYTES,
                            .memory_bytes = seed >> 29 ? INPUT_MAX : 1,
                            .folder = folder};
}

/* Each piece is a copy of its own length, so that a byte read behind it is seen. */
static fr_err read_in_pieces(fr_arena *arena, fr_str type, fr_str body, uint32_t seed,
                             const fr_form **out, const char **why)
{
    fr_form_reader *reader;
    fr_form_limits limits = limits_of(seed);
    fr_err err = fr_form_reader_new(arena, &limits, type, &reader, why);
    if (err != FR_OK)
        return err;
    while (body.n && err == FR_OK) {
        size_t n = piece(&seed, body.n);
        char *copy = malloc(n);
        memcpy(copy, body.p, n);
        err = fr_form_feed(reader, (fr_str){copy, n});
        free(copy);
        body = fr_str_from(body, n);
    }
    if (err == FR_OK)
        err = fr_form_end(reader, out);
    *why = fr_form_why(reader);
    return err;
}

/* ---- what must hold ---- */

static fr_str content_of(fr_arena *arena, const fr_file *file)
{
    size_t got, n = 0;
    char *bytes = fr_arena_alloc(arena, (size_t)file->bytes + 1);
    while (fr_file_read(file, n, bytes + n, (size_t)file->bytes + 1 - n, &got) == FR_OK && got)
        n += got;
    check(n == file->bytes);
    return (fr_str){bytes, n};
}

static void check_form(const fr_form *form)
{
    size_t bytes = 0;
    check(form->field_count <= FIELDS && form->file_count <= FILES);
    for (size_t i = 0; i < form->field_count; i++) {
        const fr_pair *field = &form->fields[i];
        check(fr_utf8_valid(field->name) && fr_utf8_valid(field->value));
        bytes += field->name.n + field->value.n;
    }
    check(bytes <= 3 * FIELD_BYTES); /* a byte that is no UTF-8 becomes three */
    for (size_t i = 0; i < form->file_count; i++) {
        fr_str name = form->files[i].file_name;
        check(form->files[i].name.n && fr_utf8_valid(form->files[i].name));
        check(name.n && name.n <= FR_FILE_NAME_BYTES && fr_utf8_valid(name));
        check(fr_str_find_char(name, '/') == SIZE_MAX && fr_str_find_char(name, '\\') == SIZE_MAX);
        check(!fr_str_eq(name, FR_STR(".")) && !fr_str_eq(name, FR_STR("..")));
        check(form->files[i].content_type.n);
    }
}

static void check_same(fr_arena *arena, const fr_form *a, const fr_form *b)
{
    check(a->field_count == b->field_count && a->file_count == b->file_count);
    for (size_t i = 0; i < a->field_count; i++) {
        check(fr_str_eq(a->fields[i].name, b->fields[i].name));
        check(fr_str_eq(a->fields[i].value, b->fields[i].value));
    }
    for (size_t i = 0; i < a->file_count; i++) {
        const fr_file *x = &a->files[i], *y = &b->files[i];
        check(fr_str_eq(x->name, y->name) && fr_str_eq(x->file_name, y->file_name));
        check(fr_str_eq(x->content_type, y->content_type));
        check(fr_str_eq(content_of(arena, x), content_of(arena, y)));
    }
}

static void read_both_ways(fr_arena *arena, fr_str type, fr_str body, uint32_t seed)
{
    const fr_form *whole, *split;
    const char *why, *split_why;
    fr_form_limits limits = limits_of(UINT32_MAX);
    fr_err err = fr_form_parse(arena, &limits, type, body, &whole, &why);
    check(!why || err != FR_OK);
    if (err == FR_OK)
        check_form(whole);
    if (fr_form_kind_of(type) != FR_FORM_MULTIPART)
        return;
    check(read_in_pieces(arena, type, body, seed, &split, &split_why) == err);
    check(!why == !split_why && (!why || strcmp(why, split_why) == 0));
    if (err == FR_OK)
        check_same(arena, whole, split);
}

/* ---- there and back ---- */

static void there_and_back(fr_arena *arena, fr_str bytes, uint32_t seed)
{
    static const char TYPE[] = "multipart/form-data; boundary=\"a b\"";
    fr_buf wire;
    const fr_form *form;
    const char *why;
    if (bytes.n && memmem(bytes.p, bytes.n, "--a b", 5))
        return;
    fr_buf_init(&wire);
    fr_buf_lit(&wire, "--a b\r\nContent-Disposition: form-data; name=x; filename=\"y\"\r\n\r\n");
    fr_buf_put(&wire, bytes);
    fr_buf_lit(&wire, "\r\n--a b--");
    check(read_in_pieces(arena, fr_str_c(TYPE), fr_buf_str(&wire), seed, &form, &why) == FR_OK);
    check(form->file_count == 1 && form->field_count == 0);
    check(fr_str_eq(content_of(arena, &form->files[0]), bytes));
    fr_buf_deinit(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_quiet;
    if (size < 2 || size > INPUT_MAX)
        return 0;
    if (!is_quiet)
        fr_log_init(&(fr_log_opts){.level = FR_LEVEL_ERROR});
    is_quiet = true;
    uint32_t seed = data[0] * 2654435761u + 1;
    fr_arena *arena = fr_arena_new(0);
    fr_str type, body = fr_str_cut((fr_str){(const char *)data + 1, size - 1}, '\n', &type);
    read_both_ways(arena, type, body, seed);
    there_and_back(arena, body, seed);
    fr_arena_free(arena);
    return 0;
}

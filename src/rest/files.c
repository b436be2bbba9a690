/* See files.h. The order of the checks and their words are those of DRF's FileField and ImageField. */
#include "rest/files.h"

#include "base/arena.h"
#include "base/str.h"
#include "rest/kinds.h"
#include "rest/media.h"
#include "rest/picture.h"

bool fr_files_are_taken(const fr_model *model)
{
    for (uint32_t i = 0; i < model->field_count; i++)
        if (fr_class_of(&model->fields[i]) == FR_CLASS_FILE)
            return true;
    return false;
}

/* ---- what a field takes ---- */

static fr_outcome refuse_length(fr_reading *r, uint32_t most, size_t n)
{
    fr_errors_addf(r->errors, r->name, "max_length",
                   "Ensure this filename has at most %u characters (it has %zu).", most, n);
    return FR_REFUSED;
}

static fr_str suffix_of(fr_str name)
{
    size_t at = name.n;
    while (at > 0 && name.p[at - 1] != '.')
        at--;
    return at ? fr_str_from(name, at) : FR_STR("");
}

/* The suffix is looked at when the picture itself is good. */
static fr_outcome check_picture(fr_reading *r, const fr_file *file)
{
    fr_picture picture;
    fr_err err = fr_picture_read(file, &picture);
    if (err == FR_EINVAL)
        return fr_refuse(r, "invalid_image",
                         "Upload a valid image. The file you uploaded was either not an image or "
                         "a corrupted image.");
    if (err)
        return fr_failed(r, err);
    if (fr_picture_has_suffix(file->file_name))
        return FR_TAKEN;
    fr_errors_addf(r->errors, r->name, "invalid_extension",
                   "File extension “%.*s” is not allowed. Allowed extensions are: %s.",
                   FR_FMT(suffix_of(file->file_name)), fr_picture_suffixes);
    return FR_REFUSED;
}

fr_outcome fr_files_check(fr_reading *r, fr_value *out)
{
    const fr_form *form = r->input->form;
    if (r->data->type != FR_JSON_END || !form || !r->input->files)
        return fr_refuse_invalid(r);
    const fr_file *file = &form->files[r->data->count - 1];
    uint32_t most = fr_field_max_length(r->field);
    size_t n = fr_utf8_count(file->file_name);
    if (!file->bytes)
        return fr_refuse(r, "empty", "The submitted file is empty.");
    if (most && n > most)
        return refuse_length(r, most, n);
    if (r->field->kind == FR_KIND_IMAGE) {
        fr_outcome outcome = check_picture(r, file);
        if (outcome != FR_TAKEN)
            return outcome;
    }
    if (r->index != FR_NO_SLOT)
        r->input->files[r->index] = file;
    *out = FR_VALUE_S(file->file_name);
    return FR_FINAL;
}

/* ---- saved ---- */

static void set_number(fr_call *c, const char *name, bool is_known, uint32_t number)
{
    int field = name ? fr_model_field_index(c->plan->model, fr_str_c(name)) : -1;
    if (field < 0)
        return;
    c->input.values[field] = is_known ? FR_VALUE_I(number) : (fr_value){.type = FR_VALUE_NULL};
    fr_fieldset_add(&c->input.set, (uint32_t)field);
}

/* Width and height of a picture, of none NULL. */
static fr_err set_size(fr_call *c, const fr_field *field, const fr_file *file)
{
    fr_picture picture = {0};
    if (field->kind != FR_KIND_IMAGE || (!field->width_field && !field->height_field))
        return FR_OK;
    if (file)
        FR_TRY(fr_picture_read(file, &picture));
    set_number(c, field->width_field, file, picture.width);
    set_number(c, field->height_field, file, picture.height);
    return FR_OK;
}

static fr_err refuse_name(fr_call *c, const fr_field *field)
{
    fr_errors errors;
    fr_errors_init(&errors, c->ctx->arena);
    fr_errors_add(&errors, fr_str_c(field->name), "no_name", c->ctx->detail);
    return fr_call_refuse_fields(c, &errors);
}

static fr_err save(fr_call *c, uint16_t index)
{
    const fr_field *field = &c->plan->model->fields[index];
    const fr_file *file = c->input.files ? c->input.files[index] : NULL;
    fr_str name;
    FR_TRY(set_size(c, field, file));
    if (!file)
        return FR_OK;
    if (!c->request->uploads)
        return fr_fail(c, FR_EUNSUPPORTED, "Files are taken by requests alone.");
    fr_err err = fr_media_save(c->ctx, c->request->uploads, c->plan->model, field, file, &name);
    if (err == FR_EINVAL)
        return refuse_name(c, field);
    c->input.values[index] = FR_VALUE_S(name);
    return err;
}

fr_err fr_files_save(fr_call *c)
{
    if (!c->plan || !c->action->takes_body)
        return FR_OK;
    for (uint32_t i = 0; i < c->plan->model->field_count && !c->is_answered; i++)
        if (fr_class_of(&c->plan->model->fields[i]) == FR_CLASS_FILE &&
            fr_fieldset_has(&c->input.set, i))
            FR_TRY(save(c, (uint16_t)i));
    return FR_OK;
}

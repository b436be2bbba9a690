/* See media.h. */
#include "cli/media.h"

#include "base/arena.h"
#include "base/str.h"
#include "http/files/static.h"
#include "model/kind.h"
#include "rest/media.h"

bool fr_media_is_used(const fr_assembly *a)
{
    for (size_t i = 0; i < a->models.count; i++)
        for (uint32_t f = 0; f < a->models.at[i]->field_count; f++)
            if (fr_class_of(&a->models.at[i]->fields[f]) == FR_CLASS_FILE)
                return true;
    return false;
}

/* What anybody has uploaded is no page of ours: a browser runs nothing that is in it. */
static fr_err serve_media(fr_req *req, void *arg)
{
    const fr_http_target *files = arg;
    FR_TRY(fr_reply_header(req, FR_STR("Content-Security-Policy"),
                           FR_STR("default-src 'none'; sandbox")));
    return files->handle(req, files->arg);
}

static fr_err add_route(fr_assembly *a, fr_router *http)
{
    fr_http_target *targets = fr_arena_zalloc(a->arena, 2 * sizeof *targets);
    if (!targets)
        return FR_ENOMEM;
    fr_static_opts opts = {.folder = a->options->media};
    FR_TRY(fr_static_open(a->arena, &opts, &targets[0], a->error));
    targets[1] = (fr_http_target){.handle = serve_media, .arg = &targets[0]};
    return fr_router_add(http, fr_str_from(fr_str_c(a->options->media_url), 1), true, &targets[1],
                         a->error);
}

int fr_media_open(fr_assembly *a, fr_router *http)
{
    const char *folder = a->options->media && *a->options->media ? a->options->media : NULL;
    if (!fr_media_is_used(a))
        return FR_EXIT_DONE;
    if (fr_media_init(folder, a->options->media_url, a->error) != FR_OK)
        return FR_EXIT_USAGE;
    if (!folder || *a->options->media_url != '/')
        return FR_EXIT_DONE;
    return add_route(a, http) == FR_OK ? FR_EXIT_DONE : FR_EXIT_CONFIG;
}

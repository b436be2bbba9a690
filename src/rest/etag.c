/* See etag.h. */
#include "rest/etag.h"

#include "base/arena.h"
#include "base/digest.h"
#include "base/str.h"
#include "http/files/conditions.h"
#include "rest/errors.h"

/* p NULL: memory is out. */
static fr_str tag_of(fr_arena *arena, fr_str content)
{
    static const char HEX[] = "0123456789abcdef";
    uint8_t digest[FR_MD5_BYTES];
    char *text = fr_arena_alloc(arena, 2 + 2 * sizeof digest);
    size_t n = 0;
    if (!text || !fr_md5(content, digest))
        return (fr_str){0};
    text[n++] = '"';
    for (size_t i = 0; i < sizeof digest; i++) {
        text[n++] = HEX[digest[i] >> 4];
        text[n++] = HEX[digest[i] & 15];
    }
    text[n++] = '"';
    return (fr_str){text, n};
}

/* Django's get_conditional_response: a success alone has conditions. */
fr_err fr_etag_answer(fr_ctx *ctx, const fr_rest_request *request, fr_buf *body, size_t start,
                      fr_rest_answer *answer)
{
    answer->etag = tag_of(ctx->arena, fr_str_from(fr_buf_str(body), start));
    if (!answer->etag.p)
        return FR_ENOMEM;
    if (answer->status != 200)
        return FR_OK;
    if (request->if_match.p && !fr_tags_match(request->if_match, answer->etag, FR_TAGS_ENCODED)) {
        body->n = start;
        fr_errors_text(FR_STR(FR_PRECONDITION_TEXT), body);
        answer->status = 412;
        answer->etag = (fr_str){0};
    } else if (fr_tags_match(request->if_none_match, answer->etag, FR_TAGS_WEAK)) {
        body->n = start;
        answer->status = 304;
        answer->has_content = false;
    }
    return FR_OK;
}

bool fr_etag_is_asked(const fr_viewset_rt *rt, const fr_rest_request *request)
{
    return rt->viewset->etag && request->key.p &&
           (request->if_match.p || request->if_none_match.p) &&
           !fr_str_eq(request->method, FR_STR("GET")) &&
           !fr_str_eq(request->method, FR_STR("HEAD")) &&
           !fr_str_eq(request->method, FR_STR("OPTIONS"));
}

fr_err fr_etag_holds(fr_ctx *ctx, const fr_rest_request *request, const fr_rest_answer *answer,
                     fr_str content, bool *out)
{
    fr_str etag = {0}; /* of nothing, which matches no condition, * neither */
    if (answer->status == 200) {
        etag = tag_of(ctx->arena, content);
        if (!etag.p)
            return FR_ENOMEM;
    }
    *out = (!request->if_match.p || fr_tags_match(request->if_match, etag, FR_TAGS_ENCODED)) &&
           !fr_tags_match(request->if_none_match, etag, FR_TAGS_WEAK);
    return FR_OK;
}

/* A service desk: teams, and views that show what a view can do. The second app. */
#include "tracker.h"

#define TABLE(name) .table = "desk_" name, .is_foreign = true

/* ---- models ---- */

FR_MODEL_OPTS(team, (TABLE("team"), .ordering = "code"),
    (ID,   id),
    (SLUG, code, .max_length = 12, .unique = true),
    (CHAR, name, .max_length = 60));

FR_MODEL_OPTS(user, (.table = "auth_user", .is_foreign = true),
    (ID,   id),
    (CHAR, username, .max_length = 150, .unique = true));

FR_MODEL_OPTS(issue, (TABLE("issue"), .ordering = "id"),
    (ID,   id),
    (CHAR, key, .max_length = 16, .unique = true),
    (CHAR, summary, .max_length = 120, .min_length = 4),
    (DATE, opened_on),
    (FOREIGN_KEY(team), team, .related = "issues"));

FR_MODEL_OPTS(worklog, (TABLE("worklog"), .ordering = "started_at,id"),
    (ID,       id),
    (FOREIGN_KEY(issue), issue, .related = "worklogs"),
    (FOREIGN_KEY(user), author, .read_only = true, .related = "worklogs"),
    (DATETIME, started_at),
    (POSITIVE, minutes, .min_value = 1, .max_value = 1440),
    (CHAR,     note, .max_length = 100, .blank = true, .default_ = ""));

/* ---- work logs of an issue ---- */

static const fr_serializer worklog_out = {.model = &worklog_model,
                                          .fields = "id,issue,author,started_at,minutes,note"};
static const fr_viewset worklogs = {.serializer = &worklog_out,
                                    .name = "Work Log",
                                    .pages = &(const fr_pages){.kind = FR_PAGE_LIMIT_OFFSET},
                                    .parents = "issue"};

/* ---- an issue on a card, with ETag and Last-Modified ---- */

static fr_err version_of_card(fr_req *req, fr_version *version)
{
    issue shown = {0};
    fr_err err = fr_get(req, &issue_model, fr_req_arg_int(req, FR_STR("pk")), &shown);
    version->is_missing = err == FR_ENOTFOUND;
    if (err)
        return version->is_missing ? FR_OK : err;
    fr_str digest = fr_digest(req, fr_arena_printf(req->ctx->arena, "%.*s|%.*s", FR_FMT(shown.key),
                                                   FR_FMT(shown.summary)));
    version->tag = (fr_str){digest.p, digest.n / 4};
    version->modified = (shown.opened_on * INT64_C(24) + 8) * 3600 * 1000000; /* at eight */
    return FR_OK;
}

static const fr_viewset cards = {.model = &issue_model,
                                 .actions = "retrieve,update,partial_update",
                                 .condition = version_of_card};

const fr_model *const desk_models[] = {&team_model, NULL};

/* ---- a report in three forms ---- */

static fr_str python_of(fr_ctx *ctx, fr_str json);

static fr_str python_of_all(fr_ctx *ctx, fr_str json, const char *open, const char *close)
{
    const fr_pair *pairs;
    size_t count;
    if (fr_json_pairs(ctx, json, &pairs, &count))
        return json;
    fr_str out = fr_str_c(open);
    for (size_t i = 0; i < count; i++) {
        fr_str name = pairs[i].name, value = python_of(ctx, pairs[i].value);
        out = name.p ? fr_arena_printf(ctx->arena, "%.*s%s'%.*s': %.*s", FR_FMT(out), i ? ", " : "",
                                       FR_FMT(name), FR_FMT(value))
                     : fr_arena_printf(ctx->arena, "%.*s%s%.*s", FR_FMT(out), i ? ", " : "",
                                       FR_FMT(value));
    }
    return fr_arena_printf(ctx->arena, "%.*s%s", FR_FMT(out), close);
}

/* What Python's repr makes of JSON that was read. */
static fr_str python_of(fr_ctx *ctx, fr_str json)
{
    switch (json.p[0]) {
    case '{': return python_of_all(ctx, json, "{", "}");
    case '[': return python_of_all(ctx, json, "[", "]");
    case '"': return fr_arena_printf(ctx->arena, "'%.*s'", FR_FMT(fr_json_unquote(ctx, json)));
    case 't': return FR_STR("True");
    case 'f': return FR_STR("False");
    case 'n': return FR_STR("None");
    default: return json;
    }
}

static fr_err as_text(fr_ctx *ctx, fr_str json, fr_str *out)
{
    *out = python_of(ctx, json);
    return out->p ? FR_OK : FR_ENOMEM;
}

static fr_err csv_line(fr_ctx *ctx, fr_str row, fr_str *out)
{
    const fr_pair *cells;
    size_t count;
    FR_TRY(fr_json_pairs(ctx, row, &cells, &count));
    for (size_t i = 0; i < count; i++) {
        fr_str json = cells[i].value;
        fr_str cell = json.p[0] == '"' ? fr_json_unquote(ctx, json) : python_of(ctx, json);
        *out = fr_arena_printf(ctx->arena, "%.*s%s%.*s", FR_FMT(*out), i ? "," : "", FR_FMT(cell));
    }
    *out = fr_arena_printf(ctx->arena, "%.*s\r\n", FR_FMT(*out));
    return out->p ? FR_OK : FR_ENOMEM;
}

static fr_err as_csv(fr_ctx *ctx, fr_str json, fr_str *out)
{
    const fr_pair *rows;
    size_t count;
    *out = FR_STR("");
    if (json.p[0] != '[')
        return csv_line(ctx, json, out);
    FR_TRY(fr_json_pairs(ctx, json, &rows, &count));
    for (size_t i = 0; i < count; i++)
        FR_TRY(csv_line(ctx, rows[i].value, out));
    return FR_OK;
}

static const fr_renderer text = {"text/plain", "txt", "utf-8", .render = as_text};
static const fr_renderer csv = {"text/csv", "csv", "iso-8859-1", .render = as_csv};
static const fr_renderer *const report_renderers[] = {&fr_json_renderer, &text, &csv, NULL};
static const fr_serializer code_out = {.model = &team_model, .fields = "code,name"};
static const fr_viewset codes = {.serializer = &code_out};

static fr_err report(fr_req *req)
{
    fr_rows rows;
    if (fr_str_eq(req->method, FR_STR("POST"))) {
        FR_TRY(fr_reply_header(req, FR_STR("X-Report"), FR_STR("made")));
        return fr_reply_data(req, 200,
                             fr_arena_printf(req->ctx->arena, "{\"got\":%.*s,\"media\":%.*s}",
                                             FR_FMT(req->body),
                                             FR_FMT(fr_json_quote(req, fr_api_media(req)))));
    }
    FR_TRY(fr_list(req, &codes, &rows));
    return fr_reply_rows(req, &rows);
}

/* ---- one view for each way to name a version ---- */

static const fr_versioning by_path = {FR_VERSION_PATH, .allowed = "v1,v2", .default_ = "v1"};
static const fr_versioning by_accept = {FR_VERSION_ACCEPT, .allowed = "1.0,2.0", .default_ = "1.0"};
static const fr_versioning by_query = {FR_VERSION_QUERY, .allowed = "a,b", .default_ = "a",
                                       .param = "v"};
static const fr_versioning by_namespace = {FR_VERSION_NAMESPACE, .allowed = "v1,v2",
                                           .default_ = "v1"};

static fr_err versioned(fr_req *req)
{
    fr_str link;
    FR_TRY(fr_api_url(req, NULL, &link));
    return fr_reply_data(req, 200,
                         fr_arena_printf(req->ctx->arena, "{\"version\":%.*s,\"link\":%.*s}",
                                         FR_FMT(fr_json_quote(req, fr_api_version(req))),
                                         FR_FMT(fr_json_quote(req, link))));
}

static const fr_route versions[] = {
    {"path/<version>/", .handler = versioned, .api = true, .versioning = &by_path},
    {"accept/", .handler = versioned, .api = true, .versioning = &by_accept},
    {"query/", .handler = versioned, .api = true, .versioning = &by_query},
    {"ns1/", .handler = versioned, .api = true, .versioning = &by_namespace, .version = "v1"},
    {"ns2/", .handler = versioned, .api = true, .versioning = &by_namespace, .version = "v2"},
    {"ns9/", .handler = versioned, .api = true, .versioning = &by_namespace, .version = "v9"},
    {0},
};

const fr_route desk_routes[] = {
    {"issues/<issue_pk>/worklogs/", .viewset = &worklogs},
    {"card/", .viewset = &cards},
    {"report/", .handler = report, .api = true, .name = "Report", .methods = "GET,POST",
     .renderers = report_renderers},
    {"version/", .include = versions},
    {0},
};

/* The service desk: teams, components, sprints, issues with check lists, work logs and uploads; and its consumers. */
#include "tracker.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define TABLE(name) .table = "desk_" name, .is_foreign = true
#define ROLES FR_CHOICES({"lead", "Lead"}, {"member", "Member"}, {"guest", "Guest"})
#define KINDS                                                                                      \
    FR_CHOICES(FR_GROUP("Work"), {"bug", "Bug"}, {"task", "Task"}, FR_GROUP("Talk"),               \
               {"question", "Question"}, FR_GROUP(""), {"other", "Other"})
#define SEVERITIES FR_CHOICES({"1", "Outage"}, {"2", "Major"}, {"3", "Minor"})

/* ---- models ---- */

extern const fr_model membership_model;

FR_MODEL_OPTS(team, (TABLE("team"), .display = "name", .ordering = "code"),
    (ID,   id),
    (SLUG, code, .max_length = 12, .unique = true),
    (CHAR, name, .max_length = 60),
    (FOREIGN_KEY(user), lead, MAYBE, .on_delete = FR_SET_NULL, .related = "led_teams"),
    (MANY_TO_MANY(user), members, .related = "teams", .through = &membership_model));

FR_MODEL_OPTS(membership, (TABLE("membership"), .ordering = "id", .unique_together = "team,user"),
    (ID,   id),
    (FOREIGN_KEY(team), team, .related = "memberships"),
    (FOREIGN_KEY(user), user, .related = "memberships"),
    (CHAR, role, .max_length = 10, .choices = ROLES, .default_ = "member"));

FR_MODEL_OPTS(component, (TABLE("component"), .display = "name", .ordering = "id", .constraints = FR_CONSTRAINTS(
    {.name = "component_name_per_team", .unique = "team,name", .message = "This team already has a component of that name."})),
    (ID,      id),
    (FOREIGN_KEY(team), team, .related = "components"),
    (CHAR,    name, .max_length = 40),
    (BOOLEAN, retired, .default_ = "false"));

FR_MODEL_OPTS(sprint, (TABLE("sprint"), .ordering = "-starts,id", .constraints = FR_CONSTRAINTS(
    {.name = "sprint_ends_after_its_start", .check = "ends >= starts", .message = "A sprint can't end before it starts."},
    {.name = "one_active_sprint", .unique = "team", .where = "active=true", .message = "This team has an active sprint already."},
    {.name = "measured_sprint", .unique = "name,starts", .where = "velocity__gt=0"})),
    (ID,      id),
    (FOREIGN_KEY(team), team, .related = "sprints"),
    (CHAR,    name, .max_length = 30),
    (DATE,    starts),
    (DATE,    ends),
    (BOOLEAN, active, .default_ = "false"),
    (POSITIVE_SMALL, velocity, .default_ = "0"));

FR_MODEL_OPTS(issue, (TABLE("issue"), .display = "key", .ordering = "id"),
    (ID,       id),
    (FOREIGN_KEY(team), team, .related = "issues"),
    (CHAR,     key, .max_length = 16, .unique = true, .pattern = "[A-Z]{2,6}-[0-9]+", .pattern_message = "A key looks like OPS-12."),
    (CHAR,     summary, .max_length = 120),
    (TEXT,     details, EMPTY),
    (CHAR,     kind, .max_length = 10, .choices = KINDS, .default_ = "task"),
    (POSITIVE_SMALL, severity, .choices = SEVERITIES, .default_ = "3"),
    (DECIMAL,  points, .max_digits = 5, .decimal_places = 1, MAYBE),
    (FLOAT,    score, .default_ = "0", .minimum = "-1.0", .maximum = "1.0"),
    (JSON,     tags, .blank = true, .default_ = "[]"),
    (JSON,     meta, MAYBE),
    (DATETIME, due_at, MAYBE),
    (DATE,     opened_on),
    (SLUG,     slug, EMPTY, .max_length = 30),
    (FOREIGN_KEY(user), reporter, .on_delete = FR_PROTECT, .related = "reported"),
    (FOREIGN_KEY(user), assignee, MAYBE, .on_delete = FR_SET_NULL, .related = "assigned"),
    (MANY_TO_MANY(component), components, .blank = true, .related = "issues"),
    (MANY_TO_MANY(user), watchers, .blank = true, .related = "watched"),
    (FOREIGN_KEY(issue), duplicate_of, MAYBE, .on_delete = FR_SET_NULL, .related = "duplicates"),
    (BOOLEAN,  archived, .default_ = "false"));

FR_MODEL_OPTS(shift, (TABLE("shift"), .ordering = "starts,id"),
    (ID,       id),
    (FOREIGN_KEY(user), agent, .related = "shifts"),
    (DATETIME, starts),
    (DATETIME, ends));

FR_MODEL_OPTS(step, (TABLE("step"), .ordering = "position,id"),
    (ID,      id),
    (FOREIGN_KEY(issue), issue, .related = "steps"),
    (CHAR,    text, .max_length = 80),
    (BOOLEAN, done, .default_ = "false"),
    (POSITIVE_SMALL, position, .default_ = "0"));

FR_MODEL_OPTS(work_log, (TABLE("worklog"), .ordering = "started_at,id"),
    (ID,       id),
    (FOREIGN_KEY(issue), issue, .related = "worklogs"),
    (FOREIGN_KEY(user), author, .read_only = true, .related = "worklogs"),
    (DATETIME, started_at),
    (POSITIVE, minutes, .min_value = 1, .max_value = 1440),
    (CHAR,     note, .max_length = 100, EMPTY));

FR_MODEL_OPTS(notice, (TABLE("notice"), .ordering = "id"),
    (ID,   id),
    (DATE, posted_on),
    (SLUG, slug, .max_length = 20, .unique_for_date = "posted_on"),
    (CHAR, title, .max_length = 40, EMPTY, .unique_for_month = "posted_on"),
    (CHAR, code, .max_length = 8, MAYBE, .unique_for_year = "posted_on"));

FR_MODEL_OPTS(entry, (TABLE("entry"), .ordering = "id"),
    (ID,       id),
    (CHAR,     text, .max_length = 60),
    (INTEGER,  weight, .default_ = "0"),
    (DECIMAL,  rank, .max_digits = 6, .decimal_places = 2, .default_ = "0"),
    (DATETIME, at, MAYBE));

FR_MODEL_OPTS(attachment, (TABLE("attachment"), .ordering = "id"),
    (ID,   id),
    (FOREIGN_KEY(issue), issue, .related = "attachments"),
    (CHAR, title, .max_length = 40, EMPTY),
    (FILE, file, .max_length = 60, .upload_to = "files"));

FR_MODEL_OPTS(screenshot, (TABLE("screenshot"), .ordering = "id"),
    (ID,    id),
    (FOREIGN_KEY(issue), issue, .related = "screenshots"),
    (IMAGE, image, MAYBE, .upload_to = "shots", .width_field = "width", .height_field = "height"),
    (POSITIVE, width, .null = true, .read_only = true),
    (POSITIVE, height, .null = true, .read_only = true));

/* ---- work logs of an issue ---- */

static const fr_serializer worklog_out = {.model = &work_log_model,
                                          .fields = "id,issue,author,started_at,minutes,note",
                                          .read_only = "issue,author",
                                          .declared =
                                              FR_DECLARED({"author", .source = "author.username"})};
static const fr_viewset worklogs = {.serializer = &worklog_out,
                                    .name = "Work Log",
                                    .permissions = FR_PERMISSIONS(&fr_authenticated_or_read_only),
                                    .pages = &(const fr_pages){.kind = FR_PAGE_LIMIT_OFFSET},
                                    .parents = "issue",
                                    .create_with = "author=$user"};

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

static const fr_renderer plain_text = {"text/plain", "txt", "utf-8", .render = as_text};
static const fr_renderer csv = {"text/csv", "csv", "iso-8859-1", .render = as_csv};
static const fr_renderer *const report_renderers[] = {&fr_json_renderer, &plain_text, &csv, NULL};
static const fr_serializer code_out = {.model = &team_model, .fields = "code,name"};
static const fr_viewset codes = {.serializer = &code_out};

static fr_err report(fr_req *req)
{
    fr_rows rows;
    if (fr_str_eq(req->method, FR_STR("POST"))) {
        FR_TRY(fr_reply_header(req, FR_STR("X-Report"), FR_STR("made")));
        return fr_reply_object(req, 200, "{got:%J,media:%S}", fr_req_json(req, NULL),
                               fr_api_media(req));
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
    {"path/<version>/", .handler = versioned, .api = true, .name = "Path Version",
     .versioning = &by_path},
    {"accept/", .handler = versioned, .api = true, .name = "Accept Version",
     .versioning = &by_accept},
    {"query/", .handler = versioned, .api = true, .name = "Query Version", .versioning = &by_query},
    {"ns1/", .handler = versioned, .api = true, .name = "Namespace Version",
     .versioning = &by_namespace, .version = "v1"},
    {"ns2/", .handler = versioned, .api = true, .name = "Namespace Version",
     .versioning = &by_namespace, .version = "v2"},
    {"ns9/", .handler = versioned, .api = true, .name = "Namespace Version",
     .versioning = &by_namespace, .version = "v9"},
    {0},
};

/* ---- every way in which a view can fail on purpose ---- */

static fr_err raise(fr_req *req)
{
    static const struct {
        const char *kind;
        int status;
        const char *json, *retry_after;
    } SAID[] = {
        {"api", 500, "{\"detail\":\"A server error occurred.\"}", NULL},
        {"api-text", 500, "{\"detail\":\"Broken.\"}", NULL},
        {"teapot", 418, "{\"detail\":\"Short and stout.\"}", NULL},
        {"teapot-dict", 418, "{\"why\":\"because\",\"codes\":[\"1\",\"2\"]}", NULL},
        {"teapot-list", 418, "[\"a\",\"b\"]", NULL},
        {"parse", 400, "{\"detail\":\"Malformed request.\"}", NULL},
        {"throttled", 429, "{\"detail\":\"Request was throttled.\"}", NULL},
        {"throttled-17", 429,
         "{\"detail\":\"Request was throttled. Expected available in 17 seconds.\"}", "17"},
        {"throttled-1", 429,
         "{\"detail\":\"Request was throttled. Expected available in 1 second.\"}", "1"},
        {"throttled-text", 429, "{\"detail\":\"Slow down. Expected available in 3 seconds.\"}",
         "3"},
        {"invalid", 400, "[\"Wrong.\"]", NULL},
        {"invalid-list", 400, "[\"Wrong.\",\"Very.\"]", NULL},
        {"invalid-dict", 400, "{\"a\":\"Wrong.\",\"b\":[\"x\",\"y\"]}", NULL},
        {"invalid-deep", 400,
         "{\"a\":{\"b\":[{\"c\":[\"deep\"]},{}]},\"n\":\"5\",\"t\":\"True\",\"z\":\"None\"}", NULL},
    };
    static const struct {
        const char *kind;
        fr_err err;
        const char *text; /* NULL: the one of its code */
    } FAILED[] = {
        {"auth", FR_EAUTH, "Incorrect authentication credentials."},
        {"not-auth", FR_EAUTH, "Authentication credentials were not provided."},
        {"denied", FR_EDENIED, NULL},
        {"denied-text", FR_EDENIED, "Not on Sundays."},
        {"not-found", FR_ENOTFOUND, NULL},
        {"not-found-text", FR_ENOTFOUND, "No such page."},
        {"method", FR_EMETHOD, "Method \"GET\" not allowed."},
        {"accept", FR_EACCEPTABLE, NULL},
        {"media", FR_EMEDIA, "Unsupported media type \"x/y\" in request."},
        {"http404", FR_ENOTFOUND, NULL},
        {"http404-text", FR_ENOTFOUND, "Gone fishing."},
        {"django-denied", FR_EDENIED, NULL},
        {"django-denied-text", FR_EDENIED, "Keep out."},
        {"suspicious", FR_EINVAL, "odd"},
        {"django-invalid", FR_EINTERNAL, "odd"},
        {"missing", FR_EINTERNAL, "odd"},
        {"crash", FR_EINTERNAL, "odd"},
    };
    fr_str kind = fr_req_arg(req, FR_STR("kind"));
    for (size_t i = 0; i < sizeof SAID / sizeof *SAID; i++)
        if (fr_str_eq(kind, fr_str_c(SAID[i].kind))) {
            if (SAID[i].retry_after)
                FR_TRY(fr_reply_header(req, FR_STR("Retry-After"), fr_str_c(SAID[i].retry_after)));
            return fr_reply_data(req, SAID[i].status, fr_str_c(SAID[i].json));
        }
    for (size_t i = 0; i < sizeof FAILED / sizeof *FAILED; i++)
        if (fr_str_eq(kind, fr_str_c(FAILED[i].kind)))
            return FAILED[i].text ? fr_fail(req, FAILED[i].err, "%s", FAILED[i].text)
                                  : FAILED[i].err;
    return fr_reply_data(
        req, 200,
        FR_STR(
            "{\"kinds\":[\"accept\",\"api\",\"api-text\",\"auth\",\"crash\",\"denied\",\"denied-"
            "text\","
            "\"django-denied\",\"django-denied-text\",\"django-invalid\",\"http404\",\"http404-"
            "text\","
            "\"invalid\",\"invalid-deep\",\"invalid-dict\",\"invalid-list\",\"media\",\"method\","
            "\"missing\",\"not-auth\",\"not-found\",\"not-found-text\",\"parse\",\"suspicious\","
            "\"teapot\",\"teapot-dict\",\"teapot-list\",\"throttled\",\"throttled-1\","
            "\"throttled-17\",\"throttled-text\"]}"));
}

/* ---- serializers ---- */

static const fr_serializer team_out = {.model = &team_model,
                                       .fields = "code,name,lead,members",
                                       .declared = FR_DECLARED({"lead", .slug = "username"})};

static const fr_serializer membership_out = {
    .model = &membership_model,
    .fields = "id,team,user,role",
    .declared = FR_DECLARED({"team", .slug = "code"}, {"user", .slug = "username"})};

static const fr_serializer component_out = {.model = &component_model,
                                            .fields = "id,team,name,retired",
                                            .declared = FR_DECLARED({"team", .slug = "code"})};

static const fr_serializer step_out = {.model = &step_model, .fields = "id,text,done,position"};

static fr_err is_overdue(fr_ctx *ctx, const void *row, fr_str *json)
{
    const issue *i = row;
    (void)ctx;
    *json =
        !FR_IS_NULL(i, due_at) && i->due_at < INT64_C(1704067200000000) /* 2024 */ ? FR_STR("true")
                                                                                   : FR_STR(
                                                                                         "false");
    return FR_OK;
}

static fr_err points_are_halves(fr_input *in, const void *value)
{
    const fr_str *points = value; /* NULL: null */
    if (!points)
        return FR_OK;
    char last = points->p[points->n - 1];
    return last == '0' || last == '5' ? FR_OK : fr_invalid(in, "points", "Points go in halves.");
}

static fr_err tags_are_strings(fr_input *in, const void *value)
{
    const fr_pair *tags;
    size_t count = 0;
    const fr_str *json = value;
    bool is_list = json->p[0] == '[' && fr_json_pairs(in, *json, &tags, &count) == FR_OK;
    for (size_t i = 0; is_list && i < count; i++)
        is_list = tags[i].value.p[0] == '"';
    if (is_list)
        return FR_OK;
    fr_invalid(in, "tags", "Tags are a list of strings.");
    return fr_invalid(in, "tags", "Nothing else will do.");
}

static fr_err is_consistent(fr_input *in, void *row, const void *old)
{
    const issue *i = row;
    fr_rows named;
    component c;
    (void)old;
    if (i->severity == 1 && FR_IS_NULL(i, due_at)) {
        fr_invalid(in, "due_at", "An outage needs a date.");
        return fr_invalid(in, "severity", "Or lower this.");
    }
    FR_TRY(fr_input_related(in, "components", &named));
    while (fr_rows_next(&named, &c))
        if (c.team != i->team)
            return fr_invalid(in, NULL, "Components belong to another team.");
    return FR_OK;
}

static const fr_serializer issue_out = {
    .model = &issue_model,
    .fields = "id,key,team,summary,details,kind,kind_label,severity,points,score,tags,meta,due_at,"
              "opened_on,slug,reporter,"
              "assignee,components,watchers,duplicate_of,archived,steps,overdue",
    .read_only = "archived",
    .declared = FR_DECLARED(
        {"summary",
         FR_WITH(.min_length = 4, .messages = FR_MESSAGES({"blank", "Say what is wrong."}))},
        {"team", .slug = "code"}, {"reporter", .source = "reporter"},
        {"watchers", .slug = "username", .optional = true},
        {"steps", .nested = &step_out, .writable = true, .by_key = true, .optional = true},
        {"kind_label", .label_of = "kind"}, {"overdue", .compute = is_overdue},
        {"points", .validate = points_are_halves}, {"tags", .validate = tags_are_strings}),
    .validate = is_consistent};

static fr_err texts_differ(fr_input *in, void *rows, size_t count)
{
    const entry *entries = rows;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (fr_str_eq(entries[i].text, entries[k].text))
                return fr_invalid(in, NULL, "Texts must differ within one request.");
    return FR_OK;
}

static const fr_serializer bulk_entry_in = {.model = &entry_model, .validate_list = texts_differ};

static const fr_viewset teams, components, hyper_issues;

static const fr_serializer hyper_issue_out = {
    .model = &issue_model,
    .fields = "url,summary,team,components,duplicate_of,opened_on,slug,duplicates",
    .declared =
        FR_DECLARED({"url", .link = &hyper_issues}, {"team", .link = &teams},
                    {"components", .link = &components}, {"duplicate_of", .link = &hyper_issues},
                    {"duplicates", .source = "duplicates", .link = &hyper_issues})};

/* ---- actions of an issue ---- */

static fr_err one_step(fr_req *req)
{
    issue i;
    step one;
    FR_TRY(fr_load(req, &i));
    fr_err err = fr_get(req, &step_model, fr_req_arg_int(req, FR_STR("step")), &one);
    if (err || one.issue != i.id)
        return fr_fail(req, FR_ENOTFOUND, "No Step matches the given query.");
    return fr_reply(req, &one);
}

static fr_err count_by_kind(fr_req *req)
{
    static const char *const NAMES[] = {"bug", "task", "question", "other"};
    size_t counts[4] = {0}, order[4], seen = 0;
    fr_rows rows;
    issue i;
    FR_TRY(fr_list_filtered(req, &rows));
    while (fr_rows_next(&rows, &i))
        for (size_t k = 0; k < 4; k++)
            if (fr_str_eq(i.kind, fr_str_c(NAMES[k])) && counts[k]++ == 0)
                order[seen++] = k;
    fr_str json = FR_STR("{");
    for (size_t k = 0; k < seen; k++)
        json = fr_arena_printf(req->ctx->arena, "%.*s%s\"%s\":%zu", FR_FMT(json), k ? "," : "",
                               NAMES[order[k]], counts[order[k]]);
    return fr_reply_data(req, 200, fr_arena_printf(req->ctx->arena, "%.*s}", FR_FMT(json)));
}

static fr_err assign(fr_req *req)
{
    issue i;
    fr_str json, who;
    FR_TRY(fr_load(req, &i));
    FR_TRY(fr_read_data(req, &json));
    FR_TRY(fr_json_member(req, json, FR_STR("user"), &who));
    FR_SET(&i, assignee, atoll(who.p));
    FR_TRY(fr_store(req, &i));
    return fr_reply_data(req, 202, json);
}

static fr_err watch(fr_req *req)
{
    issue i;
    const fr_user *who = fr_user_of(req);
    FR_TRY(fr_load(req, &i));
    if (!who)
        return FR_EAUTH;
    if (fr_str_eq(req->method, FR_STR("DELETE"))) {
        FR_TRY(fr_related_remove(req, &issue_model, &i, "watchers", FR_IDS(who->id)));
        return fr_reply_object(req, 200, "{watching:%b}", false);
    }
    FR_TRY(fr_related_add(req, &issue_model, &i, "watchers", FR_IDS(who->id)));
    return fr_reply_data(req, 204, (fr_str){0});
}

static fr_err purge(fr_req *req)
{
    int64_t gone;
    FR_TRY(fr_delete_all(req, &issue_model, FR_STR("archived=true"), &gone));
    return fr_reply_object(req, 200, "{purged:%lld}", (long long)gone);
}

/* ---- what a handler reads without a model ---- */

#define COLORS FR_CHOICES({"red", "Red"}, {"green", "Green"}, {"blue", "Blue"})

static fr_err somewhere(fr_input *in, void *row, const void *old)
{
    (void)row, (void)old;
    return fr_str_eq(fr_input_text(in, "street"), FR_STR("Nowhere"))
               ? fr_invalid(in, NULL, "There is no such street.")
               : FR_OK;
}

/* A field that need not be sent. */
#define MAY(name_, ...)                                                                            \
    {                                                                                              \
        name_, .optional = true, __VA_ARGS__                                                       \
    }
#define DEGREES(most)                                                                              \
    FR_INPUT(DECIMAL, .max_digits = 8, .decimal_places = 5, .min_value = -(most),                  \
             .max_value = (most))

static const fr_serializer assign_in = {
    .declared =
        FR_DECLARED({"user", FR_INPUT(FOREIGN_KEY, .to = &user_model, .among = "is_active=true")},
                    MAY("comment", FR_INPUT(CHAR, .max_length = 20, .blank = true)),
                    {"notify", FR_INPUT(BOOLEAN, .default_ = "true")})};
static const fr_serializer geo_in = {.declared =
                                         FR_DECLARED({"lat", DEGREES(90)}, {"lon", DEGREES(180)})};
static const fr_serializer address_in = {
    .declared = FR_DECLARED({"street", FR_INPUT(CHAR, .max_length = 20)},
                            MAY("zip", FR_INPUT(CHAR, .pattern = "[0-9]{5}")),
                            MAY("geo", .nested = &geo_in, .null = true)),
    .validate = somewhere};
static const fr_serializer contact_in = {
    .declared = FR_DECLARED({"name", FR_INPUT(TEXT)}, MAY("mail", FR_INPUT(EMAIL)))};
static const fr_declared floats = {.shape = FR_LIST, FR_INPUT(FLOAT)};

static const fr_serializer lab_in = {
    .declared = FR_DECLARED(
        MAY("tags", .shape = FR_LIST, .min_items = 1, .max_items = 3,
            FR_INPUT(CHAR, .max_length = 5)),
        MAY("numbers", .shape = FR_LIST, .not_empty = true, FR_INPUT(INTEGER, .has_min = true)),
        MAY("matrix", .shape = FR_LIST, .each = &floats),
        MAY("options", .shape = FR_DICT, FR_INPUT(INTEGER)),
        MAY("anything", .shape = FR_DICT, .not_empty = true),
        MAY("level",
            FR_INPUT(TEXT, .null = true,
                     .choices = FR_CHOICES(FR_NUMBER(1, "One"), FR_NUMBER(2, "Two"), {"x", "Ex"}))),
        MAY("code", FR_INPUT(CHAR, .pattern = "[a-z]{3}[0-9]")),
        MAY("handle", FR_INPUT(SLUG, .unicode = true)),
        MAY("price", FR_INPUT(DECIMAL, .max_digits = 6, .decimal_places = 2, .as_number = true,
                              .rounding = FR_ROUND_HALF_UP)),
        MAY("tidy", FR_INPUT(DECIMAL, .max_digits = 8, .decimal_places = 3, .normalized = true)),
        MAY("free", FR_INPUT(DECIMAL)),
        MAY("capped", FR_INPUT(DECIMAL, .max_digits = 5, .decimal_places = 2, .min_value = 1,
                               .max_value = 100)),
        MAY("small", FR_INPUT(INTEGER, .min_value = 1, .max_value = 10)),
        MAY("big", FR_INPUT(BIGINT, .as_text = true)),
        MAY("ratio", FR_INPUT(FLOAT, .has_min = true, .max_value = 1)),
        MAY("when", FR_INPUT(DATETIME, .format = "%d.%m.%Y %H:%M",
                             .input_formats = "%d.%m.%Y %H:%M;iso-8601")),
        MAY("berlin", FR_INPUT(DATETIME, .zone = "Europe/Berlin")),
        MAY("day", FR_INPUT(DATE, .format = "%d %b %Y", .input_formats = "%d/%m/%Y")),
        MAY("clock", FR_INPUT(TIME, .format = "%H:%M")),
        MAY("wait", FR_INPUT(DURATION, .format = "iso-8601")),
        MAY("pause", FR_INPUT(DURATION, .minimum = "0:01:00", .maximum = "1 00:00:00")),
        MAY("uid", FR_INPUT(UUID, .format = "hex")), MAY("ipv4", FR_INPUT(IP, .protocol = "IPv4")),
        MAY("ipv6", FR_INPUT(IP, .protocol = "IPv6")),
        MAY("raw", FR_INPUT(TEXT, .untrimmed = true, .blank = true)),
        MAY("short", FR_INPUT(CHAR, .min_length = 2, .max_length = 4)),
        MAY("maybe", FR_INPUT(BOOLEAN, .null = true)),
        MAY("secret", FR_INPUT(TEXT, .secret = true)),
        MAY("address", .nested = &address_in, .null = true),
        MAY("contacts", .shape = FR_LIST, .nested = &contact_in, .not_empty = true, .max_items = 2),
        MAY("document", FR_INPUT(JSON)), {"source", .value = "lab"})};

static const fr_serializer palette_in = {
    .declared = FR_DECLARED(
        {"colors", .shape = FR_CHOICES, .not_empty = true, FR_INPUT(CHAR, .choices = COLORS)},
        MAY("extra", .shape = FR_CHOICES,
            FR_INPUT(CHAR, .choices = FR_CHOICES(FR_NUMBER(1, "One"), {"2", "Two"}))))};

static fr_err understood(fr_req *req)
{
    fr_str json;
    FR_TRY(fr_read_data(req, &json));
    return fr_reply_data(req, 200, json);
}

/* ---- filters ---- */

/* Who is not known sees all. */
static fr_err only_mine(fr_ctx *ctx, fr_str value, fr_str *filter)
{
    const fr_user *who = fr_user_of(ctx);
    bool is_asked = fr_str_eq_nocase(value, FR_STR("true"));
    *filter = FR_STR("");
    if (who && is_asked)
        *filter = fr_arena_printf(ctx->arena, "reporter=%lld", (long long)who->id);
    return filter->p ? FR_OK : FR_ENOMEM;
}

static const fr_filter_decl issue_filters[] = {
    {"team", .path = "team__code__in"},
    {"due", .path = "due_at", .range = true},
    {"no_due", .path = "due_at__isnull"},
    {"opened", .path = "opened_on", .period = true},
    {"opened_between", .path = "opened_on__range"},
    {"watcher", .path = "watchers__username"},
    {"mine", .method = only_mine},
    {"kind", .many = true},
    {"kind_not", .path = "kind", .exclude = true},
    {"owner", .path = "assignee", .null_choice = true},
    {"component", .path = "components__name", .many = true, .all = true, .existing = true},
    {"order", .order = "points,due_at,team__code=team"},
    {0}};

/* ---- views ---- */

static const fr_pages twenty = {.rows = 20, .page_param = "p", .last = "end"};
static const fr_pages feed_pages = {FR_PAGE_CURSOR, .rows = 5, .size_param = "size", .max_rows = 20,
                                    .ordering = "weight,-id"};
static const fr_pages rank_pages = {FR_PAGE_CURSOR, .rows = 4, .page_param = "after",
                                    .ordering = "-rank"};

static const fr_serializer shift_out = {.model = &shift_model,
                                        .fields = "id,agent,starts,ends",
                                        .declared = FR_DECLARED({"agent", .slug = "username"})};

static fr_err zone_of_header(fr_req *req)
{
    fr_str name = fr_req_header(req, FR_STR("x-time-zone"));
    return name.p ? fr_use_zone(req, name) : FR_OK;
}

static const fr_viewset teams = {.serializer = &team_out,
                                 .permissions = FR_PERMISSIONS(&fr_model_permissions_or_read_only),
                                 .lookup = "code",
                                 .lookup_pattern = "[a-z0-9-]+",
                                 .ordering_fields = ""};
static const fr_viewset memberships = {.serializer = &membership_out, .ordering_fields = ""};
static const fr_viewset components = {.serializer = &component_out,
                                      .search = "=name,team__code,$team__name"};
static const fr_viewset sprints = {.model = &sprint_model,
                                   .ordering_fields = "",
                                   .description = "Sprints. At most one per team is active."};
static const fr_viewset issues = {
    .serializer = &issue_out,
    .permissions = FR_PERMISSIONS(&fr_authenticated_or_read_only),
    .visible = "archived=false",
    .create_with = "reporter=$user",
    .destroy_with = "archived=true",
    .pages = &twenty,
    .ordering = "-id",
    .plain_filters = true,
    .filters = issue_filters,
    .filter = "severity,severity__in,severity__gte,severity__range,points,points__lt,points__"
              "isnull,points__range,key,"
              "key__startswith,key__iregex,opened_on,opened_on__year__gt,opened_on__week_day,"
              "opened_on__quarter,duplicate_of,"
              "duplicate_of__isnull,team__lead__username,team__lead__username__icontains,due_at__"
              "date,due_at__hour,due_at__year,"
              "archived",
    .search = "summary,^key,components__name,watchers__username,tags",
    .extra =
        FR_ACTIONS({"assign", assign, .methods = "POST", .is_detail = true,
                    .serializer = &assign_in, .description = "Gives the issue to somebody."},
                   {"watch", watch, .methods = "POST,DELETE", .is_detail = true},
                   {"purge", purge, .methods = "POST", .permissions = FR_PERMISSIONS(&fr_is_admin)},
                   {"steps/<[0-9]+:step>", .handler = one_step, .is_detail = true,
                    .serializer = &step_out, .name = "One step"},
                   {"count-by-kind", .handler = count_by_kind, .no_search = true}),
    .description = "Issues of every team.\n\nAnybody reads, who is logged in writes."};
static const fr_viewset hyper_issues = {.serializer = &hyper_issue_out,
                                        .name = "Hyper Issue",
                                        .lookup = "key",
                                        .ordering_fields = "",
                                        .create_with = "reporter=1&key=NEW-1"};
static const fr_viewset shifts = {
    .serializer = &shift_out,
    .ordering_fields = "",
    .begin = zone_of_header,
    .description = "Times are shown and understood in the zone that the header X-Time-Zone names."};
static const fr_viewset notices = {.model = &notice_model, .ordering_fields = ""};
static const fr_viewset feed = {.model = &entry_model,
                                .name = "Feed",
                                .read_only = true,
                                .pages = &feed_pages,
                                .ordering_fields = "weight,id,at"};
static const fr_viewset ranked = {.model = &entry_model,
                                  .name = "Ranked",
                                  .read_only = true,
                                  .pages = &rank_pages,
                                  .ordering_fields = ""};
static const fr_viewset entries = {
    .serializer = &bulk_entry_in,
    .bulk_create = true,
    .bulk_not_empty = true,
    .bulk_max = 5,
    .ordering_fields = "__all__",
    .description = "A list in the body makes several entries: one to five of them."};

static const fr_viewset cards = {.serializer = &issue_out,
                                 .name = "Card",
                                 .no_suffix = true,
                                 .description = "One issue, with ETag and Last-Modified.",
                                 .actions = "retrieve,update,partial_update",
                                 .condition = version_of_card};

/* ---- files ---- */

static const fr_serializer screenshot_out = {.model = &screenshot_model,
                                             .fields = "id,issue,image,width,height"};
static const fr_serializer attachment_out = {.model = &attachment_model,
                                             .fields = "id,issue,title,file"};
static const fr_viewset attachments = {.serializer = &attachment_out,
                                       .parsers = "multipart/form-data,application/json"};
static const fr_viewset screenshots = {.serializer = &screenshot_out};

/* The SHA-1 of a file as hexadecimal digits. */
static fr_err sha1_of(const fr_file *file, char out[41])
{
    char piece[4096];
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t got;
    EVP_MD_CTX *sum = EVP_MD_CTX_new();
    fr_err err = sum && EVP_DigestInit_ex(sum, EVP_sha1(), NULL) ? FR_OK : FR_ENOMEM;
    for (uint64_t at = 0; err == FR_OK && at < file->bytes; at += got) {
        err = fr_file_read(file, at, piece, sizeof piece, &got);
        if (err == FR_OK)
            EVP_DigestUpdate(sum, piece, got);
    }
    if (err == FR_OK && EVP_DigestFinal_ex(sum, digest, NULL))
        for (int i = 0; i < 20; i++)
            snprintf(out + (ptrdiff_t)2 * i, 3, "%02x", digest[i]);
    EVP_MD_CTX_free(sum);
    return err;
}

static fr_err drop(fr_req *req)
{
    const fr_file *file;
    char sha1[41] = "";
    FR_TRY(fr_req_upload(req, &file));
    FR_TRY(sha1_of(file, sha1));
    return fr_reply_object(req, 200, "{name:%S,size:%lld,type:%S,sha1:%s,keys:%J}", file->file_name,
                           (long long)file->bytes, file->content_type, sha1, FR_STR("[\"file\"]"));
}

/* ---- how often ---- */

static const fr_throttle two_in_three_seconds = {.scope = "quick",
                                                 .rate = "2/3s",
                                                 .of_addresses = true},
                         twice_a_day = {.scope = "user", .rate = "2/day"},
                         thrice_an_hour = {.scope = "anon", .rate = "3/hour", .of_anonymous = true};

static fr_err quick(fr_req *req)
{
    return fr_reply_data(req, 200, FR_STR("{\"quick\":true}"));
}

static fr_err slow(fr_req *req)
{
    return fr_reply_data(req, 200, FR_STR("{\"slow\":true}"));
}

/* ---- one view for each way to tell who one is ---- */

/* Of a token its beginning; DRF knows nothing of the kind of other ways in. */
static fr_str shown_by(fr_req *req)
{
    fr_str by = fr_authenticated_by(req), header = fr_req_header(req, FR_STR("authorization"));
    bool is_token = fr_str_eq(by, FR_STR("TokenAuthentication")) ||
                    fr_str_eq(by, FR_STR("BearerAuthentication"));
    return is_token && header.n > 40 ? (fr_str){header.p + header.n - 40, 8} : FR_STR("None");
}

static fr_err who_is_it(fr_req *req)
{
    const fr_user *asker = fr_user_of(req);
    fr_str name = asker ? asker->username : FR_STR("");
    if (fr_is_safe(req))
        return fr_reply_object(req, 200, "{username:%S,auth:%S}", name, shown_by(req));
    return fr_reply_object(req, 200, "{username:%S,data:%J}", name, fr_req_json(req, NULL));
}

static fr_err reads(fr_asker *who)
{
    return fr_is_safe(who) ? FR_OK : FR_EDENIED;
}

static const fr_authenticator bearer_auth = {
    .name = "BearerAuthentication", .find = fr_find_token, .keyword = "Bearer"};
static const fr_permission read_only = {.view = reads};

#define WHO .handler = who_is_it, .api = true, .methods = "GET,POST"
static const fr_route ways[] = {
    {"basic/", WHO, .authentication = FR_AUTHENTICATORS(&fr_basic_auth)},
    {"bearer/", WHO, .authentication = FR_AUTHENTICATORS(&bearer_auth, &fr_basic_auth)},
    {"none/", WHO, .authentication = FR_NOBODY},
    {"staff-or-read/", WHO,
     .permissions =
         FR_PERMISSIONS(fr_all_of(&fr_is_authenticated, fr_any_of(&read_only, &fr_is_admin)))},
    {0},
};

const fr_route desk_routes[] = {
    {"quick/", .handler = quick, .api = true, .throttles = FR_THROTTLES(&two_in_three_seconds)},
    {"slow/", .handler = slow, .api = true, .methods = "GET,POST",
     .throttles = FR_THROTTLES(&twice_a_day, &thrice_an_hour)},
    {"auth/", .include = ways, .permissions = FR_PERMISSIONS(&fr_is_authenticated)},
    {"public/", WHO},
    {"teams/", .viewset = &teams},
    {"memberships/", .viewset = &memberships},
    {"components/", .viewset = &components},
    {"sprints/", .viewset = &sprints},
    {"issues/", .viewset = &issues},
    {"hyper-issues/", .viewset = &hyper_issues},
    {"attachments/", .viewset = &attachments},
    {"screenshots/", .viewset = &screenshots},
    {"shifts/", .viewset = &shifts},
    {"feed/", .viewset = &feed},
    {"ranked/", .viewset = &ranked},
    {"entries/", .viewset = &entries},
    {"notices/", .viewset = &notices},
    {"issues/<issue_pk>/worklogs/", .viewset = &worklogs},
    {"card/", .viewset = &cards},
    {"report/", .handler = report, .api = true, .name = "Report", .methods = "GET,POST",
     .renderers = report_renderers},
    {"lab/", .handler = understood, .api = true, .name = "Lab", .methods = "POST,PATCH",
     .serializer = &lab_in},
    {"palette/", .handler = understood, .api = true, .name = "Palette", .methods = "POST,PATCH",
     .serializer = &palette_in},
    {"raise/<slug:kind>/", .handler = raise, .api = true, .name = "Raise",
     .description = "Every way in which a view can fail on purpose."},
    {"version/", .include = versions},
    {"drop/", .handler = drop, .api = true, .methods = "PUT", .raw = true},
    {"drop/<filename>", .handler = drop, .api = true, .name = "Drop", .methods = "PUT",
     .raw = true},
    {0},
};

/* The same teams, and what somebody has logged, at URLs without a slash at their ends. */
static const fr_viewset logs_of = {.serializer = &worklog_out,
                                   .name = "Logs Of",
                                   .actions = "list",
                                   .parents = "author__username=who"};
const fr_route flat_routes[] = {
    {"teams", .viewset = &teams}, {"people/<[a-z]+:who>/logs", .viewset = &logs_of}, {0}};

/* ---- consumers: closing, accepting, sending ---- */

static fr_err close_with_reason(fr_sock *sock, fr_str text)
{
    return fr_close(sock, 4000, fr_arena_printf(sock->ctx->arena, "because %.*s", FR_FMT(text)));
}

static fr_err close_at_once(fr_sock *sock)
{
    return fr_close(sock, 4001, FR_STR("not today"));
}

static fr_err send_behind_close(fr_sock *sock, fr_str message)
{
    (void)message;
    FR_TRY(fr_send(sock, FR_STR("one")));
    FR_TRY(fr_close(sock, 4002, FR_STR("")));
    (void)fr_send(sock, FR_STR("two")); /* is closed: FR_ECANCELED */
    return FR_OK;
}

static fr_err send_first(fr_sock *sock)
{
    return fr_send(sock, FR_STR("too early"));
}

static fr_err fail_behind_accept(fr_sock *sock)
{
    FR_TRY(fr_accept(sock));
    FR_TRY(fr_send(sock, FR_STR("hello")));
    return FR_EINTERNAL;
}

static fr_err deny_behind_accept(fr_sock *sock)
{
    FR_TRY(fr_accept(sock));
    return fr_close(sock, 1000, FR_STR(""));
}

static fr_err accept_twice(fr_sock *sock)
{
    FR_TRY(fr_accept(sock));
    return fr_accept(sock) ? FR_EINTERNAL : FR_OK;
}

static fr_err accept_with_headers(fr_sock *sock)
{
    FR_TRY(fr_accept_header(sock, FR_STR("x-desk"), FR_STR("yes")));
    FR_TRY(fr_accept_header(sock, FR_STR("x-ticket"), FR_STR("17")));
    return fr_accept(sock);
}

static fr_err tell_offers(fr_sock *sock)
{
    fr_str all = FR_STR("");
    const fr_scope *scope = sock->scope;
    for (size_t i = 0; i < scope->subprotocol_count; i++)
        all = fr_arena_printf(sock->ctx->arena, "%.*s%s%.*s", FR_FMT(all), i ? "," : "",
                              FR_FMT(fr_json_quote(sock, scope->subprotocols[i])));
    FR_TRY(fr_accept(sock));
    return fr_send(sock, fr_arena_printf(sock->ctx->arena, "[%.*s]", FR_FMT(all)));
}

static fr_err send_nothing(fr_sock *sock, fr_str message)
{
    (void)message;
    return fr_fail(sock, FR_EINTERNAL, "a message has no content");
}

static fr_err send_text(fr_sock *sock, fr_str message)
{
    (void)message;
    return fr_send(sock, FR_STR("text"));
}

static fr_err send_ok(fr_sock *sock, fr_str message)
{
    (void)message;
    return fr_send(sock, FR_STR("ok"));
}
static void fail_at_the_end(fr_sock *sock, uint16_t code)
{
    (void)sock;
    FR_ERROR("disconnect.failed", FR_KV_U("code", code));
}

/* Under Daphne the socket of a consumer that has stopped stays, and nothing answers. */
static fr_err stop_or_close(fr_sock *sock, fr_str message)
{
    if (fr_str_eq(message, FR_STR("stop")))
        return FR_OK;
    if (fr_str_eq(message, FR_STR("close")))
        return fr_close(sock, 3333, FR_STR(""));
    return fr_send(sock, fr_arena_printf(sock->ctx->arena, "sync %.*s", FR_FMT(message)));
}

static const fr_consumer close_reason = {.receive = close_with_reason},
                         close_before = {.connect = close_at_once},
                         after_close = {.receive = send_behind_close},
                         sending_first = {.connect = send_first},
                         failing_behind_accept = {.connect = fail_behind_accept},
                         denying_behind_accept = {.connect = deny_behind_accept},
                         accepting_twice = {.connect = accept_twice},
                         accept_headers = {.connect = accept_with_headers},
                         any_subprotocol = {.connect = tell_offers, .subprotocols = "desk.v1"},
                         empty_send = {.receive = send_nothing},
                         both_kinds = {.receive = send_text}, stops = {.receive = stop_or_close},
                         fails_in_disconnect = {.receive = send_ok, .disconnect = fail_at_the_end};

/* ---- consumers: what a URL says ---- */

/* ["int", "7"] for 007: what a converter makes of the text. */
static fr_str told(fr_sock *sock, fr_str name, const char *type, bool is_first)
{
    fr_str value = fr_sock_arg(sock, name);
    while (type[0] == 'i' && value.n > 1 && value.p[0] == '0')
        value = (fr_str){value.p + 1, value.n - 1};
    /* an inner argument stands for the outer one of its name, and a pattern has each name once */
    if (fr_str_eq(name, FR_STR("again")))
        name = FR_STR("outer");
    return fr_arena_printf(sock->ctx->arena, "%s%.*s:[\"%s\",%.*s]", is_first ? "" : ",",
                           FR_FMT(fr_json_quote(sock, name)), type,
                           FR_FMT(fr_json_quote(sock, value)));
}

static fr_err tell_arguments(fr_sock *sock)
{
    static const struct {
        const char *name, *type;
    } ARGUMENTS[] = {{"id", "UUID"},   {"inner", "str"}, {"name", "str"}, {"number", "int"},
                     {"again", "int"}, {"outer", "int"}, {"rest", "str"}};
    bool is_again = fr_sock_arg(sock, FR_STR("again")).p,
         is_converted = fr_sock_arg(sock, FR_STR("number")).p;
    fr_str all = is_converted ? FR_STR("\"extra\":[\"int\",\"5\"]") : FR_STR("");
    for (size_t i = 0; i < sizeof ARGUMENTS / sizeof *ARGUMENTS; i++) {
        fr_str name = fr_str_c(ARGUMENTS[i].name);
        bool is_hidden = is_again && fr_str_eq(name, FR_STR("outer"));
        if (fr_sock_arg(sock, name).p && !is_hidden)
            all = fr_arena_printf(sock->ctx->arena, "%.*s%.*s", FR_FMT(all),
                                  FR_FMT(told(sock, name, ARGUMENTS[i].type, !all.n)));
    }
    FR_TRY(fr_accept(sock));
    return fr_send(sock, fr_arena_printf(sock->ctx->arena, "{%.*s}", FR_FMT(all)));
}
static const fr_consumer converters = {.connect = tell_arguments};

/* ---- consumers: JSON ---- */

static bool is_constant(fr_str text)
{
    return fr_str_eq(text, FR_STR("NaN")) || fr_str_eq(text, FR_STR("Infinity"));
}

static const char *python_type(fr_str json)
{
    if (is_constant(json))
        return "float";
    switch (json.p[0]) {
    case '{': return "dict";
    case '[': return "list";
    case '"': return "str";
    case 't':
    case 'f': return "bool";
    case 'n': return "NoneType";
    default: break;
    }
    for (size_t i = 0; i < json.n; i++)
        if (json.p[i] == '.' || json.p[i] == 'e' || json.p[i] == 'E')
            return "float";
    return "int";
}

/* Any value that is JSON, of which Python's also has NaN. What is none is the consumer's fault, as it does not catch it. */
static fr_err check_json(fr_sock *sock, fr_str text)
{
    fr_str value, wrapped = fr_arena_printf(sock->ctx->arena, "{\"v\":%.*s}", FR_FMT(text));
    if (is_constant(text) || fr_json_member(sock, wrapped, FR_STR("v"), &value) == FR_OK)
        return FR_OK;
    return fr_fail(sock, FR_EINTERNAL, "not JSON: %.*s", FR_FMT(text));
}

static fr_err answer_json(fr_sock *sock, fr_str text)
{
    FR_TRY(check_json(sock, text));
    bool is_close = fr_str_eq(text, FR_STR("\"close\"")),
         is_code = fr_str_eq(text, FR_STR("\"code\""));
    if (is_close || is_code) {
        FR_TRY(fr_send(sock, FR_STR("{\"last\":true}")));
        return fr_close(sock, is_code ? 4500 : 1000, FR_STR(""));
    }
    if (fr_str_eq(text, FR_STR("\"nan\"")))
        return fr_send(sock,
                       FR_STR("[NaN, Infinity, 1e+22, 1.0, 1000000000000000000000000000000]"));
    if (fr_str_eq(text, FR_STR("\"text\"")))
        return fr_send(sock, FR_STR("\"\u00fcn\u00ef \\u2028 \\\" \\\\ / \\u007f \U0001f680\""));
    return fr_send(sock, fr_json_object(sock, "{got:%J,type:%s}", text, python_type(text)));
}

/* An error in the text is answered, and not fatal; no text at all is. */
static fr_err echo_compact(fr_sock *sock, fr_str text)
{
    static const char PREFIX[] = "JSON parse error - ";
    fr_str value;
    if (!text.n)
        return fr_fail(sock, FR_EINTERNAL, "No text.");
    if (check_json(sock, text) == FR_OK)
        return fr_send(sock, text);
    (void)fr_json_member(sock, text, FR_STR(""),
                         &value); /* its words are about the text as it came */
    fr_str why = sock->ctx->detail;
    if (why.n > sizeof PREFIX - 1)
        why = (fr_str){why.p + sizeof PREFIX - 1, why.n - (sizeof PREFIX - 1)};
    return fr_send(sock, fr_json_object(sock, "{error:%S}", why));
}
static const fr_consumer json_types = {.receive = answer_json},
                         compact_json = {.receive = echo_compact},
                         told_origins = {
                             .receive = echo_compact,
                             .origins = ".example.com,http://exact.test:8080,https://safe.test"};

/* ---- consumers: rooms. Everything said goes through groups, as {"say":…} or {"kick":…} ---- */

static fr_err say(fr_sock *sock, fr_str room, fr_str json)
{
    return fr_group_send(sock, room, fr_json_object(sock, "{text:%J}", json));
}

static fr_err needed(fr_sock *sock, fr_str message, fr_str name, fr_str *json)
{
    *json = (fr_str){0};
    FR_TRY(spelled(sock, message, name, json));
    return json->p ? FR_OK : fr_fail(sock, FR_EINTERNAL, "KeyError: %.*s", FR_FMT(name));
}

static fr_err burst(fr_sock *sock, fr_str room, fr_str message)
{
    fr_str count;
    FR_TRY(needed(sock, message, FR_STR("count"), &count));
    unsigned n = 0;
    for (size_t i = 0; i < count.n && n < 1000; i++)
        n = n * 10 + (unsigned)(count.p[i] - '0');
    FR_TRY(fr_send(sock, fr_json_object(sock, "{sent:%d}", (int)n)));
    for (unsigned i = 0; i < n; i++)
        FR_TRY(say(sock, room, fr_arena_printf(sock->ctx->arena, "%u", i)));
    return FR_OK;
}

static fr_err command(fr_sock *sock, fr_str message)
{
    fr_str what, json, room;
    FR_TRY(needed(sock, message, FR_STR("do"), &json));
    what = fr_json_unquote(sock, json);
    if (fr_str_eq(
            what,
            FR_STR("self"))) { /* what comes by a group comes behind what this handler sends */
        FR_TRY(fr_send(sock, FR_STR("{\"before\":true}")));
        return fr_send(sock, FR_STR("{\"text\":\"to myself\"}"));
    }
    FR_TRY(needed(sock, message, FR_STR("room"), &json));
    room = fr_json_unquote(sock, json);
    if (fr_str_eq(what, FR_STR("join"))) {
        FR_TRY(fr_group_add(sock, room));
        return fr_send(sock, fr_json_object(sock, "{joined:%S}", room));
    }
    if (fr_str_eq(what, FR_STR("leave"))) {
        FR_TRY(fr_group_discard(sock, room));
        return fr_send(sock, fr_json_object(sock, "{left:%S}", room));
    }
    if (fr_str_eq(what, FR_STR("burst")))
        return burst(sock, room, message);
    if (fr_str_eq(what, FR_STR("say"))) {
        FR_TRY(needed(sock, message, FR_STR("text"), &json));
        return say(sock, room, json);
    }
    if (fr_str_eq(what, FR_STR("kick")) || fr_str_eq(what, FR_STR("raw")))
        return fr_group_send(sock, room, message);
    return FR_OK;
}

/* A kick closes whoever hears it; an event that no method is for is the consumer's fault. */
static fr_err heard(fr_sock *sock, fr_str group, fr_str text)
{
    fr_str what, code;
    (void)group;
    if (fr_json_member(sock, text, FR_STR("do"), &what))
        return fr_send(sock, text);
    if (!fr_str_eq(what, FR_STR("kick")))
        return fr_fail(sock, FR_EINTERNAL, "no handler for this event");
    FR_TRY(fr_json_member(sock, text, FR_STR("code"), &code));
    unsigned number = 0;
    for (size_t i = 0; i < code.n && i < 5; i++)
        number = number * 10 + (unsigned)(code.p[i] - '0');
    return fr_close(sock, (uint16_t)number, FR_STR(""));
}

/* The other consumer of the same group: whatever is said to it is said to all, and what it hears it calls otherwise. */
static fr_err say_to_everybody(fr_sock *sock, fr_str text)
{
    FR_TRY(check_json(sock, text));
    if (fr_str_eq(text, FR_STR("\"fail\"")))
        return fr_fail(sock, FR_EINTERNAL, "failed on purpose");
    return say(sock, FR_STR("desk_everybody"), text);
}
static fr_err heard_in_sync(fr_sock *sock, fr_str group, fr_str text)
{
    fr_str json;
    if (needed(sock, text, FR_STR("text"), &json))
        return heard(sock, group, text);
    return fr_send(sock, fr_json_object(sock, "{sync:%J}", json));
}
static const fr_consumer desk = {.receive = command,
                                 .group_message = heard,
                                 .groups = "desk_everybody"},
                         sync_desk = {.receive = say_to_everybody,
                                      .group_message = heard_in_sync,
                                      .groups = "desk_everybody"};

static const fr_route inner[] = {
    {"<int:again>/", .consumer = &converters},
    {"", .consumer = &converters},
    {0},
};
static const fr_route outer[] = {
    {"a/<inner>/", .consumer = &converters},
    {"b/", .include = inner},
    {0},
};

const fr_route desk_sockets[] = {
    {"closereason/", .consumer = &close_reason},
    {"closebefore/", .consumer = &close_before},
    {"afterclose/", .consumer = &after_close},
    {"sendfirst/", .consumer = &sending_first},
    {"failsafteraccept/", .consumer = &failing_behind_accept},
    {"denyafteraccept/", .consumer = &denying_behind_accept},
    {"accepttwice/", .consumer = &accepting_twice},
    {"acceptheaders/", .consumer = &accept_headers},
    {"anysubprotocol/", .consumer = &any_subprotocol},
    {"emptysend/", .consumer = &empty_send},
    {"bothkinds/", .consumer = &both_kinds},
    {"failsindisconnect/", .consumer = &fails_in_disconnect},
    {"stopsindisconnect/", .consumer = &stops},
    {"jsontypes/", .consumer = &json_types},
    {"compactjson/", .consumer = &compact_json},
    {"origin/", .consumer = &told_origins},
    {"desk/", .consumer = &desk},
    {"syncdesk/", .consumer = &sync_desk},
    {"convert/<int:number>/<uuid:id>/<slug:name>/<path:rest>", .consumer = &converters},
    {"nested/<int:outer>/", .include = outer},
    {0},
};

/* The service desk: teams, components, sprints, issues with check lists, work logs and uploads; and its consumers. */
#include "tracker.h"

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

FR_MODEL_OPTS(component, (TABLE("component"), .display = "name", .ordering = "id", .unique_together = "team,name"),
    (ID,      id),
    (FOREIGN_KEY(team), team, .related = "components"),
    (CHAR,    name, .max_length = 40),
    (BOOLEAN, retired, .default_ = "false"));

FR_MODEL_OPTS(sprint, (TABLE("sprint"), .ordering = "-starts,id"),
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
    (CHAR,     summary, .max_length = 120, .min_length = 4),
    (TEXT,     details, EMPTY),
    (CHAR,     kind, .max_length = 10, .choices = KINDS, .default_ = "task"),
    (POSITIVE_SMALL, severity, .choices = SEVERITIES, .default_ = "3"),
    (DECIMAL,  points, .max_digits = 5, .decimal_places = 1, MAYBE),
    (FLOAT,    score, .default_ = "0", .min_value = -1, .max_value = 1),
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

FR_MODEL_OPTS(step, (TABLE("step"), .ordering = "position,id"),
    (ID,      id),
    (FOREIGN_KEY(issue), issue, .related = "steps"),
    (CHAR,    text, .max_length = 80),
    (BOOLEAN, done, .default_ = "false"),
    (POSITIVE_SMALL, position, .default_ = "0"));

FR_MODEL_OPTS(worklog, (TABLE("worklog"), .ordering = "started_at,id"),
    (ID,       id),
    (FOREIGN_KEY(issue), issue, .related = "worklogs"),
    (FOREIGN_KEY(user), author, .read_only = true, .related = "worklogs"),
    (DATETIME, started_at),
    (POSITIVE, minutes, .min_value = 1, .max_value = 1440),
    (CHAR,     note, .max_length = 100, EMPTY));

FR_MODEL_OPTS(notice, (TABLE("notice"), .ordering = "id"),
    (ID,   id),
    (DATE, posted_on),
    (SLUG, slug, .max_length = 20),
    (CHAR, title, .max_length = 40, EMPTY),
    (CHAR, code, .max_length = 8, MAYBE));

FR_MODEL_OPTS(entry, (TABLE("entry"), .ordering = "id"),
    (ID,       id),
    (CHAR,     text, .max_length = 60),
    (INTEGER,  weight, .default_ = "0"),
    (DECIMAL,  rank, .max_digits = 6, .decimal_places = 2, .default_ = "0"),
    (DATETIME, at, MAYBE));

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

static fr_err outages_have_a_date(fr_input *in, void *row, const void *old)
{
    const issue *i = row;
    (void)old;
    if (i->severity != 1 || !FR_IS_NULL(i, due_at))
        return FR_OK;
    fr_invalid(in, "due_at", "An outage needs a date.");
    return fr_invalid(in, "severity", "Or lower this.");
}

static const fr_serializer issue_out = {
    .model = &issue_model,
    .fields = "id,key,team,summary,details,kind,kind_label,severity,points,score,tags,meta,due_at,"
              "opened_on,slug,reporter,"
              "assignee,components,watchers,duplicate_of,archived,steps,overdue",
    .read_only = "archived",
    .declared = FR_DECLARED({"team", .slug = "code"}, {"reporter", .source = "reporter"},
                            {"watchers", .slug = "username", .optional = true},
                            {"steps", .nested = &step_out, .writable = true, .optional = true},
                            {"kind_label", .label_of = "kind"}, {"overdue", .compute = is_overdue},
                            {"points", .validate = points_are_halves},
                            {"tags", .validate = tags_are_strings}),
    .validate = outages_have_a_date};

static const fr_viewset teams, components, hyper_issues;

static const fr_serializer hyper_issue_out = {
    .model = &issue_model,
    .fields = "url,summary,team,components,duplicate_of,opened_on,slug,duplicates",
    .declared =
        FR_DECLARED({"url", .link = &hyper_issues}, {"team", .link = &teams},
                    {"components", .link = &components}, {"duplicate_of", .link = &hyper_issues},
                    {"duplicates", .source = "duplicates", .link = &hyper_issues})};

/* ---- filters ---- */

static const fr_filter_decl issue_filters[] = {
    {"team", .path = "team__code__in"},
    {"due", .path = "due_at", .range = true},
    {"no_due", .path = "due_at__isnull"},
    {"opened", .path = "opened_on", .period = true},
    {"opened_between", .path = "opened_on__range"},
    {"watcher", .path = "watchers__username"},
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

static const fr_viewset teams = {.serializer = &team_out, .lookup = "code", .ordering_fields = ""};
static const fr_viewset memberships = {.serializer = &membership_out, .ordering_fields = ""};
static const fr_viewset components = {.serializer = &component_out,
                                      .search = "=name,team__code,$team__name"};
static const fr_viewset sprints = {.model = &sprint_model,
                                   .ordering_fields = "",
                                   .description = "Sprints. At most one per team is active."};
static const fr_viewset issues = {
    .serializer = &issue_out,
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
    .description = "Issues of every team.\n\nAnybody reads, who is logged in writes."};
static const fr_viewset hyper_issues = {
    .serializer = &hyper_issue_out, .name = "Hyper Issue", .lookup = "key", .ordering_fields = ""};
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
    .model = &entry_model,
    .ordering_fields = "__all__",
    .description = "A list in the body makes several entries: one to five of them."};

const fr_route desk_routes[] = {
    {"teams/", .viewset = &teams},
    {"memberships/", .viewset = &memberships},
    {"components/", .viewset = &components},
    {"sprints/", .viewset = &sprints},
    {"issues/", .viewset = &issues},
    {"hyper-issues/", .viewset = &hyper_issues},
    {"feed/", .viewset = &feed},
    {"ranked/", .viewset = &ranked},
    {"entries/", .viewset = &entries},
    {"notices/", .viewset = &notices},
    {"issues/<issue_pk>/worklogs/", .viewset = &worklogs},
    {"card/", .viewset = &cards},
    {"report/", .handler = report, .api = true, .name = "Report", .methods = "GET,POST",
     .renderers = report_renderers},
    {"version/", .include = versions},
    {0},
};

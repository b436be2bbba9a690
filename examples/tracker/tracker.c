/* Labels, projects, tickets and orders: models, serializers, filters and views of the first app. */
#include "tracker.h"

#define COLORS FR_CHOICES({"red", "Red"}, {"green", "Green"}, {"blue", "Blue"})
#define STATES                                                                                     \
    FR_CHOICES({"new", "New"}, {"open", "Open"}, {"done", "Done"}, {"wontfix", "Won't fix"})
#define PRIORITIES FR_CHOICES({"1", "Low"}, {"2", "Normal"}, {"3", "High"})
#define TABLE(name) .table = "tracker_" name, .ordering = "id", .is_foreign = true

/* ---- models ---- */

FR_MODEL_OPTS(label, (TABLE("label"), .display = "name"),
    (ID,   id),
    (CHAR, name,  .max_length = 50, .unique = true),
    (SLUG, slug,  .max_length = 50, .unique = true),
    (CHAR, color, .max_length = 10, .choices = COLORS, .default_ = "red"));

FR_MODEL_OPTS(project, (.table = "tracker_project", .ordering = "name", .is_foreign = true, .display = "name"),
    (UUID,     id, .primary_key = true, .default_ = "random", .read_only = true),
    (CHAR,     name, .max_length = 100, .unique = true),
    (SLUG,     slug, EMPTY),
    (TEXT,     description, EMPTY),
    (FOREIGN_KEY(user), owner, MAYBE, .on_delete = FR_SET_NULL, .related = "projects"),
    (URL,      homepage, EMPTY),
    (EMAIL,    contact, EMPTY),
    (BOOLEAN,  archived, .default_ = "false"),
    (DATETIME, created_at, .auto_now_add = true),
    (DATETIME, updated_at, .auto_now = true));

FR_MODEL_OPTS(ticket, (TABLE("ticket"), .unique_together = "project,number", .display = "#{number} {title}"),
    (ID,       id),
    (FOREIGN_KEY(project), project, .related = "tickets"),
    (POSITIVE, number),
    (CHAR,     title, .max_length = 80, .min_length = 3, .label = "headline", .help_text = "One line."),
    (TEXT,     body, EMPTY),
    (CHAR,     state, .max_length = 10, .choices = STATES, .default_ = "new"),
    (INTEGER,  priority, .choices = PRIORITIES, .default_ = "2"),
    (FLOAT,    estimate, MAYBE),
    (DECIMAL,  cost, .max_digits = 8, .decimal_places = 2, .default_ = "0.00"),
    (BOOLEAN,  public, .default_ = "true"),
    (BOOLEAN,  confirmed, MAYBE),
    (DATE,     due, MAYBE),
    (DURATION, spent, MAYBE),
    (JSON,     extra, .blank = true, .default_ = "{}"),
    (FOREIGN_KEY(user), assignee, MAYBE, .on_delete = FR_SET_NULL, .related = "tickets"),
    (FOREIGN_KEY(ticket), parent, MAYBE, .on_delete = FR_PROTECT, .related = "children"),
    (MANY_TO_MANY(label), labels, .blank = true, .related = "tickets"),
    (DATETIME, created_at, .auto_now_add = true),
    (DATETIME, updated_at, .auto_now = true));

FR_MODEL_OPTS(sample, (TABLE("sample")),
    (ID,       id),
    (CHAR,     char_, .name = "char", .max_length = 10), /* `char` is a word of C */
    (CHAR,     char_null, .max_length = 10, MAYBE),
    (TEXT,     text, EMPTY),
    (INTEGER,  integer, .default_ = "0"),
    (SMALLINT, small, .default_ = "0"),
    (BIGINT,   big, .default_ = "0"),
    (POSITIVE, positive, .default_ = "0"),
    (POSITIVE_SMALL, positive_small, .default_ = "0"),
    (INTEGER,  bounded, .default_ = "5", .min_value = 1, .max_value = 10),
    (FLOAT,    real, .default_ = "0"),
    (DECIMAL,  decimal, .max_digits = 10, .decimal_places = 3, .default_ = "0"),
    (DECIMAL,  decimal_null, .max_digits = 5, .decimal_places = 2, MAYBE, .minimum = "-99.99"),
    (BOOLEAN,  flag, .default_ = "false"),
    (BOOLEAN,  flag_null, MAYBE),
    (DATE,     day, MAYBE),
    (DATETIME, moment, MAYBE),
    (TIME,     clock, MAYBE),
    (DURATION, period, MAYBE),
    (UUID,     uid, MAYBE, .unique = true),
    (JSON,     data, MAYBE),
    (EMAIL,    email, EMPTY),
    (URL,      url, EMPTY),
    (SLUG,     slug, EMPTY, .max_length = 20),
    (IP,       ip, MAYBE),
    (IP,       ipv4, MAYBE, .protocol = "IPv4"),
    (CHAR,     choice, .max_length = 10, .choices = COLORS, EMPTY),
    (CHAR,     code, .max_length = 8, MAYBE, .unique = true, .pattern = "[A-Z]{2}-\\d{3}",
               .pattern_message = "Enter a code such as AB-123."));

FR_MODEL_OPTS(comment, (TABLE("comment")),
    (ID,       id),
    (FOREIGN_KEY(ticket), ticket, .related = "comments"),
    (FOREIGN_KEY(user), author),
    (TEXT,     text),
    (DATETIME, created_at, .auto_now_add = true));

FR_MODEL_OPTS(note, (.table = "tracker_note", .ordering = "-pinned,id", .is_foreign = true),
    (ID,      id),
    (FOREIGN_KEY(user), owner),
    (CHAR,    text, .max_length = 200),
    (BOOLEAN, pinned, .default_ = "false"));

FR_MODEL_OPTS(profile, (TABLE("profile")),
    (ID,   id),
    (ONE_TO_ONE(user), user),
    (TEXT, bio, EMPTY),
    (URL,  website, MAYBE));

FR_MODEL_OPTS(event, (TABLE("event")),
    (ID,       id),
    (CHAR,     name, .max_length = 40),
    (DATETIME, at),
    (INTEGER,  weight, .default_ = "0"));

FR_MODEL_OPTS(order, (TABLE("order")),
    (ID,   id),
    (CHAR, customer, .max_length = 40));

FR_MODEL_OPTS(order_line, (TABLE("orderline")),
    (ID,       id),
    (FOREIGN_KEY(order), order, .related = "lines"),
    (CHAR,     sku, .max_length = 12),
    (POSITIVE, quantity, .min_value = 1),
    (DECIMAL,  price, .max_digits = 8, .decimal_places = 2));

/* ---- serializers ---- */

static const fr_viewset hyper_labels, tickets;

static const fr_serializer label_out = {.model = &label_model};

static const fr_serializer hyper_label_out = {
    .model = &label_model,
    .fields = "url,name,slug,color,tickets",
    .declared = FR_DECLARED({"url", .link = &hyper_labels},
                            {"tickets", .source = "tickets", .link = &tickets})};

static const fr_serializer user_out = {.model = &user_model,
                                       .fields = "id,username,first_name,last_name,email,is_staff"};

static const fr_serializer project_out = {
    .model = &project_model,
    .fields = "id,name,slug,description,owner,homepage,contact,archived,ticket_count,created_at,"
              "updated_at",
    .declared =
        FR_DECLARED({"owner", .slug = "username"},
                    {"ticket_count", .source = "tickets.count", FR_WITH(.kind = FR_KIND_INTEGER)})};

static fr_err no_spam(fr_input *in, const void *value)
{
    const fr_str *title = value;
    return fr_str_has_nocase(*title, FR_STR("spam")) ? fr_invalid(in, "title", "No spam, please.")
                                                     : FR_OK;
}

static fr_err done_is_assigned(fr_input *in, void *row, const void *old)
{
    const ticket *t = row; /* as it would be: what was not given is as stored */
    (void)old;
    if (fr_str_eq(t->state, FR_STR("done")) && FR_IS_NULL(t, assignee))
        return fr_invalid(in, NULL, "A done ticket needs an assignee.");
    return FR_OK;
}

static const fr_serializer ticket_out = {
    .model = &ticket_model,
    .fields = "id,project,number,title,body,state,state_label,priority,estimate,cost,public,"
              "confirmed,due,spent,extra,"
              "assignee,parent,labels,label_names,comment_count,notify,created_at,updated_at",
    .declared =
        FR_DECLARED({"label_names", .source = "labels"}, {"state_label", .label_of = "state"},
                    {"comment_count", .source = "comments.count"},
                    {"notify", .input = &(const fr_field){.kind = FR_KIND_BOOLEAN, .blank = true}},
                    {"title", .validate = no_spam}),
    .validate = done_is_assigned};

static const fr_serializer deep_ticket_out = {
    .model = &ticket_model,
    .fields = "id,number,title,project,labels,assignee,parent",
    .depth = 1,
    .declared = FR_DECLARED({"project", .nested = &project_out}, {"labels", .nested = &label_out},
                            {"assignee", .nested = &user_out})};

static const fr_serializer comment_out = {.model = &comment_model,
                                          .fields = "id,ticket,author,text,created_at",
                                          .read_only = "ticket",
                                          .declared =
                                              FR_DECLARED({"author", .source = "author.username"})};

static const fr_serializer order_line_out = {.model = &order_line_model,
                                             .fields = "id,sku,quantity,price"};

static const fr_serializer order_out = {
    .model = &order_model,
    .fields = "id,customer,lines",
    .declared = FR_DECLARED({"lines", .nested = &order_line_out, .writable = true})};

/* ---- filters ---- */

static const fr_filter_decl ticket_filters[] = {{"min_cost", .path = "cost__gte"},
                                                {"max_cost", .path = "cost__lte"},
                                                {"title_has", .path = "title__icontains"},
                                                {"number_in", .path = "number__in"},
                                                {"no_assignee", .path = "assignee__isnull"},
                                                {"any_state", .path = "state", .many = true},
                                                {"due", .range = true},
                                                {"estimate", .range = true},
                                                {"sort", .order = "cost,due=deadline"},
                                                {0}};

static const char sample_filter[] =
    "char,char__iexact,char__contains,char__icontains,char__startswith,char__istartswith,char__"
    "endswith,char__regex,char__in,"
    "char__isnull,integer,integer__lt,integer__lte,integer__gt,integer__gte,integer__in,integer__"
    "range,decimal,decimal__lt,"
    "decimal__gte,real,real__gt,flag,flag_null,flag_null__isnull,day,day__gte,day__lt,day__year,"
    "day__month,day__range,moment,"
    "moment__gte,moment__date,clock,clock__lt,period,period__gt,uid,email,email__iendswith,choice";

/* ---- views ---- */

static const fr_pages pages = {.rows = 10, .size_param = "page_size", .max_rows = 50};
static const fr_pages window = {FR_PAGE_LIMIT_OFFSET, .rows = 10, .max_rows = 40};
static const fr_pages cursor = {FR_PAGE_CURSOR, .rows = 10, .size_param = "page_size",
                                .max_rows = 30, .ordering = "-at"};

static fr_err owns(fr_asker *who, const void *row)
{
    const project *p = row;
    const fr_user *asker = fr_user_of(who);
    return fr_is_safe(who) || FR_IS_NULL(p, owner) || (asker && p->owner == asker->id) ? FR_OK
                                                                                       : FR_EDENIED;
}
static const fr_permission owner_or_read_only = {.object = owns,
                                                 .message = "Only the owner may change this."};

/* Comments below one ticket; whoever writes one is its author. */
static fr_err comments(fr_req *req)
{
    ticket t;
    fr_rows rows;
    FR_TRY(fr_load(req, &t));
    if (!fr_is_safe(req)) {
        comment c = {0};
        FR_TRY(fr_read(req, &c));
        FR_SET(&c, ticket, t.id);
        if (fr_user_of(req))
            FR_SET(&c, author, fr_user_of(req)->id);
        return fr_save(req, &c);
    }
    fr_str of_ticket = fr_arena_printf(req->ctx->arena, "ticket=%lld", (long long)t.id);
    FR_TRY(fr_filter(req, &comment_model, of_ticket, &rows));
    return fr_reply_rows(req, &rows);
}

static fr_err open_count(fr_req *req)
{
    int64_t open;
    FR_TRY(fr_count(req, &ticket_model, FR_STR("state=open"), &open));
    return fr_reply_object(req, 200, "{open:%lld}", (long long)open);
}

static fr_err close_ticket(fr_req *req)
{
    ticket t;
    FR_TRY(fr_load(req, &t));
    FR_SET(&t, state, FR_STR("done"));
    FR_TRY(fr_store(req, &t));
    return fr_reply(req, &t);
}

static const fr_viewset labels = {.serializer = &label_out,
                                  .ordering_fields = "",
                                  .description =
                                      "Labels are open to everybody and come without pages."};
static const fr_viewset hyper_labels = {
    .serializer = &hyper_label_out, .name = "Hyper Label", .lookup = "slug", .ordering_fields = ""};
static const fr_viewset users = {.serializer = &user_out,
                                 .read_only = true,
                                 .permissions = FR_PERMISSIONS(&fr_is_admin),
                                 .pages = &pages,
                                 .ordering_fields = ""};
static const fr_viewset projects = {
    .serializer = &project_out,
    .permissions = FR_PERMISSIONS(&fr_authenticated_or_read_only, &owner_or_read_only),
    .pages = &pages,
    .filter = "archived,owner,slug",
    .search = "name,description",
    .ordering_fields = "name,created_at"};
static const fr_viewset tickets = {
    .serializer = &ticket_out,
    .permissions = FR_PERMISSIONS(&fr_authenticated_or_read_only),
    .pages = &pages,
    .description = "Tickets of all projects.",
    .plain_filters = true,
    .filter = "project,state,priority,public,confirmed,assignee,parent,labels,labels__slug",
    .filters = ticket_filters,
    .search = "title,body,project__name",
    .ordering_fields = "number,title,priority,cost,due,id",
    .extra = FR_ACTIONS({"comments", .handler = comments, .methods = "GET,POST", .is_detail = true,
                         .serializer = &comment_out, .description = "Comments below one ticket."},
                        {"open-count", .handler = open_count},
                        {"close", close_ticket, .methods = "POST", .is_detail = true})};
static const fr_viewset deep_tickets = {.serializer = &deep_ticket_out,
                                        .name = "Deep Ticket",
                                        .read_only = true,
                                        .pages = &pages,
                                        .ordering_fields = ""};
static const fr_viewset samples = {.model = &sample_model,
                                   .pages = &window,
                                   .plain_filters = true,
                                   .filter = sample_filter,
                                   .search = "^char,=email,text",
                                   .ordering = "id",
                                   .ordering_fields = "__all__"};
static const fr_serializer note_out = {.model = &note_model,
                                       .fields = "id,owner,text,pinned",
                                       .declared = FR_DECLARED({"owner", .value = "$user"})};
static const fr_viewset notes = {.serializer = &note_out,
                                 .permissions = FR_PERMISSIONS(&fr_is_authenticated),
                                 .visible = "owner = $user",
                                 .description = "Each user sees only the notes of that user."};
static const fr_viewset profiles = {.model = &profile_model,
                                    .permissions = FR_PERMISSIONS(&fr_model_permissions),
                                    .description = "Guarded by the model permissions of the user."};
static const fr_viewset events = {.model = &event_model, .pages = &cursor, .ordering_fields = ""};
static const fr_viewset bulk_events = {.model = &event_model,
                                       .name = "Bulk Event",
                                       .actions = "create",
                                       .bulk_create = true,
                                       .description =
                                           "A list in the body creates many events at once."};
static const fr_viewset orders = {.serializer = &order_out, .pages = &pages, .ordering_fields = ""};
static const fr_throttle in_bursts = {.scope = "burst"};
static const fr_viewset burst = {.serializer = &label_out,
                                 .name = "Burst",
                                 .read_only = true,
                                 .throttles = FR_THROTTLES(&in_bursts)};
static const fr_viewset anon_user_rate = {.serializer = &label_out,
                                          .name = "Anon User Rate",
                                          .read_only = true,
                                          .throttles =
                                              FR_THROTTLES(&fr_anon_throttle, &fr_user_throttle)};

const fr_route tracker_routes[] = {
    {"labels/", .viewset = &labels},
    {"hyper-labels/", .viewset = &hyper_labels},
    {"users/", .viewset = &users},
    {"projects/", .viewset = &projects},
    {"tickets/", .viewset = &tickets},
    {"deep-tickets/", .viewset = &deep_tickets},
    {"samples/", .viewset = &samples},
    {"notes/", .viewset = &notes},
    {"profiles/", .viewset = &profiles},
    {"events/", .viewset = &events},
    {"bulk-events/", .viewset = &bulk_events},
    {"orders/", .viewset = &orders},
    {"burst/", .viewset = &burst},
    {"anon-user-rate/", .viewset = &anon_user_rate},
    {0},
};

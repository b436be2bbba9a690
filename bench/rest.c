/*
 * The program of `./dev bench rest` and `./dev bench rows`: models and viewsets over the tables of bench/rest.sql, as
 * bench/peers/drf.py has them for Django.
 *
 *   /api/notes/    10,000 rows, the newest first, in pages of 20; ?page_size=100
 *   /api/rich/     2,000 tickets in pages of 50, each with its project, its assignee, its labels and its comments
 *   /api/orders/   orders with their lines
 *   /api/entries/  as many rows as the series wants (bench/rows.sql), in pages by number
 *   /api/feed/     the same rows by cursor
 */
#include <freshet.h>

#define FOREIGN(name) .table = name, .is_foreign = true

/* ---- notes: the rows that floor_sqlite has ---- */

FR_MODEL_OPTS(note, (FOREIGN("note"), .ordering = "-updated_at,-id"),
    (ID,       id),
    (CHAR,     title, .max_length = 200),
    (BOOLEAN,  done, .default_ = "false"),
    (INTEGER,  priority, .default_ = "0"),
    (DATETIME, updated_at, .auto_now = true, .index = true));

static const fr_pages twenty = {.rows = 20, .size_param = "page_size", .max_rows = 100};
static const fr_viewset notes = {.model = &note_model, .pages = &twenty};

/* ---- tickets, with what belongs to them ---- */

#define TABLE(name) FOREIGN("tracker_" name), .ordering = "id"
#define STATES                                                                                     \
    FR_CHOICES({"new", "New"}, {"open", "Open"}, {"done", "Done"}, {"wontfix", "Won't fix"})

FR_MODEL_OPTS(person, (TABLE("person")),
    (ID,      id),
    (CHAR,    username, .max_length = 150, .unique = true),
    (EMAIL,   email, .blank = true),
    (BOOLEAN, is_staff, .default_ = "false"));

FR_MODEL_OPTS(project, (FOREIGN("tracker_project"), .ordering = "name"),
    (UUID,     id, .primary_key = true, .default_ = "random", .read_only = true),
    (CHAR,     name, .max_length = 100, .unique = true),
    (SLUG,     slug),
    (TEXT,     description, .blank = true),
    (BOOLEAN,  archived, .default_ = "false"),
    (DATETIME, created_at, .auto_now_add = true),
    (DATETIME, updated_at, .auto_now = true),
    (FOREIGN_KEY(person), owner, .null = true, .on_delete = FR_SET_NULL, .related = "projects"));

FR_MODEL_OPTS(label, (TABLE("label")),
    (ID,   id),
    (CHAR, name, .max_length = 50, .unique = true),
    (SLUG, slug, .max_length = 50, .unique = true),
    (CHAR, color, .max_length = 10));

FR_MODEL_OPTS(ticket, (TABLE("ticket"), .unique_together = "project,number"),
    (ID,       id),
    (POSITIVE, number),
    (CHAR,     title, .max_length = 80),
    (TEXT,     body, .blank = true),
    (CHAR,     state, .max_length = 10, .choices = STATES, .default_ = "new"),
    (INTEGER,  priority, .default_ = "2"),
    (DECIMAL,  cost, .max_digits = 8, .decimal_places = 2, .default_ = "0.00"),
    (DATE,     due, .null = true),
    (DATETIME, created_at, .auto_now_add = true),
    (DATETIME, updated_at, .auto_now = true),
    (FOREIGN_KEY(person),  assignee, .null = true, .on_delete = FR_SET_NULL, .related = "tickets"),
    (FOREIGN_KEY(project), project, .related = "tickets"),
    (MANY_TO_MANY(label),  labels, .blank = true, .related = "tickets"));

FR_MODEL_OPTS(comment, (TABLE("comment")),
    (ID,       id),
    (TEXT,     text),
    (DATETIME, created_at, .auto_now_add = true),
    (FOREIGN_KEY(person), author),
    (FOREIGN_KEY(ticket), ticket, .related = "comments"));

static const fr_serializer project_out = {.model = &project_model,
                                          .fields = "id,name,slug,archived"};
static const fr_serializer label_out = {.model = &label_model};
static const fr_serializer person_out = {.model = &person_model, .fields = "id,username"};
static const fr_serializer comment_out = {.model = &comment_model,
                                          .fields = "id,author,text,created_at",
                                          .declared =
                                              FR_DECLARED({"author", .source = "author.username"})};

static const fr_serializer rich_ticket = {
    .model = &ticket_model,
    .fields = "id,number,title,state,state_label,priority,cost,due,project,assignee,labels,"
              "comments,comment_count,created_at,updated_at",
    .declared = FR_DECLARED(
        {"state_label", .label_of = "state"}, {"project", .nested = &project_out},
        {"assignee", .nested = &person_out}, {"labels", .nested = &label_out},
        {"comments", .nested = &comment_out}, {"comment_count", .source = "comments.count"})};

static const fr_pages fifty = {.rows = 50};
static const fr_viewset rich = {.serializer = &rich_ticket, .pages = &fifty, .read_only = true};

/* ---- orders, written with their lines ---- */

FR_MODEL_OPTS(order, (TABLE("order")), (ID, id), (CHAR, customer, .max_length = 40));

FR_MODEL_OPTS(order_line, (TABLE("orderline")),
    (ID,       id),
    (CHAR,     sku, .max_length = 12),
    (POSITIVE, quantity, .min_value = 1),
    (DECIMAL,  price, .max_digits = 8, .decimal_places = 2),
    (FOREIGN_KEY(order), order, .related = "lines"));

static const fr_serializer line_out = {.model = &order_line_model,
                                       .fields = "id,sku,quantity,price"};
static const fr_serializer order_out = {
    .model = &order_model,
    .fields = "id,customer,lines",
    .declared = FR_DECLARED({"lines", .nested = &line_out, .writable = true})};
static const fr_viewset orders = {.serializer = &order_out, .pages = &fifty};

/* ---- entries: 10,000 or 1,000,000 ---- */

FR_MODEL_OPTS(entry, (FOREIGN("entry"), .ordering = "id"),
    (ID,       id),
    (CHAR,     room, .max_length = 20, .index = true),
    (CHAR,     text, .max_length = 200),
    (DATETIME, at, .index = true));

static const fr_pages newest = {FR_PAGE_CURSOR, .rows = 20, .ordering = "-at"};
static const fr_viewset entries = {.model = &entry_model, .filter = "room", .pages = &twenty};
static const fr_viewset feed = {.model = &entry_model, .pages = &newest, .ordering = "-at"};

int main(int argc, char **argv)
{
    return fr_main(argc, argv,
                   &(fr_app){
                       .name = "bench-rest",
                       .summary = "what the benchmarks of REST measure",
                       .http = FR_ROUTES(
                           {"api/notes/", .viewset = &notes}, {"api/rich/", .viewset = &rich},
                           {"api/orders/", .viewset = &orders},
                           {"api/entries/", .viewset = &entries}, {"api/feed/", .viewset = &feed}),
                   });
}

/*
 * freshet/rest.h: a REST API over a model. A viewset says what is served; its list and details answer as Django REST
 * framework's ModelViewSet does, byte for byte where its clients look (docs/decisions.md says where not).
 */
#ifndef FRESHET_REST_H
#define FRESHET_REST_H

#include <freshet/auth.h>
#include <freshet/db.h>
#include <freshet/http.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fr_viewset fr_viewset;
typedef struct fr_serializer fr_serializer;
/** One body on its way: what a validating function adds its errors to. */
typedef struct fr_input {
    fr_ctx *ctx; /* first, so that fr_get and its kin take it */
    struct fr_input_private *private_;
} fr_input;

/** What a field of a serializer without a model holds. */
typedef enum fr_data_kind {
    FR_ONE,    /* a value of .input, or an object of .nested */
    FR_LIST,   /* a list of those, or of .each */
    FR_DICT,   /* an object with any names, whose values are those; of neither: any JSON */
    FR_CHOICES /* several of the choices of .input, each once */
} fr_data_kind;

/**
 * A field of a serializer that is not simply the model's. Zero is the default of every member; arrays end with {0}.
 * Paths lead over relations by name, with dots: "project.owner.username".
 */
typedef struct fr_declared {
    const char *name;
    /* Printed, never read: the field at the end of a path; the number of related rows ("tickets.count"); of a relation alone
     * what its rows are called (their model's .display), as a text or a list of them. */
    const char *source;
    const char *label_of;   /* printed: the text of a choice: "state" */
    const char *slug;       /* a relation, by this field of its rows: "username" */
    const fr_viewset *link; /* an absolute URL there: of this row, or of the rows of a relation */
    const fr_serializer
        *nested;   /* the related row as an object, or the rows as a list of objects */
    bool writable; /* nested rows are made with this one; a write that names them replaces all */
    bool optional; /* need not be given, whatever its field says */
    bool required; /* has to be given, whatever its field says */
    bool not_null; /* may not be null, whatever its field says */
    /* Of a field of the model: what is said here stands for what the model says, as in DRF's extra_kwargs: FR_WITH(.min_length = 4).
     * .secret is read and not printed, .read_only the other way; a .default_ is written where a POST or PUT names none. With .source
     * .kind, .label and .help_text say what OPTIONS call what is printed: FR_WITH(.kind = FR_KIND_INTEGER), else "field". */
    const fr_field *with;
    bool
        by_key; /* of writable: rows that name their key stay and are changed; the others are new, and what is not named goes */
    fr_data_kind shape;             /* this and what follows: of a serializer without a model */
    const struct fr_declared *each; /* what a list or dictionary holds, if not .input or .nested */
    uint32_t min_items, max_items;  /* of a list, of .writable rows too; 0: no limit */
    bool not_empty, null; /* of a list (the same), dictionary or object; of a text: may not be '' */
    const char *value; /* hidden: "now", "$user" or a literal, given at each write; never printed */
    const fr_field *input; /* read, never printed, without a column: fr_input_text */
    /* Printed: JSON that a function makes of the row, a struct of the serializer's model. It may be called on any thread that
     * answers requests, and does not wait. */
    fr_err (*compute)(fr_ctx *ctx, const void *row, fr_str *json);
    const char
        *reads; /* relations whose rows compute walks by fr_related_next: "comments,labels" */
    /* Called with the value that passed all other checks, a pointer to what a member of the struct would hold. */
    fr_err (*validate)(fr_input *in, const void *value);
    void *reserved_[2];
} fr_declared;

/** The .input of a declared field: {"code", FR_INPUT(CHAR, .pattern = "[a-z]{3}[0-9]")}; the options are those of fr_field. */
#define FR_INPUT(...) FR_INPUT_OF_(__VA_ARGS__, )
#define FR_INPUT_OF_(kind_, ...)                                                                   \
    .input = &(const fr_field)                                                                     \
    {                                                                                              \
        .kind = FR_KIND_##kind_, __VA_ARGS__                                                       \
    }

/** The .with of a declared field: {"summary", FR_WITH(.min_length = 4, .help_text = "In a few words")}. */
#define FR_WITH(...)                                                                               \
    .with = &(const fr_field)                                                                      \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/** A table of declared fields, with the {0} that ends it. */
#define FR_DECLARED(...) FR_TABLE_(fr_declared, __VA_ARGS__)

/** How rows of a model are printed and read. Plain data that lives as long as the app. */
struct fr_serializer {
    const fr_model *model; /* NULL: data of a handler, all of it in .declared: fr_read_data */
    const char *fields;    /* in this order: "id,title"; NULL: all but the secret ones */
    const char *read_only; /* "owner,state": printed, never read */
    const fr_declared *declared;
    uint8_t
        depth; /* 1 to 10: related rows are printed as objects, so many deep; 0: as their keys */
    /* Of the whole object, if every field was good. row: as it would be stored, with row.set for what came in; old: as it is
     * stored, NULL at a create. */
    fr_err (*validate)(fr_input *in, void *row, const void *old);
    /* In the write's transaction, behind the row's own write: what no declaration can say. */
    fr_err (*write)(fr_input *in, void *row, const void *old);
    /* Of a whole list that makes rows, in a bulk create or nested: rows is an array of the model's structs, each as .validate is
     * given it. It is called if every row was good. */
    fr_err (*validate_list)(fr_input *in, void *rows, size_t count);
    void *reserved_[3];
};

/**
 * A form of answers beside JSON. The API's lists of them, FR_RENDERERS, are in the order in which they are preferred; a client
 * chooses by Accept, by ?format= or by the suffix of the URL. Errors are rendered too.
 */
typedef struct fr_renderer {
    const char *media_type; /* "text/csv" */
    const char *format;     /* "csv": of ?format=csv and /notes.csv, [a-z0-9]+; NULL: none */
    const char *
        charset; /* what the text is encoded in, and Content-Type says: "utf-8", "iso-8859-1"; NULL: bytes as they are */
    /* The JSON that would have been the answer, compact, to what is sent instead. It may be called on any thread, and does not
     * wait; an error of it is answered as one of a handler, in JSON. fr_json_pairs and fr_json_member read JSON. NULL: as it is. */
    fr_err (*render)(fr_ctx *ctx, fr_str json, fr_str *out);
    void *reserved_[2];
} fr_renderer;

/** JSON, as it is answered where there is no list: "application/json", format "json". */
FR_API extern const fr_renderer fr_json_renderer;

/** A list of renderers, with the NULL that ends it: FR_RENDERERS(&fr_json_renderer, &csv). */
#define FR_RENDERERS(...) ((const fr_renderer *const[]){__VA_ARGS__, NULL})

/** Where a request says which version of the API it wants. */
typedef enum fr_version_kind {
    FR_VERSION_PATH,      /* an argument of the path: "api/<slug:version>/notes/" */
    FR_VERSION_NAMESPACE, /* the .version of the route, or of one that includes it */
    FR_VERSION_HOST,      /* the first of three labels of the host: v1.example.com */
    FR_VERSION_QUERY,     /* ?version=1 */
    FR_VERSION_ACCEPT     /* Accept: application/json; version=1 */
} fr_version_kind;

/** Versions of an API, .versioning of a route: beneath it each request has one (fr_api_version), or is refused before its method
 *  is looked at (404, with ACCEPT 406). Zero is the default of every member. */
typedef struct fr_versioning {
    fr_version_kind kind;
    const char *allowed;  /* "v1,v2"; NULL: all */
    const char *default_; /* of requests that name none; always allowed; NULL: none */
    const char *param;    /* of PATH, QUERY and ACCEPT; NULL: "version" */
    void *reserved_[2];
} fr_versioning;

/** One more URL beneath a viewset. Arrays end with {0}. */
typedef struct fr_action {
    const char *path;    /* "pin": api/notes/<pk>/pin/, or api/notes/pin/ */
    fr_handler handler;  /* fr_load, fr_store and fr_reply work in it */
    const char *methods; /* "POST"; NULL: GET */
    bool is_detail;      /* beneath one object */
    /* What it writes is one transaction with its answer, as Django's transaction.atomic: an error undoes all. It runs as
     * fr_atomic's function does, on the writer's thread: it reads, writes, answers by a whole text, and waits for nothing else. */
    bool atomic;
    const char *description;             /* in OPTIONS; NULL: the viewset's */
    const fr_serializer *serializer;     /* of what it reads and prints; NULL: the viewset's */
    const fr_renderer *const *renderers; /* NULL: the viewset's */
    const fr_authenticator *const *authentication; /* NULL: the viewset's; so are these */
    const fr_permission *const *permissions;
    const fr_throttle *const *throttles;
    const char *parsers; /* as a viewset's; NULL: its */
    const char *name;    /* in OPTIONS: "One step"; NULL: from the path */
    bool
        no_search; /* ?search= is not looked at in it, as without SearchFilter in filter_backends */
    void *reserved_[1];
} fr_action;

/** A table of actions, with the {0} that ends it. */
#define FR_ACTIONS(...) FR_TABLE_(fr_action, __VA_ARGS__)

/** How a list is cut into pages. The parameters are those that clients send, named as in DRF when NULL. */
typedef enum fr_page_kind {
    FR_PAGE_NUMBER,       /* ?page=2: {"count","next","previous","results"} */
    FR_PAGE_LIMIT_OFFSET, /* ?limit=10&offset=20: the same envelope */
    FR_PAGE_CURSOR        /* ?cursor=…: without a count, and as fast at the end as at the start */
} fr_page_kind;

typedef struct fr_pages {
    fr_page_kind kind;
    uint32_t
        rows; /* of a page; 0 only with LIMIT_OFFSET: a bare list until ?limit= asks for a part */
    uint32_t max_rows;      /* as many as a client may ask for; 0: as many as it likes */
    const char *size_param; /* "page_size": how many rows; NULL: none, with LIMIT_OFFSET "limit" */
    const char *page_param; /* NULL: "page", "offset", "cursor" */
    const char *last;       /* NUMBER: the word for the last page; NULL: "last" */
    const char
        *ordering; /* CURSOR: "-created", where the viewset has no .ordering; NULL: the model's */
    void *reserved_[2];
} fr_pages;

/** A query parameter of its own name, or of more than one value. A path is a field, or leads over relations to one, with a
 * lookup behind it: "cost", "cost__gte", "project__owner__username__in". Arrays end with {0}. */
typedef struct fr_filter_decl {
    const char *name;
    const char *path; /* NULL: the name */
    bool many;        /* ?state=open&state=done: rows with any of them */
    bool all;         /* of many: rows with all of them */
    bool exclude;     /* the other rows */
    bool
        range; /* two parameters: name_min and name_max; of dates and times name_after and name_before */
    bool period;              /* of dates: today, yesterday, week, month, year */
    bool existing;            /* 400 for a value that no row at the end of the path has */
    bool null_choice;         /* "null": rows without a value */
    const fr_choice *choices; /* 400 for any other; NULL: those of the field */
    const char *
        order; /* "cost,due=deadline": an ordering, by a field, or by a path under a name of its own */
    /*
     * Your own: *filter is what is added, in the grammar of fr_filter ("author=3&done=false"); empty, nothing. value is what the
     * client sent, never empty.
     *
     * Errors: FR_EINVAL by fr_fail is a 400 of this parameter, with the text; others end the request
     */
    fr_err (*method)(fr_ctx *ctx, fr_str value, fr_str *filter);
    void *reserved_[2];
} fr_filter_decl;

/** A table of filters, with the {0} that ends it. */
#define FR_FILTERS(...) FR_TABLE_(fr_filter_decl, __VA_ARGS__)

/**
 * Rules of all rows of a model, wherever they are shown, found, counted, named or written: a table in fr_app.rules, ended by {0}.
 * The rules of viewsets are and-ed to them. "Rules of rows" in docs/reference.md.
 */
typedef struct fr_model_rule {
    const fr_model *model;
    /* As a viewset's. .visible also holds for rows in nested arrays and objects, for numbers of related rows, for the far ends of
     * filters, orderings and searches, and for keys that a body or a filter names: others do not exist. .writable and .check
     * also hold for rows that are written within another. NULL: all. */
    const char *visible, *writable, *check;
    void *reserved_[2];
} fr_model_rule;

/** A table of such rules, with the {0} that ends it. */
#define FR_MODEL_RULES(...) FR_TABLE_(fr_model_rule, __VA_ARGS__)

/** What is served at a URL. Plain data that lives as long as the app; zero is the default of every member. */
struct fr_viewset {
    const fr_model *model; /* one of these two: a model is served with all its fields */
    const fr_serializer *serializer;
    /*
     * Rules of rows, "Rules of rows" in docs/reference.md: "owner = $user or project.members.user = $user and not archived".
     * .visible: the rows that there are here. Others are in no list, and 404 as details, also for writes. They can be watched
     * if the rule is of the row's own fields and of who asks ($user); else not yet. .writable: those that may be changed and deleted; others are 403. .check: what a row has to fulfil
     * after it was made or changed, else 403, and nothing is stored. NULL: all.
     */
    const char *visible, *writable, *check;
    const char *filter; /* query parameters: "done,title__icontains,project__name"; NULL: none */
    const fr_filter_decl *filters; /* what needs more than a path; NULL: none */
    bool
        plain_filters; /* values as django_filters.FilterSet takes them, not its rest_framework: no ?done=1 */
    const char
        *search; /* ?search= looks in these: "^title,=email,body,project__name"; NULL: nowhere */
    const char *ordering; /* "-updated_at"; NULL: the model's. Ends with the key, ascending */
    const char *ordering_fields; /* for ?ordering=: "title,id"; NULL: all shown; "": none */
    const fr_pages *pages;       /* NULL: a bare list */
    const char *lookup;          /* the field that details are found by: "slug"; NULL: the key */
    const char *lookup_pattern; /* PCRE2 for what names them in a URL; NULL: anything without '.' */
    bool bulk_create;           /* POST takes a list too, which makes all of its rows or none */
    bool bulk_not_empty;        /* [] is refused */
    const char *actions; /* "list,create,retrieve,update,partial_update,destroy"; NULL: all */
    bool read_only;      /* list and retrieve only */
    bool etag; /* GETs have an ETag, and conditions of writes are judged in their transaction */
    const char *name; /* in OPTIONS and the explorer: "Note"; NULL: from the model */
    const char *description;
    const fr_action *extra;              /* NULL: none */
    const fr_renderer *const *renderers; /* NULL: JSON alone */
    /* Which bodies are taken, others are 415: "multipart/form-data,application/json". NULL: these two, and
     * "application/x-www-form-urlencoded". */
    const char *parsers;
    /* References whose rows the URL names: "issue" by the argument <issue_pk> of the route's path, "issue=number" by <number>.
     * Only rows that refer to them are there, and a new one refers to them whatever its body says. Paths over relations
     * narrow them too, where no row is made: "author__username=who". NULL: none. */
    const char *parents;
    /* Which version of the object or list the URL shows, as Django's `condition` decorator asks for it: called before everything
     * else, also for writes; the conditions of the request are then judged by fr_reply_version. fr_req_arg(req, FR_STR("pk")) is
     * the key, p NULL at the list. It is not within a write's transaction: .etag is. */
    fr_err (*condition)(fr_req *req, fr_version *version);
    /* Called first of all, as DRF's initial(): for fr_use_zone by a header, or a header of the answer. An error is the answer.
     * Requests within a batch are not asked: the batch itself is one. */
    fr_err (*begin)(fr_req *req);
    /* Who may ask, what, and how often (freshet/auth.h). NULL: as around it, the route or the application. */
    const fr_authenticator *const *authentication;
    const fr_permission *const *permissions;
    const fr_throttle *const *throttles;
    uint32_t bulk_min, bulk_max; /* of a list of .bulk_create; 0: no least, and 1,000 at most */
    /* What a new row gets, whatever its body says: "reporter=$user&key=NEW-1", percent-encoded as in a URL. $user is the key of who
     * asks, of nobody NULL; "now" a moment. NULL: nothing. */
    const char *create_with;
    const char *
        destroy_with; /* what DELETE writes in place of a delete: "archived=true"; NULL: it deletes */
    bool
        no_suffix; /* OPTIONS call it by its name alone, not "Note List" and "Note Instance": a generic view of DRF */
    void *reserved_[4];
};

/** The model of a viewset: its own, or its serializer's. */
static inline const fr_model *fr_viewset_model(const fr_viewset *viewset)
{
    return viewset->model        ? viewset->model
           : viewset->serializer ? viewset->serializer->model
                                 : NULL;
}

/**
 * Say what is wrong with a body, in a function that validates: return fr_invalid(in, "title", "No spam, please.").
 *
 * @param in     as given to the function
 * @param field  a name of the serializer; NULL: of the whole object (non_field_errors)
 * @param fmt    printf format and arguments; cut at 512 bytes
 *
 * Errors:   always FR_EINVAL, which the function returns; FR_ENOMEM. To tell several things, call it for each, and return it last
 * Owner:    copied
 * Thread:   the caller's
 * Cost:     a printf
 */
FR_API fr_err fr_invalid(fr_input *in, const char *field, const char *fmt, ...) FR_PRINTF_(3, 4);
/** What the body says for a field that has .input, as text ("true", "7"); p NULL: nothing, or null. Borrowed from the event. */
FR_API fr_str fr_input_text(const fr_input *in, const char *name);

/**
 * The rows that the body names for a many-to-many, in a function that validates the object: none if it names none.
 *
 * @param in    as given to the function
 * @param name  of the serializer's field: "components"
 * @param rows  of the model at its other end, in any order; walk with fr_rows_next
 *
 * Errors:   FR_EINTERNAL (no such field), FR_ETOOBIG (more than FR_ALL_ROWS), those of reads
 * Owner:    the event's arena
 * Thread:   the caller's
 * Suspends: as a read does
 * Cost:     a query for each 1,000
 */
FR_API fr_err fr_input_related(fr_input *in, const char *name, fr_rows *rows);

/**
 * The next of the rows that .reads has loaded, in a function that computes a field: all of them, in the order of their model,
 * without a query.
 *
 * @param p      of the caller
 * @param row    as given to the function
 * @param name   of the relation: "comments"
 * @param other  a struct of the model at its other end; filled
 *
 * @return false at the end; a further call begins anew
 *
 * Owner:    texts in other are the event's arena's
 * Thread:   the caller's, within the function
 * Cost:     a copy of the struct
 */
#define fr_related_next(p, row, name, other)                                                       \
    fr_related_next_((p)->ctx, (row), (name), (other), FR_ROW_MARK_(other))
FR_API bool fr_related_next_(fr_ctx *ctx, const void *row, const char *name, void *other,
                             uint64_t mark);

/* The lookups of a path: exact (no suffix), iexact, lt, lte, gt, gte, in, range, isnull, contains, icontains, startswith,
 * istartswith, endswith, iendswith, regex, iregex; of a moment before them date, time, year, iso_year, quarter, month, day, week,
 * week_day, iso_week_day, hour, minute, second; of JSON the names of members and numbers of elements, has_key, has_keys,
 * has_any_keys. */

/**
 * The rows that a GET of the list without a query string shows to who asks: same ordering and page.
 *
 * @param p        fr_ctx, fr_req or fr_sock
 * @param viewset  served or not; borrowed by rows
 * @param rows     in the event's arena
 *
 * Errors:   FR_ETOOBIG (no pages, and over FR_ALL_ROWS rows), FR_EINVAL (the viewset is wrong), FR_EBACKEND
 * Owner:    the event's arena
 * Thread:   the caller's loop
 * Suspends: if it takes more than some 20 ms, this handler only
 * Cost:     one query; a copy of each text
 */
#define fr_list(p, viewset, rows) fr_list_((p)->ctx, (viewset), (rows))
FR_API fr_err fr_list_(fr_ctx *ctx, const fr_viewset *viewset, fr_rows *rows);

/**
 * The rows that the filters of the query string let through, in the order of the model, or of a filter with .order, without
 * pages: filter_queryset(get_queryset()) of DRF.
 *
 * @param req   of an extra action
 * @param rows  in the event's arena
 *
 * Errors:   FR_EINVAL (a filter's value; returned by the handler it is DRF's 400 with the parameter's name), FR_ETOOBIG (over
 *           FR_ALL_ROWS rows), FR_EINTERNAL (not called in an extra action), FR_EBACKEND
 * Owner:    the event's arena
 * Thread:   the request's loop
 * Suspends: if it takes more than some 20 ms, this handler only
 * Cost:     one query; a copy of each text
 */
FR_API fr_err fr_list_filtered(fr_req *req, fr_rows *rows);

/**
 * The object that the URL of a detail action names, into a model struct: by its key, and by the filters of the query string, as
 * DRF's get_object finds it.
 *
 * @param req  of a detail action
 * @param row  of the viewset's model; filled, with the bits of all fields in row.set
 *
 * Errors:   FR_ENOTFOUND, FR_EINVAL (a filter's value; returned by the handler it is DRF's 400 with the parameter's name),
 *           FR_EINTERNAL (not called in a detail action; a struct of another model), FR_EBACKEND
 * Owner:    texts are the request's arena's
 * Thread:   the request's loop
 * Suspends: only if the database is slow
 * Cost:     as fr_get
 */
#define fr_load(req, row) fr_load_((req), (row), FR_ROW_MARK_(row))
FR_API fr_err fr_load_(fr_req *req, void *row, uint64_t mark);

/**
 * Write a model struct back: the fields set in row.set (after fr_load: all of them). The struct is then as stored.
 * The answer carries Freshet-At. The viewset's rules (.visible, .writable, .check) and the permissions of its object are asked in
 * the transaction, of the row as it is there.
 *
 * @param req  of an action
 * @param row  of the viewset's model, with its key
 *
 * Errors:   FR_ENOTFOUND, FR_EINVAL and FR_ECONFLICT as fr_update, FR_EDENIED (nothing was stored), FR_EINTERNAL (not called in an
 *           action; a struct of another model), FR_EBACKEND
 * Owner:    the caller; read by the writer's thread meanwhile
 * Thread:   the request's loop
 * Suspends: until it is on disk
 * Cost:     as fr_update
 */
#define fr_store(req, row) fr_store_((req), (row), FR_ROW_MARK_(row))
FR_API fr_err fr_store_(fr_req *req, void *row, uint64_t mark);

/**
 * Read the body by the serializer of the action (else of the viewset) into a struct of its model. All that is wrong with it is
 * answered by 400, if the handler returns the error.
 *
 * @param req  of an action, or of a handler whose route has .api
 * @param row  {0} for a new row, or as fr_load has filled it; filled with what the body says, and row.set names that
 *
 * Errors:   FR_EINVAL (return it), FR_EINTERNAL (no serializer; a struct of another model), FR_EBACKEND
 * Owner:    texts are the request's arena's
 * Thread:   the request's loop
 * Suspends: where the database is asked, for unique values and references
 * Cost:     a pass over the body
 */
#define fr_read(req, row) fr_read_((req), (row), FR_ROW_MARK_(row))
FR_API fr_err fr_read_(fr_req *req, void *row, uint64_t mark);

/**
 * Write the struct: a new row, answered by 201, or over the row that fr_load has read, answered by 200; printed by the serializer
 * as fr_read read it. What else the body said (many-to-many, nested rows) is written with it, all or nothing.
 *
 * @param req  as in fr_read, not answered yet
 * @param row  of the serializer's model; then as stored
 *
 * Errors:   FR_EINVAL (what the program itself has set is no value of its field, as fr_create), FR_ENOTFOUND, FR_EBACKEND,
 *           FR_EINTERNAL; a constraint is answered by 400
 * Owner:    the caller; read by the writer's thread meanwhile
 * Thread:   the request's loop
 * Suspends: until it is on disk
 * Cost:     as fr_create
 */
#define fr_save(req, row) fr_save_((req), (row), FR_ROW_MARK_(row))
FR_API fr_err fr_save_(fr_req *req, void *row, uint64_t mark);

/**
 * Read the body by the action's serializer, which has no model: values, lists, dictionaries and objects that are no rows. All that
 * is wrong is answered by 400, if the handler returns the error. PATCH asks for nothing that is absent.
 *
 * @param req   as in fr_read
 * @param json  what was understood, as an object in the order of the serializer, without secret and hidden fields
 *
 * Errors:   FR_EINVAL (return it), FR_EINTERNAL (the serializer has a model, or there is none), FR_EBACKEND
 * Owner:    the request's arena
 * Thread:   the request's loop
 * Suspends: where the database is asked, for references
 * Cost:     a pass over the body
 */
FR_API fr_err fr_read_data(fr_req *req, fr_str *json);

/** What the body says: of a member its text, or JSON if it is none; of NULL all of it as JSON. p NULL: it does not say that, or
 *  cannot be read (which is answered, if the handler returns an error). In handlers of the API. Borrowed from the request. */
FR_API fr_str fr_req_json(fr_req *req, const char *member);

/**
 * Answer with an object from a template: fr_reply_object(req, 200, "{name:%S,open:%lld}", name, count). Names need no quotes.
 *
 * @param req     not answered yet
 * @param status  200..599
 * @param fmt     %S an fr_str and %s a C string, both quoted; %J an fr_str that is JSON; %d int, %lld long long, %zu size_t,
 *                %f double, %b a bool
 *
 * Errors:   FR_EINTERNAL (another conversion; answered already), FR_ENOMEM, FR_ECANCELED
 * Owner:    nothing is kept
 * Thread:   the request's loop
 * Suspends: as fr_reply_bytes
 * Cost:     a pass over the template
 */
FR_API fr_err fr_reply_object(fr_req *req, int status, const char *fmt, ...);

/**
 * The absolute URL of a row, at the first route that leads to its viewset.
 *
 * @param req      whose host it has
 * @param viewset  with a route
 * @param row      a struct of its model
 * @param out      in the request's arena
 *
 * Errors:   FR_EINTERNAL (no route; a struct of another model), FR_ENOMEM
 * Owner:    the request's arena
 * Thread:   the request's loop
 * Cost:     a copy
 */
#define fr_url_of(req, viewset, row, out) fr_url_((req), (viewset), (row), FR_ROW_MARK_(row), (out))
FR_API fr_err fr_url_(fr_req *req, const fr_viewset *viewset, const void *row, uint64_t mark,
                      fr_str *out);

/**
 * Answer 200 with a model struct, printed by the serializer of the route's viewset.
 *
 * @param req  of an action, not answered yet
 * @param row  of the viewset's model
 *
 * Errors:   FR_EINTERNAL (not called in an action, or answered already), FR_ECANCELED, FR_ENOMEM
 * Owner:    row stays the caller's
 * Thread:   the request's loop
 * Suspends: as fr_reply_bytes
 * Cost:     one pass over the fields
 */
#define fr_reply(req, row) fr_reply_((req), (row), FR_ROW_MARK_(row))
FR_API fr_err fr_reply_(fr_req *req, const void *row, uint64_t mark);
/**
 * Answer 200 with rows as a JSON array, printed by the serializer of the viewset they came from; of fr_all and fr_filter with
 * all fields but the secret ones.
 *
 * @param req   not answered yet
 * @param rows  all of them, also those that fr_rows_next has walked past
 *
 * Errors:   FR_EINTERNAL (answered already), FR_ECANCELED, FR_ENOMEM
 * Owner:    rows stay the caller's
 * Thread:   the request's loop
 * Suspends: as fr_reply_bytes
 * Cost:     one pass over the rows
 */
FR_API fr_err fr_reply_rows(fr_req *req, const fr_rows *rows);
/**
 * Answer with data: JSON, indented if the client wants it so, or what the renderer makes of it that the client chose.
 *
 * @param req     of an action, or of a handler whose route has .api; not answered yet. Elsewhere it is sent as it is
 * @param status  200..599
 * @param json    compact; n = 0: an answer without content. Borrowed until return
 *
 * Errors:   FR_EINTERNAL (answered already), FR_ECANCELED, FR_ENOMEM, and those of the renderer
 * Owner:    copied
 * Thread:   the request's loop
 * Suspends: as fr_reply_bytes
 * Cost:     a copy
 */
FR_API fr_err fr_reply_data(fr_req *req, int status, fr_str json);

/* What the calls below return is borrowed until the handler returns. */

/** The version of the API that the request asked for; p is NULL: none, or its route has no .versioning. */
FR_API fr_str fr_api_version(const fr_req *req);
/** The media type that was agreed on, with the parameters that the client gave: "application/json; indent=4". n = 0: not a
 *  request of the API. */
FR_API fr_str fr_api_media(fr_req *req);
/**
 * A link to a path of this site, as the version of the request has it.
 *
 * @param req   of an action, or of a handler whose route has .api
 * @param path  "/api/<version>/notes/": where the version stands (or whatever .param is), with FR_VERSION_PATH; escaped
 *              already. NULL: the path of this request
 * @param out   "http://host/api/v1/notes/"; with FR_VERSION_QUERY "…?version=1"
 *
 * Errors:   FR_ENOMEM
 * Owner:    the request's arena
 * Thread:   the request's loop
 * Cost:     a copy
 */
FR_API fr_err fr_api_url(fr_req *req, const char *path, fr_str *out);

/* ---- ready handlers ---- */

/* Each is a route of its own: FR_ROUTES(FR_OBTAIN_TOKEN("api-token-auth/"), …) (app.h). */

/**
 * Answer {"username", "password"} with the user's token, which is made if there is none: 200 {"token": "…"}, or 400.
 *
 * @param req  of a route that FR_OBTAIN_TOKEN has made
 *
 * Errors:   FR_EBUSY (too many passwords are being checked), those of a read and of a write
 * Thread:   the request's loop
 * Suspends: for as long as a hash takes
 * Cost:     a hash; the same for a name that is unknown
 * Source:   DRF's obtain_auth_token
 */
FR_API fr_err fr_obtain_token(fr_req *req);
/**
 * Give who asks another password, {"old_password", "new_password"}: 204, or 400 with what Django's forms say of a wrong or a weak one.
 * His sessions end with it, but for the one that he asks by, which gets a new key.
 *
 * @param req  of a route that FR_CHANGE_PASSWORD has made
 *
 * Errors:   FR_EAUTH (nobody is known), others as fr_obtain_token
 * Thread:   the request's loop
 * Suspends: for as long as two hashes take
 * Cost:     two hashes and a write
 */
FR_API fr_err fr_change_password(fr_req *req);
FR_API extern const fr_serializer fr_credentials_, fr_new_password_;

/* ---- JSON Web Tokens ---- */

/* The views of djangorestframework-simplejwt; their routes are FR_JWT_PAIR("jwt/token/"), FR_JWT_REFRESH("jwt/refresh/") … (app.h). Nobody
 * is asked who he is there. */

/**
 * A handler: a refresh and an access token for a name and a password; 401 alike for whatever is wrong.
 *
 * @param req  with {"username", "password"}
 *
 * Errors:   those of a read and of a write; what is wrong with the body or its token is answered
 * Thread:   the request's loop
 * Suspends: while the password is hashed, and until the token is noted
 * Cost:     a hash, a write
 * Source:   Simple JWT's TokenObtainPairView
 */
FR_API fr_err fr_jwt_pair_view(fr_req *req);
/**
 * A handler: a sliding token for a name and a password.
 *
 * @param req  as in fr_jwt_pair_view
 *
 * Errors:   as fr_jwt_pair_view
 * Thread:   the request's loop
 * Suspends: as fr_jwt_pair_view
 * Cost:     as fr_jwt_pair_view
 * Source:   Simple JWT's TokenObtainSlidingView
 */
FR_API fr_err fr_jwt_sliding_view(fr_req *req);
/**
 * A handler: another access token for a refresh token; with fr_jwt.rotates another refresh token, too.
 *
 * @param req  with {"refresh"}
 *
 * Errors:   those of a read and of a write; what is wrong with the body or its token is answered
 * Thread:   the request's loop
 * Suspends: as a read; until what was given up is on disk
 * Cost:     two statements; with rotates some writes
 * Source:   Simple JWT's TokenRefreshView
 */
FR_API fr_err fr_jwt_refresh_view(fr_req *req);
/**
 * A handler: a sliding token that is good anew.
 *
 * @param req  with {"token"}
 *
 * Errors:   as fr_jwt_refresh_view
 * Thread:   the request's loop
 * Suspends: as a read
 * Cost:     a statement
 * Source:   Simple JWT's TokenRefreshSlidingView
 */
FR_API fr_err fr_jwt_slide_view(fr_req *req);
/**
 * A handler: whether a token, of whatever type, is good.
 *
 * @param req  with {"token"}
 *
 * Errors:   as fr_jwt_refresh_view
 * Thread:   the request's loop
 * Suspends: as a read, with fr_jwt.gives_up
 * Cost:     a signature
 * Source:   Simple JWT's TokenVerifyView
 */
FR_API fr_err fr_jwt_verify_view(fr_req *req);
/**
 * A handler: a refresh token is good no longer.
 *
 * @param req  with {"refresh"}
 *
 * Errors:   as fr_jwt_refresh_view
 * Thread:   the request's loop
 * Suspends: until it is on disk
 * Cost:     a write
 * Source:   Simple JWT's TokenBlacklistView
 */
FR_API fr_err fr_jwt_blacklist_view(fr_req *req);
/* What they read. */
FR_API extern const fr_serializer fr_jwt_credentials_, fr_jwt_refresh_, fr_jwt_access_,
    fr_jwt_token_;

#ifdef __cplusplus
}
#endif
#endif

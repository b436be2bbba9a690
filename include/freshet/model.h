/*
 * freshet/model.h: models. FR_MODEL(note, (ID, id), (CHAR, title, .max_length = 200), …) makes the C struct `note`
 * and its description `note_model`, which migrations, SQL, serializers, filters and the live engine read.
 */
#ifndef FRESHET_MODEL_H
#define FRESHET_MODEL_H

#include <freshet/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The kinds of field; comments name the C type of the struct member. */
typedef enum fr_kind {
    FR_KIND_ID,          /* int64_t: integer primary key, given by the database */
    FR_KIND_BOOLEAN,     /* bool */
    FR_KIND_CHAR,        /* fr_str; max_length required */
    FR_KIND_TEXT,        /* fr_str */
    FR_KIND_INTEGER,     /* int64_t */
    FR_KIND_BIGINT,      /* int64_t */
    FR_KIND_FLOAT,       /* double */
    FR_KIND_DECIMAL,     /* fr_str, e.g. "1.50"; max_digits and decimal_places required */
    FR_KIND_DATE,        /* fr_date */
    FR_KIND_TIME,        /* fr_span since midnight */
    FR_KIND_DATETIME,    /* fr_time */
    FR_KIND_DURATION,    /* fr_span */
    FR_KIND_UUID,        /* fr_uuid */
    FR_KIND_JSON,        /* fr_str: JSON text */
    FR_KIND_EMAIL,       /* fr_str; max_length 254 unless given */
    FR_KIND_URL,         /* fr_str; 200 */
    FR_KIND_SLUG,        /* fr_str; 50 */
    FR_KIND_IP,          /* fr_str; IPv4 or IPv6 */
    FR_KIND_FOREIGN_KEY, /* the type of the other model's key; column <name>_id */
    FR_KIND_ONE_TO_ONE,  /* the same, of which no two rows have one */
    FR_KIND_SMALLINT,    /* int64_t */
    FR_KIND_POSITIVE,    /* int64_t, 0 or more; as all POSITIVE kinds */
    FR_KIND_POSITIVE_SMALL,
    FR_KIND_POSITIVE_BIG,
    FR_KIND_MANY_TO_MANY, /* fr_keys: no column here, rows of a table between the two */
    FR_KIND_BINARY,       /* fr_str: bytes; in JSON base64, and only read there */
    FR_KIND_FILE,  /* fr_str: the path beneath the media folder; max_length 100 unless given */
    FR_KIND_IMAGE, /* the same, of a picture */
    FR_KIND_COUNT_
} fr_kind;

/** What becomes of a row when the one that it refers to is deleted, as in Django. */
typedef enum fr_on_delete {
    FR_CASCADE, /* it goes, too */
    FR_PROTECT, /* 409: the other stays */
    FR_SET_NULL,
    FR_DO_NOTHING,  /* it is the database's affair */
    FR_RESTRICT,    /* 409, unless it goes itself by another reference */
    FR_SET_DEFAULT, /* it refers to what .default_ says */
    /* The same by the database, ON DELETE … of the table; nothing is asked before. */
    FR_DB_CASCADE,
    FR_DB_SET_NULL,
    FR_DB_SET_DEFAULT
} fr_on_delete;

typedef struct fr_model fr_model;

/** The member of a MANY_TO_MANY. It holds nothing: the keys are rows of the table between, which queries read. */
typedef struct fr_keys {
    char nothing_;
} fr_keys;

/** A permitted value and what people read. Arrays end with {0}. */
typedef struct fr_choice {
    const char *value;
    const char *label;
} fr_choice;

/** A table of choices, with the {0} that ends it: .choices = FR_CHOICES({"s", "Small"}, {"l", "Large"}). */
#define FR_CHOICES(...) FR_TABLE_(fr_choice, __VA_ARGS__)

/** A heading: the choices behind it are one group, up to the next. Programs that show choices may show it. */
#define FR_GROUP(label_)                                                                           \
    {                                                                                              \
        "\x1d", label_                                                                             \
    }

/** A choice that is a number where the others are texts: FR_CHOICES(FR_NUMBER(1, "One"), {"x", "Ex"}). Of a field of numbers
 *  all choices are numbers anyway. */
#define FR_NUMBER(value_, label_)                                                                  \
    {                                                                                              \
        "\x1e" #value_, label_                                                                     \
    }

/** What is said of a value in other words than DRF's, by the code of the error: {"blank", "Say what is wrong."}. {max_length} and
 *  whatever else is a limit of the field stand for it, {input} for what was sent. Arrays end with {0}. */
typedef struct fr_message {
    const char *code; /* "required", "null", "blank", "invalid", "max_length" … */
    const char *text;
} fr_message;

/** A table of messages, with the {0} that ends it. */
#define FR_MESSAGES(...) FR_TABLE_(fr_message, __VA_ARGS__)

/** How a DECIMAL with more places than are printed is rounded, by the names of Python's decimal. */
typedef enum fr_rounding {
    FR_ROUND_HALF_EVEN,
    FR_ROUND_HALF_UP,
    FR_ROUND_HALF_DOWN,
    FR_ROUND_UP,
    FR_ROUND_DOWN,
    FR_ROUND_CEILING,
    FR_ROUND_FLOOR,
    FR_ROUND_05UP
} fr_rounding;

/** What rows keep to, as a Django model's Meta.constraints. Arrays end with {0}. */
typedef struct fr_constraint {
    const char *name;    /* of the constraint or index in the database */
    const char *unique;  /* "team,name", that no two rows have; NULL: it is a check */
    const char *where;   /* of unique: among rows that this is true of, "active=true&size__gt=0" */
    const char *check;   /* what is true of each row, as SQL: "ends >= starts" */
    const char *message; /* NULL: "The fields team, name must make a unique set." */
    void *reserved_[2];
} fr_constraint;

/** A table of constraints, with the {0} that ends it. */
#define FR_CONSTRAINTS(...) FR_TABLE_(fr_constraint, __VA_ARGS__)

/** An index over several fields, descending ones, or some of the rows. Arrays end with {0}. */
typedef struct fr_column_index {
    const char *fields; /* "state,-priority" */
    const char *name;   /* NULL: as Django calls it */
    const char *where;  /* "state=open": only rows that this is true of; NULL: all */
    void *reserved_[1];
} fr_column_index;

/** A table of indexes, with the {0} that ends it. */
#define FR_INDEXES(...) FR_TABLE_(fr_column_index, __VA_ARGS__)

/** One field of a model. Zero is the default of every option. */
typedef struct fr_field {
    const char *name;
    fr_kind kind;
    uint32_t offset; /* of the member in the struct */
    /* options, given in FR_MODEL as .max_length = 200, … */
    uint32_t max_length, min_length;     /* characters; 0 = no limit */
    uint16_t max_digits, decimal_places; /* DECIMAL of no model: 0 digits = no limit */
    bool null;                           /* NULL allowed */
    bool blank;                          /* '' allowed, not required in input */
    bool unique, index;
    bool auto_now, auto_now_add;
    bool read_only;               /* never taken from input */
    bool secret;                  /* never in an answer, a live frame or the change log */
    bool primary_key;             /* for a key that is not an ID: CHAR, UUID, BIGINT … */
    bool has_min, has_max;        /* min_value / max_value apply (also set when they are not 0) */
    int64_t min_value, max_value; /* integers, FLOAT, DECIMAL */
    /* Text as in JSON input: "0", "true", "open"; "now" for date kinds, "random" for UUID. */
    const char *default_;
    const char *column; /* NULL: the name; name_id for a foreign key */
    const char *label;  /* verbose name; NULL: the name with spaces */
    const char *help_text;
    const fr_choice *choices;
    const fr_model *to; /* references; FR_MODEL sets it from (FOREIGN_KEY(note), …) */
    fr_on_delete on_delete;
    bool as_text; /* integers: "9007199254740993" in JSON. References to it follow */
    /* References: what the other side calls these rows, "tickets"; NULL: the model's name; "+": nothing */
    const char *related;
    /* MANY_TO_MANY: the model of the table between, with a reference to either side, if it is one of yours; such a field
     * is only read. NULL: one is made, with the table and the index that Django makes. */
    const fr_model *through;
    const char *table; /* MANY_TO_MANY: what the table that is made is called; NULL: TABLE_FIELD */
    bool
        symmetric; /* MANY_TO_MANY of a model to itself: those that a row names have that row too, and there is no other side */
    /* Texts: what the whole of it must match, as PCRE2 has it, with a limit on what a match may cost. */
    const char *pattern;
    const char *pattern_message;   /* NULL: "Enter a valid value." */
    const char *minimum, *maximum; /* numbers, moments, DURATION: as text, "-99.99", "2020-01-01" */
    const char *protocol;          /* IP: "IPv4" or "IPv6"; NULL: both */
    /* No other row with the same value has the same day, month or year in this DATE or DATETIME: "posted_on". */
    const char *unique_for_date, *unique_for_month, *unique_for_year;
    const char *upload_to; /* FILE, IMAGE: the folder beneath the media folder, "photos/%Y/%m" */
    const char *width_field, *height_field; /* IMAGE: integers of the model that tell its size */
    bool
        narrow; /* ID: of 32 bits, Django's AutoField: columns that refer to it are integer, not bigint */
    /* How values are written and read in requests and answers; what is stored is the same. */
    const char *
        format; /* DATE, TIME, DATETIME: of strftime, "%d.%m.%Y"; DURATION: "iso-8601"; UUID: "hex", "int", "urn" */
    const char *input_formats; /* DATE, TIME, DATETIME: of strptime, "%d.%m.%Y %H:%M;iso-8601" */
    const char *zone;     /* DATETIME: "Europe/Berlin"; NULL: the program's, or the request's */
    bool as_number;       /* DECIMAL: 1.5 in JSON, not "1.50" */
    bool normalized;      /* DECIMAL: "1.5", without zeros at its end */
    bool unicode;         /* SLUG: letters and digits of all scripts */
    bool untrimmed;       /* texts: white space at both ends is kept */
    fr_rounding rounding; /* DECIMAL */
    /* CHAR: a path of what is in this folder, and nothing else, as FilePathField has it. The folder is read at each request. */
    const char *folder;
    const char *folder_match;           /* names that this pattern finds; NULL: all */
    bool folder_is_deep;                /* what is in the folders in it, too */
    bool takes_folders, takes_no_files; /* without either: files alone */
    const fr_message *messages; /* of errors, FR_MESSAGES({"blank", "Say what is wrong."}) */
    /* References, and a MANY_TO_MANY: a body may name rows only that this filter finds, "is_active=true", as Django's
     * limit_choices_to. Others do not exist for it. */
    const char *among;
    void *reserved_[1];
} fr_field;

/** A model: plain data, made by FR_MODEL, by hand, or from a database. Lives as long as the app. */
struct fr_model {
    const char *name;  /* "note" */
    const char *table; /* NULL: the name */
    const char *label; /* verbose name; NULL: the name with spaces for underscores */
    const fr_field *fields;
    uint32_t field_count;  /* at most FR_MODEL_FIELDS_MAX; FR_STRUCT_FIELDS_MAX with a C struct */
    uint32_t struct_bytes; /* 0: no C struct */
    const char
        *display; /* what a row is called: "name", "#{number} {title}"; NULL: "Note object (1)" */
    const char *ordering; /* "-created_at,name"; NULL: by key */
    bool is_foreign;      /* the table is somebody else's: only checked, never altered */
    bool strict; /* integers take what their kind has on other databases: 32 or 16 bits, not 64 */
    uint64_t
        struct_mark; /* of the C struct, see FR_ROW_MARK_; 0: a struct is known by its size alone */
    const char
        *unique_together; /* "project,number", that no two rows have; several with ';' between */
    const fr_constraint *constraints; /* NULL: none */
    const fr_column_index *indexes;   /* of tables that are made here; NULL: none */
    void *reserved_[2];
};

enum {
    FR_MODEL_FIELDS_MAX = 256,
    FR_STRUCT_FIELDS_MAX = 64 /* fr_row has a bit for each */
};

/** First member of every model struct: which fields are NULL, and which were given (a PATCH names some only). */
typedef struct fr_row {
    uint64_t null; /* bit i: field i is NULL */
    uint64_t set;  /* bit i: field i was given */
} fr_row;

/* Word of an FR_MODEL in one file: files that declare one model otherwise do not start. */
typedef struct fr_model_declaration {
    const fr_model *model;
    const char *text, *file;
    size_t struct_bytes;
    struct fr_model_declaration *next;
} fr_model_declaration;
FR_API void fr_model_declare_(fr_model_declaration *declaration);

/* FR_MODEL and the FR_IS_NULL / FR_SET_NULL / FR_IS_SET macros: model_macros.h keeps the machinery. */
#include <freshet/model_macros.h>

#ifdef __cplusplus
}
#endif
#endif

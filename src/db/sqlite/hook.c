#include "db/sqlite/hook.h"

#include <string.h>
#include "base/alloc.h"
#include "base/str.h"
#include "db/image.h"
#include "db/sqlite/table.h"

enum { GROUP_SHARE = 4 }; /* a group of 256 members may hold four times what one may */

typedef struct firing {
    sqlite3 *h;
    int op;
    sqlite3_int64 key1, key2;
    const fr_table *table;
    fr_changes *changes;
    bool is_doubtful;
} firing;

static fr_table *find_table(fr_update_hook *hook, const char *name)
{
    char lower[256];
    size_t n = strlen(name);
    if (n >= sizeof lower)
        return NULL;
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
    return fr_map_get(hook->by_name, (fr_str){lower, n});
}

/* The value of a field as the table has it, or will. */
static fr_value field_value(firing *f, uint32_t field, bool is_new)
{
    const fr_image_map *map = fr_image_map_of(f->table);
    int column = is_new && f->op == SQLITE_UPDATE ? map->updated[field] : map->column[field];
    fr_value value = {.type = FR_VALUE_NULL};
    sqlite3_value *raw = NULL;
    if (column == FR_IMAGE_KEY)
        return FR_VALUE_I(is_new && f->op == SQLITE_UPDATE ? f->key2 : f->key1);
    if (column < 0)
        return value;
    int rc = is_new ? sqlite3_preupdate_new(f->h, column, &raw)
                    : sqlite3_preupdate_old(f->h, column, &raw);
    if (rc != SQLITE_OK || !raw) {
        f->changes->has_failed = true; /* out of memory, or a map that is not this table's */
        return value;
    }
    value = fr_value_from_sqlite(raw);
    if (value.type == FR_VALUE_INT && fr_fieldset_has(&map->real, field))
        return (fr_value){.type = FR_VALUE_REAL, .as.r = (double)value.as.i};
    if (value.type == FR_VALUE_NULL && !is_new && fr_fieldset_has(&map->fallback, field))
        return map->defaults[field];
    if (value.type == FR_VALUE_NULL && !is_new && fr_fieldset_has(&map->doubtful, field))
        f->is_doubtful = true;
    return value;
}

static void put_image(firing *f, bool is_new, size_t *start, size_t *end)
{
    fr_buf *bytes = &f->changes->bytes;
    *start = bytes->n;
    fr_image_begin(bytes, f->table->model->field_count);
    for (uint32_t i = 0; i < f->table->model->field_count; i++)
        fr_image_value(bytes, field_value(f, i, is_new));
    *end = bytes->n;
}

/* The key is put apart, as the key field may be secret. */
static void put_key(firing *f, bool is_new, size_t *start, size_t *end)
{
    fr_buf *bytes = &f->changes->bytes;
    fr_value key = field_value(f, f->table->key, is_new);
    *start = bytes->n;
    fr_image_value(bytes, key);
    *end = bytes->n;
    if (key.type == FR_VALUE_NULL)
        f->is_doubtful = true; /* several rows may have it */
}

static void push(firing *f, fr_record record)
{
    record.table = f->table->index;
    record.is_partial =
        !fr_image_map_of(f->table)->is_whole && !fr_fieldset_is_empty(&f->table->unseen);
    if (!fr_vec_push(&f->changes->records, record))
        f->changes->has_failed = true;
}

static void take_update(firing *f)
{
    fr_record before = {0}, after = {0};
    put_key(f, false, &before.key, &before.key_end);
    put_key(f, true, &after.key, &after.key_end);
    put_image(f, false, &before.old, &before.old_end);
    put_image(f, true, &after.new_, &after.new_end);
    if (fr_str_eq(fr_changes_key(f->changes, &before), fr_changes_key(f->changes, &after))) {
        before.new_ = after.new_;
        before.new_end = after.new_end;
        push(f, before);
    } else { /* another key: the row goes, a row comes */
        push(f, before);
        push(f, after);
    }
}

static void take(firing *f)
{
    fr_record record = {0};
    switch (f->op) {
    case SQLITE_INSERT:
        put_key(f, true, &record.key, &record.key_end);
        put_image(f, true, &record.new_, &record.new_end);
        push(f, record);
        break;
    case SQLITE_DELETE:
        put_key(f, false, &record.key, &record.key_end);
        put_image(f, false, &record.old, &record.old_end);
        push(f, record);
        break;
    default: take_update(f);
    }
}

void fr_hook_fired(void *arg, sqlite3 *h, int op, const char *schema, const char *name,
                   sqlite3_int64 key1, sqlite3_int64 key2)
{
    fr_update_hook *hook = arg;
    fr_changes *changes = hook->changes;
    if (!changes || strcmp(schema, "main") != 0 || sqlite3_strnicmp(name, "freshet_", 8) == 0)
        return;
    fr_table *table = find_table(hook, name);
    changes->is_watched |= table && table->is_watched && op != SQLITE_INSERT;
    if (!table || !table->is_live) {
        changes->touched++;
        return;
    }
    const fr_image_map *map = fr_image_map_of(table);
    if (!map->is_whole)
        changes->touched++;
    if (changes->is_flooding || map->is_blind) {
        fr_changes_flood(changes, table->index);
        return;
    }
    firing f = {.h = h, .op = op, .key1 = key1, .key2 = key2, .table = table, .changes = changes};
    take(&f);
    if (f.is_doubtful || changes->records.count > changes->records_max ||
        changes->bytes.n - changes->start.bytes > changes->bytes_max ||
        changes->bytes.n > changes->bytes_max * GROUP_SHARE)
        fr_changes_flood(changes, table->index);
}

/* ---- the self-test ---- */

typedef struct seen {
    int op;
    int fault;
    int count;
} seen;

static bool is_int(sqlite3 *h, bool is_new, int column, int64_t expected)
{
    sqlite3_value *value = NULL;
    int rc = is_new ? sqlite3_preupdate_new(h, column, &value)
                    : sqlite3_preupdate_old(h, column, &value);
    return rc == SQLITE_OK && value && sqlite3_value_int64(value) == expected;
}

/* The rows of the three tables below hold in each column a number that tells which column it is. */
static void check_fired(void *arg, sqlite3 *h, int op, const char *schema, const char *name,
                        sqlite3_int64 key1, sqlite3_int64 key2)
{
    seen *s = arg;
    (void)schema;
    bool has_old = op != SQLITE_INSERT, has_new = op != SQLITE_DELETE;
    bool is_fine = true;
    s->count++;
    if (name[0] == 'a' && has_old) /* an added column reads as NULL, the real one by its value */
        is_fine = is_int(h, false, 1, 2);
    else if (name[0] == 'r') /* rowid table: a, v (virtual), b, id */
        is_fine = key1 == 7 && (!has_new || key2 == 7) &&
                  (!has_old || (is_int(h, false, 0, 1) && is_int(h, false, 1, 3))) &&
                  (!has_new ||
                   (is_int(h, true, 0, 1) && is_int(h, true, 1, op == SQLITE_UPDATE ? 4 : 3)));
    else if (name[0] == 'w') /* WITHOUT ROWID: a, v (virtual), b, id */
        is_fine = (!has_old || (is_int(h, false, 2, 3) && is_int(h, false, 3, 7))) &&
                  (!has_new ||
                   (is_int(h, true, op == SQLITE_UPDATE ? 1 : 2, op == SQLITE_UPDATE ? 4 : 3) &&
                    is_int(h, true, op == SQLITE_UPDATE ? 2 : 3, 7)));
    if (!is_fine && !s->fault)
        s->fault = s->count;
}

fr_err fr_hook_check(char error[512])
{
    static const char script[] =
        "CREATE TABLE a(id INTEGER PRIMARY KEY, x INT); INSERT INTO a VALUES(1, 2);"
        "ALTER TABLE a ADD COLUMN d INT NOT NULL DEFAULT 7; UPDATE a SET x = 3 WHERE id = 9; "
        "UPDATE a SET d = d;"
        "CREATE TABLE r(a INT, v AS (a + 1) VIRTUAL, b INT, id INTEGER PRIMARY KEY);"
        "INSERT INTO r(a, b, id) VALUES(1, 3, 7); UPDATE r SET b = 4; UPDATE r SET b = 3 WHERE 0; "
        "DELETE FROM r WHERE b = 9;"
        "CREATE TABLE w(a INT, v AS (a + 1) VIRTUAL, b INT, id INT PRIMARY KEY) WITHOUT ROWID;"
        "INSERT INTO w(a, b, id) VALUES(1, 3, 7); UPDATE w SET b = 4;";
    sqlite3 *h = NULL;
    seen s = {0};
    int rc = sqlite3_open_v2(
        ":memory:", &h, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_preupdate_hook(h, check_fired, &s);
        rc = sqlite3_exec(h, script, NULL, NULL, NULL);
    }
    sqlite3_close(h);
    if (rc == SQLITE_OK && s.count == 6 && !s.fault)
        return FR_OK;
    sqlite3_snprintf(
        512, error,
        "the loaded SQLite %s tells of changes in a way this program does not know (%d of %d)",
        sqlite3_libversion(), s.fault, s.count);
    return FR_EBACKEND;
}

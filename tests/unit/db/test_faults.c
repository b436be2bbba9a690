/*
 * The disk and the memory of SQLite itself fail at each call in turn: answers stay true, the file stays whole, and the
 * next write works. A file system and an allocator of the test stand between SQLite and the system.
 */
#include "db_test.h"
#include "net/server.h"

/* ---- the disk: fails the n-th write, sync, truncation or read of any thread, once ---- */

static atomic_int disk_faults;
static atomic_int disk_left;   /* calls until the fault; 0 = never */
static atomic_int disk_code;   /* what it gives then */
static atomic_bool disk_reads; /* reads count too */

typedef struct shim_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
} shim_file;

static sqlite3_vfs shim_vfs, *real_vfs;

static bool is_due(bool is_read)
{
    if (is_read && !disk_reads)
        return false;
    int left = disk_left;
    while (left > 0 && !atomic_compare_exchange_weak(&disk_left, &left, left - 1))
        continue;
    disk_faults += left == 1;
    return left == 1;
}

#define REAL(f) (((shim_file *)(f))->real)
static int shim_close(sqlite3_file *f)
{
    return REAL(f)->pMethods ? REAL(f)->pMethods->xClose(REAL(f)) : SQLITE_OK;
}
static int shim_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
    return is_due(true) ? SQLITE_IOERR_READ : REAL(f)->pMethods->xRead(REAL(f), out, n, at);
}
static int shim_write(sqlite3_file *f, const void *in, int n, sqlite3_int64 at)
{
    return is_due(false) ? (int)disk_code : REAL(f)->pMethods->xWrite(REAL(f), in, n, at);
}
static int shim_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return is_due(false) ? SQLITE_IOERR_TRUNCATE : REAL(f)->pMethods->xTruncate(REAL(f), size);
}
static int shim_sync(sqlite3_file *f, int flags)
{
    return is_due(false) ? SQLITE_IOERR_FSYNC : REAL(f)->pMethods->xSync(REAL(f), flags);
}
static int shim_size(sqlite3_file *f, sqlite3_int64 *out)
{
    return REAL(f)->pMethods->xFileSize(REAL(f), out);
}
static int shim_lock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xLock(REAL(f), level);
}
static int shim_unlock(sqlite3_file *f, int level)
{
    return REAL(f)->pMethods->xUnlock(REAL(f), level);
}
static int shim_check(sqlite3_file *f, int *out)
{
    return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}
static int shim_control(sqlite3_file *f, int op, void *arg)
{
    return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}
static int shim_sector(sqlite3_file *f)
{
    return REAL(f)->pMethods->xSectorSize(REAL(f));
}
static int shim_device(sqlite3_file *f)
{
    return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}
static int shim_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, out);
}
static int shim_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return REAL(f)->pMethods->xShmLock(REAL(f), offset, n, flags);
}
static void shim_shm_barrier(sqlite3_file *f)
{
    REAL(f)->pMethods->xShmBarrier(REAL(f));
}
static int shim_shm_unmap(sqlite3_file *f, int remove)
{
    return REAL(f)->pMethods->xShmUnmap(REAL(f), remove);
}

static const sqlite3_io_methods shim_methods = {
    2,           shim_close,   shim_read,     shim_write,       shim_truncate,  shim_sync,
    shim_size,   shim_lock,    shim_unlock,   shim_check,       shim_control,   shim_sector,
    shim_device, shim_shm_map, shim_shm_lock, shim_shm_barrier, shim_shm_unmap, NULL,
    NULL};

static int shim_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                     int *out)
{
    (void)vfs;
    shim_file *shim = (shim_file *)file;
    shim->real = (sqlite3_file *)(shim + 1);
    int rc = real_vfs->xOpen(real_vfs, name, shim->real, flags, out);
    shim->base.pMethods = rc == SQLITE_OK ? &shim_methods : NULL;
    return rc;
}

/* ---- the memory: fails the n-th allocation of this thread, once ---- */

static _Thread_local size_t memory_left;
static sqlite3_mem_methods real_memory, shim_memory;

static bool is_out(void)
{
    return memory_left && --memory_left == 0;
}
static void *shim_malloc(int n)
{
    return is_out() ? NULL : real_memory.xMalloc(n);
}
static void *shim_realloc(void *memory, int n)
{
    return is_out() ? NULL : real_memory.xRealloc(memory, n);
}

/* Before anything starts the library. */
__attribute__((constructor)) static void stand_between(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
    shim_memory = real_memory;
    shim_memory.xMalloc = shim_malloc;
    shim_memory.xRealloc = shim_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &shim_memory);
}

static void use_the_shim_disk(bool yes)
{
    if (!real_vfs) {
        real_vfs = sqlite3_vfs_find(NULL);
        shim_vfs = *real_vfs;
        shim_vfs.zName = "shim";
        shim_vfs.szOsFile = (int)sizeof(shim_file) + real_vfs->szOsFile;
        shim_vfs.xOpen = shim_open;
    }
    disk_left = disk_faults = 0;
    disk_reads = false;
    if (yes)
        sqlite3_vfs_register(&shim_vfs, 1);
    else
        sqlite3_vfs_unregister(&shim_vfs);
}

/* ---- writers at once, so that there are groups ---- */

enum { FIBERS = 6 };

typedef struct scene {
    fr_test_db db;
    fr_loop *loop;
    size_t good, bad, started, done, changes;
    int round;
    fr_err other; /* an answer that a fault does not explain */
} scene;

static void on_commit(void *arg, const fr_commit *commits, size_t count)
{
    scene *s = arg;
    for (size_t i = 0; i < count; i++)
        s->changes += commits[i].change_count;
}

static void write_one(void *arg)
{
    scene *s = arg;
    fr_arena *arena = fr_arena_new(0);
    fr_ctx ctx;
    author a = {0};
    fr_ctx_init(&ctx, arena, s->loop);
    ctx.db = s->db.db;
    FR_SET(&a, name, fr_arena_printf(arena, "%d-%zu", s->round, s->started++));
    fr_err err = fr_create(&ctx, &author_model, &a);
    s->good += err == FR_OK;
    s->bad += err != FR_OK;
    if (err != FR_OK && err != FR_EBACKEND && err != FR_ENOSPACE && err != FR_ENOMEM &&
        err != FR_EBUSY)
        s->other = err;
    s->done++;
    fr_arena_free(arena);
}

static void write_all(scene *s)
{
    s->done = 0;
    s->round++;
    for (int i = 0; i < FIBERS; i++)
        assert_int_equal(fr_fiber_start(s->loop, write_one, s), FR_OK);
    while (s->done < FIBERS)
        fr_loop_run_once(s->loop, 1000);
}

static void check(scene *s, int n)
{
    if (s->other != FR_OK)
        fail_msg("call %d: %s", n, fr_err_name(s->other));
    if (test_number(&s->db, "SELECT count(*) FROM author") != (int64_t)s->good)
        fail_msg("call %d: not the rows that were answered for", n);
    if (test_number(&s->db, "SELECT count(*) FROM freshet_change") != (int64_t)s->good ||
        s->changes != s->good)
        fail_msg("call %d: the log does not agree", n);
}

static void open_scene(scene *s)
{
    memset(s, 0, sizeof *s);
    test_folder(&s->db);
    test_open(&s->db, &(fr_db_opts){.on_commit = on_commit, .arg = s, .watch_ms = UINT32_MAX},
              test_models(), test_live);
    s->loop = fr_loop_new(0);
    sqlite3_exec(fr_sqlite_db_of(s->db.db)->writer->conn.h, "PRAGMA wal_autocheckpoint = 20", NULL,
                 NULL, NULL); /* fail there too */
}

static void close_scene(scene *s)
{
    disk_left = 0;
    assert_int_equal(
        test_number(&s->db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    fr_loop_free(s->loop);
    test_close(&s->db);
}

static void the_disk_fails_at_every_call(int code, bool reads)
{
    static scene s;
    use_the_shim_disk(true);
    open_scene(&s);
    disk_code = code;
    disk_reads = reads;
    for (int n = 1, through = 0; through < 3; n += n < 40 ? 1 : 7) {
        disk_left = n;
        for (int k = 0; k < 8 && disk_left > 0; k++)
            write_all(&s);
        through += disk_left > 0;
        disk_left = 0;
        check(&s, n);
        size_t before = s.good;
        write_all(&s);
        if (s.good != before + FIBERS)
            fail_msg("call %d: the next write fails", n);
    }
    /* Not that a write was refused: a group that fails is run again one by one, and the fault may be over by then. */
    assert_true(disk_faults > 0);
    close_scene(&s);
    use_the_shim_disk(false);
}

static void a_disk_that_is_full_at_any_write_loses_nothing(void **state)
{
    (void)state;
    the_disk_fails_at_every_call(SQLITE_FULL, false);
}

static void a_disk_that_fails_at_any_write_loses_nothing(void **state)
{
    (void)state;
    the_disk_fails_at_every_call(SQLITE_IOERR_WRITE, false);
}

static void a_disk_that_fails_at_any_call_loses_nothing(void **state)
{
    (void)state;
    the_disk_fails_at_every_call(SQLITE_IOERR_WRITE, true);
}

/* ---- memory ---- */

static size_t fail_at;
static fr_err with_little_memory(fr_ctx *ctx, void *arg)
{
    author a = {0};
    FR_SET(&a, name, fr_arena_printf(ctx->arena, "m-%zu", *(size_t *)arg));
    memory_left = fail_at;
    return fr_create(ctx, &author_model, &a);
}

static fr_err memory_is_back(fr_ctx *ctx, void *arg)
{
    (void)ctx;
    *(size_t *)arg = memory_left;
    memory_left = 0;
    return FR_OK;
}

static void sqlite_without_memory_fails_the_write_alone(void **state)
{
    (void)state;
    static scene s;
    size_t left = 0;
    open_scene(&s);
    for (fail_at = 1; !left && fail_at < 3000; fail_at += fail_at < 100 ? 1 : 11) {
        fr_err err = fr_atomic(&s.db.ctx, with_little_memory, &fail_at);
        assert_int_equal(fr_atomic(&s.db.ctx, memory_is_back, &left), FR_OK);
        s.good += err == FR_OK;
        s.bad += err != FR_OK;
        check(&s, (int)fail_at);
    }
    assert_true(left > 0);
    assert_true(s.bad > 0);
    close_scene(&s);
}

static fr_err all_reads(fr_test_db *t, int64_t *count)
{
    fr_rows rows;
    fr_span_changes span;
    fr_query q = {.model = &author_model};
    author a = {0};
    bool found;
    FR_TRY(fr_get(&t->ctx, &author_model, 1, &a));
    FR_TRY(fr_filter(&t->ctx, &author_model,
                     FR_STR("name__contains=a&id__in=1,2,3&ordering=-name&limit=2"), &rows));
    FR_TRY(fr_db_count(&t->ctx, &q, count));
    FR_TRY(
        fr_db_exists(&t->ctx, &author_model, 1, FR_VALUE_S(FR_STR("a1")), FR_VALUE_I(2), &found));
    FR_TRY(fr_db_log_since(&t->ctx, &author_model, fr_db_committed(t->db), 0, &span));
    return rows.count == 2 && found && span.is_known ? FR_OK : FR_EINTERNAL;
}

static void sqlite_without_memory_fails_the_read(void **state)
{
    (void)state;
    fr_test_db t;
    int64_t count;
    test_folder(&t);
    test_open(&t, NULL, test_models(), test_live);
    assert_int_equal(fr_db_exec_for_test(
                         &t.ctx, "INSERT INTO author VALUES(1, 'a1'), (2, 'a2'), (3, 'a3')", false),
                     FR_OK);
    size_t n = 1, left = 0, failures = 0;
    for (; !left && n < 5000; n += n < 50 ? 1 : 7) {
        fr_arena_free(t.arena);
        test_ctx(&t);
        memory_left = n;
        fr_err err = all_reads(&t, &count);
        left = memory_left;
        memory_left = 0;
        failures += err != FR_OK;
        if (err != FR_OK && err != FR_ENOMEM && err != FR_EBACKEND)
            fail_msg("allocation %zu: %s", n, fr_err_name(err));
    }
    assert_true(left > 0 && failures > 0);
    assert_int_equal(all_reads(&t, &count), FR_OK);
    test_close(&t);
}

static void sqlite_without_memory_cannot_be_opened_but_says_so(void **state)
{
    (void)state;
    fr_test_db t;
    size_t n = 1, left = 0;
    test_folder(&t);
    for (; !left && n < 20000; n += n < 60 ? 1 : 17) {
        char error[512] = "";
        fr_db *db = NULL;
        memory_left = n;
        fr_err err =
            fr_db_open(&(fr_db_opts){.url = t.url}, test_models(), test_live, NULL, &db, error);
        left = memory_left;
        memory_left = 0;
        if (err != FR_OK && (!*error || db))
            fail_msg("allocation %zu: %s without a line", n, fr_err_name(err));
        fr_db_close(db);
    }
    assert_true(left > 0);
    test_open(&t, NULL, test_models(), test_live);
    test_close(&t);
}

FR_TESTS(faults, FR_TEST(a_disk_that_is_full_at_any_write_loses_nothing),
         FR_TEST(a_disk_that_fails_at_any_write_loses_nothing),
         FR_TEST(a_disk_that_fails_at_any_call_loses_nothing),
         FR_TEST(sqlite_without_memory_fails_the_write_alone),
         FR_TEST(sqlite_without_memory_fails_the_read),
         FR_TEST(sqlite_without_memory_cannot_be_opened_but_says_so))

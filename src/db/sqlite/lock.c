/*
 * A second server on one database is refused, by whatever name it comes: the lock is on the file itself, through the
 * descriptor that SQLite has of it, as nobody else may open it (traps A20). It is a lock of the open file description,
 * of a byte that no database reaches: closing others does not drop it as it would a POSIX lock, and neither SQLite's own
 * locks nor strangers' come near it.
 *
 * FILE-freshet.lock is a note beside it: the process that has the lock, or, after a clean end, what the file looked like
 * then. If it looks different at the next start, somebody wrote meanwhile.
 */
#include "db/sqlite/sqlite_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/alloc.h"

enum {
    DESCRIPTORS_MAX = 4096, /* are looked through; at a start they are few */
    NOTE_TRIES = 100,       /* a second in all: who ends needs the time of a write */
    NOTE_PAUSE_US = 10000,
};

/* Of this process: for the kernel a second lock by the same descriptor is the first one. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static fr_lock *locks;

static const fr_lock *find(fr_file_id id)
{
    const fr_lock *lock = locks;
    while (lock && !fr_file_id_eq(lock->id, id))
        lock = lock->next;
    return lock;
}

/* The highest descriptor of the file: the one that SQLite has opened last. -1: none. */
static int descriptor_of(fr_file_id id)
{
    struct rlimit limit;
    struct stat info;
    int count = getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > DESCRIPTORS_MAX
                    ? DESCRIPTORS_MAX
                    : (int)limit.rlim_cur;
    for (int fd = count - 1; fd >= 0; fd--)
        if (fstat(fd, &info) == 0 && fr_file_id_eq(fr_file_id_of(&info), id))
            return fd;
    return -1;
}

/* 0, or errno. Some sandboxes know no locks of descriptions: flock is one, of the whole file, which on network file systems
 * would lock strangers out. */
static int lock_description(int fd)
{
    struct flock byte = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)INT64_MAX - 1, .l_len = 1};
    if (fd < 0)
        return EBADF;
    if (fcntl(fd, F_OFD_SETLK, &byte) == 0 ||
        (errno == EINVAL && flock(fd, LOCK_EX | LOCK_NB) == 0))
        return 0;
    return errno;
}

static int take(fr_lock *lock)
{
    pthread_mutex_lock(&mutex);
    int error = find(lock->id) ? EAGAIN : lock_description(descriptor_of(lock->id));
    if (!error) {
        lock->next = locks;
        locks = lock;
        lock->is_taken = true;
    }
    pthread_mutex_unlock(&mutex);
    return error;
}

static void give_back(fr_lock *lock)
{
    pthread_mutex_lock(&mutex);
    fr_lock **at = &locks;
    while (*at && *at != lock)
        at = &(*at)->next;
    if (*at)
        *at = lock->next;
    lock->is_taken = false;
    pthread_mutex_unlock(&mutex);
}

/* ---- the note ---- */

/* Whoever ends writes his note when SQLite has closed the file, and so after the lock on that has gone: this one is held
 * until it is written. */
static void lock_note(int fd)
{
    for (int i = 0; i < NOTE_TRIES && flock(fd, LOCK_EX | LOCK_NB); i++)
        usleep(NOTE_PAUSE_US);
}

static int open_note(const fr_files *files, int flags)
{
    return open(files->names[FR_FILE_NOTE], O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0644);
}

static void read_note(fr_lock *lock, const fr_files *files)
{
    lock->note_fd = open_note(files, 0);
    if (lock->note_fd < 0)
        return;
    if (lock->is_taken)
        lock_note(lock->note_fd);
    ssize_t n = pread(lock->note_fd, lock->before, sizeof lock->before - 1, 0);
    while (n > 0 && lock->before[n - 1] == '\n')
        n--;
    lock->before[n > 0 ? n : 0] = 0;
}

/* Only a courtesy to those who are refused or come next: without it the lock holds as well. */
static void write_note(const fr_lock *lock, const char *text)
{
    size_t n = strlen(text);
    if (lock->note_fd < 0 || ftruncate(lock->note_fd, 0) ||
        pwrite(lock->note_fd, text, n, 0) != (ssize_t)n)
        FR_DEBUG("db.lock", FR_KV_C("note", "cannot write the lock file"));
}

static void close_note(fr_lock *lock)
{
    if (lock->note_fd >= 0)
        close(lock->note_fd);
    lock->note_fd = -1;
}

/* What the closed database looks like; a log beside it may hold more. */
static void look(const fr_files *files, char out[FR_LOCK_TEXT])
{
    struct stat file, log;
    snprintf(out, FR_LOCK_TEXT, "open");
    if (stat(files->names[FR_FILE_MAIN], &file) == 0 && stat(files->names[FR_FILE_LOG], &log) != 0)
        snprintf(out, FR_LOCK_TEXT, "clean %llu %lld %lld.%09ld", (unsigned long long)file.st_ino,
                 (long long)file.st_size, (long long)file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
}

static bool is_process(const char *note)
{
    return *note >= '0' && *note <= '9';
}

/* After a crash the note is a process: our own last commits are in the log then, and nothing tells ours from others'. */
static bool is_changed(const fr_lock *lock, const fr_files *files)
{
    char now[FR_LOCK_TEXT];
    look(files, now);
    return !is_process(lock->before) && strcmp(now, lock->before) != 0;
}

/* ---- the lock ---- */

static fr_err refuse(const fr_lock *lock, const char *path, int problem, char error[512])
{
    bool is_known = is_process(lock->before);
    if (problem != EAGAIN && problem != EACCES) {
        snprintf(error, 512, "%s cannot be locked: %s", path, strerrordesc_np(problem));
        return FR_EIO;
    }
    snprintf(error, 512, "%s is in use by another freshet%s%s: stop it first, or use another file",
             path, is_known ? ", process " : "", is_known ? lock->before : "");
    return FR_EBUSY;
}

fr_err fr_lock_open(fr_lock *lock, const fr_files *files, const char *path, char error[512])
{
    *lock = (fr_lock){.id = files->ids[FR_FILE_MAIN]};
    int problem = take(lock);
    read_note(lock, files);
    lock->is_changed = is_changed(lock, files);
    if (!problem)
        return FR_OK;
    close_note(lock);
    return refuse(lock, path, problem, error);
}

void fr_lock_note(fr_lock *lock, const fr_files *files)
{
    char pid[32];
    snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (lock->note_fd < 0 && (lock->note_fd = open_note(files, O_CREAT)) >= 0)
        lock_note(lock->note_fd);
    write_note(lock, pid);
}

void fr_lock_close(fr_lock *lock, const fr_files *files, fr_lock_end end)
{
    char text[FR_LOCK_TEXT] = "gone";
    if (!lock->is_taken)
        return;
    if (end == FR_LOCK_CLEAN)
        look(files, text);
    if (end != FR_LOCK_UNUSED)
        write_note(lock, text);
    close_note(lock);
    give_back(lock);
}

/* A disk that fails on demand, for a process that has this library preloaded.
 *
 * It knows the files below EFFLUX_DATA_DIR. The file FAULTY_DISK_CONTROL has one line, `FAULT PATTERN EVERY`: every so many
 * calls on files whose path contains the pattern fail. FAULTY_DISK_DURABLE is a folder in which it keeps, for each file, what a
 * power cut would leave: a write is in it once a sync that worked has followed. As on Linux, a write whose sync has failed is
 * never tried again by itself.
 *
 * Files that processes share as memory (`-shm`) do not survive a power cut, and never fail. Names survive it at once: what was
 * created, moved or deleted stays so.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* A change that no sync has followed yet. The file ends at `offset` if `length` is negative. */
struct change {
    int64_t offset, length;
};

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), other = strlen(end);
    return length >= other && strcmp(text + length - other, end) == 0;
}

/* Whether an open file is one of those that may fail; its path. */
static int is_known(int file, char path[PATH_MAX]) {
    const char *below = getenv("EFFLUX_DATA_DIR");
    char link[64];
    if (below == NULL || getenv("FAULTY_DISK_CONTROL") == NULL) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return strncmp(path, below, strlen(below)) == 0 && !ends_with(path, "-shm") && !ends_with(path, ".lock") &&
           !ends_with(path, " (deleted)");
}

/* Whether this call on a file is to fail in this way. */
static int fails(const char *fault, const char *path) {
    static atomic_uint calls;
    char line[256] = "", wanted[64] = "", pattern[128] = "";
    unsigned every = 1;
    int control = open(getenv("FAULTY_DISK_CONTROL"), O_RDONLY | O_CLOEXEC);
    if (control < 0) return 0;
    ssize_t length = REAL(read)(control, line, sizeof line - 1);
    close(control);
    if (length <= 0 || sscanf(line, "%63s %127s %u", wanted, pattern, &every) < 2) return 0;
    if (strcmp(wanted, fault) != 0 || strstr(path, pattern) == NULL) return 0;
    return every < 2 || atomic_fetch_add(&calls, 1) % every == every - 1;
}

/* Opens the list of a file's changes, locked. The file itself is never opened: closing it would drop SQLite's locks on it. */
static int open_changes(int file, char durable[PATH_MAX]) {
    const char *folder = getenv("FAULTY_DISK_DURABLE");
    struct statx about;
    char list[PATH_MAX + 8];
    if (folder == NULL || statx(file, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &about) != 0) return -1;
    /* The number of a deleted file is given to another. */
    snprintf(durable, PATH_MAX, "%s/%llu-%lld-%u", folder, (unsigned long long)about.stx_ino,
             (long long)about.stx_btime.tv_sec, about.stx_btime.tv_nsec);
    snprintf(list, sizeof list, "%s.list", durable);
    int changes = open(list, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (changes >= 0) flock(changes, LOCK_EX);
    return changes;
}

static void note(int file, int64_t offset, int64_t length) {
    char durable[PATH_MAX];
    struct change change = {offset, length};
    int before = errno, changes = open_changes(file, durable);
    if (changes >= 0) {
        if (REAL(write)(changes, &change, sizeof change) != sizeof change) abort();
        close(changes);
    }
    errno = before;
}

/* Ends a sync: what was written before is durable, or lost forever. */
static void settle(int file, int is_durable) {
    char durable[PATH_MAX], block[65536];
    struct change change;
    int before = errno, changes = open_changes(file, durable);
    if (changes < 0) return;
    int copy = open(durable, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (copy < 0) abort();
    /* The file itself may have been opened to be written only. */
    char itself[64];
    snprintf(itself, sizeof itself, "/proc/self/fd/%d", file);
    int source = open(itself, O_RDONLY | O_CLOEXEC);
    if (source < 0) abort();
    lseek(changes, 0, SEEK_SET);
    while (is_durable && REAL(read)(changes, &change, sizeof change) == sizeof change) {
        if (change.length < 0) {
            if (REAL(ftruncate)(copy, change.offset) != 0) abort();
            continue;
        }
        while (change.length > 0) {
            size_t most = change.length < (int64_t)sizeof block ? (size_t)change.length : sizeof block;
            ssize_t there = REAL(pread)(source, block, most, change.offset);
            if (there < 0) abort();
            if (there == 0) break;
            if (REAL(pwrite)(copy, block, there, change.offset) != there) abort();
            change.offset += there;
            change.length -= there;
        }
    }
    if (REAL(ftruncate)(changes, 0) != 0) abort();
    close(source);
    close(copy);
    close(changes);
    errno = before;
}

/* What a write is made into: as it is, shorter, or -1 with an error. */
static ssize_t allowed(const char *path, size_t length) {
    static _Thread_local int was_short;
    if (fails("write-eio", path)) {
        errno = EIO;
        return -1;
    }
    int shorter = fails("write-short", path);
    if (shorter && !was_short && length > 1) {
        was_short = 1;
        return length / 2;
    }
    was_short = 0;
    if (shorter || fails("write-full", path)) {
        errno = ENOSPC;
        return -1;
    }
    return length;
}

ssize_t write(int file, const void *bytes, size_t length) {
    char path[PATH_MAX];
    if (!is_known(file, path)) return REAL(write)(file, bytes, length);
    ssize_t most = allowed(path, length);
    if (most < 0) return -1;
    ssize_t written = REAL(write)(file, bytes, most);
    off_t end = lseek(file, 0, SEEK_CUR);
    if (written > 0 && end >= written) note(file, end - written, written);
    return written;
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
    char path[PATH_MAX];
    if (!is_known(file, path)) return REAL(pwrite)(file, bytes, length, offset);
    ssize_t most = allowed(path, length);
    if (most < 0) return -1;
    ssize_t written = REAL(pwrite)(file, bytes, most, offset);
    if (written > 0) note(file, offset, written);
    return written;
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off_t offset) {
    return pwrite(file, bytes, length, offset);
}

static int cannot_be_read(int file) {
    char path[PATH_MAX];
    if (!is_known(file, path) || !fails("read-eio", path)) return 0;
    errno = EIO;
    return 1;
}

ssize_t read(int file, void *bytes, size_t length) {
    return cannot_be_read(file) ? -1 : REAL(read)(file, bytes, length);
}

ssize_t pread(int file, void *bytes, size_t length, off_t offset) {
    return cannot_be_read(file) ? -1 : REAL(pread)(file, bytes, length, offset);
}

ssize_t pread64(int file, void *bytes, size_t length, off_t offset) {
    return pread(file, bytes, length, offset);
}

int ftruncate(int file, off_t length) {
    char path[PATH_MAX];
    int done = REAL(ftruncate)(file, length);
    if (done == 0 && is_known(file, path)) note(file, length, -1);
    return done;
}

int ftruncate64(int file, off_t length) {
    return ftruncate(file, length);
}

/* `real` is the call that was made. */
static int synced(int file, int (*real)(int)) {
    char path[PATH_MAX];
    if (!is_known(file, path)) return real(file);
    if (fails("sync-lost", path)) return 0;
    if (fails("sync-eio", path)) {
        settle(file, 0);
        errno = EIO;
        return -1;
    }
    int done = real(file);
    settle(file, done == 0);
    return done;
}

int fsync(int file) {
    return synced(file, REAL(fsync));
}

int fdatasync(int file) {
    return synced(file, REAL(fdatasync));
}

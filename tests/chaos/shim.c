/* Stands between the program and the disk, for the files below one folder. It refuses from the n-th write on (tests of a
 * full or broken disk), and it writes down every operation in its order (tests of a power cut). Loaded by LD_PRELOAD; the
 * program's own process steers it through the chaos_* functions. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define FDS 4096
#define NAME 256
enum { WRITE = 1, SYNC = 2, TRUNCATE = 4, ALLOCATE = 8, CREATE = 16, UNLINK = 32, RENAME = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[NAME];
static char names[FDS][NAME]; /* below the folder; "." is the folder itself; "" is somebody else's file */
static int log_fd = -1;
static long countdown = -1, left = 0, seen = 0, refused = 0;
static int refusal = 0, refusable = 0;

void chaos_watch(const char *path) { snprintf(folder, NAME, "%s", path); }
void chaos_log(int fd) { log_fd = fd; }
/* Refuse `times` operations (negative: all) of the kinds in `mask`, from the `after`-th on; times 0: none. */
void chaos_arm(long after, long times, int error, int mask) {
    pthread_mutex_lock(&lock);
    countdown = after; left = times; refusal = error; refusable = mask; seen = refused = 0;
    pthread_mutex_unlock(&lock);
}
long chaos_seen(void) { return seen; }
long chaos_refused(void) { return refused; }

static const char *below(const char *path) {
    size_t n = strlen(folder);
    if (!n || !path || strncmp(path, folder, n)) return NULL;
    if (!path[n]) return ".";
    return path[n] == '/' ? path + n + 1 : NULL;
}
static int watched(int fd) { return fd >= 0 && fd < FDS && names[fd][0]; }

/* Is this operation refused? */
static int refuse(int kind) {
    int answer = 0;
    pthread_mutex_lock(&lock);
    if (kind & refusable) {
        seen++;
        if (countdown > 0) countdown--;
        else if (left) { if (left > 0) left--; refused++; answer = 1; }
    }
    pthread_mutex_unlock(&lock);
    if (answer) errno = refusal;
    return answer;
}

static void put(const void *data, size_t size) {
    const char *at = data;
    while (size) {
        long done = syscall(SYS_write, log_fd, at, size);
        if (done <= 0) return;
        at += done; size -= done;
    }
}
static void note(int kind, const char *name, int64_t offset, const void *data, uint32_t size) {
    if (log_fd < 0) return;
    uint8_t head[2] = {(uint8_t)kind, (uint8_t)strlen(name)};
    pthread_mutex_lock(&lock);
    put(head, 2); put(name, head[1]); put(&offset, 8); put(&size, 4); put(data, size);
    pthread_mutex_unlock(&lock);
}

static int opened(int fd, const char *path, int flags, int is_new) {
    const char *name = below(path);
    if (fd >= 0 && fd < FDS) {
        snprintf(names[fd], NAME, "%s", name ? name : "");
        if (name && is_new) note(CREATE, name, 0, NULL, 0);
        else if (name && (flags & O_TRUNC)) note(TRUNCATE, name, 0, NULL, 0);
    }
    return fd;
}
#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)
#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list more; va_start(more, flags); mode_t mode = va_arg(more, mode_t); va_end(more); \
        REAL(name); \
        int is_new = below(path) && (flags & O_CREAT) && access(path, F_OK); \
        return opened(real(path, flags, mode), path, flags, is_new); \
    }
OPEN(open)
OPEN(open64)
#define OPENAT(name) \
    int name(int at, const char *path, int flags, ...) { \
        va_list more; va_start(more, flags); mode_t mode = va_arg(more, mode_t); va_end(more); \
        REAL(name); \
        int is_new = below(path) && (flags & O_CREAT) && access(path, F_OK); \
        return opened(real(at, path, flags, mode), path, flags, is_new); \
    }
OPENAT(openat)
OPENAT(openat64)
int close(int fd) {
    REAL(close);
    if (watched(fd)) names[fd][0] = 0;
    return real(fd);
}
ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    if (!watched(fd)) return real(fd, data, size);
    if (refuse(WRITE)) return -1;
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (fcntl(fd, F_GETFL) & O_APPEND) at = lseek(fd, 0, SEEK_END);
    ssize_t done = real(fd, data, size);
    if (done > 0) note(WRITE, names[fd], at, data, done);
    return done;
}
#define PWRITE(name, offset_type) \
    ssize_t name(int fd, const void *data, size_t size, offset_type offset) { \
        REAL(name); \
        if (!watched(fd)) return real(fd, data, size, offset); \
        if (refuse(WRITE)) return -1; \
        ssize_t done = real(fd, data, size, offset); \
        if (done > 0) note(WRITE, names[fd], offset, data, done); \
        return done; \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
#define SYNCING(name) \
    int name(int fd) { \
        REAL(name); \
        if (!watched(fd)) return real(fd); \
        if (refuse(SYNC)) return -1; \
        int done = real(fd); \
        if (!done) note(SYNC, names[fd], 0, NULL, 0); \
        return done; \
    }
SYNCING(fsync)
SYNCING(fdatasync)
#define TRUNCATING(name, offset_type) \
    int name(int fd, offset_type size) { \
        REAL(name); \
        if (!watched(fd)) return real(fd, size); \
        if (refuse(TRUNCATE)) return -1; \
        int done = real(fd, size); \
        if (!done) note(TRUNCATE, names[fd], size, NULL, 0); \
        return done; \
    }
TRUNCATING(ftruncate, off_t)
TRUNCATING(ftruncate64, off64_t)
#define ALLOCATING(name, offset_type) \
    int name(int fd, offset_type offset, offset_type size) { \
        REAL(name); \
        if (watched(fd) && refuse(ALLOCATE)) return refusal; \
        return real(fd, offset, size); \
    }
ALLOCATING(posix_fallocate, off_t)
ALLOCATING(posix_fallocate64, off64_t)
int unlink(const char *path) {
    REAL(unlink);
    const char *name = below(path);
    int done = real(path);
    if (!done && name) note(UNLINK, name, 0, NULL, 0);
    return done;
}
int rename(const char *from, const char *to) {
    REAL(rename);
    const char *name = below(from), *wanted = below(to);
    int done = real(from, to);
    if (!done && name && wanted) note(RENAME, name, 0, wanted, strlen(wanted));
    return done;
}

/* The file: opened, written, renamed when it is full. What is wrong is logged once a minute. */
#include "journal/private.h"

#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TELLING_EVERY = 60 * 1000 }; /* ms, of what goes on being wrong */

static void tell(struct ledger *ledger, int error)
{
    const char *problem = journal_problem(error);
    int64_t now = clock_wall_ms();

    if (strcmp(ledger->told, problem) == 0 && now - ledger->told_at < TELLING_EVERY)
        return;
    log_error("journal %s: %s; lines are lost until that is put right", ledger->path, problem);
    (void)snprintf(ledger->told, sizeof ledger->told, "%s", problem);
    ledger->told_at = now;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger->fd >= 0)
        (void)close(ledger->fd);
    ledger->fd = -1;
}

/* All of it or nothing: a reader must not find half a line in the middle. */
static int put(struct ledger *ledger, const char *bytes, size_t length)
{
    size_t written = 0;

    while (written < length) {
        ssize_t count = write(ledger->fd, bytes + written, length - written);
        int error = errno;

        if (count < 0 && error == EINTR)
            continue;
        if (count < 0) {
            if (written > 0 && ftruncate(ledger->fd, (off_t)ledger->size) != 0)
                ledger_close(ledger); /* the next to open it ends that line */
            return error;
        }
        written += (size_t)count;
    }
    ledger->size += length;
    return 0;
}

/* Who wrote there before may have died in the middle of a line. */
static int end_torn_line(struct ledger *ledger)
{
    char last = '\n';

    if (ledger->size > 0 && pread(ledger->fd, &last, 1, (off_t)ledger->size - 1) != 1)
        return errno;
    return last == '\n' ? 0 : put(ledger, "\n", 1);
}

/* Callers without a name are named in it. Devices are nobody's. */
static void close_to_others(const struct ledger *ledger, const struct stat *found)
{
    if (S_ISREG(found->st_mode) && (found->st_mode & (S_IRWXG | S_IRWXO)) &&
        fchmod(ledger->fd, found->st_mode & S_IRWXU) != 0)
        log_warn("journal %s: it is another user's, and others than the operator may read it",
                 ledger->path);
}

/* For this process alone: two that write and rename would tear it apart. */
static int take(struct ledger *ledger)
{
    struct stat found;

    if (flock(ledger->fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? EBUSY : errno;
    if (fstat(ledger->fd, &found) != 0)
        return errno;
    ledger->size = (uint64_t)found.st_size;
    close_to_others(ledger, &found);
    return end_torn_line(ledger);
}

int ledger_open(struct ledger *ledger, bool is_new)
{
    int flags = O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC | (is_new ? O_EXCL : 0), error;

    ledger->fd = open(ledger->path, flags, 0600);
    if (ledger->fd < 0)
        return errno;
    error = take(ledger);
    if (error)
        ledger_close(ledger);
    return error;
}

/* Whether it still is the one at its path, which may have been cut: operators move files away, and
 * empty them, and disks come and go. */
static bool is_in_place(struct ledger *ledger)
{
    struct stat ours, there;

    if (fstat(ledger->fd, &ours) != 0 || stat(ledger->path, &there) != 0)
        return false;
    ledger->size = (uint64_t)ours.st_size;
    return ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static void name_of(const struct ledger *ledger, unsigned number, char *name, size_t size)
{
    if (number == 0)
        (void)snprintf(name, size, "%s", ledger->path);
    else
        (void)snprintf(name, size, "%s.%u", ledger->path, number);
}

/* The oldest, and what is left of times when there were to be more of them. */
static int remove_oldest(const struct ledger *ledger, unsigned files)
{
    char name[PATH_MAX + 16];

    for (unsigned number = files - 1;; number++) {
        name_of(ledger, number, name, sizeof name);
        if (unlink(name) == 0)
            continue;
        return errno == ENOENT ? 0 : errno;
    }
}

/* Each takes the name of the next older one; the oldest has none. */
static int rotate(struct ledger *ledger, unsigned files)
{
    char from[PATH_MAX + 16], to[PATH_MAX + 16];
    int error;

    ledger_close(ledger);
    error = remove_oldest(ledger, files);
    for (unsigned number = files - 1; !error && number > 0; number--) {
        name_of(ledger, number - 1, from, sizeof from);
        name_of(ledger, number, to, sizeof to);
        if (rename(from, to) != 0 && errno != ENOENT)
            error = errno;
    }
    return error ? error : ledger_open(ledger, false);
}

static int make_room(struct ledger *ledger, const struct bounds *bounds, size_t length)
{
    int error = 0;

    if (ledger->fd >= 0 && bounds->files > 0 && !is_in_place(ledger))
        ledger_close(ledger);
    if (ledger->fd < 0)
        error = ledger_open(ledger, false);
    if (error || bounds->files == 0 || ledger->size == 0 || ledger->size + length <= bounds->most)
        return error;
    return rotate(ledger, bounds->files);
}

/* The line before what comes after the gap; its length, 0: nothing is lost. */
static size_t gap_line(const struct ledger *ledger, char *bytes, size_t size)
{
    struct line line;

    if (ledger->lost == 0)
        return 0;
    line_begin(&line, bytes, size);
    entry_begin(&line, "gap");
    line_number(&line, "lost", (int64_t)ledger->lost);
    return line_end(&line);
}

static int put_after_gap(struct ledger *ledger, const struct bounds *bounds, const char *lines,
                         size_t length)
{
    char gap[128];
    size_t gap_length = gap_line(ledger, gap, sizeof gap);
    int error = make_room(ledger, bounds, gap_length + length);

    if (!error)
        error = put(ledger, gap, gap_length);
    if (error)
        return error;
    ledger->lost = 0;
    return put(ledger, lines, length);
}

void ledger_write(struct ledger *ledger, const struct bounds *bounds, const char *lines,
                  size_t length, unsigned count, uint64_t lost)
{
    int error;

    ledger->lost += lost;
    error = put_after_gap(ledger, bounds, lines, length);
    if (error) {
        ledger->lost += count;
        tell(ledger, error);
    } else if (*ledger->told) {
        ledger->told[0] = '\0';
        log_info("journal %s: goes on", ledger->path);
    }
}

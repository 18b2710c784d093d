/* One data directory, one server: the directory, its lock, the path of its socket. */
#include "control/private.h"

#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int control_socket_path(const char *data, struct sockaddr_un *address, char *error,
                        size_t error_size)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    int length = snprintf(address->sun_path, sizeof address->sun_path, "%s/parley.sock", data);
    if (length < 0 || (size_t)length >= sizeof address->sun_path) {
        snprintf(error, error_size,
                 "%s/parley.sock is longer than the %zu bytes of a socket's path; give a shorter "
                 "--data",
                 data, sizeof address->sun_path - 1);
        return ENAMETOOLONG;
    }
    return 0;
}

/* Like mkdir -p; what is made is ours alone. */
static int make_directory(const char *data, char *error, size_t error_size)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s", data) >= (int)sizeof path) {
        snprintf(error, error_size, "the data directory's path is too long; give another --data");
        return ENAMETOOLONG;
    }
    for (char *p = path + 1;; p++) {
        if (*p != '/' && *p) {
            continue;
        }
        char end = *p;
        *p = '\0';
        if (mkdir(path, 0700) && errno != EEXIST) {
            int status = errno;
            snprintf(error, error_size,
                     "%s: cannot be made as the data directory: %s; give "
                     "another --data",
                     path, strerror(status));
            return status;
        }
        if (!end) {
            return 0;
        }
        *p = end;
    }
}

static int describe_holder(int fd, const char *data, char *error, size_t error_size)
{
    char pid[16];
    ssize_t length = pread(fd, pid, sizeof pid - 1, 0);
    pid[length > 0 ? length : 0] = '\0';
    pid[strspn(pid, "0123456789")] = '\0';
    snprintf(error, error_size,
             "%s: a server is running with this data directory already (pid %s); stop it, or give "
             "another --data",
             data, *pid ? pid : "unknown");
    return EBUSY;
}

int control_lock(const char *data, int *fdp, char *error, size_t error_size)
{
    char path[PATH_MAX + 16];
    int status = make_directory(data, error, error_size);
    if (status) {
        return status;
    }
    snprintf(path, sizeof path, "%s/parley.lock", data);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        status = errno;
        snprintf(error, error_size, "%s: cannot be opened: %s; give another --data", path,
                 strerror(status));
        return status;
    }
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        status = errno;
        if (status == EWOULDBLOCK) {
            status = describe_holder(fd, data, error, error_size);
        } else {
            snprintf(error, error_size, "%s: cannot be locked: %s", path, strerror(status));
        }
        close(fd);
        return status;
    }
    /* The lock counts; the pid is only for the message above, so a full disk does no harm. */
    char pid[16];
    int length = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) || pwrite(fd, pid, (size_t)length, 0) != length) {
        log_warn("%s: cannot be written: %s", path, strerror(errno));
    }
    *fdp = fd;
    return 0;
}

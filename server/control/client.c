/* The client side: what `parley status`, `reload`, `invite` and `stop` do. */
#include "control/private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ANSWER_TIMEOUT_MS = 30 * 1000, /* without any progress */
    FIRST_LINE_MAX = 2048,
};

static int no_server(const char *data, int status, char *error, size_t error_size)
{
    if (status == EACCES || status == EPERM) {
        snprintf(error, error_size, "%s: the server there belongs to another user", data);
        return status;
    }
    snprintf(error, error_size,
             "%s: no server is running with this data directory; start one, or give its --data",
             data);
    return ECONNREFUSED;
}

static int connect_to(const char *data, int *fdp, char *error, size_t error_size)
{
    struct sockaddr_un address;
    int status = control_socket_path(data, &address, error, error_size);
    if (status) {
        return status;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        status = errno;
        snprintf(error, error_size, "%s: %s", address.sun_path, strerror(status));
        return status;
    }
    if (connect(fd, (const struct sockaddr *)&address, sizeof address)) {
        status = errno;
        close(fd);
        return no_server(data, status, error, error_size);
    }
    *fdp = fd;
    return 0;
}

/* More of the answer: its length, 0 at the end, or a negative errno. `timeout` in ms, -1: none. */
static ssize_t receive(int fd, char *buffer, size_t size, int timeout)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int ready;
    do {
        ready = poll(&wait, 1, timeout);
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0) {
        return ready ? -errno : -ETIMEDOUT;
    }
    ssize_t length = recv(fd, buffer, size, 0);
    return length < 0 ? -errno : length;
}

/* Reads the first line and whatever came with it. *bodyp is what follows the line. */
static int read_first_line(int fd, char *buffer, size_t size, int timeout, char **bodyp,
                           size_t *body_lengthp)
{
    size_t filled = 0;
    for (;;) {
        char *end = filled ? memchr(buffer, '\n', filled) : NULL;
        if (end) {
            *end = '\0';
            *bodyp = end + 1;
            *body_lengthp = filled - (size_t)(end + 1 - buffer);
            return 0;
        }
        if (filled == size) {
            return EPROTO;
        }
        ssize_t length = receive(fd, buffer + filled, size - filled, timeout);
        if (length <= 0) {
            return length ? (int)-length : ECONNRESET;
        }
        filled += (size_t)length;
    }
}

static int copy_body(int fd, FILE *out, int timeout)
{
    char buffer[16384];
    ssize_t length;
    while ((length = receive(fd, buffer, sizeof buffer, timeout)) > 0) {
        if (fwrite(buffer, 1, (size_t)length, out) != (size_t)length) {
            return EIO;
        }
    }
    if (length < 0) {
        return (int)-length;
    }
    return fflush(out) ? EIO : 0;
}

int control_ask(const char *data, const char *request, int timeout, FILE *out, char *error,
                size_t error_size)
{
    /* How long a stopping server waits for its calls is for it to say (stop_timeout). */
    int body_timeout = strcmp(request, "stop") == 0 ? -1 : timeout;
    int fd = -1;
    int status = connect_to(data, &fd, error, error_size);
    if (status) {
        return status;
    }
    char line[1024];
    char buffer[FIRST_LINE_MAX];
    char *body = NULL;
    size_t body_length = 0;
    int length = snprintf(line, sizeof line, "%s\n", request);
    length = (size_t)length < sizeof line ? length : (int)sizeof line - 1;
    /* A server that refuses us may have closed already: its answer is there all the same. */
    if (send(fd, line, (size_t)length, MSG_NOSIGNAL) != length && errno != EPIPE) {
        status = errno;
    } else {
        status = read_first_line(fd, buffer, sizeof buffer, timeout, &body, &body_length);
    }
    if (status) {
        snprintf(error, error_size, "%s: the server does not answer: %s", data, strerror(status));
    } else if (strncmp(buffer, "error ", 6) == 0) {
        snprintf(error, error_size, "%s", buffer + 6);
        status = EREMOTEIO;
    } else if (strcmp(buffer, "ok") != 0) {
        snprintf(error, error_size, "%s: the server's answer makes no sense", data);
        status = EPROTO;
    } else {
        status = fwrite(body, 1, body_length, out) == body_length ? copy_body(fd, out, body_timeout)
                                                                  : EIO;
        if (status) {
            snprintf(error, error_size, "%s: the answer ended too soon: %s", data,
                     strerror(status));
        }
    }
    close(fd);
    return status;
}

int control_request(const char *data, const char *request, FILE *out, char *error,
                    size_t error_size)
{
    return control_ask(data, request, ANSWER_TIMEOUT_MS, out, error, error_size);
}

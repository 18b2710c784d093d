#include "core/log.h"

#include "core/clock.h"
#include "core/text.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 }; /* below PIPE_BUF: a pipe takes all of a line or nothing */
enum { NAME_MAX_BYTES = 101 };  /* of a conference or call, with its NUL */

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

static _Thread_local struct {
    void (*handler)(enum log_level level, const char *text, void *arg);
    void *arg;
} redirection;

static atomic_int threshold = LOG_LEVEL_INFO;
static atomic_uint lost_lines;

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&threshold, memory_order_relaxed);
}

bool log_level_parse(const char *name, enum log_level *levelp)
{
    for (unsigned i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *levelp = (enum log_level)i;
            return true;
        }
    }
    return false;
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

static void mask_controls(char *text)
{
    unsigned char before = 0;
    for (unsigned char *p = (unsigned char *)text; *p; p++) {
        *p = before = text_harmless(before, *p);
    }
}

/* A name that somebody dialled must not look like two, or like the end of the brackets. */
static void copy_name(char name[NAME_MAX_BYTES], const char *text)
{
    size_t length = 0;
    for (; text && text[length] && length < NAME_MAX_BYTES - 1; length++) {
        name[length] = strchr(" []", text[length]) ? '_' : text[length];
    }
    name[length] = '\0';
}

static size_t write_prefix(char *line, size_t size, enum log_level level, const char *conference,
                           const char *call)
{
    char conference_name[NAME_MAX_BYTES], call_name[NAME_MAX_BYTES];
    char time[TEXT_TIME];
    text_time(clock_wall_ms(), time);
    size_t length = (size_t)snprintf(line, size, "%s %-5s ", time, level_names[level]);
    copy_name(conference_name, conference);
    copy_name(call_name, call);
    if (*conference_name || *call_name) {
        length += (size_t)snprintf(line + length, size - length, "[%s%s%s] ", conference_name,
                                   *conference_name && *call_name ? " " : "", call_name);
    }
    return length;
}

/* A log that cannot be written must not stop the calls: when whoever reads it has stopped to, lines
 * are counted instead of waited for. */
static void put(char *line, size_t length)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    char told[96];
    struct iovec parts[2] = {{.iov_len = 0}, {.iov_base = line, .iov_len = length}};
    unsigned lost;

    if (poll(&out, 1, 0) < 1 || !(out.revents & POLLOUT)) {
        atomic_fetch_add(&lost_lines, 1);
        return;
    }
    lost = atomic_exchange(&lost_lines, 0);
    parts[0].iov_base = told;
    if (lost > 0) {
        parts[0].iov_len =
            (size_t)snprintf(told, sizeof told, "(%u lines are lost: nobody read the log)\n", lost);
    }
    (void)!writev(STDERR_FILENO, parts, 2);
}

void log_redirect(void (*handler)(enum log_level level, const char *text, void *arg), void *arg)
{
    redirection.handler = handler;
    redirection.arg = arg;
}

static void redirect(enum log_level level, const char *format, va_list arguments)
{
    char text[LINE_MAX_BYTES];

    if (vsnprintf(text, sizeof text, format, arguments) >= 0) {
        mask_controls(text);
        redirection.handler(level, text, redirection.arg);
    }
}

void log_write(enum log_level level, const char *conference, const char *call, const char *format,
               ...)
{
    va_list arguments;

    if (redirection.handler) {
        va_start(arguments, format);
        redirect(level, format, arguments);
        va_end(arguments);
        return;
    }
    if (!log_enabled(level)) {
        return;
    }
    /* One byte more than a C string: the newline takes the place of the NUL. */
    char line[LINE_MAX_BYTES + 1];
    size_t length = write_prefix(line, LINE_MAX_BYTES, level, conference, call);

    va_start(arguments, format);
    int wanted = vsnprintf(line + length, LINE_MAX_BYTES - length, format, arguments);
    va_end(arguments);
    if (wanted < 0) {
        return;
    }
    if ((size_t)wanted >= LINE_MAX_BYTES - length) {
        memcpy(line + LINE_MAX_BYTES - 4, "...", 4);
    }
    mask_controls(line);
    length = strlen(line);
    line[length] = '\n';
    put(line, length + 1);
}

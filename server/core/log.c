#include "core/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024 };

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

static atomic_int threshold = LOG_LEVEL_INFO;

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

/* C0, DEL and (as UTF-8, C2 80–C2 9F) C1: what a terminal or a line reader would obey. */
static void mask_controls(char *text)
{
    unsigned char *p = (unsigned char *)text;
    for (; *p; p++) {
        if (*p < 0x20 || *p == 0x7f) {
            *p = '?';
        } else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
            p[0] = '?';
            p[1] = '?';
        }
    }
}

static size_t write_prefix(char *line, size_t size, enum log_level level, const char *conference,
                           const char *call)
{
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
    length += (size_t)snprintf(line + length, size - length, ".%03ldZ %-5s ", now.tv_nsec / 1000000,
                               level_names[level]);
    bool has_conference = conference && *conference;
    bool has_call = call && *call;
    if (has_conference || has_call) {
        length += (size_t)snprintf(line + length, size - length, "[%.100s%s%.100s] ",
                                   has_conference ? conference : "",
                                   has_conference && has_call ? " " : "", has_call ? call : "");
    }
    return length;
}

void log_write(enum log_level level, const char *conference, const char *call, const char *format,
               ...)
{
    if (!log_enabled(level)) {
        return;
    }
    /* One byte more than a C string: the newline takes the place of the NUL. */
    char line[LINE_MAX_BYTES + 1];
    size_t length = write_prefix(line, LINE_MAX_BYTES, level, conference, call);

    va_list arguments;
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
    /* A log that cannot be written must not stop the calls. */
    ssize_t ignored = write(STDERR_FILENO, line, length + 1);
    (void)ignored;
}

/*
 * The log: one line an event, on stderr, with the conference and the call that it is about.
 *
 *     2026-11-20T11:26:18.123Z info  [demo 3f9c01aa] alice joined as participant
 *
 * Any thread but the media threads (a tick writes nothing). A line goes out in one write().
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <stdbool.h>

enum log_level {
    LOG_LEVEL_ERROR, /* something is broken and somebody must act */
    LOG_LEVEL_WARN,  /* something went wrong and was dealt with */
    LOG_LEVEL_INFO,  /* what an operator wants to see in a day's work */
    LOG_LEVEL_DEBUG,
};

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* "error", "warn", "info", "debug". False when `name` is none of them. */
bool log_level_parse(const char *name, enum log_level *levelp);
const char *log_level_name(enum log_level level);

/* `conference` and `call` name what the line is about; NULL or "" when it is about none.
 * Control characters in the text are written as "?", so that nobody can forge a line. */
void log_write(enum log_level level, const char *conference, const char *call, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

/* What this thread logs goes to the handler instead, without time and names, whatever the level;
 * NULL: to stderr again. */
void log_redirect(void (*handler)(enum log_level level, const char *text, void *arg), void *arg);

#define log_error(...) log_write(LOG_LEVEL_ERROR, NULL, NULL, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, NULL, NULL, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, NULL, NULL, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, NULL, NULL, __VA_ARGS__)

#endif

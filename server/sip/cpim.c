/*
 * message/cpim (RFC 3862): a text with its sender, so that it shows who says it although a
 * conference has sent it. Headers of the message, an empty line, headers of its content (MIME), an
 * empty line, the content.
 *
 * Plain functions on bytes from the network.
 */
#include "sip/instant.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- reading -------------------------------------------------------------------------------- */

/* The line that begins at `at`, without its end; *nextp is behind that. NULL: there is none. */
static const char *line_at(const char *at, const char *end, size_t *lengthp, const char **nextp)
{
    const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

    if (!newline) {
        return NULL;
    }
    *lengthp = (size_t)(newline - at);
    if (*lengthp && newline[-1] == '\r') {
        --*lengthp;
    }
    *nextp = newline + 1;
    return at;
}

/* The value of "Content-Type: text/plain", if the line is such a one. */
static void take_type(const char *line, size_t length, char *type, size_t size)
{
    static const char name[] = "Content-Type:";
    const size_t begin = sizeof name - 1;

    if (length > begin && strncasecmp(line, name, begin) == 0) {
        const char *value = line + begin + strspn(line + begin, " \t");
        (void)snprintf(type, size, "%.*s", value < line + length ? (int)(line + length - value) : 0,
                       value);
    }
}

/* Skips headers and the empty line behind them. NULL: there is no such line. */
static const char *skip_headers(const char *at, const char *end, char *type, size_t size)
{
    const char *line, *next;
    size_t length;

    while ((line = line_at(at, end, &length, &next))) {
        at = next;
        if (length == 0) {
            return at;
        }
        take_type(line, length, type, size);
    }
    return NULL;
}

int cpim_read(const char *body, size_t length, char *type, size_t type_size, const char **textp,
              size_t *sizep)
{
    const char *end = body + length;
    const char *at = skip_headers(body, end, type, type_size);

    type[0] = '\0'; /* only the content's counts */
    at = at ? skip_headers(at, end, type, type_size) : NULL;
    if (!at) {
        return EBADMSG;
    }
    *textp = at;
    *sizep = (size_t)(end - at);
    return 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* `"Alice \"A.\" Liddell" `; an empty name is nothing. */
static void write_name(FILE *file, const char *name)
{
    if (!*name) {
        return;
    }
    (void)fputc('"', file);
    for (; *name; name++) {
        if (*name == '"' || *name == '\\') {
            (void)fputc('\\', file);
        }
        (void)fputc(*name, file);
    }
    (void)fputs("\" ", file);
}

char *cpim_write(const struct outgoing_message *message, const char *to)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    if (!file) {
        return NULL;
    }
    (void)fputs("From: ", file);
    write_name(file, message->name);
    (void)fprintf(file, "<%s>\r\nTo: <%s>\r\n\r\n", *message->uri ? message->uri : to, to);
    (void)fprintf(file, "Content-Type: text/plain; charset=utf-8\r\n\r\n%s", message->text);
    if (fclose(file)) {
        free(text);
        return NULL;
    }
    return text;
}

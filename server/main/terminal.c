/* Between what the commands print and the terminal. The log, which is written by other threads,
 * masks its lines itself. */
#include "main/commands.h"

#include "core/text.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* One of the two streams. */
struct screen {
    int fd;
    unsigned char before; /* the last byte: characters may come in two parts */
};

static bool put(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t count = write(fd, bytes, length);
        if (count < 0 && errno != EINTR) {
            return false;
        }
        bytes += count > 0 ? count : 0;
        length -= count > 0 ? (size_t)count : 0;
    }
    return true;
}

/* A cookie's, of fopencookie(3). */
static ssize_t screen_write(void *cookie, const char *bytes, size_t length)
{
    struct screen *screen = cookie;
    char plain[4096];
    for (size_t done = 0; done < length;) {
        size_t count = length - done < sizeof plain ? length - done : sizeof plain;
        for (size_t i = 0; i < count; i++) {
            unsigned char byte = (unsigned char)bytes[done + i];
            plain[i] =
                (char)(byte == '\n' || byte == '\t' ? byte : text_harmless(screen->before, byte));
            screen->before = byte;
        }
        if (!put(screen->fd, plain, count)) {
            return 0;
        }
        done += count;
    }
    return (ssize_t)length;
}

/* Without memory the stream stays as it is. */
static void protect(FILE **streamp, struct screen *screen, int mode)
{
    static const cookie_io_functions_t functions = {.write = screen_write};
    FILE *stream = fopencookie(screen, "w", functions);
    if (stream) {
        setvbuf(stream, NULL, mode, BUFSIZ);
        *streamp = stream;
    }
}

void terminal_protect(void)
{
    static struct screen out = {.fd = STDOUT_FILENO}, errors = {.fd = STDERR_FILENO};
    protect(&stdout, &out, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
    protect(&stderr, &errors, _IOLBF);
}

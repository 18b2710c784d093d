#include "core/id.h"

#include <stdlib.h>
#include <sys/random.h>

void id_random(char *buffer, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t filled = 0;
    while (filled + 1 < size) {
        unsigned char bytes[64];
        ssize_t count = getrandom(bytes, sizeof bytes, 0);
        if (count < 0) {
            /* EINTR cannot happen for 64 bytes (getrandom(2)). Names that can be guessed would
             * be worse than no server. */
            abort();
        }
        for (ssize_t i = 0; i < count && filled + 1 < size; i++) {
            buffer[filled++] = digits[bytes[i] >> 4];
            if (filled + 1 < size) {
                buffer[filled++] = digits[bytes[i] & 15];
            }
        }
    }
    if (size > 0) {
        buffer[filled] = '\0';
    }
}

uint64_t id_next(void)
{
    static uint64_t last;
    return ++last;
}

#include "core/id.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *buffer, size_t size)
{
    assert(size <= 256);
    if (getrandom(buffer, size, 0) != (ssize_t)size) {
        /* EINTR and short reads cannot happen up to 256 bytes (getrandom(2)). Names that can be
         * guessed would be worse than no server. */
        abort();
    }
}

void id_random(char *buffer, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[64];
    for (size_t filled = 0; filled + 1 < size; filled++) {
        size_t place = filled % (2 * sizeof bytes);
        if (place == 0) {
            random_bytes(bytes, sizeof bytes);
        }
        buffer[filled] = digits[place % 2 ? bytes[place / 2] & 15 : bytes[place / 2] >> 4];
    }
    if (size > 0) {
        buffer[size - 1] = '\0';
    }
}

uint64_t id_next(void)
{
    static uint64_t last;
    return ++last;
}

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

/* Below `bound`, each equally likely. */
static unsigned random_below(unsigned bound)
{
    unsigned char byte;
    do {
        random_bytes(&byte, 1);
    } while (byte >= 256 / bound * bound);
    return byte % bound;
}

void id_random_number(char *buffer, size_t size)
{
    for (size_t place = 0; place + 1 < size; place++) {
        buffer[place] = (char)(place == 0 ? '1' + random_below(9) : '0' + random_below(10));
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

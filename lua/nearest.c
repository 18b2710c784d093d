/* The nearest known name, for "did you mean". Used when something is wrong, so speed is nothing. */
#include "lua/private.h"

#include <string.h>

enum { NAME_MAX_LENGTH = 32 };

/* Edit distance; large when a name is too long to be one of ours. */
static unsigned distance(const char *a, const char *b)
{
    size_t a_length = strlen(a), b_length = strlen(b);
    unsigned row[NAME_MAX_LENGTH + 1];

    if (a_length > NAME_MAX_LENGTH || b_length > NAME_MAX_LENGTH)
        return NAME_MAX_LENGTH;
    for (unsigned j = 0; j <= b_length; j++)
        row[j] = j;
    for (unsigned i = 0; i < a_length; i++) {
        unsigned diagonal = row[0];
        row[0] = i + 1;
        for (unsigned j = 0; j < b_length; j++) {
            unsigned best = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            if (best > row[j] + 1)
                best = row[j] + 1;
            if (best > diagonal + 1)
                best = diagonal + 1;
            row[j + 1] = best;
        }
    }
    return row[b_length];
}

const char *nearest_name(const char *name, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    unsigned least = strlen(name) < 4 ? 2 : 3; /* one slip, or two (as in "jion") */

    for (size_t i = 0; i < count; i++) {
        unsigned slips = names[i] ? distance(name, names[i]) : NAME_MAX_LENGTH;
        if (slips < least) {
            least = slips;
            nearest = names[i];
        }
    }
    return nearest;
}

const char *nearest_push(lua_State *L, const char *name, const char *const *names, size_t count)
{
    const char *nearest = nearest_name(name, names, count);

    if (!nearest)
        return lua_pushliteral(L, "");
    return lua_pushfstring(L, " (did you mean '%s'?)", nearest);
}

/* The nearest known name, for "did you mean". Used when something is wrong, so speed is nothing. */
#include "lua/private.h"

#include "core/text.h"

#include <string.h>

/* NULL: none is near enough to be meant. */
static const char *nearest_name(const char *name, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    unsigned least = strlen(name) < 4 ? 2 : 3; /* one slip, or two (as in "jion") */

    for (size_t i = 0; i < count; i++) {
        unsigned slips = names[i] ? text_distance(name, names[i]) : least;
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

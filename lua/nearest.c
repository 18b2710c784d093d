/* Known names, and the nearest of them for "did you mean", where speed is nothing. */
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

unsigned key_check(lua_State *L, int index, const char *what, const char *const *names,
                   unsigned count)
{
    const char *name;

    if (lua_type(L, index) != LUA_TSTRING)
        script_error(L, "%s: a key must be a name, not a %s", what, luaL_typename(L, index));
    name = lua_tostring(L, index);
    for (unsigned i = 0; i < count; i++) {
        if (names[i] && strcmp(names[i], name) == 0)
            return i;
    }
    script_error(L, "%s: unknown key '%s'%s", what, name, nearest_push(L, name, names, count));
}

const char *nearest_push(lua_State *L, const char *name, const char *const *names, size_t count)
{
    const char *nearest = nearest_name(name, names, count);

    if (!nearest)
        return lua_pushliteral(L, "");
    return lua_pushfstring(L, " (did you mean '%s'?)", nearest);
}

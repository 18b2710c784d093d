/* Known names, and the nearest of them for "did you mean", where speed is nothing. */
#include "lua/errors.h"

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

/* Pushes ": it knows a, b, c". */
static const char *names_push(lua_State *L, const char *const *names, unsigned count)
{
    const char *separator = ": it knows ";

    lua_pushliteral(L, "");
    for (unsigned i = 0; i < count; i++) {
        if (!names[i])
            continue;
        lua_pushfstring(L, "%s%s%s", lua_tostring(L, -1), separator, names[i]);
        lua_remove(L, -2);
        separator = ", ";
    }
    return lua_tostring(L, -1);
}

unsigned key_check(lua_State *L, int index, const char *what, const char *const *names,
                   unsigned count)
{
    const char *name, *nearest;

    if (lua_type(L, index) != LUA_TSTRING)
        script_error(L, "%s: a key must be a name, not a %s", what, luaL_typename(L, index));
    name = lua_tostring(L, index);
    for (unsigned i = 0; i < count; i++) {
        if (names[i] && strcmp(names[i], name) == 0)
            return i;
    }
    nearest = nearest_push(L, name, names, count);
    script_error(L, "%s: unknown key '%s'%s", what, name,
                 *nearest ? nearest : names_push(L, names, count));
}

const char *nearest_push(lua_State *L, const char *name, const char *const *names, size_t count)
{
    const char *nearest = nearest_name(name, names, count);

    if (!nearest)
        return lua_pushliteral(L, "");
    return lua_pushfstring(L, " (did you mean '%s'?)", nearest);
}

/* Durations as scripts give them: "250ms", "90s", "5m", "1h", "2d", or a number of seconds. */
#include "lua/errors.h"
#include "lua/params.h"

#include "core/text.h"

bool duration_at(lua_State *L, int index, double *secondsp)
{
    double seconds = -1;

    if (lua_type(L, index) == LUA_TNUMBER)
        seconds = lua_tonumber(L, index);
    else if (lua_type(L, index) != LUA_TSTRING || !text_seconds(lua_tostring(L, index), &seconds))
        return false;
    *secondsp = seconds;
    return seconds >= 0 && seconds < 1e9;
}

unsigned duration_check(lua_State *L, int index, const char *what, unsigned least, unsigned most)
{
    double seconds;

    if (!duration_at(L, index, &seconds) || seconds < least || seconds > most)
        script_error(
            L, "%s must be a duration such as \"5m\", or a number of seconds, from %d to %d s",
            what, (int)least, (int)most);
    return (unsigned)(seconds * 1000);
}

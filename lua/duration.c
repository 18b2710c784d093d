/* Durations as scripts say them: "250ms", "90s", "5m", "1h", "2d", or a number of seconds. */
#include "lua/private.h"

#include <stdlib.h>
#include <string.h>

/* -1: it says none. */
static double seconds_of(const char *text)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    size_t digits = strspn(text, "0123456789.");
    char *end = NULL;

    for (unsigned i = 0; digits && i < sizeof units / sizeof *units; i++) {
        double number = strcmp(text + digits, units[i].unit) == 0 ? strtod(text, &end) : -1;
        if (number >= 0 && end == text + digits) /* and not two points */
            return number * units[i].seconds;
    }
    return -1;
}

bool duration_read(lua_State *L, int index, double *secondsp)
{
    double seconds = -1;

    if (lua_type(L, index) == LUA_TSTRING)
        seconds = seconds_of(lua_tostring(L, index));
    else if (lua_type(L, index) == LUA_TNUMBER)
        seconds = lua_tonumber(L, index);
    if (!(seconds >= 0 && seconds < 1e9))
        return false;
    *secondsp = seconds;
    return true;
}

/* The time of day in a time zone (RFC 8536: files of the system's zone database). */
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/libraries.h"
#include "lua/private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ZONE_NAME = 64,  /* bytes with NUL */
    ZONES_MOST = 32, /* kept by one generation */
    HEADER = 44,     /* bytes, §3.1 */
    TYPES_MOST = 255,
};

struct zone {
    char name[ZONE_NAME];
    char *bytes;                                  /* the file */
    const unsigned char *times, *indices, *types; /* §3.2: of 8, 1 and 6 bytes each */
    uint32_t time_count, type_count;
    struct zone *next;
};

static uint32_t read_32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_64(const unsigned char *at)
{
    return (int64_t)((uint64_t)read_32(at) << 32 | read_32(at + 4));
}

/* §3.1: the counts of a header, in its order: isut, isstd, leap, time, type, char. */
struct counts {
    uint32_t isut, isstd, leap, time, type, character;
};

static bool header_read(const unsigned char *at, size_t left, struct counts *counts)
{
    if (left < HEADER || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
        return false;
    *counts = (struct counts){read_32(at + 20), read_32(at + 24), read_32(at + 28),
                              read_32(at + 32), read_32(at + 36), read_32(at + 40)};
    /* A real file has less of each. */
    return counts->isut < 1000 && counts->isstd < 1000 && counts->leap < 1000 &&
           counts->time < 10000 && counts->type > 0 && counts->type <= TYPES_MOST &&
           counts->character < 1000;
}

static size_t body_size(const struct counts *counts, size_t time_size)
{
    return counts->time * (time_size + 1) + counts->type * 6 + counts->character +
           counts->leap * (time_size + 4) + counts->isstd + counts->isut;
}

/* The first part of the file is for readers that know 32 bits only. */
static bool zone_parse(struct zone *zone, size_t length)
{
    const unsigned char *at = (const unsigned char *)zone->bytes, *end = at + length;
    struct counts counts;

    if (!header_read(at, length, &counts) || HEADER + body_size(&counts, 4) > length)
        return false;
    at += HEADER + body_size(&counts, 4);
    if (!header_read(at, (size_t)(end - at), &counts) ||
        HEADER + body_size(&counts, 8) > (size_t)(end - at))
        return false;
    zone->time_count = counts.time;
    zone->type_count = counts.type;
    zone->times = at + HEADER;
    zone->indices = zone->times + counts.time * 8;
    zone->types = zone->indices + counts.time;
    return true;
}

/* s that it is ahead of UTC at that time. */
static int32_t zone_offset(const struct zone *zone, time_t when)
{
    uint32_t low = 0, high = zone->time_count, type;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (read_64(zone->times + (size_t)middle * 8) <= when)
            low = middle + 1;
        else
            high = middle;
    }
    type = low ? zone->indices[low - 1] : 0;
    return (int32_t)read_32(zone->types + (size_t)(type < zone->type_count ? type : 0) * 6);
}

static bool is_zone_name(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

    return *name && *name != '/' && strlen(name) < ZONE_NAME &&
           strspn(name, allowed) == strlen(name);
}

/* NULL: there is none of that name. Read once a generation. */
static const struct zone *zone_find(struct generation *generation, const char *name)
{
    char path[ZONE_NAME + 32], error[SCRIPT_TEXT];
    struct zone *zone = generation->zones;
    unsigned count = 0;
    size_t length;

    for (; zone; zone = zone->next, count++) {
        if (strcmp(zone->name, name) == 0)
            return zone;
    }
    if (count == ZONES_MOST || !is_zone_name(name))
        return NULL;
    zone = calloc(1, sizeof *zone);
    if (!zone)
        return NULL;
    (void)snprintf(zone->name, sizeof zone->name, "%s", name);
    (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    if (source_read(path, &zone->bytes, &length, error, sizeof error) ||
        !zone_parse(zone, length)) {
        free(zone->bytes);
        free(zone);
        return NULL;
    }
    zone->next = generation->zones;
    generation->zones = zone;
    return zone;
}

bool zone_exists(lua_State *L, const char *name)
{
    return zone_find(generation_of(L), name) != NULL;
}

void zones_free(struct generation *generation)
{
    struct zone *zone;

    while ((zone = generation->zones)) {
        generation->zones = zone->next;
        free(zone->bytes);
        free(zone);
    }
}

static void set_number(lua_State *L, const char *key, int number)
{
    lua_pushinteger(L, number);
    lua_setfield(L, -2, key);
}

time_t zone_moment(lua_State *L, const char *name, struct tm *tm)
{
    const struct zone *zone = name ? zone_find(generation_of(L), name) : NULL;
    time_t as_if_utc;

    if (!name)
        return mktime(tm);
    if (!zone)
        script_error(L, "time: there is no time zone '%s'; they are named as in Europe/Berlin",
                     name);
    as_if_utc = timegm(tm);
    /* The offset is the one of that moment, which is not known before it; two tries find it. */
    return as_if_utc - zone_offset(zone, as_if_utc - zone_offset(zone, as_if_utc));
}

time_t script_time(lua_State *L)
{
    const struct lua_engine *engine = generation_of(L)->engine;

    return engine ? loop_time(engine->loop) : time(NULL);
}

/* parley.time([zone [, when]]): the time of day there, or where the server stands; now, or `when`,
 * in s since 1970 */
int parley_time(lua_State *L)
{
    static const char *const days[] = {"sunday",   "monday", "tuesday", "wednesday",
                                       "thursday", "friday", "saturday"};
    const char *name = luaL_optstring(L, 1, NULL);
    time_t when = (time_t)luaL_optinteger(L, 2, (lua_Integer)script_time(L));
    const struct zone *zone = name ? zone_find(generation_of(L), name) : NULL;
    time_t shifted = zone ? when + zone_offset(zone, when) : when;
    struct tm tm;

    if (name && !zone)
        return luaL_error(L, "time: there is no time zone '%s'; they are named as in Europe/Berlin",
                          name);
    if (!(zone ? gmtime_r(&shifted, &tm) : localtime_r(&when, &tm)))
        return luaL_error(L, "time: that is no time that a calendar has");
    lua_createtable(L, 0, 9);
    set_number(L, "year", tm.tm_year + 1900);
    set_number(L, "month", tm.tm_mon + 1);
    set_number(L, "day", tm.tm_mday);
    set_number(L, "hour", tm.tm_hour);
    set_number(L, "min", tm.tm_min);
    set_number(L, "sec", tm.tm_sec);
    set_number(L, "minute_of_day", tm.tm_hour * 60 + tm.tm_min);
    lua_pushstring(L, days[tm.tm_wday]);
    lua_setfield(L, -2, "weekday");
    return 1;
}

/* The recorded conference and its sidebars, which begin and end as they did. */
#include "replay/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static struct room *find(const struct replay *replay, uint64_t recorded)
{
    struct room *room = replay->rooms;

    while (room && room->recorded != recorded)
        room = room->next;
    return room;
}

int room_note(struct replay *replay, const struct recorded_line *line)
{
    uint64_t id = line_id(line, "conference_id");
    struct room *room;

    if (id == 0 || find(replay, id))
        return 0;
    room = calloc(1, sizeof *room);
    if (!room)
        return ENOMEM;
    room->recorded = id;
    room->now = line == replay->recording.lines ? conference_id(replay->conference) : 0;
    LL_APPEND(replay->rooms, room);
    return 0;
}

void rooms_free(struct replay *replay)
{
    struct room *room, *next;

    LL_FOREACH_SAFE(replay->rooms, room, next)
    {
        json_decref(room->policies);
        free(room);
    }
}

static bool is_adopted(const struct replay *replay, const struct conference *conference)
{
    const struct room *room;

    LL_FOREACH(replay->rooms, room)
    {
        if (room->now == conference_id(conference))
            return true;
    }
    return false;
}

/* They are made in the order in which they were. */
static void adopt(const struct replay *replay, struct room *room)
{
    const struct conference *sidebar = conference_next_sidebar(replay->conference, NULL);
    json_t *scripts;

    while (sidebar && is_adopted(replay, sidebar))
        sidebar = conference_next_sidebar(replay->conference, sidebar);
    if (!sidebar)
        return;
    room->now = conference_id(sidebar);
    scripts = lua_engine_snapshot(replay->engine, sidebar);
    room->policies = json_incref(json_object_get(scripts, "policies"));
    json_decref(scripts);
}

/* NULL: it is not here (yet). */
static const struct room *find_now(const struct replay *replay, uint64_t recorded)
{
    struct room *room = find(replay, recorded);

    if (room && room->now == 0)
        adopt(replay, room);
    return room && room->now ? room : NULL;
}

struct conference *room_now(const struct replay *replay, uint64_t recorded)
{
    const struct room *room = find_now(replay, recorded);

    return room ? focus_conference(replay->focus, room->now) : NULL;
}

struct conference *room_of(const struct replay *replay, const struct recorded_line *line)
{
    return room_now(replay, line_id(line, "conference_id"));
}

bool room_is(const struct replay *replay, const struct recorded_line *line, uint64_t conference)
{
    const struct room *room = find_now(replay, line_id(line, "conference_id"));

    return room && room->now == conference;
}

static bool is_among(const json_t *policies, const char *file)
{
    const json_t *policy;
    size_t i;

    json_array_foreach(policies, i, policy)
    {
        if (strcmp(json_string_value(policy), file) == 0)
            return true;
    }
    return false;
}

bool room_has_policy(const struct replay *replay, const struct recorded_line *line,
                     const char *file)
{
    const json_t *scripts = json_object_get(line_json(&replay->recording.lines[0]), "scripts");
    const struct room *room = find_now(replay, line_id(line, "conference_id"));

    return is_among(json_object_get(scripts, "policies"), file) ||
           (room && is_among(room->policies, file));
}

/* conference:remove_all: many are put out at once, each by a decision of its own. */
#include "lua/budget.h"
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/private.h"

#include "focus/explain.h"

#include <errno.h>
#include <string.h>

enum { KEY_EXCEPT, KEY_ROLE, KEY_REASON, KEY_COUNT };

/* Where what is worked with stands on the stack. */
enum { AT_CONFERENCE = 1, AT_OPTIONS, AT_EXCEPT, AT_ROLE, AT_SPARED, AT_IDS, AT_REFUSED };

/* Puts what the options say where it belongs, and the reason into the request. */
static void take_options(lua_State *L, struct request_params *params)
{
    static const char *const names[KEY_COUNT] = {
        [KEY_EXCEPT] = "except", [KEY_ROLE] = "role", [KEY_REASON] = "reason"};

    luaL_checktype(L, AT_OPTIONS, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, AT_OPTIONS)) {
        unsigned key = key_check(L, -2, "remove_all", names, KEY_COUNT);

        if (key == KEY_REASON) {
            text_check(L, -1, "remove_all: the reason", params->reason, sizeof params->reason);
            lua_pop(L, 1);
        } else if (key == KEY_EXCEPT) {
            lua_replace(L, AT_EXCEPT);
        } else if (lua_type(L, -1) == LUA_TSTRING) {
            lua_replace(L, AT_ROLE);
        } else {
            script_error(L, "remove_all: role must be a text, not a %s", luaL_typename(L, -1));
        }
    }
}

static void spare(lua_State *L, uint64_t id)
{
    lua_pushboolean(L, true);
    lua_rawseti(L, AT_SPARED, (lua_Integer)id);
}

/* Whom the value at the top means; false: nobody is called so. Who has gone needs no sparing. */
static bool take_exception(lua_State *L, const struct conference *conference)
{
    const struct participant *found = NULL;
    const char *name;
    bool is_there = false;

    if (lua_type(L, -1) == LUA_TUSERDATA) {
        spare(L, handle_check(L, -1, &participant_class));
        return true;
    }
    if (lua_type(L, -1) != LUA_TSTRING)
        script_error(L, "remove_all: except takes names and participants, not a %s",
                     luaL_typename(L, -1));
    name = lua_tostring(L, -1);
    budget_charge(L, conference_participant_count(conference));
    while ((found = conference_next_participant(conference, found))) {
        if (participant_is_meant(found, name)) {
            spare(L, participant_id(found));
            is_there = true;
        }
    }
    return is_there;
}

/* False: the name at the top is nobody's. */
static bool take_exceptions(lua_State *L, const struct conference *conference)
{
    if (lua_isnil(L, AT_EXCEPT))
        return true;
    if (!lua_istable(L, AT_EXCEPT)) {
        lua_pushvalue(L, AT_EXCEPT);
        return take_exception(L, conference);
    }
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, AT_EXCEPT); i++) {
        lua_rawgeti(L, AT_EXCEPT, i);
        if (!take_exception(L, conference))
            return false;
        lua_pop(L, 1);
    }
    return true;
}

static bool is_spared(lua_State *L, const struct participant *participant)
{
    bool spared = lua_rawgeti(L, AT_SPARED, (lua_Integer)participant_id(participant)) != LUA_TNIL;

    lua_pop(L, 1);
    return spared || (!lua_isnil(L, AT_ROLE) &&
                      strcmp(participant_role(participant), lua_tostring(L, AT_ROLE)) != 0);
}

/* Pushes the ids of those whom it is about. Hooks that are told of the first may put out others. */
static const uint64_t *targets_push(lua_State *L, const struct conference *conference,
                                    size_t *countp)
{
    const struct participant *found = NULL;
    size_t most = 0;
    uint64_t *ids;

    while ((found = conference_next_participant(conference, found)))
        most++;
    ids = lua_newuserdatauv(L, (most + 1) * sizeof *ids, 0);
    *countp = 0;
    while ((found = conference_next_participant(conference, found))) {
        if (!is_spared(L, found))
            ids[(*countp)++] = participant_id(found);
    }
    budget_charge(L, most);
    return ids;
}

static void refused_add(lua_State *L, uint64_t id, int error, const struct decision *decision)
{
    bool waits = error == EINPROGRESS;

    lua_createtable(L, 0, 3);
    participant_push(L, id);
    lua_setfield(L, -2, "participant");
    if (waits)
        (void)failure_push(L, "It waits for a decision", 202);
    else
        (void)refusal_push(L, decision);
    lua_setfield(L, -4, "code");
    lua_setfield(L, -3, "why");
    lua_pop(L, 1);
    lua_rawseti(L, AT_REFUSED, (lua_Integer)lua_rawlen(L, AT_REFUSED) + 1);
}

/* conference:remove_all { except = { "alice", participant }, role = "guest", reason = "…" }:
 * { count = 2, refused = { … } }; or nil, why, code. */
int conference_remove_all(lua_State *L)
{
    struct focus *focus = generation_of(L)->engine->focus;
    struct request request = {.verb = VERB_REMOVE, .conference = conference_self(L)};
    uint64_t conference = handle_check(L, AT_CONFERENCE, &conference_class);
    struct decision decision;
    const uint64_t *ids;
    lua_Integer done = 0;
    size_t count;

    lua_settop(L, AT_ROLE);
    lua_newtable(L);
    if (!lua_isnil(L, AT_OPTIONS))
        take_options(L, &request.params);
    if (!request.conference)
        return handle_gone(L);
    if (!take_exceptions(L, request.conference))
        return failure_push(L, lua_pushfstring(L, "Nobody here is called %s", lua_tostring(L, -1)),
                            404);
    ids = targets_push(L, request.conference, &count);
    lua_newtable(L);
    for (size_t i = 0; i < count; i++) {
        int error = ENOENT;

        request.conference = focus_conference(focus, conference);
        request.target = ids[i];
        if (request.conference)
            error = command_run(L, &request, &decision);
        if (!error)
            done++;
        else if (error != ENOENT)
            refused_add(L, ids[i], error, &decision);
    }
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, done);
    lua_setfield(L, -2, "count");
    lua_pushvalue(L, AT_REFUSED);
    lua_setfield(L, -2, "refused");
    return 1;
}

/* Class conference. */
#include "lua/classes.h"
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/handle.h"
#include "lua/libraries.h"
#include "lua/message.h"
#include "lua/options.h"
#include "lua/params.h"
#include "lua/state.h"

#include <stdio.h>
#include <string.h>

/* dB: announcements to all are so much softer while somebody speaks, unless a script says
 * otherwise. */
static const float UNDER_SPEECH = -10;

void conference_push(lua_State *L, uint64_t id)
{
    handle_push(L, &conference_class, id);
}

static struct focus *focus_of(lua_State *L)
{
    return generation_of(L)->engine->focus;
}

struct conference *conference_self(lua_State *L)
{
    return focus_conference(focus_of(L), handle_check(L, 1, &conference_class));
}

static bool exists(lua_State *L, uint64_t id)
{
    return focus_conference(focus_of(L), id) != NULL;
}

/* ---- fields --------------------------------------------------------------------------------- */

static int get_id(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)handle_check(L, 1, &conference_class));
    return 1;
}

static int get_text(lua_State *L, const char *(*text)(const struct conference *conference))
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    lua_pushstring(L, text(conference));
    return 1;
}

static int get_name(lua_State *L)
{
    return get_text(L, conference_name);
}

static int get_title(lua_State *L)
{
    return get_text(L, conference_title);
}

static int get_language(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    language_push(L, conference_language(conference));
    return 1;
}

static int get_policy(lua_State *L)
{
    return get_text(L, conference_policy);
}

static int get_policies(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    stack_push_names(L, generation_deciding(generation_of(L)->engine, conference)->site_policy,
                     conference_policy(conference));
    return 1;
}

static int get_locked(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    lua_pushboolean(L, conference_is_locked(conference));
    return 1;
}

static int get_reserved(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    lua_pushboolean(L, conference_is_reserved(conference));
    return 1;
}

/* nil while it is not recorded. */
static int get_recording(lua_State *L)
{
    const struct conference *conference = conference_self(L);
    const char *file = conference ? conference_recording(conference) : "";

    if (!*file)
        return 0;
    lua_pushfstring(L, "%s%s", RECORDING, file);
    return 1;
}

static int get_recording_paused(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    lua_pushboolean(L, conference_recording_is_paused(conference));
    return 1;
}

static int get_direction(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    direction_push(L, conference_direction(conference));
    return 1;
}

static int get_codecs(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    codecs_push(L, conference_codecs(conference));
    return 1;
}

static int get_capacity(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    lua_pushinteger(L, conference_capacity(conference));
    return 1;
}

static int get_created_at(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    lua_pushinteger(L, conference_created_at(conference));
    return 1;
}

/* nil while nothing limits its time. */
static int get_ends_at(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference || conference_ends_at(conference) == 0)
        return 0;
    lua_pushinteger(L, conference_ends_at(conference));
    return 1;
}

static int get_creator(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference || conference_creator(conference) == 0)
        return 0;
    participant_push(L, conference_creator(conference));
    return 1;
}

static int get_count(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    lua_pushinteger(L, conference_participant_count(conference));
    return 1;
}

static int get_options(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference)
        return 0;
    options_push(L, conference);
    return 1;
}

static int get_state(lua_State *L)
{
    if (!conference_self(L))
        return 0;
    state_push(L, handle_check(L, 1, &conference_class));
    return 1;
}

static int set_state(lua_State *L)
{
    if (!conference_self(L))
        return luaL_error(L, "the conference is gone, and its state with it");
    state_assign(L, handle_check(L, 1, &conference_class), 3);
    return 0;
}

/* ---- methods -------------------------------------------------------------------------------- */

/* The next one after `after` who has that role (NULL: any), and the floor. */
static const struct participant *next(const struct conference *conference,
                                      const struct participant *after, const char *role,
                                      bool has_floor)
{
    do
        after = conference ? conference_next_participant(conference, after) : NULL;
    while (after && ((role && strcmp(participant_role(after), role) != 0) ||
                     (has_floor && !participant_has_floor(after))));
    return after;
}

static int iterate(lua_State *L, const char *role, bool has_floor)
{
    const struct conference *conference = conference_self(L);
    const struct participant *found = NULL;
    size_t count = 0;
    uint64_t *ids;

    while ((found = next(conference, found, role, has_floor)))
        count++;
    ids = handle_list(L, count);
    while ((found = next(conference, found, role, has_floor)))
        *ids++ = participant_id(found);
    return handle_iterator(L, &participant_class);
}

/* conference:participants(), or those of one role: conference:participants "host" */
static int participants(lua_State *L)
{
    return iterate(L, luaL_optstring(L, 2, NULL), false);
}

/* conference:roster(): a list of those whom who asks may see, as a subscription would tell them */
static int roster(lua_State *L)
{
    struct conference *conference = conference_self(L);
    const struct participant *found = NULL;
    struct decision decision;
    struct actor actor;
    enum view view;
    size_t count = 0;

    if (!conference)
        return handle_gone(L);
    command_actor(L, &actor);
    if (conference_look(conference, &actor, &view, &decision))
        return refusal_push(L, &decision);
    lua_newtable(L);
    while ((found = conference_next_participant(conference, found))) {
        if (participant_is_hidden(found) && view != VIEW_MODERATOR)
            continue;
        participant_push(L, participant_id(found));
        lua_rawseti(L, -2, (lua_Integer)++count);
    }
    budget_charge(L, count);
    return 1;
}

/* conference:floor(): who has it */
static int floor_holders(lua_State *L)
{
    return iterate(L, NULL, true);
}

/* conference:count_role "host" */
static int count_role(lua_State *L)
{
    const struct conference *conference = conference_self(L);
    const char *role = luaL_checkstring(L, 2);
    const struct participant *found = NULL;
    lua_Integer count = 0;

    while ((found = next(conference, found, role, false)))
        count += !participant_is_called(found);
    lua_pushinteger(L, count);
    return 1;
}

/* conference:pending(): what waits for a decision, one after the other */
static int pending(lua_State *L)
{
    return pending_iterate(L, conference_self(L));
}

static int participant(lua_State *L)
{
    const struct conference *conference = conference_self(L);
    lua_Integer id = luaL_checkinteger(L, 2);
    const struct participant *found;

    if (!conference)
        return handle_gone(L);
    found = focus_participant(focus_of(L), (uint64_t)id);
    if (!found || participant_conference(found) != conference)
        return handle_gone(L);
    participant_push(L, (uint64_t)id);
    return 1;
}

static int set_lock(lua_State *L, bool locked)
{
    struct request request = {.verb = VERB_LOCK, .conference = conference_self(L)};

    request.params.locked = locked;
    return request.conference ? command_submit(L, &request) : handle_gone(L);
}

static int lock(lua_State *L)
{
    return set_lock(L, true);
}

static int unlock(lua_State *L)
{
    return set_lock(L, false);
}

/* conference:media { direction = …, codecs = … }; what is not named stays as it is. */
static int change_media(lua_State *L)
{
    struct request request = {.verb = VERB_MEDIA, .conference = conference_self(L)};
    const struct conference *conference = request.conference;

    if (conference) {
        request.params.direction = conference_direction(conference);
        (void)snprintf(request.params.codecs, sizeof request.params.codecs, "%s",
                       conference_codecs(conference));
    }
    (void)params_check(L, 2, "media", verb_params(VERB_MEDIA), &request.params);
    return conference ? command_submit(L, &request) : handle_gone(L);
}

/* Numbers and the like are said in the conference's language. */
static void said_to_all(struct request *request)
{
    if (request->conference)
        (void)snprintf(request->params.language, sizeof request->params.language, "%s",
                       conference_language(request->conference));
}

/* conference:play(what [, { gain = …, loop = …, interrupt = …, duck = …, bus = … }]) */
static int play(lua_State *L)
{
    struct request request = {.conference = conference_self(L), .params.duck = UNDER_SPEECH};

    said_to_all(&request);
    announcement_take(L, PLAY_OPTIONS | PARAM(BUS), &request);
    return request.conference ? command_submit(L, &request) : handle_gone(L);
}

/* conference:stop([{ bus = … }]) */
static int stop(lua_State *L)
{
    struct request request = {.verb = VERB_ANNOUNCE, .conference = conference_self(L)};

    if (!lua_isnoneornil(L, 2))
        (void)params_check(L, 2, "stop", PARAM(BUS), &request.params);
    return request.conference ? command_submit(L, &request) : handle_gone(L);
}

static int record(lua_State *L)
{
    return conference_record_file(L, conference_self(L));
}

static int pause_recording(lua_State *L)
{
    return conference_pause_recording(L, conference_self(L), true);
}

static int resume_recording(lua_State *L)
{
    return conference_pause_recording(L, conference_self(L), false);
}

static int stop_recording(lua_State *L)
{
    struct request request = {.verb = VERB_RECORD, .conference = conference_self(L)};

    return request.conference ? command_submit(L, &request) : handle_gone(L);
}

/* conference:limit { duration = "10m", warning = "1m" }: so long from now on */
static int limit(lua_State *L)
{
    struct request request = {.verb = VERB_LIMIT, .conference = conference_self(L)};

    luaL_checktype(L, 2, LUA_TTABLE);
    (void)params_check(L, 2, "limit", verb_params(VERB_LIMIT), &request.params);
    return request.conference ? command_submit(L, &request) : handle_gone(L);
}

/* conference:close(reason), conference:close { reason = "…", after = { "conference-over" } } */
static int close_for_all(lua_State *L)
{
    struct request request = {.verb = VERB_END, .conference = conference_self(L)};

    said_to_all(&request);
    if (lua_istable(L, 2))
        (void)params_check(L, 2, "close", verb_params(VERB_END), &request.params);
    else if (!lua_isnoneornil(L, 2))
        text_check(L, 2, "close: the reason", request.params.reason, sizeof request.params.reason);
    return request.conference ? command_submit(L, &request) : handle_gone(L);
}

/* conference:recheck(): asked again about are all who are in, soon. */
static int recheck(lua_State *L)
{
    struct conference *conference = conference_self(L);
    struct actor actor;

    command_actor(L, &actor);
    if (!conference || focus_recheck(conference, &actor))
        return handle_gone(L);
    lua_pushboolean(L, true);
    return 1;
}

static int explain(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    return conference ? explain_conference(L, conference) : handle_gone(L);
}

static int length(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    lua_pushinteger(L, conference ? conference_participant_count(conference) : 0);
    return 1;
}

static int to_string(lua_State *L)
{
    lua_Integer id = (lua_Integer)handle_check(L, 1, &conference_class);
    struct lua_engine *engine = generation_of(L)->engine;
    const struct conference *conference =
        engine ? focus_conference(engine->focus, (uint64_t)id) : NULL;

    if (conference)
        lua_pushfstring(L, "conference %s", conference_name(conference));
    else
        lua_pushfstring(L, "conference #%I (gone)", id);
    return 1;
}

static const struct script_function fields[] = {
    {"id", get_id, TO_READ},
    {"name", get_name, TO_READ},
    {"title", get_title, TO_READ},
    {"language", get_language, TO_READ},
    {"policy", get_policy, TO_READ},
    {"policies", get_policies, TO_READ},
    {"options", get_options, IN_POLICY},
    {"locked", get_locked, TO_READ},
    {"reserved", get_reserved, TO_READ},
    {"capacity", get_capacity, TO_READ},
    {"created_at", get_created_at, TO_READ},
    {"parent", conference_get_parent, TO_READ},
    {"ends_at", get_ends_at, TO_READ},
    {"creator", get_creator, TO_READ},
    {"count", get_count, TO_READ},
    {"direction", get_direction, TO_READ},
    {"recording", get_recording, TO_READ},
    {"recording_paused", get_recording_paused, TO_READ},
    {"codecs", get_codecs, TO_READ},
    {"state", get_state, IN_POLICY | IN_APPLICATION},
    {NULL, NULL, 0},
};

static const struct script_function methods[] = {
    {"participants", participants, TO_READ},
    {"participant", participant, TO_READ},
    {"roster", roster, TO_ACT},
    {"pending", pending, TO_READ},
    {"count_role", count_role, TO_READ},
    {"floor", floor_holders, TO_READ},
    {"invite", conference_invite, TO_ACT},
    {"remove_all", conference_remove_all, TO_ACT},
    {"message", conference_message, TO_ACT},
    {"wait_for", conference_wait_for, IN_APPLICATION},
    {"sidebar", conference_sidebar, TO_ACT},
    {"sidebars", conference_sidebars, TO_READ},
    {"ask", conference_ask, TO_ACT},
    {"bring", conference_bring, TO_ACT},
    {"lock", lock, TO_ACT},
    {"unlock", unlock, TO_ACT},
    {"media", change_media, TO_ACT},
    {"play", play, TO_ACT},
    {"record", record, TO_ACT},
    {"pause_recording", pause_recording, TO_ACT},
    {"resume_recording", resume_recording, TO_ACT},
    {"stop_recording", stop_recording, TO_ACT},
    {"stop", stop, TO_ACT},
    {"limit", limit, TO_ACT},
    {"close", close_for_all, TO_ACT},
    {"recheck", recheck, TO_ACT},
    {"explain", explain, TO_READ},
    {NULL, NULL, 0},
};

static const struct script_function setters[] = {
    {"state", set_state, IN_DECISION | IN_EVENT | IN_APPLICATION}, {NULL, NULL, 0}};

static const luaL_Reg metamethods[] = {
    {"__len", length},
    {"__tostring", to_string},
    {NULL, NULL},
};

const struct handle_class conference_class = {
    .name = "conference",
    .fields = fields,
    .methods = methods,
    .setters = setters,
    .metamethods = metamethods,
    .exists = exists,
};

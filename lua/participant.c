/* Class participant. */
#include "lua/classes.h"
#include "lua/generation.h"
#include "lua/handle.h"
#include "lua/hook.h"
#include "lua/libraries.h"
#include "lua/message.h"
#include "lua/params.h"
#include "lua/private.h"

#include <stdio.h>

void participant_push(lua_State *L, uint64_t id)
{
    handle_push(L, &participant_class, id);
}

/* NULL when it is gone. */
static struct participant *find(lua_State *L, uint64_t id)
{
    return focus_participant(generation_of(L)->engine->focus, id);
}

/* The participant at index 1; NULL when it is gone. */
struct participant *participant_self(lua_State *L)
{
    return participant_at(L, 1);
}

struct participant *participant_at(lua_State *L, int index)
{
    return find(L, handle_check(L, index, &participant_class));
}

static bool exists(lua_State *L, uint64_t id)
{
    return find(L, id) != NULL;
}

/* ---- fields --------------------------------------------------------------------------------- */

static int get_id(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)handle_check(L, 1, &participant_class));
    return 1;
}

/* A text of the call, found by its offset in struct caller. */
static int get_caller_text(lua_State *L, size_t offset)
{
    const struct participant *participant = participant_self(L);
    const struct caller *caller;

    if (!participant)
        return 0;
    caller = &participant_call(participant)->caller;
    lua_pushstring(L, *(const char *const *)((const char *)caller + offset));
    return 1;
}

static int get_text(lua_State *L, const char *(*text)(const struct participant *participant))
{
    const struct participant *participant = participant_self(L);

    if (!participant)
        return 0;
    lua_pushstring(L, text(participant));
    return 1;
}

static int get_uri(lua_State *L)
{
    return get_caller_text(L, offsetof(struct caller, uri));
}

static int get_user(lua_State *L)
{
    return get_caller_text(L, offsetof(struct caller, user));
}

static int get_host(lua_State *L)
{
    return get_caller_text(L, offsetof(struct caller, host));
}

static int get_display_name(lua_State *L)
{
    return get_text(L, participant_display_name);
}

/* nil: no file says it. */
static int get_spoken_name(lua_State *L)
{
    const struct participant *participant = participant_self(L);

    if (!participant || !*participant_spoken_name(participant))
        return 0;
    lua_pushstring(L, participant_spoken_name(participant));
    return 1;
}

static int get_language(lua_State *L)
{
    const struct participant *participant = participant_self(L);

    if (!participant)
        return 0;
    language_push(L, participant_language(participant));
    return 1;
}

static int get_user_agent(lua_State *L)
{
    return get_caller_text(L, offsetof(struct caller, user_agent));
}

static int get_groups(lua_State *L)
{
    const struct participant *participant = participant_self(L);

    if (!participant)
        return 0;
    groups_push(L, participant_call(participant)->caller.groups);
    return 1;
}

static int get_authenticated(lua_State *L)
{
    const struct participant *participant = participant_self(L);

    if (!participant)
        return 0;
    lua_pushboolean(L, participant_call(participant)->caller.authenticated);
    return 1;
}

static int get_role(lua_State *L)
{
    return get_text(L, participant_role);
}

static int get_status(lua_State *L)
{
    return get_text(L, participant_status);
}

static int get_flag(lua_State *L, bool (*flag)(const struct participant *participant))
{
    const struct participant *participant = participant_self(L);

    if (!participant)
        return 0;
    lua_pushboolean(L, flag(participant));
    return 1;
}

static int get_muted(lua_State *L)
{
    return get_flag(L, participant_is_muted);
}

static bool is_anonymous(const struct participant *participant)
{
    return participant_anonymous(participant) != 0;
}

static int get_anonymous(lua_State *L)
{
    return get_flag(L, is_anonymous);
}

static int get_hidden(lua_State *L)
{
    return get_flag(L, participant_is_hidden);
}

static int get_held(lua_State *L)
{
    return get_flag(L, participant_is_held);
}

static int get_may_speak(lua_State *L)
{
    return get_flag(L, participant_may_speak);
}

static int get_has_floor(lua_State *L)
{
    return get_flag(L, participant_has_floor);
}

static int get_media(lua_State *L)
{
    return get_text(L, participant_media);
}

static int get_speaking(lua_State *L)
{
    mix_watch(L, WATCH_SPEAKING);
    return get_flag(L, participant_is_speaking);
}

static int get_level(lua_State *L)
{
    const struct participant *participant = participant_self(L);
    struct leg_stats leg = {.codec = ""};

    mix_watch(L, WATCH_LEVEL);
    if (!participant)
        return 0;
    participant_stats(participant, &leg);
    lua_pushnumber(L, leg.level);
    return 1;
}

/* nil while its session is not known. */
static int get_codec(lua_State *L)
{
    const struct participant *participant = participant_self(L);
    struct leg_stats leg = {.codec = ""};

    mix_watch(L, WATCH_CODEC);
    if (!participant)
        return 0;
    participant_stats(participant, &leg);
    if (!*leg.codec)
        return 0;
    lua_pushstring(L, leg.codec);
    return 1;
}

static bool takes_messages(const struct participant *participant)
{
    return participant_call(participant)->takes_messages;
}

static bool is_focus(const struct participant *participant)
{
    return participant_call(participant)->is_focus;
}

static int get_is_focus(lua_State *L)
{
    return get_flag(L, is_focus);
}

static int get_takes_messages(lua_State *L)
{
    return get_flag(L, takes_messages);
}

/* A switch of the voice, found by its offset in struct leg_voice. */
static int get_voice(lua_State *L, size_t offset)
{
    const struct participant *participant = participant_self(L);

    if (!participant)
        return 0;
    lua_pushboolean(L, *(const bool *)((const char *)participant_voice(participant) + offset));
    return 1;
}

static int get_agc(lua_State *L)
{
    return get_voice(L, offsetof(struct leg_voice, agc));
}

static int get_denoise(lua_State *L)
{
    return get_voice(L, offsetof(struct leg_voice, denoise));
}

static int get_vad(lua_State *L)
{
    return get_voice(L, offsetof(struct leg_voice, vad));
}

static int get_gain(lua_State *L, float (*gain)(const struct participant *participant))
{
    const struct participant *participant = participant_self(L);

    if (!participant)
        return 0;
    lua_pushnumber(L, gain(participant));
    return 1;
}

static int get_speaks(lua_State *L)
{
    return get_gain(L, participant_speaks);
}

static int get_hears(lua_State *L)
{
    return get_gain(L, participant_hears);
}

/* nil while the phone has not yet confirmed the call. */
static int get_joined_at(lua_State *L)
{
    const struct participant *participant = participant_self(L);

    if (!participant || participant_joined_at(participant) == 0)
        return 0;
    lua_pushinteger(L, participant_joined_at(participant));
    return 1;
}

static int get_conference(lua_State *L)
{
    const struct participant *participant = participant_self(L);

    if (!participant)
        return 0;
    conference_push(L, conference_id(participant_conference(participant)));
    return 1;
}

/* ---- methods -------------------------------------------------------------------------------- */

static int stats(lua_State *L)
{
    const struct participant *participant = participant_self(L);
    struct leg_stats leg = {.codec = ""};

    if (!participant)
        return handle_gone(L);
    mix_watch(L, WATCH_LEVEL);
    participant_stats(participant, &leg);
    lua_createtable(L, 0, 20);
    figures_set(L, stats_figures, &leg);
    return 1;
}

int participant_submit(lua_State *L, struct request *request)
{
    const struct participant *participant = participant_self(L);

    if (!participant)
        return handle_gone(L);
    request->conference = participant_conference(participant);
    request->target = participant_id(participant);
    return command_submit(L, request);
}

static int mute(lua_State *L)
{
    struct request request = {.verb = VERB_MUTE, .params.muted = true};

    return participant_submit(L, &request);
}

static int unmute(lua_State *L)
{
    struct request request = {.verb = VERB_MUTE};

    return participant_submit(L, &request);
}

static int hold(lua_State *L)
{
    struct request request = {.verb = VERB_HOLD, .params.held = true};

    return participant_submit(L, &request);
}

static int unhold(lua_State *L)
{
    struct request request = {.verb = VERB_HOLD};

    return participant_submit(L, &request);
}

/* What is not named stays as it is. */
static int enhance(lua_State *L)
{
    struct request request = {.verb = VERB_ENHANCE};
    const struct participant *participant = participant_self(L);

    if (participant) {
        request.params.agc = participant_voice(participant)->agc;
        request.params.denoise = participant_voice(participant)->denoise;
        request.params.vad = participant_voice(participant)->vad;
    }
    (void)params_check(L, 2, "enhance", verb_params(VERB_ENHANCE), &request.params);
    return participant_submit(L, &request);
}

static int volume(lua_State *L)
{
    struct request request = {.verb = VERB_VOLUME};
    const struct participant *participant = participant_self(L);

    if (participant) {
        request.params.speaks = participant_speaks(participant);
        request.params.hears = participant_hears(participant);
    }
    (void)params_check(L, 2, "volume", verb_params(VERB_VOLUME), &request.params);
    return participant_submit(L, &request);
}

/* participant:play(what [, { gain = …, loop = …, interrupt = …, duck = … }]): nobody else hears it
 */
static int play(lua_State *L)
{
    struct request request = {.verb = VERB_ANNOUNCE};
    const struct participant *participant = participant_self(L);

    if (participant)
        (void)snprintf(request.params.language, sizeof request.params.language, "%s",
                       participant_language(participant));
    announcement_take(L, PLAY_OPTIONS, &request);
    return participant_submit(L, &request);
}

static int stop(lua_State *L)
{
    struct request request = {.verb = VERB_ANNOUNCE};

    return participant_submit(L, &request);
}

static int remove_from(lua_State *L)
{
    struct request request = {.verb = VERB_REMOVE};

    if (!lua_isnoneornil(L, 2))
        text_check(L, 2, "remove: the reason", request.params.reason, sizeof request.params.reason);
    return participant_submit(L, &request);
}

static int explain(lua_State *L)
{
    const struct participant *participant = participant_self(L);

    return participant ? explain_participant(L, participant) : handle_gone(L);
}

static int to_string(lua_State *L)
{
    lua_Integer id = (lua_Integer)handle_check(L, 1, &participant_class);
    struct lua_engine *engine = generation_of(L)->engine;
    const struct participant *participant =
        engine ? focus_participant(engine->focus, (uint64_t)id) : NULL;

    if (participant)
        lua_pushfstring(L, "participant %s", participant_call(participant)->caller.uri);
    else
        lua_pushfstring(L, "participant #%I (gone)", id);
    return 1;
}

static const struct script_function fields[] = {
    {"id", get_id, TO_READ},
    {"uri", get_uri, TO_READ},
    {"user", get_user, TO_READ},
    {"host", get_host, TO_READ},
    {"display_name", get_display_name, TO_READ},
    {"spoken_name", get_spoken_name, TO_READ},
    {"language", get_language, TO_READ},
    {"user_agent", get_user_agent, TO_READ},
    {"groups", get_groups, TO_READ},
    {"authenticated", get_authenticated, TO_READ},
    {"anonymous", get_anonymous, TO_READ},
    {"hidden", get_hidden, TO_READ},
    {"role", get_role, TO_READ},
    {"status", get_status, TO_READ},
    {"muted", get_muted, TO_READ},
    {"held", get_held, TO_READ},
    {"may_speak", get_may_speak, TO_READ},
    {"has_floor", get_has_floor, TO_READ},
    {"media", get_media, TO_READ},
    {"speaking", get_speaking, TO_READ},
    {"is_focus", get_is_focus, TO_READ},
    {"takes_messages", get_takes_messages, TO_READ},
    {"level", get_level, TO_READ},
    {"codec", get_codec, TO_READ},
    {"agc", get_agc, TO_READ},
    {"denoise", get_denoise, TO_READ},
    {"vad", get_vad, TO_READ},
    {"speaks", get_speaks, TO_READ},
    {"hears", get_hears, TO_READ},
    {"joined_at", get_joined_at, TO_READ},
    {"conference", get_conference, TO_READ},
    {"sidebar", participant_get_sidebar, TO_READ},
    {"main", participant_get_main, TO_READ},
    {NULL, NULL, 0},
};

static const struct script_function methods[] = {
    {"stats", stats, TO_READ},
    {"mute", mute, TO_ACT},
    {"unmute", unmute, TO_ACT},
    {"hold", hold, TO_ACT},
    {"unhold", unhold, TO_ACT},
    {"enhance", enhance, TO_ACT},
    {"volume", volume, TO_ACT},
    {"play", play, TO_ACT},
    {"stop", stop, TO_ACT},
    {"message", participant_message, TO_ACT},
    {"speaks_to", participant_speaks_to, IN_MIX},
    {"listens_to", participant_listens_to, IN_MIX},
    {"remove", remove_from, TO_ACT},
    {"back", participant_back, TO_ACT},
    {"set_role", participant_set_role, TO_ACT},
    {"rename", participant_rename, TO_ACT},
    {"set_spoken_name", participant_set_spoken_name, TO_ACT},
    {"permit", participant_permit, TO_ACT},
    {"give_floor", participant_give_floor, TO_ACT},
    {"take_floor", participant_take_floor, TO_ACT},
    {"ask_for_floor", participant_ask_for_floor, TO_ACT},
    {"explain", explain, TO_READ},
    {NULL, NULL, 0},
};

static const luaL_Reg metamethods[] = {{"__tostring", to_string}, {NULL, NULL}};

const struct handle_class participant_class = {
    .name = "participant",
    .fields = fields,
    .methods = methods,
    .metamethods = metamethods,
    .exists = exists,
};

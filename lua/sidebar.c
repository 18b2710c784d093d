/*
 * Sidebars: conference:sidebar { … } makes one, side:ask(participant, { … }) and
 * side:bring(participant, { … }) take somebody of its parent in, participant:back() sends them
 * back.
 */
#include "lua/classes.h"
#include "lua/errors.h"
#include "lua/generation.h"
#include "lua/generations.h"
#include "lua/handle.h"
#include "lua/params.h"
#include "lua/private.h"
#include "lua/state.h"

#include <errno.h>
#include <string.h>

enum {
    BACKGROUND = -18, /* dB, unless the script says otherwise */
    ANSWER_TIMEOUT = 15,
    ANSWER_TIMEOUT_MOST = 600, /* s */
};

#define MAKE_PARAMS (PARAM(TITLE) | PARAM(POLICY) | PARAM(BACKGROUND) | PARAM(SHOWN))
#define TAKE_PARAMS ((verb_params(VERB_SIDEBAR) & ~(MAKE_PARAMS | PARAM(FILE))) | PARAM(BACKGROUND))

/* ---- reading -------------------------------------------------------------------------------- */

int conference_get_parent(lua_State *L)
{
    const struct conference *conference = conference_self(L);

    if (!conference || !conference_parent(conference))
        return 0;
    conference_push(L, conference_id(conference_parent(conference)));
    return 1;
}

int conference_sidebars(lua_State *L)
{
    const struct conference *conference = conference_self(L), *sidebar = NULL;
    size_t count = 0;
    uint64_t *ids;

    while (conference && (sidebar = conference_next_sidebar(conference, sidebar)))
        count++;
    ids = handle_list(L, count);
    while (conference && (sidebar = conference_next_sidebar(conference, sidebar)))
        *ids++ = conference_id(sidebar);
    return handle_iterator(L, &conference_class);
}

/* NULL: it is in none. */
static const struct participant *aside_of(const struct participant *participant)
{
    const struct participant *aside = participant ? participant_aside(participant) : NULL;

    return aside && participant_has_joined(aside) ? aside : NULL;
}

/* nil while it is only asked. */
int participant_get_sidebar(lua_State *L)
{
    const struct participant *aside = aside_of(participant_self(L));

    if (!aside)
        return 0;
    conference_push(L, conference_id(participant_conference(aside)));
    return 1;
}

int participant_get_main(lua_State *L)
{
    const struct participant *participant = participant_self(L);

    if (!participant || !participant_main(participant))
        return 0;
    participant_push(L, participant_id(participant_main(participant)));
    return 1;
}

/* ---- making one ----------------------------------------------------------------------------- */

/* What an entry of the table at 2 is, besides the parameters. */
enum {
    WISH_OPTIONS = PARAM_COUNT,
    WISH_PROMPT,
    WISH_TIMEOUT,
    WISH_ACCEPT,
    WISH_DECLINE,
    WISH_COUNT
};

/* Raises nothing. EINVAL: `error` says what is wrong with the options. */
static int make(lua_State *L, struct request *request, struct decision *decision, char *error,
                size_t error_size)
{
    struct generation *deciding =
        generation_deciding(generation_of(L)->engine, request->conference);
    const char *own = request->params.policy;
    const struct conference_config model = {
        .name = "sidebar",
        .policy = *own ? own : conference_policy(request->conference),
        .options = request->sidebar->options,
    };

    if ((*own || model.options) && generation_check_conference(deciding, &model, error, error_size))
        return EINVAL;
    return command_carry(L, request, decision);
}

static void take_make(lua_State *L, struct request_params *params)
{
    const char *names[WISH_COUNT] = {[WISH_OPTIONS] = "options"};

    params_names(MAKE_PARAMS, names);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, 2)) {
        unsigned key = key_check(L, -2, "sidebar", names, WISH_COUNT);

        if (key != WISH_OPTIONS)
            param_take(L, "sidebar", key, params);
        lua_pop(L, 1);
    }
}

/* conference:sidebar { title = …, policy = …, options = …, background = -18, shown = "ref" }: a
 * conference; or nil, why, code. */
int conference_sidebar(lua_State *L)
{
    struct sidebar_wish wish = {.asks = false};
    struct request request = {
        .sidebar = &wish,
        .verb = VERB_SIDEBAR,
        .conference = conference_self(L),
        .params = {.background = BACKGROUND, .shown = SIDEBAR_BY_REF},
    };
    char error[SCRIPT_TEXT];
    struct decision decision;
    json_t *options;
    int result;

    lua_settop(L, 2);
    if (!lua_isnil(L, 2))
        take_make(L, &request.params);
    if (!request.conference)
        return handle_gone(L);
    command_actor(L, &request.actor);
    options = lua_istable(L, 2) ? options_field(L, 2, "sidebar") : NULL;
    wish.options = options;
    result = make(L, &request, &decision, error, sizeof error);
    json_decref(options);
    if (result == EINVAL)
        return luaL_error(L, "sidebar: %s", error);
    if (result)
        return command_refused(L, result, &decision);
    conference_push(L, decision.sidebar);
    return 1;
}

/* ---- taking somebody in --------------------------------------------------------------------- */

static void take_wish(lua_State *L, const char *what, struct sidebar_wish *wish,
                      struct request_params *params)
{
    const char *names[WISH_COUNT] = {[0] = NULL};

    if (wish->asks) {
        names[WISH_PROMPT] = "prompt";
        names[WISH_TIMEOUT] = "timeout";
        names[WISH_ACCEPT] = "accept";
        names[WISH_DECLINE] = "decline";
    }
    params_names(TAKE_PARAMS, names);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, 3)) {
        unsigned key = key_check(L, -2, what, names, WISH_COUNT);

        if (key == WISH_PROMPT)
            files_check(L, -1, "ask: prompt", params->language, params->file, sizeof params->file);
        else if (key == WISH_TIMEOUT)
            wish->timeout = duration_check(L, -1, "ask: timeout", 1, ANSWER_TIMEOUT_MOST);
        else if (key == WISH_ACCEPT)
            wish->accept = key_take(L, "ask: accept");
        else if (key == WISH_DECLINE)
            wish->decline = key_take(L, "ask: decline");
        else
            param_take(L, what, key, params);
        lua_pop(L, 1);
    }
    if (wish->accept && wish->accept == wish->decline)
        script_error(L, "ask: one key cannot both accept and decline");
}

/* Who it is in the sidebar; or nil, why, code. */
static int take(lua_State *L, const char *what, bool asks)
{
    struct sidebar_wish wish = {
        .asks = asks,
        .timeout = ANSWER_TIMEOUT * 1000,
        .accept = asks ? '1' : '\0',
        .decline = asks ? '2' : '\0',
    };
    struct request request = {
        .verb = VERB_SIDEBAR, .conference = conference_self(L), .sidebar = &wish};
    const struct participant *main = participant_at(L, 2);
    struct decision decision;
    int result;

    if (request.conference && !conference_parent(request.conference))
        return luaL_error(L, "%s: this is no sidebar; conference:sidebar { … } makes one", what);
    if (request.conference && main)
        sidebar_wish_entry(request.conference, main, &request.params);
    if (!lua_isnoneornil(L, 3))
        take_wish(L, what, &wish, &request.params);
    if (!request.conference || !main)
        return handle_gone(L);
    request.target = participant_id(main);
    result = command_run(L, &request, &decision);
    if (result)
        return command_refused(L, result, &decision);
    participant_push(L, decision.participant);
    return 1;
}

/* side:ask(participant, { prompt = "tone:…", timeout = 15, accept = "1", decline = "2", … }) */
int conference_ask(lua_State *L)
{
    return take(L, "ask", true);
}

/* side:bring(participant, { … }) */
int conference_bring(lua_State *L)
{
    return take(L, "bring", false);
}

/* participant:back "reason": out of the sidebar that it is in, or asked into. The same by who it is
 * there. */
int participant_back(lua_State *L)
{
    const struct participant *participant = participant_self(L);
    struct request request = {.verb = VERB_REMOVE};

    if (!lua_isnoneornil(L, 2))
        text_check(L, 2, "back: the reason", request.params.reason, sizeof request.params.reason);
    if (participant && !participant_main(participant))
        participant = participant_aside(participant);
    if (!participant)
        return handle_gone(L);
    request.conference = participant_conference(participant);
    request.target = participant_id(participant);
    return command_submit(L, &request);
}

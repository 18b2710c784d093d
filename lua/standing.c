/* Methods of class participant: role, shown name, floor, leave to speak. */
#include "lua/classes.h"
#include "lua/handle.h"
#include "lua/params.h"

#include "focus/focus.h"

#include <stdio.h>

/* participant:set_role "host" */
int participant_set_role(lua_State *L)
{
    struct request request = {.verb = VERB_ROLE};

    text_check(L, 2, "set_role: the role", request.params.role, sizeof request.params.role);
    return participant_submit(L, &request);
}

/* As it is called now. */
static void names_take(const struct participant *participant, struct request_params *params)
{
    if (!participant)
        return;
    (void)snprintf(params->display_name, sizeof params->display_name, "%s",
                   participant_given_name(participant));
    (void)snprintf(params->spoken_name, sizeof params->spoken_name, "%s",
                   participant_spoken_name(participant));
}

/* participant:rename "Alice Liddell"; "": as its phone says */
int participant_rename(lua_State *L)
{
    struct request request = {.verb = VERB_RENAME};

    names_take(participant_self(L), &request.params);
    text_check(L, 2, "rename: the name", request.params.display_name,
               sizeof request.params.display_name);
    return participant_submit(L, &request);
}

/* participant:set_spoken_name "recording:names/alice.wav"; "": none */
int participant_set_spoken_name(lua_State *L)
{
    struct request request = {.verb = VERB_RENAME};

    names_take(participant_self(L), &request.params);
    file_check(L, 2, "set_spoken_name: the file", request.params.spoken_name,
               sizeof request.params.spoken_name);
    return participant_submit(L, &request);
}

/* participant:permit { may_speak = … } */
int participant_permit(lua_State *L)
{
    struct request request = {.verb = VERB_PERMIT};

    luaL_checktype(L, 2, LUA_TTABLE);
    if (!params_check(L, 2, "permit", verb_params(VERB_PERMIT), &request.params))
        return luaL_error(L, "permit: say what, as in permit { may_speak = true }");
    return participant_submit(L, &request);
}

int participant_give_floor(lua_State *L)
{
    struct request request = {.verb = VERB_FLOOR, .params.floor = true};

    return participant_submit(L, &request);
}

int participant_take_floor(lua_State *L)
{
    struct request request = {.verb = VERB_FLOOR};

    return participant_submit(L, &request);
}

/* participant:ask_for_floor(): it is the participant that asks, and the policy is told so. */
int participant_ask_for_floor(lua_State *L)
{
    struct participant *participant = participant_self(L);
    struct request request = {.verb = VERB_FLOOR, .params.floor = true};
    struct decision decision;
    int result;

    command_actor(L, &request.actor);
    if (!participant)
        return handle_gone(L);
    actor_of_participant(&request.actor, participant);
    request.conference = participant_conference(participant);
    request.target = participant_id(participant);
    result = command_carry(L, &request, &decision);
    if (result)
        return command_refused(L, result, &decision);
    lua_pushboolean(L, 1);
    return 1;
}

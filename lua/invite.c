/* conference:invite: somebody is called, or asked to dial in. */
#include "lua/classes.h"
#include "lua/conversation.h"
#include "lua/errors.h"
#include "lua/generation.h"

#include <stdio.h>
#include <string.h>

enum {
    INVITE_URI_MAX = 600, /* bytes with NUL */
    INVITE_NAME_MAX = 128,
    INVITE_TIMEOUT_MOST = 600, /* s */
};

/* Of invite's table, besides the parameters that its hook can change. */
enum {
    INVITE_TIMEOUT = PARAM_COUNT,
    INVITE_NAME,
    INVITE_REFERRED_BY,
    INVITE_BY_REFER,
    INVITE_WAIT,
    INVITE_KEYS
};

struct invite_words {
    bool waits;
    char uri[INVITE_URI_MAX], name[INVITE_NAME_MAX];
    char referrer[INVITE_URI_MAX], referred_by[INVITE_URI_MAX + 2]; /* the same in brackets */
};

/* The duration on top of the stack, in ms. */
static unsigned take_timeout(lua_State *L)
{
    return duration_check(L, -1, "invite: timeout", 1, INVITE_TIMEOUT_MOST);
}

static bool take_flag(lua_State *L, const char *name)
{
    if (!lua_isboolean(L, -1))
        script_error(L, "invite: %s must be true or false, not a %s", name, luaL_typename(L, -1));
    return lua_toboolean(L, -1);
}

/* The URI on top of the stack, for a Referred-By header (RFC 3892). */
static void take_referrer(lua_State *L, struct invite_words *words)
{
    text_check(L, -1, "invite: referred_by", words->referrer, sizeof words->referrer);
    if (strncmp(words->referrer, "sip:", 4) != 0 || strpbrk(words->referrer, " <>\",;?"))
        script_error(L, "invite: referred_by must be a SIP URI without parameters");
    (void)snprintf(words->referred_by, sizeof words->referred_by, "<%s>", words->referrer);
}

/* The table at `index`. */
static void invite_options(lua_State *L, int index, struct request_params *params,
                           struct invitation *invitation, struct invite_words *words)
{
    const char *names[INVITE_KEYS] = {
        [INVITE_TIMEOUT] = "timeout",
        [INVITE_NAME] = "name",
        [INVITE_REFERRED_BY] = "referred_by",
        [INVITE_BY_REFER] = "by_refer",
        [INVITE_WAIT] = "wait",
    };

    params_names(verb_params(VERB_INVITE), names);
    params_take_language(L, index, "invite", params);
    lua_pushnil(L);
    while (lua_next(L, index)) {
        unsigned key = key_check(L, -2, "invite", names, INVITE_KEYS);

        if (key == INVITE_TIMEOUT)
            invitation->timeout = take_timeout(L);
        else if (key == INVITE_NAME)
            text_check(L, -1, "invite: name", words->name, sizeof words->name);
        else if (key == INVITE_REFERRED_BY)
            take_referrer(L, words);
        else if (key == INVITE_BY_REFER)
            invitation->by_refer = take_flag(L, "by_refer");
        else if (key == INVITE_WAIT)
            words->waits = take_flag(L, "wait");
        else
            param_take(L, "invite", key, params);
        lua_pop(L, 1);
    }
}

/* conference:invite(uri, { role = …, muted = …, agc = …, timeout = 30, name = …, referred_by = …
 * }): the participant, who is being called from now on; or nil, why, code. With by_refer = true:
 * true, they are asked to dial in. In an application, with wait = true: the participant once it is
 * in; or nil, why, code. */
int conference_invite(lua_State *L)
{
    struct invite_words words = {.name = ""};
    struct invitation invitation = {
        .uri = words.uri,
        .name = words.name,
        .referrer = words.referrer,
        .referred_by = words.referred_by,
    };
    struct request request = {.verb = VERB_INVITE,
                              .conference = conference_self(L),
                              .invitation = &invitation,
                              .params = {.role = "participant"}};
    struct conversation *conversation = NULL;
    struct decision decision;
    int result;

    text_check(L, 2, "invite: the URI", words.uri, sizeof words.uri);
    if (request.conference)
        conference_wish_entry(request.conference, &request.params);
    if (!lua_isnoneornil(L, 3))
        invite_options(L, 3, &request.params, &invitation, &words);
    if (words.waits) {
        conversation = conversation_running(L);
        if (!conversation)
            return luaL_error(L, "invite: wait is for applications: a policy decides at once, and "
                                 "cannot wait");
        conversation_check_wait(L, conversation, "invite: wait");
    }
    if (!request.conference)
        return handle_gone(L);
    result = command_run(L, &request, &decision);
    if (result)
        return command_refused(L, result, &decision);
    if (conversation && !invitation.by_refer)
        return conversation_wait_for_answer(L, conversation, conference_id(request.conference),
                                            decision.participant);
    if (invitation.by_refer)
        lua_pushboolean(L, true);
    else
        participant_push(L, decision.participant);
    return 1;
}

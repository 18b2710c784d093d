/* What hooks are called with. Plain tables, made anew for each call. */
#include "lua/private.h"

static const char *const param_names[PARAM_COUNT] = {
    "role", "muted", "locked", "title", "policy", "reason", "anonymous", "hidden", "view",
};

unsigned verb_params(enum verb verb)
{
    static const unsigned params[VERB_COUNT] = {
        [VERB_CREATE] = PARAM_TITLE | PARAM_POLICY,
        [VERB_JOIN] = PARAM_ROLE | PARAM_MUTED | PARAM_ANONYMOUS | PARAM_HIDDEN,
        [VERB_TIMEOUT] = PARAM_REASON,
        [VERB_MUTE] = PARAM_MUTED,
        [VERB_REMOVE] = PARAM_REASON,
        [VERB_LOCK] = PARAM_LOCKED,
        [VERB_END] = PARAM_REASON,
        [VERB_SUBSCRIBE] = PARAM_VIEW,
    };

    return params[verb];
}

const char *param_name(unsigned param)
{
    return param_names[__builtin_ctz(param)];
}

static void set_text(lua_State *L, const char *key, const char *value)
{
    lua_pushstring(L, value ? value : "");
    lua_setfield(L, -2, key);
}

static void set_boolean(lua_State *L, const char *key, bool value)
{
    lua_pushboolean(L, value);
    lua_setfield(L, -2, key);
}

static void set_participant(lua_State *L, const char *key, uint64_t id)
{
    if (id == 0)
        return;
    participant_push(L, id);
    lua_setfield(L, -2, key);
}

static void actor_push(lua_State *L, const struct actor *actor)
{
    static const char *const kinds[] = {
        [ACTOR_CALLER] = "caller",
        [ACTOR_SCRIPT] = "script",
        [ACTOR_SERVER] = "server",
    };

    lua_createtable(L, 0, 10);
    set_text(L, "kind", kinds[actor->kind]);
    set_text(L, "uri", actor->uri);
    set_text(L, "user", actor->user);
    set_text(L, "host", actor->host);
    set_text(L, "display_name", actor->display_name);
    set_text(L, "user_agent", actor->user_agent);
    set_text(L, "peer", actor->peer);
    set_boolean(L, "authenticated", actor->authenticated);
    set_boolean(L, "anonymous", actor->anonymous);
    set_participant(L, "participant", actor->participant);
}

static void params_push(lua_State *L, enum verb verb, const struct request_params *params)
{
    unsigned has = verb_params(verb);

    lua_createtable(L, 0, 2);
    if (has & PARAM_ROLE)
        set_text(L, "role", params->role);
    if (has & PARAM_MUTED)
        set_boolean(L, "muted", params->muted);
    if (has & PARAM_LOCKED)
        set_boolean(L, "locked", params->locked);
    if (has & PARAM_TITLE)
        set_text(L, "title", params->title);
    if (has & PARAM_POLICY)
        set_text(L, "policy", params->policy);
    if (has & PARAM_REASON)
        set_text(L, "reason", params->reason);
    if (has & PARAM_ANONYMOUS)
        set_boolean(L, "anonymous", params->anonymous);
    if (has & PARAM_HIDDEN)
        set_boolean(L, "hidden", params->hidden);
    if (has & PARAM_VIEW)
        set_text(L, "view", view_name(params->view));
}

void request_push(lua_State *L, const struct request *request)
{
    lua_createtable(L, 0, 6);
    set_text(L, "verb", hook_name(request->verb));
    set_text(L, "conference_name", request->conference_name);
    actor_push(L, &request->actor);
    lua_setfield(L, -2, "actor");
    params_push(L, request->verb, &request->params);
    lua_setfield(L, -2, "params");
    if (request->package)
        set_text(L, "package", request->package);
    set_participant(L, "target", request->target);
    if (request->conference) {
        conference_push(L, conference_id(request->conference));
        lua_setfield(L, -2, "conference");
    }
}

void event_push(lua_State *L, const struct conference_event *event)
{
    lua_createtable(L, 0, 5);
    set_text(L, "name", event_name(event->kind));
    switch (event->kind) {
    case EVENT_SPEAKING:
    case EVENT_MUTED:
    case EVENT_HELD:
    case EVENT_LOCKED:
        set_boolean(L, "on", event->on);
        break;
    case EVENT_DIGIT:
        lua_pushlstring(L, &event->digit, 1);
        lua_setfield(L, -2, "digit");
        lua_pushinteger(L, event->duration);
        lua_setfield(L, -2, "duration");
        break;
    case EVENT_LEFT:
    case EVENT_ENDED:
        set_text(L, "reason", event->reason);
        break;
    default:
        break;
    }
}

/* What hooks are called with. Plain tables, made anew for each call. */
#include "lua/private.h"

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

    lua_createtable(L, 0, 11);
    set_text(L, "kind", kinds[actor->kind]);
    set_text(L, "uri", actor->uri);
    set_text(L, "user", actor->user);
    set_text(L, "host", actor->host);
    set_text(L, "display_name", actor->display_name);
    set_text(L, "user_agent", actor->user_agent);
    set_text(L, "peer", actor->peer);
    groups_push(L, actor->groups);
    lua_setfield(L, -2, "groups");
    set_boolean(L, "authenticated", actor->authenticated);
    set_boolean(L, "anonymous", actor->anonymous);
    set_participant(L, "participant", actor->participant);
}

void request_push(lua_State *L, const struct request *request)
{
    lua_createtable(L, 0, 6);
    set_text(L, "verb", hook_name(request->verb));
    set_text(L, "conference_name", request->conference_name);
    actor_push(L, &request->actor);
    lua_setfield(L, -2, "actor");
    params_push(L, verb_params(request->verb), &request->params);
    lua_setfield(L, -2, "params");
    if (request->package)
        set_text(L, "package", request->package);
    set_participant(L, request->verb == VERB_JOIN ? "joins" : "target", request->target);
    if (request->verb == VERB_JOIN)
        set_boolean(L, "by_dialog", request->by_dialog);
    if (request->invitation) {
        set_text(L, "uri", request->invitation->uri);
        set_text(L, "name", request->invitation->name);
    }
    if (request->conference) {
        conference_push(L, conference_id(request->conference));
        lua_setfield(L, -2, "conference");
    }
}

void table_set_number(lua_State *L, const char *key, float value)
{
    lua_pushnumber(L, value);
    lua_setfield(L, -2, key);
}

/* A score that is not known is nil. */
static void set_mos(lua_State *L, const char *key, float mos)
{
    if (mos > 0)
        table_set_number(L, key, mos);
}

static void quality_push(lua_State *L, const struct leg_quality *quality)
{
    set_text(L, "quality", quality->grade);
    set_text(L, "before", quality->before);
    set_mos(L, "mos", quality->mos);
    set_mos(L, "remote_mos", quality->remote_mos);
    table_set_number(L, "loss", quality->loss);
    table_set_number(L, "remote_loss", quality->remote_loss);
    table_set_number(L, "jitter", quality->jitter);
    table_set_number(L, "delay", quality->delay);
    table_set_number(L, "round_trip", quality->round_trip);
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
    case EVENT_ENDING:
        table_set_number(L, "seconds", (float)event->duration / 1000);
        break;
    case EVENT_QUALITY:
        quality_push(L, &event->quality);
        break;
    case EVENT_REPLACED:
        set_participant(L, "other", event->other);
        break;
    case EVENT_FAILED:
    case EVENT_LEFT:
        lua_pushinteger(L, event->code);
        lua_setfield(L, -2, "code");
        set_text(L, "reason", event->reason);
        break;
    case EVENT_PLAYED:
    case EVENT_ENDED:
        set_text(L, "reason", event->reason);
        break;
    default:
        break;
    }
}

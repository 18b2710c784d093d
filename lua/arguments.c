/* What hooks are called with. Plain tables, made anew for each call. */
#include "lua/classes.h"
#include "lua/generation.h"
#include "lua/message.h"
#include "lua/params.h"

#include <string.h>

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

void actor_push(lua_State *L, const struct actor *actor)
{
    static const char *const kinds[] = {
        [ACTOR_CALLER] = "caller",
        [ACTOR_SCRIPT] = "script",
        [ACTOR_SERVER] = "server",
    };

    lua_createtable(L, 0, 12);
    set_text(L, "kind", kinds[actor->kind]);
    set_text(L, "uri", actor->uri);
    set_text(L, "user", actor->user);
    set_text(L, "host", actor->host);
    set_text(L, "display_name", actor->display_name);
    set_text(L, "user_agent", actor->user_agent);
    set_text(L, "peer", actor->peer);
    set_text(L, "referred_by", actor->referred_by);
    groups_push(L, actor->groups);
    lua_setfield(L, -2, "groups");
    set_boolean(L, "authenticated", actor->authenticated);
    set_text(L, "proof", actor->kind == ACTOR_CALLER ? proof_name(actor->proof) : "server");
    set_boolean(L, "anonymous", actor->anonymous);
    set_boolean(L, "is_focus", actor->is_focus);
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
    if (request->verb == VERB_CREATE)
        set_boolean(L, "is_name_given", request->is_name_given);
    if (request->factory)
        set_text(L, "factory", request->factory);
    if (request->package)
        set_text(L, "package", request->package);
    if (request->verb == VERB_DECIDE) {
        pending_push(L, request->target);
        lua_setfield(L, -2, "pending");
    } else {
        set_participant(L, request->verb == VERB_JOIN ? "joins" : "target", request->target);
    }
    if (request->verb == VERB_JOIN)
        set_boolean(L, "by_dialog", request->by_dialog);
    if (request->invitation) {
        set_text(L, "uri", request->invitation->uri);
        set_text(L, "name", request->invitation->name);
        set_text(L, "replaces", request->invitation->replaces);
        set_boolean(L, "by_refer", request->invitation->by_refer);
    }
    if (request->text)
        set_text(L, "text", request->text);
    if (request->sidebar)
        set_boolean(L, "asks", request->sidebar->asks);
    if (request->conference) {
        conference_push(L, conference_id(request->conference));
        lua_setfield(L, -2, "conference");
    }
}

/* What is not known is nil. All times that scripts see are seconds. */
static void figure_push(lua_State *L, const struct figure *figure, const void *data)
{
    bool is_time = strcmp(figure->unit, "ms") == 0, is_known = true;

    switch (figure->kind) {
    case FIGURE_GRADE:
        is_known = *figure_text(figure, data) != '\0';
        /* fall through */
    case FIGURE_TEXT:
        lua_pushstring(L, is_known ? figure_text(figure, data) : NULL);
        return;
    case FIGURE_COUNT:
        if (is_time)
            lua_pushnumber(L, (lua_Number)figure_count(figure, data) / 1000);
        else
            lua_pushinteger(L, (lua_Integer)figure_count(figure, data));
        return;
    case FIGURE_SCORE:
        is_known = figure_number(figure, data) > 0;
        break;
    case FIGURE_NUMBER:
        break;
    }
    if (is_known)
        lua_pushnumber(L, (lua_Number)figure_number(figure, data) / (is_time ? 1000 : 1));
    else
        lua_pushnil(L);
}

void figures_set(lua_State *L, const struct figure *figures, const void *data)
{
    for (const struct figure *figure = figures; figure->name; figure++) {
        figure_push(L, figure, data);
        lua_setfield(L, -2, figure->name);
    }
}

static void set_seconds(lua_State *L, const char *key, unsigned ms)
{
    lua_pushnumber(L, (lua_Number)ms / 1000);
    lua_setfield(L, -2, key);
}

static void set_code(lua_State *L, const struct conference_event *event)
{
    lua_pushinteger(L, event->code);
    lua_setfield(L, -2, "code");
    set_text(L, "reason", event->reason);
}

static void set_digit(lua_State *L, const struct conference_event *event)
{
    lua_pushlstring(L, &event->digit, 1);
    lua_setfield(L, -2, "digit");
    set_seconds(L, "duration", event->duration);
}

static void set_sidebar(lua_State *L, const struct conference_event *event)
{
    conference_push(L, event->sidebar);
    lua_setfield(L, -2, "sidebar");
}

static void set_request(lua_State *L, const struct conference_event *event)
{
    pending_push(L, event->pending);
    lua_setfield(L, -2, "request");
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
    case EVENT_FLOOR:
    case EVENT_PERMITTED:
        set_boolean(L, "on", event->on);
        break;
    case EVENT_DIGIT:
        set_digit(L, event);
        break;
    case EVENT_ENDING:
    case EVENT_LIMITED:
        set_seconds(L, "seconds", event->duration);
        break;
    case EVENT_QUALITY:
        figures_set(L, quality_figures, &event->quality);
        break;
    case EVENT_ASIDE:
        set_boolean(L, "on", event->on);
        set_sidebar(L, event);
        break;
    case EVENT_REPLACED:
        set_participant(L, "other", event->other);
        break;
    case EVENT_FAILED:
    case EVENT_LEFT:
    case EVENT_CHANGED:
        set_code(L, event);
        break;
    case EVENT_ROLE:
    case EVENT_RENAMED:
        set_text(L, "before", event->reason);
        break;
    case EVENT_DECIDED:
        set_boolean(L, "approved", event->on);
        set_code(L, event);
        /* fall through */
    case EVENT_PENDING:
        set_request(L, event);
        break;
    case EVENT_MESSAGED:
        message_set(L, event->message);
        break;
    case EVENT_RECORDED:
        set_boolean(L, "on", event->on);
        set_boolean(L, "paused", event->is_paused);
        set_text(L, "file", event->file);
        set_seconds(L, "seconds", event->duration);
        set_text(L, "reason", event->reason);
        break;
    case EVENT_PLAYED:
        set_text(L, "file", event->file);
        /* fall through */
    case EVENT_ENDED:
        set_text(L, "reason", event->reason);
        break;
    default:
        break;
    }
}
